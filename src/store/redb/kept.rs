//! What a log holds: the records that count, as far as they are whole, and what tells that there were more.

use super::changes::MOST_BYTES;
use super::head::{HEAD_BYTES, Head};
use super::log::{Half, Log, SECTOR};
use std::io;

/// How many bytes are read at once where a record is looked for.
const CHUNK: usize = 64 * 1024;

/// What the log holds that the pages have not, in order.
pub(super) struct Kept {
    pub(super) records: Vec<Vec<u8>>,
    /// Whether more was acknowledged than is whole.
    pub(super) is_damaged: bool,
    /// What is whole behind the damage.
    pub(super) behind: Vec<Vec<u8>>,
    /// Where the records are, by generation: one, or none, or two.
    pub(super) chains: Vec<Chain>,
}

/// The records of a generation, as far as they are whole.
pub(super) struct Chain {
    pub(super) generation: u64,
    pub(super) half: Half,
    pub(super) records: u32,
    /// Where they end.
    pub(super) end: u64,
}

impl Log {
    /// What counts of it.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn read(&self) -> io::Result<Kept> {
        let mut kept = self.whole_records()?;
        // A record is written when the one before it is on disk, and marked when it is itself.
        self.look_behind(&mut kept)?;
        Ok(kept)
    }

    /// The records that count, as far as they are whole.
    pub(super) fn whole_records(&self) -> io::Result<Kept> {
        let mut kept =
            Kept { records: Vec::new(), is_damaged: false, behind: Vec::new(), chains: Vec::new() };
        for half in [Half::First, Half::Second] {
            if kept.chains.is_empty() {
                self.whole_records_of(self.generation, half, &mut kept)?;
            }
        }
        if let Some(Chain { generation, half, records, .. }) = kept.chains.first() {
            self.whole_records_of(generation + u64::from(*records), half.other(), &mut kept)?;
        }
        Ok(kept)
    }

    /// Adds those of a generation, where it has any in this half.
    fn whole_records_of(&self, generation: u64, half: Half, kept: &mut Kept) -> io::Result<()> {
        let (mut end, mut records) = (self.start_of(half), 0);
        while let Some(record) = self.record_at(end, (generation, records))? {
            let length = u64::try_from(HEAD_BYTES + record.len()).map_err(io::Error::other)?;
            end = (end + length).next_multiple_of(SECTOR);
            kept.records.push(record);
            records += 1;
        }
        if records > 0 {
            kept.chains.push(Chain { generation, half, records, end });
        }
        Ok(())
    }

    /// The record of that generation and index, if it begins there and is whole.
    fn record_at(&self, place: u64, which: (u64, u32)) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = [0; HEAD_BYTES];
        if self.part.end.saturating_sub(place) < u64::try_from(HEAD_BYTES).map_err(io::Error::other)? {
            return Ok(None);
        }
        self.part.whole.read(place, &mut bytes)?;
        let is_it = |head: &Head| (head.generation, head.index) == which && !head.is_mark();
        Head::of(&bytes).filter(is_it).map_or(Ok(None), |head| self.content(place, &head))
    }

    /// What follows this head, where its checksum holds: nothing behind a mark.
    fn content(&self, place: u64, head: &Head) -> io::Result<Option<Vec<u8>>> {
        let length =
            usize::try_from(if head.is_mark() { 0 } else { head.length }).map_err(io::Error::other)?;
        let from = place + u64::try_from(HEAD_BYTES).map_err(io::Error::other)?;
        if length > MOST_BYTES || from + u64::try_from(length).map_err(io::Error::other)? > self.part.end {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        self.part.whole.read(from, &mut bytes)?;
        Ok((head.sum == head.sum_over(self.part.salt, &bytes)).then_some(bytes))
    }

    /// Looks whether anything says that more than these records was acknowledged.
    fn look_behind(&self, kept: &mut Kept) -> io::Result<()> {
        let found = u64::try_from(kept.records.len()).map_err(io::Error::other)?;
        let (mut place, mut behind) = (self.part.from, Vec::new());
        let mut chunk = vec![0; CHUNK];
        let sector = usize::try_from(SECTOR).map_err(io::Error::other)?;
        while place < self.part.end {
            let room = usize::try_from(self.part.end - place).map_err(io::Error::other)?;
            chunk.truncate(room);
            self.part.whole.read(place, &mut chunk)?;
            for bytes in chunk.chunks(sector) {
                let later = |head: &Head| {
                    head.generation >= self.generation
                        && head.before() > self.generation.saturating_add(found)
                };
                if let Some(head) = Head::of(bytes).filter(later)
                    && let Some(content) = self.content(place, &head)?
                {
                    kept.is_damaged = true;
                    if !head.is_mark() {
                        behind.push((head.before(), content));
                    }
                }
                place += SECTOR;
            }
        }
        behind.sort_unstable_by_key(|(before, _)| *before);
        kept.behind = behind.into_iter().map(|(_, content)| content).collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::{at, found, log, of_bytes};
    use super::*;

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

    fn flip(log: &Log, place: u64) {
        let mut byte = [0];
        log.part.whole.read(place, &mut byte).expect("reads");
        log.part.whole.write(place, &[byte[0] ^ 1]).expect("writes");
    }

    /// Flips each byte of the log; `ends` is where the records of each of its halves end.
    fn flip_each(log: &Log, (end, second_end): (u64, u64), records: usize) {
        for place in log.part.from..log.part.end {
            flip(log, place);
            let end = if place < log.start_of(Half::Second) { end } else { second_end };
            match found(log) {
                (found, false) if found == records => {}
                (found, true) => assert!(found < records && place < end, "byte {place}"),
                other => panic!("byte {place}: {other:?}"),
            }
            flip(log, place);
        }
    }

    #[test]
    fn a_flipped_bit_in_what_was_acknowledged_is_told() {
        let mut log = log();
        for size in [100, 700, 100] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        let end = log.next;
        flip_each(&log, (end, 0), 3);
        log.begin(log.following(false)).expect("marks");
        flip_each(&at(&log, 4), (end, 0), 3);
        for size in [600, 100] {
            assert!(log.append(&of_bytes(size)).expect("writes"));
        }
        flip_each(&at(&log, 4), (end, log.next), 5);
        // The power was gone before the mark of the last was on disk: that may be half written.
        flip(&log, log.next);
        flip(&log, log.next - SECTOR);
        assert_eq!((found(&log), found(&at(&log, 4))), ((1, false), (4, false)));
    }

    #[test]
    fn a_mark_whose_length_is_lost_is_no_record() {
        let mut log = log();
        assert!(log.append(&of_bytes(10)).expect("writes"));
        let mark = log.next;
        log.begin(log.following(false)).expect("marks");
        assert!(log.append(&of_bytes(20)).expect("writes"));
        log.part.whole.write(mark + 12, &[0; 4]).expect("writes");
        let kept = at(&log, 4).read().expect("reads");
        assert_eq!((kept.records, kept.is_damaged), (vec![of_bytes(10), of_bytes(20)], false));
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
