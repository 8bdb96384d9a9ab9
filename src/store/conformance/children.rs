//! Checks of children: tied to the command that starts them, once; their end in their parent's inbox; what becomes of them when it closes.

use super::fixtures::{ALICE, BOB, Chain, NOON, append, gets_stuck, new_run};
use super::{Check, Subject};
use crate::history::{
    CancelCause, ChildOutcome, Fact, MOST_NESTED_RUNS, MessageBody, MessageId, OnParentClose, OpId, Restart,
    RunEnd, RunEnded, RunNo, RunRestarted, RunStatus, StoredStatus, Value,
};
use crate::store::{Answer, Append, NewParent, NewRun, Request, RowChange, RunFilter, RunView, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("a command starts its child once, whatever became of both since", once),
    ("another command, or a start without a parent, finds the id taken", taken),
    ("only the executor of an open run starts children of it", refused),
    ("runs are nested so deep and no deeper", depth),
    ("the end of a child is in its parent's inbox with it, once", told),
    ("a stuck child is told; its end takes the place of what was not heard yet", stuck),
    ("an ended parent leaves its children as each was started", closes),
    ("a child that was asked to end is not asked again", asked_before),
    ("a new generation closes the children of the one before and hears nothing of them", restarts),
    ("what is ended with its parent closes its own children", nested),
];

fn tie(run: RunNo, op: u32, on_close: OnParentClose) -> NewParent {
    NewParent { run, epoch: 1, generation: 0, op: OpId(op), on_close }
}

fn child(id: &str, parent: NewParent) -> NewRun {
    NewRun { claim: Some(ALICE), parent: Some(parent), ..new_run(id) }
}

fn started(subject: &Subject, new: NewRun) -> RunNo {
    match subject.start(new) {
        Ok(Answer::Started { run, epoch: 1 }) => run,
        other => panic!("{other:?} instead of a child"),
    }
}

fn a_child(subject: &Subject, parent: RunNo, op: u32, on_close: OnParentClose) -> RunNo {
    started(subject, child(&format!("c{parent}-{op}"), tie(parent, op, on_close)))
}

fn end(subject: &Subject, run: RunNo, result: i64) {
    let end = RunEnd::Completed { result: result.into() };
    let fact = Fact::RunEnded(Box::new(RunEnded::of(end.clone())));
    let row = RowChange { status: Some(StoredStatus::Ended(end)), ..RowChange::default() };
    let answer = subject.append(Append { row, ..append(run, 1, 0, vec![Chain::of(run).seal(NOON, fact)]) });
    assert!(matches!(answer, Ok(Answer::Done | Answer::Told(_))), "{answer:?}");
}

fn terminate(subject: &Subject, run: RunNo) {
    let answer = subject.ask(Request::Terminate { run, reason: "x".to_owned() });
    assert!(matches!(answer, Ok(Answer::Done | Answer::Told(_))), "{answer:?}");
}

/// What a run has been told of its children.
fn ends(subject: &Subject, run: RunNo) -> Vec<(u32, String)> {
    let inbox = subject.snapshot(run).inbox;
    inbox
        .iter()
        .filter_map(|message| match &message.body {
            MessageBody::ChildEnded { op, outcome, .. } => {
                let said = match outcome {
                    ChildOutcome::Ended(RunEnd::Completed { result }) => format!("completed {result}"),
                    ChildOutcome::Ended(_) | ChildOutcome::Stuck(_) => outcome.word().to_owned(),
                };
                Some((op.0, said))
            }
            _ => None,
        })
        .collect()
}

/// How often a run was asked to end, by a request.
fn asked(subject: &Subject, run: RunNo) -> usize {
    let is_cancel =
        |body: &MessageBody| matches!(body, MessageBody::Cancel { cause: CancelCause::Request, .. });
    subject.snapshot(run).inbox.iter().filter(|message| is_cancel(&message.body)).count()
}

fn children(subject: &Subject, parent: RunNo) -> Vec<RunView> {
    match subject.ask(Request::List(RunFilter { parent: Some(parent), ..RunFilter::default() })) {
        Ok(Answer::Views(views)) => views,
        other => panic!("{other:?} instead of children"),
    }
}

fn once(subject: &Subject) {
    let parent = subject.executed("p");
    let new = child("p.0", tie(parent, 0, OnParentClose::Cancel));
    let run = started(subject, new.clone());
    let again = Ok(Answer::Started { run, epoch: 0 });
    assert_eq!(subject.start(new.clone()), again);
    // The nonce may be forgotten, and the file have another text by now.
    let later = NewRun { nonce: MessageId([9; 16]), scripts: Vec::new(), ..new };
    assert_eq!(subject.start(later.clone()), again);
    let row = subject.view(run).row;
    let tied = row.parent.unwrap_or_else(|| panic!("no parent"));
    assert_eq!((tied.run, tied.id.as_str(), tied.op, tied.depth), (parent, "p", OpId(0), 1));
    let second = a_child(subject, parent, 7, OnParentClose::Cancel);
    let listed: Vec<RunNo> = children(subject, parent).iter().map(|view| view.row.no).collect();
    assert_eq!(listed, [second, run], "the newest first");
    end(subject, run, 1);
    assert_eq!(subject.start(later.clone()), again);
    end(subject, parent, 1);
    assert_eq!(subject.start(later), again);
}

fn taken(subject: &Subject) {
    let parent = subject.executed("p");
    let own = tie(parent, 0, OnParentClose::Cancel);
    let run = started(subject, child("x", own.clone()));
    let other_op = child("x", tie(parent, 1, OnParentClose::Cancel));
    let other_generation = child("x", NewParent { generation: 1, ..own });
    for new in [other_op, other_generation, new_run("x")] {
        let answer = subject.start(NewRun { nonce: MessageId([9; 16]), ..new });
        assert!(matches!(&answer, Ok(Answer::Exists { row, .. }) if row.no == run), "{answer:?}");
    }
}

fn refused(subject: &Subject) {
    let parent = subject.executed("p");
    let own = tie(parent, 0, OnParentClose::Cancel);
    let refusal = subject.start(child("c", NewParent { epoch: 7, ..own.clone() }));
    assert_eq!(refusal, Err(StoreError::Fenced { epoch: 7, current: 1 }));
    let refusal = subject.start(child("c", NewParent { generation: 7, ..own.clone() }));
    assert!(matches!(refusal, Err(StoreError::Fenced { .. })), "{refusal:?}");
    let refusal = subject.start(child("c", NewParent { run: RunNo(99), ..own.clone() }));
    assert_eq!(refusal, Err(StoreError::NoRun { run: RunNo(99) }));
    terminate(subject, parent);
    let ended = StoreError::Ended { id: new_run("p").id, status: RunStatus::Terminated };
    assert_eq!(subject.start(child("c", own)), Err(ended));
    assert_eq!(subject.ask(Request::Find { text: "c".to_owned() }), Ok(Answer::Runs(Vec::new())));
    assert!(children(subject, parent).is_empty());
}

fn depth(subject: &Subject) {
    let mut parent = subject.executed("p");
    for level in 0..MOST_NESTED_RUNS {
        let answer = subject.start(child(&format!("p{level}"), tie(parent, 0, OnParentClose::Cancel)));
        let Ok(Answer::Started { run, .. }) = answer else { panic!("{level}: {answer:?}") };
        parent = run;
    }
    let answer = subject.start(child("deeper", tie(parent, 0, OnParentClose::Cancel)));
    assert!(matches!(answer, Err(StoreError::Nested { most: MOST_NESTED_RUNS, .. })), "{answer:?}");
}

fn told(subject: &Subject) {
    let parent = subject.executed("p");
    let (first, second) = (
        a_child(subject, parent, 3, OnParentClose::Cancel),
        a_child(subject, parent, 5, OnParentClose::Abandon),
    );
    end(subject, first, 8);
    terminate(subject, second);
    let expected = [(3, "completed 8".to_owned()), (5, "terminated".to_owned())];
    assert_eq!(ends(subject, parent), expected);
    let end_again = subject.ask(Request::Terminate { run: first, reason: String::new() });
    assert!(matches!(end_again, Err(StoreError::Ended { .. })), "{end_again:?}");
    assert_eq!(ends(subject, parent), expected);
}

fn get_stuck(subject: &Subject, run: RunNo) {
    let answer = subject.append(gets_stuck(run, 1, 0));
    assert!(matches!(answer, Ok(Answer::Done | Answer::Told(_))), "{answer:?}");
}

fn stuck(subject: &Subject) {
    let parent = subject.executed("p");
    let run = a_child(subject, parent, 0, OnParentClose::Cancel);
    get_stuck(subject, run);
    get_stuck(subject, run);
    assert_eq!(ends(subject, parent), [(0, "stuck".to_owned())]);
    end(subject, run, 4);
    assert_eq!(ends(subject, parent), [(0, "completed 4".to_owned())]);
}

fn closes(subject: &Subject) {
    let parent = subject.executed("p");
    let [cancel, terminate, abandon] =
        [(1, OnParentClose::Cancel), (2, OnParentClose::Terminate), (3, OnParentClose::Abandon)]
            .map(|(op, on_close)| a_child(subject, parent, op, on_close));
    let over = a_child(subject, parent, 4, OnParentClose::Terminate);
    end(subject, over, 1);
    end(subject, parent, 1);
    assert_eq!((asked(subject, cancel), asked(subject, abandon)), (1, 0));
    let statuses = [cancel, terminate, abandon, over].map(|run| subject.view(run).status);
    let [cancel, terminate, abandon, over] = statuses;
    assert!(!cancel.is_ended() && !abandon.is_ended(), "{statuses:?}");
    assert_eq!((terminate, over), (RunStatus::Terminated, RunStatus::Completed));
}

fn asked_before(subject: &Subject) {
    let parent = subject.executed("p");
    let run = a_child(subject, parent, 1, OnParentClose::Cancel);
    let body = MessageBody::Cancel { cause: CancelCause::Request, reason: String::new() };
    let message = crate::store::NewMessage { run, id: MessageId([3; 16]), keyed: true, body };
    for _ in 0..2 {
        let answer = subject.ask(Request::Post(Box::new(message.clone())));
        assert!(matches!(answer, Ok(Answer::Delivered { .. })), "{answer:?}");
    }
    terminate(subject, parent);
    assert_eq!(asked(subject, run), 1);
}

fn restarts(subject: &Subject) {
    let parent = subject.executed("p");
    let [cancel, ended] = [1, 2].map(|op| a_child(subject, parent, op, OnParentClose::Cancel));
    end(subject, ended, 1);
    let fact = Fact::RunRestarted(Box::new(RunRestarted { generation: 1, input: Value::Null }));
    let restart = Restart { input: Value::Null, timeout_ms: None, unread: Vec::new() };
    let row = RowChange { restart: Some(restart), ..RowChange::default() };
    let record = Chain::of(parent).seal(NOON, fact);
    let answer = subject.append(Append { row, ..append(parent, 1, 0, vec![record]) });
    assert!(matches!(answer, Ok(Answer::Done | Answer::Told(_))), "{answer:?}");
    assert_eq!(asked(subject, cancel), 1);
    end(subject, cancel, 1);
    assert_eq!(ends(subject, parent), [], "the new generation has started neither");
}

fn nested(subject: &Subject) {
    let parent = subject.executed("p");
    let middle = a_child(subject, parent, 1, OnParentClose::Terminate);
    let [cancel, terminated] = [(1, OnParentClose::Cancel), (2, OnParentClose::Terminate)]
        .map(|(op, on_close)| a_child(subject, middle, op, on_close));
    // Whoever executes them now: they are ended all the same.
    subject.living.died(ALICE.token);
    assert!(subject.ask(Request::Claim { run: terminated, claim: BOB }).is_ok());
    terminate(subject, parent);
    let statuses = [middle, terminated].map(|run| subject.view(run).status);
    assert_eq!(statuses, [RunStatus::Terminated; 2]);
    assert_eq!(asked(subject, cancel), 1);
}
