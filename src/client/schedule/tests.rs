//! Slots over time, by a manual clock: in time, late, over each other, missed, made up for.

use super::*;
use crate::client::testing::{CLAIM, OTHER};
use crate::client::{ClientError, NoExecutor, Session};
use crate::history::{Catchup, Claim, Fate, Moment, OverlapPolicy, RunNo, Schedule, ScheduledStart, Value};
use crate::store::{Answer, LocalSession, MemoryTables, Request, Tables};
use crate::timer::{Clock as _, ManualClock, parse_moment};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn at(text: &str) -> Moment {
    parse_moment(text).expect("an instant")
}

pub(super) fn starts(script: &str) -> ScheduledStart {
    ScheduledStart {
        script: script.to_owned(),
        input: Value::Map(BTreeMap::new()),
        directory: "/".to_owned(),
        environment: BTreeMap::new(),
        timeout_ms: None,
        unchecked: false,
    }
}

pub(super) fn fates(row: &Schedule) -> Vec<String> {
    let fate = |record: &crate::history::SlotRecord| match &record.fate {
        Fate::Started { run } => format!("started {run}"),
        Fate::Skipped { by } => format!("{} skipped by {by}", record.count),
        Fate::Missed { reason } => format!("{} missed: {reason}", record.count),
    };
    row.recent.iter().map(fate).collect()
}

/// A store in memory, a folder with a script, and processes that use them.
struct World {
    clock: ManualClock,
    tables: Arc<dyn Tables>,
    folder: tempfile::TempDir,
}

struct Everybody;

impl crate::store::Liveness for Everybody {
    fn is_alive(&self, _token: crate::history::Token) -> bool {
        true
    }
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::at(at("2026-11-24T09:30"));
        let tables = Arc::new(MemoryTables::new(Arc::new(clock.clone()), Arc::new(Everybody)));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.rhai"), "1").expect("written");
        Self { clock, tables, folder }
    }

    fn session(&self, claim: Claim) -> Session {
        let clock = Arc::new(self.clock.clone());
        let store = Arc::new(LocalSession::alone(Arc::clone(&self.tables), clock.clone()));
        Session::new(store, clock, Arc::new(NoExecutor), claim, PathBuf::new())
    }

    fn script(&self) -> String {
        self.folder.path().join("a.rhai").display().to_string()
    }

    fn new_schedule(&self, overlap: OverlapPolicy, catchup: Catchup) -> NewSchedule {
        NewSchedule {
            name: "h".to_owned(),
            cron: "0 * * * *".to_owned(),
            zone: "UTC".to_owned(),
            starts: starts(&self.script()),
            overlap,
            catchup,
            jitter_ms: 0,
            pause_on_failure: false,
            replace: false,
        }
    }

    fn until(&self, text: &str) {
        let ms = at(text).since_ms(self.clock.now());
        self.clock.advance(Duration::from_millis(u64::try_from(ms).expect("ahead")));
    }
}

fn fired(session: &Session) -> (Vec<News>, Option<Moment>) {
    let mut news = Vec::new();
    let next =
        fire_schedules(session, &crate::config::Configs::none(), &mut |told| news.push(told)).expect("fires");
    (news, next)
}

fn runs(session: &Session) -> Vec<String> {
    let filter = crate::store::RunFilter::default();
    let Ok(Answer::Views(views)) = session.ask(Request::List(filter)) else { panic!("lists") };
    views.into_iter().rev().map(|view| view.row.id.to_string()).collect()
}

fn only(session: &Session) -> Schedule {
    schedules(session).expect("lists").schedules.remove(0).row
}

#[test]
fn two_processes_fire_a_slot_once() {
    let world = World::new();
    let (one, two) = (world.session(CLAIM), world.session(OTHER));
    let new = world.new_schedule(OverlapPolicy::Allow, Catchup::Latest);
    assert!(matches!(add_schedule(&one, new), Ok(Added::New(_))));
    assert_eq!(fired(&one), (vec![], Some(at("2026-11-24T10:00"))));
    world.until("2026-11-24T10:00:05");
    for session in [&one, &two, &one] {
        assert_eq!(fired(session), (vec![], Some(at("2026-11-24T11:00"))));
    }
    assert_eq!(runs(&one), ["h-2026-11-24T1000"]);
    let view = crate::client::view(&one, RunNo(1)).expect("a view");
    assert_eq!(view.row.origin.map(|origin| origin.slot), Some(at("2026-11-24T10:00")));
    let start = crate::client::status::start_of(&one, RunNo(1)).expect("a start");
    assert_eq!(start.input.to_string(), r#"{"slot":"2026-11-24T10:00:00.000Z"}"#);
    assert_eq!(start.environment.get("DURUN_SCHEDULE").map(String::as_str), Some("h"));
}

#[test]
fn what_is_planned_on_an_old_reading_is_planned_anew() {
    let world = World::new();
    let session = world.session(CLAIM);
    let new = world.new_schedule(OverlapPolicy::Skip, Catchup::Latest);
    add_schedule(&session, new).expect("added");
    world.until("2026-11-24T10:00:05");
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let session = world.session(OTHER);
            std::thread::spawn(move || fired(&session))
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("ends"), (vec![], Some(at("2026-11-24T11:00"))));
    }
    assert_eq!((runs(&session).len(), only(&session).recent.len()), (1, 1));
}

#[test]
fn a_script_that_is_gone_is_a_missed_slot_that_is_told_and_can_be_backfilled() {
    let world = World::new();
    let session = world.session(CLAIM);
    let new = world.new_schedule(OverlapPolicy::Skip, Catchup::Latest);
    add_schedule(&session, new).expect("added");
    std::fs::remove_file(world.script()).expect("gone");
    world.until("2026-11-24T10:00:05");
    let (news, _) = fired(&session);
    assert!(matches!(news.as_slice(), [News::Missed { .. }]), "{news:?}");
    assert_eq!(fired(&session).0, []);
    world.until("2026-11-24T12:00:05");
    fired(&session);
    let unseen: Vec<u32> = only(&session).unseen().map(|record| record.count).collect();
    assert_eq!((unseen.iter().sum::<u32>(), runs(&session).len()), (3, 0));
    std::fs::write(world.script(), "2").expect("there again");
    let span = (at("2026-11-24T11:00"), at("2026-11-24T23:00"));
    let dry = backfill(&session, "h", span, true).expect("lists");
    assert_eq!((dry.len(), runs(&session).len()), (2, 0));
    let done = backfill(&session, "h", span, false).expect("starts");
    assert_eq!(
        (done, runs(&session)),
        (dry, vec!["h-2026-11-24T1100".to_owned(), "h-2026-11-24T1200".to_owned()])
    );
    let left: Vec<(Moment, u32)> =
        only(&session).unseen().map(|record| (record.first, record.count)).collect();
    assert_eq!(left, [(at("2026-11-24T10:00"), 1)]);
    let again = backfill(&session, "h", span, false).expect("nothing to do");
    assert!(again.iter().all(|slot| slot.existed) && runs(&session).len() == 2, "{again:?}");
    // The first begins at once, the second after it: the schedule does not allow them side by side.
    assert_eq!(crate::client::view(&session, RunNo(1)).expect("a view").row.queue, None);
    assert!(crate::client::view(&session, RunNo(2)).expect("a view").row.queue.is_some());
    mark_seen(&session, Some("h")).expect("seen");
    assert_eq!(only(&session).unseen().count(), 0);
}

#[test]
fn a_bad_end_pauses_and_what_passes_until_it_is_resumed_is_missed() {
    let world = World::new();
    let session = world.session(CLAIM);
    let mut new = world.new_schedule(OverlapPolicy::Skip, Catchup::Latest);
    new.pause_on_failure = true;
    add_schedule(&session, new).expect("added");
    world.until("2026-11-24T10:00:05");
    fired(&session);
    session.ask(Request::Claim { run: RunNo(1), claim: CLAIM }).expect("claimed");
    let append = crate::store::conformance::gets_stuck(RunNo(1), 1, 0);
    session.ask(Request::Append(Box::new(append))).expect("stuck");
    let (news, next) = fired(&session);
    assert!(matches!(news.as_slice(), [News::Paused { .. }]) && next.is_none(), "{news:?}");
    world.until("2026-11-24T12:00:05");
    assert_eq!(fired(&session), (vec![], None));
    assert!(resume_schedule(&session, "h").expect("resumes"));
    assert!(!resume_schedule(&session, "h").expect("is resumed"));
    assert_eq!(only(&session).unseen().map(|record| record.count).collect::<Vec<_>>(), [2]);
    assert_eq!(fired(&session), (vec![], Some(at("2026-11-24T13:00"))));
    world.until("2026-11-24T13:00:05");
    fired(&session);
    assert_eq!(runs(&session).last().map(String::as_str), Some("h-2026-11-24T1300"));
}

#[test]
fn a_person_pauses_without_missing_anything_and_triggers_what_is_paused() {
    let world = World::new();
    let session = world.session(CLAIM);
    let new = world.new_schedule(OverlapPolicy::Skip, Catchup::All);
    add_schedule(&session, new).expect("added");
    assert!(pause_schedule(&session, "h").expect("pauses"));
    world.until("2026-11-24T12:00:05");
    assert_eq!(fired(&session), (vec![], None));
    let (run, is_new) = trigger(&session, "h").expect("triggers");
    assert!(is_new);
    assert_eq!(run.as_str(), "h-2026-11-24T120005-now");
    assert_eq!(trigger(&session, "h").expect("the same second"), (run.clone(), false));
    world.until("2026-11-24T12:00:07");
    let busy = trigger(&session, "h");
    assert!(matches!(busy, Err(ClientError::Schedule(ScheduleError::Busy { .. }))), "{busy:?}");
    resume_schedule(&session, "h").expect("resumes");
    assert_eq!(fired(&session), (vec![], Some(at("2026-11-24T13:00"))));
    assert_eq!((runs(&session).len(), only(&session).unseen().count()), (1, 0));
    // Its run is open: the next slot is skipped.
    world.until("2026-11-24T13:00:07");
    fired(&session);
    assert_eq!(fates(&only(&session)).last(), Some(&format!("1 skipped by {run}")));
    remove_schedule(&session, "h").expect("removes");
    assert_eq!((schedules(&session).expect("lists").schedules.len(), runs(&session).len()), (0, 1));
}

#[test]
fn a_schedule_is_added_once_and_changed_when_that_is_said() {
    let world = World::new();
    let session = world.session(CLAIM);
    let new = world.new_schedule(OverlapPolicy::Skip, Catchup::Latest);
    let add = |new: NewSchedule| add_schedule(&session, new);
    assert!(matches!(add(new.clone()), Ok(Added::New(_))));
    assert!(matches!(add(new.clone()), Ok(Added::Same(_))));
    let other = NewSchedule { cron: "30 * * * *".to_owned(), ..new.clone() };
    let refused = add(other.clone());
    assert!(matches!(refused, Err(ClientError::Schedule(ScheduleError::Exists { .. }))), "{refused:?}");
    assert!(matches!(add(NewSchedule { replace: true, ..other }), Ok(Added::Replaced(_))));
    assert_eq!(only(&session).cron, "30 * * * *");
    let wrong = |new: NewSchedule| add(new).expect_err("refused").to_string();
    let never = wrong(NewSchedule { cron: "0 0 30 2 *".to_owned(), ..new.clone() });
    assert!(never.contains("never fires"), "{never}");
    let zone = wrong(NewSchedule { zone: "Europe/Berln".to_owned(), ..new.clone() });
    assert_eq!(zone, "there is no time zone \"Europe/Berln\"");
    let name = wrong(NewSchedule { name: "a b".to_owned(), ..new.clone() });
    assert!(name.contains("is no name for a schedule"), "{name}");
    let long = wrong(NewSchedule { name: "x".repeat(101), ..new.clone() });
    assert!(long.contains("100 are the most"), "{long}");
    let gone = wrong(NewSchedule { name: "g".to_owned(), starts: starts("/no/such.rhai"), ..new });
    assert!(gone.contains("there is no script"), "{gone}");
}
