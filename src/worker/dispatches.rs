//! Dispatches: what the scripts of this process say to other runs, in one call of the store a turn.

use super::children::{not_started, taken};
use super::executing::{Arrival, Phase};
use super::worker::{Worker, WorkerError};
use crate::history::{
    ActivityCompleted, ActivityFailed, Fact, Failure, MessageId, OpId, RunId, RunNo, Value, kind,
};
use crate::run::Work;
use crate::script::Dispatch;
use crate::store::{Answer, NewSignal, Request, StoreError};

impl Worker {
    /// Does what is to be done with other runs: all that it depends on is on disk. False where nothing is.
    pub(super) fn dispatch(&mut self) -> Result<bool, WorkerError> {
        let mut asked = Vec::new();
        let mut requests = Vec::new();
        let asking = self.runs.awake().filter(|run| !run.dispatches.is_empty()).map(|run| run.no);
        for no in asking.collect::<Vec<RunNo>>() {
            for op in self.take_dispatches(no) {
                match self.request(no, op) {
                    Ok(Some(request)) => {
                        asked.push(((no, op), child_of(&request)));
                        requests.push(request);
                    }
                    Ok(None) => {}
                    Err(failure) => self.dispatched(no, op, Err(failure)),
                }
            }
        }
        if requests.is_empty() {
            return Ok(false);
        }
        let answers = self.store.call(requests);
        let mut failed = None;
        for (answer, ((no, op), child)) in answers.into_iter().zip(asked) {
            match (answer, child) {
                (Ok(Answer::Started { run, epoch }), Some(child)) => {
                    self.child_started((no, op), &child, (run, epoch))?;
                }
                (Ok(Answer::Exists { row, .. }), Some((id, _))) => {
                    self.dispatched(no, op, Err(taken(&id, &row)));
                }
                (Err(error @ StoreError::Nested { .. }), Some((id, _))) => {
                    self.dispatched(no, op, Err(not_started(&id, error)));
                }
                // The run is not ours any more, or has ended: nothing of it is started.
                (Err(StoreError::Fenced { .. } | StoreError::Ended { .. }), Some(_)) => self.look_again(no),
                (Ok(_), _) => self.dispatched(no, op, Ok(Value::Null)),
                (Err(error), _) => match refused(&error) {
                    Some(failure) => self.dispatched(no, op, Err(failure)),
                    None => failed = Some(error),
                },
            }
        }
        failed.map_or(Ok(true), |error| Err(error.into()))
    }

    /// The commands of a run that the store is to be asked for. A script that is stuck has asked for nothing.
    fn take_dispatches(&mut self, no: RunNo) -> Vec<OpId> {
        let now = self.clock.now();
        let Some(run) = self.runs.get_mut(no).filter(|run| !run.is_to_end(now)) else { return Vec::new() };
        match run.phase {
            Phase::Blocked | Phase::Sliced => std::mem::take(&mut run.dispatches),
            Phase::Ending(_) | Phase::Restarting(_) | Phase::Stuck(_) => Vec::new(),
        }
    }

    /// The request of a command that is still open.
    fn request(&mut self, no: RunNo, op: OpId) -> Result<Option<Request>, Failure> {
        let Some(run) = self.runs.get(no) else { return Ok(None) };
        let Some(Work::Dispatch(dispatch)) = run.open.get(&op).map(|command| &command.work) else {
            return Ok(None);
        };
        Ok(Some(match dispatch {
            Dispatch::StartChild(child) => {
                let child = child.clone();
                return self.new_child(no, op, &child);
            }
            Dispatch::CancelChild { run } => {
                let request = self.cancel_child(no, op, run);
                if request.is_none() {
                    self.dispatched(no, op, Ok(Value::Null));
                }
                return Ok(request);
            }
            Dispatch::Signal { to, name, payload } => Request::Signal(Box::new(NewSignal {
                to: RunId::parse(to).map_err(|_| no_such_run(to))?,
                id: MessageId::of_command(no, run.generation_of(op), op),
                name: name.clone(),
                payload: payload.clone(),
                start: None,
            })),
        }))
    }

    /// What came of it waits to be recorded.
    pub(super) fn dispatched(&mut self, no: RunNo, op: OpId, result: Result<Value, Failure>) {
        let now = self.clock.now();
        let Some(run) = self.runs.get_mut(no) else { return };
        let Some(command) = run.open.get(&op) else { return };
        let (label, input) = (command.label.clone(), command.shown.clone());
        let (scheduled_at, attempts) = (command.scheduled_at, 1);
        let fact = match result {
            Ok(result) => Fact::ActivityCompleted(Box::new(ActivityCompleted {
                op,
                label,
                input,
                result,
                attempts,
                scheduled_at,
                ended_at: now,
            })),
            Err(failure) => Fact::ActivityFailed(Box::new(ActivityFailed {
                op,
                label,
                input,
                failure,
                attempts,
                scheduled_at,
                ended_at: now,
            })),
        };
        run.outcomes.push(Arrival { op, ended_at: now, fact });
    }
}

/// The child that a request starts, and the path of its script.
fn child_of(request: &Request) -> Option<(RunId, String)> {
    let Request::Start(new) = request else { return None };
    Some((new.id.clone(), new.start.program.path.clone()))
}

/// The failure that a script can catch; nothing where the store itself failed.
fn refused(error: &StoreError) -> Option<Failure> {
    match error {
        StoreError::NoSuchRun { id } => Some(no_such_run(id.as_str())),
        StoreError::Ended { id, status } => {
            let word = status.word().replace('_', " ");
            let failure = Failure::new(kind::ENDED, format!("run {id} has ended: {word}"));
            Some(failure.with("run", id.as_str()).with("status", status.word()))
        }
        StoreError::NoRun { .. }
        | StoreError::NoScript { .. }
        | StoreError::Nested { .. }
        | StoreError::Heard { .. }
        | StoreError::LookedAt { .. }
        | StoreError::NotAsked { .. }
        | StoreError::ScheduleChanged { .. }
        | StoreError::Held { .. }
        | StoreError::Served { .. }
        | StoreError::Fenced { .. }
        | StoreError::Differs { .. }
        | StoreError::Gap { .. }
        | StoreError::Corrupt { .. }
        | StoreError::Newer { .. }
        | StoreError::OtherVersion { .. }
        | StoreError::Busy { .. }
        | StoreError::Stopped { .. }
        | StoreError::Full { .. }
        | StoreError::Permission { .. }
        | StoreError::Io { .. }
        | StoreError::Protocol { .. }
        | StoreError::OwnerGone => None,
    }
}

fn no_such_run(id: &str) -> Failure {
    Failure::new(kind::NO_SUCH_RUN, format!("there is no run \"{id}\"")).with("run", id)
}
