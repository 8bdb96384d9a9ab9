//! The client's decisions where others are faster, alive or damaged.

use super::testing::{CLAIM, OTHER, id, row, session, start_of, view as view_answer};
use super::*;
use crate::history::{
    Checksum, Entry, Fact, Moment, Record, RecordError, RunEnd, RunId, RunNo, RunStatus, Seq, StoredStatus,
    Value,
};
use crate::store::{Answer, Event, Request};
use std::collections::BTreeMap;
use std::time::Duration;

fn request(name: Option<&str>, text: &str, input: Value) -> StartRequest {
    let program = start_of(text, Value::Null).program;
    StartRequest {
        id: name.map(id),
        program: LoadedProgram { texts: vec![(program.main, text.to_owned())], program, params: None },
        input,
        directory: "/elsewhere".to_owned(),
        environment: BTreeMap::new(),
        timeout_ms: Some(5),
        queue: None,
        overlap: None,
        if_ended: IfEnded::Report,
        claim: true,
    }
}

fn exists(text: &str, input: Value) -> Answer {
    Answer::Exists { row: Box::new(row("one")), start: Box::new(start_of(text, input)) }
}

fn completed() -> RunEnd {
    RunEnd::Completed { result: Value::Int(5) }
}

fn open(executor: Option<crate::history::Claim>) -> Answer {
    view_answer(StoredStatus::Open, RunStatus::Parked, executor, 0)
}

#[test]
fn an_existing_run_is_gone_on_with_waited_for_or_reported() {
    let held = || StoreError::Held { id: id("one"), claim: OTHER };
    let ended = || StoreError::Ended { id: id("one"), status: RunStatus::Completed };
    let over = || view_answer(StoredStatus::Ended(completed()), RunStatus::Completed, None, 1);
    let ours = Existing::Continue(Claimed { run: RunNo(7), id: id("one"), epoch: 4 });
    let cases = [
        (vec![Ok(open(Some(OTHER)))], Existing::Attach(OTHER)),
        (vec![Ok(open(None)), Ok(Answer::Claimed { epoch: 4 })], ours),
        (vec![Ok(open(None)), Err(held())], Existing::Attach(OTHER)),
        (vec![Ok(open(None)), Err(ended()), Ok(over())], Existing::Report(Standing::Ended(completed()))),
        (vec![Ok(over())], Existing::Report(Standing::Ended(completed()))),
    ];
    for (after, expected) in cases {
        let answers = std::iter::once(Ok(exists("1", Value::Null))).chain(after).collect();
        let (session, _) = session(answers);
        match start(&session, request(Some("one"), "1", Value::Null)).expect("no conflict") {
            Started::Existing { what, edited, .. } => assert_eq!((what, edited), (expected, false)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_path_and_the_input_decide_and_the_text_does_not() {
    let (here, _) = session(vec![Ok(exists("1", Value::Int(1))), Ok(open(Some(OTHER)))]);
    let started = start(&here, request(Some("one"), "2", Value::Int(1))).expect("no conflict");
    assert!(matches!(started, Started::Existing { edited: true, .. }));
    let (here, _) = session(vec![Ok(exists("1", Value::Int(1)))]);
    let error = start(&here, request(Some("one"), "1", Value::Float(1.0))).expect_err("a conflict");
    assert!(matches!(error, ClientError::Conflict { which: Conflict::Input { .. }, .. }), "{error}");
    let (here, _) = session(vec![Ok(exists("1", Value::Int(1)))]);
    let mut other = request(Some("one"), "1", Value::Int(1));
    other.program.program.path = "/s/b.rhai".to_owned();
    let error = start(&here, other).expect_err("a conflict");
    assert!(matches!(error, ClientError::Conflict { which: Conflict::Script { .. }, .. }), "{error}");
}

#[test]
fn an_id_that_chance_gave_twice_is_no_conflict() {
    let started = Answer::Started { run: RunNo(9), epoch: 1 };
    let (session, store) = session(vec![Ok(exists("1", Value::Null)), Ok(started)]);
    let Started::New(claimed) = start(&session, request(None, "1", Value::Null)).expect("starts") else {
        panic!("a new run was wished")
    };
    let ids: Vec<RunId> = store
        .asked()
        .into_iter()
        .map(|asked| match asked {
            Request::Start(new) => {
                assert_eq!(new.claim, Some(CLAIM));
                new.id
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[1], claimed.id);
}

#[test]
fn resuming_asks_for_the_claim_only_where_there_is_something_to_go_on_with() {
    let (here, store) =
        session(vec![Ok(view_answer(StoredStatus::Ended(completed()), RunStatus::Completed, None, 1))]);
    assert_eq!(resume(&here, &row("one")).expect("answers"), Resumed::Over(Standing::Ended(completed())));
    assert_eq!(store.asked(), [Request::View { run: RunNo(7) }]);
    let (here, _) = session(vec![Ok(open(None)), Err(StoreError::Held { id: id("one"), claim: OTHER })]);
    assert_eq!(resume(&here, &row("one")).expect("answers"), Resumed::Held(OTHER));
}

#[test]
fn a_wait_is_woken_by_a_change_long_before_its_safety_net() {
    let over = view_answer(StoredStatus::Ended(completed()), RunStatus::Completed, None, 1);
    let (session, store) = session(vec![Ok(Answer::Done), Ok(open(Some(OTHER))), Ok(over)]);
    let mut looks = 0;
    let waited = wait(&session, RunNo(7), None, &mut |_| {
        looks += 1;
        let sink = store.sink();
        sink(Event::Changed { run: RunNo(8) });
        sink(Event::Changed { run: RunNo(7) });
        true
    });
    assert_eq!(waited.expect("answers"), Waited::Over(Standing::Ended(completed())));
    assert_eq!(looks, 1);
    assert_eq!(store.asked().first(), Some(&Request::Watch { run: RunNo(7) }), "watched before it is read");
}

#[test]
fn a_wait_without_time_left_says_how_the_run_stands() {
    let (session, _) = session(vec![Ok(Answer::Done), Ok(open(None))]);
    let waited = wait(&session, RunNo(7), Some(Duration::ZERO), &mut |_| true);
    assert_eq!(waited.expect("answers"), Waited::RanOut(RunStatus::Parked));
}

fn chain(count: u32) -> Vec<Record> {
    let mut before = Checksum::first(RunNo(7));
    (0..count)
        .map(|seed| {
            let entry = Entry { at: Moment(0), fact: Fact::RunBegan { seed: u64::from(seed) } };
            let (record, next) = Record::seal(&entry, before).expect("seals");
            before = next;
            record
        })
        .collect()
}

#[test]
fn a_history_is_read_over_pages_and_verified_across_them() {
    let records = chain(5);
    let whole = || Ok(view_answer(StoredStatus::Open, RunStatus::Parked, None, 5));
    let page = |range: std::ops::Range<usize>| Ok(Answer::Records(records[range].to_vec()));
    let (here, store) = session(vec![whole(), page(0..3), whole(), page(3..5), whole()]);
    let all = read_history(&here, RunNo(7), id("one")).expect("reads");
    assert_eq!(all.iter().map(|(seq, _)| seq.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let second = Request::History { run: RunNo(7), from: Seq(3), until: Seq(5) };
    assert_eq!(store.asked().get(3), Some(&second));
    let (here, _) = session(vec![whole(), page(0..2), whole(), page(3..5), whole()]);
    let error = read_history(&here, RunNo(7), id("one")).expect_err("one is missing");
    assert!(
        matches!(error, ClientError::Damaged { seq: Seq(2), error: RecordError::Checksum, .. }),
        "{error}"
    );
    let (here, _) = session(vec![whole(), page(0..4), whole(), page(0..0), whole()]);
    let error = read_history(&here, RunNo(7), id("one")).expect_err("the end is missing");
    assert!(matches!(error, ClientError::HistoryCut { found: Seq(4), expected: Seq(5), .. }), "{error}");
}

#[test]
fn an_id_has_ten_characters_that_are_not_mistaken_for_each_other() {
    let ids: Vec<RunId> = (0..200).map(|_| new_id().expect("chance")).collect();
    for id in &ids {
        assert_eq!(id.as_str().len(), 10);
        assert!(!id.as_str().contains(['0', '1', 'i', 'l', 'o']), "{id}");
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), 200);
    let letters: std::collections::BTreeSet<char> = ids.iter().flat_map(|id| id.as_str().chars()).collect();
    assert_eq!(letters.len(), 31, "every letter is used: {letters:?}");
}
