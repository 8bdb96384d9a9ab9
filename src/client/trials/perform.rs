//! Performing tests: the files that hold them, one test once, and one test with a crash after each recorded entry.

use super::super::project::TESTS;
use super::super::{ClientError, Engine, ProgramError, SyntaxError, load_program};
use super::deaths::Death;
use super::theatre::Theatre;
use crate::config::Configs;
use crate::script::{Fault, Performed, Source, TestCase, Trials};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// A file of tests, read.
pub struct TestFile {
    /// As it was named.
    pub path: PathBuf,
    /// The tests that it declares, or why it declares none.
    pub cases: Result<Vec<TestCase>, Fault>,
    trials: Trials,
    script: PathBuf,
    real: PathBuf,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// It held.
    Passed,
    /// It did not.
    Failed(Box<Fault>),
    /// It held, but not with a crash at this place.
    Killed {
        /// After which entry of the test, from 1.
        entry: usize,
        /// Whether what the entry lets begin had begun.
        begun: bool,
        /// Why it did not hold then.
        fault: Box<Fault>,
    },
}

/// What a test came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// How it ended.
    pub ending: Ending,
    /// What it printed.
    pub printed: Vec<String>,
    /// Which mock answered which call with what, a line each.
    pub answered: Vec<String>,
    /// Why runs of it ended badly, and which of its mocks may be misspelt, a line each.
    pub clues: Vec<String>,
    /// How many assertions held.
    pub held: u32,
    /// How many entries its runs recorded.
    pub entries: usize,
    /// How long it lasted on its own clock, in milliseconds.
    pub lasted_ms: i64,
    /// How many crashes it survived.
    pub crashes: usize,
}

impl TestFile {
    /// The text of a file that a fault names.
    pub fn text_of(&self, file: &str) -> Option<&str> {
        self.trials.source().text_of(file)
    }

    /// The name that faults give the file itself.
    pub fn name(&self) -> &str {
        &self.trials.source().path
    }
}

/// Reads a file of tests. One that is no script declares none, and says why.
///
/// # Errors
/// [`ClientError::Program`] where it cannot be read.
pub fn load_tests(path: &Path, configs: &Arc<Configs>) -> Result<TestFile, ClientError> {
    let loaded = match load_program(path, &Engine::default()) {
        Err(ProgramError::Syntax { text, error, .. }) => return Ok(no_script(path, text, *error)),
        loaded => loaded?,
    };
    let texts: BTreeMap<_, _> = loaded.texts.into_iter().collect();
    let text = |hash| texts.get(&hash).cloned().unwrap_or_default();
    let modules = loaded.program.modules.iter().map(|(name, hash)| (name.clone(), text(*hash))).collect();
    let source = Source { main: text(loaded.program.main), path: loaded.program.path, modules };
    let real = PathBuf::from(&source.path);
    let script = tested_by(&real);
    let trials = Trials::new(source);
    let stage = Rc::new(Theatre::new(&real, script.clone(), Arc::clone(configs), None));
    match trials.cases(stage) {
        Ok(cases) => Ok(TestFile { path: path.to_owned(), cases, trials, script, real }),
        Err(error) => {
            let text = trials.source().text_of(&error.file).map(str::to_owned);
            let (file, line, column, message) = (error.file, error.line, error.column, error.message);
            Ok(no_script(path, text, SyntaxError { file, line, column, message }))
        }
    }
}

/// The script that a file of tests is named after.
fn tested_by(real: &Path) -> PathBuf {
    let name = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match name.strip_suffix(TESTS) {
        Some(stem) => real.with_file_name(format!("{stem}.rhai")),
        None => real.to_owned(),
    }
}

/// A file with a mistake in it, or in what it imports: that is its one failure.
fn no_script(path: &Path, text: Option<String>, error: SyntaxError) -> TestFile {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = real.display().to_string();
    let is_own = error.file == name;
    let fault = Fault {
        code: "D0406",
        message: format!("{} is no valid script: {}", path.display(), error.message),
        expected: None,
        found: None,
        hint: Some(format!("durun check {} looks again, and starts nothing", path.display())),
        file: error.file,
        line: error.line,
        column: error.column,
        calls: Vec::new(),
        text: text.clone(),
    };
    let main = text.filter(|_| is_own).unwrap_or_default();
    let trials = Trials::new(Source { main, path: name, modules: BTreeMap::new() });
    TestFile { path: path.to_owned(), cases: Err(fault), trials, script: tested_by(&real), real }
}

/// Performs one test of a file; with `kill_every`, again with a crash after each so-many-th entry that was recorded and after the
/// last, once before the script heard of it and once when all had begun that it lets begin. The end must be the same. `tell` hears
/// before each of those how many there were and how many there are.
pub fn perform(
    file: &TestFile,
    nth: usize,
    configs: &Arc<Configs>,
    kill_every: Option<NonZeroUsize>,
    tell: &mut dyn FnMut(usize, usize),
) -> Tested {
    let (first, ends) = once(file, nth, configs, None);
    let Some(every) = kill_every.filter(|_| first.ending == Ending::Passed) else { return first };
    let mut tested = first;
    let deaths: Vec<usize> =
        (1..=tested.entries).filter(|entry| *entry % every == 0 || *entry == tested.entries).collect();
    let all = deaths.len().saturating_mul(2);
    for entry in deaths {
        for begun in [false, true] {
            tell(tested.crashes, all);
            let (again, other) = once(file, nth, configs, Some(Death { after: entry, begun }));
            tested.crashes += 1;
            let fault = match again.ending {
                Ending::Failed(fault) => fault,
                _ if other == ends => continue,
                _ => Box::new(another_end(file, nth, &ends, &other)),
            };
            (tested.answered, tested.clues) = (again.answered, again.clues);
            tested.ending = Ending::Killed { entry, begun, fault };
            return tested;
        }
    }
    tested
}

type Ends = Vec<crate::history::Value>;

fn once(file: &TestFile, nth: usize, configs: &Arc<Configs>, death: Option<Death>) -> (Tested, Ends) {
    let stage = Rc::new(Theatre::new(&file.real, file.script.clone(), Arc::clone(configs), death));
    let theatre = Rc::clone(&stage);
    let performed = file.trials.perform(nth, stage);
    let Performed { outcome, printed, answered, clues, held, ends } = match performed {
        Ok(done) => done,
        // It was compiled before.
        Err(_) => Performed {
            outcome: Ok(()),
            printed: Vec::new(),
            answered: Vec::new(),
            clues: Vec::new(),
            held: 0,
            ends: Vec::new(),
        },
    };
    let ending = outcome.map_or_else(|fault| Ending::Failed(Box::new(fault)), |()| Ending::Passed);
    let (entries, lasted_ms) = (theatre.entries(), theatre.lasted_ms());
    (Tested { ending, printed, answered, clues, held, entries, lasted_ms, crashes: 0 }, ends)
}

fn another_end(file: &TestFile, nth: usize, ends: &Ends, other: &Ends) -> Fault {
    let case = file.cases.as_ref().ok().and_then(|cases| cases.get(nth));
    Fault {
        code: "D1404",
        message: "a run comes to another end after a crash".to_owned(),
        expected: Some(crate::history::Value::List(ends.clone())),
        found: Some(crate::history::Value::List(other.clone())),
        hint: None,
        file: file.name().to_owned(),
        line: case.map(|case| case.line),
        column: None,
        calls: Vec::new(),
        text: None,
    }
}
