//! Checks of queues: by priority, then by age, never more than the limits allow.

use super::fixtures::{ALICE, Chain, append, new_run};
use super::{Check, Subject};
use crate::history::{QueueLimits, Rate, RunNo, RunStatus};
use crate::store::{Admission, Answer, NewQueue, NewRun, Request, StoreError};
use std::time::Duration;

pub(super) const CHECKS: &[Check] = &[
    ("a run without a queue may begin, and one that was let in is asked no more", let_in),
    ("as many begin as the queue allows, and an end makes room for the next", in_turn),
    ("the highest priority goes first, then who came first", by_priority),
    ("a run that nobody executes holds nobody up", not_executed),
    ("a run that has begun keeps its place while it is put down", kept),
    ("a rate lets only so many begin within its time", by_rate),
    ("one that is opened again after its end stands in line once more", opened_again),
    ("one who waits is waiting, and is told what for", told),
    ("a late executor is fenced, and a queue without a name is refused", refused),
];

impl Subject {
    fn queued(&self, id: &str, priority: i32, limits: QueueLimits) -> RunNo {
        let queue = NewQueue { name: "q".to_owned(), priority, limits };
        match self.start(NewRun { claim: Some(ALICE), queue: Some(queue), ..new_run(id) }) {
            Ok(Answer::Started { run, .. }) => run,
            other => panic!("{other:?} instead of a run"),
        }
    }

    /// Nothing where the run may begin, else what it waits for.
    fn waits(&self, run: RunNo) -> Option<String> {
        match self.ask(Request::Admit { run, epoch: 1 }) {
            Ok(Answer::Admission(Admission::Admitted)) => None,
            Ok(Answer::Admission(Admission::Waits { waits_for, .. })) => Some(waits_for),
            other => panic!("{other:?} instead of an admission"),
        }
    }

    fn ends(&self, run: RunNo) {
        let ended = self.ask(Request::Terminate { run, reason: String::new() });
        assert!(matches!(ended, Ok(Answer::Done | Answer::Told(_))), "{ended:?}");
    }
}

fn at_once(max: u32) -> QueueLimits {
    QueueLimits { max_concurrent: Some(max), rate: None }
}

fn let_in(subject: &Subject) {
    let a = subject.executed("a");
    assert_eq!(subject.waits(a), None);
    let b = subject.queued("b", 0, at_once(1));
    assert_eq!((subject.waits(b), subject.waits(b)), (None, None));
}

fn in_turn(subject: &Subject) {
    let [a, b, c] = ["a", "b", "c"].map(|id| subject.queued(id, 0, at_once(2)));
    assert_eq!(subject.waits(c).as_deref(), Some("queue q, 0 of 2 busy, after 2 others"));
    assert_eq!((subject.waits(b), subject.waits(a)), (None, None));
    assert_eq!(subject.waits(c).as_deref(), Some("queue q, 2 of 2 busy (b, a)"));
    subject.ends(b);
    assert_eq!(subject.waits(c), None);
}

fn by_priority(subject: &Subject) {
    let busy = subject.queued("busy", 0, at_once(1));
    assert_eq!(subject.waits(busy), None);
    let low = subject.queued("low", -1, at_once(1));
    let [first, second] = ["first", "second"].map(|id| subject.queued(id, 0, at_once(1)));
    let high = subject.queued("high", 7, at_once(1));
    subject.ends(busy);
    for run in [high, first, second, low] {
        for later in [low, second, first, high] {
            if later == run {
                break;
            }
            if subject.view(later).status == RunStatus::Waiting {
                assert!(subject.waits(later).is_some());
            }
        }
        assert_eq!(subject.waits(run), None);
        subject.ends(run);
    }
}

fn not_executed(subject: &Subject) {
    let a = subject.queued("a", 9, at_once(1));
    let b = subject.queued("b", 0, at_once(1));
    assert!(subject.waits(b).is_some(), "the other goes first");
    subject.done(Request::Release { run: a, epoch: 1 });
    assert_eq!(subject.waits(b), None);
}

fn kept(subject: &Subject) {
    let (a, b) = (subject.queued("a", 0, at_once(1)), subject.queued("b", 0, at_once(1)));
    assert_eq!(subject.waits(a), None);
    subject.done(Request::Release { run: a, epoch: 1 });
    assert_eq!(subject.waits(b).as_deref(), Some("queue q, 1 of 1 busy (a)"));
}

fn opened_again(subject: &Subject) {
    let (a, b) = (subject.queued("a", 0, at_once(1)), subject.queued("b", 0, at_once(1)));
    assert_eq!(subject.waits(a), None);
    assert_eq!(subject.append(append(a, 1, 0, Chain::of(a).seeds(2))), Ok(Answer::Done));
    subject.ends(a);
    assert_eq!(subject.waits(b), None);
    let epoch = subject.snapshot(a).row.epoch;
    assert_eq!(subject.ask(super::rewinds::open_again(a, epoch, 3)), Ok(Answer::Done));
    assert_eq!(subject.view(a).status, RunStatus::Waiting);
    assert!(subject.ask(Request::Claim { run: a, claim: ALICE }).is_ok());
    let admit = Request::Admit { run: a, epoch: epoch + 2 };
    let waits = subject.ask(admit.clone());
    assert!(matches!(waits, Ok(Answer::Admission(Admission::Waits { .. }))), "{waits:?}");
    subject.ends(b);
    assert_eq!(subject.ask(admit), Ok(Answer::Admission(Admission::Admitted)));
    let c = subject.queued("c", 0, at_once(1));
    assert_eq!(subject.waits(c).as_deref(), Some("queue q, 1 of 1 busy (a)"));
}

fn by_rate(subject: &Subject) {
    let limits = QueueLimits { max_concurrent: None, rate: Some(Rate { count: 2, per_ms: 60_000 }) };
    let [a, b, c] = ["a", "b", "c"].map(|id| subject.queued(id, 0, limits));
    assert_eq!((subject.waits(a), subject.waits(b)), (None, None));
    subject.ends(a);
    assert_eq!(subject.waits(c).as_deref(), Some("queue q, its rate is 2/min"));
    subject.clock.advance(Duration::from_millis(59_999));
    assert!(subject.waits(c).is_some());
    subject.clock.advance(Duration::from_millis(1));
    assert_eq!(subject.waits(c), None);
}

fn told(subject: &Subject) {
    let (a, b) = (subject.queued("a", 0, at_once(1)), subject.queued("b", 0, at_once(1)));
    assert_eq!(subject.waits(a), None);
    assert_eq!(subject.view(a).pending, Vec::new());
    let seen = subject.view(b);
    assert_eq!(seen.status, RunStatus::Waiting);
    let waits_for: Vec<Option<String>> = seen.pending.into_iter().map(|row| row.waits_for).collect();
    assert_eq!(waits_for, [Some("queue q, 1 of 1 busy (a)".to_owned())]);
    assert_eq!(subject.snapshot(b).pending, Vec::new(), "no replay is told of it");
    subject.ends(b);
    assert_eq!(subject.view(b).pending, Vec::new());
}

fn refused(subject: &Subject) {
    let a = subject.queued("a", 0, at_once(1));
    let late = subject.ask(Request::Admit { run: a, epoch: 0 });
    assert_eq!(late, Err(StoreError::Fenced { epoch: 0, current: 1 }));
    let queue = NewQueue { name: String::new(), priority: 0, limits: at_once(1) };
    let unnamed = subject.start(NewRun { queue: Some(queue), ..new_run("b") });
    assert!(matches!(unnamed, Err(StoreError::Protocol { .. })), "{unnamed:?}");
    assert_eq!(subject.ask(Request::Find { text: "b".to_owned() }), Ok(Answer::Runs(Vec::new())));
}
