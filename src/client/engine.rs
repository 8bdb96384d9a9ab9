//! The engine: scripts driven by a worker in this process, queries answered by replay.

use super::{
    Claimed, ExecuteError, ExecuteOptions, Executor, Fit, Misfit, ProgramError, QueryError, Session, Stand,
    Stop, StopLevel, SyntaxError,
};
use crate::activity::Activities;
use crate::history::{Entry, Message, Program, RunNo, ScriptHash, Seq, Value};
use crate::run::{
    Charter, LookError, QueryError as Unanswered, Seen, Standpoint, has_token, look, query, whose,
};
use crate::script::{
    Backing, Declared, Finding, Interpreter, Named, Need, Params, Script, Source, SourceError, check, needs,
};
use crate::store::{Answer, Patience, Request, Snapshot, Store, StoreError};
use crate::worker::{
    Committing, Finished, Input, LoadError, Processes, Progress, Settings, Supply, Worker, WorkerError,
    compile_program, load_history,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// The most strands alive at once in this process: each takes two of the mappings that the system allows.
const LIVE_STRANDS: usize = 24_000;

/// Drives scripts in this process.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    activities: Activities,
}

impl Engine {
    /// One that has functions of this program as activities.
    pub fn with_activities(activities: Activities) -> Self {
        Self { activities }
    }
}

impl Executor for Engine {
    fn execute(
        &self,
        session: &Session,
        runs: Vec<Claimed>,
        options: ExecuteOptions,
    ) -> Result<Vec<(RunNo, Finished)>, ExecuteError> {
        let (mut worker, inputs) = worker(session, options, self.activities.clone())?;
        for run in &runs {
            worker.adopt(run.run, run.epoch).map_err(failed)?;
        }
        worker.take_up_children().map_err(failed)?;
        worker.make_room();
        worker.drive(&inputs).map_err(failed)
    }

    fn supply(
        &self,
        session: &Session,
        supply: &mut dyn Supply,
        options: ExecuteOptions,
    ) -> Result<(), ExecuteError> {
        let (mut worker, inputs) = worker(session, options, self.activities.clone())?;
        worker.drive_with(&inputs, supply).map_err(failed)
    }

    fn query(&self, session: &Session, run: RunNo, name: &str, args: &Value) -> Result<Value, QueryError> {
        replayed(session, run, name, args).map_err(|error| match error {
            Asked::Query(Unanswered::Unknown { known }) => {
                QueryError::Unknown { name: name.to_owned(), known }
            }
            Asked::Query(Unanswered::Failed(failure)) => QueryError::Failed(failure),
            Asked::Query(Unanswered::Stuck(stuck)) => QueryError::Stuck(stuck),
            Asked::Query(Unanswered::NoMemory(message)) => QueryError::Engine(message),
            Asked::Load(error) => not_loaded(error),
        })
    }

    fn queries(&self, session: &Session, run: RunNo) -> Result<Vec<String>, QueryError> {
        // No script can register a query without a name.
        match self.query(session, run, "", &Value::Null) {
            Err(QueryError::Unknown { known, .. }) => Ok(known),
            Err(error) => Err(error),
            Ok(_) => Ok(Vec::new()),
        }
    }

    fn look(&self, session: &Session, run: RunNo) -> Result<Vec<Standpoint>, QueryError> {
        let Past { script, charter, history, .. } = past(session, run).map_err(not_loaded)?;
        look(script.source().clone(), &charter, &history).map_err(|error| match error {
            LookError::Engine(message) => QueryError::Engine(message),
            LookError::Long(_) => {
                QueryError::Engine("its script computes for longer than a look takes".to_owned())
            }
        })
    }

    fn whose(&self, session: &Session, run: RunNo) -> Result<BTreeMap<Seq, String>, QueryError> {
        let Past { interpreter, script, charter, history, .. } = past(session, run).map_err(not_loaded)?;
        Ok(whose(&interpreter, &script, &charter, &history))
    }

    fn has_token(&self, session: &Session, run: RunNo, token: &str) -> Result<Option<bool>, QueryError> {
        let past = past(session, run).map_err(not_loaded)?;
        let Past { interpreter, script, charter, history, .. } = past;
        Ok(has_token(&interpreter, &script, &charter, &history, token))
    }

    fn fits(&self, session: &Session, run: RunNo, source: Source) -> Result<Fit, Misfit> {
        super::fit::fits(session, run, source)
    }

    fn stand(
        &self,
        session: &Session,
        run: RunNo,
        entries: &[Entry],
        source: Option<Source>,
    ) -> Result<Stand, Misfit> {
        super::stand::stand(session, run, entries, source)
    }

    fn gather(
        &self,
        path: &str,
        text: &str,
        read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<BTreeMap<String, String>, SyntaxError> {
        let interpreter = Interpreter::new();
        let source = Source::gather(&interpreter, path, text.to_owned(), read).map_err(no_script)?;
        Ok(source.modules)
    }

    fn check(
        &self,
        source: &Source,
        answered: &dyn Fn(Named<'_>) -> Backing,
    ) -> Result<Vec<Finding>, SyntaxError> {
        check(&Interpreter::new(), source, answered).map_err(|error| no_script(error.into()))
    }

    fn needs(&self, source: &Source) -> Vec<Need> {
        // What is no script is told as such.
        needs(&Interpreter::new(), source).unwrap_or_default()
    }

    fn declared(&self, source: &Source) -> Declared {
        Declared::of(&Interpreter::new(), source)
    }

    fn params(&self, path: &str, text: &str) -> Result<Option<Params>, SyntaxError> {
        Params::of_text(&Interpreter::new(), path, text).map_err(no_script)
    }
}

fn no_script(error: SourceError) -> SyntaxError {
    match error {
        SourceError::Syntax(error) => {
            SyntaxError { file: error.file, line: error.line, column: error.column, message: error.message }
        }
        SourceError::Import { file, path, reason, line } => {
            SyntaxError { file, line, column: None, message: format!("import \"{path}\": {reason}") }
        }
    }
}

/// The program of a child run, read when it starts.
pub(super) fn child_program(path: &Path) -> Result<(Program, Vec<(ScriptHash, String)>), String> {
    match super::load_program(path, &Engine::default()) {
        Ok(loaded) => Ok((loaded.program, loaded.texts)),
        Err(error @ ProgramError::NotFound { .. }) => {
            let near = match &error {
                ProgramError::NotFound { near, .. } if !near.is_empty() => {
                    format!("; did you mean {}?", near.join(", "))
                }
                _ => String::new(),
            };
            Err(format!("{error}{near}"))
        }
        Err(ProgramError::Syntax { error, .. }) => {
            let place = error.line.map(|line| format!(", line {line}")).unwrap_or_default();
            Err(format!("{}{place}: {}", error.file, error.message))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// A worker without runs, told by the store, by its processes and by the stop.
fn worker(
    session: &Session,
    options: ExecuteOptions,
    activities: Activities,
) -> Result<(Worker, Receiver<Input>), ExecuteError> {
    let (sender, inputs) = channel();
    let events = sender.clone();
    session.set_events(Arc::new(move |event| drop(events.send(Input::Store(event)))));
    session.store().set_patience(patience(&options));
    listen(&options.stop, &sender);
    let impatient = options.stop.clone();
    let done = sender;
    let ready = Arc::new(move |news| drop(done.send(Input::News(news))));
    let (clock, variables) = (Arc::clone(session.clock()), options.variables);
    let effects = Processes::new(session.directory(), clock, variables, ready)
        .map_err(|error| ExecuteError::Engine(format!("no thread for processes: {error}")))?
        .with_activities(activities);
    // While the worker waits for children to end, it hears nothing.
    let kill_all = effects.kill_all();
    options.stop.on_request(move || {
        if impatient.level() == StopLevel::Now {
            kill_all();
        }
    });
    let seed = Session::random::<8>()
        .map(u64::from_be_bytes)
        .map_err(|error| ExecuteError::Engine(format!("the system gives no random bytes: {error}")))?;
    let settings = Settings {
        live_strands: LIVE_STRANDS,
        configs: options.configs,
        claim: Some(session.claim()),
        programs: Arc::new(child_program),
        park_after: options.park_after,
        committing: Committing::Beside,
        aim: session.aim(),
        ..Settings::seeded(seed)
    };
    let (store, clock) = (Arc::clone(session.store()), Arc::clone(session.clock()));
    Ok((Worker::new(store, clock, Box::new(effects), options.observer, settings), inputs))
}

/// Waits for an owner of the store that is stopped, and says so, until the execution itself is to stop.
fn patience(options: &ExecuteOptions) -> Patience {
    let (observer, stop) = (Arc::clone(&options.observer), options.stop.clone());
    let told = AtomicU32::new(0);
    Arc::new(move |pid| {
        let has_patience = stop.level() == StopLevel::Go;
        if has_patience && told.swap(pid, Ordering::SeqCst) != pid {
            observer(RunNo(0), Progress::Stalled { pid });
        }
        has_patience
    })
}

/// Lets the stop reach the worker as inputs.
fn listen(stop: &Stop, sender: &Sender<Input>) {
    let (sender, level) = (sender.clone(), stop.clone());
    stop.on_request(move || {
        let patience = level.level() < StopLevel::Now;
        drop(sender.send(Input::Stop { patience }));
    });
}

pub(super) fn failed(error: WorkerError) -> ExecuteError {
    match error {
        WorkerError::Store(error) | WorkerError::Load(LoadError::Store(error)) => ExecuteError::Store(error),
        WorkerError::Load(LoadError::Record { id, seq, error }) => ExecuteError::Store(StoreError::Corrupt {
            path: "store.redb".to_owned(),
            what: format!("entry {seq} of run {id}: {error}"),
        }),
        WorkerError::Config(error) => ExecuteError::Config(error),
        WorkerError::Foreign { id, activities } => ExecuteError::Foreign { id, activities },
        error @ (WorkerError::Load(LoadError::Syntax(_)) | WorkerError::Record(_)) => {
            ExecuteError::Engine(error.to_string())
        }
    }
}

enum Asked {
    Query(Unanswered),
    Load(LoadError),
}

impl From<LoadError> for Asked {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

fn not_loaded(error: LoadError) -> QueryError {
    match error {
        LoadError::Store(error) => QueryError::Store(error),
        error @ (LoadError::Record { .. } | LoadError::Syntax(_)) => QueryError::Engine(error.to_string()),
    }
}

/// All that is needed to replay a run, from one reading of the store.
struct Past {
    interpreter: Interpreter,
    script: Rc<Script>,
    charter: Charter,
    history: Vec<Entry>,
    inbox: Vec<Message>,
}

fn past(session: &Session, run: RunNo) -> Result<Past, LoadError> {
    let store = session.store().as_ref();
    let Answer::Snapshot(snapshot) = store.ask(Request::Snapshot { run })? else {
        return Err(StoreError::strange("a snapshot").into());
    };
    let Snapshot { row, start, entries, inbox, .. } = *snapshot;
    let history = match load_history(store, &row, entries) {
        Ok((history, _)) => history,
        // Read while the next generation began.
        Err(LoadError::Record { .. }) if generation(store, run)? != row.generation => {
            return past(session, run);
        }
        Err(error) => return Err(error),
    };
    let interpreter = Interpreter::new();
    let script = compile_program(store, &interpreter, &start.program)?;
    let charter = super::fit::charter(&row, &start);
    Ok(Past { interpreter, script, charter, history, inbox })
}

fn generation(store: &dyn Store, run: RunNo) -> Result<u32, LoadError> {
    match store.ask(Request::View { run })? {
        Answer::View(view) => Ok(view.row.generation),
        _ => Err(StoreError::strange("a view").into()),
    }
}

fn replayed(session: &Session, run: RunNo, name: &str, args: &Value) -> Result<Value, Asked> {
    let Past { interpreter, script, charter, history, inbox } = past(session, run)?;
    let seen = Seen { history: &history, inbox: &inbox, now: session.now() };
    query(&interpreter, &script, &charter, seen, name, args).map_err(Asked::Query)
}
