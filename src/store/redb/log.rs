//! The log: what a commit changes, in one write and one sync, before its rows come into redb's pages.
//!
//! It has two halves. While one is written, the rows of the other can come into the pages, so that nobody waits for that. The
//! records of a half have a generation: how many were written before them, since the file was made. So the generation and the
//! index of a record say which it is of all, and the next generation's number is how many this one leaves behind it.
//!
//! A record counts where its generation is the one that redb's pages name, or the one that follows it in the other half; its index is
//! the next; and its checksum holds. The pages name a later generation when they have all rows that were written before it: then its
//! half is free again. Records hold whole rows, so it does no harm to apply them to pages that have them already.
//!
//! When a commit is on disk, a mark is written and not synced: it names the index that is next, of the generation that
//! counts. So whoever opens the file after a kill knows what was acknowledged: where that is not there, it is damaged, and
//! was not merely cut off.

use super::head::{HEAD_BYTES, Head, MARK};
use super::kept::{Chain, Kept};
use super::layout::LogPart;
use std::io;

/// Records begin at a multiple of so many bytes: none shares a sector with one that was acknowledged before it.
pub(super) const SECTOR: u64 = 512;

/// The log of an open file.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) part: LogPart,
    /// That of the records which are written now.
    pub(super) generation: u64,
    half: Half,
    /// Where the next record begins, and which it is.
    pub(super) next: u64,
    index: u32,
    /// Whether records of the generation before count too, as a kill can leave them.
    follows: bool,
    /// Whether anything was written into it since it was opened.
    is_written: bool,
}

/// Where the records of a generation are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    First,
    Second,
}

impl Half {
    pub(super) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

impl Log {
    /// A log that has no record of this generation.
    pub(super) fn new(part: LogPart, generation: u64) -> Self {
        let next = part.from;
        Self { part, generation, half: Half::First, next, index: 0, follows: false, is_written: false }
    }

    /// Writes and syncs a record, and marks it; false where its half has no room.
    ///
    /// # Errors
    /// The system's: then nobody knows whether the record is there.
    pub(super) fn append(&mut self, content: &[u8]) -> io::Result<bool> {
        let length = u64::try_from(HEAD_BYTES + content.len()).map_err(io::Error::other)?;
        if length > self.end_of(self.half).saturating_sub(self.next) {
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

    /// Whether a record of so many bytes has room in the other half, where that is free when the pages have all that came before this half.
    pub(super) fn has_room_beside(&self, content: usize) -> bool {
        let other = self.half.other();
        let room = self.end_of(other) - self.start_of(other);
        // A log that was not made in halves can have records in both.
        let is_apart = self.next <= self.end_of(self.half);
        let fits = u64::try_from(HEAD_BYTES + content).is_ok_and(|length| length <= room);
        self.index > 0 && !self.follows && is_apart && fits
    }

    /// The generation that is next, where all that was written is in records, or `beyond` them in the pages too.
    pub(super) fn following(&self, beyond: bool) -> u64 {
        self.generation + u64::from((self.index + u32::from(beyond)).max(1))
    }

    /// Goes on in the other half with this generation: all before it is on disk, in records or in pages.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn begin(&mut self, generation: u64) -> io::Result<()> {
        self.half = self.half.other();
        (self.generation, self.next, self.index) = (generation, self.start_of(self.half), 0);
        (self.follows, self.is_written) = (false, true);
        // Not over a record: where the pages are damaged, those before them and the log are what can be read.
        self.mark(self.end_of(Half::Second))
    }

    /// The file is closed: a mark far from the records says how many there are.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn end(&self) -> io::Result<()> {
        self.mark(self.end_of(Half::Second))
    }

    /// All before this index of this generation is on disk.
    fn mark(&self, place: u64) -> io::Result<()> {
        let head = Head::over(self.part.salt, (self.generation, self.index), MARK, &[]);
        self.part.whole.write(place, &head.bytes())
    }

    /// Where the first record of a half begins.
    pub(super) fn start_of(&self, half: Half) -> u64 {
        match half {
            Half::First => self.part.from,
            Half::Second => {
                self.part.from + (self.part.end.saturating_sub(self.part.from) / 2) / SECTOR * SECTOR
            }
        }
    }

    /// Where the last sector of a half begins, which has room for a mark and is reached by no record.
    fn end_of(&self, half: Half) -> u64 {
        let end = match half {
            Half::First => self.start_of(Half::Second),
            Half::Second => self.part.end,
        };
        end.saturating_sub(SECTOR)
    }

    /// How many records it has that count, where they are of one generation.
    pub(super) fn records(&self) -> Option<u32> {
        (!self.follows).then_some(self.index)
    }

    /// How many bytes the records of its generation take.
    pub(super) fn bytes(&self) -> u64 {
        self.next - self.start_of(self.half)
    }

    /// Whether anything was written into it since it was opened.
    pub(super) fn is_written(&self) -> bool {
        self.is_written
    }

    /// What counts of it, in a file that was closed with so many records; the next follows them.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn as_left(&mut self, records: u32) -> io::Result<Kept> {
        let mut kept = self.whole_records()?;
        kept.is_damaged = u32::try_from(kept.records.len()).map_err(io::Error::other)? != records;
        self.go_on_behind(&kept);
        Ok(kept)
    }

    /// What counts of it; the next record follows that.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn take_up(&mut self) -> io::Result<Kept> {
        let kept = self.read()?;
        if kept.is_damaged || kept.records.is_empty() {
            return Ok(kept);
        }
        // Where a sync has failed, the system shows what the disk may not have: what counts is written once more, over itself.
        for Chain { half, end, .. } in &kept.chains {
            let from = self.start_of(*half);
            let mut bytes = vec![0; usize::try_from(end - from).map_err(io::Error::other)?];
            self.part.whole.read(from, &mut bytes)?;
            self.part.whole.write(from, &bytes)?;
        }
        self.part.whole.sync_data()?;
        self.go_on_behind(&kept);
        Ok(kept)
    }

    fn go_on_behind(&mut self, kept: &Kept) {
        if let Some(Chain { generation, half, records, end }) = kept.chains.last() {
            (self.generation, self.half, self.index, self.next) = (*generation, *half, *records, *end);
            self.follows = kept.chains.len() > 1;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::crash::CrashDisk;
    use super::super::layout::{self, SMALL_LOG_END, Whole};
    use super::*;
    use redb::backends::InMemoryBackend;
    use std::sync::Arc;

    pub(in super::super) fn of_bytes(count: usize) -> Vec<u8> {
        vec![2; count]
    }

    /// A log that has room for five records of one sector in each half.
    pub(in super::super) fn log() -> Log {
        let whole: Whole = Arc::new(InMemoryBackend::new());
        on(&whole)
    }

    fn on(whole: &Whole) -> Log {
        layout::make(whole, SMALL_LOG_END).expect("made");
        Log::new(layout::parts(whole).expect("a head").1.expect("a log"), 4)
    }

    /// The same log, to pages of another generation.
    pub(in super::super) fn at(log: &Log, generation: u64) -> Log {
        Log::new(log.part.clone(), generation)
    }

    pub(in super::super) fn found(log: &Log) -> (usize, bool) {
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
        let mut next = at(&log, 4);
        assert_eq!(next.take_up().expect("reads").records.len(), 3);
        assert_eq!(
            (next.next, next.index),
            (log.next, log.index),
            "whoever opens the file goes on behind them"
        );
        assert_eq!((log.following(false), log.following(true)), (7, 8));
        log.begin(8).expect("marks");
        assert_eq!((log.records(), log.bytes()), (Some(0), 0));
        assert_eq!(found(&log), (0, false), "those of the generation before");
        assert_eq!(
            found(&at(&log, 4)),
            (3, true),
            "to pages of before, what went into them alone is missing"
        );
        assert!(log.append(&of_bytes(1)).expect("writes"));
        assert_eq!(found(&log), (1, false));
    }

    #[test]
    fn records_in_both_halves_count_until_the_pages_name_the_later_generation() {
        let mut log = log();
        for size in [10, 600] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        log.begin(log.following(false)).expect("marks");
        assert_eq!((found(&at(&log, 4)), found(&log)), ((2, false), (0, false)));
        for size in [20, 30] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        assert_eq!(found(&log), (2, false));
        let mut taken_up = at(&log, 4);
        let sizes: Vec<usize> = taken_up.take_up().expect("reads").records.iter().map(Vec::len).collect();
        assert_eq!(sizes, [10, 600, 20, 30]);
        assert_eq!(
            (taken_up.next, taken_up.index, taken_up.generation),
            (log.next, log.index, log.generation)
        );
        assert_eq!(taken_up.records(), None, "of two generations");
        assert!(!taken_up.has_room_beside(10), "what is there is not in the pages yet");
        assert!(log.has_room_beside(10));
        // The first half is written again: of what it had, nothing is missed where the pages have it.
        log.begin(log.following(false)).expect("marks");
        assert!(log.append(&of_bytes(40)).expect("writes"));
        assert_eq!((found(&at(&log, 6)), found(&log)), ((3, false), (1, false)));
        assert_eq!(found(&at(&log, 4)), (0, true), "pages of before that are missed");
    }

    #[test]
    fn all_that_counts_is_written_once_more_when_it_is_taken_up() {
        let disk = CrashDisk::default();
        let whole: Whole = Arc::new(disk.clone());
        let mut log = on(&whole);
        assert!(log.append(&of_bytes(1000)).expect("writes"));
        log.begin(log.following(false)).expect("marks");
        assert!(log.append(&of_bytes(10)).expect("writes"));
        let before = disk.spent();
        assert_eq!(at(&log, 4).take_up().expect("reads").records.len(), 2);
        let spent = disk.spent();
        assert_eq!((spent.bytes - before.bytes, spent.syncs - before.syncs), (4 * SECTOR, 1));
    }

    #[test]
    fn a_log_that_was_not_made_in_halves_is_read_and_not_written_over() {
        let mut log = log();
        // As it was written before there were halves.
        let part = LogPart { end: log.part.end * 2, ..log.part.clone() };
        let mut before = Log::new(part, 4);
        for _ in 0..8 {
            assert!(before.append(&of_bytes(100)).expect("writes"));
        }
        assert_eq!(log.take_up().expect("reads").records.len(), 8);
        assert!(!log.append(&of_bytes(1)).expect("is full"));
        assert!(!log.has_room_beside(1));
    }

    #[test]
    fn of_a_file_that_was_closed_it_has_as_many_records_as_were_left() {
        let mut log = log();
        for size in [10, 600] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        for (records, is_damaged) in [(2, false), (1, true), (3, true)] {
            let mut next = at(&log, 4);
            let kept = next.as_left(records).expect("reads");
            assert_eq!((kept.records.len(), kept.is_damaged), (2, is_damaged));
            assert_eq!((next.next, next.records(), next.is_written()), (log.next, Some(2), false));
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
        let room = 5 * 512 - HEAD_BYTES;
        assert!(log.has_room_beside(room) && !log.has_room_beside(room + 1));
        log.begin(log.following(false)).expect("marks");
        assert!(!log.append(&of_bytes(room + 1)).expect("is too large"));
        assert!(log.append(&of_bytes(room)).expect("has room"));
        assert_eq!(found(&at(&log, 4)), (6, false));
        // And again in the first half, up to its end: what the second has is not touched.
        log.begin(log.following(false)).expect("marks");
        assert!(log.append(&of_bytes(room)).expect("has room"));
        assert_eq!(found(&at(&log, 9)), (2, false));
    }
}
