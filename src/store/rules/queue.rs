//! Queues: which of the runs that wait may begin, by priority and by age, as the limits of their queue allow.

use super::{Surroundings, put_row};
use crate::history::{
    Moment, QueueLimits, QueuePlace, RunId, RunNo, RunRow, RunStatus, StoredStatus, WokenBy,
};
use crate::store::codec::{decode, encode};
use crate::store::reading::{refuse_ended, row};
use crate::store::rows::{Rows, RowsMut, Table};
use crate::store::{Admission, Answer, Liveness, NewQueue, StoreError, keys};
use serde::{Deserialize, Serialize};

/// The longest name of a queue in bytes.
const NAME_BYTES: usize = 256;
/// How many of those who occupy it a refusal names.
const MOST_NAMED: usize = 5;

/// What is kept of a queue.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Queue {
    limits: QueueLimits,
    /// The runs that have begun and not ended.
    busy: Vec<RunNo>,
    /// When the latest ones began, as far back as the rate counts.
    begun: Vec<Moment>,
}

/// Why a run may not begin.
pub(in crate::store) struct Refusal {
    /// What it waits for, in words.
    pub(in crate::store) waits_for: String,
    /// Those that occupy the queue, as many as are named.
    pub(in crate::store) busy: Vec<RunId>,
    /// Those of them that are stuck.
    pub(in crate::store) stuck: Vec<RunId>,
    /// Those of them that nobody goes on with.
    pub(in crate::store) idle: Vec<RunId>,
}

/// A new run stands in its queue; the limits that were told last count for all.
pub(super) fn enter(
    rows: &mut dyn RowsMut,
    run: RunNo,
    new: Option<&NewQueue>,
) -> Result<Option<QueuePlace>, StoreError> {
    let Some(new) = new else { return Ok(None) };
    let mut queue = read(rows, &new.name)?;
    queue.limits = new.limits;
    write(rows, &new.name, &queue)?;
    rows.put(Table::Queued, &keys::queued(&new.name, new.priority, run), &[])?;
    Ok(Some(QueuePlace { name: new.name.clone(), priority: new.priority, admitted_at: None }))
}

/// A run that had ended is open again: it stands in line once more, and goes on when its queue lets it.
pub(super) fn enter_again(rows: &mut dyn RowsMut, row: &mut RunRow) -> Result<(), StoreError> {
    let Some(place) = &mut row.queue else { return Ok(()) };
    place.admitted_at = None;
    rows.put(Table::Queued, &keys::queued(&place.name, place.priority, row.no), &[])
}

/// Refuses what could not be a key before anything is written.
pub(super) fn check(new: Option<&NewQueue>) -> Result<(), StoreError> {
    if new.is_some_and(|new| new.name.is_empty() || new.name.len() > NAME_BYTES) {
        let message = format!("the name of a queue has from 1 to {NAME_BYTES} bytes");
        return Err(StoreError::Protocol { message });
    }
    Ok(())
}

/// May a run that this executor has claimed begin now?
pub(super) fn admit(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    run: RunNo,
    epoch: u64,
) -> Result<Answer, StoreError> {
    let mut row = row(rows, run)?;
    refuse_ended(&row)?;
    if row.epoch != epoch {
        return Err(StoreError::Fenced { epoch, current: row.epoch });
    }
    let Some(place) = row.queue.clone().filter(|place| place.admitted_at.is_none()) else {
        return Ok(Answer::Admission(Admission::Admitted));
    };
    if let Some(Refusal { waits_for, stuck, idle, .. }) = refusal(rows, around.now, around.liveness, &row)? {
        return Ok(Answer::Admission(Admission::Waits { waits_for, stuck, idle }));
    }
    let mut queue = read(rows, &place.name)?;
    queue.busy.push(run);
    queue.begun.push(around.now);
    queue.forget(around.now);
    write(rows, &place.name, &queue)?;
    rows.remove(Table::Queued, &keys::queued(&place.name, place.priority, run))?;
    row.queue = Some(QueuePlace { admitted_at: Some(around.now), ..place });
    put_row(rows, &row)?;
    Ok(Answer::Admission(Admission::Admitted))
}

/// Has runs that did not come through the queue occupy places of it until they end.
pub(super) fn occupy(rows: &mut dyn RowsMut, name: &str, runs: &[RunNo]) -> Result<(), StoreError> {
    let mut queue = read(rows, name)?;
    queue.busy.extend(runs);
    queue.busy.sort_unstable();
    queue.busy.dedup();
    write(rows, name, &queue)
}

/// An ended run waits no longer, and its place is free.
pub(super) fn leave(rows: &mut dyn RowsMut, row: &RunRow) -> Result<(), StoreError> {
    let Some(place) = &row.queue else { return Ok(()) };
    rows.remove(Table::Queued, &keys::queued(&place.name, place.priority, row.no))?;
    let mut queue = read(rows, &place.name)?;
    queue.busy.retain(|busy| *busy != row.no);
    write(rows, &place.name, &queue)
}

/// What a run that waits in a queue waits for; nothing where it may begin, or has begun.
pub(in crate::store) fn refusal(
    rows: &(impl Rows + ?Sized),
    now: Moment,
    liveness: &dyn Liveness,
    own: &RunRow,
) -> Result<Option<Refusal>, StoreError> {
    let Some(place) = own.queue.as_ref().filter(|place| place.admitted_at.is_none()) else { return Ok(None) };
    let mut queue = read(rows, &place.name)?;
    queue.forget(now);
    let before = before(rows, liveness, place, own.no)?;
    let name = &place.name;
    let after = match before {
        0 => String::new(),
        1 => ", after 1 other".to_owned(),
        more => format!(", after {more} others"),
    };
    if let Some(max) = queue.limits.max_concurrent.and_then(|max| usize::try_from(max).ok())
        && queue.busy.len() + before >= max
    {
        let (mut names, mut all) = (Vec::new(), Vec::new());
        let (mut stuck, mut idle) = (Vec::new(), Vec::new());
        for run in queue.busy.iter().take(MOST_NAMED) {
            let busy = row(rows, *run)?;
            let is_stuck = matches!(busy.status, StoredStatus::Stuck(_));
            let by = if is_stuck { None } else { goes_on_with(rows, now, liveness, &busy)? };
            let how = match by {
                _ if is_stuck => " is stuck",
                Some(WokenBy::Tick { .. }) => " is left to the next durun tick",
                Some(WokenBy::Nobody { .. } | WokenBy::Process { .. } | WokenBy::Serve { .. }) | None => "",
            };
            names.push(format!("{}{how}", busy.id));
            stuck.extend(is_stuck.then(|| busy.id.clone()));
            // A tick may come or not, and until then it may take long.
            let is_idle = matches!(by, Some(WokenBy::Nobody { .. } | WokenBy::Tick { .. }));
            idle.extend(is_idle.then(|| busy.id.clone()));
            all.push(busy.id);
        }
        if queue.busy.len() > MOST_NAMED {
            names.push("…".to_owned());
        }
        let busy = format!("queue {name}, {} of {max} busy", queue.busy.len());
        let who = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        return Ok(Some(Refusal { waits_for: format!("{busy}{who}{after}"), busy: all, stuck, idle }));
    }
    if let Some(rate) = queue.limits.rate
        && queue.begun.len() + before >= usize::try_from(rate.count).unwrap_or(usize::MAX)
    {
        let waits_for = format!("queue {name}, its rate is {rate}{after}");
        return Ok(Some(Refusal { waits_for, busy: Vec::new(), stuck: Vec::new(), idle: Vec::new() }));
    }
    Ok(None)
}

/// Who goes on with an open run.
fn goes_on_with(
    rows: &(impl Rows + ?Sized),
    now: Moment,
    liveness: &dyn Liveness,
    row: &RunRow,
) -> Result<Option<WokenBy>, StoreError> {
    let executor = row.claim.filter(|claim| liveness.is_alive(claim.token));
    crate::store::wakers::woken_by(rows, now, liveness, RunStatus::Parked, executor)
}

/// How many go before a run: those that nobody executes could not begin, and hold nobody up.
fn before(
    rows: &(impl Rows + ?Sized),
    liveness: &dyn Liveness,
    place: &QueuePlace,
    run: RunNo,
) -> Result<usize, StoreError> {
    let own = keys::queued(&place.name, place.priority, run);
    let mut count = 0;
    for (key, _) in rows.range(Table::Queued, &keys::lock(&place.name, 0), &own, false, usize::MAX)? {
        let Some(other) = keys::tail_run(&key) else { continue };
        let is_executed = row(rows, other)?.claim.is_some_and(|claim| liveness.is_alive(claim.token));
        count += usize::from(is_executed);
    }
    Ok(count)
}

impl Queue {
    /// What the rate counts no more.
    fn forget(&mut self, now: Moment) {
        let span = self.limits.rate.map_or(0, |rate| rate.per_ms);
        // A clock that was set back must not stop it for long.
        self.begun.retain(|begun| (0..span).contains(&now.since_ms(*begun)));
    }
}

fn read(rows: &(impl Rows + ?Sized), name: &str) -> Result<Queue, StoreError> {
    let bytes = rows.get(Table::Queues, name.as_bytes())?;
    let mut queue: Queue = bytes.map(|bytes| decode(&bytes, "a queue")).transpose()?.unwrap_or_default();
    // Those that came another way do not take leave.
    let mut open = Vec::with_capacity(queue.busy.len());
    for run in queue.busy {
        if rows.get(Table::OpenRuns, &keys::run(run))?.is_some() {
            open.push(run);
        }
    }
    queue.busy = open;
    Ok(queue)
}

fn write(rows: &mut dyn RowsMut, name: &str, queue: &Queue) -> Result<(), StoreError> {
    rows.put(Table::Queues, name.as_bytes(), &encode(queue)?)
}
