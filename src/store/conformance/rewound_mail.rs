//! Checks of what a rewind does with mail: what was said is there again once, and whoever sends it again is told the truth.

use super::fixtures::{ALICE, Chain, NOON, append, new_run, signal};
use super::rewinds::{open_again, rewind, to};
use super::{Check, Subject};
use crate::history::{
    CancelCause, Fact, Message, MessageBody, MessageId, MessageNo, OnParentClose, OpId, RunNo, Seq,
};
use crate::store::{Answer, Append, NewMessage, NewParent, NewRun, Request, Rewind, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("what was said and never read before an end is there again", unread_at_the_end),
    ("what was offered under one number, stored under another and set aside is heard once more", heard_again),
    ("what is to be heard once more takes no other message's place", no_place_of_another),
    ("the end of a child that waits in the inbox is not told once more", told_once),
    (
        "the next end of a child that was opened again is told to a parent that has set the first aside",
        told_again,
    ),
    ("a request to end that a rewind has set aside counts when it is made again", asked_again),
    ("a request to end that stays is a resend when it is made again", asked_once),
];

fn unread_at_the_end(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(subject.append(append(run, 1, 0, Chain::of(run).seeds(2))), Ok(Answer::Done));
    let (heard, unheard) = (signal(run, "heard"), signal(run, "unheard"));
    assert!(subject.deliver(heard.clone()).is_ok());
    assert!(subject.deliver(unheard.clone()).is_ok());
    let delivered = vec![(MessageNo(1), heard.id)];
    assert_eq!(subject.append(Append { delivered, ..append(run, 1, 2, Vec::new()) }), Ok(Answer::Done));
    assert!(subject.ask(Request::Terminate { run, reason: String::new() }).is_ok());
    assert_eq!(subject.view(run).unread, 1);
    let epoch = subject.snapshot(run).row.epoch;
    assert_eq!(subject.ask(open_again(run, epoch, 3)), Ok(Answer::Done));
    let ids: Vec<MessageId> = subject.snapshot(run).inbox.iter().map(|message| message.id).collect();
    assert_eq!((ids, subject.view(run).unread), (vec![unheard.id], 1));
    // Whoever sends it again under its key is told that it is there: so it must be.
    let again = subject.deliver(unheard);
    assert!(matches!(again, Ok(Answer::Delivered { duplicate: true, .. })), "{again:?}");
}

fn heard_again(subject: &Subject) {
    let run = subject.executed("a");
    let message = signal(run, "x");
    assert!(subject.deliver(message.clone()).is_ok());
    let stored = subject.snapshot(run).inbox;
    // Its executor had it already, under the number of the offer.
    let [stored] = stored.as_slice() else { panic!("{stored:?}") };
    let offered = Message { no: MessageNo(3), ..stored.clone() };
    let mut chain = Chain::of(run);
    let begins = chain.seeds(1);
    let hears = |from, epoch, mut chain: Chain| {
        let record = chain.seal(NOON, Fact::of_message(&offered));
        let delivered = vec![(offered.no, offered.id)];
        Append { delivered, ..append(run, epoch, from, vec![record]) }
    };
    assert_eq!(subject.append(append(run, 1, 0, begins)), Ok(Answer::Done));
    assert_eq!(subject.append(hears(1, 1, chain.clone())), Ok(Answer::Done));
    assert_eq!(subject.view(run).unread, 0);
    subject.done(Request::Release { run, epoch: 1 });
    let new = Rewind { unread: vec![offered.clone()], ..to(run, 1, 2) };
    assert_eq!(rewind(subject, new), Ok(Answer::Done));
    assert!(subject.ask(Request::Claim { run, claim: ALICE }).is_ok());
    assert_eq!(subject.snapshot(run).inbox, std::slice::from_ref(&offered));
    let epoch = subject.snapshot(run).row.epoch;
    assert_eq!(subject.append(hears(1, epoch, chain)), Ok(Answer::Done));
    assert_eq!((subject.snapshot(run).inbox, subject.view(run).unread), (Vec::new(), 0));
}

fn no_place_of_another(subject: &Subject) {
    let run = subject.executed("a");
    let mut chain = Chain::of(run);
    assert_eq!(subject.append(append(run, 1, 0, chain.seeds(1))), Ok(Answer::Done));
    for name in ["x", "y"] {
        assert!(subject.deliver(signal(run, name)).is_ok());
    }
    let inbox = subject.snapshot(run).inbox;
    let [first, second] = inbox.as_slice() else { panic!("{inbox:?}") };
    // The first was offered under the number that the second was stored under.
    let offered = Message { no: second.no, ..first.clone() };
    let record = chain.seal(NOON, Fact::of_message(&offered));
    let heard = Append { delivered: vec![(offered.no, offered.id)], ..append(run, 1, 1, vec![record]) };
    assert_eq!(subject.append(heard), Ok(Answer::Done));
    subject.done(Request::Release { run, epoch: 1 });
    assert_eq!(rewind(subject, Rewind { unread: vec![offered.clone()], ..to(run, 1, 2) }), Ok(Answer::Done));
    let ids: Vec<MessageId> = subject.snapshot(run).inbox.iter().map(|message| message.id).collect();
    assert_eq!((ids, subject.view(run).unread), (vec![second.id, offered.id], 2));
    assert_eq!(subject.snapshot(run).row.messages, 3);
}

/// A parent of three entries, and its child of two, which has ended.
fn family(subject: &Subject) -> (RunNo, RunNo) {
    let parent = subject.executed("p");
    let tie =
        NewParent { run: parent, epoch: 1, generation: 0, op: OpId(1), on_close: OnParentClose::Abandon };
    let new = NewRun { parent: Some(tie), claim: Some(ALICE), ..new_run("c") };
    let Ok(Answer::Started { run: child, .. }) = subject.start(new) else { panic!("no child") };
    assert!(subject.append(append(parent, 1, 0, Chain::of(parent).seeds(3))).is_ok());
    assert!(subject.append(append(child, 1, 0, Chain::of(child).seeds(2))).is_ok());
    subject.done(Request::Release { run: parent, epoch: 1 });
    assert!(subject.ask(Request::Terminate { run: child, reason: String::new() }).is_ok());
    (parent, child)
}

fn told_once(subject: &Subject) {
    let (parent, _) = family(subject);
    let before = subject.snapshot(parent).inbox;
    assert_eq!(rewind(subject, to(parent, 2, 3)), Ok(Answer::Done));
    assert_eq!((before.len(), subject.snapshot(parent).inbox), (1, before));
}

fn told_again(subject: &Subject) {
    let (parent, child) = family(subject);
    let heard = subject.snapshot(parent).inbox;
    let delivered = heard.iter().map(|message| (message.no, message.id)).collect();
    assert!(subject.ask(Request::Claim { run: parent, claim: ALICE }).is_ok());
    assert_eq!(subject.append(Append { delivered, ..append(parent, 2, 3, Vec::new()) }), Ok(Answer::Done));
    subject.done(Request::Release { run: parent, epoch: 2 });
    let epoch = subject.snapshot(child).row.epoch;
    assert_eq!(subject.ask(open_again(child, epoch, 3)), Ok(Answer::Done));
    assert_eq!(rewind(subject, Rewind { seen: (2, 0, Seq(3)), ..to(parent, 2, 3) }), Ok(Answer::Done));
    assert_eq!(subject.snapshot(parent).inbox, [], "it is open");
    assert!(subject.ask(Request::Terminate { run: child, reason: String::new() }).is_ok());
    let ids: Vec<MessageId> = subject.snapshot(parent).inbox.iter().map(|message| message.id).collect();
    assert_eq!(ids, heard.iter().map(|message| message.id).collect::<Vec<_>>());
}

/// A run of two entries that was asked to end, twice: one request was delivered, the other was never read before its end.
fn asked_to_end(subject: &Subject) -> (RunNo, [NewMessage; 2]) {
    let run = subject.executed("a");
    let ask = |id| {
        let body = MessageBody::Cancel { cause: CancelCause::Request, reason: String::new() };
        NewMessage { run, id: MessageId([id; 16]), keyed: true, body }
    };
    let asked = [ask(41), ask(42)];
    for request in asked.clone() {
        assert!(matches!(subject.deliver(request), Ok(Answer::Delivered { duplicate: false, .. })));
    }
    let delivered = vec![(MessageNo(1), MessageId([41; 16]))];
    let heard = Append { delivered, ..append(run, 1, 0, Chain::of(run).seeds(2)) };
    assert_eq!(subject.append(heard), Ok(Answer::Done));
    subject.done(Request::Terminate { run, reason: String::new() });
    let [first, _] = asked.clone();
    let again = subject.deliver(first);
    assert!(matches!(again, Ok(Answer::Delivered { duplicate: true, .. })), "it ended since: {again:?}");
    (run, asked)
}

fn asked_again(subject: &Subject) {
    let (run, asked) = asked_to_end(subject);
    let opens = |nonce| {
        let (row, entries) = (subject.snapshot(run).row, subject.view(run).entries);
        let new = Rewind { nonce: MessageId([nonce; 16]), seen: (row.epoch, 0, entries), ..to(run, 1, 0) };
        assert_eq!(rewind(subject, new), Ok(Answer::Done));
        assert_eq!(subject.snapshot(run).row.cancel_requested_at, None);
    };
    for (round, request) in (0u8..).zip(asked) {
        opens(80 + round);
        if round == 0 {
            // It ends once more, and not for that request.
            subject.done(Request::Terminate { run, reason: String::new() });
            let late = subject.deliver(request.clone());
            assert!(matches!(late, Err(StoreError::Ended { .. })), "{late:?}");
            opens(90);
        }
        let first = subject.deliver(request.clone());
        assert!(matches!(first, Ok(Answer::Delivered { duplicate: false, .. })), "{first:?}");
        let ids: Vec<MessageId> = subject.snapshot(run).inbox.iter().map(|message| message.id).collect();
        assert_eq!(ids, [request.id]);
        assert!(subject.snapshot(run).row.cancel_requested_at.is_some());
        let second = subject.deliver(request);
        assert!(matches!(second, Ok(Answer::Delivered { duplicate: true, .. })), "{second:?}");
        subject.done(Request::Terminate { run, reason: String::new() });
    }
}

fn asked_once(subject: &Subject) {
    let (run, [heard, _]) = asked_to_end(subject);
    let row = subject.snapshot(run).row;
    let new = Rewind { seen: (row.epoch, 0, Seq(3)), cancel_requested_at: Some(NOON), ..to(run, 2, 3) };
    assert_eq!(rewind(subject, new), Ok(Answer::Done));
    let again = subject.deliver(heard);
    assert!(matches!(again, Ok(Answer::Delivered { duplicate: true, .. })), "{again:?}");
    assert_eq!(
        (subject.snapshot(run).inbox, subject.snapshot(run).row.cancel_requested_at),
        (vec![], Some(NOON))
    );
}
