//! Keys as bytes: big-endian, so that the order of bytes is the order of numbers.

use super::LogKey;
use crate::history::{MessageId, MessageNo, Moment, OpId, RunNo, Seq};

/// A key of two parts.
fn joined<const HEAD: usize, const TAIL: usize, const ALL: usize>(
    head: [u8; HEAD],
    tail: [u8; TAIL],
) -> [u8; ALL] {
    const { assert!(HEAD + TAIL == ALL) };
    let mut key = [0; ALL];
    let (first, rest) = key.split_at_mut(HEAD);
    first.copy_from_slice(&head);
    rest.copy_from_slice(&tail);
    key
}

/// The key of a run.
pub(super) fn run(run: RunNo) -> Vec<u8> {
    run.0.to_be_bytes().to_vec()
}

/// The key after all of a run's.
pub(super) fn after_run(run: RunNo) -> Vec<u8> {
    run.0.saturating_add(1).to_be_bytes().to_vec()
}

/// What an id leads to: the run, and half of the nonce of its start, by which that is known when it is sent again.
pub(super) fn named(no: RunNo, nonce: MessageId) -> Vec<u8> {
    [&no.0.to_be_bytes(), half(&nonce)].concat()
}

/// Whether what an id leads to was started with that nonce; the first versions kept that elsewhere, for a day.
pub(super) fn is_of_nonce(named: &[u8], nonce: MessageId) -> Option<bool> {
    let known = named.get(8..).filter(|known| !known.is_empty())?;
    Some(known == half(&nonce))
}

/// Eight bytes of chance are enough to tell two starts of one id from each other.
fn half(nonce: &MessageId) -> &[u8] {
    nonce.0.first_chunk::<8>().map_or(&[], |half| half.as_slice())
}

/// The key of an entry.
pub(super) fn entry(no: RunNo, seq: Seq) -> [u8; 12] {
    joined(no.0.to_be_bytes(), seq.0.to_be_bytes())
}

/// The key of a pending row.
pub(super) fn op(no: RunNo, op: OpId) -> [u8; 12] {
    joined(no.0.to_be_bytes(), op.0.to_be_bytes())
}

/// The key of a timer. Times before 1970 sort before all others.
pub(super) fn timer(due: Moment, no: RunNo, op_id: OpId) -> [u8; 20] {
    let due = due.0.cast_unsigned() ^ (1 << 63);
    joined(due.to_be_bytes(), op(no, op_id))
}

/// The key of a message.
pub(super) fn message(no: RunNo, message: MessageNo) -> [u8; 16] {
    joined(no.0.to_be_bytes(), message.0.to_be_bytes())
}

/// The key of a log line.
pub(super) fn log(no: RunNo, key: LogKey) -> [u8; 16] {
    joined(entry(no, key.seq), key.line.to_be_bytes())
}

/// The key of a published value.
pub(super) fn published(no: RunNo, key: &str) -> Vec<u8> {
    [&no.0.to_be_bytes(), key.as_bytes()].concat()
}

/// The key of a place in the line before a lock. No name has the byte 0xff.
pub(super) fn lock(name: &str, place: u64) -> Vec<u8> {
    [name.as_bytes(), &[0xff], &place.to_be_bytes()].concat()
}

/// The key of a run that waits in a queue: the highest priority first, then the oldest run. No name has the byte 0xff.
pub(super) fn queued(name: &str, priority: i32, no: RunNo) -> Vec<u8> {
    let order = !(priority.cast_unsigned() ^ (1 << 31));
    [name.as_bytes(), &[0xff], &order.to_be_bytes(), &no.0.to_be_bytes()].concat()
}

/// The key of a child among those of its parent.
pub(super) fn child(parent: RunNo, child: RunNo) -> [u8; 16] {
    joined(parent.0.to_be_bytes(), child.0.to_be_bytes())
}

/// The last eight bytes as a run number, where the key has them.
pub(super) fn tail_run(key: &[u8]) -> Option<RunNo> {
    key.last_chunk().copied().map(u64::from_be_bytes).map(RunNo)
}

/// The key after all of a lock's.
pub(super) fn after_lock(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0xff; 10]].concat()
}

/// The place in line, from its key.
pub(super) fn lock_place(key: &[u8]) -> u64 {
    key.last_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// The name of a lock, from a key of its line.
pub(super) fn lock_name(key: &[u8]) -> String {
    let name = key.get(..key.len().saturating_sub(9)).unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// The last four bytes as a number, where the key has them.
pub(super) fn tail_u32(key: &[u8]) -> Option<u32> {
    key.last_chunk().copied().map(u32::from_be_bytes)
}

/// The first eight bytes as a run number, where the key has them.
pub(super) fn head_run(key: &[u8]) -> Option<RunNo> {
    key.first_chunk().copied().map(u64::from_be_bytes).map(RunNo)
}

/// The place of a log line, from its key.
pub(super) fn log_key(key: &[u8]) -> Option<LogKey> {
    let (_, rest) = key.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<4>()?;
    Some(LogKey { seq: Seq(u32::from_be_bytes(*seq)), line: u32::from_be_bytes(*rest.first_chunk()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_the_order_of_what_they_name() {
        let timers = [-5, 0, 5, i64::MAX].map(|due| timer(Moment(due), RunNo(1), OpId(1)));
        assert!(timers.is_sorted());
        assert!(entry(RunNo(1), Seq(u32::MAX)) < entry(RunNo(2), Seq(0)));
        let key = LogKey { seq: Seq(7), line: 9 };
        assert_eq!(log_key(&log(RunNo(3), key)), Some(key));
        assert_eq!(head_run(&op(RunNo(3), OpId(9))), Some(RunNo(3)));
        assert_eq!(tail_u32(&op(RunNo(3), OpId(9))), Some(9));
        let leads_to = named(RunNo(3), MessageId([7; 16]));
        assert_eq!((head_run(&leads_to), leads_to.len()), (Some(RunNo(3)), 16));
        assert_eq!(is_of_nonce(&leads_to, MessageId([7; 16])), Some(true));
        assert_eq!(is_of_nonce(&leads_to, MessageId([8; 16])), Some(false));
        assert_eq!(is_of_nonce(&run(RunNo(3)), MessageId([7; 16])), None, "as the first versions wrote it");
    }
}
