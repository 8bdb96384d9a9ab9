//! Overlap: the open runs that a start would run beside, and what its policy makes of them, in the transaction of the start.

use super::message::deliver;
use super::{Surroundings, put_row};
use crate::history::{
    CancelCause, Message, MessageBody, MessageId, Moment, OverlapPolicy, QueueLimits, RunNo, RunRow,
    StoredStatus,
};
use crate::store::reading::row;
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, NewMessage, NewQueue, NewRun, StoreError, Told, keys};

/// The longest key in bytes.
const KEY_BYTES: usize = 256;
/// The longest name of a script that is part of a queue's name, in bytes.
const NAME_BYTES: usize = 200;

/// What a start would run beside, and what is to be done about it.
pub(super) struct Overlap {
    /// Open runs of the same script or key, the oldest first; none where the policy does not ask.
    pub(super) others: Vec<RunRow>,
    policy: OverlapPolicy,
    queue: Option<NewQueue>,
}

/// Refuses what could not be done before anything is written.
pub(super) fn check(new: &NewRun) -> Result<(), StoreError> {
    let Some(asked) = &new.overlap else { return Ok(()) };
    if asked.key.as_ref().is_some_and(|key| key.is_empty() || key.len() > KEY_BYTES) {
        let message = format!("the key of a run has from 1 to {KEY_BYTES} bytes");
        return Err(StoreError::Protocol { message });
    }
    let waits = matches!(asked.policy, OverlapPolicy::Queue | OverlapPolicy::Cancel);
    if waits && new.queue.is_some() {
        let message = "a run waits in one queue, not in two".to_owned();
        return Err(StoreError::Protocol { message });
    }
    Ok(())
}

/// Looks for the runs that a new one would overlap with.
pub(super) fn meet(rows: &dyn RowsMut, new: &NewRun) -> Result<Overlap, StoreError> {
    let mut overlap = Overlap { others: Vec::new(), policy: OverlapPolicy::Allow, queue: None };
    let Some(asked) = &new.overlap else { return Ok(overlap) };
    overlap.policy = asked.policy;
    let waits = match asked.policy {
        OverlapPolicy::Allow => return Ok(overlap),
        OverlapPolicy::Skip => false,
        OverlapPolicy::Queue | OverlapPolicy::Cancel => true,
    };
    let script = &new.start.program.path;
    for (key, _) in rows.range(Table::OpenRuns, &[], &[0xff; 9], false, usize::MAX)? {
        let other = row(rows, keys::head_run(&key).unwrap_or(RunNo(0)))?;
        let is_same = match &asked.key {
            Some(key) => other.overlap_key.as_ref() == Some(key),
            None => other.script == *script,
        };
        if is_same {
            overlap.others.push(other);
        }
    }
    if waits && !overlap.others.is_empty() {
        let name = match &asked.key {
            Some(key) => format!("same key: {}", short(key)),
            None => format!("same script: {}", short(script)),
        };
        let limits = QueueLimits { max_concurrent: Some(1), rate: None };
        overlap.queue = Some(NewQueue { name, priority: 0, limits });
    }
    Ok(overlap)
}

/// A name that fits; a long one keeps its end, and the hash of the whole.
fn short(name: &str) -> String {
    if name.len() <= NAME_BYTES {
        return name.to_owned();
    }
    let mut from = name.len() - NAME_BYTES / 2;
    while !name.is_char_boundary(from) {
        from += 1;
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{}…{}", hash.get(..16).unwrap_or_default(), name.get(from..).unwrap_or_default())
}

impl Overlap {
    /// Whether nothing is to be started.
    pub(super) fn skips(&self) -> bool {
        self.policy == OverlapPolicy::Skip && !self.others.is_empty()
    }

    /// Notes the start with the oldest of the others: nothing else says one day why there is no such run.
    pub(super) fn skip(
        mut self,
        rows: &mut dyn RowsMut,
        now: Moment,
        new: &NewRun,
    ) -> Result<Answer, StoreError> {
        if let Some(oldest) = self.others.first_mut() {
            oldest.skipped.note(&new.id, now);
            put_row(rows, oldest)?;
        }
        Ok(Answer::Runs(self.others))
    }

    /// The queue in which the new run waits for the others.
    pub(super) fn queue<'a>(&'a self, new: &'a NewRun) -> Option<&'a NewQueue> {
        self.queue.as_ref().or(new.queue.as_ref())
    }

    /// Has the others occupy the queue, but those that wait in it before the new run; asks them to end where that is the
    /// policy, and tells whom.
    pub(super) fn settle(
        self,
        rows: &mut dyn RowsMut,
        around: &Surroundings<'_>,
        new: (RunNo, &NewRun),
    ) -> Result<Told, StoreError> {
        let mut told = Told::default();
        let Some(queue) = &self.queue else { return Ok(told) };
        let cancels = self.policy == OverlapPolicy::Cancel;
        let blocks = |other: &&RunRow| {
            let waits_too = other
                .queue
                .as_ref()
                .is_some_and(|place| place.name == queue.name && place.admitted_at.is_none());
            // A stuck run cannot hear that it is to end: it hears it first when its script is mended.
            let is_deaf = cancels && matches!(other.status, StoredStatus::Stuck(_));
            !waits_too && !is_deaf
        };
        let busy: Vec<RunNo> = self.others.iter().filter(blocks).map(|other| other.no).collect();
        super::queue::occupy(rows, &queue.name, &busy)?;
        if cancels {
            for other in self.others.iter().filter(|other| other.cancel_requested_at.is_none()) {
                let message = NewMessage {
                    run: other.no,
                    id: MessageId::of_overlap(new.0, other.no),
                    keyed: false,
                    body: MessageBody::Cancel {
                        cause: CancelCause::Request,
                        reason: format!("run {} was started in its place", new.1.id),
                    },
                };
                if let Answer::Delivered { no, accepted_at, .. } = deliver(rows, around, &message)? {
                    let message = Message { no, id: message.id, accepted_at, body: message.body };
                    told.messages.push((other.no, message));
                }
            }
        }
        Ok(told)
    }
}
