//! The log: what a commit changes, in one write and one sync, before redb is told of it without a sync of its own.
//!
//! A record counts where its generation is the one that redb's pages name, its index is the next, and its checksum holds. The
//! pages come to disk with the next commit that syncs them, which names a later generation: from then on the records count no
//! more, and the next is written over the first. Records hold whole rows, so it does no harm to apply them to pages that
//! have them already.

use super::layout::LogPart;
use crate::store::rows::Table;
use std::io;

/// Records begin at a multiple of so many bytes: none shares a sector with one that was acknowledged before it.
const SECTOR: u64 = 512;
/// The bytes before what a record holds: generation, index, length, checksum.
const HEAD_BYTES: usize = 8 + 4 + 4 + 16;
/// What changes more bytes than that is told to redb alone: its pages are then about as large as the record.
const MOST_BYTES: usize = 128 * 1024;
/// How many bytes are read at once where a record is looked for.
const CHUNK: usize = 64 * 1024;

/// The changes of a transaction, as they are written: whole rows.
#[derive(Default)]
pub(super) struct Changes {
    bytes: Vec<u8>,
    is_too_large: bool,
}

/// A change that was read back: the name of a table, a key, and the value, or none where the row was removed.
pub(super) type Change<'b> = (&'b str, &'b [u8], Option<&'b [u8]>);

impl Changes {
    pub(super) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.add(table, key, Some(value));
    }

    pub(super) fn remove(&mut self, table: Table, key: &[u8]) {
        self.add(table, key, None);
    }

    /// Whether the log is not for them.
    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    fn add(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        let (name, length) = (table.name().as_bytes(), value.map_or(0, <[u8]>::len));
        if self.bytes.len() + 9 + name.len() + key.len() + length > MOST_BYTES {
            self.is_too_large = true;
            self.bytes = Vec::new();
        }
        let (Ok(name_length), Ok(key_length), Ok(length)) =
            (u8::try_from(name.len()), u32::try_from(key.len()), u32::try_from(length))
        else {
            self.is_too_large = true;
            return;
        };
        if self.is_too_large {
            return;
        }
        self.bytes.push(name_length);
        self.bytes.extend(key_length.to_le_bytes());
        // No value is another thing than an empty one.
        self.bytes.extend(value.map_or(u32::MAX, |_| length).to_le_bytes());
        self.bytes.extend(name);
        self.bytes.extend(key);
        self.bytes.extend(value.unwrap_or_default());
    }
}

/// The changes that a record holds, in order; nothing where the bytes are none.
pub(super) fn changes(mut bytes: &[u8]) -> Option<Vec<Change<'_>>> {
    let mut changes = Vec::new();
    while !bytes.is_empty() {
        let name_length = usize::from(*bytes.split_off_first()?);
        let key_length = u32_of(bytes.split_off(..4)?)?;
        let value_length = u32_of(bytes.split_off(..4)?)?;
        let name = std::str::from_utf8(bytes.split_off(..name_length)?).ok()?;
        let key = bytes.split_off(..usize::try_from(key_length).ok()?)?;
        let value = match value_length {
            u32::MAX => None,
            length => Some(bytes.split_off(..usize::try_from(length).ok()?)?),
        };
        changes.push((name, key, value));
    }
    Some(changes)
}

fn u32_of(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// The log of an open file.
#[derive(Debug)]
pub(super) struct Log {
    part: LogPart,
    /// That of the records which count.
    pub(super) generation: u64,
    /// Where the next record begins, and which it is.
    next: u64,
    index: u32,
}

/// What the records of a generation hold, in order.
pub(super) struct Kept {
    pub(super) records: Vec<Vec<u8>>,
    /// Whether one of them is damaged: then those behind it are left out.
    pub(super) is_damaged: bool,
    /// Where they end.
    end: u64,
}

impl Log {
    /// A log that has no record of this generation.
    pub(super) fn new(part: LogPart, generation: u64) -> Self {
        let next = part.from;
        Self { part, generation, next, index: 0 }
    }

    /// Writes and syncs a record; false where it has no room: then all is to be synced, and the log begun anew.
    ///
    /// # Errors
    /// The system's: then nobody knows whether the record is there.
    pub(super) fn append(&mut self, changes: &Changes) -> io::Result<bool> {
        let length = changes.bytes.len() + HEAD_BYTES;
        let room = self.part.end.saturating_sub(self.next);
        if changes.is_too_large || u64::try_from(length).map_err(io::Error::other)? > room {
            return Ok(false);
        }
        let mut record = Vec::with_capacity(length);
        record.extend(head(self.part.salt, self.generation, self.index, &changes.bytes)?);
        record.extend(&changes.bytes);
        self.part.whole.write(self.next, &record)?;
        self.part.whole.sync_data()?;
        self.next = (self.next + u64::try_from(length).map_err(io::Error::other)?).next_multiple_of(SECTOR);
        self.index += 1;
        Ok(true)
    }

    /// All that was written is in pages on disk, which name this generation.
    pub(super) fn begin(&mut self, generation: u64) {
        (self.generation, self.next, self.index) = (generation, self.part.from, 0);
    }

    /// Whether it has no record that counts.
    pub(super) fn is_empty(&self) -> bool {
        self.index == 0
    }

    /// What its generation left.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn read(&self) -> io::Result<Kept> {
        let (mut place, mut records) = (self.part.from, Vec::new());
        let mut index = 0;
        while let Some(record) = self.record_at(place, index..=index)? {
            let length = u64::try_from(HEAD_BYTES + record.len()).map_err(io::Error::other)?;
            place = (place + length).next_multiple_of(SECTOR);
            records.push(record);
            index += 1;
        }
        // A record is written when the one before it is on disk: only the last can be half there.
        let is_damaged = self.is_followed(place, index)?;
        Ok(Kept { records, is_damaged, end: place })
    }

    /// What its generation left; the next record follows that.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn take_up(&mut self) -> io::Result<Kept> {
        let kept = self.read()?;
        if kept.is_damaged || kept.records.is_empty() {
            return Ok(kept);
        }
        // Where a sync has failed, the system shows what the disk may not have: what counts is written once more, over itself.
        let mut bytes = vec![0; usize::try_from(kept.end - self.part.from).map_err(io::Error::other)?];
        self.part.whole.read(self.part.from, &mut bytes)?;
        self.part.whole.write(self.part.from, &bytes)?;
        self.part.whole.sync_data()?;
        self.index = u32::try_from(kept.records.len()).map_err(io::Error::other)?;
        self.next = kept.end;
        Ok(kept)
    }

    /// The record that begins there, if it is whole and has one of these indices.
    fn record_at(&self, place: u64, indices: std::ops::RangeInclusive<u32>) -> io::Result<Option<Vec<u8>>> {
        let mut head = [0; HEAD_BYTES];
        let room = self.part.end.saturating_sub(place);
        if room < u64::try_from(HEAD_BYTES).map_err(io::Error::other)? {
            return Ok(None);
        }
        self.part.whole.read(place, &mut head)?;
        let Some((index, length)) = self.is_head(&head, &indices) else { return Ok(None) };
        let mut bytes = vec![0; length];
        if u64::try_from(HEAD_BYTES + length).map_err(io::Error::other)? > room {
            return Ok(None);
        }
        self.part.whole.read(place + u64::try_from(HEAD_BYTES).map_err(io::Error::other)?, &mut bytes)?;
        let whole = head == self::head(self.part.salt, self.generation, index, &bytes)?;
        Ok(whole.then_some(bytes))
    }

    /// Index and length, where these bytes may be the head of a record of this generation.
    fn is_head(&self, head: &[u8], indices: &std::ops::RangeInclusive<u32>) -> Option<(u32, usize)> {
        let generation = u64::from_le_bytes(head.get(..8)?.try_into().ok()?);
        let index = u32_of(head.get(8..12)?)?;
        let length = usize::try_from(u32_of(head.get(12..16)?)?).ok()?;
        let may_be = generation == self.generation && indices.contains(&index) && length <= MOST_BYTES;
        may_be.then_some((index, length))
    }

    /// Whether a whole record of a later index lies behind that place.
    fn is_followed(&self, mut place: u64, index: u32) -> io::Result<bool> {
        let later = index.saturating_add(1)..=u32::MAX;
        let mut chunk = vec![0; CHUNK];
        let sector = usize::try_from(SECTOR).map_err(io::Error::other)?;
        while place < self.part.end {
            let room = usize::try_from(self.part.end - place).map_err(io::Error::other)?;
            chunk.truncate(room);
            self.part.whole.read(place, &mut chunk)?;
            for bytes in chunk.chunks(sector) {
                if self.is_head(bytes, &later).is_some() && self.record_at(place, later.clone())?.is_some() {
                    return Ok(true);
                }
                place += SECTOR;
            }
        }
        Ok(false)
    }
}

fn head(salt: [u8; 16], generation: u64, index: u32, bytes: &[u8]) -> io::Result<[u8; HEAD_BYTES]> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&salt).update(&generation.to_le_bytes()).update(&index.to_le_bytes()).update(bytes);
    let sum = hasher.finalize();
    let parts = generation.to_le_bytes().into_iter().chain(index.to_le_bytes()).chain(length.to_le_bytes());
    let mut head = [0; HEAD_BYTES];
    head.iter_mut().zip(parts.chain(*sum.as_bytes())).for_each(|(to, byte)| *to = byte);
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::super::layout::{self, SMALL_LOG_END, Whole};
    use super::*;
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;
    use std::sync::Arc;

    type Row = (usize, Vec<u8>, Option<Vec<u8>>);

    fn noted(rows: &[Row]) -> Changes {
        let mut noted = Changes::default();
        for (table, key, value) in rows {
            let table = Table::ALL[table % Table::ALL.len()];
            match value {
                Some(value) => noted.put(table, key, value),
                None => noted.remove(table, key),
            }
        }
        noted
    }

    fn of_bytes(count: usize) -> Changes {
        noted(&[(0, vec![1], Some(vec![2; count]))])
    }

    /// A log that has room for six records of one sector.
    fn log() -> Log {
        let whole: Whole = Arc::new(InMemoryBackend::new());
        layout::make(&whole, SMALL_LOG_END).expect("made");
        Log::new(layout::parts(&whole).expect("a head").1.expect("a log"), 4)
    }

    fn found(log: &Log) -> (usize, bool) {
        let kept = log.read().expect("reads");
        (kept.records.len(), kept.is_damaged)
    }

    proptest! {
        #[test]
        fn what_was_noted_is_read_back(
            rows in prop::collection::vec(
                (0..99_usize, prop::collection::vec(any::<u8>(), 0..20), prop::option::of(prop::collection::vec(any::<u8>(), 0..50))),
                0..20,
            ),
        ) {
            let noted = noted(&rows);
            let read = changes(&noted.bytes).expect("changes");
            let named = |(table, key, value): &Row| {
                (Table::ALL[table % Table::ALL.len()].name(), key.clone(), value.clone())
            };
            let read: Vec<_> =
                read.into_iter().map(|(name, key, value)| (name, key.to_vec(), value.map(<[u8]>::to_vec))).collect();
            prop_assert_eq!(read, rows.iter().map(named).collect::<Vec<_>>());
            for cut in 1..noted.bytes.len() {
                let _no_panic = changes(&noted.bytes[..cut]);
            }
        }
    }

    #[test]
    fn records_are_read_back_in_order_and_only_those_of_the_generation() {
        let mut log = log();
        for size in [10, 600, 20] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        let kept = log.read().expect("reads");
        let sizes: Vec<usize> = kept.records.iter().map(Vec::len).collect();
        assert_eq!((sizes, kept.is_damaged), (vec![24, 614, 34], false));
        let mut next = Log::new(log.part.clone(), 4);
        assert_eq!(next.take_up().expect("reads").records.len(), 3);
        assert_eq!(
            (next.next, next.index),
            (log.next, log.index),
            "whoever opens the file goes on behind them"
        );
        log.begin(5);
        assert!(log.is_empty());
        assert_eq!(found(&log), (0, false), "those of the generation before");
        assert!(log.append(&of_bytes(1)).expect("writes"));
        assert_eq!(found(&log), (1, false));
    }

    #[test]
    fn what_has_no_room_is_not_written() {
        let mut log = log();
        for _ in 0..6 {
            assert!(log.append(&of_bytes(100)).expect("writes"));
        }
        assert!(!log.append(&of_bytes(1)).expect("is full"));
        assert_eq!(found(&log), (6, false));
        log.begin(5);
        assert!(!log.append(&of_bytes(3 * 1024)).expect("is too large"));
        assert!(log.append(&of_bytes(2 * 1024)).expect("has room"));
        assert!(of_bytes(MOST_BYTES).is_too_large() && !of_bytes(MOST_BYTES - 100).is_too_large());
    }

    #[test]
    fn a_flipped_bit_is_told_but_in_the_last_record_which_may_be_half_written() {
        let mut log = log();
        for size in [100, 700, 100] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        let end = log.next;
        let last = end - SECTOR;
        for place in log.part.from..end {
            let mut byte = [0];
            log.part.whole.read(place, &mut byte).expect("reads");
            log.part.whole.write(place, &[byte[0] ^ 1]).expect("writes");
            match found(&log) {
                (3, false) => {}
                (2, false) => assert!(place >= last, "byte {place}"),
                (records, true) => assert!(records < 2 && place < last, "byte {place}"),
                other => panic!("byte {place}: {other:?}"),
            }
            log.part.whole.write(place, &byte).expect("writes");
        }
        assert_eq!(found(&log), (3, false));
    }

    #[test]
    fn a_record_that_a_value_holds_is_none() {
        let mut log = log();
        for _ in 0..2 {
            assert!(log.append(&of_bytes(10)).expect("writes"));
        }
        let mut record = vec![0; 512];
        log.part.whole.read(log.part.from + SECTOR, &mut record).expect("reads");
        // Another file, whose script stores those very bytes where a sector begins.
        let mut other = self::log();
        let (row, sector) = (HEAD_BYTES + 9 + Table::ALL[0].name().len() + 1, 512);
        let value: Vec<u8> = vec![0; sector - row].into_iter().chain(record).collect();
        assert!(other.append(&noted(&[(0, vec![1], Some(value))])).expect("writes"));
        let mut there = [0; 8];
        other.part.whole.read(other.part.from + SECTOR, &mut there).expect("reads");
        assert_eq!(u64::from_le_bytes(there), 4, "the stored record begins a sector");
        // Nor where the record that holds it is half there.
        other.part.whole.write(other.part.from, &[0; 8]).expect("writes");
        assert_eq!(found(&other), (0, false));
    }
}
