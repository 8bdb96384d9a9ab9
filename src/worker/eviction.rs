//! Eviction: a run that only waits gives up its strands when memory is wanted; it is replayed when something comes.

use super::executing::{Executing, Phase};
use super::worker::Worker;
use crate::config::Limits;
use crate::history::RunNo;
use crate::script::allocated;
use std::time::Duration;

/// What a worker may keep in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Runs whose scripts stand there.
    pub(super) live_runs: usize,
    /// Bytes that the process has allocated.
    pub(super) memory: usize,
}

impl Room {
    /// As a configuration says.
    pub(super) fn of(limits: Limits) -> Self {
        let most = |bound: Option<u64>| {
            bound.map_or(usize::MAX, |bound| usize::try_from(bound).unwrap_or(usize::MAX))
        };
        Self { live_runs: most(limits.live_runs.map(u64::from)), memory: most(limits.memory) }
    }
}

/// So many runs go on before it is looked whether there is room.
const LOOK_EACH: usize = 64;

impl Worker {
    /// Whether there may be more in memory than there should.
    pub(super) fn is_crowded(&self) -> bool {
        self.runs.len() > self.room.live_runs || allocated() > self.room.memory
    }

    /// Makes room where it is wanted, once for so many runs that have gone on.
    pub(super) fn keep_room(&mut self, gone_on: usize) {
        if gone_on.is_multiple_of(LOOK_EACH) && self.is_crowded() {
            self.make_room();
        }
    }

    /// Evicts waiting runs, those first that have waited longest, until live runs, live strands and memory are within their bounds.
    /// Called when a run was adopted or has grown, and where there is more than there should be.
    pub fn make_room(&mut self) {
        let (mut strands_left, mut runs_left) = (0, 0);
        for run in self.runs.values().filter_map(|run| run.run.as_ref()) {
            strands_left += run.strands();
            runs_left += 1;
        }
        if self.is_within(strands_left, runs_left) {
            return;
        }
        let mut waiting: Vec<(Duration, RunNo)> = self
            .runs
            .values()
            .filter(|run| only_waits(run))
            .map(|run| (run.sleep.waits_since.unwrap_or(Duration::MAX), run.no))
            .collect();
        waiting.sort_unstable();
        for (_, no) in waiting {
            if self.is_within(strands_left, runs_left) {
                break;
            }
            if let Some(run) = self.runs.get_mut(no).and_then(|run| run.run.take()) {
                strands_left = strands_left.saturating_sub(run.strands());
                runs_left = runs_left.saturating_sub(1);
            }
        }
    }

    /// Whether so many live strands, and runs that they are of, are within their bounds, and memory is, too.
    fn is_within(&self, strands: usize, runs: usize) -> bool {
        strands <= self.settings.live_strands
            && runs <= self.room.live_runs
            && allocated() <= self.room.memory
    }
}

fn only_waits(run: &Executing) -> bool {
    matches!(run.phase, Phase::Blocked)
        && run.run.is_some()
        && run.under_way.is_none()
        && run.outcomes.is_empty()
        && run.answers.is_empty()
        && run.attempts.values().all(|attempt| !attempt.is_under_way())
}
