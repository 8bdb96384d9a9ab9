//! Checks of overlap: what a start does about open runs of its script or key is decided in its transaction.

use super::fixtures::{ALICE, BOB, Chain, append, gets_stuck, new_run};
use super::{Check, Subject};
use crate::history::{MessageBody, OverlapPolicy, QueueLimits, RunNo, Waker};
use crate::store::{Admission, Answer, NewOverlap, NewRun, Request, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("of two starts at once one begins, and the other is told which", skipped),
    ("a key parts runs of one script, and joins those of several", keyed),
    ("a run that ended is in nobody's way", ended),
    ("a queued start waits for all that overlap, and they for none that came later", queued),
    ("a cancelling start asks the others to end, once, and waits until they have", cancelled),
    ("a stuck run cannot hear that it is to end, and holds nobody up who cancels it", deaf),
    ("an id that is taken is told as such, whatever overlaps", same_id),
    ("a key that could not be read, and a second queue, are refused", refused),
    ("one process serves; another may when it is gone", served),
];

impl Subject {
    fn overlapping(&self, id: &str, key: Option<&str>, policy: OverlapPolicy) -> Result<Answer, StoreError> {
        let mut new = NewRun { claim: Some(ALICE), ..new_run(id) };
        "/scripts/same.rhai".clone_into(&mut new.start.program.path);
        new.overlap = Some(NewOverlap { key: key.map(str::to_owned), policy });
        self.start(new)
    }

    fn begun(&self, id: &str, policy: OverlapPolicy) -> RunNo {
        match self.overlapping(id, None, policy) {
            Ok(Answer::Started { run, epoch: 1 } | Answer::Superseding { run, epoch: 1, .. }) => run,
            other => panic!("{other:?} instead of a run"),
        }
    }

    fn may_begin(&self, run: RunNo) -> bool {
        matches!(self.ask(Request::Admit { run, epoch: 1 }), Ok(Answer::Admission(Admission::Admitted)))
    }

    fn is_over(&self, run: RunNo) {
        let ended = self.ask(Request::Terminate { run, reason: String::new() });
        assert!(matches!(ended, Ok(Answer::Done | Answer::Told(_))), "{ended:?}");
    }
}

fn in_the_way(answer: Result<Answer, StoreError>) -> Vec<RunNo> {
    match answer {
        Ok(Answer::Runs(rows)) => rows.iter().map(|row| row.no).collect(),
        other => panic!("{other:?} instead of the runs in the way"),
    }
}

fn skipped(subject: &Subject) {
    let starts = ["a", "b"].map(|id| {
        let mut new = NewRun { claim: Some(ALICE), ..new_run(id) };
        "/scripts/same.rhai".clone_into(&mut new.start.program.path);
        new.overlap = Some(NewOverlap { key: None, policy: OverlapPolicy::Skip });
        Request::Start(Box::new(new))
    });
    let mut answers = subject.call(starts.to_vec());
    assert_eq!(answers.pop().map(in_the_way), Some(vec![RunNo(1)]));
    assert_eq!(answers.pop(), Some(Ok(Answer::Started { run: RunNo(1), epoch: 1 })));
    // The run in its way says so, whatever else becomes of that.
    let left_out = || -> Vec<String> {
        let skipped = subject.view(RunNo(1)).row.skipped;
        skipped.latest.iter().map(|start| start.id.to_string()).collect()
    };
    assert_eq!(left_out(), ["b"]);
    assert!(subject.append(append(RunNo(1), 1, 0, Chain::of(RunNo(1)).seeds(1))).is_ok());
    subject.is_over(RunNo(1));
    assert_eq!(left_out(), ["b"]);
    // Nothing else was recorded of it.
    assert_eq!(subject.recorded("b"), RunNo(2));
}

fn keyed(subject: &Subject) {
    let a = subject.begun("a", OverlapPolicy::Skip);
    let keyed = subject.overlapping("b", Some("k"), OverlapPolicy::Skip);
    assert_eq!(keyed, Ok(Answer::Started { run: RunNo(2), epoch: 1 }));
    assert_eq!(in_the_way(subject.overlapping("c", Some("k"), OverlapPolicy::Skip)), [RunNo(2)]);
    // Of that script both are.
    assert_eq!(in_the_way(subject.overlapping("d", None, OverlapPolicy::Skip)), [a, RunNo(2)]);
    let mut other = NewRun { claim: Some(ALICE), ..new_run("e") };
    other.overlap = Some(NewOverlap { key: Some("k".to_owned()), policy: OverlapPolicy::Skip });
    assert_eq!(in_the_way(subject.start(other)), [RunNo(2)]);
}

fn ended(subject: &Subject) {
    let a = subject.begun("a", OverlapPolicy::Skip);
    subject.is_over(a);
    let b = subject.begun("b", OverlapPolicy::Skip);
    let c = subject.begun("c", OverlapPolicy::Allow);
    assert_eq!(in_the_way(subject.overlapping("d", None, OverlapPolicy::Skip)), [b, c]);
}

fn queued(subject: &Subject) {
    let a = subject.begun("a", OverlapPolicy::Queue);
    assert!(subject.may_begin(a), "nothing is in its way");
    let beside = subject.begun("b", OverlapPolicy::Allow);
    let (first, second) =
        (subject.begun("c", OverlapPolicy::Queue), subject.begun("d", OverlapPolicy::Queue));
    assert!(!subject.may_begin(second) && !subject.may_begin(first));
    subject.is_over(a);
    assert!(!subject.may_begin(first), "the one beside it has not ended");
    subject.is_over(beside);
    assert!(!subject.may_begin(second), "the other came first");
    assert!(subject.may_begin(first) && !subject.may_begin(second));
    subject.is_over(first);
    assert!(subject.may_begin(second));
}

fn cancelled(subject: &Subject) {
    let a = subject.begun("a", OverlapPolicy::Allow);
    let b = match subject.overlapping("b", None, OverlapPolicy::Cancel) {
        Ok(Answer::Superseding { run, epoch: 1, told }) => {
            assert_eq!(told.messages.iter().map(|(run, _)| *run).collect::<Vec<_>>(), [a]);
            run
        }
        other => panic!("{other:?}"),
    };
    let inbox = subject.snapshot(a).inbox;
    assert!(matches!(inbox.as_slice(), [message] if matches!(message.body, MessageBody::Cancel { .. })));
    assert!(!subject.may_begin(b));
    let c = subject.begun("c", OverlapPolicy::Cancel);
    assert_eq!((subject.snapshot(a).inbox.len(), subject.snapshot(b).inbox.len()), (1, 1));
    subject.is_over(b);
    assert!(!subject.may_begin(c), "the first has not ended");
    subject.is_over(a);
    assert!(subject.may_begin(c));
}

fn deaf(subject: &Subject) {
    let a = subject.begun("a", OverlapPolicy::Allow);
    assert_eq!(subject.append(gets_stuck(a, 1, 0)), Ok(Answer::Done));
    let b = subject.begun("b", OverlapPolicy::Cancel);
    assert_eq!(subject.snapshot(a).inbox.len(), 1, "it hears it when it is mended");
    assert!(subject.may_begin(b));
    assert_eq!(in_the_way(subject.overlapping("c", None, OverlapPolicy::Skip)), [a, b]);
}

fn same_id(subject: &Subject) {
    subject.begun("a", OverlapPolicy::Skip);
    let mut again = NewRun { nonce: crate::history::MessageId([9; 16]), ..new_run("a") };
    again.overlap = Some(NewOverlap { key: None, policy: OverlapPolicy::Skip });
    assert!(matches!(subject.start(again), Ok(Answer::Exists { .. })));
}

fn refused(subject: &Subject) {
    for key in ["", &"x".repeat(257)] {
        let refused = subject.overlapping("a", Some(key), OverlapPolicy::Skip);
        assert!(matches!(refused, Err(StoreError::Protocol { .. })), "{refused:?}");
    }
    let queue = crate::store::NewQueue { name: "q".to_owned(), priority: 0, limits: QueueLimits::default() };
    let overlap = NewOverlap { key: None, policy: OverlapPolicy::Queue };
    let refused = subject.start(NewRun { queue: Some(queue), overlap: Some(overlap), ..new_run("a") });
    assert!(matches!(refused, Err(StoreError::Protocol { .. })), "{refused:?}");
    assert_eq!(subject.recorded("a"), RunNo(1));
}

fn served(subject: &Subject) {
    let awake = |claim| subject.ask(Request::Awake { waker: Waker::Serve(claim) });
    assert_eq!((awake(ALICE), awake(ALICE)), (Ok(Answer::Done), Ok(Answer::Done)));
    assert_eq!(awake(BOB), Err(StoreError::Served { claim: ALICE }));
    subject.living.died(ALICE.token);
    assert_eq!(awake(BOB), Ok(Answer::Done));
}
