//! Who goes on with runs that nobody executes: the times of ticks, and the processes that serve.

use super::codec::{decode, encode};
use super::rows::{Rows, RowsMut, Table};
use super::{Answer, Kept, Liveness, StoreError};
use crate::history::{Claim, Moment, RunStatus, Waker, WokenBy};
use serde::{Deserialize, Serialize};

const TICK: &[u8] = b"tick";
const INSTALLED: &[u8] = b"installed";
const SERVE: &[u8] = b"serve";
/// After all keys that begin with it.
const AFTER_SERVE: &[u8] = b"servf";

/// Ticks count as regular when the last one is not older than two of their intervals and one more, of this at most, in milliseconds.
const SLACK_MS: i64 = 60_000;
/// The longest interval that is believed: a day.
const LONGEST_INTERVAL_MS: i64 = 86_400_000;
/// The interval of those that `durun tick --install` has put into a crontab.
const INSTALLED_MS: i64 = 60_000;

/// When ticks came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Ticks {
    last: Moment,
    /// The one before, where there was one.
    #[serde(default)]
    before: Option<Moment>,
    /// And the one before that: one by hand between two of a crontab does not make their interval short.
    #[serde(default)]
    earlier: Option<Moment>,
}

/// Notes that somebody goes on with runs; forgets the processes that are gone.
pub(super) fn awake(
    rows: &mut dyn RowsMut,
    now: Moment,
    liveness: &dyn Liveness,
    waker: Waker,
) -> Result<Answer, StoreError> {
    match waker {
        Waker::Tick => {
            let known = ticks(rows)?;
            let (before, earlier) = (known.map(|ticks| ticks.last), known.and_then(|ticks| ticks.before));
            rows.put(Table::Wakers, TICK, &encode(&Ticks { last: now, before, earlier })?)?;
        }
        Waker::Installed(true) => rows.put(Table::Wakers, INSTALLED, &encode(&now)?)?,
        Waker::Installed(false) => {
            rows.remove(Table::Wakers, INSTALLED)?;
            rows.remove(Table::Wakers, TICK)?;
        }
        Waker::Serve(claim) => {
            for (key, value) in rows.range(Table::Wakers, SERVE, AFTER_SERVE, false, usize::MAX)? {
                let other: Claim = decode(&value, "a process that serves")?;
                if other.token != claim.token && liveness.is_alive(other.token) {
                    return Err(StoreError::Served { claim: other });
                }
                rows.remove(Table::Wakers, &key)?;
            }
            let key = [SERVE, &claim.token.0.to_be_bytes()].concat();
            rows.put(Table::Wakers, &key, &encode(&claim)?)?;
        }
    }
    Ok(Answer::Done)
}

/// Who goes on with a run of this status; nothing where it needs nobody, or a person.
pub(super) fn woken_by(
    rows: &(impl Rows + ?Sized),
    now: Moment,
    liveness: &dyn Liveness,
    status: RunStatus,
    executor: Option<Claim>,
) -> Result<Option<WokenBy>, StoreError> {
    match status {
        RunStatus::Running | RunStatus::Waiting | RunStatus::Parked => {}
        RunStatus::Stuck
        | RunStatus::Failed
        | RunStatus::TimedOut
        | RunStatus::Cancelled
        | RunStatus::Terminated
        | RunStatus::Completed => return Ok(None),
    }
    let mut serving = None;
    for (_, value) in rows.range(Table::Wakers, SERVE, AFTER_SERVE, false, usize::MAX)? {
        let claim: Claim = decode(&value, "a process that serves")?;
        if executor.map_or_else(|| liveness.is_alive(claim.token), |executor| executor.token == claim.token) {
            serving = Some(claim);
        }
    }
    Ok(Some(match (serving, executor) {
        (Some(claim), _) => WokenBy::Serve { pid: claim.pid },
        (None, Some(claim)) => WokenBy::Process { pid: claim.pid },
        (None, None) => {
            let (ticks, installed) = (ticks(rows)?, installed(rows)?);
            let last = ticks.map(|ticks| ticks.last);
            if ticks.and_then(Ticks::expected).is_some_and(|until| now <= until)
                || installed
                    .is_some_and(|at| now <= after(last.map_or(at, |last| last.max(at)), INSTALLED_MS))
            {
                WokenBy::Tick { last }
            } else {
                WokenBy::Nobody { last_tick: last }
            }
        }
    }))
}

/// When the last tick came, and who serves.
pub(super) fn known(rows: &dyn Rows, liveness: &dyn Liveness) -> Result<Kept, StoreError> {
    let mut serving = None;
    for (_, value) in rows.range(Table::Wakers, SERVE, AFTER_SERVE, false, usize::MAX)? {
        let claim: Claim = decode(&value, "a process that serves")?;
        serving = serving.or(Some(claim).filter(|claim| liveness.is_alive(claim.token)));
    }
    let tick = ticks(rows)?.map(|ticks| ticks.last);
    Ok(Kept::Wakers { tick, serving, is_looked_at: super::carry::is_looked_at(rows)? })
}

impl Ticks {
    /// Until when another one is to be expected. One alone, by hand perhaps, says nothing of a next one.
    fn expected(self) -> Option<Moment> {
        let before = self.before?;
        let intervals =
            [self.last.since_ms(before), self.earlier.map_or(0, |earlier| before.since_ms(earlier))];
        Some(after(self.last, intervals.into_iter().max().unwrap_or(0).clamp(0, LONGEST_INTERVAL_MS)))
    }
}

/// Two intervals after an instant, and some more.
fn after(last: Moment, interval: i64) -> Moment {
    last.plus_ms(interval * 2 + interval.min(SLACK_MS))
}

/// When ticks were installed, where they are.
fn installed(rows: &(impl Rows + ?Sized)) -> Result<Option<Moment>, StoreError> {
    rows.get(Table::Wakers, INSTALLED)?.map(|value| decode(&value, "the time of an installation")).transpose()
}

fn ticks(rows: &(impl Rows + ?Sized)) -> Result<Option<Ticks>, StoreError> {
    rows.get(Table::Wakers, TICK)?.map(|value| decode(&value, "the times of ticks")).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(last: i64, before: Option<i64>, earlier: Option<i64>) -> Option<i64> {
        let ticks = Ticks { last: Moment(last), before: before.map(Moment), earlier: earlier.map(Moment) };
        ticks.expected().map(|until| until.0)
    }

    #[test]
    fn two_ticks_make_a_crontab_and_one_makes_none() {
        assert_eq!(expected(600_000, None, None), None);
        assert_eq!(expected(600_000, Some(540_000), None), Some(780_000), "each minute");
        assert_eq!(
            expected(605_000, Some(600_000), Some(540_000)),
            Some(785_000),
            "one by hand between them"
        );
        assert_eq!(expected(605_000, Some(600_000), None), Some(620_000), "two by hand");
        let hour = 3_600_000;
        assert_eq!(expected(hour, Some(0), None), Some(3 * hour + 60_000));
        let day = 24 * hour;
        assert_eq!(expected(9 * day, Some(0), None), Some(11 * day + 60_000));
    }

    #[test]
    fn what_was_noted_of_ticks_before_is_read() {
        let old = serde_json::json!({ "last": 7, "before": 5 });
        let ticks: Ticks = decode(&encode(&old).expect("encodes"), "ticks").expect("decodes");
        assert_eq!(ticks, Ticks { last: Moment(7), before: Some(Moment(5)), earlier: None });
    }
}
