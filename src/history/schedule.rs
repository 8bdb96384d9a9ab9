//! A schedule: when a script is started by itself, and what became of its latest slots.

use super::{Moment, OverlapPolicy, RunId, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many records of slots are kept with a schedule.
const MOST_RECORDS: usize = 200;

/// A schedule as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name; the ids of its runs begin with it.
    pub name: RunId,
    /// Raised by each change. It begins at chance, so that what was planned for a schedule fits no other of its name.
    pub version: u64,
    /// The cron expression.
    pub cron: String,
    /// The name of its time zone.
    pub zone: String,
    /// What is started.
    pub starts: ScheduledStart,
    /// What becomes of a slot while an earlier run is open.
    pub overlap: OverlapPolicy,
    /// What becomes of slots that nobody fired in time.
    #[serde(default)]
    pub catchup: Catchup,
    /// A slot is fired up to so many milliseconds late, by a chance that its name decides.
    #[serde(default)]
    pub jitter_ms: i64,
    /// Whether it pauses when one of its runs ends badly.
    #[serde(default)]
    pub pause_on_failure: bool,
    /// When it was added.
    pub created_at: Moment,
    /// Since when and why no slot is fired.
    #[serde(default)]
    pub paused: Option<Paused>,
    /// What becomes of the slots up to this one is decided.
    pub considered: Moment,
    /// Its runs that had not ended when last looked at.
    #[serde(default)]
    pub open: Vec<RunId>,
    /// What became of the latest slots, in order of decision.
    #[serde(default)]
    pub recent: Vec<SlotRecord>,
    /// Somebody has seen what was missed or skipped up to this instant.
    #[serde(default)]
    pub seen_until: Option<Moment>,
}

/// What a schedule starts. The script is read when a slot is fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledStart {
    /// The canonical path of the script when the schedule was added.
    pub script: String,
    /// `input` as the script sees it, but for the slot.
    #[serde(default)]
    pub input: Value,
    /// The directory that processes are started in.
    pub directory: String,
    /// The environment that processes are given.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The time-out of each run in milliseconds.
    #[serde(default)]
    pub timeout_ms: Option<i64>,
    /// Whether a slot is started also where each run of the script would be stuck.
    #[serde(default)]
    pub unchecked: bool,
}

/// What becomes of slots that nobody fired in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Catchup {
    /// Only the latest is made up for.
    #[default]
    Latest,
    /// Each is.
    All,
    /// None is.
    None,
    /// Those that are at most so late are.
    Within {
        /// In milliseconds.
        ms: i64,
    },
}

/// Why a schedule fires nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Since when.
    pub at: Moment,
    /// The run whose end paused it; nothing where a person did.
    #[serde(default)]
    pub failed: Option<RunId>,
}

/// What became of one slot, or of several in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    /// The first slot.
    pub first: Moment,
    /// The last one.
    pub last: Moment,
    /// How many they are.
    pub count: u32,
    /// What became of them.
    pub fate: Fate,
    /// When that was decided.
    pub at: Moment,
}

/// What became of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its run was recorded.
    Started {
        /// The run.
        run: RunId,
    },
    /// An earlier run was still open, or a later one took its place.
    Skipped {
        /// That run.
        by: RunId,
    },
    /// It was not started.
    Missed {
        /// Why.
        reason: String,
    },
}

/// By which slot of which schedule a run was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The schedule.
    pub schedule: RunId,
    /// The slot; the instant itself where a person triggered it.
    pub slot: Moment,
}

impl Fate {
    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Skipped { .. } => "skipped",
            Self::Missed { .. } => "missed",
        }
    }
}

impl Schedule {
    /// Records what became of a slot. One that came out as the slot before it did lengthens that record; the oldest go.
    pub fn record(&mut self, slot: Moment, fate: Fate, at: Moment) {
        self.add(SlotRecord { first: slot, last: slot, count: 1, fate, at });
    }

    /// The same for several slots in a row.
    pub fn add(&mut self, new: SlotRecord) {
        let seen = self.seen_until;
        let is_seen = |record: &SlotRecord| seen.is_some_and(|seen| record.at <= seen);
        match self.recent.last_mut() {
            Some(last) if last.fate == new.fate && last.last < new.first && !is_seen(last) => {
                (last.last, last.at) = (new.last, new.at);
                last.count = last.count.saturating_add(new.count);
            }
            Some(_) | None => self.recent.push(new),
        }
        let over = self.recent.len().saturating_sub(MOST_RECORDS);
        self.recent.drain(..over);
    }

    /// What was missed or skipped and nobody has seen yet.
    pub fn unseen(&self) -> impl Iterator<Item = &SlotRecord> {
        self.recent.iter().filter(|record| {
            let is_bad = match record.fate {
                Fate::Started { .. } => false,
                Fate::Skipped { .. } | Fate::Missed { .. } => true,
            };
            is_bad && self.seen_until.is_none_or(|seen| record.at > seen)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        Schedule {
            name: RunId::parse("nightly").expect("an id"),
            version: 7,
            cron: "30 2 * * *".to_owned(),
            zone: "UTC".to_owned(),
            starts: ScheduledStart {
                script: "/s/backup.rhai".to_owned(),
                input: Value::Null,
                directory: "/s".to_owned(),
                environment: BTreeMap::new(),
                timeout_ms: None,
                unchecked: false,
            },
            overlap: OverlapPolicy::Queue,
            catchup: Catchup::Within { ms: 5 },
            jitter_ms: 9,
            pause_on_failure: true,
            created_at: Moment(1),
            paused: None,
            considered: Moment(1),
            open: Vec::new(),
            recent: Vec::new(),
            seen_until: None,
        }
    }

    fn missed(reason: &str) -> Fate {
        Fate::Missed { reason: reason.to_owned() }
    }

    #[test]
    fn slots_in_a_row_with_one_fate_are_one_record() {
        let mut schedule = schedule();
        for (slot, reason) in [(10, "a"), (20, "a"), (30, "b"), (40, "b"), (50, "a")] {
            schedule.record(Moment(slot), missed(reason), Moment(slot + 1));
        }
        let shown: Vec<_> =
            schedule.recent.iter().map(|record| (record.first.0, record.last.0, record.count)).collect();
        assert_eq!(shown, [(10, 20, 2), (30, 40, 2), (50, 50, 1)]);
    }

    #[test]
    fn what_was_seen_is_told_no_more_and_grows_no_more() {
        let mut schedule = schedule();
        schedule.record(Moment(10), missed("a"), Moment(11));
        schedule.record(Moment(15), Fate::Started { run: schedule.name.clone() }, Moment(15));
        schedule.record(Moment(16), missed("a"), Moment(17));
        assert_eq!(schedule.unseen().count(), 2);
        schedule.seen_until = Some(Moment(17));
        assert_eq!(schedule.unseen().count(), 0);
        schedule.record(Moment(20), missed("a"), Moment(21));
        assert_eq!(schedule.unseen().map(|record| record.first.0).collect::<Vec<_>>(), [20]);
    }

    #[test]
    fn the_oldest_records_go() {
        let mut schedule = schedule();
        for slot in 0..1_000 {
            schedule.record(Moment(slot), missed(&slot.to_string()), Moment(slot));
        }
        assert_eq!(schedule.recent.len(), MOST_RECORDS);
        assert_eq!(schedule.recent.last().map(|record| record.first.0), Some(999));
    }

    #[test]
    fn a_schedule_with_the_first_fields_only_is_read() {
        #[derive(Serialize)]
        struct First {
            name: &'static str,
            version: u64,
            cron: &'static str,
            zone: &'static str,
            starts: BTreeMap<&'static str, &'static str>,
            overlap: OverlapPolicy,
            created_at: i64,
            considered: i64,
        }
        let starts = BTreeMap::from([("script", "/s"), ("directory", "/")]);
        let first = First {
            name: "n",
            version: 1,
            cron: "@daily",
            zone: "UTC",
            starts,
            overlap: OverlapPolicy::Skip,
            created_at: 5,
            considered: 6,
        };
        let read: Schedule =
            rmp_serde::from_slice(&rmp_serde::to_vec_named(&first).expect("encodes")).expect("decodes");
        assert_eq!((read.overlap, read.catchup, read.paused), (OverlapPolicy::Skip, Catchup::Latest, None));
        let now = schedule();
        let bytes = rmp_serde::to_vec_named(&now).expect("encodes");
        assert_eq!(rmp_serde::from_slice::<Schedule>(&bytes).expect("decodes"), now);
    }
}
