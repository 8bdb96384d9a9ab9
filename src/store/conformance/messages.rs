//! Checks of messages: numbered, stamped, once by id, gone when delivered, remembered as long as promised.

use super::fixtures::{NOON, append, new_run, signal};
use super::{Chain, Check, Subject};
use crate::history::{
    Choice, CommandKind, CommandLabel, Fact, MessageBody, MessageId, MessageNo, Moment, OpId, Pending, RunNo,
    RunStatus, SignalReceived, Value,
};
use crate::store::{Answer, Append, Kept, NewMessage, Request, StoreError, Upkeep};
use std::time::Duration;

pub(super) const CHECKS: &[Check] = &[
    ("messages are numbered, and their instants never decrease", numbers_and_instants),
    ("a message sent again is told with its number and not stored twice", duplicates),
    ("what is delivered leaves the inbox by number and id, and is remembered", delivered),
    ("a message that never was in the inbox counts and is remembered when it is delivered", live),
    ("what a run has heard it does not hear again", once),
    ("the ids of resends are forgotten after a day, those of keys are not", remembered),
    ("a message to an ended run is refused, one accepted before is acknowledged", ended),
    ("a question is answered until its time is over, not after", answered_in_time),
];

const DAY: Duration = Duration::from_hours(24);

fn accepted(no: u64, at: Moment) -> Answer {
    Answer::Delivered { no: MessageNo(no), accepted_at: at, duplicate: false }
}

fn known(no: u64, at: Moment) -> Answer {
    Answer::Delivered { no: MessageNo(no), accepted_at: at, duplicate: true }
}

fn numbers_and_instants(subject: &Subject) {
    let (run, other) = (subject.recorded("a"), subject.recorded("b"));
    let later = NOON.plus_ms(60_000);
    subject.clock.set(later);
    assert_eq!(subject.deliver(signal(run, "x")), Ok(accepted(1, later)));
    subject.clock.set(NOON);
    assert_eq!(subject.deliver(signal(run, "y")), Ok(accepted(2, later)));
    assert_eq!(subject.deliver(signal(other, "z")), Ok(accepted(1, NOON)));
    let inbox = subject.snapshot(run).inbox;
    let seen: Vec<(u64, Moment, MessageId)> =
        inbox.iter().map(|message| (message.no.0, message.accepted_at, message.id)).collect();
    assert_eq!(seen, [(1, later, signal(run, "x").id), (2, later, signal(run, "y").id)]);
    assert_eq!(inbox.first().map(|message| &message.body), Some(&signal(run, "x").body));
    assert_eq!(subject.view(run).unread, 2);
}

fn duplicates(subject: &Subject) {
    let run = subject.recorded("a");
    assert_eq!(subject.ask(Request::Recall { id: signal(run, "x").id }), Ok(Answer::Done));
    assert_eq!(subject.deliver(signal(run, "x")), Ok(accepted(1, NOON)));
    subject.clock.advance(Duration::from_secs(9));
    assert_eq!(subject.deliver(signal(run, "x")), Ok(known(1, NOON)));
    assert_eq!(subject.ask(Request::Recall { id: signal(run, "x").id }), Ok(known(1, NOON)));
    assert_eq!(subject.snapshot(run).inbox.len(), 1);
    assert_eq!(subject.snapshot(run).row.messages, 1);
}

fn received(chain: &mut Chain, no: u64, id: MessageId, accepted_at: Moment) -> crate::history::Record {
    let fact = SignalReceived {
        message_no: MessageNo(no),
        message_id: id,
        name: "x".to_owned(),
        payload: Value::Null,
        accepted_at,
    };
    chain.seal(accepted_at, Fact::SignalReceived(Box::new(fact)))
}

fn delivered(subject: &Subject) {
    let run = subject.recorded("a");
    for name in ["x", "y"] {
        assert!(subject.deliver(signal(run, name)).is_ok());
    }
    assert!(subject.ask(Request::Claim { run, claim: super::fixtures::ALICE }).is_ok());
    let (x, y) = (signal(run, "x").id, signal(run, "y").id);
    let mut chain = Chain::of(run);
    let mismatch = Append {
        delivered: vec![(MessageNo(1), MessageId([3; 16]))],
        ..append(run, 1, 0, vec![received(&mut chain, 1, MessageId([3; 16]), NOON)])
    };
    assert_eq!(subject.append(mismatch), Ok(Answer::Done));
    assert_eq!(subject.snapshot(run).inbox.len(), 2, "another id under that number stays");
    let both = Append {
        delivered: vec![(MessageNo(1), x), (MessageNo(2), y)],
        ..append(run, 1, 1, vec![received(&mut chain, 1, x, NOON), received(&mut chain, 2, y, NOON)])
    };
    assert_eq!(subject.append(both), Ok(Answer::Done));
    assert_eq!(subject.snapshot(run).inbox, []);
    assert_eq!(subject.deliver(signal(run, "x")), Ok(known(1, NOON)));
    assert_eq!(subject.snapshot(run).row.messages, 2);
}

fn live(subject: &Subject) {
    let run = subject.executed("a");
    let stamp = NOON.plus_ms(5_000);
    let id = signal(run, "x").id;
    let taken = Append {
        delivered: vec![(MessageNo(3), id)],
        ..append(run, 1, 0, vec![received(&mut Chain::of(run), 3, id, stamp)])
    };
    assert_eq!(subject.append(taken.clone()), Ok(Answer::Done));
    assert_eq!(subject.append(taken), Ok(Answer::Done));
    subject.done(Request::Release { run, epoch: 1 });
    let row = subject.snapshot(run).row;
    assert_eq!((row.messages, row.last_message_at), (3, stamp));
    assert!(matches!(
        subject.deliver(signal(run, "x")),
        Ok(Answer::Delivered { no: MessageNo(3), duplicate: true, .. })
    ));
    assert_eq!(subject.deliver(signal(run, "y")), Ok(accepted(4, stamp)));
}

fn once(subject: &Subject) {
    let run = subject.executed("a");
    let mut chain = Chain::of(run);
    // The first was only offered, the other lay in the inbox.
    let (offered, stored) = (signal(run, "x").id, signal(run, "y").id);
    assert_eq!(subject.deliver(signal(run, "y")), Ok(accepted(1, NOON)));
    for (from, no, id) in [(0, 2, offered), (1, 1, stored)] {
        let delivered = vec![(MessageNo(no), id)];
        let heard = Append { delivered, ..append(run, 1, from, vec![received(&mut chain, no, id, NOON)]) };
        assert_eq!(subject.append(heard.clone()), Ok(Answer::Done));
        assert_eq!(subject.append(heard), Ok(Answer::Done), "the same append, sent again");
    }
    let before = subject.all_of(run);
    for (no, id) in [(2, offered), (1, stored), (9, stored)] {
        let delivered = vec![(MessageNo(no), id)];
        let mut chain = chain.clone();
        let again = Append { delivered, ..append(run, 1, 2, vec![received(&mut chain, no, id, NOON)]) };
        let refused = subject.append(again);
        assert!(matches!(refused, Err(StoreError::Heard { .. })), "{refused:?}");
    }
    assert_eq!(subject.all_of(run), before);
}

fn remembered(subject: &Subject) {
    let run = subject.recorded("a");
    let keyed = NewMessage { keyed: true, ..signal(run, "keyed") };
    assert_eq!(subject.deliver(keyed.clone()), Ok(accepted(1, NOON)));
    assert_eq!(subject.deliver(signal(run, "plain")), Ok(accepted(2, NOON)));
    assert!(subject.ask(Request::Claim { run, claim: super::fixtures::ALICE }).is_ok());
    let id = signal(run, "live").id;
    let live = Append {
        delivered: vec![(MessageNo(3), id)],
        ..append(run, 1, 0, vec![received(&mut Chain::of(run), 3, id, NOON)])
    };
    assert_eq!(subject.append(live), Ok(Answer::Done));
    subject.done(Request::Release { run, epoch: 1 });
    let next = |name: &str| {
        subject.clock.advance(DAY / 2 + Duration::from_mins(1));
        let number = subject.snapshot(run).row.messages + 1;
        assert_eq!(subject.deliver(signal(run, name)), Ok(accepted(number, subject_now(subject))));
    };
    next("half a day later");
    assert_eq!(subject.deliver(signal(run, "plain")), Ok(known(2, NOON)), "not yet a day");
    next("a day later");
    assert_eq!(subject.ask(Request::Recall { id: signal(run, "plain").id }), Ok(Answer::Done));
    assert_eq!(
        subject.ask(Request::Upkeep(Box::new(Upkeep::Audit))),
        Ok(Answer::Kept(Box::new(Kept::Wrong(Vec::new()))))
    );
    assert_eq!(subject.deliver(keyed), Ok(known(1, NOON)));
    assert!(
        matches!(subject.ask(Request::Recall { id }), Ok(Answer::Delivered { no: MessageNo(3), .. })),
        "its key, if it had one, is not known here: it is remembered as long as the run"
    );
}

fn subject_now(subject: &Subject) -> Moment {
    crate::timer::Clock::now(&subject.clock)
}

fn ended(subject: &Subject) {
    let run: RunNo = subject.recorded("a");
    assert_eq!(subject.deliver(signal(run, "x")), Ok(accepted(1, NOON)));
    subject.done(Request::Terminate { run, reason: String::new() });
    assert_eq!(subject.deliver(signal(run, "x")), Ok(known(1, NOON)));
    let body = MessageBody::Cancel { cause: crate::history::CancelCause::Request, reason: String::new() };
    let cancel = NewMessage { body, ..signal(run, "late") };
    let refusal = StoreError::Ended { id: new_run("a").id, status: RunStatus::Terminated };
    assert_eq!(subject.deliver(cancel.clone()), Err(refusal));
    assert_eq!(subject.ask(Request::Recall { id: cancel.id }), Ok(Answer::Done), "nothing is stored");
}

fn answered_in_time(subject: &Subject) {
    let run = subject.executed("a");
    let label = CommandLabel { kind: CommandKind::Ask, name: "Ship it?".to_owned() };
    let asks = |op, seconds: i64| Pending {
        due: Some(NOON.plus_ms(seconds * 1_000)),
        ..Pending::new(OpId(op), label.clone(), NOON)
    };
    let pending = vec![asks(1, 3), asks(2, 3), asks(3, 9)];
    assert_eq!(subject.append(Append { pending, ..append(run, 1, 0, Vec::new()) }), Ok(Answer::Done));
    subject.done(Request::Release { run, epoch: 1 });
    let answer = |op| {
        let choice =
            Choice { choice: "yes".into(), who: String::new(), note: String::new(), asked: String::new() };
        let body = MessageBody::Answer { question: OpId(op), choice };
        let id = MessageId::of_question("a", 0, OpId(op));
        subject.deliver(NewMessage { run, id, keyed: true, body })
    };
    let at = |seconds: i64| NOON.plus_ms(seconds * 1_000);
    subject.clock.advance(Duration::from_secs(3));
    assert_eq!(answer(1), Ok(accepted(1, at(3))), "its last instant");
    subject.clock.advance(Duration::from_millis(1));
    let before = subject.all_of(run);
    assert_eq!(answer(2), Err(StoreError::NotAsked { id: subject.snapshot(run).row.id }));
    assert_eq!(subject.all_of(run), before, "what is refused leaves no trace");
    assert_eq!(answer(1), Ok(known(1, at(3))), "accepted in time, and sent again");
    assert!(matches!(answer(3), Ok(Answer::Delivered { duplicate: false, .. })));
}
