//! Checks of `Claim` and `Release`: one executor at a time, each with an epoch of its own.

use super::fixtures::{ALICE, BOB, append, new_run, patches, pending};
use super::{Chain, Check, Subject};
use crate::history::{
    CallSite, OpId, Pending, Program, RunId, RunNo, RunStatus, ScriptHash, StoredStatus, Stuck,
};
use crate::store::{Answer, Append, Request, RowChange, StoreError, Upgrade};
use std::collections::BTreeMap;

pub(super) const CHECKS: &[Check] = &[
    ("each claim raises the epoch", epoch_rises),
    ("a run that a living process has is held", held),
    ("a claim of a dead process may be taken over, and fences it off", taken_over),
    ("only the claim that is released is given up", released),
    ("a stuck run may be claimed", stuck),
    ("an ended run may not be claimed", ended),
    ("a claimed run, stuck or not, goes on under other texts; a stranger cannot change them", upgraded),
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

fn a_fault() -> Stuck {
    Stuck {
        kind: "fault".to_owned(),
        message: "no function f".to_owned(),
        file: None,
        line: Some(3),
        column: None,
        calls: vec![CallSite { name: "g".to_owned(), line: 7, file: None }],
        hint: None,
    }
}

fn stuck(subject: &Subject) {
    let run = subject.executed("a");
    let stuck = a_fault();
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

fn upgraded(subject: &Subject) {
    let run = subject.executed("a");
    let stuck = RowChange { status: Some(StoredStatus::Stuck(a_fault())), ..RowChange::default() };
    let waits = [1, 2].map(|op| Pending { line: Some(7), ..pending(op) }).to_vec();
    let append = Append { row: stuck, pending: waits, ..append(run, 1, 0, Vec::new()) };
    assert_eq!(subject.append(append), Ok(Answer::Done));
    let text = "1 + 1".to_owned();
    let hash = ScriptHash::of(&text);
    let program = Program { path: "/mended.rhai".to_owned(), main: hash, modules: BTreeMap::new() };
    let upgrade = |epoch, text: &str| {
        let scripts = vec![(hash, text.to_owned())];
        let (program, patches, lines) = (program.clone(), patches(3), BTreeMap::from([(OpId(1), 9)]));
        Request::Upgrade(Box::new(Upgrade { run, epoch, program, scripts, patches, lines }))
    };
    let before = subject.all_of(run);
    assert_eq!(subject.ask(upgrade(2, &text)), Err(StoreError::Fenced { epoch: 2, current: 1 }));
    assert!(matches!(subject.ask(upgrade(1, "2")), Err(StoreError::Protocol { .. })), "not that hash's text");
    assert_eq!(subject.all_of(run), before);
    for _ in 0..2 {
        subject.done(upgrade(1, &text));
        assert_eq!(subject.ask(Request::Script { hash }), Ok(Answer::Script(text.clone())));
        let Ok(Answer::Snapshot(snapshot)) = subject.ask(Request::Snapshot { run }) else {
            panic!("a snapshot")
        };
        assert_eq!((snapshot.start.program, snapshot.row.status), (program.clone(), StoredStatus::Open));
        assert_eq!((snapshot.row.script.as_str(), snapshot.start.patches), ("/mended.rhai", patches(3)));
        let lines: Vec<_> = snapshot.pending.iter().map(|waits| (waits.op, waits.line)).collect();
        assert_eq!(
            lines,
            [(OpId(1), Some(9)), (OpId(2), None)],
            "the lines of the text that it had are not those of this"
        );
    }
    subject.done(Request::Terminate { run, reason: String::new() });
    assert!(matches!(subject.ask(upgrade(1, &text)), Err(StoreError::Ended { .. })));
}
