//! Limits of time: timeout, deadline, heartbeat, and the one that tells a person.

use super::{World, ok};
use crate::activity::Failed;
use crate::history::*;
use crate::timer::Clock as _;
use crate::worker::{Finished, Input, News, Progress};
use std::time::Duration;

fn failing(after: u32) -> impl Fn(&crate::worker::Job) -> Option<Result<crate::activity::Done, Failed>> {
    move |job| {
        if job.attempt > after {
            return ok(Value::Bool(true));
        }
        Some(Err(Failed::passing(Failure::new("exec", "down"))))
    }
}

fn failure(finished: &[(RunNo, Finished)]) -> Failure {
    match finished {
        [(_, Finished::Ended(RunEnd::Failed { failure }))] => failure.clone(),
        other => panic!("{other:?}"),
    }
}

fn text_of(failure: &Failure, key: &str) -> String {
    failure.data.get(key).map(|it| it.to_string().trim_matches('"').to_owned()).unwrap_or_default()
}

#[test]
fn a_deadline_is_an_instant_that_a_resumed_process_keeps() {
    let world = World::new(failing(99));
    let run = world.start("r", "exec([\"x\"], #{ deadline: \"1h\", retry: #{ first: \"10min\", max: \"10min\", jitter: 0, attempts: 99 } })");
    let (mut worker, inputs) = world.worker(&[run]);
    world.drive(&mut worker, &inputs, 6);
    assert!(worker.take_finished().is_empty());
    drop((worker, inputs));
    // Another process goes on: neither the count nor the deadline begins anew.
    let (mut worker, inputs) = world.worker(&[run]);
    let failure = failure(&world.drive(&mut worker, &inputs, 1_000));
    assert_eq!((failure.kind.as_str(), text_of(&failure, "limit").as_str()), ("timeout", "deadline"));
    assert!(failure.message.ends_with("the last error: down"), "{}", failure.message);
    // At 0, 10, 20, 30, 40 and 50 minutes; the one at 60 would not begin before the deadline.
    assert_eq!(text_of(&failure, "attempts"), "6");
    assert_eq!(world.jobs().len(), 6);
    assert!(world.clock.now().since_ms(Moment(1_000_000)) < 3_600_000, "told as soon as it is known");
}

/// A run whose only step had no time left, once it is to be tried again.
fn tried_again(text: &str) -> (World, RunNo) {
    let up = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_up = std::sync::Arc::clone(&up);
    let world = World::new(move |_| {
        if is_up.load(std::sync::atomic::Ordering::SeqCst) {
            return ok(Value::Bool(true));
        }
        Some(Err(Failed::passing(Failure::new("exec", "down"))))
    });
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    let failed = failure(&world.drive(&mut worker, &inputs, 1_000));
    assert_eq!(text_of(&failed, "limit"), "deadline");
    drop((worker, inputs));
    world.clock.advance(Duration::from_hours(24));
    world.rewind(run, Seq(1));
    // Some time passes until somebody goes on with it.
    world.clock.advance(Duration::from_mins(1));
    up.store(true, std::sync::atomic::Ordering::SeqCst);
    (world, run)
}

#[test]
fn what_is_tried_again_by_a_retry_has_its_deadline_anew() {
    let (world, run) = tried_again(
        "exec([\"x\"], #{ deadline: \"1h\", retry: #{ first: \"10min\", jitter: 0, attempts: 99 } })",
    );
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 1_000);
    assert!(matches!(finished.as_slice(), [(_, Finished::Ended(RunEnd::Completed { .. }))]), "{finished:?}");
}

#[test]
fn a_deadline_that_is_an_instant_stays_where_it_is() {
    let (world, run) = tried_again(
        "exec([\"x\"], #{ deadline: now() + \"1h\", retry: #{ first: \"10min\", jitter: 0, attempts: 99 } })",
    );
    let (mut worker, inputs) = world.worker(&[run]);
    let failed = failure(&world.drive(&mut worker, &inputs, 1_000));
    assert_eq!(text_of(&failed, "limit"), "deadline");
}

#[test]
fn a_deadline_stops_what_is_under_way() {
    let world = World::new(|_| None);
    let run = world.start("r", "exec([\"x\"], #{ deadline: \"90s\" })");
    let (mut worker, inputs) = world.worker(&[run]);
    let failure = failure(&world.drive(&mut worker, &inputs, 1_000));
    assert_eq!(text_of(&failure, "limit"), "deadline");
    assert_eq!(world.jobs(), ["exec \"x\"", "stop 0"]);
    assert!(world.clock.now().since_ms(Moment(1_000_000)) >= 90_000);
}

#[test]
fn silence_longer_than_the_heartbeat_ends_the_attempt_and_its_details_reach_the_next() {
    let world = World::new(|job| {
        let given = job.last_heartbeat.clone();
        if job.attempt == 2 { ok(given.unwrap_or_default()) } else { None }
    });
    let run = world.start("r", "exec([\"x\"], #{ heartbeat: \"30s\" })");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    let key = world.last_job();
    for file in 1..=3 {
        world.clock.advance(Duration::from_secs(20));
        worker.take(Input::News(News::Heartbeat { key, details: Value::Int(file) }));
        world.turns(&mut worker, &inputs);
    }
    world.clock.advance(Duration::from_millis(50));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.pending(run)[0].heartbeat, Some(Value::Int(3)), "on disk within a second");
    assert_eq!(world.jobs(), ["exec \"x\""]);
    let finished = world.drive(&mut worker, &inputs, 1_000);
    assert!(matches!(finished.as_slice(), [(_, Finished::Ended(RunEnd::Completed { .. }))]), "{finished:?}");
    assert_eq!(world.jobs(), ["exec \"x\"", "stop 0", "exec \"x\""]);
    let Fact::ActivityCompleted(done) = &world.history(run)[1].fact else { panic!("completed") };
    assert_eq!((done.result.clone(), done.attempts), (Value::Int(3), 2));
}

#[test]
fn a_crash_does_not_forget_the_heartbeat() {
    let world = World::new(|job| {
        job.last_heartbeat
            .clone()
            .map(|given| Ok(crate::activity::Done { value: given, stderr: String::new() }))
    });
    let run = world.start("r", "activity(\"copy\")");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    worker.take(Input::News(News::Heartbeat { key: world.last_job(), details: Value::Int(600) }));
    world.clock.advance(Duration::from_millis(60));
    world.turns(&mut worker, &inputs);
    drop((worker, inputs));
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 100);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: Value::Int(600) }))]);
}

#[test]
fn the_next_attempt_of_a_body_waits_until_what_the_last_one_started_is_gone() {
    let world = World::new(|_| None);
    let run =
        world.start("r", "fn f() { exec([\"x\"]) } activity(\"f\", (), #{ timeout: \"5s\", retry: 2 })");
    let (mut worker, inputs) = world.worker(&[run]);
    let failure = failure(&world.drive(&mut worker, &inputs, 1_000));
    assert_eq!((failure.kind.as_str(), text_of(&failure, "limit").as_str()), ("timeout", "timeout"));
    assert!(failure.message.contains("its timeout of 5s"), "{}", failure.message);
    assert_eq!(world.jobs(), ["exec \"x\"", "stop 0", "exec \"x\"", "stop 0"]);
}

#[test]
fn a_long_struggle_is_told_once_over_all_processes() {
    let world = World::new(failing(40));
    let run = world.start(
        "r",
        "activity(\"x\", (), #{ warn_after: \"5min\", retry: #{ first: \"1min\", factor: 1, jitter: 0 } })",
    );
    let told = || {
        let told = world.told.lock().expect("told");
        let grave = |news: &&Progress| matches!(news, Progress::Struggling { .. });
        told.iter().filter(grave).cloned().collect::<Vec<_>>()
    };
    let (mut worker, inputs) = world.worker(&[run]);
    world.drive(&mut worker, &inputs, 3);
    assert_eq!(told(), []);
    world.drive(&mut worker, &inputs, 10);
    let first = told();
    let [Progress::Struggling { failures, since, failure, line, .. }] = first.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!((failure.message.as_str(), *line), ("down", Some(1)));
    assert!(*failures >= 5 && *since == Moment(1_000_000), "{failures} {since:?}");
    drop((worker, inputs));
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 1_000);
    assert!(matches!(finished.as_slice(), [(_, Finished::Ended(RunEnd::Completed { .. }))]));
    assert_eq!(told().len(), 1, "a resumed process does not tell it again");
}

/// A laptop that sleeps: the wall clock jumps, the monotonic one stands. What is under way did not run meanwhile, and is given its time.
#[test]
fn a_machine_that_was_suspended_fires_what_is_due_once_and_times_nothing_out() {
    let world = World::new(|_| None);
    let text = "let nap = strand(|| { sleep(\"2h\"); log(\"awake\"); }); \
                let at = strand(|| sleep_until(now() + \"30min\")); \
                exec([\"x\"], #{ heartbeat: \"1min\" }); nap.join()";
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    let fired = || {
        let is_timer = |entry: &&Entry| matches!(entry.fact, Fact::TimerFired(_));
        world.history(run).iter().filter(is_timer).count()
    };
    let night = |hours: i64| world.clock.set(world.clock.now().plus_ms(hours * 3_600_000));
    night(1);
    world.turns(&mut worker, &inputs);
    assert_eq!(fired(), 1, "that of half an hour, and not the one of two");
    night(8);
    world.turns(&mut worker, &inputs);
    assert_eq!(
        (fired(), world.jobs()),
        (2, vec!["exec \"x\"".to_owned()]),
        "each once, and nothing is stopped"
    );
    // Of its silence the night does not count either.
    world.clock.advance(Duration::from_secs(59));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs().len(), 1);
    world.clock.advance(Duration::from_secs(2));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs(), ["exec \"x\"", "stop 0"], "a minute of being awake");
    assert_eq!(fired(), 2);
}

/// The other way: time passes, and the wall clock stands, or is set back as fast as it goes.
#[test]
fn a_wall_clock_that_stands_makes_timers_late_and_limits_of_attempts_do_not_wait_for_it() {
    let world = World::new(|job| if job.attempt > 1 { ok(Value::Int(7)) } else { None });
    let text = "let nap = strand(|| sleep(\"1h\")); \
                let got = exec([\"x\"], #{ heartbeat: \"10min\", retry: #{ first: 0, jitter: 0 } }); nap.join(); got";
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    let noon = world.clock.now();
    for _ in 0..13 {
        world.clock.advance(Duration::from_mins(10));
        world.clock.set(noon);
        world.turns(&mut worker, &inputs);
    }
    assert_eq!(
        world.jobs(),
        ["exec \"x\"", "stop 0", "exec \"x\""],
        "the first attempt was silent for too long"
    );
    let is_timer = |entry: &Entry| matches!(entry.fact, Fact::TimerFired(_));
    assert!(!world.history(run).iter().any(is_timer), "not one moment early by the clock on the wall");
    world.clock.set(noon.plus_ms(3_600_000));
    let finished = world.drive(&mut worker, &inputs, 1_000);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: Value::Int(7) }))]);
}
