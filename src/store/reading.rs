//! Reading: what each request that only reads gives, the same over every backend.

use super::codec::decode;
use super::histories::{branch_records, last_entry, last_log, logs, past_records, records, short};
use super::rows::{Rows, Table};
use super::{
    Answer, Kept, Liveness, Request, RunFilter, RunView, Schedules, Snapshot, StoreError, Upkeep, keys,
};
use crate::history::{
    CommandKind, Moment, Pending, RunEnd, RunNo, RunRow, RunStart, RunStatus, Seq, StoredStatus,
};

/// The most runs that a prefix gives.
const MOST_FOUND: usize = 20;
/// A history of at most so many entries comes with the snapshot of its run.
const SHORT_HISTORY: usize = 16;
/// The most pending rows in a view, questions aside.
const MOST_PENDING: usize = 100;

/// Does a request that reads.
pub(super) fn read(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    request: &Request,
) -> Result<Answer, StoreError> {
    match request {
        Request::Watch { run: no } => row(rows, *no).map(|_| Answer::Done),
        Request::Find { text } => find(rows, text).map(Answer::Runs),
        Request::List(filter) => list(rows, now, liveness, filter).map(Answer::Views),
        Request::View { run: no } => {
            view(rows, now, liveness, row(rows, *no)?).map(|view| Answer::View(Box::new(view)))
        }
        Request::Snapshot { run: no } => snapshot(rows, *no).map(|shot| Answer::Snapshot(Box::new(shot))),
        Request::History { run: no, from, until } => {
            records(rows, &row(rows, *no)?, *from, *until).map(Answer::Records)
        }
        Request::Past { run: no, from, until } => past_records(rows, *no, *from, *until).map(Answer::Records),
        Request::Upkeep(what) => keep(rows, liveness, what).map(|kept| Answer::Kept(Box::new(kept))),
        Request::Branch { run: no, number, from, until } => {
            branch_records(rows, *no, *number, (*from, *until)).map(Answer::Records)
        }
        Request::Script { hash } => script(rows, hash).map(Answer::Script),
        Request::Logs { run: no, after, limit } => logs(rows, *no, *after, *limit).map(Answer::Logs),
        Request::Recall { id } => Ok(match super::rules::remembered(rows, *id)? {
            Some(known) => Answer::Delivered { no: known.no, accepted_at: known.at, duplicate: true },
            None => Answer::Done,
        }),
        Request::UpdateAnswer { id } => {
            let known = super::rules::remembered(rows, *id)?;
            Ok(Answer::Update(Box::new(known.and_then(|known| known.update))))
        }
        Request::Published { run: no } => published(rows, *no).map(Answer::Published),
        Request::Attend => Ok(Answer::Done),
        Request::Due { thorough } => super::due::due(rows, now, liveness, *thorough).map(Answer::Due),
        Request::ListOnce { prefix } => super::rules::list_once(rows, now, prefix).map(Answer::OnceRows),
        Request::Schedules => schedules(rows, now, liveness).map(|all| Answer::Schedules(Box::new(all))),
        Request::Start(_)
        | Request::Claim { .. }
        | Request::Release { .. }
        | Request::Append(_)
        | Request::Upgrade(_)
        | Request::Rewind(_)
        | Request::Deliver(_)
        | Request::Post(_)
        | Request::Signal(_)
        | Request::RefuseUpdate(_)
        | Request::TakeOnce { .. }
        | Request::ForgetOnce { .. }
        | Request::Admit { .. }
        | Request::RetryNow { .. }
        | Request::Awake { .. }
        | Request::Schedule(_)
        | Request::Terminate { .. } => {
            Err(StoreError::Protocol { message: "a writing request among those that read".to_owned() })
        }
    }
}

fn keep(rows: &dyn Rows, liveness: &dyn Liveness, what: &Upkeep) -> Result<Kept, StoreError> {
    match what {
        Upkeep::Audit => super::audit::audit(rows).map(Kept::Wrong),
        Upkeep::Wakers => super::wakers::known(rows, liveness),
        Upkeep::Ended { chance, most } => super::ended::ended(rows, *chance, *most).map(Kept::Ended),
        Upkeep::Newest(witness) => super::salvage::newest(rows, *witness).map(Kept::Newest),
        Upkeep::Export { run, place } => super::carry::export(rows, *run, place.clone()),
        Upkeep::Prune { .. } | Upkeep::Sweep { .. } | Upkeep::Compact | Upkeep::Import(_) => {
            Err(StoreError::Protocol { message: "a writing request among those that read".to_owned() })
        }
    }
}

/// A number among the facts of the store.
pub(super) fn meta_u64(rows: &(impl Rows + ?Sized), key: &str) -> Result<u64, StoreError> {
    let bytes = rows.get(Table::Meta, key.as_bytes())?.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    bytes.map(u64::from_be_bytes).ok_or_else(|| corrupt(format!("the fact {key} of the store is missing")))
}

pub(super) fn corrupt(what: String) -> StoreError {
    StoreError::Corrupt { path: "store.redb".to_owned(), what }
}

/// Refuses the number of a run that does not exist.
fn known_run(rows: &dyn Rows, no: RunNo) -> Result<(), StoreError> {
    rows.get(Table::Runs, &keys::run(no))?.map(drop).ok_or(StoreError::NoRun { run: no })
}

/// A run's row.
pub(super) fn row(rows: &(impl Rows + ?Sized), no: RunNo) -> Result<RunRow, StoreError> {
    let bytes = rows.get(Table::Runs, &keys::run(no))?.ok_or(StoreError::NoRun { run: no })?;
    decode(&bytes, format_args!("the row of run number {no}"))
}

/// What the present generation of a run was started with.
pub(super) fn start(rows: &(impl Rows + ?Sized), row: &RunRow) -> Result<RunStart, StoreError> {
    first_start(rows, row.history_no())
}

/// What a run was started with.
pub(super) fn first_start(rows: &(impl Rows + ?Sized), no: RunNo) -> Result<RunStart, StoreError> {
    super::starts::get(rows, no)
}

/// Refuses a run that has ended.
pub(super) fn refuse_ended(row: &RunRow) -> Result<(), StoreError> {
    match &row.status {
        StoredStatus::Ended(end) => Err(StoreError::Ended { id: row.id.clone(), status: end.status() }),
        StoredStatus::Open | StoredStatus::Stuck(_) => Ok(()),
    }
}

fn schedules(rows: &dyn Rows, now: Moment, liveness: &dyn Liveness) -> Result<Schedules, StoreError> {
    // Whoever goes on with what is parked fires schedules, too.
    let fired_by = super::wakers::woken_by(rows, now, liveness, RunStatus::Parked, None)?;
    Ok(Schedules { rows: super::rules::list_schedules(rows)?, fired_by })
}

fn find(rows: &dyn Rows, text: &str) -> Result<Vec<RunRow>, StoreError> {
    if text == "@last" {
        return Ok(newest(rows)?.into_iter().collect());
    }
    if let Some(no) = rows.get(Table::RunIds, text.as_bytes())? {
        return Ok(vec![named_row(rows, text.as_bytes(), &no)?]);
    }
    // Ids are ASCII, so this is above every id with the prefix.
    let until = [text.as_bytes(), &[0xff]].concat();
    let found = rows.range(Table::RunIds, text.as_bytes(), &until, false, MOST_FOUND)?;
    found.iter().map(|(id, no)| named_row(rows, id, no)).collect()
}

/// The newest run that tells of no other.
fn newest(rows: &dyn Rows) -> Result<Option<RunRow>, StoreError> {
    let mut until = vec![0xff; 9];
    loop {
        let page = rows.range(Table::Runs, &[], &until, true, 16)?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        until.clone_from(last);
        for (_, value) in &page {
            let row: RunRow = decode(value, "a run's row")?;
            if !row.is_hook() {
                return Ok(Some(row));
            }
        }
    }
}

/// The row that an id leads to; it must be that id's.
fn named_row(rows: &dyn Rows, id: &[u8], no: &[u8]) -> Result<RunRow, StoreError> {
    let named = keys::head_run(no).map(|no| row(rows, no)).transpose()?;
    named
        .filter(|row| row.id.as_str().as_bytes() == id)
        .ok_or_else(|| corrupt(format!("the id {} leads to another run", String::from_utf8_lossy(id))))
}

fn list(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    filter: &RunFilter,
) -> Result<Vec<RunView>, StoreError> {
    if let Some(parent) = filter.parent {
        return list_children(rows, now, liveness, filter, parent);
    }
    let limit = filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    // Runs that have not ended are few among many that have.
    let open_only = !filter.statuses.is_empty() && !filter.statuses.iter().any(|status| status.is_ended());
    let table = if open_only { Table::OpenRuns } else { Table::Runs };
    let mut views = Vec::new();
    let mut until = vec![0xff; 9];
    while views.len() < limit {
        let page = rows.range(table, &[], &until, true, 256)?;
        let Some((last, _)) = page.last() else { break };
        until.clone_from(last);
        for (key, _) in &page {
            let no = keys::head_run(key).ok_or_else(|| corrupt("a run has a broken number".to_owned()))?;
            if views.len() < limit {
                views.extend(wanted(rows, now, liveness, filter, no)?);
            }
        }
    }
    Ok(views)
}

/// The runs that one has started, in the same way.
fn list_children(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    filter: &RunFilter,
    parent: RunNo,
) -> Result<Vec<RunView>, StoreError> {
    let mut views = Vec::new();
    for no in super::children::of_run(rows, parent)? {
        if filter.limit.is_none_or(|limit| u32::try_from(views.len()).is_ok_and(|length| length < limit)) {
            views.extend(wanted(rows, now, liveness, filter, no)?);
        }
    }
    Ok(views)
}

/// The view of a run, where the filter lets it through.
fn wanted(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    filter: &RunFilter,
    no: RunNo,
) -> Result<Option<RunView>, StoreError> {
    let row = row(rows, no)?;
    let other_script = filter.script.as_ref().is_some_and(|script| !row.script.ends_with(script.as_str()));
    if other_script
        || filter.without_hooks && is_quiet_hook(&row)
        || filter.since.is_some_and(|since| row.created_at < since)
    {
        return Ok(None);
    }
    let view = view(rows, now, liveness, row)?;
    let fits = filter.statuses.is_empty() || filter.statuses.contains(&view.status);
    Ok(Some(view).filter(|view| fits && (!filter.needs_person || needs_person(view))))
}

/// Whether it tells of another run, and nobody has to be told of it.
fn is_quiet_hook(row: &RunRow) -> bool {
    row.is_hook()
        && match &row.status {
            StoredStatus::Open
            | StoredStatus::Ended(
                RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. },
            ) => true,
            StoredStatus::Stuck(_) | StoredStatus::Ended(RunEnd::Failed { .. } | RunEnd::TimedOut { .. }) => {
                false
            }
        }
}

/// Of very many pending rows the first are enough, and every question to a person.
fn keep_some(pending: &mut Vec<Pending>) {
    let mut room = MOST_PENDING;
    pending.retain(|row| {
        let fits = room > 0;
        room = room.saturating_sub(1);
        fits || row.label.kind == CommandKind::Ask
    });
}

fn needs_person(view: &RunView) -> bool {
    view.status == RunStatus::Stuck || view.asks()
}

pub(super) fn pending(rows: &dyn Rows, no: RunNo, limit: usize) -> Result<Vec<Pending>, StoreError> {
    rows.range(Table::Pending, &keys::run(no), &keys::after_run(no), false, limit)?
        .iter()
        .map(|(_, value)| decode(value, "a pending row"))
        .collect()
}

fn view(rows: &dyn Rows, now: Moment, liveness: &dyn Liveness, row: RunRow) -> Result<RunView, StoreError> {
    let executor = row.claim.filter(|claim| liveness.is_alive(claim.token));
    let mut pending = pending(rows, row.no, usize::MAX)?;
    let inbox = rows.range(Table::Inbox, &keys::run(row.no), &keys::after_run(row.no), false, usize::MAX)?;
    let unread = u32::try_from(inbox.len()).unwrap_or(u32::MAX).saturating_add(row.unread);
    super::questions::mark(&inbox, &mut pending, (now, executor.is_none()))?;
    let last = last_entry(rows, &row)?;
    let entries = last.as_ref().map_or(Seq(0), |(seq, _)| seq.next());
    let last_at = last.and_then(|(_, record)| record.at()).unwrap_or(row.created_at);
    let status = status(rows, now, liveness, &row)?;
    keep_some(&mut pending);
    super::children::tell(rows, now, liveness, &mut pending)?;
    pending.extend(super::queues::place(rows, now, liveness, &row)?);
    let locks = super::locks::of_run(rows, now, liveness, row.no, MOST_PENDING)?;
    for lock in locks.iter().filter(|lock| lock.before > 0) {
        let waits_for = lock.to_string();
        pending.iter_mut().filter(|row| row.op == lock.op).for_each(|row| {
            row.waits_for = Some(waits_for.clone());
        });
    }
    let woken_by = super::wakers::woken_by(rows, now, liveness, status, executor)?;
    Ok(RunView { row, status, executor, entries, last_at, pending, unread, locks, woken_by })
}

/// The status of a run.
pub(super) fn status(
    rows: &dyn Rows,
    now: Moment,
    liveness: &dyn Liveness,
    row: &RunRow,
) -> Result<RunStatus, StoreError> {
    Ok(match &row.status {
        StoredStatus::Ended(end) => end.status(),
        StoredStatus::Stuck(_) => RunStatus::Stuck,
        StoredStatus::Open if row.queue.as_ref().is_some_and(|place| place.admitted_at.is_none()) => {
            RunStatus::Waiting
        }
        StoredStatus::Open => {
            let executed = row.claim.is_some_and(|claim| liveness.is_alive(claim.token));
            let inbox = rows.range(Table::Inbox, &keys::run(row.no), &keys::after_run(row.no), false, 1)?;
            let unread = u32::try_from(inbox.len()).unwrap_or(u32::MAX);
            open_status(now, executed, &pending(rows, row.no, usize::MAX)?, unread)
        }
    })
}

/// The status of an open run: what it waits for, and whether somebody would go on.
fn open_status(now: Moment, executed: bool, pending: &[Pending], unread: u32) -> RunStatus {
    let waits = |row: &Pending| {
        let in_the_future = row.wakes_at().is_none_or(|at| at > now);
        if row.label.kind.is_effect() { row.next_try.is_some_and(|at| at > now) } else { in_the_future }
    };
    if !pending.is_empty() && unread == 0 && pending.iter().all(waits) {
        RunStatus::Waiting
    } else if executed {
        RunStatus::Running
    } else {
        RunStatus::Parked
    }
}

fn snapshot(rows: &dyn Rows, no: RunNo) -> Result<Snapshot, StoreError> {
    let row = row(rows, no)?;
    // Who was never told anything has no mail.
    let mail = if row.messages == 0 {
        Vec::new()
    } else {
        rows.range(Table::Inbox, &keys::run(no), &keys::after_run(no), false, usize::MAX)?
    };
    let inbox = mail.iter().map(|(_, value)| decode(value, "a message")).collect::<Result<_, _>>()?;
    let (entries, first) = short(rows, &row, SHORT_HISTORY)?;
    Ok(Snapshot {
        start: start(rows, &row)?,
        first,
        entries,
        last_log: last_log(rows, &row)?,
        row,
        pending: pending(rows, no, usize::MAX)?,
        inbox,
        store_id: format!("{:016x}", meta_u64(rows, super::rules::STORE_ID)?),
        lock_ops: super::locks::ops(rows, no)?,
    })
}

fn script(rows: &dyn Rows, hash: &crate::history::ScriptHash) -> Result<String, StoreError> {
    let bytes =
        rows.get(Table::Scripts, &hash.0)?.ok_or_else(|| StoreError::NoScript { hash: hash.to_string() })?;
    let text = String::from_utf8(bytes).ok().filter(|text| crate::history::ScriptHash::of(text) == *hash);
    text.ok_or_else(|| corrupt(format!("script {hash} is not what was written")))
}

fn published(rows: &dyn Rows, no: RunNo) -> Result<Vec<(String, crate::history::Value)>, StoreError> {
    known_run(rows, no)?;
    rows.range(Table::Published, &keys::run(no), &keys::after_run(no), false, usize::MAX)?
        .iter()
        .map(|(key, value)| {
            let name = key.get(8..).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
            Ok((name, decode(value, "a published value")?))
        })
        .collect()
}
