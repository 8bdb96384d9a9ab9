//! What a replay shows of a run that is watched: it is made again only where that can have changed, and once a second at most.

use crate::client::RunView;
use crate::history::{Seq, StoredStatus};
use std::convert::Infallible;
use std::time::Duration;

/// At least so long lies between two replays.
const REST: Duration = Duration::from_secs(1);

/// What decides what a replay shows: the entries, the text, and how the run stands. Attempts, messages and claims do not.
#[derive(Debug, PartialEq)]
struct Ground {
    entries: Seq,
    generation: u32,
    branches: usize,
    edits: usize,
    status: StoredStatus,
}

impl Ground {
    fn of(view: &RunView) -> Self {
        Self {
            entries: view.entries,
            generation: view.row.generation,
            branches: view.row.branches.len(),
            edits: view.row.edits.len(),
            status: view.row.status.clone(),
        }
    }
}

/// What was seen last, and when.
#[derive(Debug)]
pub(crate) struct Looks<T>(Option<(Ground, Duration, T)>);

impl<T> Looks<T> {
    /// Nothing was looked at.
    pub(crate) fn new() -> Self {
        Self(None)
    }

    /// How long a look at the run has to wait yet: not at all where it has ended, and nothing where nothing new can be seen.
    pub(crate) fn wait(&self, view: &RunView, now: Duration) -> Option<Duration> {
        let Some((ground, at, _)) = &self.0 else { return Some(Duration::ZERO) };
        if *ground == Ground::of(view) {
            return None;
        }
        let is_over = view.status.is_ended();
        Some(if is_over { Duration::ZERO } else { (*at + REST).saturating_sub(now) })
    }

    /// What is to be seen of the run: by another look where one is due, else what was seen last. `now` is monotonic.
    pub(crate) fn seen(&mut self, view: &RunView, now: Duration, look: impl FnOnce() -> T) -> &T {
        let look = || Ok::<T, Infallible>(look());
        match self.try_seen(view, now, look) {
            Ok(seen) => seen,
            Err(never) => match never {},
        }
    }

    /// The same of a look that may fail; what was seen last is forgotten then.
    ///
    /// # Errors
    /// What the look says.
    pub(crate) fn try_seen<E>(
        &mut self,
        view: &RunView,
        now: Duration,
        look: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        let is_due = self.wait(view, now) == Some(Duration::ZERO);
        let (_, _, seen) = match self.0.take() {
            Some(kept) if !is_due => self.0.insert(kept),
            Some(_) | None => self.0.insert((Ground::of(view), now, look()?)),
        };
        Ok(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::view;
    use crate::history::{RunEnd, RunStatus, Value};
    use crate::store::Answer;

    fn at(entries: u32, ended: bool) -> RunView {
        let end = RunEnd::Completed { result: Value::Null };
        let (stored, shown) = if ended {
            (StoredStatus::Ended(end), RunStatus::Completed)
        } else {
            (StoredStatus::Open, RunStatus::Running)
        };
        match view(stored, shown, None, entries) {
            Answer::View(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_thousand_entries_in_two_seconds_are_looked_at_thrice_and_the_end_at_once() {
        let (mut looks, mut made) = (Looks::new(), 0);
        for entry in 0..1_000_u32 {
            let now = Duration::from_millis(u64::from(entry) * 2);
            looks.seen(&at(entry, false), now, || made += 1);
        }
        assert_eq!(made, 2);
        let mut retried = at(999, false);
        assert_eq!(looks.wait(&retried, Duration::from_millis(1_998)), Some(Duration::from_millis(2)));
        looks.seen(&retried, Duration::from_secs(2), || made += 1);
        assert_eq!(made, 3, "the last of them is looked at when its time has come");
        retried.unread = 4;
        retried.row.updated_at = crate::history::Moment(77);
        assert_eq!(looks.wait(&retried, Duration::from_mins(1)), None, "a message shows nothing new");
        looks.seen(&retried, Duration::from_mins(1), || made += 1);
        assert_eq!(made, 3);
        looks.seen(&at(1_000, false), Duration::from_mins(1), || made += 1);
        looks.seen(&at(1_001, true), Duration::from_mins(1), || made += 1);
        assert_eq!(made, 5);
        let over = at(1_001, true);
        let again = looks.try_seen(&over, Duration::from_mins(2), || Err("no"));
        assert!(again.is_ok(), "there is nothing new to be looked at");
        assert_eq!(looks.try_seen(&at(1_002, true), Duration::from_mins(2), || Err("no")), Err("no"));
    }
}
