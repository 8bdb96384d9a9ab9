//! Checks of `Append`'s records: in order, in a chain, once, by the executor alone.

use super::fixtures::{NOON, append, pending};
use super::{Chain, Check, Subject};
use crate::history::{ActivityCompleted, CommandKind, CommandLabel, Fact, Moment, OpId, Record, Seq, Value};
use crate::store::{Answer, Append, LogKey, LogLevel, LogLine, Request, StoreError};

pub(super) const CHECKS: &[Check] = &[
    ("entries are read back as they were given", read_back),
    ("the same append again is acknowledged and changes nothing", again),
    ("an append without entries sent again after later ones changes nothing", again_without_entries),
    ("other bytes at a place that is taken are refused", differs),
    ("entries after a gap are refused", gap),
    ("an epoch that is not in force is refused", fenced),
    ("entries that do not follow the last one are refused whole", broken_chain),
    ("large entries come back whole, and a page has at most 4 MiB of them", large),
    ("an entry larger than a page comes alone", larger_than_a_page),
    ("a refused request spoils no other of the same call", no_spoiling),
    ("what is read in a call sees what was written before it in the call", reads_own_writes),
];

fn log_line(text: &str) -> LogLine {
    LogLine {
        at: NOON,
        level: LogLevel::Info,
        text: text.to_owned(),
        fields: Value::Null,
        op: None,
        wrote: None,
    }
}

fn completed(chain: &mut Chain, op: u32, bytes: usize) -> Record {
    let done = ActivityCompleted {
        op: OpId(op),
        label: CommandLabel { kind: CommandKind::Activity, name: "a".to_owned() },
        input: Value::Null,
        result: Value::Text("x".repeat(bytes)),
        attempts: 1,
        scheduled_at: NOON,
        ended_at: NOON,
    };
    chain.seal(NOON, Fact::ActivityCompleted(Box::new(done)))
}

fn read_back(subject: &Subject) {
    let (run, other) = (subject.executed("a"), subject.executed("b"));
    let mut chain = Chain::of(run);
    let records = chain.seeds(5);
    let others = Chain::of(other).seeds(2);
    assert_eq!(
        subject.append(append(run, 1, 0, records.iter().take(2).cloned().collect())),
        Ok(Answer::Done)
    );
    assert_eq!(subject.append(append(other, 1, 0, others.clone())), Ok(Answer::Done));
    assert_eq!(
        subject.append(append(run, 1, 2, records.iter().skip(2).cloned().collect())),
        Ok(Answer::Done)
    );
    assert_eq!(subject.history(run, 0, u32::MAX), records);
    assert_eq!(subject.history(other, 0, u32::MAX), others);
    assert_eq!(Some(&subject.history(run, 1, 3)[..]), records.get(1..3));
    assert_eq!(subject.history(run, 5, 9), []);
    assert_eq!(subject.history(run, 3, 1), []);
    let last = subject.view(run);
    assert_eq!((last.entries, last.last_at), (Seq(5), NOON));
    let late = chain.seal(Moment(NOON.0 + 7), Fact::RunBegan { seed: 0 });
    assert_eq!(subject.append(append(run, 1, 5, vec![late])), Ok(Answer::Done));
    assert_eq!(subject.view(run).last_at, Moment(NOON.0 + 7));
}

fn again(subject: &Subject) {
    let run = subject.executed("a");
    let mut chain = Chain::of(run);
    let first = Append {
        pending: vec![pending(1), pending(2)],
        logs: vec![(LogKey { seq: Seq(0), line: 0 }, log_line("one"))],
        published: vec![("k".to_owned(), Value::from(1))],
        ..append(run, 1, 0, chain.seeds(2))
    };
    let second = Append {
        settled: vec![OpId(1)],
        published: vec![("k".to_owned(), Value::from(2))],
        ..append(run, 1, 2, chain.seeds(1))
    };
    assert_eq!(subject.append(first.clone()), Ok(Answer::Done));
    assert_eq!(subject.append(second.clone()), Ok(Answer::Done));
    let before = subject.all_of(run);
    assert_eq!(subject.append(first), Ok(Answer::Done));
    assert_eq!(subject.append(second), Ok(Answer::Done));
    assert_eq!(subject.all_of(run), before);
}

fn again_without_entries(subject: &Subject) {
    let run = subject.executed("a");
    let lazy = Append { pending: vec![pending(1)], ..append(run, 1, 0, Vec::new()) };
    let outcome = Append { settled: vec![OpId(1)], ..append(run, 1, 0, Chain::of(run).seeds(1)) };
    assert_eq!(subject.append(lazy.clone()), Ok(Answer::Done));
    assert_eq!(subject.append(outcome), Ok(Answer::Done));
    let before = subject.all_of(run);
    assert_eq!(subject.append(lazy), Ok(Answer::Done));
    assert_eq!(subject.all_of(run), before);
}

fn differs(subject: &Subject) {
    let run = subject.executed("a");
    let records = Chain::of(run).seeds(2);
    assert_eq!(subject.append(append(run, 1, 0, records.clone())), Ok(Answer::Done));
    let before = subject.all_of(run);
    let mut other = records;
    other.truncate(1);
    let mut chain = Chain::of(run);
    chain.seeds(1);
    other.push(chain.seal(Moment(5), Fact::RunBegan { seed: 1 }));
    let refused = Append { pending: vec![pending(1)], ..append(run, 1, 0, other) };
    assert_eq!(subject.append(refused), Err(StoreError::Differs { seq: Seq(1) }));
    assert_eq!(subject.all_of(run), before);
}

fn gap(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(subject.append(append(run, 1, 0, Chain::of(run).seeds(1))), Ok(Answer::Done));
    let gap = Err(StoreError::Gap { from: Seq(2), expected: Seq(1) });
    assert_eq!(subject.append(append(run, 1, 2, Chain::of(run).seeds(1))), gap);
    assert_eq!(subject.append(append(run, 1, 2, Vec::new())), gap);
    assert_eq!(subject.history(run, 0, 9).len(), 1);
}

fn fenced(subject: &Subject) {
    let run = subject.executed("a");
    for epoch in [0, 2] {
        assert_eq!(
            subject.append(append(run, epoch, 0, Chain::of(run).seeds(1))),
            Err(StoreError::Fenced { epoch, current: 1 })
        );
    }
    assert_eq!(subject.history(run, 0, 9), []);
}

fn broken_chain(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(subject.append(append(run, 1, 0, Chain::of(run).seeds(1))), Ok(Answer::Done));
    let before = subject.all_of(run);
    let mut chain = Chain::of(run);
    chain.seeds(1);
    let mut good_then_bad = chain.seeds(1);
    good_then_bad.extend(Chain::of(run).seeds(1));
    for records in [Chain::of(run).seeds(1), good_then_bad, vec![Record::from_bytes(vec![1, 2, 3])]] {
        let refused = Append {
            pending: vec![pending(1)],
            logs: vec![(LogKey { seq: Seq(0), line: 0 }, log_line("one"))],
            ..append(run, 1, 1, records)
        };
        assert!(matches!(subject.append(refused), Err(StoreError::Protocol { .. })));
        assert_eq!(subject.all_of(run), before);
    }
}

fn large(subject: &Subject) {
    let run = subject.executed("a");
    let mut chain = Chain::of(run);
    let sizes = [10, 64 * 1024 - 200, 64 * 1024, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000];
    let records: Vec<Record> = (0..).zip(sizes).map(|(op, bytes)| completed(&mut chain, op, bytes)).collect();
    let whole = append(run, 1, 0, records.clone());
    assert_eq!(subject.append(whole.clone()), Ok(Answer::Done));
    assert_eq!(subject.append(whole), Ok(Answer::Done), "the same again");
    let page = subject.history(run, 0, u32::MAX);
    let bytes: usize = page.iter().map(|record| record.as_bytes().len()).sum();
    assert!((3_000_000..=4 * 1024 * 1024).contains(&bytes), "{bytes} bytes in a page");
    let read = u32::try_from(page.len()).unwrap_or(u32::MAX);
    let rest = subject.history(run, read, u32::MAX);
    assert_eq!([page, rest].concat(), records);
    let more = append(run, 1, 8, chain.seeds(1));
    assert_eq!(subject.append(more), Ok(Answer::Done), "chained to a large entry");
}

fn larger_than_a_page(subject: &Subject) {
    let run = subject.executed("a");
    let mut chain = Chain::of(run);
    let records: Vec<Record> =
        (0..).zip([10, 4_500_000, 10]).map(|(op, bytes)| completed(&mut chain, op, bytes)).collect();
    assert_eq!(subject.append(append(run, 1, 0, records.clone())), Ok(Answer::Done));
    let pages: Vec<Record> = (0..3).flat_map(|from| subject.history(run, from, from + 1)).collect();
    assert_eq!(pages, records);
    assert_eq!(subject.history(run, 1, 3).len(), 1);
}

fn no_spoiling(subject: &Subject) {
    let run = subject.executed("a");
    let good = Chain::of(run).seeds(1);
    let answers = subject.call(vec![
        Request::Append(Box::new(append(run, 7, 0, good.clone()))),
        Request::Append(Box::new(append(run, 1, 0, good.clone()))),
        Request::Append(Box::new(append(run, 1, 5, Vec::new()))),
        Request::Terminate { run: crate::history::RunNo(99), reason: String::new() },
    ]);
    let refusals: Vec<bool> = answers.iter().map(Result::is_err).collect();
    assert_eq!(refusals, [true, false, true, true]);
    assert_eq!(subject.history(run, 0, 9), good);
}

fn reads_own_writes(subject: &Subject) {
    let run = subject.executed("a");
    let records = Chain::of(run).seeds(1);
    let answers = subject.call(vec![
        Request::History { run, from: Seq(0), until: Seq(9) },
        Request::Append(Box::new(append(run, 1, 0, records.clone()))),
        Request::History { run, from: Seq(0), until: Seq(9) },
    ]);
    let expected = [Answer::Records(Vec::new()), Answer::Done, Answer::Records(records)].map(Ok);
    assert_eq!(answers, expected);
}
