//! Slots and rates, over all runs of a worker.

use super::{World, ok};
use crate::history::*;
use crate::timer::Clock as _;
use crate::worker::{Finished, Input, JobDone, News};

#[test]
fn so_many_of_a_name_are_under_way_and_who_waited_longest_is_next() {
    let world = World::new(|_| None);
    let text = "activity(\"charge\", run.id, #{ max_concurrent: 2 })";
    let runs: Vec<RunNo> = (0..5).map(|n| world.start(&format!("r{n}"), text)).collect();
    let (mut worker, inputs) = world.worker(&runs);
    world.drive(&mut worker, &inputs, 2);
    let mut under_way = Vec::new();
    assert_eq!(world.jobs().len(), 2);
    let waits = world.pending(runs[4])[0].waits_for.clone();
    assert_eq!(waits.as_deref(), Some("a slot: 2 of 2 \"charge\" are under way"));
    for done in 0..5 {
        under_way.clone_from(&*world.keys.lock().expect("keys"));
        let result = Ok(crate::activity::Done { value: Value::Null, stderr: String::new() });
        worker.take(Input::News(News::Done(JobDone { key: under_way[done], result })));
        world.turns(&mut worker, &inputs);
        assert_eq!(world.jobs().len(), (done + 3).min(5));
    }
    let order: Vec<RunNo> = under_way.iter().map(|key| key.run).collect();
    assert_eq!(order, runs);
    assert_eq!(worker.take_finished().len(), 5);
}

#[test]
fn a_run_with_many_calls_does_not_push_in_before_those_that_wait() {
    let world = World::new(|_| None);
    let greedy = world.start("greedy", "for n in 0..3 { activity(\"charge\", n, #{ max_concurrent: 1 }); }");
    let modest = world.start("modest", "activity(\"charge\", 9, #{ max_concurrent: 1 })");
    let (mut worker, inputs) = world.worker(&[greedy, modest]);
    world.turns(&mut worker, &inputs);
    let result = Ok(crate::activity::Done { value: Value::Null, stderr: String::new() });
    worker.take(Input::News(News::Done(JobDone { key: world.last_job(), result })));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.last_job().run, modest);
}

#[test]
fn a_rate_spreads_the_beginnings_over_time() {
    let world = World::new(|_| ok(Value::Null));
    let run = world.start("r", "for n in 0..7 { activity(\"charge\", n, #{ rate: \"2/min\" }); }");
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 1_000);
    assert!(matches!(finished.as_slice(), [(_, Finished::Ended(RunEnd::Completed { .. }))]));
    let took = world.clock.now().since_ms(Moment(1_000_000));
    assert!((180_000..182_000).contains(&took), "7 at 2 a minute begin within 3 minutes: {took}");
}

#[test]
fn all_names_together_have_so_many_slots() {
    let world = World::new(|_| None);
    let runs: Vec<RunNo> =
        (0..70).map(|n| world.start(&format!("r{n}"), &format!("activity(\"a{n}\")"))).collect();
    let (mut worker, inputs) = world.worker(&runs);
    world.drive(&mut worker, &inputs, 2);
    assert_eq!(world.jobs().len(), 64);
    assert!(
        world.pending(runs[69])[0].waits_for.clone().is_some_and(|it| it.contains("[limits] activities"))
    );
}
