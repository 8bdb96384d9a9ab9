//! At most once: a crash in the window is told or looked into, never answered by doing it again.

use super::{World, ok};
use crate::activity::Failed;
use crate::history::*;
use crate::timer::Clock as _;
use crate::worker::Finished;
use std::time::Duration;

fn end(finished: &[(RunNo, Finished)]) -> RunEnd {
    match finished {
        [(_, Finished::Ended(end))] => end.clone(),
        other => panic!("{other:?}"),
    }
}

const ONCE: &str = "activity(\"migrate\", 1, #{ at_most_once: true })";
const PROBED: &str =
    "activity(\"migrate\", 1, #{ at_most_once: true, probe: |key| exec([\"look\", key]).stdout })";

#[test]
fn the_intent_is_on_disk_before_the_effect_begins() {
    let world = World::new(|_| None);
    let run = world.start("r", ONCE);
    let (mut worker, inputs) = world.worker(&[run]);
    let mut seen = Vec::new();
    for _ in 0..10 {
        while let Ok(input) = inputs.try_recv() {
            worker.take(input);
        }
        let begun = world.pending(run).first().is_some_and(|row| row.begun);
        let began_in_a_turn_before = world.jobs().len();
        seen.push((begun, began_in_a_turn_before));
        if !worker.turn().expect("turns") {
            break;
        }
    }
    assert!(seen.iter().all(|(begun, jobs)| *begun || *jobs == 0), "{seen:?}");
    assert_eq!(seen.last(), Some(&(true, 1)));
}

#[test]
fn a_crash_after_the_intent_gives_an_unknown_outcome_and_no_second_effect() {
    for was_started in [false, true] {
        let world = World::new(|_| None);
        let run = world.start("r", ONCE);
        let (mut worker, inputs) = world.worker(&[run]);
        while !world.pending(run).first().is_some_and(|row| row.begun)
            || (was_started && world.jobs().is_empty())
        {
            worker.turn().expect("turns");
        }
        let started = world.jobs().len();
        drop((worker, inputs));
        let (mut worker, inputs) = world.worker(&[run]);
        let RunEnd::Failed { failure } = end(&world.drive(&mut worker, &inputs, 100)) else {
            panic!("failed")
        };
        assert_eq!(failure.kind, kind::UNKNOWN_OUTCOME);
        assert_eq!(world.jobs().len(), started, "nothing was begun again");
    }
}

#[test]
fn a_run_that_is_put_down_before_the_effect_began_begins_it_later() {
    let world = World::new(|_| ok(Value::from(7)));
    let run = world.start("r", ONCE);
    let (mut worker, inputs) = world.worker(&[run]);
    // RunBegan; then the command is issued and its intent waits to be written.
    worker.advance().expect("advances");
    worker.take(crate::worker::Input::Stop { patience: true });
    drop(worker.drive(&inputs));
    assert_eq!(world.jobs(), Vec::<String>::new());
    let (mut worker, inputs) = world.worker(&[run]);
    assert_eq!(end(&world.drive(&mut worker, &inputs, 100)), RunEnd::Completed { result: Value::from(7) });
}

#[test]
fn a_known_failure_is_no_unknown_outcome_and_ends_it_unless_the_script_wants_more() {
    let failing = |job: &crate::worker::Job| {
        if job.attempt < 3 {
            Some(Err(Failed::passing(Failure::new("activity", "down"))))
        } else {
            ok(Value::from(3))
        }
    };
    let world = World::new(failing);
    let run = world.start("r", ONCE);
    let (mut worker, inputs) = world.worker(&[run]);
    let RunEnd::Failed { failure } = end(&world.drive(&mut worker, &inputs, 100)) else { panic!("failed") };
    assert_eq!((failure.message.as_str(), world.jobs().len()), ("down", 1));

    let world = World::new(failing);
    let run = world.start("r", "activity(\"migrate\", 1, #{ at_most_once: true, retry: 5 })");
    let (mut worker, inputs) = world.worker(&[run]);
    assert_eq!(end(&world.drive(&mut worker, &inputs, 100)), RunEnd::Completed { result: Value::from(3) });
}

#[test]
fn a_probe_decides_whether_it_is_done() {
    for (found, second) in [("", true), ("migrated", false)] {
        let world = World::new(move |job| {
            let looks = job.label.kind == CommandKind::Exec;
            let seen = if found.is_empty() { Value::Bool(false) } else { Value::from(found) };
            if looks { ok(Value::from([("stdout", seen)])) } else { None }
        });
        let run = world.start("first", PROBED);
        let (mut worker, inputs) = world.worker(&[run]);
        world.turns(&mut worker, &inputs);
        assert_eq!(world.jobs(), ["activity \"migrate\""]);
        drop((worker, inputs));
        let (mut worker, inputs) = world.worker(&[run]);
        world.drive(&mut worker, &inputs, 1);
        let probe = "exec \"look\"";
        if second {
            assert_eq!(world.jobs(), ["activity \"migrate\"", probe, "activity \"migrate\""]);
        } else {
            assert_eq!(world.jobs(), ["activity \"migrate\"", probe]);
            let finished = world.drive(&mut worker, &inputs, 100);
            let Fact::ActivityCompleted(done) = &world.history(run)[1].fact else { panic!("{finished:?}") };
            assert_eq!(done.result, Value::from(found));
        }
        let keys: Vec<String> = world
            .jobs
            .lock()
            .expect("jobs")
            .iter()
            .map(|job| job.rsplit(' ').next().unwrap_or_default().to_owned())
            .collect();
        assert!(keys.iter().all(|key| *key == keys[0]), "probe and effect have one key: {keys:?}");
    }
}

#[test]
fn with_a_probe_a_failed_attempt_is_looked_into_before_the_next() {
    let world = World::new(|job| {
        if job.label.kind != CommandKind::Exec {
            return Some(Err(Failed::passing(Failure::new("activity", "connection lost"))));
        }
        let seen = if job.attempt == 2 { Value::Bool(false) } else { Value::from("done after all") };
        ok(Value::from([("stdout", seen)]))
    });
    let run = world.start("r", PROBED);
    let (mut worker, inputs) = world.worker(&[run]);
    let result = end(&world.drive(&mut worker, &inputs, 1_000));
    assert_eq!(result, RunEnd::Completed { result: Value::from("done after all") });
    let (effect, look) = ("activity \"migrate\"", "exec \"look\"");
    assert_eq!(world.jobs(), [effect, look, effect, look]);
    assert!(world.clock.monotonic() >= Duration::from_secs(2), "with the waits of its policy");
}
