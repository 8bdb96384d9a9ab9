//! Locks between runs: fair, durable, handed on in the commit in which they are let go of.

use super::{World, ok};
use crate::history::*;
use crate::store::*;
use crate::worker::Finished;

const UNDER: &str = "with_lock(\"db\", || activity(\"work\", run.id))";

fn view(world: &World, run: RunNo) -> RunView {
    let Ok(Answer::View(view)) = world.store.ask(Request::View { run }) else { panic!("views") };
    *view
}

fn is_completed(finished: &[(RunNo, Finished)], count: usize) -> bool {
    finished.len() == count
        && finished.iter().all(|(_, how)| matches!(how, Finished::Ended(RunEnd::Completed { .. })))
}

#[test]
fn runs_work_under_a_lock_one_after_the_other_in_the_order_of_asking() {
    let world = World::new(|_| ok(Value::Null));
    let runs: Vec<RunNo> = ["a", "b", "c", "d"].iter().map(|id| world.start(id, UNDER)).collect();
    let (mut worker, inputs) = world.worker(&runs);
    let finished = world.drive(&mut worker, &inputs, 1_000);
    assert!(is_completed(&finished, 4), "{finished:?}");
    for run in &runs {
        let words: Vec<&str> = world.history(*run).iter().map(|entry| entry.fact.word()).collect();
        assert_eq!(words, ["RunBegan", "LockGranted", "ActivityCompleted", "RunCompleted"]);
    }
    let granted: Vec<Moment> = runs.iter().map(|run| world.history(*run)[1].at).collect();
    assert!(granted.is_sorted());
}

#[test]
fn who_waits_is_told_who_holds_and_a_dead_holder_still_does() {
    let world = World::new(|_| None);
    world.lives();
    let (a, b) = (world.start("a", UNDER), world.start("b", UNDER));
    let (mut holder, holder_inputs) = world.worker(&[a]);
    world.turns(&mut holder, &holder_inputs);
    world.drive(&mut holder, &holder_inputs, 2);
    let (mut waiter, waiter_inputs) = world.worker(&[b]);
    world.drive(&mut waiter, &waiter_inputs, 3);
    let seen = view(&world, b);
    assert_eq!(seen.status, RunStatus::Waiting);
    assert_eq!(seen.pending[0].waits_for.as_deref(), Some("the lock db, which run a holds"));
    assert_eq!((seen.locks[0].before, seen.locks[0].holder.as_str()), (1, "a"));
    assert_eq!(view(&world, a).locks[0].before, 0);
    drop((holder, holder_inputs));
    world.dies();
    let waits = view(&world, b).pending[0].waits_for.clone();
    assert_eq!(waits.as_deref(), Some("the lock db, which run a holds (parked: durun resume a)"));
    assert_eq!(world.jobs().len(), 1, "nobody else works under it");
    drop((waiter, waiter_inputs));
}

#[test]
fn the_end_of_a_holder_by_force_hands_the_lock_on_to_whoever_waits_in_another_process() {
    let world = World::new(|job| (job.run_id != "a").then(|| ok(Value::Null)).flatten());
    world.lives();
    let (a, b) = (world.start("a", UNDER), world.start("b", UNDER));
    let (mut holder, holder_inputs) = world.worker(&[a]);
    world.drive(&mut holder, &holder_inputs, 3);
    let (mut waiter, waiter_inputs) = world.worker(&[b]);
    world.drive(&mut waiter, &waiter_inputs, 3);
    assert_eq!(view(&world, b).status, RunStatus::Waiting);
    world.store.ask(Request::Terminate { run: a, reason: String::new() }).expect("terminates");
    let finished = world.drive(&mut waiter, &waiter_inputs, 100);
    assert!(is_completed(&finished, 1), "{finished:?}");
}

#[test]
fn a_waiter_that_nobody_executes_has_its_grant_when_it_goes_on() {
    let world = World::new(|_| ok(Value::Null));
    let (a, b) = (world.start("a", "with_lock(\"db\", || wait_signal(\"go\"))"), world.start("b", UNDER));
    let (mut holder, holder_inputs) = world.worker(&[a]);
    world.drive(&mut holder, &holder_inputs, 2);
    let (mut waiter, waiter_inputs) = world.worker(&[b]);
    world.drive(&mut waiter, &waiter_inputs, 2);
    drop((waiter, waiter_inputs));
    world.deliver(a, "go", Value::Null);
    assert!(is_completed(&world.drive(&mut holder, &holder_inputs, 100), 1));
    let seen = view(&world, b);
    assert_eq!((seen.status, seen.locks[0].before), (RunStatus::Parked, 0), "it is its turn");
    let (mut waiter, waiter_inputs) = world.worker(&[b]);
    assert!(is_completed(&world.drive(&mut waiter, &waiter_inputs, 100), 1));
}

#[test]
fn a_wait_that_runs_out_gives_its_place_up() {
    let world = World::new(|_| ok(Value::Null));
    let a = world.start("a", "with_lock(\"db\", || wait_signal(\"go\"))");
    let impatient = "attempt(|| with_lock(\"db\", #{ timeout: \"5s\" }, || 1)).error.kind";
    let (b, c) = (world.start("b", impatient), world.start("c", UNDER));
    let (mut worker, inputs) = world.worker(&[a, b, c]);
    let finished = world.drive(&mut worker, &inputs, 200);
    let timeout = RunEnd::Completed { result: "timeout".into() };
    assert_eq!(finished, [(b, Finished::Ended(timeout))]);
    world.deliver(a, "go", Value::Null);
    let finished = world.drive(&mut worker, &inputs, 200);
    assert!(is_completed(&finished, 2), "{finished:?}");
}

#[test]
fn a_worker_that_vanishes_at_any_turn_never_lets_two_work_under_a_lock_nor_forgets_who_waits() {
    for turns in 0..24 {
        let world = World::new(|_| ok(Value::Null));
        let runs: Vec<RunNo> = ["a", "b", "c"].iter().map(|id| world.start(id, UNDER)).collect();
        let (mut worker, inputs) = world.worker(&runs);
        for _ in 0..turns {
            while let Ok(input) = inputs.try_recv() {
                worker.take(input);
            }
            worker.turn().expect("turns");
            world.clock.advance(std::time::Duration::from_millis(60));
        }
        drop((worker, inputs));
        let open: Vec<RunNo> =
            runs.iter().copied().filter(|run| !view(&world, *run).status.is_ended()).collect();
        let (mut worker, inputs) = world.worker(&open);
        let finished = world.drive(&mut worker, &inputs, 1_000);
        assert!(is_completed(&finished, open.len()), "after {turns} turns: {finished:?}");
        assert!(runs.iter().all(|run| view(&world, *run).locks.is_empty()));
        // Under the lock of one, no other: each works between its grant and its end.
        let mut spans: Vec<(Moment, Moment)> = runs
            .iter()
            .map(|run| {
                let history = world.history(*run);
                let at =
                    |word: &str| history.iter().find(|entry| entry.fact.word() == word).map(|entry| entry.at);
                (at("LockGranted").expect("granted"), at("ActivityCompleted").expect("worked"))
            })
            .collect();
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "after {turns} turns: {spans:?}");
    }
}
