//! A queue lets a run in before it begins, and once more when it was opened again.

use super::{World, ok};
use crate::history::*;
use crate::worker::{Finished, Progress};

#[test]
fn a_run_that_was_opened_again_goes_on_when_its_queue_lets_it() {
    let world = World::new(|job| ok(job.input.clone()));
    world.lives();
    let text = "activity(\"one\", 1); wait_signal(run.id); activity(\"two\", 2)";
    let (a, b) = (world.queued("a", text), world.queued("b", text));
    let done = |run: RunNo| vec![(run, Finished::Ended(RunEnd::Completed { result: Value::Int(2) }))];
    world.deliver(a, "a", Value::Null);
    let (mut worker, inputs) = world.worker(&[a]);
    assert_eq!(world.drive(&mut worker, &inputs, 100), done(a));
    let (mut other, others) = world.worker(&[b]);
    world.turns(&mut other, &others);
    assert_eq!(world.jobs().len(), 3, "b has begun: {:?}", world.jobs());
    // Without its second step and its end.
    world.rewind(a, Seq(3));
    world.told.lock().expect("told").clear();
    let (mut worker, inputs) = world.worker(&[a]);
    world.turns(&mut worker, &inputs);
    let waits = |progress: &Progress| matches!(progress, Progress::Waiting { op: OpId::QUEUE, .. });
    assert!(world.told.lock().expect("told").iter().any(waits), "it is said what it waits for");
    assert_eq!((world.jobs().len(), world.history(a).len()), (3, 3), "nothing is done beside b");
    world.deliver(b, "b", Value::Null);
    assert_eq!(world.drive(&mut other, &others, 100), done(b));
    assert_eq!(world.drive(&mut worker, &inputs, 100), done(a));
    assert_eq!((world.jobs().len(), world.history(a).len()), (5, 5), "the second step, and no other");
}
