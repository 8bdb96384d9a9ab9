//! Finds the runs that are due and claims them, as many as there is room for: what the worker of a tick or a server is fed with.

use super::advance::{Onlooker, look};
use super::{ClientError, Finished, Resumed, Session, resume, view};
use crate::client::engine::failed;
use crate::config::Configs;
use crate::history::{Moment, RunId, RunNo, RunStatus, Seq};
use crate::store::{Request, RunView, StoreError};
use crate::worker::{Supply, Wish, WorkerError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How often a server looks at what has a timer, besides when one is due.
const LOOK: Duration = Duration::from_secs(2);
/// How often it looks at every open run: a safety net, as the store tells it of what comes.
const LOOK_THOROUGHLY: Duration = Duration::from_mins(1);
/// A thorough look may take this part of the time.
const SHARE: u32 = 50;
/// A run that waits again is looked at again after this: its timer is not known here.
const SOON: Duration = Duration::from_secs(1);
/// The longest rest of a run that does not move, or cannot be taken up.
const LONGEST_REST: Duration = Duration::from_mins(1);

/// How long is looked for runs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    /// Each run that is due now, once; after the deadline, on the monotonic clock, nothing more is begun.
    Waiting { deadline: Option<Duration> },
    /// Until it is stopped.
    Stopped,
}

/// Finds and claims runs.
pub(super) struct Finder<'a> {
    session: &'a Session,
    jobs: usize,
    until: Until,
    configs: Arc<Configs>,
    onlooker: &'a mut dyn Onlooker,
    /// Found and not yet claimed.
    found: VecDeque<(RunNo, RunId)>,
    held: BTreeMap<RunNo, RunId>,
    /// Of these the store has told.
    heard: BTreeSet<RunNo>,
    /// When to look next, on the monotonic clock.
    look_at: Duration,
    look_thoroughly_at: Duration,
    next_due: Option<Moment>,
    rests: BTreeMap<RunNo, Rest>,
    has_begun: bool,
}

/// A run that was claimed, and how long it is left alone if it does not move.
#[derive(Debug, Clone, Copy, Default)]
struct Rest {
    entries: Option<Seq>,
    strikes: u32,
    until: Duration,
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        session: &'a Session,
        jobs: usize,
        until: Until,
        configs: Arc<Configs>,
        onlooker: &'a mut dyn Onlooker,
    ) -> Self {
        Self {
            session,
            jobs,
            until,
            configs,
            onlooker,
            found: VecDeque::new(),
            held: BTreeMap::new(),
            heard: BTreeSet::new(),
            look_at: Duration::ZERO,
            look_thoroughly_at: Duration::ZERO,
            next_due: None,
            rests: BTreeMap::new(),
            has_begun: false,
        }
    }

    fn begin(&mut self) -> Result<(), ClientError> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        match self.until {
            Until::Waiting { .. } => {
                self.found = look(self.session, true, &self.configs, self.onlooker)?.runs.into();
            }
            // From now on the store tells; what was before is looked for.
            Until::Stopped => drop(self.session.ask(Request::Attend)?),
        }
        Ok(())
    }

    /// Looks where it is time to, and at what the store has told of.
    fn look_around(&mut self) -> Result<(), ClientError> {
        let (monotonic, now) = (self.session.clock().monotonic(), self.session.now());
        for run in std::mem::take(&mut self.heard) {
            match view(self.session, run) {
                Ok(view) if is_queued(&view) => self.look_at = monotonic,
                Ok(view) if view.status == RunStatus::Parked && view.executor.is_none() => {
                    self.find(run, view.row.id, monotonic);
                }
                Ok(_) => self.look_at = self.look_at.min(monotonic.saturating_add(SOON)),
                Err(ClientError::Store(StoreError::NoRun { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        let thorough = self.look_thoroughly_at <= monotonic;
        if !thorough && self.look_at > monotonic && self.next_due.is_none_or(|due| due > now) {
            return Ok(());
        }
        let due = look(self.session, thorough, &self.configs, self.onlooker)?;
        self.next_due = due.next;
        let after = self.session.clock().monotonic();
        self.look_at = after.saturating_add(LOOK);
        if thorough {
            let took = after.saturating_sub(monotonic);
            self.look_thoroughly_at = after.saturating_add(LOOK_THOROUGHLY.max(took.saturating_mul(SHARE)));
            self.rests.retain(|run, rest| rest.until > after || self.held.contains_key(run));
        }
        for (run, id) in due.runs {
            self.find(run, id, after);
        }
        Ok(())
    }

    fn find(&mut self, run: RunNo, id: RunId, monotonic: Duration) {
        let is_known = self.held.contains_key(&run) || self.found.iter().any(|(found, _)| *found == run);
        let rests = self.rests.get(&run).is_some_and(|rest| rest.until > monotonic);
        if !is_known && !rests {
            self.found.push_back((run, id));
        }
    }

    /// Claims what was found, as long as there is room.
    fn claim(&mut self, room: usize) -> Result<Vec<(RunNo, u64)>, ClientError> {
        let mut claimed = Vec::new();
        while claimed.len() < room
            && let Some((run, id)) = self.found.pop_front()
        {
            let view = view(self.session, run)?;
            // Somebody else was faster where it is held or over.
            if let Resumed::Claimed(ours) = resume(self.session, &view.row)? {
                self.rests.entry(run).or_default().claimed(view.entries, self.session.clock().monotonic());
                self.onlooker.begun(run, &id);
                self.held.insert(run, id);
                claimed.push((run, ours.epoch));
            }
        }
        Ok(claimed)
    }
}

impl Rest {
    /// A run is claimed at a history of so many entries: one that has not moved since is left alone for longer each time.
    fn claimed(&mut self, entries: Seq, monotonic: Duration) {
        self.strikes = if self.entries == Some(entries) { self.strikes.saturating_add(1) } else { 0 };
        self.entries = Some(entries);
        let pause = match self.strikes {
            0 | 1 => Duration::ZERO,
            more => Duration::from_secs(1 << more.saturating_sub(2).min(6)),
        };
        self.until = monotonic.saturating_add(pause.min(LONGEST_REST));
    }
}

fn is_queued(view: &RunView) -> bool {
    view.row.queue.as_ref().is_some_and(|place| place.admitted_at.is_none())
}

fn stopped(error: ClientError) -> WorkerError {
    match error {
        ClientError::Store(error) => WorkerError::Store(error),
        error => WorkerError::Store(StoreError::Protocol { message: error.to_string() }),
    }
}

impl Supply for Finder<'_> {
    fn wish(&mut self, held: usize) -> Result<Wish, WorkerError> {
        self.begin().map_err(stopped)?;
        let monotonic = self.session.clock().monotonic();
        let mut wish = Wish::default();
        match self.until {
            Until::Waiting { deadline } => {
                if deadline.is_some_and(|deadline| deadline <= monotonic) {
                    wish.finish = true;
                    self.found.clear();
                }
            }
            Until::Stopped => {
                self.look_around().map_err(stopped)?;
                wish.is_open = true;
            }
        }
        let room = self.jobs.saturating_sub(held);
        wish.make_way = self.found.len().saturating_sub(room);
        wish.adopt = self.claim(room).map_err(stopped)?;
        wish.is_open |= !self.found.is_empty();
        self.onlooker.round(held + wish.adopt.len());
        Ok(wish)
    }

    fn heard(&mut self, run: Option<RunNo>) {
        match run {
            Some(run) => drop(self.heard.insert(run)),
            None => self.look_thoroughly_at = Duration::ZERO,
        }
    }

    fn left(&mut self, run: RunNo, how: Finished) {
        if how != Finished::Parked {
            // Its queue may have a place now.
            self.look_at = self.session.clock().monotonic();
            self.rests.remove(&run);
        }
        if let Some(id) = self.held.remove(&run) {
            self.onlooker.left(run, &id, how);
        } else if let Ok(view) = view(self.session, run)
            && view.row.is_hook()
        {
            // The worker took it up itself, as it recorded what there is to tell.
            self.onlooker.left(run, &view.row.id, how);
        }
    }

    fn refused(&mut self, run: RunNo, why: WorkerError) {
        let until = self.session.clock().monotonic().saturating_add(LONGEST_REST);
        self.rests.insert(run, Rest { until, ..Rest::default() });
        if let Some(id) = self.held.remove(&run) {
            self.onlooker.refused(run, &id, failed(why).into());
        }
    }

    fn patience(&self) -> Duration {
        let monotonic = self.session.clock().monotonic();
        match self.until {
            Until::Waiting { deadline } => deadline.map_or(Duration::MAX, |at| at.saturating_sub(monotonic)),
            Until::Stopped => {
                let due = self.next_due.map(|due| due.since_ms(self.session.now()));
                let due = due.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
                let look = self.look_at.min(self.look_thoroughly_at).saturating_sub(monotonic);
                due.map_or(look, |due| due.min(look))
            }
        }
    }
}
