//! One invocation: arguments read, the command run, its error reported, its exit code given.

use super::args::{Command, CommandLine, with_junit, with_verb};
use super::build_facts;
use super::commands;
use super::context::{Context, configs};
use super::environment::Environment;
use super::error::CliError;
use super::escape;
use super::exit::Exit;
use super::opening::{executor, open_store};
use super::other_words::{self, with_help};
use super::report::Report;
use super::report_store;
use super::start_help;
use crate::store::panics_are_told;
use crate::timer::{Clock, SystemClock};
use clap::{CommandFactory as _, Parser as _};
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

/// What the durun program does.
pub fn main() -> ExitCode {
    hush_expected_panics();
    crate::client::forbid_core_dumps();
    let arguments = with_junit(with_verb(with_help(std::env::args_os().collect())));
    let line = match CommandLine::try_parse_from(&arguments) {
        Ok(line) => line,
        Err(error) => {
            let error = other_words::told(error, &arguments);
            start_help::add(&error, &arguments);
            complain(&error);
            if let Some(tip) = start_help::tip(&error, &arguments) {
                let _ = std::io::stderr().write_all(escape::block(&tip).as_bytes());
            }
            build_facts::add(&error, &arguments);
            return ExitCode::from(if error.use_stderr() { Exit::Usage.code() } else { Exit::Done.code() });
        }
    };
    let environment = Environment::of_process();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut global = line.global;
    // What is seen of exec is its program.
    global.quiet |= matches!(line.command, Some(Command::Exec(_))) && global.verbose == 0;
    let context = Context {
        configs: configs(&environment, &clock),
        environment,
        global,
        clock,
        executor: executor(),
        open: Box::new(open_store),
        damage: Mutex::default(),
        passing: Mutex::default(),
        out: Mutex::new(Box::new(std::io::stdout())),
        err: Arc::new(Mutex::new(Box::new(std::io::stderr()))),
    };
    let exit = run(&context, line.command).unwrap_or_else(|error| report(&context, &error, &arguments));
    ExitCode::from(warned(&context, exit).code())
}

/// Help goes to stdout, mistakes to stderr; where even that fails nobody is listening. Without colours where the arguments, which it
/// quotes, have characters that could command a terminal.
fn complain(error: &clap::Error) {
    let plain = error.render().to_string();
    let safe = escape::block(&plain);
    let _ = if safe == plain { error.print() } else { std::io::stderr().write_all(safe.as_bytes()) };
}

fn run(context: &Context, command: Option<Command>) -> Result<Exit, CliError> {
    match command {
        None => commands::overview::run(context),
        Some(Command::Start(args)) => commands::start::run(context, &args),
        Some(Command::Exec(args)) => commands::exec::run(context, &args),
        Some(Command::Resume(args)) => commands::resume::run(context, &args),
        Some(Command::Tick(args)) => commands::tick::run(context, &args),
        Some(Command::Serve(args)) => commands::serve::run(context, &args),
        Some(Command::Signal(args)) => commands::signal::run(context, &args),
        Some(Command::Answer(args)) => commands::answer::run(context, &args),
        Some(Command::Resolve(args)) => commands::resolve::run(context, &args),
        Some(Command::Reject(args)) => commands::reject::run(context, &args),
        Some(Command::Doctor(args)) => commands::doctor::run(context, &args),
        Some(Command::Prune(args)) => commands::prune::run(context, &args),
        Some(Command::Export(args)) => commands::export::run_export(context, &args),
        Some(Command::Import(args)) => commands::export::run_import(context, &args),
        Some(Command::Rewind(args)) => commands::rewind::run(context, &args),
        Some(Command::Retry(args)) => commands::retry::run(context, &args),
        Some(Command::Why(args)) => commands::why::run(context, &args),
        Some(Command::Query(args)) => commands::query::run(context, &args),
        Some(Command::Status(args)) => commands::status::run(context, &args),
        Some(Command::List(args)) => commands::list::run(context, &args),
        Some(Command::History(args)) => commands::history::run(context, &args),
        Some(Command::Logs(args)) => commands::logs::run(context, &args),
        Some(Command::Result(args)) => commands::result::run(context, &args),
        Some(Command::Wait(args)) => commands::wait::run(context, &args),
        Some(Command::Cancel(args)) => commands::cancel::run(context, &args),
        Some(Command::Terminate(args)) => commands::terminate::run(context, &args),
        Some(Command::Update(args)) => commands::update::run(context, &args),
        Some(Command::Upgrade(args)) => commands::upgrade::run(context, &args),
        Some(Command::Schedule(args)) => commands::schedule::run(context, &args),
        Some(Command::Missed(args)) => commands::missed::run(context, &args),
        Some(Command::Once(args)) => commands::once::run(context, &args),
        Some(Command::Check(args)) => commands::check::run(context, &args),
        Some(Command::Test(args)) => commands::test::run(context, &args),
        Some(Command::Explain(args)) => commands::explain::run(context, &args),
        Some(Command::Init(args)) => commands::init::run(context, &args),
        Some(Command::Completions(args)) => commands::completions::run(context, &args),
        Some(Command::Man(args)) => commands::man::run(context, &args),
        Some(Command::Complete(args)) => commands::completions::run_complete(context, &args),
    }
}

/// Whoever was shown something of a damaged store is told so; the exit code says it, too.
fn warned(context: &Context, exit: Exit) -> Exit {
    let damage = context.damage.lock().unwrap_or_else(PoisonError::into_inner).take();
    match damage {
        Some(damage) if exit != Exit::Corrupt => {
            let report = report_store::read_damaged(&damage);
            context.complain(&context.shown(&report));
            report.exit
        }
        Some(_) | None => exit,
    }
}

/// A panic that is told as damage of the store is not shown besides.
fn hush_expected_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panics_are_told() {
            usual(panic);
        }
    }));
}

/// The words of the command that was typed: `schedule add`.
fn command_words(arguments: &[OsString]) -> Option<String> {
    let matches = CommandLine::command().try_get_matches_from(arguments).ok()?;
    let mut words = Vec::new();
    let mut inner = &matches;
    while let Some((word, further)) = inner.subcommand() {
        words.push(word.to_owned());
        inner = further;
    }
    (!words.is_empty()).then(|| words.join(" "))
}

fn report(context: &Context, error: &CliError, arguments: &[OsString]) -> Exit {
    match Report::of(error) {
        Some(mut report) => {
            if let (CliError::Usage(_), Some(words)) = (error, command_words(arguments)) {
                report.hints = vec![format!("durun {words} --help shows how it is written")];
            }
            context.complain(&context.shown(&report));
            context.note(&format!("durun explain {} says more", report.code));
            report.exit
        }
        // Whoever read stdout has seen enough.
        None => Exit::Done,
    }
}
