//! Checks of schedules: a change and the runs that it starts are one thing, and of two at once one counts.

use super::fixtures::{NOON, new_run};
use super::{Check, Subject};
use crate::history::{
    CancelCause, Catchup, Fate, MessageBody, Moment, Origin, OverlapPolicy, RunId, RunNo, RunStatus,
    Schedule, ScheduledStart, Value,
};
use crate::store::{Answer, NewOverlap, NewQueue, NewRun, Request, ScheduleChange, StoreError};
use std::collections::BTreeMap;

pub(super) const CHECKS: &[Check] = &[
    ("a schedule is added, changed, listed by name and removed", kept),
    ("a change and the runs that it starts are stored together", together),
    ("of two changes to one version the second is refused and starts nothing", at_once),
    ("the same change again is acknowledged and changes nothing", again),
    ("a slot whose id is taken starts no second run", taken),
    ("an earlier run is asked to end with the start of the next", cancelled),
    ("a start that may not be leaves nothing behind", refused),
    ("what was planned for a schedule fits no other of its name", replaced),
];

fn id(text: &str) -> RunId {
    RunId::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn row(name: &str, version: u64) -> Schedule {
    Schedule {
        name: id(name),
        version,
        cron: "30 2 * * *".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        starts: ScheduledStart {
            script: "/s/backup.rhai".to_owned(),
            input: Value::from(1),
            directory: "/s".to_owned(),
            environment: BTreeMap::new(),
            timeout_ms: None,
            unchecked: false,
        },
        overlap: OverlapPolicy::Skip,
        catchup: Catchup::Latest,
        jitter_ms: 0,
        pause_on_failure: false,
        created_at: NOON,
        paused: None,
        considered: NOON,
        open: Vec::new(),
        recent: Vec::new(),
        seen_until: None,
    }
}

fn slot(id: &str) -> NewRun {
    let origin = Origin { schedule: self::id("nightly"), slot: Moment(NOON.0 + 5) };
    NewRun { origin: Some(origin), ..new_run(id) }
}

fn change(expected: u64, row: Schedule, starts: Vec<NewRun>) -> ScheduleChange {
    ScheduleChange { name: row.name.clone(), expected, row: Some(row), starts }
}

impl Subject {
    fn change(&self, change: &ScheduleChange) -> Result<(), StoreError> {
        match self.ask(Request::Schedule(Box::new(change.clone()))) {
            Ok(Answer::Done | Answer::Told(_)) => Ok(()),
            Ok(other) => panic!("{other:?} to a change"),
            Err(error) => Err(error),
        }
    }

    fn schedules(&self) -> Vec<Schedule> {
        match self.ask(Request::Schedules) {
            Ok(Answer::Schedules(all)) => all.rows,
            other => panic!("{other:?} instead of schedules"),
        }
    }

    fn found(&self, id: &str) -> Vec<RunNo> {
        match self.ask(Request::Find { text: id.to_owned() }) {
            Ok(Answer::Runs(runs)) => runs.iter().map(|run| run.no).collect(),
            other => panic!("{other:?} instead of runs"),
        }
    }
}

fn kept(subject: &Subject) {
    assert_eq!(subject.schedules(), Vec::new());
    for name in ["nightly", "hourly"] {
        assert_eq!(subject.change(&change(0, row(name, 7), Vec::new())), Ok(()));
    }
    assert_eq!(subject.schedules(), [row("hourly", 7), row("nightly", 7)]);
    let mut next = row("nightly", 8);
    next.record(NOON, Fate::Missed { reason: "no script".to_owned() }, NOON);
    assert_eq!(subject.change(&change(7, next.clone(), Vec::new())), Ok(()));
    assert_eq!(subject.schedules(), [row("hourly", 7), next]);
    let removal = ScheduleChange { row: None, ..change(8, row("nightly", 9), Vec::new()) };
    assert_eq!(subject.change(&removal), Ok(()));
    assert_eq!(subject.schedules(), [row("hourly", 7)]);
}

fn together(subject: &Subject) {
    assert_eq!(
        subject.change(&change(0, row("nightly", 7), vec![slot("nightly-1"), slot("nightly-2")])),
        Ok(())
    );
    assert_eq!((subject.found("nightly-1"), subject.found("nightly-2")), (vec![RunNo(1)], vec![RunNo(2)]));
    let view = subject.view(RunNo(1));
    assert_eq!((view.status, view.row.origin), (RunStatus::Parked, slot("nightly-1").origin));
}

fn at_once(subject: &Subject) {
    assert_eq!(subject.change(&change(0, row("nightly", 7), Vec::new())), Ok(()));
    let mut first = row("nightly", 8);
    first.considered = Moment(NOON.0 + 5);
    assert_eq!(subject.change(&change(7, first.clone(), vec![slot("nightly-1")])), Ok(()));
    let mut second = row("nightly", 8);
    second.considered = Moment(NOON.0 + 6);
    let refused = subject.change(&change(7, second, vec![slot("nightly-2")]));
    assert_eq!(refused, Err(StoreError::ScheduleChanged { name: id("nightly") }));
    assert_eq!((subject.schedules(), subject.found("nightly-2")), (vec![first], Vec::new()));
    let unknown = subject.change(&change(7, row("hourly", 8), Vec::new()));
    assert_eq!(unknown, Err(StoreError::ScheduleChanged { name: id("hourly") }));
    let added = subject.change(&change(0, row("nightly", 9), Vec::new()));
    assert_eq!(added, Err(StoreError::ScheduleChanged { name: id("nightly") }));
}

fn again(subject: &Subject) {
    let added = change(0, row("nightly", 7), vec![slot("nightly-1")]);
    assert_eq!((subject.change(&added), subject.change(&added)), (Ok(()), Ok(())));
    assert_eq!(subject.found("nightly"), [RunNo(1)]);
    let removal = ScheduleChange { row: None, ..change(7, row("nightly", 8), Vec::new()) };
    assert_eq!((subject.change(&removal), subject.change(&removal)), (Ok(()), Ok(())));
}

fn taken(subject: &Subject) {
    let by_hand = subject.recorded("nightly-1");
    let new = NewRun { nonce: crate::history::MessageId([9; 16]), ..slot("nightly-1") };
    assert_eq!(subject.change(&change(0, row("nightly", 7), vec![new])), Ok(()));
    assert_eq!(subject.found("nightly"), [by_hand]);
    assert_eq!(subject.view(by_hand).row.origin, None);
}

fn cancelled(subject: &Subject) {
    let overlap = Some(NewOverlap { key: Some("k".to_owned()), policy: OverlapPolicy::Allow });
    let first = NewRun { overlap, ..new_run("open") };
    let Ok(Answer::Started { run: open, .. }) = subject.start(first) else { panic!("starts") };
    let overlap = Some(NewOverlap { key: Some("k".to_owned()), policy: OverlapPolicy::Cancel });
    let next = change(0, row("nightly", 7), vec![NewRun { overlap, ..slot("nightly-1") }]);
    assert_eq!((subject.change(&next), subject.change(&next)), (Ok(()), Ok(())));
    let inbox = subject.snapshot(open).inbox;
    let asked: Vec<bool> = inbox
        .iter()
        .map(|message| matches!(&message.body, MessageBody::Cancel { cause: CancelCause::Request, .. }))
        .collect();
    assert_eq!(asked, [true]);
    assert!(subject.view(open).row.cancel_requested_at.is_some());
}

fn refused(subject: &Subject) {
    let limits = crate::history::QueueLimits::default();
    let queue = NewQueue { name: String::new(), priority: 0, limits };
    let unnamed = NewRun { queue: Some(queue), ..slot("nightly-2") };
    let refused = subject.change(&change(0, row("nightly", 7), vec![slot("nightly-1"), unnamed]));
    assert!(matches!(refused, Err(StoreError::Protocol { .. })), "{refused:?}");
    let same = subject.change(&change(0, row("nightly", 0), Vec::new()));
    assert!(matches!(same, Err(StoreError::Protocol { .. })), "{same:?}");
    assert_eq!((subject.schedules(), subject.found("nightly")), (Vec::new(), Vec::new()));
}

fn replaced(subject: &Subject) {
    assert_eq!(subject.change(&change(0, row("nightly", 7), Vec::new())), Ok(()));
    let planned = change(7, row("nightly", 8), vec![slot("nightly-1")]);
    let removal = ScheduleChange { row: None, ..change(7, row("nightly", 8), Vec::new()) };
    assert_eq!(subject.change(&removal), Ok(()));
    assert_eq!(subject.change(&change(0, row("nightly", 70), Vec::new())), Ok(()));
    assert_eq!(subject.change(&planned), Err(StoreError::ScheduleChanged { name: id("nightly") }));
    assert_eq!(subject.found("nightly"), Vec::new());
}
