//! Where it is measured: a directory on the disk, the floor of this run, rounds and their medians.

use durun::timer::{Clock, SystemClock};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const FLOOR_TIMES: u64 = 200;

/// One workload's place and the floor that is measured beside it.
pub(crate) struct Yard {
    name: &'static str,
    place: tempfile::TempDir,
    floors: RefCell<Vec<f64>>,
    bares: RefCell<Vec<f64>>,
    scale: f64,
}

/// Seconds of one call, with what it gives.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let began = SystemClock.monotonic();
    let gives = work();
    (SystemClock.monotonic().saturating_sub(began).as_secs_f64(), gives)
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    rank(values, 0.5)
}

/// The value below which that share of them lies.
pub(crate) fn rank(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

impl Yard {
    pub(crate) fn new(name: &'static str) -> Self {
        let place = tempfile::tempdir_in(".").expect("a directory on the disk that is to be measured");
        let scale =
            std::env::var("DURUN_BENCH_SCALE").ok().map_or(1.0, |text| text.parse().expect("a number"));
        Self { name, place, floors: RefCell::default(), bares: RefCell::default(), scale }
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    /// A fresh folder in it.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.place.path().join(name);
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir(&path).expect("a folder");
        path
    }

    /// A large number, made smaller where the caller of the benchmark wants it so.
    pub(crate) fn scaled(&self, number: u64) -> u64 {
        ((number as f64 * self.scale) as u64).max(1)
    }

    /// Calls it so many times, with the floor measured before each; the values of each name.
    pub(crate) fn rounds<'a>(
        &self,
        times: usize,
        mut work: impl FnMut() -> Vec<(&'a str, f64)>,
    ) -> BTreeMap<&'a str, Vec<f64>> {
        let mut all: BTreeMap<&'a str, Vec<f64>> = BTreeMap::new();
        for _ in 0..times {
            self.measure();
            for (name, value) in work() {
                all.entry(name).or_default().push(value);
            }
        }
        all
    }

    /// Takes the floor and the bare commit once more.
    pub(crate) fn measure(&self) {
        self.floors.borrow_mut().push(floor(self.path()));
        self.bares.borrow_mut().push(bare_commit(self.path()));
    }

    /// The median price of one overwrite and sync, in seconds.
    pub(crate) fn floor(&self) -> f64 {
        median(&self.floors.borrow())
    }

    /// The median price of one bare commit, in seconds.
    pub(crate) fn bare(&self) -> f64 {
        median(&self.bares.borrow())
    }

    /// Prints one line: what was measured, its facts, and the floor.
    pub(crate) fn tell(&self, what: &str, facts: &Value) {
        let mut line = json!({ "bench": self.name, "what": what });
        if let (Some(line), Some(facts)) = (line.as_object_mut(), facts.as_object()) {
            line.extend(facts.clone());
            if !self.floors.borrow().is_empty() {
                line.insert("floor_us".into(), json!(round(self.floor() * 1e6)));
                line.insert("bare_commit_us".into(), json!(round(self.bare() * 1e6)));
            }
        }
        println!("{line}");
    }

    /// The facts of a price in seconds, one for each time something is done.
    pub(crate) fn price(&self, seconds: f64) -> Value {
        json!({
            "us": round(seconds * 1e6),
            "per_second": (1.0 / seconds).round(),
            "times_floor": round(seconds / self.floor()),
            "times_bare_commit": round(seconds / self.bare()),
        })
    }
}

/// To three digits after the point.
pub(crate) fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// One overwrite of 4 KiB and one fdatasync, in seconds.
fn floor(place: &Path) -> f64 {
    let path = place.join("floor");
    let file = std::fs::File::create(&path).expect("a file");
    file.write_all_at(&vec![1; 1 << 20], 0).expect("written");
    file.sync_all().expect("synced");
    let (seconds, ()) = timed(|| {
        for turn in 0..FLOOR_TIMES {
            file.write_all_at(&[2; 4096], (turn % 256) * 4096).expect("written");
            file.sync_data().expect("synced");
        }
    });
    seconds / FLOOR_TIMES as f64
}

/// One redb commit of one 200-byte row, in seconds.
fn bare_commit(place: &Path) -> f64 {
    let path = place.join("bare.redb");
    drop(std::fs::remove_file(&path));
    let database = redb::Database::create(&path).expect("a file");
    let table: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("rows");
    let mut row = 0;
    let mut commit = || {
        let writing = database.begin_write().expect("begins");
        writing.open_table(table).expect("opens").insert(row, [7; 200].as_slice()).expect("inserts");
        writing.commit().expect("commits");
        row += 1;
    };
    commit();
    let (seconds, ()) = timed(|| (0..FLOOR_TIMES).for_each(|_| commit()));
    seconds / FLOOR_TIMES as f64
}
