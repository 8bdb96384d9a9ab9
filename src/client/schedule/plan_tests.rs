//! What a plan makes of slots: in time, late, over each other, jittered.

use super::plan::{Earlier, News, fires_at, plan};
use super::tests::{at, fates, starts};
use crate::client::testing::id;
use crate::history::{Catchup, OverlapPolicy, Schedule};
use crate::timer::{Cron, Zone};

const MINUTE: i64 = 60_000;

fn hourly() -> Cron {
    Cron::read("0 * * * *", Zone::UTC).expect("a cron")
}

fn row(overlap: OverlapPolicy, catchup: Catchup) -> Schedule {
    Schedule {
        name: id("h"),
        version: 7,
        cron: "0 * * * *".to_owned(),
        zone: "UTC".to_owned(),
        starts: starts("/s/a.rhai"),
        overlap,
        catchup,
        jitter_ms: 0,
        pause_on_failure: false,
        created_at: at("2026-11-24T09:30"),
        paused: None,
        considered: at("2026-11-24T09:30"),
        open: Vec::new(),
        recent: Vec::new(),
        seen_until: None,
    }
}

/// What became of the slots, in words, and how many pieces of news there are.
fn decided(row: &Schedule, now: &str, earlier: &Earlier) -> (Vec<String>, usize) {
    let Some(plan) = plan(row, &hourly(), at(now), earlier, Ok(())) else { return (Vec::new(), 0) };
    assert_eq!(plan.row.version, 8);
    (fates(&plan.row), plan.news.len())
}

const LATE: &str = "nobody fired it in time";

#[test]
fn a_slot_is_fired_once_it_is_there_and_not_before() {
    let row = row(OverlapPolicy::Skip, Catchup::Latest);
    let none = Earlier::default();
    assert_eq!(decided(&row, "2026-11-24T09:59:59", &none), (vec![], 0));
    assert_eq!(
        decided(&row, "2026-11-24T10:00:00", &none),
        (vec!["started h-2026-11-24T1000".to_owned()], 0)
    );
    // A clock that is set back fires nothing twice.
    let after = plan(&row, &hourly(), at("2026-11-24T10:00:30"), &none, Ok(())).expect("a plan").row;
    assert_eq!(plan(&after, &hourly(), at("2026-11-24T08:00:00"), &none, Ok(())), None);
    assert_eq!(plan(&after, &hourly(), at("2026-11-24T10:00:30"), &none, Ok(())), None);
}

#[test]
fn late_slots_are_made_up_for_as_the_schedule_says() {
    let now = "2026-11-24T13:01:00";
    let started = |hours: &[u32]| hours.iter().map(|hour| format!("started h-2026-11-24T{hour}00")).collect();
    let missed = |count: u32| format!("{count} missed: {LATE}");
    let with = |missed: Option<String>, mut rest: Vec<String>| {
        rest.splice(0..0, missed);
        rest
    };
    for (catchup, expected) in [
        (Catchup::Latest, (with(Some(missed(3)), started(&[13])), 0)),
        (Catchup::All, (started(&[10, 11, 12, 13]), 0)),
        (Catchup::None, (with(Some(missed(3)), started(&[13])), 1)),
        (Catchup::Within { ms: 70 * MINUTE }, (with(Some(missed(2)), started(&[12, 13])), 1)),
    ] {
        let row = row(OverlapPolicy::Allow, catchup);
        assert_eq!(decided(&row, now, &Earlier::default()), expected, "{catchup:?}");
    }
    // Two minutes count as in time, three do not.
    let strict = row(OverlapPolicy::Allow, Catchup::None);
    assert_eq!(decided(&strict, "2026-11-24T10:03:00", &Earlier::default()), (vec![missed(1)], 1));
}

#[test]
fn a_hundred_slots_are_made_up_for_and_no_more() {
    let row = row(OverlapPolicy::Allow, Catchup::All);
    let now = row.considered.plus_ms(250 * 60 * MINUTE);
    let plan = plan(&row, &hourly(), now, &Earlier::default(), Ok(())).expect("a plan");
    assert_eq!((plan.starts.len(), plan.news.len()), (100, 1));
    assert_eq!(fates(&plan.row).first(), Some(&format!("150 missed: {LATE}")));
}

#[test]
fn an_open_run_is_skipped_over_waited_for_replaced_or_ignored() {
    let earlier = Earlier { open: vec![id("h-before")], ..Earlier::default() };
    let now = "2026-11-24T10:00:30";
    for (overlap, expected) in [
        (OverlapPolicy::Skip, "1 skipped by h-before"),
        (OverlapPolicy::Queue, "started h-2026-11-24T1000"),
        (OverlapPolicy::Cancel, "started h-2026-11-24T1000"),
        (OverlapPolicy::Allow, "started h-2026-11-24T1000"),
    ] {
        let row = row(overlap, Catchup::Latest);
        assert_eq!(decided(&row, now, &earlier), (vec![expected.to_owned()], 0), "{overlap:?}");
    }
    // Of several that are made up for at once, the one that would be cancelled by the next is not begun.
    let row = row(OverlapPolicy::Cancel, Catchup::All);
    let (fates, _) = decided(&row, "2026-11-24T12:00:30", &earlier);
    assert_eq!(fates, ["2 skipped by h-2026-11-24T1200", "started h-2026-11-24T1200"]);
}

#[test]
fn a_skip_over_a_run_that_is_stuck_is_told() {
    let stuck = Some(id("h-before"));
    let earlier = Earlier { open: vec![id("h-before")], failed: stuck.clone(), stuck };
    let row = row(OverlapPolicy::Skip, Catchup::Latest);
    assert_eq!(decided(&row, "2026-11-24T10:00:30", &earlier), (vec!["1 skipped by h-before".to_owned()], 1));
}

#[test]
fn a_bad_end_pauses_where_it_was_asked_for() {
    let earlier = Earlier { failed: Some(id("h-before")), ..Earlier::default() };
    let mut row = row(OverlapPolicy::Skip, Catchup::Latest);
    assert_eq!(decided(&row, "2026-11-24T10:00:30", &earlier).0, ["started h-2026-11-24T1000"]);
    row.pause_on_failure = true;
    let plan = plan(&row, &hourly(), at("2026-11-24T10:00:30"), &earlier, Ok(())).expect("a plan");
    assert_eq!((plan.starts.len(), fates(&plan.row).len()), (0, 0));
    assert_eq!(plan.row.paused.and_then(|paused| paused.failed), earlier.failed);
    assert!(matches!(plan.news.as_slice(), [News::Paused { .. }]));
}

#[test]
fn jitter_moves_each_slot_by_its_own_chance_and_never_past_the_next() {
    let mut row = row(OverlapPolicy::Skip, Catchup::Latest);
    row.jitter_ms = 600 * MINUTE;
    let cron = hourly();
    let slots = cron.slots(row.considered, row.considered.plus_ms(100 * 60 * MINUTE), 100);
    let moved: Vec<i64> = slots.iter().map(|slot| fires_at(&row, &cron, *slot).since_ms(*slot)).collect();
    assert!(moved.iter().all(|ms| (0..60 * MINUTE).contains(ms)), "{moved:?}");
    let distinct: std::collections::BTreeSet<&i64> = moved.iter().collect();
    assert!(distinct.len() > 90, "{moved:?}");
    assert_eq!(fires_at(&row, &cron, slots[0]), fires_at(&row, &cron, slots[0]));
    let due = fires_at(&row, &cron, slots[0]);
    let none = Earlier::default();
    assert_eq!(plan(&row, &cron, due.plus_ms(-1), &none, Ok(())), None);
    assert_eq!(plan(&row, &cron, due, &none, Ok(())).map(|plan| plan.starts), Some(vec![slots[0]]));
}
