//! Rulings that need a worker: copies, stuck runs, faults of bodies, mail, eviction.

use super::super::eviction::Room;
use super::{World, ok};
use crate::activity::Failed;
use crate::history::*;
use crate::store::*;
use crate::worker::{Finished, Input, Progress};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn completed(finished: &[(RunNo, Finished)]) -> String {
    match finished {
        [(_, Finished::Ended(RunEnd::Completed { result }))] => result.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ruling_4_what_a_step_changes_does_not_leak_out_and_a_loop_variable_is_that_of_the_turn() {
    let world = World::new(|_| ok(Value::Null));
    let text = r#"
        let m = #{ list: [1] };
        let deep = || { m.list.push(9); };
        let inside = step("s", || { m.list.push(2); deep.call(); m.list });
        let turns = [];
        for n in 0..3 { turns.push(step("turn", || n)); }
        [m.list, inside, turns]
    "#;
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    let result = completed(&world.drive(&mut worker, &inputs, 1_000));
    assert!(result.starts_with("[[1],[1,2") && result.ends_with("[0,1,2]]"), "{result}");
}

#[test]
fn ruling_13_a_mistake_in_a_body_is_no_outcome_and_the_run_is_stuck_at_that_op() {
    let world = World::new(|_| ok(Value::Null));
    let run = world.start("r", "step(\"a\", || 1);\nstep(\"b\", || nowhere());");
    for _ in 0..2 {
        let (mut worker, inputs) = world.worker(&[run]);
        match world.drive(&mut worker, &inputs, 1_000).as_slice() {
            [(_, Finished::Stuck(stuck))] => {
                assert!(stuck.message.contains("nowhere"), "{}", stuck.message);
                assert_eq!(stuck.line, Some(2));
            }
            other => panic!("{other:?}"),
        }
        let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
        assert_eq!(
            words,
            ["RunBegan", "ActivityCompleted"],
            "tried again it is stuck again, and nothing is recorded"
        );
        let tries: Vec<_> = world.pending(run).iter().map(|row| row.next_try).collect();
        assert_eq!(tries, [None], "whoever goes on with it tries it at once");
    }
    let Ok(Answer::View(view)) = world.store.ask(Request::View { run }) else { panic!("views") };
    assert_eq!(view.status, RunStatus::Stuck);
    assert_eq!(view.executor, None);
}

#[test]
fn ruling_12_work_under_way_when_a_run_gets_stuck_is_kept() {
    // The job is answered by hand, after the handler has faulted.
    let world = World::new(|_| None);
    let run = world.start("r", "on_signal(\"s\", |d| nowhere()); exec([\"x\"]);");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    world.deliver(run, "s", Value::Null);
    world.turns(&mut worker, &inputs);
    assert!(worker.take_finished().is_empty(), "the job is awaited");
    let key = world.last_job();
    let result = Ok(crate::activity::Done { value: "late".into(), stderr: String::new() });
    worker.take(Input::News(crate::worker::News::Done(crate::worker::JobDone { key, result })));
    world.turns(&mut worker, &inputs);
    assert!(matches!(worker.take_finished().as_slice(), [(_, Finished::Stuck(_))]));
    let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
    assert_eq!(words, ["RunBegan", "SignalReceived", "ActivityCompleted"]);
}

#[test]
fn ruling_8_nothing_is_delivered_and_no_effect_starts_before_its_cause_is_on_disk() {
    // When the second job starts, the first one's outcome is in the store already.
    let seen = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&seen);
    let world = World::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        ok(Value::Null)
    });
    let run = world.start("r", "exec([\"a\"]); exec([\"b\"]); exec([\"c\"]);");
    let (mut worker, inputs) = world.worker(&[run]);
    loop {
        while let Ok(input) = inputs.try_recv() {
            worker.take(input);
        }
        let before = seen.load(Ordering::SeqCst);
        let entries = world.history(run).len();
        if !worker.turn().expect("turns") {
            break;
        }
        let started = seen.load(Ordering::SeqCst);
        if started > before {
            assert!(
                world.history(run).len() > entries,
                "job {started} began in a turn that recorded nothing"
            );
        }
    }
    assert_eq!(seen.load(Ordering::SeqCst), 3);
}

#[test]
fn ruling_20_an_attempt_cut_off_by_a_crash_is_no_failure_and_the_wait_is_not_forgotten() {
    let world = World::new(|job| {
        let failure = Failure::new("exec", "down");
        (job.attempt < 3).then_some(Err(Failed { failure, permanent: false, retry_after_ms: None }))
    });
    let run = world.start("r", "exec([\"x\"], #{ retry: #{ first: \"10s\", jitter: 0, attempts: 4 } })");
    let began = crate::timer::Clock::now(&world.clock);
    let (mut worker, inputs) = world.worker(&[run]);
    // Two failures; the third attempt never comes back, and the worker vanishes.
    for _ in 0..8 {
        world.turns(&mut worker, &inputs);
        world.clock.advance(worker.patience());
    }
    drop((worker, inputs));
    let attempts = world.jobs.lock().expect("jobs").len();
    assert_eq!(attempts, 3);
    assert!(crate::timer::Clock::now(&world.clock).since_ms(began) >= 30_000);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs.lock().expect("jobs").len(), 4, "the third attempt is made again at once");
    let Ok(Answer::View(view)) = world.store.ask(Request::View { run }) else { panic!("views") };
    assert_eq!(view.pending.first().map(|row| row.failures), Some(2));
    drop(worker);
}

#[test]
fn an_evicted_run_is_replayed_when_something_comes_for_it() {
    let world = World::new(|job| ok(job.input.clone()));
    let text =
        "let got = [activity(\"a\", 1)]; got.push(wait_signal(\"s\")); got.push(activity(\"a\", 2)); got";
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    worker.settings.live_strands = 0;
    worker.make_room();
    world.deliver(run, "s", "mail".into());
    let result = completed(&world.drive(&mut worker, &inputs, 1_000));
    assert_eq!(result, "[1,\"mail\",2]");
    let replays =
        world.told.lock().expect("told").iter().filter(|it| matches!(it, Progress::Replayed { .. })).count();
    assert_eq!(replays, 1);
}

#[test]
fn no_more_runs_stand_in_memory_than_the_limits_say_and_each_comes_to_its_end() {
    for room in [Room { live_runs: 2, memory: usize::MAX }, Room { live_runs: usize::MAX, memory: 0 }] {
        let world = World::new(|job| ok(job.input.clone()));
        let text = |n| format!("let got = [activity(\"a\", 1)]; got.push(wait_signal(\"s{n}\")); got");
        let runs: Vec<RunNo> = (0..6).map(|n| world.start(&format!("r{n}"), &text(n))).collect();
        let (mut worker, inputs) = world.worker(&runs);
        worker.room = room;
        world.turns(&mut worker, &inputs);
        let live =
            |worker: &crate::worker::Worker| worker.runs.values().filter(|run| run.run.is_some()).count();
        assert!(live(&worker) <= room.live_runs.min(2), "{} of {room:?}", live(&worker));
        for (n, run) in runs.iter().enumerate().take(4) {
            world.deliver(*run, &format!("s{n}"), "mail".into());
        }
        let ended = world.drive(&mut worker, &inputs, 100);
        assert_eq!(ended.len(), 4, "{room:?}: {ended:?}");
        assert!(live(&worker) <= 2, "{} of {room:?}", live(&worker));
    }
}

#[test]
fn ruling_25_a_signal_to_a_live_run_is_one_commit_and_a_resend_counts_once() {
    let world = World::new(|_| ok(Value::Null));
    let run = world.start("r", "let n = 0; on_signal(\"s\", |d| { n += 1; }); wait_signal(\"end\"); n");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    for _ in 0..3 {
        world.deliver(run, "s", Value::Null);
        world.turns(&mut worker, &inputs);
    }
    world.deliver(run, "end", Value::Null);
    assert_eq!(completed(&world.drive(&mut worker, &inputs, 1_000)), "1", "one id, one signal");
}
