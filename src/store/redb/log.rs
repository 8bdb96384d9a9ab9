//! The log: what a commit changes, in one write and one sync, before redb is told of it without a sync of its own.
//!
//! A record counts where its generation is the one that redb's pages name, its index is the next, and its checksum holds. The
//! pages come to disk with the next commit that syncs them, which names a later generation: from then on the records count no
//! more, and the next is written over the first. Records hold whole rows, so it does no harm to apply them to pages that
//! have them already.
//!
//! When a commit is on disk, a mark is written and not synced: it names the index that is next, of the generation that
//! counts. So whoever opens the file after a kill knows what was acknowledged: where that is not there, it is damaged, and
//! was not merely cut off.

use super::changes::MOST_BYTES;
use super::head::{HEAD_BYTES, Head, MARK};
use super::layout::LogPart;
use std::io;

/// Records begin at a multiple of so many bytes: none shares a sector with one that was acknowledged before it.
const SECTOR: u64 = 512;
/// How many bytes are read at once where a record is looked for.
const CHUNK: usize = 64 * 1024;

/// The log of an open file.
#[derive(Debug)]
pub(super) struct Log {
    part: LogPart,
    /// That of the records which count.
    pub(super) generation: u64,
    /// Where the next record begins, and which it is.
    next: u64,
    index: u32,
    /// Whether anything was written into it since it was opened.
    is_written: bool,
}

/// What the records of a generation hold, in order.
pub(super) struct Kept {
    pub(super) records: Vec<Vec<u8>>,
    /// Whether more was acknowledged than is whole.
    pub(super) is_damaged: bool,
    /// What is whole behind the damage.
    pub(super) behind: Vec<Vec<u8>>,
    /// Where they end.
    end: u64,
}

impl Log {
    /// A log that has no record of this generation.
    pub(super) fn new(part: LogPart, generation: u64) -> Self {
        let next = part.from;
        Self { part, generation, next, index: 0, is_written: false }
    }

    /// Writes and syncs a record, and marks it; false where it has no room: then all is to be synced, and the log begun
    /// anew.
    ///
    /// # Errors
    /// The system's: then nobody knows whether the record is there.
    pub(super) fn append(&mut self, content: &[u8]) -> io::Result<bool> {
        let room = self.last_sector().saturating_sub(self.next);
        let length = u64::try_from(HEAD_BYTES + content.len()).map_err(io::Error::other)?;
        if length > room {
            return Ok(false);
        }
        self.is_written = true;
        let content_length = u32::try_from(content.len()).map_err(io::Error::other)?;
        let head = Head::over(self.part.salt, (self.generation, self.index), content_length, content);
        let record = [head.bytes().as_slice(), content].concat();
        self.part.whole.write(self.next, &record)?;
        self.part.whole.sync_data()?;
        self.next = (self.next + length).next_multiple_of(SECTOR);
        self.index += 1;
        self.mark(self.next)?;
        Ok(true)
    }

    /// All that was written is in pages on disk, which name this generation.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn begin(&mut self, generation: u64) -> io::Result<()> {
        (self.generation, self.next, self.index) = (generation, self.part.from, 0);
        self.is_written = true;
        // Not over the first record: where the pages are damaged, those before them and the log are what can be read.
        self.mark(self.last_sector())
    }

    /// The file is closed: a mark far from the records says how many there are.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn end(&self) -> io::Result<()> {
        self.mark(self.last_sector())
    }

    /// All before this index of this generation is on disk.
    fn mark(&self, place: u64) -> io::Result<()> {
        let head = Head::over(self.part.salt, (self.generation, self.index), MARK, &[]);
        self.part.whole.write(place, &head.bytes())
    }

    /// Where the last sector of the log begins, which no record reaches into.
    fn last_sector(&self) -> u64 {
        self.part.end.saturating_sub(SECTOR)
    }

    /// How many records it has that count.
    pub(super) fn records(&self) -> u32 {
        self.index
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> u64 {
        self.next - self.part.from
    }

    /// Whether anything was written into it since it was opened.
    pub(super) fn is_written(&self) -> bool {
        self.is_written
    }

    /// What its generation left, in a file that was closed with so many records; the next follows them.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn as_left(&mut self, records: u32) -> io::Result<Kept> {
        let mut kept = self.whole_records()?;
        let found = u32::try_from(kept.records.len()).map_err(io::Error::other)?;
        kept.is_damaged = found != records;
        (self.index, self.next) = (found, kept.end);
        Ok(kept)
    }

    /// What its generation left.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn read(&self) -> io::Result<Kept> {
        let mut kept = self.whole_records()?;
        let index = u32::try_from(kept.records.len()).map_err(io::Error::other)?;
        // A record is written when the one before it is on disk, and marked when it is itself.
        self.look_behind(&mut kept, index)?;
        Ok(kept)
    }

    /// The records of its generation, as far as they are whole.
    fn whole_records(&self) -> io::Result<Kept> {
        let (mut place, mut records) = (self.part.from, Vec::new());
        let mut index = 0;
        while let Some(record) = self.record_at(place, index)? {
            let length = u64::try_from(HEAD_BYTES + record.len()).map_err(io::Error::other)?;
            place = (place + length).next_multiple_of(SECTOR);
            records.push(record);
            index += 1;
        }
        Ok(Kept { records, is_damaged: false, behind: Vec::new(), end: place })
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

    /// The record of that index, if it begins there and is whole.
    fn record_at(&self, place: u64, index: u32) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = [0; HEAD_BYTES];
        if self.part.end.saturating_sub(place) < u64::try_from(HEAD_BYTES).map_err(io::Error::other)? {
            return Ok(None);
        }
        self.part.whole.read(place, &mut bytes)?;
        let is_it =
            |head: &Head| (head.generation, head.index) == (self.generation, index) && head.length != MARK;
        Head::of(&bytes).filter(is_it).map_or(Ok(None), |head| self.content(place, &head))
    }

    /// What follows this head, where its checksum holds: nothing behind a mark.
    fn content(&self, place: u64, head: &Head) -> io::Result<Option<Vec<u8>>> {
        let length =
            usize::try_from(if head.length == MARK { 0 } else { head.length }).map_err(io::Error::other)?;
        let from = place + u64::try_from(HEAD_BYTES).map_err(io::Error::other)?;
        if length > MOST_BYTES || from + u64::try_from(length).map_err(io::Error::other)? > self.part.end {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        self.part.whole.read(from, &mut bytes)?;
        Ok((head.sum == head.sum_over(self.part.salt, &bytes)).then_some(bytes))
    }

    /// Looks whether anything behind the records says that one of this index was acknowledged, or pages of a later generation.
    fn look_behind(&self, kept: &mut Kept, index: u32) -> io::Result<()> {
        let mut place = kept.end;
        let mut chunk = vec![0; CHUNK];
        let sector = usize::try_from(SECTOR).map_err(io::Error::other)?;
        while place < self.part.end {
            let room = usize::try_from(self.part.end - place).map_err(io::Error::other)?;
            chunk.truncate(room);
            self.part.whole.read(place, &mut chunk)?;
            for bytes in chunk.chunks(sector) {
                let later = |head: &Head| (head.generation, head.index) > (self.generation, index);
                if let Some(head) = Head::of(bytes).filter(later)
                    && let Some(content) = self.content(place, &head)?
                {
                    kept.is_damaged = true;
                    if head.generation == self.generation && head.length != MARK {
                        kept.behind.push(content);
                    }
                }
                place += SECTOR;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::{self, SMALL_LOG_END, Whole};
    use super::*;
    use redb::backends::InMemoryBackend;
    use std::sync::Arc;

    fn of_bytes(count: usize) -> Vec<u8> {
        vec![2; count]
    }

    /// A log that has room for five records of one sector.
    fn log() -> Log {
        let whole: Whole = Arc::new(InMemoryBackend::new());
        layout::make(&whole, SMALL_LOG_END).expect("made");
        Log::new(layout::parts(&whole).expect("a head").1.expect("a log"), 4)
    }

    fn found(log: &Log) -> (usize, bool) {
        let kept = log.read().expect("reads");
        (kept.records.len(), kept.is_damaged)
    }

    #[test]
    fn records_are_read_back_in_order_and_only_those_of_the_generation() {
        let mut log = log();
        for size in [10, 600, 20] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        let kept = log.read().expect("reads");
        let sizes: Vec<usize> = kept.records.iter().map(Vec::len).collect();
        assert_eq!((sizes, kept.is_damaged), (vec![10, 600, 20], false));
        let mut next = Log::new(log.part.clone(), 4);
        assert_eq!(next.take_up().expect("reads").records.len(), 3);
        assert_eq!(
            (next.next, next.index),
            (log.next, log.index),
            "whoever opens the file goes on behind them"
        );
        log.begin(5).expect("marks");
        assert_eq!((log.records(), log.bytes()), (0, 0));
        assert_eq!(found(&log), (0, false), "those of the generation before");
        assert_eq!(
            found(&next),
            (3, true),
            "to pages of the generation before, those of this one are missing"
        );
        assert!(log.append(&of_bytes(1)).expect("writes"));
        assert_eq!(found(&log), (1, false));
    }

    #[test]
    fn what_is_whole_behind_damage_is_found_and_an_end_tells_of_all_before_it() {
        let mut log = log();
        for size in [10, 20, 30] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        log.part.whole.write(log.part.from + SECTOR, &[0; 100]).expect("writes");
        let kept = log.read().expect("reads");
        let sizes = |records: &[Vec<u8>]| records.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!((sizes(&kept.records), kept.is_damaged, sizes(&kept.behind)), (vec![10], true, vec![30]));
        let wipe = vec![0; 4 * 512];
        log.part.whole.write(log.part.from, &wipe).expect("writes");
        assert_eq!(found(&log), (0, false), "without its end");
        log.end().expect("writes");
        assert_eq!(found(&log), (0, true));
    }

    #[test]
    fn of_a_file_that_was_closed_it_has_as_many_records_as_were_left() {
        let mut log = log();
        for size in [10, 600] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        for (records, is_damaged) in [(2, false), (1, true), (3, true)] {
            let mut next = Log::new(log.part.clone(), 4);
            let kept = next.as_left(records).expect("reads");
            assert_eq!((kept.records.len(), kept.is_damaged), (2, is_damaged));
            assert_eq!((next.next, next.records(), next.is_written()), (log.next, 2, false));
        }
    }

    #[test]
    fn what_has_no_room_is_not_written() {
        let mut log = log();
        for _ in 0..5 {
            assert!(log.append(&of_bytes(100)).expect("writes"));
        }
        assert!(!log.append(&of_bytes(1)).expect("is full"));
        assert_eq!(found(&log), (5, false));
        log.begin(5).expect("marks");
        assert!(!log.append(&of_bytes(3 * 1024)).expect("is too large"));
        assert!(log.append(&of_bytes(2 * 1024)).expect("has room"));
    }

    #[test]
    fn a_flipped_bit_in_what_was_acknowledged_is_told() {
        let mut log = log();
        for size in [100, 700, 100] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        let end = log.next;
        let flip = |place| {
            let mut byte = [0];
            log.part.whole.read(place, &mut byte).expect("reads");
            log.part.whole.write(place, &[byte[0] ^ 1]).expect("writes");
        };
        for place in log.part.from..log.part.end {
            flip(place);
            match found(&log) {
                (3, false) => {}
                (records, true) => assert!(records < 3 && place < end, "byte {place}"),
                other => panic!("byte {place}: {other:?}"),
            }
            flip(place);
        }
        // The power was gone before the mark of the last was on disk: that may be half written.
        flip(end);
        flip(end - SECTOR);
        assert_eq!(found(&log), (2, false));
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
        let value: Vec<u8> = vec![0; 512 - HEAD_BYTES].into_iter().chain(record).collect();
        assert!(other.append(&value).expect("writes"));
        let mut there = [0; 8];
        other.part.whole.read(other.part.from + SECTOR, &mut there).expect("reads");
        assert_eq!(u64::from_le_bytes(there), 4, "the stored record begins a sector");
        // Nor where the record that holds it is half there, and without its mark.
        for place in [other.part.from, other.next] {
            other.part.whole.write(place, &[0; 8]).expect("writes");
        }
        assert_eq!(found(&other), (0, false));
    }
}
