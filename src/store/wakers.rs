//! Who goes on with runs that nobody executes: the times of ticks, and the processes that serve.

use super::codec::{decode, encode};
use super::rows::{Rows, RowsMut, Table};
use super::{Answer, Kept, Liveness, StoreError};
use crate::history::{Claim, Moment, RunStatus, Waker, WokenBy};
use serde::{Deserialize, Serialize};

const TICK: &[u8] = b"tick";
const SERVE: &[u8] = b"serve";
/// After all keys that begin with it.
const AFTER_SERVE: &[u8] = b"servf";

/// Ticks count as regular when the last one is not older than two of their intervals and this, in milliseconds.
const SLACK_MS: i64 = 60_000;
/// The longest interval that is believed: a day.
const LONGEST_INTERVAL_MS: i64 = 86_400_000;

/// When ticks came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Ticks {
    last: Moment,
    /// The one before, where there was one.
    #[serde(default)]
    before: Option<Moment>,
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
            let before = ticks(rows)?.map(|ticks| ticks.last);
            rows.put(Table::Wakers, TICK, &encode(&Ticks { last: now, before })?)?;
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
    rows: &dyn Rows,
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
        (None, None) => match ticks(rows)? {
            Some(ticks) if ticks.come_at(now) => WokenBy::Tick { last: ticks.last },
            ticks => WokenBy::Nobody { last_tick: ticks.map(|ticks| ticks.last) },
        },
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
    /// Whether another one is to be expected.
    fn come_at(self, now: Moment) -> bool {
        let interval = self.before.map_or(0, |before| self.last.since_ms(before));
        now.since_ms(self.last) <= interval.clamp(0, LONGEST_INTERVAL_MS) * 2 + SLACK_MS
    }
}

fn ticks(rows: &(impl Rows + ?Sized)) -> Result<Option<Ticks>, StoreError> {
    rows.get(Table::Wakers, TICK)?.map(|value| decode(&value, "the times of ticks")).transpose()
}
