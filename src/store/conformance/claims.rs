//! Checks of `Claim` and `Release`: one executor at a time, each with an epoch of its own.

use super::fixtures::{ALICE, BOB, append, new_run};
use super::{Chain, Check, Subject};
use crate::history::{RunId, RunNo, RunStatus, StoredStatus, Stuck};
use crate::store::{Answer, Request, RowChange, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("each claim raises the epoch", epoch_rises),
    ("a run that a living process has is held", held),
    ("a claim of a dead process may be taken over, and fences it off", taken_over),
    ("only the claim that is released is given up", released),
    ("a stuck run may be claimed", stuck),
    ("an ended run may not be claimed", ended),
];

fn claim(subject: &Subject, run: RunNo, claim: crate::history::Claim) -> Result<Answer, StoreError> {
    subject.ask(Request::Claim { run, claim })
}

fn epoch_rises(subject: &Subject) {
    let run = subject.recorded("a");
    assert_eq!(claim(subject, run, ALICE), Ok(Answer::Claimed { epoch: 1 }));
    assert_eq!(claim(subject, run, ALICE), Ok(Answer::Claimed { epoch: 2 }));
    assert_eq!(subject.view(run).executor, Some(ALICE));
}

fn held(subject: &Subject) {
    let run = subject.executed("a");
    let before = subject.all_of(run);
    let id = new_run("a").id;
    assert_eq!(claim(subject, run, BOB), Err(StoreError::Held { id, claim: ALICE }));
    assert_eq!(subject.all_of(run), before);
}

fn taken_over(subject: &Subject) {
    let run = subject.executed("a");
    subject.living.died(ALICE.token);
    assert_eq!(subject.view(run).executor, None);
    assert_eq!(claim(subject, run, BOB), Ok(Answer::Claimed { epoch: 2 }));
    let late = append(run, 1, 0, Chain::of(run).seeds(1));
    assert_eq!(subject.append(late), Err(StoreError::Fenced { epoch: 1, current: 2 }));
    assert_eq!(subject.view(run).executor, Some(BOB));
    assert_eq!(subject.history(run, 0, 9), []);
}

fn released(subject: &Subject) {
    let run = subject.executed("a");
    for epoch in [0, 2] {
        subject.done(Request::Release { run, epoch });
        assert_eq!(subject.view(run).executor, Some(ALICE));
    }
    subject.done(Request::Release { run, epoch: 1 });
    subject.done(Request::Release { run, epoch: 1 });
    assert_eq!(subject.view(run).executor, None);
    assert_eq!(claim(subject, run, BOB), Ok(Answer::Claimed { epoch: 2 }));
}

fn stuck(subject: &Subject) {
    let run = subject.executed("a");
    let stuck = Stuck {
        kind: "fault".to_owned(),
        message: "no function f".to_owned(),
        file: None,
        line: Some(3),
        column: None,
        calls: vec![("g".to_owned(), 7)],
        hint: None,
    };
    let row = RowChange { status: Some(StoredStatus::Stuck(stuck.clone())), ..RowChange::default() };
    assert_eq!(
        subject.append(crate::store::Append { row, ..append(run, 1, 0, Vec::new()) }),
        Ok(Answer::Done)
    );
    assert_eq!(subject.snapshot(run).row.status, StoredStatus::Stuck(stuck));
    assert_eq!(subject.view(run).status, RunStatus::Stuck);
    assert_eq!(claim(subject, run, ALICE), Ok(Answer::Claimed { epoch: 2 }));
}

fn ended(subject: &Subject) {
    let run = subject.recorded("a");
    subject.done(Request::Terminate { run, reason: String::new() });
    let id = RunId::clone(&new_run("a").id);
    assert_eq!(claim(subject, run, ALICE), Err(StoreError::Ended { id, status: RunStatus::Terminated }));
}
