//! Eviction: a run that only waits gives up its strands when memory is wanted; it is replayed when something comes.

use super::executing::{Executing, Phase};
use super::worker::Worker;
use crate::history::RunNo;

impl Worker {
    /// Evicts waiting runs until the live strands are within the limit. Called when a run was adopted or has grown.
    pub fn make_room(&mut self) {
        let mut live: usize = self.runs.values().map(strands).sum();
        let waiting: Vec<RunNo> =
            self.runs.values().filter(|run| only_waits(run)).map(|run| run.no).collect();
        for no in waiting {
            if live <= self.settings.live_strands {
                break;
            }
            if let Some(run) = self.runs.get_mut(&no) {
                live = live.saturating_sub(strands(run));
                run.run = None;
            }
        }
    }
}

fn strands(run: &Executing) -> usize {
    run.run.as_ref().map_or(0, crate::run::Run::strands)
}

fn only_waits(run: &Executing) -> bool {
    matches!(run.phase, Phase::Blocked)
        && run.run.is_some()
        && !run.is_under_way
        && run.outcomes.is_empty()
        && run.answers.is_empty()
        && run.attempts.values().all(|attempt| !attempt.is_under_way())
}
