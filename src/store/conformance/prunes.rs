//! Checks of forgetting ended runs, and of carrying one into a store that is only looked at.

use super::fixtures::{ALICE, Chain, NOON, append, new_run, signal};
use super::{Check, Subject};
use crate::history::{
    Fact, MessageId, OnParentClose, OpId, RunEnd, RunEnded, RunNo, RunStatus, ScriptHash, Seq, Value,
};
use crate::store::{
    Answer, CarriedRow, EndedRun, Kept, LocalSession, MemoryTables, NewMessage, NewParent, NewRun, Place,
    Request, RunFilter, Store, StoreError, Upkeep,
};
use std::sync::Arc;
use std::time::Duration;

pub(super) const CHECKS: &[Check] = &[
    ("only runs that ended long enough ago are forgotten, and a prune sent again changes nothing", old),
    ("a child is kept while its parent goes on", children),
    ("the id of a forgotten run is free, and what another run has too stays", freed),
    ("ended runs are found some at a time, wherever chance begins", found),
    ("texts that no run has are dropped when they were not looked for lately", texts),
    ("a run that is started like one of which nothing is left has its text and all else", started_again),
    ("an imported run reads as it did, and nothing lets it go on", imported),
    ("a store that executes runs takes none, and another run of that number is refused", not_imported),
];

const DAY: Duration = Duration::from_hours(24);

fn keep(subject: &Subject, what: Upkeep) -> Result<Kept, StoreError> {
    match subject.ask(Request::Upkeep(Box::new(what)))? {
        Answer::Kept(kept) => Ok(*kept),
        other => panic!("{other:?}"),
    }
}

fn prune(subject: &Subject, runs: &[RunNo], before_ms: i64) -> Vec<RunNo> {
    match keep(subject, Upkeep::Prune { runs: runs.to_vec(), before: NOON.plus_ms(before_ms) }) {
        Ok(Kept::Pruned(gone)) => gone,
        other => panic!("{other:?}"),
    }
}

fn swept(subject: &Subject, texts_after_ms: i64) -> usize {
    let mut slices = 0;
    while keep(subject, Upkeep::Sweep { texts_after_ms }) == Ok(Kept::More(true)) {
        slices += 1;
    }
    assert_eq!(keep(subject, Upkeep::Audit), Ok(Kept::Wrong(Vec::new())));
    slices
}

fn terminate(subject: &Subject, run: RunNo) {
    let answer = subject.ask(Request::Terminate { run, reason: String::new() });
    assert!(matches!(answer, Ok(Answer::Done | Answer::Told(_))), "{answer:?}");
}

fn ids(subject: &Subject) -> Vec<String> {
    match subject.ask(Request::List(RunFilter::default())) {
        Ok(Answer::Views(views)) => views.iter().map(|view| view.row.id.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

fn old(subject: &Subject) {
    let [open, early, late] = ["open", "early", "late"].map(|id| subject.recorded(id));
    terminate(subject, early);
    subject.clock.advance(DAY);
    terminate(subject, late);
    let all = [open, early, late, RunNo(99)];
    assert_eq!(prune(subject, &all, -1), []);
    assert_eq!(prune(subject, &all, 0), [early]);
    assert_eq!(prune(subject, &all, 0), []);
    assert_eq!(ids(subject), ["late", "open"]);
    swept(subject, 0);
    assert_eq!(subject.ask(Request::View { run: early }), Err(StoreError::NoRun { run: early }));
    assert_eq!(prune(subject, &all, 86_400_000), [late]);
    assert_eq!(ids(subject), ["open"]);
}

fn children(subject: &Subject) {
    let parent = subject.executed("p");
    let asked =
        NewParent { run: parent, epoch: 1, op: OpId(4), generation: 0, on_close: OnParentClose::Abandon };
    let Ok(Answer::Started { run: child, .. }) =
        subject.start(NewRun { parent: Some(asked), ..new_run("c") })
    else {
        panic!("no child");
    };
    terminate(subject, child);
    assert_eq!(prune(subject, &[child, parent], 0), []);
    terminate(subject, parent);
    assert_eq!(prune(subject, &[child, parent], 0), [child, parent]);
    swept(subject, 0);
}

fn freed(subject: &Subject) {
    let (gone, stays) = (subject.executed("gone"), subject.executed("stays"));
    let records = Chain::of(gone).seeds(600);
    assert_eq!(subject.append(append(gone, 1, 0, records)), Ok(Answer::Done));
    let keyed = NewMessage { keyed: true, ..signal(gone, "x") };
    assert!(subject.deliver(keyed.clone()).is_ok());
    terminate(subject, gone);
    let before = subject.all_of(stays);
    assert_eq!(prune(subject, &[gone], 0), [gone]);
    assert!(swept(subject, 0) > 1, "a long history takes several slices");
    assert_eq!(subject.all_of(stays), before);
    let known = subject.ask(Request::Recall { id: keyed.id });
    assert_eq!(known, Ok(Answer::Done), "the keys of its signals are forgotten with it");
    let again = match subject.start(NewRun { nonce: MessageId([9; 16]), ..new_run("gone") }) {
        Ok(Answer::Started { run, .. }) => run,
        other => panic!("{other:?}"),
    };
    assert_ne!(again, gone, "a number is given once");
    assert_eq!(subject.view(again).entries, Seq(0));
}

fn found(subject: &Subject) {
    let runs: Vec<RunNo> = (0..5).map(|nth| subject.recorded(&format!("r{nth}"))).collect();
    let (Some(open), ended) = (runs.first(), runs.get(1..).unwrap_or_default()) else { panic!("five") };
    subject.clock.advance(DAY);
    for run in ended {
        terminate(subject, *run);
    }
    let at = |chance, most| match keep(subject, Upkeep::Ended { chance, most }) {
        Ok(Kept::Ended(ended)) => ended,
        other => panic!("{other:?}"),
    };
    let first = EndedRun {
        run: RunNo(open.0 + 1),
        status: RunStatus::Terminated,
        at: NOON.plus_ms(86_400_000),
        script: "/scripts/r1.rhai".to_owned(),
    };
    assert_eq!(at(0, 2), [first], "the open one is looked at too");
    let numbers = |chance, most| {
        let mut found: Vec<RunNo> = at(chance, most).iter().map(|ended| ended.run).collect();
        found.sort();
        found
    };
    for chance in 0..7 {
        assert_eq!(numbers(chance, 5), ended, "all of a small store, from {chance} on");
        assert_eq!(numbers(chance, 99), ended);
    }
    let mut seen: Vec<RunNo> = (0..5).flat_map(|chance| numbers(chance, 1)).collect();
    seen.sort();
    assert_eq!(seen, ended);
    terminate(subject, *open);
    prune(subject, &runs, 86_400_000);
    assert_eq!(at(3, 9), [], "of an empty store");
}

fn texts(subject: &Subject) {
    let own = |id: &str, text: &str| {
        let mut new = new_run(id);
        new.start.program.main = ScriptHash::of(text);
        new.scripts = vec![(ScriptHash::of(text), text.to_owned())];
        match subject.start(new) {
            Ok(Answer::Started { run, .. }) => run,
            other => panic!("{other:?}"),
        }
    };
    let is_there = |text: &str| subject.ask(Request::Script { hash: ScriptHash::of(text) }).is_ok();
    let forget = |run: RunNo, texts_after_ms: i64| {
        terminate(subject, run);
        assert_eq!(prune(subject, &[run], i64::MAX / 2), [run]);
        swept(subject, texts_after_ms);
    };
    let [one, two, three] = [own("one", "1"), own("two", "2"), own("three", "2")];
    forget(one, 86_400_000);
    assert!(!is_there("1") && is_there("2"), "nobody has looked before");
    forget(two, 0);
    assert!(is_there("2"), "another run has it");
    forget(three, 86_400_000);
    assert!(is_there("2"), "that was looked at lately");
    subject.clock.advance(DAY);
    swept(subject, 86_400_000);
    assert!(!is_there("2"));
}

/// A start like one before it, of which nothing is left.
fn started_again(subject: &Subject) {
    for id in ["a", "b", "c"] {
        let new = NewRun { start: new_run("same").start, ..new_run(id) };
        let hash = new.start.program.main;
        let Ok(Answer::Started { run, .. }) = subject.start(new) else { panic!("{id} was not started") };
        assert!(matches!(subject.ask(Request::Script { hash }), Ok(Answer::Script(_))), "{id}");
        let Ok(Answer::Snapshot(snapshot)) = subject.ask(Request::Snapshot { run }) else { panic!("{id}") };
        assert_eq!(snapshot.start, new_run("same").start);
        terminate(subject, run);
        assert_eq!(prune(subject, &[run], i64::MAX / 2), [run]);
        swept(subject, 0);
        assert!(subject.ask(Request::Script { hash }).is_err(), "{id} has left its text");
    }
}

/// The rows of a run of another store: one entry that is large, one unread message.
fn carried() -> (RunNo, Vec<CarriedRow>) {
    let other = Subject::new(&|clock, liveness| {
        let session = LocalSession::alone(Arc::new(MemoryTables::new(Arc::clone(&clock), liveness)), clock);
        Box::new(move |requests| session.call(requests))
    });
    other.recorded("before");
    let run = other.executed("r");
    let end = RunEnd::Completed { result: Value::from("x".repeat(100_000)) };
    let large = Fact::RunEnded(Box::new(RunEnded::of(end)));
    let mut chain = Chain::of(run);
    let mut records = chain.seeds(100);
    records.push(chain.seal(NOON, large));
    assert_eq!(other.append(append(run, 1, 0, records)), Ok(Answer::Done));
    assert!(other.deliver(signal(run, "x")).is_ok());
    let (mut rows, mut place): (Vec<CarriedRow>, Option<Place>) = (Vec::new(), None);
    loop {
        match keep(&other, Upkeep::Export { run, place }) {
            Ok(Kept::Rows(some, next)) => {
                rows.extend(some);
                place = next;
            }
            got => panic!("{got:?}"),
        }
        if place.is_none() {
            return (run, rows);
        }
    }
}

fn imported(subject: &Subject) {
    let (run, rows) = carried();
    for slice in rows.chunks(7) {
        assert_eq!(keep(subject, Upkeep::Import(slice.to_vec())), Ok(Kept::Done));
    }
    assert_eq!(keep(subject, Upkeep::Import(rows)), Ok(Kept::Done), "the same again is acknowledged");
    assert_eq!(keep(subject, Upkeep::Audit), Ok(Kept::Wrong(Vec::new())));
    assert_eq!(ids(subject), ["r"]);
    assert_eq!((subject.history(run, 0, 999).len(), subject.view(run).unread), (101, 1));
    for request in [
        Request::Claim { run, claim: ALICE },
        Request::Start(Box::new(new_run("new"))),
        Request::Deliver(Box::new(signal(run, "y"))),
        Request::Terminate { run, reason: String::new() },
    ] {
        let told = subject.ask(request);
        assert!(matches!(told, Err(StoreError::LookedAt { .. })), "{told:?}");
    }
}

fn not_imported(subject: &Subject) {
    let (run, rows) = carried();
    let mut other = rows.clone();
    for row in other.iter_mut().filter(|row| row.table == "runs") {
        row.value.push(0);
    }
    assert_eq!(keep(subject, Upkeep::Import(rows)), Ok(Kept::Done));
    let told = keep(subject, Upkeep::Import(other));
    assert!(matches!(told, Err(StoreError::LookedAt { .. })), "{told:?}");
    let foreign = CarriedRow { table: "wakers".to_owned(), key: vec![1], value: vec![1] };
    let told = keep(subject, Upkeep::Import(vec![foreign]));
    assert!(matches!(told, Err(StoreError::Protocol { .. })), "{told:?}");
    assert_eq!(subject.view(run).unread, 1);
}
