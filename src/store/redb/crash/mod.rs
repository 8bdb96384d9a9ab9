//! A disk in memory that writes down what it is told, and shows what a crash at any point could have left of it.
//!
//! Every write, change of length, sync *and acknowledgement* is a crash point. What was synced is there after a crash; of
//! what came since, anything may be: nothing, all, the last write torn between two sectors, only the last, all but one, or
//! some. For simulations; nothing of durun itself uses it.

mod chance;
mod crashes;

pub use chance::Chance;
pub use crashes::{Crash, Crashes};

use crashes::Step;
use redb::StorageBackend;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What can be wrong with a disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Each n-th sync does nothing.
    pub ignore_each_sync: Option<u64>,
    /// The acknowledgement that was announced is given before the sync, not after it.
    pub acknowledge_early: bool,
    /// A call that writes, changes the length or syncs fails.
    pub fail: Option<Fail>,
}

/// What a disk was told, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Syncs.
    pub syncs: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// A failing call.
#[derive(Debug, Clone, Copy)]
pub struct Fail {
    /// Its number since recording began, from 0.
    pub at: u64,
    /// How many calls fail from there on.
    pub calls: u64,
    /// How.
    pub kind: io::ErrorKind,
}

/// The disk. Clones share it.
#[derive(Clone, Default)]
pub struct CrashDisk(Arc<Mutex<Disk>>);

#[derive(Default, Clone)]
struct Disk {
    bytes: Vec<u8>,
    base: Vec<u8>,
    trace: Vec<Step>,
    recording: bool,
    faults: Faults,
    calls: u64,
    syncs: u64,
    announced: Option<u64>,
    spent: Spent,
}

impl CrashDisk {
    /// A disk that holds these bytes.
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Disk { bytes, ..Disk::default() })))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What whoever opens the file next has of it, after its owner was killed: the same bytes, and the same recording, none of it synced by that.
    /// Whatever the owner still writes goes nowhere.
    #[must_use]
    pub fn orphaned(&self) -> Self {
        Self(Arc::new(Mutex::new(self.disk().clone())))
    }

    /// The bytes as they are now.
    pub fn bytes(&self) -> Vec<u8> {
        self.disk().bytes.clone()
    }

    /// From now on writes down what it is told, and has these faults. What it holds now counts as synced.
    pub fn record(&self, faults: Faults) {
        let mut disk = self.disk();
        let bytes = std::mem::take(&mut disk.bytes);
        let spent = disk.spent;
        *disk = Disk { base: bytes.clone(), bytes, recording: true, faults, spent, ..Disk::default() };
    }

    /// The acknowledgement that the next commit will be given.
    pub fn announce(&self, number: u64) {
        self.disk().announced = Some(number);
    }

    /// What was announced was acknowledged.
    pub fn acknowledge(&self) {
        let mut disk = self.disk();
        if let Some(number) = disk.announced.take() {
            disk.trace.push(Step::Acknowledged(number));
        }
    }

    /// What it was told since it was made.
    pub fn spent(&self) -> Spent {
        self.disk().spent
    }

    /// How many calls wrote, changed the length or synced since recording began.
    pub fn calls(&self) -> u64 {
        self.disk().calls
    }

    /// All crashes of the recording; the seed decides what chance keeps.
    pub fn crashes(&self, seed: u64) -> Crashes {
        let disk = self.disk();
        Crashes::new(disk.base.clone(), disk.trace.clone(), Chance::from(seed))
    }
}

impl Disk {
    /// Does a step, unless it is to fail.
    fn step(&mut self, step: Step) -> io::Result<()> {
        match &step {
            Step::Sync => self.spent.syncs += 1,
            Step::Write(_, bytes) => self.spent.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Step::Length(_) | Step::Acknowledged(_) => {}
        }
        if !self.recording {
            step.apply(&mut self.bytes);
            return Ok(());
        }
        let call = self.calls;
        self.calls += 1;
        if let Some(fail) = self.faults.fail
            && (fail.at..fail.at.saturating_add(fail.calls)).contains(&call)
        {
            return Err(fail.kind.into());
        }
        if matches!(step, Step::Sync) {
            self.syncs += 1;
            if self.faults.acknowledge_early
                && let Some(number) = self.announced.take()
            {
                self.trace.push(Step::Acknowledged(number));
            }
            if self.faults.ignore_each_sync.is_some_and(|each| self.syncs.is_multiple_of(each)) {
                return Ok(());
            }
        }
        step.apply(&mut self.bytes);
        self.trace.push(step);
        Ok(())
    }
}

impl fmt::Debug for CrashDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrashDisk")
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}

impl StorageBackend for CrashDisk {
    fn len(&self) -> io::Result<u64> {
        u64::try_from(self.disk().bytes.len()).map_err(|_| io::ErrorKind::InvalidInput.into())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = place(offset)?;
        let disk = self.disk();
        let read = disk.bytes.get(from..from.saturating_add(out.len()));
        out.copy_from_slice(read.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk().step(Step::Length(place(len)?))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk().step(Step::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk().step(Step::Write(place(offset)?, data.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::crashes::SECTOR;
    use super::*;

    fn recorded() -> CrashDisk {
        let disk = CrashDisk::holding(vec![1; 4]);
        disk.record(Faults::default());
        disk
    }

    #[test]
    fn a_crash_keeps_what_was_synced_and_anything_of_what_was_not() {
        let disk = recorded();
        disk.write(0, &[2]).expect("writes");
        disk.sync_data().expect("syncs");
        disk.write(1, &[3]).expect("writes");
        disk.write(2, &[4]).expect("writes");
        // After the first write and its sync.
        let images: Vec<Vec<u8>> = disk.crashes(1).skip(2).flat_map(|crash| crash.images).collect();
        for image in &images {
            assert_eq!((image.len(), image[0], image[3]), (4, 2, 1));
        }
        for kept in [vec![2, 1, 1, 1], vec![2, 3, 4, 1], vec![2, 1, 4, 1], vec![2, 3, 1, 1]] {
            assert!(images.contains(&kept), "{kept:?}");
        }
    }

    #[test]
    fn one_crash_of_many_is_the_same_without_those_before_it() {
        let disk = recorded();
        for byte in 2..9 {
            disk.announce(u64::from(byte));
            disk.write(u64::from(byte % 4), &[byte]).expect("writes");
            disk.sync_data().expect("syncs");
            disk.acknowledge();
        }
        for (place, crash) in disk.crashes(1).enumerate() {
            let alone = disk.crashes(1).nth(place).expect("a crash");
            assert_eq!((alone.point, alone.acknowledged), (crash.point, crash.acknowledged));
            assert!(crash.images.iter().all(|image| alone.images.contains(image)), "{place}");
        }
        assert!(disk.crashes(1).nth(22).is_none());
    }

    #[test]
    fn the_next_owner_has_what_was_written_and_may_lose_what_was_not_synced() {
        let disk = recorded();
        disk.write(0, &[2]).expect("writes");
        let next = disk.orphaned();
        disk.write(1, &[9]).expect("goes nowhere");
        next.write(2, &[3]).expect("writes");
        assert_eq!(next.bytes(), [2, 1, 3, 1]);
        let images: Vec<Vec<u8>> = next.crashes(1).flat_map(|crash| crash.images).collect();
        assert!(images.contains(&vec![1, 1, 1, 1]) && images.contains(&vec![1, 1, 3, 1]), "{images:?}");
    }

    #[test]
    fn a_torn_write_is_cut_between_sectors() {
        let disk = recorded();
        disk.write(0, &[7; 2048]).expect("writes");
        let last = disk.crashes(5).last().expect("a crash");
        let torn = last.images.last().expect("an image");
        let kept = torn.iter().take_while(|byte| **byte == 7).count();
        assert!(kept.is_multiple_of(SECTOR) && (1..2048).contains(&kept), "{kept}");
    }

    #[test]
    fn an_acknowledgement_is_a_crash_point_of_its_own() {
        let disk = recorded();
        disk.announce(9);
        disk.write(0, &[2]).expect("writes");
        disk.sync_data().expect("syncs");
        disk.acknowledge();
        let acknowledged: Vec<Option<u64>> = disk.crashes(1).map(|crash| crash.acknowledged).collect();
        assert_eq!(acknowledged, [None, None, None, Some(9)]);
    }

    #[test]
    fn a_planned_failure_happens_once_and_as_planned() {
        let disk = CrashDisk::default();
        let fail = Fail { at: 1, calls: 1, kind: io::ErrorKind::StorageFull };
        disk.record(Faults { fail: Some(fail), ..Faults::default() });
        assert!(disk.write(0, &[2]).is_ok());
        assert_eq!(disk.write(0, &[3]).map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull));
        assert!(disk.sync_data().is_ok());
        assert_eq!(disk.bytes(), [2]);
    }
}
