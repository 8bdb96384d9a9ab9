//! Checks of locks: one holder at a time, first asked first served, handed on in the transaction that lets go.

use super::fixtures::{NOON, append};
use super::{Chain, Check, Subject};
use crate::history::{
    CommandKind, CommandLabel, Fact, LockGranted, Message, MessageBody, OpId, RunEnd, RunEnded, RunNo, Seq,
    StoredStatus, Value,
};
use crate::store::{Answer, Append, LockChange, Request, RowChange, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("a free lock is granted at once, by a message of its run", granted_at_once),
    ("those who ask for a held lock are served in the order of asking", in_order),
    ("asking again keeps the place, letting go again changes nothing", again),
    ("one run may wait behind itself by another command", behind_itself),
    ("a waiter that gives up leaves its place, and a grant that was not told goes on to the next", gives_up),
    ("an end and a termination hand on all that the run held or waited for", ends),
    ("a lock stays held while its run is put down and taken up by another process", stays_held),
    ("an append of an epoch that is over changes no lock", fenced),
    ("the delivery of a grant takes it out of the inbox and keeps the lock", delivered),
    ("a lock without a name is refused and leaves nothing behind", unnamed),
];

fn asked(op: u32, name: &str) -> LockChange {
    LockChange::Asked { op: OpId(op), name: name.to_owned() }
}

fn released(op: u32) -> LockChange {
    LockChange::Released { op: OpId(op) }
}

impl Subject {
    fn locks(&self, run: RunNo, changes: Vec<LockChange>) {
        let answer = self.append(Append { locks: changes, ..append(run, 1, 0, Vec::new()) });
        assert!(matches!(answer, Ok(Answer::Done | Answer::Told(_))), "{answer:?}");
    }

    /// The commands of a run whose grants wait in its inbox.
    fn granted(&self, run: RunNo) -> Vec<(u32, String)> {
        let inbox = self.snapshot(run).inbox;
        inbox.iter().filter_map(grant).collect()
    }

    /// Name, holder and number of those before, for each lock of a run.
    fn stands(&self, run: RunNo) -> Vec<(String, String, u32)> {
        let locks = self.view(run).locks;
        locks.into_iter().map(|lock| (lock.name, lock.holder.to_string(), lock.before)).collect()
    }
}

fn grant(message: &Message) -> Option<(u32, String)> {
    match &message.body {
        MessageBody::Grant { op, name } => Some((op.0, name.clone())),
        MessageBody::Signal { .. }
        | MessageBody::Cancel { .. }
        | MessageBody::Resolve { .. }
        | MessageBody::Answer { .. }
        | MessageBody::Update { .. }
        | MessageBody::ChildEnded { .. } => None,
    }
}

fn stand(name: &str, holder: &str, before: u32) -> Vec<(String, String, u32)> {
    vec![(name.to_owned(), holder.to_owned(), before)]
}

fn db(op: u32) -> Vec<(u32, String)> {
    vec![(op, "db".to_owned())]
}

fn granted_at_once(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.executed("b"));
    subject.locks(a, vec![asked(3, "db")]);
    subject.locks(b, vec![asked(3, "d")]);
    assert_eq!((subject.granted(a), subject.stands(a)), (db(3), stand("db", "a", 0)));
    assert_eq!(subject.stands(b), stand("d", "b", 0), "one name is no beginning of another");
    assert_eq!(subject.snapshot(a).lock_ops, [OpId(3)]);
}

fn in_order(subject: &Subject) {
    let runs = ["a", "b", "c"].map(|id| subject.executed(id));
    for run in runs {
        subject.locks(run, vec![asked(0, "db")]);
    }
    let [a, b, c] = runs;
    assert_eq!((subject.stands(b), subject.stands(c)), (stand("db", "a", 1), stand("db", "a", 2)));
    assert_eq!((subject.granted(b), subject.granted(c)), (vec![], vec![]));
    subject.locks(a, vec![released(0)]);
    assert_eq!((subject.granted(b), subject.granted(c)), (db(0), vec![]));
    subject.locks(b, vec![released(0)]);
    assert_eq!((subject.granted(c), subject.stands(c)), (db(0), stand("db", "c", 0)));
    subject.locks(c, vec![released(0)]);
    subject.locks(a, vec![asked(9, "db")]);
    assert_eq!(subject.granted(a), db(9), "a lock that was free for a while is granted again");
}

fn again(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.executed("b"));
    subject.locks(a, vec![asked(0, "db")]);
    subject.locks(b, vec![asked(0, "db")]);
    subject.locks(a, vec![asked(0, "db")]);
    assert_eq!((subject.granted(a), subject.stands(b)), (db(0), stand("db", "a", 1)));
    subject.locks(a, vec![released(0), released(0)]);
    subject.locks(a, vec![released(0)]);
    assert_eq!((subject.granted(b), subject.stands(a)), (db(0), vec![]));
}

fn behind_itself(subject: &Subject) {
    let a = subject.executed("a");
    subject.locks(a, vec![asked(0, "db"), asked(1, "db")]);
    assert_eq!(subject.granted(a), db(0));
    subject.locks(a, vec![released(0)]);
    assert_eq!(subject.granted(a), db(1), "its first grant is not told any more");
}

fn gives_up(subject: &Subject) {
    let [a, b, c] = ["a", "b", "c"].map(|id| subject.executed(id));
    for run in [a, b, c] {
        subject.locks(run, vec![asked(0, "db")]);
    }
    subject.locks(b, vec![released(0)]);
    assert_eq!((subject.stands(b), subject.stands(c)), (vec![], stand("db", "a", 1)));
    subject.locks(a, vec![released(0)]);
    assert_eq!((subject.granted(b), subject.granted(c)), (vec![], db(0)));
    subject.locks(c, vec![released(0)]);
    assert_eq!(subject.granted(c), vec![], "the message of a grant goes with the lock");
}

fn ends(subject: &Subject) {
    let [a, b, c] = ["a", "b", "c"].map(|id| subject.executed(id));
    subject.locks(a, vec![asked(0, "db"), asked(1, "files")]);
    subject.locks(b, vec![asked(0, "db"), asked(1, "files")]);
    subject.locks(c, vec![asked(0, "db")]);
    let end = RunEnd::Completed { result: Value::Null };
    let record = Chain::of(a).seal(NOON, Fact::RunEnded(Box::new(RunEnded::of(end.clone()))));
    let row = RowChange { status: Some(StoredStatus::Ended(end)), ..RowChange::default() };
    let last = Append { row, locks: vec![asked(7, "db")], ..append(a, 1, 0, vec![record]) };
    assert!(subject.append(last).is_ok());
    assert_eq!(subject.snapshot(a).row.unread, 0, "a grant is no letter that nobody read");
    assert_eq!(subject.granted(b).len(), 2);
    assert_eq!((subject.stands(a), subject.stands(c)), (vec![], stand("db", "b", 1)));
    assert!(subject.ask(Request::Terminate { run: b, reason: String::new() }).is_ok());
    assert_eq!((subject.granted(c), subject.stands(c)), (db(0), stand("db", "c", 0)));
    assert!(subject.ask(Request::Terminate { run: c, reason: String::new() }).is_ok());
}

fn stays_held(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.executed("b"));
    subject.locks(a, vec![asked(0, "db")]);
    subject.locks(b, vec![asked(0, "db")]);
    subject.done(Request::Release { run: a, epoch: 1 });
    assert_eq!(subject.stands(b), stand("db", "a", 1));
    assert!(subject.ask(Request::Claim { run: a, claim: super::fixtures::BOB }).is_ok());
    assert_eq!((subject.stands(a), subject.granted(b)), (stand("db", "a", 0), vec![]));
}

fn fenced(subject: &Subject) {
    let (a, b) = (subject.executed("a"), subject.executed("b"));
    subject.locks(a, vec![asked(0, "db")]);
    subject.locks(b, vec![asked(0, "db")]);
    subject.done(Request::Release { run: a, epoch: 1 });
    assert!(subject.ask(Request::Claim { run: a, claim: super::fixtures::BOB }).is_ok());
    let late = Append { locks: vec![released(0)], ..append(a, 1, 0, Vec::new()) };
    assert_eq!(subject.append(late), Err(StoreError::Fenced { epoch: 1, current: 2 }));
    assert_eq!(subject.stands(b), stand("db", "a", 1));
}

fn delivered(subject: &Subject) {
    let a = subject.executed("a");
    subject.locks(a, vec![asked(0, "db")]);
    let Some(message) = subject.snapshot(a).inbox.first().cloned() else { panic!("a grant") };
    let granted = LockGranted {
        message_no: message.no,
        message_id: message.id,
        op: OpId(0),
        label: CommandLabel { kind: CommandKind::WithLock, name: "db".to_owned() },
        accepted_at: message.accepted_at,
    };
    let mut chain = Chain::of(a);
    let record = chain.seal(NOON, Fact::LockGranted(Box::new(granted)));
    let entry = Append { delivered: vec![(message.no, message.id)], ..append(a, 1, 0, vec![record]) };
    assert_eq!(subject.append(entry.clone()), Ok(Answer::Done));
    assert_eq!(subject.append(entry), Ok(Answer::Done), "sent again it is the same");
    assert_eq!((subject.granted(a), subject.stands(a)), (vec![], stand("db", "a", 0)));
    assert_eq!(subject.snapshot(a).entries, Seq(1));
}

fn unnamed(subject: &Subject) {
    let a = subject.executed("a");
    let before = subject.all_of(a);
    for name in [String::new(), "x".repeat(257)] {
        let refused = Append { locks: vec![asked(0, &name)], ..append(a, 1, 0, Chain::of(a).seeds(1)) };
        assert!(matches!(subject.append(refused), Err(StoreError::Protocol { .. })));
    }
    assert_eq!(subject.all_of(a), before);
}
