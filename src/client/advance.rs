//! Advancing what is due: once for `durun tick`, for ever for `durun serve`.

use super::finder::{Finder, Until};
use super::schedule::{News, fire_schedules, next_slot};
use super::{ClientError, ExecuteOptions, Finished, Session, Stop, StopLevel, retain};
use crate::config::Configs;
use crate::history::{Moment, RunId, RunNo, Waker};
use crate::store::{Answer, Due, Request};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a server looks whether runs are to be forgotten.
const KEEP_EACH: Duration = Duration::from_mins(1);

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
    go_on(session, options, onlooker)
}

/// The same without saying so to the store: others may be told that nobody does, or that another process does.
///
/// # Errors
/// As [`advance`].
pub fn go_on(
    session: &Session,
    options: AdvanceOptions,
    onlooker: &mut dyn Onlooker,
) -> Result<(), ClientError> {
    let (configs, stop) = (Arc::clone(&options.execute.configs), options.execute.stop.clone());
    let clock = session.clock();
    let (until, park_after) = match options.span {
        Span::Once { max_time } => {
            let deadline = max_time.map(|time| clock.monotonic().saturating_add(time));
            (Until::Waiting { deadline }, Duration::ZERO)
        }
        Span::UntilStopped { park_after } => (Until::Stopped, park_after),
    };
    let execute = ExecuteOptions { park_after: Some(park_after), ..options.execute };
    let jobs = options.jobs.max(1);
    let mut finder = Finder::new(session, jobs, until, Arc::clone(&configs), onlooker);
    match until {
        Until::Waiting { deadline } => {
            session.executor().supply(session, &mut finder, execute)?;
            // Runs come first; what is to be forgotten has waited for days.
            let has_time = || deadline.is_none_or(|deadline| clock.monotonic() < deadline);
            retain(session, &configs, || stop.level() == StopLevel::Go && has_time())?;
        }
        Until::Stopped => {
            let _keeper = Keeper::begin(session, configs, &stop);
            session.executor().supply(session, &mut finder, execute)?;
        }
    }
    Ok(())
}

/// The thread of a server on which runs are forgotten, so that no run waits for it. It ends with it.
struct Keeper {
    thread: Option<JoinHandle<()>>,
    over: Sender<()>,
}

impl Keeper {
    fn begin(session: &Session, configs: Arc<Configs>, stop: &Stop) -> Self {
        let (over, is_over) = channel();
        let (session, stop, told) = (session.clone(), stop.clone(), over.clone());
        stop.on_request(move || {
            // It may be over already.
            let _ = told.send(());
        });
        let keep = move || {
            loop {
                // What the store has to say against it, whoever executes runs hears too.
                let _kept = retain(&session, &configs, || stop.level() == StopLevel::Go);
                if is_over.recv_timeout(KEEP_EACH) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        // Where the system gives no thread, runs are kept for longer.
        Self { thread: std::thread::Builder::new().name("keeper".to_owned()).spawn(keep).ok(), over }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // It may be over already.
        let _ = self.over.send(());
        if let Some(thread) = self.thread.take() {
            // A panic has been told where it was.
            let _ended = thread.join();
        }
    }
}

/// Notes that ticks come by themselves from now on, or do not any more.
///
/// # Errors
/// What the store says.
pub fn ticks_installed(session: &Session, are: bool) -> Result<(), ClientError> {
    session.ask(Request::Awake { waker: Waker::Installed(are) })?;
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
