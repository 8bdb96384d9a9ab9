//! Checks of what an append writes beside its records: pending rows, log lines, published values, the run's row.

use super::fixtures::{NOON, append, pending};
use super::{Check, Subject};
use crate::history::{HowFar, Moment, OpId, Pending, Seq, StoredStatus, Value};
use crate::store::{Answer, Append, LogKey, LogLevel, LogLine, LogStream, Request, RowChange};
use std::time::Duration;

pub(super) const CHECKS: &[Check] = &[
    ("pending rows are replaced by op and read in the order of ops", pending_rows),
    ("a command that is settled in the append that names it is not pending", settled_wins),
    ("what waits for another attempt can be made due, its count kept", retry_now),
    ("a log line whose place is taken stays as it is", log_lines),
    ("log lines are read in order, after a place, up to a limit", log_pages),
    ("a published value replaces the one before", published),
    ("what a row change leaves out stays", row_changes),
];

fn line(text: &str) -> LogLine {
    let fields = Value::from([("text", Value::from(text))]);
    LogLine {
        at: NOON,
        level: LogLevel::Warn,
        text: text.to_owned(),
        fields,
        op: Some(OpId(3)),
        wrote: Some((2, LogStream::Stderr)),
    }
}

fn key(seq: u32, line: u32) -> LogKey {
    LogKey { seq: Seq(seq), line }
}

fn pending_rows(subject: &Subject) {
    let run = subject.executed("a");
    let other = subject.executed("b");
    let timer = Pending { due: Some(Moment(NOON.0 + 9)), ..pending(300) };
    let first = Append { pending: vec![timer.clone(), pending(2)], ..append(run, 1, 0, Vec::new()) };
    assert_eq!(subject.append(first), Ok(Answer::Done));
    assert_eq!(subject.snapshot(run).pending, [pending(2), timer]);
    let moved = Pending { due: Some(Moment(NOON.0 + 99)), failures: 4, ..pending(300) };
    let second = Append {
        pending: vec![moved.clone()],
        settled: vec![OpId(2), OpId(7)],
        ..append(run, 1, 0, Vec::new())
    };
    assert_eq!(subject.append(second), Ok(Answer::Done));
    assert_eq!(subject.snapshot(run).pending, subject.view(run).pending);
    assert_eq!(subject.view(run).pending, [moved]);
    assert_eq!(subject.snapshot(other).pending, []);
}

fn retry_now(subject: &Subject) {
    let run = subject.executed("a");
    let later = |op: u32, ms: i64| Pending {
        next_try: Some(Moment(NOON.0 + ms)),
        failures: 3,
        attempts: Some(5),
        ..pending(op)
    };
    let timer = Pending { due: Some(Moment(NOON.0 + 9)), ..pending(4) };
    let rows = vec![later(1, 60_000), later(2, -5), pending(3), timer.clone()];
    assert_eq!(subject.append(Append { pending: rows, ..append(run, 1, 0, Vec::new()) }), Ok(Answer::Done));
    subject.done(Request::RetryNow { run });
    let expected = [later(1, 0), later(2, -5), pending(3), timer];
    assert_eq!(
        subject.snapshot(run).pending,
        expected,
        "only waits for an attempt, only those in the future"
    );
    subject.done(Request::Terminate { run, reason: String::new() });
    let refused = subject.ask(Request::RetryNow { run });
    assert!(matches!(refused, Err(crate::store::StoreError::Ended { .. })), "{refused:?}");
}

fn settled_wins(subject: &Subject) {
    let run = subject.executed("a");
    let both = Append {
        pending: vec![pending(1), pending(2)],
        settled: vec![OpId(1)],
        ..append(run, 1, 0, Vec::new())
    };
    assert_eq!(subject.append(both), Ok(Answer::Done));
    assert_eq!(subject.snapshot(run).pending, [pending(2)]);
}

fn logs(
    subject: &Subject,
    run: crate::history::RunNo,
    after: Option<LogKey>,
    limit: u32,
) -> Vec<(LogKey, String)> {
    match subject.ask(Request::Logs { run, after, limit }) {
        Ok(Answer::Logs(lines)) => lines
            .into_iter()
            .map(|(key, found)| {
                assert_eq!(found, line(&found.text));
                (key, found.text)
            })
            .collect(),
        other => panic!("{other:?} instead of log lines"),
    }
}

fn log_lines(subject: &Subject) {
    let run = subject.executed("a");
    assert_eq!(subject.snapshot(run).last_log, None);
    for text in ["first", "second"] {
        let lines = vec![(key(4, 0), line(text)), (key(4, 0), line("third")), (key(4, 1), line("next"))];
        assert_eq!(subject.append(Append { logs: lines, ..append(run, 1, 0, Vec::new()) }), Ok(Answer::Done));
    }
    let expected = [(key(4, 0), "first".to_owned()), (key(4, 1), "next".to_owned())];
    assert_eq!(logs(subject, run, None, 9), expected);
    assert_eq!(subject.snapshot(run).last_log, Some(key(4, 1)));
}

fn log_pages(subject: &Subject) {
    let run = subject.executed("a");
    let other = subject.executed("b");
    let keys = [key(0, 0), key(0, 1), key(1, 0), key(256, 0)];
    let lines = keys.iter().rev().map(|key| (*key, line("x"))).collect();
    assert_eq!(subject.append(Append { logs: lines, ..append(run, 1, 0, Vec::new()) }), Ok(Answer::Done));
    let read =
        |after, limit| logs(subject, run, after, limit).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(read(None, 9), keys);
    assert_eq!(read(Some(key(0, 1)), 1), [key(1, 0)]);
    assert_eq!(read(Some(key(0, 7)), 9), [key(1, 0), key(256, 0)]);
    assert_eq!(read(Some(key(256, 0)), 9), []);
    assert_eq!(logs(subject, other, None, 9), []);
}

fn published(subject: &Subject) {
    let run = subject.executed("a");
    for value in [1, 2] {
        let values = vec![("b".to_owned(), Value::from(value)), ("a".to_owned(), Value::Null)];
        assert_eq!(
            subject.append(Append { published: values, ..append(run, 1, 0, Vec::new()) }),
            Ok(Answer::Done)
        );
    }
    let expected = vec![("a".to_owned(), Value::Null), ("b".to_owned(), Value::from(2))];
    assert_eq!(subject.ask(Request::Published { run }), Ok(Answer::Published(expected)));
}

fn row_changes(subject: &Subject) {
    let run = subject.executed("a");
    let change = |row| subject.append(Append { row, ..append(run, 1, 0, Vec::new()) });
    subject.clock.advance(Duration::from_secs(1));
    let summary = RowChange { summary: Some("half".to_owned()), ..RowChange::default() };
    assert_eq!(change(summary), Ok(Answer::Done));
    subject.clock.advance(Duration::from_secs(1));
    let told = HowFar { done: 1, total: 2, text: None };
    let progress = RowChange { progress: Some(told.clone()), ..RowChange::default() };
    assert_eq!(change(progress), Ok(Answer::Done));
    let asked = RowChange { cancel_requested_at: Some(Moment(7)), ..RowChange::default() };
    assert_eq!(change(asked), Ok(Answer::Done));
    let status = RowChange { status: Some(StoredStatus::Open), ..RowChange::default() };
    assert_eq!(change(status), Ok(Answer::Done));
    let row = subject.snapshot(run).row;
    assert_eq!(row.progress, Some(told));
    assert_eq!((row.summary.as_deref(), row.cancel_requested_at), (Some("half"), Some(Moment(7))));
    assert_eq!((row.created_at, row.updated_at), (NOON, NOON.plus_ms(2000)));
}
