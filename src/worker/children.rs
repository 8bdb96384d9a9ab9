//! Child runs, on the side of the executor: their scripts are read and pinned when they start, and this very process takes them up.

use super::progress::Progress;
use super::worker::{Worker, WorkerError};
use crate::history::{
    CancelCause, Failure, MessageBody, MessageId, OpId, Program, RunId, RunNo, RunRow, RunStart, RunStatus,
    ScriptHash, Value, generation_parts, kind,
};
use crate::script::StartChild;
use crate::store::{Answer, NewMessage, NewParent, NewRun, Request, RunFilter, RunView, StoreError};
use std::path::Path;
use std::sync::Arc;

/// Reads the script of a child and all that it imports: the program and its texts, or why not.
pub type Programs = Arc<dyn Fn(&Path) -> Result<(Program, Vec<(ScriptHash, String)>), String> + Send + Sync>;

impl Worker {
    /// The request that records a child; nothing where it was recorded before and its script is no longer to be read.
    pub(super) fn new_child(
        &mut self,
        no: RunNo,
        op: OpId,
        child: &StartChild,
    ) -> Result<Option<Request>, Failure> {
        let Some(run) = self.runs.get(no) else { return Ok(None) };
        let (generation, epoch, start) = (run.generation_of(op), run.epoch, Arc::clone(&run.start));
        let id = match &child.id {
            Some(id) => id.clone(),
            None => id_of(&run.id, generation, op)?,
        };
        let folder = Path::new(&start.program.path).parent().unwrap_or(Path::new("/"));
        let (program, scripts) = match (self.settings.programs)(&folder.join(&child.file)) {
            Ok(read) => read,
            // It was pinned when the child was recorded: nobody needs the file any more.
            Err(reason) => match self.recorded(&id, (no, generation, op)) {
                Some(row) => {
                    self.dispatched(no, op, Ok(told(&id, op, &row.script)));
                    self.take_up(row.no).map_err(|error| not_started(&id, error.to_string()))?;
                    return Ok(None);
                }
                None => return Err(not_started(&id, reason)),
            },
        };
        let secret = start.secret_of_child(generation, op);
        let start = RunStart {
            program,
            input: child.input.clone(),
            directory: start.directory.clone(),
            environment: start.environment.clone(),
            timeout_ms: child.timeout_ms,
            secret,
            patches: crate::history::Patches::default(),
        };
        let parent = NewParent { run: no, epoch, generation, op, on_close: child.on_close };
        let nonce = MessageId::of_command(no, generation, op);
        let claim = self.settings.claim;
        let begins = claim.is_some().then(|| self.next_chance());
        let new = NewRun { claim, parent: Some(parent), begins, ..NewRun::new(nonce, id, start, scripts) };
        Ok(Some(Request::Start(Box::new(new))))
    }

    /// The run of that id, where this very command has started it.
    fn recorded(&self, id: &RunId, by: (RunNo, u32, OpId)) -> Option<RunRow> {
        let is_it = |row: &RunRow| {
            row.id == *id && row.parent.as_ref().is_some_and(|tie| (tie.run, tie.generation, tie.op) == by)
        };
        match self.store.ask(Request::Find { text: id.to_string() }) {
            Ok(Answer::Runs(rows)) => rows.into_iter().find(is_it),
            Ok(_) | Err(_) => None,
        }
    }

    /// A child is recorded: this process executes it, unless another does.
    pub(super) fn child_started(
        &mut self,
        (no, op): (RunNo, OpId),
        (id, script): &(RunId, String),
        (child, epoch): (RunNo, u64),
    ) -> Result<(), WorkerError> {
        self.dispatched(no, op, Ok(told(id, op, script)));
        if epoch > 0 { self.adopt_child(no, child, id, epoch) } else { self.take_up(child) }
    }

    fn adopt_child(&mut self, no: RunNo, child: RunNo, id: &RunId, epoch: u64) -> Result<(), WorkerError> {
        self.tell(no, Progress::ChildStarted { run: child, id: id.clone() });
        match self.adopt(child, epoch) {
            // Left to the program that has what it calls.
            Err(WorkerError::Foreign { .. }) => {
                self.store.ask(Request::Release { run: child, epoch })?;
                return Ok(());
            }
            adopted => adopted?,
        }
        self.make_room();
        Ok(())
    }

    /// Takes up the open children of its runs, and theirs, where nobody executes them.
    ///
    /// # Errors
    /// [`WorkerError`] where the store fails.
    pub fn take_up_children(&mut self) -> Result<(), WorkerError> {
        let mut parents = self.runs.numbers();
        while let Some(parent) = parents.pop() {
            for child in self.open_children(parent)? {
                if !self.runs.has(child.row.no) && child.executor.is_none() {
                    self.take_up(child.row.no)?;
                    parents.push(child.row.no);
                }
            }
        }
        Ok(())
    }

    fn open_children(&self, parent: RunNo) -> Result<Vec<RunView>, StoreError> {
        let statuses = vec![RunStatus::Running, RunStatus::Waiting, RunStatus::Parked];
        let filter = RunFilter { statuses, parent: Some(parent), ..RunFilter::default() };
        let Answer::Views(views) = self.store.ask(Request::List(filter))? else {
            return Err(StoreError::strange("a list"));
        };
        Ok(views)
    }

    /// Claims a child that was recorded before, and adopts it; what has ended, or another process executes, is left alone.
    fn take_up(&mut self, child: RunNo) -> Result<(), WorkerError> {
        let Some(claim) = self.settings.claim.filter(|_| !self.runs.has(child)) else {
            return Ok(());
        };
        let Answer::View(view) = self.store.ask(Request::View { run: child })? else {
            return Err(StoreError::strange("a view").into());
        };
        if view.status.is_ended() || view.status == RunStatus::Stuck {
            return Ok(());
        }
        let parent = view.row.parent.as_ref().map_or(child, |parent| parent.run);
        match self.store.ask(Request::Claim { run: child, claim }) {
            Ok(Answer::Claimed { epoch }) => self.adopt_child(parent, child, &view.row.id, epoch),
            Ok(_) => Err(StoreError::strange("a claim").into()),
            Err(StoreError::Held { .. } | StoreError::Ended { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The request that asks a child to end; nothing where there is none of that id any more.
    pub(super) fn cancel_child(&self, no: RunNo, op: OpId, child: &str) -> Option<Request> {
        let (run, generation) = self.runs.get(no).map(|run| (run.id.clone(), run.generation_of(op)))?;
        let Ok(Answer::Runs(rows)) = self.store.ask(Request::Find { text: child.to_owned() }) else {
            return None;
        };
        let row = rows.into_iter().find(|row| row.id.as_str() == child)?;
        let body = MessageBody::Cancel {
            cause: CancelCause::Request,
            reason: format!("its parent, run {run}, asked it to end"),
        };
        let id = MessageId::of_command(no, generation, op);
        Some(Request::Post(Box::new(NewMessage { run: row.no, id, keyed: true, body })))
    }
}

/// The id of a child that was given none: its parent's, the generation and the rewind where there were any, and the number of the command.
fn id_of(parent: &str, generation: u32, op: OpId) -> Result<RunId, Failure> {
    let text = match generation_parts(generation) {
        (0, 0) => format!("{parent}.{op}"),
        (generation, 0) => format!("{parent}.g{generation}.{op}"),
        (0, rewind) => format!("{parent}.r{rewind}.{op}"),
        (generation, rewind) => format!("{parent}.g{generation}.r{rewind}.{op}"),
    };
    RunId::parse(&text).map_err(|error| {
        let message =
            format!("the child cannot be called {text}: {error}; give it a shorter id: #{{ id: \"…\" }}");
        Failure::new(kind::CHILD, message).with("id", text).with("status", NOT_STARTED)
    })
}

/// The status of a child that never was.
const NOT_STARTED: &str = "not_started";

/// What a script is given for the start, and what the history keeps of it.
fn told(id: &RunId, op: OpId, script: &str) -> Value {
    Value::from([("run", id.as_str().into()), ("op", Value::from(op.0)), ("script", script.into())])
}

/// The failure of a child that could not be started.
pub(super) fn not_started(id: &RunId, reason: impl std::fmt::Display) -> Failure {
    Failure::new(kind::CHILD, format!("child run {id} was not started: {reason}"))
        .with("id", id.as_str())
        .with("status", NOT_STARTED)
}

/// The failure of a child whose id is in use.
pub(super) fn taken(id: &RunId, row: &RunRow) -> Failure {
    let whose = match &row.parent {
        Some(parent) => format!("a child of run {}", parent.id),
        None => format!("a run of {}", row.script),
    };
    let message = format!("the id {id} is in use: it is {whose}; give the child another id, or none");
    Failure::new(kind::CONFLICT, message).with("id", id.as_str())
}
