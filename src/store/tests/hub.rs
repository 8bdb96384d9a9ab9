//! Offers to executors, watchers, and what happens when nobody answers.

use crate::history::{
    CancelCause, Checksum, Choice, Claim, CommandKind, CommandLabel, Entry, Fact, Message, MessageBody,
    MessageId, Moment, OpId, Pending, RunNo, Token, Value,
};
use crate::store::conformance::{Chain, Living, append, new_run, open_again, signal};
use crate::store::{
    Answer, Append, Event, LocalSession, MemoryTables, NewMessage, Request, Store, StoreError, Tables,
};
use crate::timer::ManualClock;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

const CLAIM: Claim = Claim { token: Token(1), pid: 1 };

struct Desk {
    executor: Arc<LocalSession>,
    sender: LocalSession,
    run: RunNo,
    epoch: u64,
    events: Receiver<Event>,
}

fn desk() -> Desk {
    let clock = Arc::new(ManualClock::at(Moment(1_000)));
    let tables = Arc::new(MemoryTables::new(clock.clone(), Arc::new(Living::default())));
    let executor = Arc::new(LocalSession::alone(tables, clock));
    let sender = executor.another();
    let mut new = new_run("r");
    new.claim = Some(CLAIM);
    let Ok(Answer::Started { run, epoch }) = executor.ask(Request::Start(Box::new(new))) else {
        panic!("starts")
    };
    let (told, events) = channel();
    executor.set_events(Arc::new(move |event| drop(told.send(event))));
    Desk { executor, sender, run, epoch, events }
}

/// Answers each offered message by appending its delivery, on a thread as a worker would.
fn answering(desk: &Desk) -> Arc<Mutex<Vec<Message>>> {
    let taken: Arc<Mutex<Vec<Message>>> = Arc::default();
    let (executor, epoch, kept) = (Arc::downgrade(&desk.executor), desk.epoch, Arc::clone(&taken));
    let (told, events) = channel::<Event>();
    desk.executor.set_events(Arc::new(move |event| drop(told.send(event))));
    std::thread::spawn(move || {
        let mut checksum = None;
        let mut next = 0;
        for event in events {
            let Event::Message { run, message } = event else { continue };
            // On a slow machine the offer may run out; then the message is told again.
            if kept.lock().expect("kept").iter().any(|known: &Message| known.id == message.id) {
                continue;
            }
            let Some(executor) = executor.upgrade() else { return };
            let entry = Entry { at: Moment(2_000), fact: Fact::of_message(&message) };
            let before = checksum.unwrap_or_else(|| Checksum::first(run));
            let (record, after) = crate::history::Record::seal(&entry, before).expect("seals");
            let mut append = append(run, epoch, next, vec![record]);
            append.delivered = vec![(message.no, message.id)];
            executor.ask(Request::Append(Box::new(append))).expect("appends");
            (checksum, next) = (Some(after), next + 1);
            kept.lock().expect("kept").push(message);
        }
    });
    taken
}

/// Looks again and again until it is so.
fn until(mut is_so: impl FnMut() -> bool) {
    use crate::timer::{Clock, SystemClock};
    let began = SystemClock.monotonic();
    while !is_so() {
        assert!(SystemClock.monotonic().saturating_sub(began).as_secs() < 30, "waited in vain");
        SystemClock.pause(std::time::Duration::from_millis(2));
    }
}

fn inbox(desk: &Desk) -> Vec<Message> {
    match desk.sender.ask(Request::Snapshot { run: desk.run }) {
        Ok(Answer::Snapshot(snapshot)) => snapshot.inbox,
        other => panic!("{other:?}"),
    }
}

#[test]
fn ruling_25_an_executor_that_answers_acknowledges_by_its_append_and_nothing_goes_to_the_inbox() {
    let desk = desk();
    let taken = answering(&desk);
    for name in ["a", "b"] {
        let answer =
            desk.sender.ask(Request::Deliver(Box::new(signal(desk.run, name)))).expect("is delivered");
        assert!(matches!(answer, Answer::Delivered { duplicate: false, .. }), "{answer:?}");
    }
    until(|| taken.lock().expect("taken").len() == 2);
    until(|| inbox(&desk).is_empty());
    // Sent again, as after an owner's death: known, and the executor is not bothered.
    let again = desk.sender.ask(Request::Deliver(Box::new(signal(desk.run, "a"))));
    assert!(matches!(again, Ok(Answer::Delivered { duplicate: true, .. })), "{again:?}");
    assert_eq!(taken.lock().expect("taken").len(), 2);
}

#[test]
fn an_executor_is_not_offered_an_answer_to_a_question_whose_time_is_over() {
    let desk = desk();
    let label = CommandLabel { kind: CommandKind::Ask, name: "Ship it?".to_owned() };
    let asks =
        |op, due| Pending { due: Some(Moment(due)), ..Pending::new(OpId(op), label.clone(), Moment(1)) };
    let pending = vec![asks(1, 999), asks(2, 1_000)];
    let waits = Append { pending, ..append(desk.run, desk.epoch, 0, Vec::new()) };
    assert_eq!(desk.executor.ask(Request::Append(Box::new(waits))), Ok(Answer::Done));
    let answer = |op| {
        let choice =
            Choice { choice: "yes".into(), who: String::new(), note: String::new(), asked: String::new() };
        let body = MessageBody::Answer { question: OpId(op), choice };
        let id = MessageId::of_question("r", 0, OpId(op));
        desk.sender.ask(Request::Deliver(Box::new(NewMessage { run: desk.run, id, keyed: true, body })))
    };
    assert_eq!(answer(1), Err(StoreError::NotAsked { id: new_run("r").id }));
    assert!(desk.events.try_iter().all(|event| !matches!(event, Event::Message { .. })));
    assert!(matches!(answer(2), Ok(Answer::Delivered { duplicate: false, .. })));
}

#[test]
fn ruling_25_an_executor_that_does_not_answer_finds_the_message_in_the_inbox() {
    let desk = desk();
    let answer = desk.sender.ask(Request::Deliver(Box::new(signal(desk.run, "a"))));
    assert!(matches!(answer, Ok(Answer::Delivered { duplicate: false, .. })), "{answer:?}");
    assert_eq!(inbox(&desk).len(), 1);
    let told: Vec<Event> = desk.events.try_iter().collect();
    let ids: Vec<_> = told
        .iter()
        .map(|event| match event {
            Event::Message { message, .. } => message.id,
            Event::Changed { .. } | Event::RetryNow { .. } | Event::Work { .. } => panic!("{event:?}"),
        })
        .collect();
    assert_eq!(ids.len(), 2, "offered, and told again once it was stored");
    assert_eq!(ids[0], ids[1], "by one id, so that it counts once");
}

#[test]
fn who_executed_a_run_before_is_not_believed_to_execute_it_still() {
    let desk = desk();
    desk.executor.ask(Request::Release { run: desk.run, epoch: desk.epoch }).expect("is released");
    let claim = Claim { token: Token(2), pid: 2 };
    desk.sender.ask(Request::Claim { run: desk.run, claim }).expect("is claimed");
    // A new owner: the executor of now connects first, and then the one of before, who has not heard of all this.
    let (told, events) = channel();
    let joins = |token| {
        let session = desk.sender.another_that_executes(Token(token), &[desk.run]);
        let told = told.clone();
        session.set_events(Arc::new(move |event| drop(told.send((token, event)))));
        session
    };
    let (now, before) = (joins(2), joins(1));
    desk.sender.ask(Request::Post(Box::new(signal(desk.run, "a")))).expect("is accepted");
    let who: Vec<u64> = events.try_iter().map(|(token, _)| token).collect();
    assert_eq!(who, [2]);
    drop((now, before));
}

/// Tables in which the executor's append comes just before the message that was offered to it is written to the inbox.
struct Late {
    tables: MemoryTables,
    offered: Mutex<Receiver<Event>>,
}

impl Tables for Late {
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let offered = self.offered.lock().expect("offered").try_recv();
        if let (Some(Request::Deliver(_)), Ok(Event::Message { run, message })) = (requests.first(), offered)
        {
            let entry = Entry { at: Moment(2_000), fact: Fact::of_message(&message) };
            let (record, _) = crate::history::Record::seal(&entry, Checksum::first(run)).expect("seals");
            let mut append = append(run, 1, 0, vec![record]);
            append.delivered = vec![(message.no, message.id)];
            let answers = self.tables.apply(vec![Request::Append(Box::new(append))]);
            assert_eq!(answers, vec![Ok(Answer::Done)]);
        }
        self.tables.apply(requests)
    }
}

#[test]
fn ruling_25_an_executor_that_takes_the_offer_too_late_makes_no_repetition_of_it() {
    let clock = Arc::new(ManualClock::at(Moment(1_000)));
    let (told, offered) = channel();
    let tables = MemoryTables::new(clock.clone(), Arc::new(Living::default()));
    let executor = LocalSession::alone(Arc::new(Late { tables, offered: Mutex::new(offered) }), clock);
    let new = crate::store::NewRun { claim: Some(CLAIM), ..new_run("r") };
    let Ok(Answer::Started { run, .. }) = executor.ask(Request::Start(Box::new(new))) else {
        panic!("starts")
    };
    executor.set_events(Arc::new(move |event| drop(told.send(event))));
    let sender = executor.another();
    let answer = sender.ask(Request::Deliver(Box::new(signal(run, "a"))));
    assert!(matches!(answer, Ok(Answer::Delivered { duplicate: false, .. })), "{answer:?}");
    // Sent again, it is one.
    let again = sender.ask(Request::Deliver(Box::new(signal(run, "a"))));
    assert!(matches!(again, Ok(Answer::Delivered { duplicate: true, .. })), "{again:?}");
}

#[test]
fn a_run_that_nobody_executes_gets_its_mail_in_the_inbox_at_once() {
    let desk = desk();
    desk.executor.ask(Request::Release { run: desk.run, epoch: desk.epoch }).expect("releases");
    desk.sender.ask(Request::Deliver(Box::new(signal(desk.run, "a")))).expect("is delivered");
    assert_eq!(inbox(&desk).len(), 1);
    assert!(desk.events.try_recv().is_err());
}

/// Counts the calls that come through to the tables.
struct Counting {
    tables: MemoryTables,
    calls: Mutex<Vec<usize>>,
}

impl Tables for Counting {
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        self.calls.lock().expect("counts").push(requests.len());
        self.tables.apply(requests)
    }
}

#[test]
fn messages_to_runs_that_nobody_executes_are_written_in_one_commit() {
    let clock = Arc::new(ManualClock::at(Moment(1_000)));
    let tables = MemoryTables::new(clock.clone(), Arc::new(Living::default()));
    let counting = Arc::new(Counting { tables, calls: Mutex::default() });
    let sender = LocalSession::alone(counting.clone(), clock);
    let Ok(Answer::Started { run, .. }) = sender.ask(Request::Start(Box::new(new_run("r")))) else {
        panic!("starts")
    };
    counting.calls.lock().expect("counts").clear();
    let deliver = |name| Request::Deliver(Box::new(signal(run, name)));
    let (first, second) = (deliver("a"), deliver("b"));
    let answers = sender.call(vec![first.clone(), second, first]);
    let duplicates: Vec<bool> = answers
        .into_iter()
        .map(|answer| match answer {
            Ok(Answer::Delivered { duplicate, .. }) => duplicate,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(duplicates, [false, false, true], "the same one again is told of the first");
    assert_eq!(counting.calls.lock().expect("counts").first(), Some(&2), "both in one call");
}

#[test]
fn who_watches_is_told_of_what_others_write() {
    let desk = desk();
    let (told, events) = channel();
    desk.sender.set_events(Arc::new(move |event| drop(told.send(event))));
    desk.sender.ask(Request::Watch { run: desk.run }).expect("watches");
    let entry = Entry { at: Moment(2_000), fact: Fact::RunBegan { seed: 1 } };
    let (record, _) = crate::history::Record::seal(&entry, Checksum::first(desk.run)).expect("seals");
    let written = append(desk.run, desk.epoch, 0, vec![record]);
    desk.executor.ask(Request::Append(Box::new(written))).expect("appends");
    assert_eq!(events.try_iter().collect::<Vec<_>>(), [Event::Changed { run: desk.run }]);
    assert_eq!(desk.sender.ask(Request::Watch { run: RunNo(99) }), Err(StoreError::NoRun { run: RunNo(99) }));
}

#[test]
fn an_executor_is_told_when_its_run_is_terminated_and_is_fenced_off() {
    let desk = desk();
    desk.sender.ask(Request::Terminate { run: desk.run, reason: "enough".into() }).expect("terminates");
    assert_eq!(desk.events.try_iter().collect::<Vec<_>>(), [Event::Changed { run: desk.run }]);
    let late = append(desk.run, desk.epoch, 1, Vec::new());
    assert!(matches!(
        desk.executor.ask(Request::Append(Box::new(late))),
        Err(StoreError::Fenced { .. } | StoreError::Ended { .. })
    ));
}

/// As it counts where nobody executes the run: `conformance/rewound_mail.rs`, `asked_again`.
#[test]
fn a_request_to_end_that_a_rewind_has_set_aside_counts_when_it_is_made_again_of_a_run_that_is_executed() {
    let desk = desk();
    let body = MessageBody::Cancel { cause: CancelCause::Request, reason: "enough".to_owned() };
    let cancel = NewMessage { run: desk.run, id: MessageId([7; 16]), keyed: true, body };
    let ask = || desk.sender.ask(Request::Deliver(Box::new(cancel.clone())));
    let asked = |answer| match answer {
        Ok(Answer::Delivered { duplicate, .. }) => (duplicate, inbox(&desk).iter().map(|it| it.id).collect()),
        other => panic!("{other:?}"),
    };
    desk.executor
        .ask(Request::Append(Box::new(append(desk.run, desk.epoch, 0, Chain::of(desk.run).seeds(2)))))
        .expect("appends");
    assert_eq!(asked(ask()), (false, vec![cancel.id]));
    assert_eq!(asked(ask()), (true, vec![cancel.id]), "it waits");
    desk.sender.ask(Request::Terminate { run: desk.run, reason: "at once".into() }).expect("terminates");
    desk.sender.ask(open_again(desk.run, desk.epoch + 1, 3)).expect("is open again");
    desk.executor.ask(Request::Claim { run: desk.run, claim: CLAIM }).expect("is claimed");
    assert_eq!(inbox(&desk), [], "it went with the end");
    assert_eq!(asked(ask()), (false, vec![cancel.id]));
    assert_eq!(asked(ask()), (true, vec![cancel.id]), "it waits");
}

#[test]
fn an_executor_is_told_to_try_again_and_nobody_else_is() {
    let desk = desk();
    desk.sender.ask(Request::RetryNow { run: desk.run }).expect("is told");
    assert_eq!(desk.events.try_iter().collect::<Vec<_>>(), [Event::RetryNow { run: desk.run }]);
    desk.executor.ask(Request::Release { run: desk.run, epoch: desk.epoch }).expect("releases");
    desk.sender.ask(Request::RetryNow { run: desk.run }).expect("is kept in the rows");
    assert!(desk.events.try_recv().is_err());
}

/// Two that say different things under one id: who is told that his counts, is who is heard.
#[test]
fn of_two_messages_under_one_id_the_one_that_is_acknowledged_is_the_one_that_is_delivered() {
    for _ in 0..30 {
        let desk = desk();
        let (told, events) = channel::<Event>();
        desk.executor.set_events(Arc::new(move |event| drop(told.send(event))));
        let says = |what: i64| {
            let sender = desk.executor.another();
            let mut message = signal(desk.run, "token");
            message.body = MessageBody::Signal { name: "token".to_owned(), payload: Value::Int(what) };
            std::thread::spawn(move || match sender.ask(Request::Deliver(Box::new(message))) {
                Ok(Answer::Delivered { duplicate, .. }) => (!duplicate).then_some(what),
                other => panic!("{other:?}"),
            })
        };
        let senders = [says(1), says(2)];
        let Ok(Event::Message { run, message }) = events.recv() else { panic!("an offer") };
        // The other one has its chance to be offered meanwhile.
        let _other = events.recv_timeout(std::time::Duration::from_millis(2));
        let entry = Entry { at: Moment(2_000), fact: Fact::of_message(&message) };
        let (record, _) = crate::history::Record::seal(&entry, Checksum::first(run)).expect("seals");
        let mut append = append(run, desk.epoch, 0, vec![record]);
        append.delivered = vec![(message.no, message.id)];
        desk.executor.ask(Request::Append(Box::new(append))).expect("appends");
        let counted: Vec<i64> =
            senders.into_iter().filter_map(|sender| sender.join().expect("joins")).collect();
        let MessageBody::Signal { payload, .. } = message.body else { panic!("a signal") };
        assert_eq!(counted.iter().map(|what| Value::Int(*what)).collect::<Vec<_>>(), [payload]);
    }
}
