//! What a new owner of the store has to be told of this process.

use super::mark::Mark;
use super::{Answer, StoreError};
use crate::history::RunNo;
use std::collections::BTreeSet;

/// The runs that this process executes, those that it watches, and whether it goes on with what nobody executes.
#[derive(Default)]
pub(super) struct Ours {
    executing: BTreeSet<RunNo>,
    watching: BTreeSet<RunNo>,
    attending: bool,
}

impl Ours {
    /// All of it.
    pub(super) fn told(&self) -> (Vec<RunNo>, Vec<RunNo>, bool) {
        let list = |runs: &BTreeSet<RunNo>| runs.iter().copied().collect();
        (list(&self.executing), list(&self.watching), self.attending)
    }

    /// Notes what the answers to these requests mean for it.
    pub(super) fn remember(&mut self, marks: &[Mark], answers: &[Result<Answer, StoreError>]) {
        for (mark, answer) in marks.iter().zip(answers) {
            let Ok(answer) = answer else { continue };
            match (mark, answer) {
                (Mark::Signal, Answer::Signalled { run, epoch: 1.., .. })
                | (
                    Mark::Start,
                    Answer::Started { run, epoch: 1.. } | Answer::Superseding { run, epoch: 1.., .. },
                )
                | (Mark::Claim(run), _) => {
                    self.executing.insert(*run);
                }
                (Mark::Leave(run), _) => {
                    self.executing.remove(run);
                }
                (Mark::Watch(run), _) => {
                    self.watching.insert(*run);
                }
                (Mark::Attend, _) => self.attending = true,
                (Mark::Signal | Mark::Start | Mark::Nothing, _) => {}
            }
        }
    }
}
