//! `durun test`: the tests of scripts, with a world that they play and a clock that jumps.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::crashes::Crashes;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::render::{junit, trials};
use crate::cli::report_test;
use crate::client::{ClientError, TestFile, Tested, files_in, find_tests, is_of_tests, load_tests, perform};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
A file whose name ends in _test.rhai holds tests. What they run is executed by the same worker as ever, with a store in \
memory and a clock that jumps to whatever comes next: a month passes at once. Nothing outside is touched.

Exit codes: 0 all tests passed, 1 one did not, 4 there is no such test, 2 anything else.

Examples:
  durun test                               all tests in this folder and below it
  durun test order_test.rhai               those of a file
  durun test -k refund                     those whose names contain it
  durun test --kill-everywhere             each again with a crash after each recorded entry
  durun test --kill-every 10               only after each tenth: of a long run a sample
  durun test -o junit > report.xml         for CI";

/// The arguments of `durun test`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TestArgs {
    /// Files of tests, or folders that hold some; this folder where none is given
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Only tests whose names contain this
    #[arg(short = 'k', long, value_name = "TEXT")]
    filter: Option<String>,
    /// Again with a crash after each recorded entry; the end must be the same
    #[arg(long, conflicts_with = "kill_every")]
    kill_everywhere: bool,
    /// The same after each Nth entry and the last, where a run has many
    #[arg(long, value_name = "N")]
    kill_every: Option<NonZeroUsize>,
    /// List the tests and perform none
    #[arg(long)]
    list: bool,
    /// A report for CI servers, the same as -o junit
    #[arg(long)]
    junit: bool,
}

/// A test and what it came to.
pub(crate) struct Outcome {
    /// Its name.
    pub(crate) name: String,
    /// The line that declares it.
    pub(crate) line: u32,
    /// What it came to.
    pub(crate) tested: Tested,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: u128,
}

/// The tests of a file.
pub(crate) struct FileOutcome {
    /// The file, read.
    pub(crate) file: TestFile,
    /// Its tests, those that were asked for.
    pub(crate) tests: Vec<Outcome>,
}

impl FileOutcome {
    /// How many did not pass; a file that declares none because it fails counts as one.
    pub(crate) fn failed(&self) -> usize {
        let failed =
            self.tests.iter().filter(|test| test.tested.ending != crate::client::Ending::Passed).count();
        failed + usize::from(self.file.cases.is_err())
    }
}

/// Does it.
pub(crate) fn run(context: &Context, args: &TestArgs) -> Result<Exit, CliError> {
    let paths = files(args)?;
    let mut all = Vec::new();
    for path in &paths {
        let file = load_tests(path, &context.configs)?;
        let is_plain = context.format() == Format::Table && !args.junit;
        let done = if args.list { listed(context, file, args)? } else { performed(context, file, args) };
        if is_plain && !args.list && (!done.tests.is_empty() || done.file.cases.is_err()) {
            context.print(&trials::block(context, &done))?;
        }
        all.push(done);
    }
    if args.list {
        let here = context.environment.directory();
        let faulty = |done: &FileOutcome| {
            let report = report_test::report(&done.file, done.file.cases.as_ref().err()?, here);
            Some(context.shown(&report))
        };
        let faults: Vec<String> = all.iter().filter_map(faulty).collect();
        context.complain(&faults.concat());
        if !faults.is_empty() {
            return Ok(Exit::Failed);
        }
        return empty(args, &all).map_or(Ok(Exit::Done), Err);
    }
    if all.iter().all(|file| file.tests.is_empty() && file.file.cases.is_ok()) {
        return Err(empty(args, &all).unwrap_or_else(|| no_tests(wanted(args))));
    }
    if args.junit {
        context.print(&junit::report(&all))?;
    } else {
        match context.format() {
            Format::Table => context.print(&trials::summary(&all))?,
            Format::Json => context.print_json(&trials::document(&all))?,
            Format::Jsonl => context.print_lines(trials::lines(&all).into_iter())?,
        }
    }
    if all.iter().any(|file| file.failed() > 0) {
        return Ok(Exit::Failed);
    }
    empty(args, &all).map_or(Ok(Exit::Done), Err)
}

/// The files that declare no test at all: nothing of what they were written for was tried.
fn empty(args: &TestArgs, all: &[FileOutcome]) -> Option<CliError> {
    let is_empty = |file: &&FileOutcome| file.file.cases.as_ref().is_ok_and(Vec::is_empty);
    let files: Vec<String> =
        all.iter().filter(is_empty).map(|file| file.file.path.display().to_string()).collect();
    let is_told = args.filter.is_none() && !files.is_empty();
    is_told.then(|| no_tests(format!("in {} are no tests", escape::line(&files.join(", ")))))
}

fn no_tests(wanted: String) -> CliError {
    CliError::NoTests { wanted, beside: None }
}

fn files(args: &TestArgs) -> Result<Vec<PathBuf>, CliError> {
    if let Some(script) = args.paths.iter().find(|path| path.is_file() && !is_of_tests(path)) {
        let beside = script.with_extension("");
        let beside = PathBuf::from(format!("{}_test.rhai", beside.display()));
        return Err(CliError::NoTests {
            wanted: format!("{} is no file of tests: its name does not end in _test.rhai", script.display()),
            beside: beside.is_file().then_some(beside),
        });
    }
    let files = files_in(&args.paths, |folder| find_tests(folder).map_err(ClientError::Program))?;
    if files.is_empty() {
        return Err(no_tests(wanted(args)));
    }
    Ok(files)
}

/// What was looked for, in words.
fn wanted(args: &TestArgs) -> String {
    let places: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let place = if places.is_empty() { "this folder".to_owned() } else { places.join(", ") };
    match &args.filter {
        Some(text) => format!("in {place} is no test whose name contains \"{text}\""),
        None => format!("in {place} are no tests"),
    }
}

fn is_wanted(args: &TestArgs, name: &str) -> bool {
    args.filter.as_ref().is_none_or(|text| name.contains(text.as_str()))
}

fn listed(context: &Context, file: TestFile, args: &TestArgs) -> Result<FileOutcome, CliError> {
    for case in file.cases.iter().flatten().filter(|case| is_wanted(args, &case.name)) {
        context.print(&format!("{}:{}: {}", file.path.display(), case.line, case.name))?;
    }
    Ok(FileOutcome { file, tests: Vec::new() })
}

fn performed(context: &Context, file: TestFile, args: &TestArgs) -> FileOutcome {
    let mut tests = Vec::new();
    let every = args.kill_every.or_else(|| args.kill_everywhere.then_some(NonZeroUsize::MIN));
    for (nth, case) in file.cases.iter().flatten().enumerate().filter(|(_, case)| is_wanted(args, &case.name))
    {
        let began = context.clock.monotonic();
        let mut crashes = Crashes::begin(context, &file.path, &case.name);
        let tested = perform(&file, nth, &context.configs, every, &mut |done, all| crashes.tell(done, all));
        crashes.end();
        let took_ms = context.clock.monotonic().saturating_sub(began).as_millis();
        tests.push(Outcome { name: case.name.clone(), line: case.line, tested, took_ms });
    }
    FileOutcome { file, tests }
}
