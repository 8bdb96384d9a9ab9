//! Checks of `Claim` and `Release`: one executor at a time, each with an epoch of its own.

use super::fixtures::{ALICE, BOB, NOON, append, new_run, patches, pending};
use super::{Chain, Check, Subject};
use crate::history::{
    CallSite, CommandKind, CommandLabel, OpId, Pending, Program, RunId, RunNo, RunStatus, ScriptHash,
    StoredStatus, Stuck,
};
use crate::store::{Answer, Append, Due, Request, RowChange, StoreError, Upgrade};
use std::collections::BTreeMap;

pub(super) const CHECKS: &[Check] = &[
    ("each claim raises the epoch", epoch_rises),
    ("a run that a living process has is held", held),
    ("a claim of a dead process may be taken over, and fences it off", taken_over),
    ("only the claim that is released is given up", released),
    ("a stuck run may be claimed", stuck),
    ("an ended run may not be claimed", ended),
    ("a claimed run, stuck or not, goes on under other texts; a stranger cannot change them", upgraded),
    (
        "an upgraded run waits for what the new text asks for, until when that says, and for nothing else",
        asked,
    ),
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
    let asked = vec![Pending { line: Some(9), ..pending(1) }, Pending { line: None, ..pending(2) }];
    let append = Append { row: stuck, pending: waits, ..append(run, 1, 0, Vec::new()) };
    assert_eq!(subject.append(append), Ok(Answer::Done));
    let text = "1 + 1".to_owned();
    let hash = ScriptHash::of(&text);
    let program = Program { path: "/mended.rhai".to_owned(), main: hash, modules: BTreeMap::new() };
    let upgrade = |epoch, text: &str| {
        let scripts = vec![(hash, text.to_owned())];
        let (program, patches, asked) = (program.clone(), patches(3), asked.clone());
        Request::Upgrade(Box::new(Upgrade { run, epoch, program, scripts, patches, asked }))
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

fn asked(subject: &Subject) {
    let run = subject.executed("a");
    let label = CommandLabel { kind: CommandKind::Sleep, name: String::new() };
    let sleep = |op, minutes: i64| Pending {
        due: Some(NOON.plus_ms(minutes * 60_000)),
        ..Pending::new(OpId(op), label.clone(), NOON)
    };
    let (failed, later) = (pending(1), Some(NOON.plus_ms(3_600_000)));
    let failed = Pending { failures: 2, attempts: Some(5), next_try: later, deadline: later, ..failed };
    let waits = vec![failed.clone(), sleep(2, 60), sleep(3, 1)];
    assert_eq!(subject.append(Append { pending: waits, ..append(run, 1, 0, Vec::new()) }), Ok(Answer::Done));
    let text = "2".to_owned();
    let program = Program { path: "/b.rhai".into(), main: ScriptHash::of(&text), modules: BTreeMap::new() };
    let (scripts, patches) = (vec![(program.main, text)], patches(3));
    let mended = Pending { line: Some(9), ..pending(1) };
    let asked = vec![mended.clone(), sleep(2, 5), sleep(4, 30)];
    subject.done(Request::Upgrade(Box::new(Upgrade { run, epoch: 1, program, scripts, patches, asked })));
    subject.done(Request::Release { run, epoch: 1 });
    let kept = Pending { line: Some(9), ..failed };
    assert_eq!(subject.snapshot(run).pending, [kept, sleep(2, 5), sleep(4, 30)]);
    let due =
        |minutes: i64| Ok(Answer::Due(Due { runs: Vec::new(), next: Some(NOON.plus_ms(minutes * 60_000)) }));
    assert_eq!(
        subject.ask(Request::Due { thorough: false }),
        due(5),
        "no timer is left of what it asks no more"
    );
}
