//! Advancing what is due: once for `durun tick`, for ever for `durun serve`.

use super::finder::{Finder, Until};
use super::schedule::{News, fire_schedules, next_slot};
use super::{ClientError, ExecuteOptions, Finished, Session};
use crate::config::Configs;
use crate::history::{Moment, RunId, RunNo, Waker};
use crate::store::{Answer, Due, Request};
use std::sync::Arc;
use std::time::Duration;

/// What is to be advanced, and for how long.
pub struct AdvanceOptions {
    /// How runs are executed.
    pub execute: ExecuteOptions,
    /// How many runs this process has at most at a time; at least 1.
    pub jobs: usize,
    /// When it is over.
    pub span: Span,
}

/// When an advance is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// When each run that is due now waits again, or has ended.
    Once {
        /// After so long nothing more is begun, and what is under way is awaited.
        max_time: Option<Duration>,
    },
    /// When it is stopped.
    UntilStopped {
        /// How long a run may only wait before it is put down: it is replayed when something comes for it.
        park_after: Duration,
    },
}

/// Who is told of what is advanced; called on the thread that drives the runs.
pub trait Onlooker {
    /// A run was claimed.
    fn begun(&mut self, run: RunNo, id: &RunId);

    /// A run was put down or has ended.
    fn left(&mut self, run: RunNo, id: &RunId, how: Finished);

    /// A run could not be taken up, as its history, script or configuration cannot be read. It stays as it is.
    fn refused(&mut self, run: RunNo, id: &RunId, why: ClientError);

    /// A schedule has something to tell that nobody else would.
    fn scheduled(&mut self, news: News);

    /// A round is over: at least once a second while all is well.
    fn round(&mut self, held: usize);
}

/// Goes on with every run that could go on and that nobody executes, each until it waits again.
///
/// # Errors
/// What the store says, and what stops an execution.
pub fn advance(
    session: &Session,
    options: AdvanceOptions,
    onlooker: &mut dyn Onlooker,
) -> Result<(), ClientError> {
    let waker = match options.span {
        Span::Once { .. } => Waker::Tick,
        Span::UntilStopped { .. } => Waker::Serve(session.claim()),
    };
    session.ask(Request::Awake { waker })?;
    let (until, park_after) = match options.span {
        Span::Once { max_time } => {
            let monotonic = session.clock().monotonic();
            (Until::Waiting { deadline: max_time.map(|time| monotonic.saturating_add(time)) }, Duration::ZERO)
        }
        Span::UntilStopped { park_after } => (Until::Stopped, park_after),
    };
    let configs = Arc::clone(&options.execute.configs);
    let execute = ExecuteOptions { park_after: Some(park_after), ..options.execute };
    let mut finder = Finder::new(session, options.jobs.max(1), until, configs, onlooker);
    session.executor().supply(session, &mut finder, execute)?;
    Ok(())
}

/// What is due now. Whatever else falls due by itself is begun here, before the runs are read: what it recorded is then
/// among them, and when it wants to be asked again bounds `next`. Called once by a tick; by a server when it begins, at
/// `next`, and every few seconds.
pub(super) fn look(
    session: &Session,
    thorough: bool,
    configs: &Configs,
    onlooker: &mut dyn Onlooker,
) -> Result<Due, ClientError> {
    let slot = fire_schedules(session, configs, &mut |news| onlooker.scheduled(news))?;
    let due = what_is_due(session, thorough)?;
    Ok(Due { next: [due.next, slot].into_iter().flatten().min(), ..due })
}

fn what_is_due(session: &Session, thorough: bool) -> Result<Due, ClientError> {
    match session.ask(Request::Due { thorough })? {
        Answer::Due(due) => Ok(due),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

/// When the next run is due that nobody executes, or the next slot of a schedule: now, where one is; nothing where none will
/// be by itself. Begins nothing.
///
/// # Errors
/// What the store says.
pub fn next_due(session: &Session) -> Result<Option<Moment>, ClientError> {
    let due = what_is_due(session, true)?;
    let now = session.now();
    let next = [due.next, next_slot(session)?].into_iter().flatten().min();
    Ok(if due.runs.is_empty() { next.map(|next| next.max(now)) } else { Some(now) })
}
