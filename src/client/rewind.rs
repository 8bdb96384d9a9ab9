//! Rewinding: a run goes on from an earlier entry, and what came after it is set aside, whole and readable.

use super::held_lock::before_grant;
use super::{ClientError, LoadedProgram, MendError, Session, Stand, find, read_history};
use crate::history::{
    ActivityCompleted, Again, Checksum, Entry, Fact, Message, MessageBody, MessageId, Moment, OpId, Pending,
    Record, RunNo, RunRow, Seq, StoredStatus, Value, counted_from,
};
use crate::run::Undoing;
use crate::store::{Answer, Request, Rewind, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// The entry that is to be the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// By its number in the history.
    Entry(u32),
    /// The outcome of this command.
    Op(OpId),
}

/// What is to be done, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The run as it stands.
    pub row: RunRow,
    /// How many entries stay.
    pub kept: Seq,
    /// The entries that are set aside.
    pub aside: Vec<(Seq, Entry)>,
    /// What the script would take back if it failed where it goes on.
    to_be_undone: Vec<Undoing>,
    request: Rewind,
}

impl Plan {
    /// The commands that stay under way.
    pub(super) fn waiting(&self) -> &[OpId] {
        &self.request.pending
    }
}

/// All that a plan is made of.
pub(super) struct Past {
    pub(super) snapshot: Snapshot,
    pub(super) entries: Vec<(Seq, Entry)>,
}

impl Past {
    pub(super) fn read(session: &Session, run: RunNo) -> Result<Self, ClientError> {
        let Answer::Snapshot(snapshot) = session.ask(Request::Snapshot { run })? else {
            return Err(ClientError::Answer { run });
        };
        let mut entries = read_history(session, run, snapshot.row.id.clone())?;
        // One that came meanwhile makes the store refuse the plan, as it should.
        entries.truncate(usize::try_from(snapshot.entries.0).unwrap_or(usize::MAX));
        Ok(Self { snapshot: *snapshot, entries })
    }

    fn last(&self) -> Result<Seq, MendError> {
        let id = self.snapshot.row.id.clone();
        self.entries.last().map(|(seq, _)| *seq).ok_or(MendError::NotBegun { id })
    }
}

/// Plans that a run goes on behind an entry, with other results for some of the commands that stay. Nothing is written.
///
/// # Errors
/// As [`find()`]; [`MendError`], and `Differs` where what stays does not fit the script, of which a result was changed.
pub fn plan_rewind(
    session: &Session,
    text: &str,
    point: Point,
    set: &BTreeMap<OpId, Value>,
) -> Result<Plan, ClientError> {
    let past = Past::read(session, find(session, text)?.no)?;
    let id = past.snapshot.row.id.clone();
    let last = past.last()?;
    let at = match point {
        Point::Entry(wanted) if wanted <= last.0 => Seq(wanted),
        Point::Entry(wanted) => return Err(MendError::NoEntry { id, wanted, last }.into()),
        Point::Op(op) => past
            .entries
            .iter()
            .find(|(_, entry)| ends(&entry.fact) == Some(op))
            .map(|(seq, _)| *seq)
            .ok_or(MendError::NoOutcome { id: id.clone(), op })?,
    };
    if at == last && set.is_empty() {
        return Err(MendError::NothingAside { id, at }.into());
    }
    // No run goes on behind its end: that is set aside in any case.
    let has_ended = matches!(past.snapshot.row.status, StoredStatus::Ended(_));
    let kept = if has_ended && at == last { at } else { at.next() };
    plan(session, past, kept, set, Anew::All, None)
}

/// The command that an entry ends.
pub(super) fn ends(fact: &Fact) -> Option<OpId> {
    match fact {
        Fact::QuestionAnswered(answered) => Some(answered.question),
        Fact::ChildEnded(ended) => Some(ended.op),
        Fact::RunBegan { .. }
        | Fact::ActivityCompleted(_)
        | Fact::ActivityFailed(_)
        | Fact::TimerFired(_)
        | Fact::SignalReceived(_)
        | Fact::CancelRequested(_)
        | Fact::TokenResolved(_)
        | Fact::LockGranted(_)
        | Fact::RunEnded(_)
        | Fact::RunRestarted(_)
        | Fact::UpdateAccepted(_)
        | Fact::UpdateCompleted(_)
        | Fact::Unknown { .. } => fact.outcome_of().map(|(op, _)| op),
    }
}

/// Which commands are new where a run goes on from an earlier entry: done under keys of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anew {
    /// None: they are tried again as what they were.
    None,
    /// Those that the script has not asked for at that entry; the others are tried again as what they were.
    Later,
    /// All of which the outcome is set aside.
    All,
}

/// What the store is asked for, so that `kept` entries stay.
pub(super) fn plan(
    session: &Session,
    past: Past,
    kept: Seq,
    set: &BTreeMap<OpId, Value>,
    anew: Anew,
    program: Option<&LoadedProgram>,
) -> Result<Plan, ClientError> {
    let Past { snapshot, mut entries } = past;
    let row = snapshot.row;
    let place = usize::try_from(kept.0).unwrap_or(usize::MAX).min(entries.len());
    let aside = entries.split_off(place);
    let changed = change(&row, &mut entries, set)?;
    let from = changed.unwrap_or(kept);
    let prefix: Vec<Entry> = entries.iter().map(|(_, entry)| entry.clone()).collect();
    let source = program.map(super::upgrade::source);
    let stand =
        session.executor().stand(session, row.no, &prefix, source).map_err(|error| error.about(&row.id))?;
    let has_ended = matches!(row.status, StoredStatus::Ended(_));
    if has_ended && !stand.held.is_empty() {
        let at = Seq(kept.0.saturating_sub(1));
        let before = before_grant(session, row.no, &prefix, &stand.held);
        return Err(MendError::HeldLock { id: row.id, at, before }.into());
    }
    let over: BTreeSet<OpId> = aside.iter().filter_map(|(_, entry)| ends(&entry.fact)).collect();
    let timeout_ms = time_out(session, &prefix, snapshot.start.timeout_ms, has_ended);
    let pending = waiting(&stand, &over, &snapshot.pending);
    let again = again(anew, &stand, &over, &pending);
    let request = Rewind {
        run: row.no,
        nonce: MessageId(Session::random()?),
        seen: (row.epoch, row.generation, snapshot.entries),
        from,
        records: sealed(session, &row, from, &entries)?,
        asked: asked(&stand, &row, again.as_ref(), prefix.first().zip(timeout_ms)),
        again,
        pending,
        held: stand.held.clone(),
        heard: prefix.iter().filter_map(heard).collect(),
        unread: aside
            .iter()
            .filter_map(|(_, entry)| unread(&entry.fact, &stand, anew == Anew::All))
            .collect(),
        cancel_requested_at: prefix.iter().find_map(asked_to_end),
        timeout_ms,
        program: program.map(|program| (program.program.clone(), program.texts.clone())),
        patches: stand.patches,
    };
    Ok(Plan { row, kept, aside, to_be_undone: stand.to_be_undone, request })
}

/// Puts the given results in the place of what is recorded; gives the first entry that is another now.
fn change(
    row: &RunRow,
    entries: &mut [(Seq, Entry)],
    set: &BTreeMap<OpId, Value>,
) -> Result<Option<Seq>, MendError> {
    let mut first = None;
    for (op, value) in set {
        let outcome = entries.iter_mut().find(|(_, entry)| {
            entry.fact.effect_kind().is_some() && entry.fact.outcome_of().is_some_and(|(of, _)| of == *op)
        });
        let Some((seq, entry)) = outcome else {
            return Err(MendError::NothingToSet { id: row.id.clone(), op: *op });
        };
        entry.fact = with_result(&entry.fact, value);
        first = Some(first.map_or(*seq, |known: Seq| known.min(*seq)));
    }
    Ok(first)
}

fn with_result(fact: &Fact, result: &Value) -> Fact {
    match fact {
        Fact::ActivityCompleted(done) => Fact::ActivityCompleted(Box::new(ActivityCompleted {
            result: result.clone(),
            ..(**done).clone()
        })),
        Fact::ActivityFailed(failed) => Fact::ActivityCompleted(Box::new(ActivityCompleted {
            op: failed.op,
            label: failed.label.clone(),
            input: failed.input.clone(),
            result: result.clone(),
            attempts: failed.attempts,
            scheduled_at: failed.scheduled_at,
            ended_at: failed.ended_at,
        })),
        Fact::RunBegan { .. }
        | Fact::TimerFired(_)
        | Fact::SignalReceived(_)
        | Fact::CancelRequested(_)
        | Fact::TokenResolved(_)
        | Fact::QuestionAnswered(_)
        | Fact::LockGranted(_)
        | Fact::ChildEnded(_)
        | Fact::RunEnded(_)
        | Fact::RunRestarted(_)
        | Fact::UpdateAccepted(_)
        | Fact::UpdateCompleted(_)
        | Fact::Unknown { .. } => fact.clone(),
    }
}

/// The entries from one on, chained to the one before it as that is stored.
fn sealed(
    session: &Session,
    row: &RunRow,
    from: Seq,
    entries: &[(Seq, Entry)],
) -> Result<Vec<Record>, ClientError> {
    let mut before = match from.0.checked_sub(1) {
        None => Checksum::first(row.history_no()),
        Some(last) => {
            let request = Request::History { run: row.no, from: Seq(last), until: from };
            let Answer::Records(records) = session.ask(request)? else {
                return Err(ClientError::Answer { run: row.no });
            };
            let cut = || ClientError::HistoryCut { id: row.id.clone(), found: Seq(last), expected: from };
            records.first().and_then(Record::checksum).ok_or_else(cut)?
        }
    };
    let mut records = Vec::new();
    for (seq, entry) in entries.iter().filter(|(seq, _)| *seq >= from) {
        let (record, after) = Record::seal(entry, before).map_err(|error| ClientError::Damaged {
            id: row.id.clone(),
            seq: *seq,
            error,
        })?;
        before = after;
        records.push(record);
    }
    Ok(records)
}

fn again(anew: Anew, stand: &Stand, over: &BTreeSet<OpId>, waiting: &[OpId]) -> Option<Again> {
    let (also, timed) = match anew {
        Anew::None => return None,
        Anew::Later => (Vec::new(), Vec::new()),
        Anew::All => {
            let open = stand.open.iter().map(|row| row.op);
            let counted = stand.counted.iter().copied();
            (
                open.filter(|op| over.contains(op)).collect(),
                counted.filter(|op| !waiting.contains(op)).collect(),
            )
        }
    };
    Some(Again { from: stand.next_op, also, timed })
}

/// The pending rows of what it waits for then. The store counts the times that are anew.
fn asked(
    stand: &Stand,
    row: &RunRow,
    again: Option<&Again>,
    time_out: Option<(&Entry, i64)>,
) -> Vec<Pending> {
    let mut asked = stand.open.clone();
    for pending in &mut asked {
        let op = pending.op;
        let is_anew = again.is_some_and(|again| again.timed.contains(&op));
        if op == OpId::RUN_TIMEOUT {
            pending.due = time_out.map(|(began, ms)| began.at.plus_ms(ms));
        } else if stand.counted.contains(&op) && !is_anew {
            pending.count_from(counted_from(row.generation, &row.branches, op, pending.scheduled_at));
        }
    }
    asked
}

/// The pending rows that stay: of what was under way then and still is.
fn waiting(stand: &Stand, over: &BTreeSet<OpId>, pending: &[Pending]) -> Vec<OpId> {
    let is_same = |row: &&Pending| {
        !over.contains(&row.op)
            && stand.open.iter().any(|asked| asked.op == row.op && asked.label == row.label)
    };
    pending.iter().filter(is_same).map(|row| row.op).collect()
}

fn heard(entry: &Entry) -> Option<OpId> {
    if let Fact::ChildEnded(ended) = &entry.fact { Some(ended.op) } else { None }
}

fn asked_to_end(entry: &Entry) -> Option<Moment> {
    if let Fact::CancelRequested(request) = &entry.fact { Some(request.accepted_at) } else { None }
}

/// What others said is said again; but not the request to end, nor an answer to a question that is asked anew.
fn unread(fact: &Fact, stand: &Stand, is_new: bool) -> Option<Message> {
    let (no, id, accepted_at) = fact.message()?;
    let body = match fact {
        Fact::SignalReceived(signal) => {
            MessageBody::Signal { name: signal.name.clone(), payload: signal.payload.clone() }
        }
        Fact::UpdateAccepted(update) => {
            MessageBody::Update { name: update.name.clone(), argument: update.argument.clone() }
        }
        Fact::TokenResolved(resolved) => {
            MessageBody::Resolve { token: resolved.token.clone(), resolution: resolved.resolution.clone() }
        }
        Fact::QuestionAnswered(answered)
            if !is_new && stand.open.iter().any(|asked| asked.op == answered.question) =>
        {
            MessageBody::Answer { question: answered.question, choice: answered.choice.clone() }
        }
        Fact::RunBegan { .. }
        | Fact::ActivityCompleted(_)
        | Fact::ActivityFailed(_)
        | Fact::TimerFired(_)
        | Fact::CancelRequested(_)
        | Fact::QuestionAnswered(_)
        | Fact::LockGranted(_)
        | Fact::ChildEnded(_)
        | Fact::RunEnded(_)
        | Fact::RunRestarted(_)
        | Fact::UpdateCompleted(_)
        | Fact::Unknown { .. } => return None,
    };
    Some(Message { no, id, accepted_at, body })
}

/// A run that had ended has its whole time again, from now on.
fn time_out(session: &Session, prefix: &[Entry], timeout_ms: Option<i64>, has_ended: bool) -> Option<i64> {
    let spent = prefix.first().map_or(0, |began| session.now().since_ms(began.at)).max(0);
    timeout_ms.map(|whole| if has_ended { whole.saturating_add(spent) } else { whole })
}

/// Something that stays done for the script, and was taken back by what is set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What it is.
    pub what: String,
    /// The entry of its outcome; nothing of what `on_undo` took back.
    pub entry: Option<Seq>,
}

/// What a plan leaves done for the script although an undo of it was begun. Nothing is written.
///
/// # Errors
/// What the store says.
pub fn undone(session: &Session, plan: &Plan) -> Result<Vec<Undone>, ClientError> {
    if plan.to_be_undone.is_empty() {
        return Ok(Vec::new());
    }
    let entries = read_history(session, plan.row.no, plan.row.id.clone())?;
    let all: Vec<Entry> = entries.iter().map(|(_, entry)| entry.clone()).collect();
    let stands = |entries: &[Entry]| session.executor().stand(session, plan.row.no, entries, None).ok();
    // With its last entry a run may be stuck.
    let stood = stands(&all).or_else(|| stands(all.split_last()?.1));
    let begun = stood.map(|stand| stand.undone).unwrap_or_default();
    let of = |undo: Undoing| {
        let is_it = |(_, entry): &&(Seq, Entry)| undo.op.is_some() && ends(&entry.fact) == undo.op;
        let entry = entries.iter().find(is_it).map(|(seq, _)| *seq);
        Undone { what: undo.what, entry }
    };
    Ok(begun.into_iter().filter(|undo| plan.to_be_undone.contains(undo)).map(of).collect())
}

/// Does what was planned. The run is open again, and nobody executes it.
///
/// # Errors
/// What the store says: `Held` where a process executes the run, `Fenced` or `Gap` where it went on since it was planned.
pub fn carry_out(session: &Session, plan: &Plan) -> Result<(), ClientError> {
    match session.ask(Request::Rewind(Box::new(plan.request.clone())))? {
        Answer::Done | Answer::Told(_) => Ok(()),
        _ => Err(ClientError::Answer { run: plan.row.no }),
    }
}
