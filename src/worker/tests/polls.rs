//! Polls and retries on demand: what is remembered over restarts, and what an hour's wait is cut short by.

use super::{World, ok};
use crate::activity::Failed;
use crate::history::*;
use crate::store::*;
use crate::timer::Clock as _;
use crate::worker::{Finished, Job};
use std::sync::{Arc, Mutex};

/// A world whose `exec` gives these one after another: an exit's failure where it is `None`.
fn answering(answers: Vec<Option<Value>>) -> World {
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    World::new(move |_: &Job| match answers.lock().expect("answers").next().expect("not asked so often") {
        Some(value) => ok(Value::from([("stdout", value)])),
        None => Some(Err(Failed::passing(Failure::new(kind::EXEC, "it is down")))),
    })
}

fn pending(world: &World, run: RunNo) -> Pending {
    let Ok(Answer::Snapshot(snapshot)) = world.store.ask(Request::Snapshot { run }) else {
        panic!("a snapshot")
    };
    snapshot.pending.first().cloned().expect("a pending row")
}

const POLL: &str = r#"
    let got = poll("issued", #{ every: "10 min", timeout: "2h" }, || {
        let said = exec(["ask"]).stdout;
        if said == "never" { fail("it was refused") }
        if said == "false" { false } else if said != "" { said }
    });
    got + "!"
"#;

#[test]
fn a_poll_is_tried_until_it_gives_something_and_is_one_entry() {
    let answers = vec![Some("".into()), Some("false".into()), None, Some("here".into())];
    let world = answering(answers);
    let run = world.start("r", POLL);
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 10_000);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: "here!".into() }))]);
    assert_eq!(world.clock.now().since_ms(Moment(1_000_000)) / 600_000, 3, "three waits of ten minutes");
    let history = world.history(run);
    assert_eq!(history.len(), 3);
    let Fact::ActivityCompleted(done) = &history[1].fact else { panic!("{history:?}") };
    assert_eq!((done.label.to_string().as_str(), done.attempts), ("poll \"issued\"", 4));
    let keys = world.jobs.lock().expect("jobs").clone();
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "one key for all tries: {keys:?}");
}

#[test]
fn the_wait_of_a_poll_and_its_last_error_outlive_the_worker() {
    let world = answering(vec![None, Some("".into()), Some("here".into())]);
    let run = world.start("r", POLL);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    world.clock.advance(std::time::Duration::from_mins(11));
    world.turns(&mut worker, &inputs);
    drop((worker, inputs));
    let row = pending(&world, run);
    assert_eq!((row.failures, row.next_try), (2, Some(world.clock.now().plus_ms(600_000))));
    assert_eq!(
        row.last_failure.map(|last| last.message).as_deref(),
        Some("it is down"),
        "kept over a try without one"
    );

    let (mut worker, inputs) = world.worker(&[run]);
    world.clock.advance(std::time::Duration::from_mins(9));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs.lock().expect("jobs").len(), 2, "a restart does not shorten the wait");
    let finished = world.drive(&mut worker, &inputs, 10_000);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: "here!".into() }))]);
}

#[test]
fn a_poll_ends_with_fail_and_with_its_time_out_which_tells_the_last_error() {
    let world = answering(vec![None, Some("never".into())]);
    let run = world.start("r", POLL);
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 10_000);
    let [(_, Finished::Ended(RunEnd::Failed { failure }))] = finished.as_slice() else {
        panic!("{finished:?}")
    };
    assert_eq!((failure.kind.as_str(), failure.message.as_str()), (kind::ACTIVITY, "it was refused"));

    let world = answering(vec![None; 13]);
    let run = world.start("r", POLL);
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 10_000);
    let [(_, Finished::Ended(RunEnd::Failed { failure }))] = finished.as_slice() else {
        panic!("{finished:?}")
    };
    assert_eq!(failure.kind, kind::TIMEOUT);
    assert!(
        failure.message.starts_with("poll \"issued\" had given nothing by its timeout, at "),
        "{}",
        failure.message
    );
    assert!(failure.message.ends_with("; the last error: it is down"), "{}", failure.message);
    assert_eq!(failure.data.get("limit"), Some(&"timeout".into()));
    let took = world.clock.now().since_ms(Moment(1_000_000));
    assert!((7_199_000..7_260_000).contains(&took), "the whole time is used: {took} ms");
}

#[test]
fn a_mistake_in_a_poll_is_no_not_yet() {
    let world = answering(Vec::new());
    let run = world.start("r", "poll(\"p\", || nonsense(1))");
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 100);
    assert!(matches!(finished.as_slice(), [(_, Finished::Stuck(_))]), "{finished:?}");
    assert_eq!(world.history(run).len(), 1);
}

#[test]
fn an_executor_that_is_told_to_try_now_does_and_counts_on() {
    let world = answering(vec![None, None, Some("up".into())]);
    let run =
        world.start("r", "exec([\"x\"], #{ retry: #{ first: \"1h\", jitter: 0, attempts: 3 } }).stdout");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    for failures in 1..3 {
        assert_eq!(pending(&world, run).failures, failures);
        world.store.another().ask(Request::RetryNow { run }).expect("is accepted");
        world.turns(&mut worker, &inputs);
        assert_eq!(world.jobs.lock().expect("jobs").len(), usize::try_from(failures).expect("few") + 1);
    }
    let finished = worker.take_finished();
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: "up".into() }))]);
    assert_eq!(world.clock.now(), Moment(1_000_000), "no time had to pass");
    let Fact::ActivityCompleted(done) = &world.history(run)[1].fact else { panic!("completed") };
    assert_eq!(done.attempts, 3);
}

#[test]
fn a_run_that_nobody_executes_is_tried_by_the_next_worker_at_once() {
    let world = answering(vec![None, Some("up".into())]);
    let run = world.start("r", "exec([\"x\"], #{ retry: #{ first: \"1h\" } }).stdout");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    drop((worker, inputs));
    world.store.ask(Request::RetryNow { run }).expect("is accepted");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    assert_eq!(worker.take_finished().len(), 1);
}
