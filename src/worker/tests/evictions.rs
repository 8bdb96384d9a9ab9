//! A run that was put out of memory: what was tried, what came and what is under way is known when it stands there again.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// The first attempts fail; of the others it is told.
fn fails_at_first(failing: u32, then: Option<Result<Done, Failed>>) -> World {
    let tried = AtomicU32::new(0);
    World::new(move |_| {
        let is_early = tried.fetch_add(1, Ordering::Relaxed) < failing;
        if is_early { Some(Err(Failed::passing(Failure::new("activity", "down")))) } else { then.clone() }
    })
}

const TRIES: &str = "on_signal(\"s\", |d| ()); on_signal(\"t\", |d| ());
    activity(\"a\", 1, #{ retry: #{ first: FIRST, factor: 1, jitter: 0, attempts: 3 } })";

/// Its script is gone, and what it waits for is known.
fn evict(worker: &mut Worker, run: RunNo) {
    worker.settings.live_strands = 0;
    worker.make_room();
    worker.settings.live_strands = 24_000;
    assert!(worker.runs.get(run).is_some_and(|run| run.run.is_none()), "it is in memory still");
}

fn outcomes(world: &World, run: RunNo) -> usize {
    world.history(run).iter().filter(|entry| entry.fact.outcome_of().is_some()).count()
}

#[test]
fn what_has_come_while_a_script_was_not_in_memory_is_not_done_once_more() {
    let world = fails_at_first(1, ok(7.into()));
    let run = world.start("r", &TRIES.replace("FIRST", "\"10s\""));
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    evict(&mut worker, run);
    world.clock.advance(Duration::from_secs(10));
    // The signal was sent before the attempt ends, and its entry brings the script back.
    world.deliver(run, "s", Value::Null);
    assert!(worker.turn().expect("turns"), "the attempt begins");
    let finished = world.drive(&mut worker, &inputs, 100);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: Value::Int(7) }))]);
    assert_eq!((world.jobs().len(), outcomes(&world, run)), (2, 1), "{:?}", world.history(run));
}

#[test]
fn an_attempt_that_failed_is_counted_though_its_script_was_put_out_of_memory() {
    let world = fails_at_first(u32::MAX, None);
    // A wait so short is not written at once.
    let run = world.start("r", &TRIES.replace("FIRST", "\"20ms\""));
    let (mut worker, inputs) = world.worker(&[run]);
    for name in ["s", "t"] {
        world.turns(&mut worker, &inputs);
        evict(&mut worker, run);
        world.deliver(run, name, Value::Null);
        world.turns(&mut worker, &inputs);
        world.clock.advance(Duration::from_millis(20));
    }
    let finished = world.drive(&mut worker, &inputs, 100);
    assert!(matches!(finished[..], [(_, Finished::Ended(RunEnd::Failed { .. }))]), "{finished:?}");
    assert_eq!((world.jobs().len(), outcomes(&world, run)), (3, 1), "{:?}", world.jobs());
}

#[test]
fn what_is_under_way_is_stopped_by_the_cancel_that_brings_its_script_back_before_its_clean_up_begins() {
    let tried = AtomicU32::new(0);
    let world = World::new(move |job| match tried.fetch_add(1, Ordering::Relaxed) {
        0 => Some(Err(Failed::passing(Failure::new("activity", "down")))),
        _ if job.label.name == "clean" => ok(Value::Null),
        _ => None,
    });
    let text = "try { activity(\"a\", 1, #{ retry: #{ first: \"10s\", jitter: 0 } }) }
        catch (e) { shielded(|| activity(\"clean\")); throw e; }";
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    evict(&mut worker, run);
    world.clock.advance(Duration::from_secs(10));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs().len(), 2, "the second attempt is under way");
    let body = MessageBody::Cancel { cause: CancelCause::Request, reason: "enough".into() };
    let cancel = NewMessage { run, id: MessageId::of_key("test", "cancel"), keyed: true, body };
    world.store.another().ask(Request::Deliver(Box::new(cancel))).expect("is accepted");
    let finished = world.drive(&mut worker, &inputs, 100);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Cancelled { reason: "enough".into() }))]);
    assert_eq!(world.jobs(), ["activity \"a\"", "activity \"a\"", "stop 0", "activity \"clean\""]);
    assert_eq!(outcomes(&world, run), 1);
}
