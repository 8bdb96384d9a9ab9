//! Specimens of what a store refuses and fails at, and of what is told while nobody looks on.

use crate::cli::report::Report;
use crate::cli::{report_schedule, report_store};
use crate::client::testing::{OTHER, id};
use crate::client::{News, StoreError};
use crate::history::{Fate, MessageNo, Moment, RunNo, RunStatus, Seq, SlotRecord};

const AT: Moment = Moment(1_764_000_000_000);

fn file() -> String {
    "/home/ada/.local/state/durun/store.redb".to_owned()
}

specimens! { stores: StoreError;
    StoreError::NoRun { .. } => vec![StoreError::NoRun { run: RunNo(7) }],
    StoreError::NoSuchRun { .. } => vec![StoreError::NoSuchRun { id: id("order-1") }],
    StoreError::ScheduleChanged { .. } => vec![StoreError::ScheduleChanged { name: id("nightly") }],
    StoreError::NotAsked { .. } => vec![StoreError::NotAsked { id: id("order-1") }],
    StoreError::LookedAt { .. } => vec![StoreError::LookedAt {
        message: "this store holds imported runs: they are looked at, not executed".to_owned(),
    }],
    StoreError::NoScript { .. } => vec![StoreError::NoScript { hash: "6b1f0c2a".to_owned() }],
    StoreError::Nested { .. } => vec![StoreError::Nested { id: id("order-1.0.0"), most: 16 }],
    StoreError::Ended { .. } => vec![StoreError::Ended { id: id("order-1"), status: RunStatus::TimedOut }],
    StoreError::Held { .. } => vec![StoreError::Held { id: id("order-1"), claim: OTHER }],
    StoreError::Served { .. } => vec![StoreError::Served { claim: OTHER }],
    StoreError::Fenced { .. } => vec![StoreError::Fenced { epoch: 1, current: 2 }],
    StoreError::Differs { .. } => vec![StoreError::Differs { seq: Seq(4) }],
    StoreError::Gap { .. } => vec![StoreError::Gap { from: Seq(4), expected: Seq(3) }],
    StoreError::Corrupt { .. } => vec![StoreError::Corrupt {
        path: file(),
        what: "entry 4 of run order-1: its checksum does not match".to_owned(),
    }],
    StoreError::Newer { .. } => vec![StoreError::Newer { found: 9, known: 3 }],
    StoreError::OtherVersion { .. } => {
        vec![StoreError::OtherVersion { theirs: "0.2.0".to_owned(), ours: "0.1.0".to_owned() }]
    },
    StoreError::Busy { .. } => {
        vec![StoreError::Busy { message: "its lock is held by a process that does not serve it".to_owned() }]
    },
    StoreError::Stopped { .. } => vec![StoreError::Stopped { pid: OTHER.pid }],
    StoreError::Full { .. } => vec![StoreError::Full { path: file() }],
    StoreError::Permission { .. } => {
        vec![StoreError::Permission { path: file(), message: "Permission denied (os error 13)".to_owned() }]
    },
    StoreError::Io { .. } => {
        vec![StoreError::Io { path: file(), message: "Input/output error (os error 5)".to_owned() }]
    },
    StoreError::Protocol { .. } => vec![StoreError::strange("a view")],
    StoreError::Heard { .. } => vec![StoreError::Heard { id: id("order-1"), no: MessageNo(7) }],
    StoreError::OwnerGone => vec![StoreError::OwnerGone],
}

specimens! { news: News;
    News::Missed { .. } => {
        let record = |count| SlotRecord {
            first: AT,
            last: Moment(AT.0 + 86_400_000),
            count,
            fate: Fate::Missed { reason: "the machine was off".to_owned() },
            at: AT,
        };
        [1, 2].map(|count| News::Missed { schedule: id("nightly"), record: record(count) }).into()
    },
    News::SkippedOverStuck { .. } => {
        vec![News::SkippedOverStuck { schedule: id("nightly"), slot: AT, by: id("nightly-20261129T0230") }]
    },
    News::Paused { .. } => vec![News::Paused { schedule: id("nightly"), failed: id("nightly-20261129T0230") }],
    News::Unreadable { .. } => {
        vec![News::Unreadable { schedule: id("nightly"), why: "there is no time zone \"Mars/Olympus\"".to_owned() }]
    },
}

/// What no command was refused with.
pub(super) fn told_unasked() -> Vec<Report> {
    let damaged = StoreError::Corrupt { path: file(), what: "a page does not match its checksum".to_owned() };
    let mut all: Vec<Report> = news().iter().map(report_schedule::news).collect();
    all.push(report_store::read_damaged(&damaged));
    all
}
