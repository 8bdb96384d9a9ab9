//! A script looked through without running it: against its own functions, the files beside it, and `durun.toml`.

use super::project::is_of_tests;
use super::{ClientError, Executor, LoadedProgram, ProgramError, StartRequest, load_program};
use crate::activity::find_activity;
use crate::config::Config;
use crate::history::Value;
use crate::script::{Backing, Finding, Named, Need, Source};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was found in a script, with its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What was found, in the order of the texts.
    pub findings: Vec<Finding>,
    /// The texts that were looked through, by the name that findings give their file.
    pub texts: BTreeMap<String, String>,
    /// The name that findings give the script itself.
    pub main: String,
}

/// Looks through a script and what it imports.
///
/// # Errors
/// [`ClientError::Program`] where it cannot be read or is no script.
pub fn check(path: &Path, executor: &dyn Executor, config: &Config) -> Result<Checked, ClientError> {
    let source = load_program(path, executor)?.into_source();
    let script = Path::new(&source.path);
    let mocks = OnceCell::new();
    let folder = script.parent().unwrap_or(Path::new("/"));
    let answered = |named: Named<'_>| {
        let name = match named {
            Named::Activity(name) => name,
            Named::Script(file) if folder.join(file).exists() => return Backing::Yes,
            Named::Script(_) => return Backing::No,
        };
        let is_mocked =
            || mocks.get_or_init(|| mocked(script, executor)).iter().any(|mock| stands_for(mock, name));
        match find_activity(script, name, config, &[]) {
            Ok(_) => Backing::Yes,
            Err(_) if is_mocked() => Backing::InTests,
            Err(_) => Backing::No,
        }
    };
    let findings = executor.check(&source, &answered).map_err(|error| ProgramError::Syntax {
        path: path.to_owned(),
        text: source.text_of(&error.file).map(str::to_owned),
        error: Box::new(error),
    })?;
    let mut texts = source.modules;
    texts.insert(source.path.clone(), source.main);
    Ok(Checked { findings, texts, main: source.path })
}

/// The inputs without which each run that a start asks for is stuck, and that it does not give, with the text of the file. Nothing where
/// the script declares its inputs.
pub fn missing_inputs(executor: &dyn Executor, request: &StartRequest) -> Vec<(Need, String)> {
    let Value::Map(given) = &request.input else { return Vec::new() };
    let source = request.program.clone().into_source();
    let needs = executor.needs(&source).into_iter().filter(|need| !given.contains_key(&need.name));
    needs
        .filter_map(|need| Some((source.text_of(&need.file)?.to_owned(), need)))
        .map(|(text, need)| (need, text))
        .collect()
}

/// Why each run of a program would be stuck, where that is certain, with the file and the line.
pub(super) fn doom(program: &LoadedProgram, executor: &dyn Executor) -> Option<String> {
    let source = program.clone().into_source();
    let found = executor.check(&source, &|_| Backing::Yes).ok()?;
    let first = found.into_iter().find(|finding| finding.is_certain)?;
    Some(format!("{} line {}: {}", first.file, first.line, first.message))
}

/// What the tests beside a script mock. What cannot be read mocks nothing.
fn mocked(script: &Path, executor: &dyn Executor) -> BTreeSet<String> {
    let tests =
        script.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let tests = tests.map(|entry| entry.path()).filter(|path| is_of_tests(path));
    let texts = tests.filter_map(|path| Some((std::fs::read_to_string(&path).ok()?, path)));
    let mocks = texts.flat_map(|(main, path)| {
        let source = Source { path: path.to_string_lossy().into_owned(), main, modules: BTreeMap::new() };
        executor.declared(&source).mocks
    });
    mocks.collect()
}

/// Whether a mock stands in for an activity: by its name, or by the beginning of it before a `*`.
fn stands_for(mock: &str, activity: &str) -> bool {
    match mock.strip_suffix('*') {
        // One of everything names no activity.
        Some("") => false,
        Some(beginning) => activity.starts_with(beginning),
        None => mock == activity,
    }
}
