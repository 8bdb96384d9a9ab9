//! What becomes of the slots of a schedule that are due: worked out from the schedule, the time and how its earlier runs stand.

use crate::history::{Catchup, Fate, Moment, OverlapPolicy, Paused, RunId, Schedule, SlotRecord, Value};
use crate::timer::{Cron, rfc3339};
use std::collections::VecDeque;

/// A slot that is not later than this counts as fired in time, in milliseconds.
pub(super) const IN_TIME_MS: i64 = 120_000;
/// How many slots are made up for at most.
const MOST_STARTS: usize = 100;
/// How many runs of a schedule may wait for each other.
const MOST_OPEN: usize = 100;

/// How the earlier runs of a schedule stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Earlier {
    /// Those that have not ended, the oldest first.
    pub(super) open: Vec<RunId>,
    /// One of them that cannot go on.
    pub(super) stuck: Option<RunId>,
    /// One that came out badly, or is stuck.
    pub(super) failed: Option<RunId>,
}

/// What is to be stored, started and told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// The schedule from now on.
    pub(super) row: Schedule,
    /// The slots that are started.
    pub(super) starts: Vec<Moment>,
    /// What somebody has to know.
    pub(super) news: Vec<News>,
}

/// Something about a schedule that somebody has to know.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Slots were missed and are not made up for.
    Missed {
        /// The schedule.
        schedule: RunId,
        /// Which, and why.
        record: SlotRecord,
    },
    /// A slot was skipped over a run that cannot go on by itself.
    SkippedOverStuck {
        /// The schedule.
        schedule: RunId,
        /// The slot.
        slot: Moment,
        /// The run.
        by: RunId,
    },
    /// A run came out badly, and the schedule fires nothing until it is resumed.
    Paused {
        /// The schedule.
        schedule: RunId,
        /// The run.
        failed: RunId,
    },
    /// What is stored cannot be read by this version.
    Unreadable {
        /// The schedule.
        schedule: RunId,
        /// Why.
        why: String,
    },
}

impl News {
    /// In one word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Missed { .. } => "missed",
            Self::SkippedOverStuck { .. } => "skipped",
            Self::Paused { .. } => "paused",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// The slot that it is about, and what whoever is told of it gets; nothing where that is nobody's business.
    pub(super) fn about(&self, row: &Schedule, now: Moment) -> Option<(Moment, Value)> {
        let (first, last, count, run, reason) = match self {
            Self::Missed { record, .. } => {
                let reason = match &record.fate {
                    Fate::Missed { reason } => reason.as_str(),
                    Fate::Started { .. } | Fate::Skipped { .. } => "",
                };
                (record.first, record.last, record.count, None, reason)
            }
            Self::SkippedOverStuck { slot, by, .. } => (*slot, *slot, 1, Some(by), "an earlier run is stuck"),
            Self::Paused { failed, .. } => (now, now, 0, Some(failed), "a run of it came out badly"),
            Self::Unreadable { .. } => return None,
        };
        let about = Value::from([
            ("event", Value::from(self.word())),
            ("schedule", row.name.as_str().into()),
            ("script", row.starts.script.as_str().into()),
            ("first", rfc3339(first).into()),
            ("last", rfc3339(last).into()),
            ("count", count.into()),
            ("run", run.map_or(Value::Null, |run| run.as_str().into())),
            ("reason", reason.into()),
            ("at", rfc3339(now).into()),
        ]);
        Some((first, about))
    }
}

/// The name of the run of a slot.
pub(super) fn slot_id(name: &RunId, cron: &Cron, slot: Moment) -> RunId {
    let text = format!("{name}-{}", cron.label(slot));
    // Names of schedules are short enough, and a label has no other characters.
    RunId::parse(&text).unwrap_or_else(|_| name.clone())
}

/// When a slot is fired: up to the jitter later, and before the next one.
pub(super) fn fires_at(row: &Schedule, cron: &Cron, slot: Moment) -> Moment {
    if row.jitter_ms <= 0 {
        return slot;
    }
    let span = cron.next(slot).map_or(row.jitter_ms, |next| next.since_ms(slot).min(row.jitter_ms));
    let hash = blake3::hash(format!("{} {}", row.name, slot.0).as_bytes());
    let chance = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let span = u64::try_from(span).unwrap_or(1).max(1);
    slot.plus_ms(i64::try_from(chance % span).unwrap_or(0))
}

/// When the next slot is fired; nothing while the schedule is paused.
pub(super) fn next_fire(row: &Schedule, cron: &Cron) -> Option<Moment> {
    let slot = cron.next(row.considered).filter(|_| row.paused.is_none())?;
    Some(fires_at(row, cron, slot))
}

/// The slots that are due: the latest of them, and before those a row of older ones.
#[derive(Debug, Default)]
struct Due {
    older: Option<(Moment, Moment, u32)>,
    slots: VecDeque<Moment>,
}

fn due(row: &Schedule, cron: &Cron, now: Moment) -> Due {
    let mut due = Due::default();
    let mut last = row.considered;
    while let Some(slot) = cron.next(last).filter(|slot| fires_at(row, cron, *slot) <= now) {
        due.slots.push_back(slot);
        if due.slots.len() > MOST_STARTS
            && let Some(slot) = due.slots.pop_front()
        {
            let (first, _, count) = due.older.unwrap_or((slot, slot, 0));
            due.older = Some((first, slot, count.saturating_add(1)));
        }
        last = slot;
    }
    due
}

/// What becomes of what is due; nothing where nothing changes. `script` says why the script cannot be started, where it cannot.
pub(super) fn plan(
    row: &Schedule,
    cron: &Cron,
    now: Moment,
    earlier: &Earlier,
    script: Result<(), &str>,
) -> Option<Plan> {
    if row.paused.is_some() {
        return None;
    }
    let mut plan = Plan { row: row.clone(), starts: Vec::new(), news: Vec::new() };
    plan.row.version = row.version.wrapping_add(1).max(1);
    plan.row.open.clone_from(&earlier.open);
    if let Some(failed) = earlier.failed.clone().filter(|_| row.pause_on_failure) {
        plan.row.paused = Some(Paused { at: now, failed: Some(failed.clone()) });
        plan.news.push(News::Paused { schedule: row.name.clone(), failed });
        return Some(plan);
    }
    let due = due(row, cron, now);
    let last = *due.slots.back()?;
    plan.row.considered = last;
    let mut late = due.older;
    for slot in due.slots {
        let made_up_for = match row.catchup {
            Catchup::Latest => slot == last,
            Catchup::All => true,
            Catchup::None => slot == last && is_within(row, cron, slot, now, IN_TIME_MS),
            Catchup::Within { ms } => is_within(row, cron, slot, now, ms.max(IN_TIME_MS)),
        };
        if made_up_for {
            plan.miss(late.take(), now);
            plan.decide(cron, slot, now, earlier, script, slot == last);
        } else {
            let (first, _, count) = late.unwrap_or((slot, slot, 0));
            late = Some((first, slot, count.saturating_add(1)));
        }
    }
    plan.miss(late, now);
    Some(plan)
}

fn is_within(row: &Schedule, cron: &Cron, slot: Moment, now: Moment, ms: i64) -> bool {
    now.since_ms(fires_at(row, cron, slot)) <= ms
}

impl Plan {
    /// Slots that nobody fired in time; they are told of unless a later one makes up for them.
    fn miss(&mut self, late: Option<(Moment, Moment, u32)>, now: Moment) {
        let Some((first, last, count)) = late else { return };
        let fate = Fate::Missed { reason: "nobody fired it in time".to_owned() };
        let record = SlotRecord { first, last, count, fate, at: now };
        if self.row.catchup != Catchup::Latest {
            self.news.push(News::Missed { schedule: self.row.name.clone(), record: record.clone() });
        }
        self.row.add(record);
    }

    fn decide(
        &mut self,
        cron: &Cron,
        slot: Moment,
        now: Moment,
        earlier: &Earlier,
        script: Result<(), &str>,
        is_last: bool,
    ) {
        let fate = match script {
            Err(reason) => Fate::Missed { reason: reason.to_owned() },
            Ok(()) => self.fate(cron, slot, is_last),
        };
        let schedule = self.row.name.clone();
        match &fate {
            Fate::Started { run } => {
                self.starts.push(slot);
                self.row.open.push(run.clone());
            }
            Fate::Skipped { by } => {
                if earlier.stuck.as_ref() == Some(by) {
                    self.news.push(News::SkippedOverStuck { schedule, slot, by: by.clone() });
                }
            }
            Fate::Missed { .. } => {
                let record = SlotRecord { first: slot, last: slot, count: 1, fate: fate.clone(), at: now };
                self.news.push(News::Missed { schedule, record });
            }
        }
        self.row.record(slot, fate, now);
    }

    fn fate(&self, cron: &Cron, slot: Moment, is_last: bool) -> Fate {
        let open = &self.row.open;
        let by = match self.row.overlap {
            OverlapPolicy::Skip => open.first().cloned(),
            OverlapPolicy::Queue => open.first().filter(|_| open.len() >= MOST_OPEN).cloned(),
            // One that would be asked to end as soon as it is recorded is not started.
            OverlapPolicy::Cancel if !is_last => Some(slot_id(&self.row.name, cron, self.row.considered)),
            OverlapPolicy::Cancel | OverlapPolicy::Allow => None,
        };
        match by {
            Some(by) => Fate::Skipped { by },
            None => Fate::Started { run: slot_id(&self.row.name, cron, slot) },
        }
    }
}
