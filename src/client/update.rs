//! Asking a run for an update: the message, the wait for its answer, and, where nobody executes the run, the execution until then.

use super::engine::failed;
use super::{
    Claimed, ClientError, ExecuteError, ExecuteOptions, Finished, Progress, Resumed, Session, Standing,
    StopLevel, Watch, find, resume, view,
};
use crate::history::{MessageBody, MessageId, RunNo, RunRow, RunStatus, UpdateAnswer, Value};
use crate::store::{Answer, NewMessage, Request};
use crate::timer::Clock;
use crate::worker::{Supply, Wish, WorkerError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest name, in characters.
const MAX_NAME: usize = 256;

/// An update that the store has.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateSent {
    /// The run.
    pub row: RunRow,
    /// By which it is known.
    pub id: MessageId,
    /// Whether the same key was asked before.
    pub duplicate: bool,
}

/// What came of the wait for an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Updated {
    /// The answer.
    Answered(UpdateAnswer),
    /// The run has ended without one, or is stuck.
    Over(Standing),
    /// The time given ran out; how the run stands.
    RanOut(RunStatus),
    /// The execution was stopped before.
    Stopped,
}

/// Sends an update. With a `key`, the same key again is the same update, also once the run has ended; one that was refused is asked anew.
///
/// # Errors
/// As [`find()`]; `Value` for an argument over the limits, `UpdateName`, `Ended` of the store.
pub fn send_update(
    session: &Session,
    text: &str,
    name: &str,
    argument: Value,
    key: Option<&str>,
) -> Result<UpdateSent, ClientError> {
    argument.check()?;
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(ClientError::UpdateName(name.chars().take(MAX_NAME).collect()));
    }
    let row = find(session, text)?;
    let id = match key {
        Some(key) => MessageId::of_update(row.id.as_str(), name, key),
        None => MessageId(Session::random()?),
    };
    let body = MessageBody::Update { name: name.to_owned(), argument };
    let message = NewMessage { run: row.no, id, keyed: key.is_some(), body };
    // Not offered to an executor first: it may refuse it, and what is refused must be on disk to be told of.
    match session.ask(Request::Post(Box::new(message)))? {
        Answer::Delivered { duplicate, .. } => Ok(UpdateSent { row, id, duplicate }),
        _ => Err(ClientError::Answer { run: row.no }),
    }
}

/// Waits for the answer, at most `limit`. Where nobody executes the run, this process does until it is there.
///
/// # Errors
/// What the store says, and what stops an execution.
pub fn await_update(
    session: &Session,
    sent: &UpdateSent,
    options: &ExecuteOptions,
    limit: Option<Duration>,
) -> Result<Updated, ClientError> {
    let end = limit.map(|limit| session.clock().monotonic().saturating_add(limit));
    loop {
        // The view first: whatever was answered before the end of the run is there when that is seen.
        let view = view(session, sent.row.no)?;
        if let Some(answer) = update_answer(session, sent)? {
            return Ok(Updated::Answered(answer));
        }
        let status = match Standing::of(&view) {
            Standing::Open(status) => status,
            over @ (Standing::Ended(_) | Standing::Stuck(_)) => return Ok(Updated::Over(over)),
        };
        if options.stop.level() > StopLevel::Go {
            return Ok(Updated::Stopped);
        }
        if end.is_some_and(|end| end <= session.clock().monotonic()) {
            return Ok(Updated::RanOut(status));
        }
        match resume(session, &view.row)? {
            Resumed::Claimed(claimed) => drive(session, sent, &claimed, options, end)?,
            Resumed::Held(_) => watch(session, sent, options, end)?,
            Resumed::Over(_) => {}
        }
    }
}

/// The answer, where it is there.
///
/// # Errors
/// What the store says.
pub fn update_answer(session: &Session, sent: &UpdateSent) -> Result<Option<UpdateAnswer>, ClientError> {
    match session.ask(Request::UpdateAnswer { id: sent.id })? {
        Answer::Update(answer) => Ok(*answer),
        _ => Err(ClientError::Answer { run: sent.row.no }),
    }
}

/// Waits while another process executes the run, until something may be there.
fn watch(
    session: &Session,
    sent: &UpdateSent,
    options: &ExecuteOptions,
    end: Option<Duration>,
) -> Result<(), ClientError> {
    let watch = Watch::begin(session, sent.row.no)?;
    loop {
        let left = end.map(|end| end.saturating_sub(session.clock().monotonic()));
        let is_free = view(session, sent.row.no)?.executor.is_none();
        let is_over = left.is_some_and(|left| left.is_zero()) || options.stop.level() > StopLevel::Go;
        if is_free || is_over || update_answer(session, sent)?.is_some() {
            return Ok(());
        }
        watch.next(left);
    }
}

/// Executes the run until the answer is on disk; what is under way then is awaited, and nothing more is begun.
fn drive(
    session: &Session,
    sent: &UpdateSent,
    claimed: &Claimed,
    options: &ExecuteOptions,
    end: Option<Duration>,
) -> Result<(), ClientError> {
    let answered = Arc::new(AtomicBool::new(false));
    let (tell, seen, id) = (Arc::clone(&options.observer), Arc::clone(&answered), sent.id);
    let mut options = options.clone();
    options.observer = Arc::new(move |run, progress| {
        if matches!(&progress, Progress::UpdateAnswered { id: told, .. } if *told == id) {
            seen.store(true, Ordering::SeqCst);
        }
        tell(run, progress);
    });
    let mut driver = Driver {
        run: sent.row.no,
        adopt: Some((claimed.run, claimed.epoch)),
        answered,
        end,
        clock: Arc::clone(session.clock()),
        left: None,
        refused: None,
    };
    session.executor().supply(session, &mut driver, options.clone())?;
    if let Some(error) = driver.refused {
        return Err(failed(error).into());
    }
    let was_meant = driver.is_over() || options.stop.level() > StopLevel::Go;
    if driver.left == Some(Finished::Parked) && !was_meant {
        let message = "the run was put down before it answered".to_owned();
        return Err(ExecuteError::Engine(message).into());
    }
    Ok(())
}

/// Gives a worker the run that was asked, until the answer is there.
struct Driver {
    run: RunNo,
    adopt: Option<(RunNo, u64)>,
    answered: Arc<AtomicBool>,
    /// On the monotonic clock.
    end: Option<Duration>,
    clock: Arc<dyn Clock>,
    left: Option<Finished>,
    refused: Option<WorkerError>,
}

impl Driver {
    fn is_over(&self) -> bool {
        self.answered.load(Ordering::SeqCst) || self.end.is_some_and(|end| end <= self.clock.monotonic())
    }
}

impl Supply for Driver {
    fn wish(&mut self, _held: usize) -> Result<Wish, WorkerError> {
        let adopt = self.adopt.take().into_iter().collect();
        let finish = self.is_over() || self.left.is_some();
        Ok(Wish { adopt, finish, with_children: true, ..Wish::default() })
    }

    fn heard(&mut self, _run: Option<RunNo>) {}

    fn left(&mut self, run: RunNo, how: Finished) {
        if run == self.run {
            self.left = Some(how);
        }
    }

    fn refused(&mut self, _run: RunNo, why: WorkerError) {
        self.refused = Some(why);
    }

    fn patience(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| end.saturating_sub(self.clock.monotonic()))
    }
}
