//! `once`: one result under a key for all runs of the store.

use super::{World, ok};
use crate::activity::Failed;
use crate::history::*;
use crate::store::*;
use crate::timer::Clock as _;
use crate::worker::{Finished, Input, JobDone, News};

const BILL: &str = "activity(\"bill\", run.id, #{ once: \"invoice-7\", retry: 1 })";

fn results(finished: &[(RunNo, Finished)]) -> Vec<String> {
    finished
        .iter()
        .map(|(_, how)| match how {
            Finished::Ended(RunEnd::Completed { result }) => result.to_string(),
            Finished::Ended(RunEnd::Failed { failure }) => format!("failed: {}", failure.message),
            Finished::Ended(_) | Finished::Stuck(_) | Finished::Parked | Finished::Lost => format!("{how:?}"),
        })
        .collect()
}

#[test]
fn the_first_result_serves_every_later_call_without_executing() {
    let world = World::new(|job| ok(job.input.clone()));
    let a = world.start("a", BILL);
    let (mut worker, inputs) = world.worker(&[a]);
    assert_eq!(results(&world.drive(&mut worker, &inputs, 100)), ["\"a\""]);
    let b = world.start("b", &format!("let first = {BILL}; let second = {BILL}; [first, second]"));
    let (mut worker, inputs) = world.worker(&[b]);
    assert_eq!(results(&world.drive(&mut worker, &inputs, 100)), ["[\"a\",\"a\"]"]);
    let jobs = world.jobs.lock().expect("jobs").clone();
    assert_eq!(jobs, ["activity \"bill\" invoice-7"], "once, with the key as its idempotency key");
    let Fact::ActivityCompleted(done) = &world.history(b)[1].fact else { panic!("completed") };
    assert_eq!(done.attempts, 0, "it took no attempt of its own");
}

#[test]
fn a_call_waits_while_another_run_seeks_the_result() {
    let world = World::new(|_| None);
    world.lives();
    let (a, b) = (world.start("a", BILL), world.start("b", BILL));
    let (mut worker, inputs) = world.worker(&[a, b]);
    world.drive(&mut worker, &inputs, 3);
    assert_eq!(world.jobs().len(), 1);
    let waits = world.pending(b)[0].waits_for.clone();
    assert_eq!(waits.as_deref(), Some("the result of once \"invoice-7\", which run a seeks (durun why a)"));
    let result = Ok(crate::activity::Done { value: "paid".into(), stderr: String::new() });
    worker.take(Input::News(News::Done(JobDone { key: world.last_job(), result })));
    assert_eq!(results(&world.drive(&mut worker, &inputs, 100)), ["\"paid\"", "\"paid\""]);
    assert_eq!(world.jobs().len(), 1);
}

#[test]
fn a_failure_is_not_kept_and_the_next_may_seek() {
    let world = World::new(|job| {
        if job.run_id == "a" {
            Some(Err(Failed::passing(Failure::new("activity", "declined"))))
        } else {
            ok("paid".into())
        }
    });
    world.lives();
    let (a, b) = (world.start("a", BILL), world.start("b", BILL));
    let (mut worker, inputs) = world.worker(&[a, b]);
    assert_eq!(results(&world.drive(&mut worker, &inputs, 100)), ["failed: declined", "\"paid\""]);
}

#[test]
fn a_cancelled_seeker_lets_the_next_seek() {
    let world = World::new(|job| if job.run_id == "a" { None } else { ok("paid".into()) });
    world.lives();
    let a = world.start("a", &format!("try {{ {BILL} }} catch (e) {{ sleep(\"1h\") }}"));
    let b = world.start("b", BILL);
    let (mut worker, inputs) = world.worker(&[a, b]);
    world.drive(&mut worker, &inputs, 2);
    let body = MessageBody::Cancel { cause: CancelCause::Request, reason: String::new() };
    let message = NewMessage { run: a, id: MessageId::of_key("test", "c"), keyed: true, body };
    world.store.another().ask(Request::Deliver(Box::new(message))).expect("is accepted");
    let finished = world.drive(&mut worker, &inputs, 20);
    assert!(finished.iter().any(|(run, _)| *run == b), "{finished:?}");
}

#[test]
fn when_the_seeker_is_dead_another_takes_over_and_the_first_is_served_when_it_is_back() {
    let world = World::new(|job| if job.run_id == "a" { None } else { ok("paid".into()) });
    world.lives();
    let a = world.start("a", BILL);
    let (mut worker, inputs) = world.worker(&[a]);
    world.drive(&mut worker, &inputs, 2);
    world.dies();
    drop((worker, inputs));
    let b = world.start("b", BILL);
    let (mut worker, inputs) = world.worker(&[b]);
    assert_eq!(results(&world.drive(&mut worker, &inputs, 100)), ["\"paid\""]);
    let (mut worker, inputs) = world.worker(&[a]);
    assert_eq!(results(&world.drive(&mut worker, &inputs, 100)), ["\"paid\""]);
    assert_eq!(world.jobs().len(), 2, "one of each run, with one key");
}

#[test]
fn a_served_call_takes_nothing_of_a_rate() {
    let world = World::new(|job| ok(job.input.clone()));
    let text = "for n in 0..5 { activity(\"bill\", n, #{ once: `invoice-${n}`, rate: \"1/min\" }); }";
    let a = world.start("a", text);
    let (mut worker, inputs) = world.worker(&[a]);
    world.drive(&mut worker, &inputs, 100);
    let before = world.clock.now();
    assert!(before.since_ms(Moment(1_000_000)) >= 240_000, "the first run keeps to the rate");
    let b = world.start("b", text);
    let (mut worker, inputs) = world.worker(&[b]);
    assert_eq!(results(&world.drive(&mut worker, &inputs, 100)), ["null"]);
    assert!(world.clock.now().since_ms(before) < 1_000);
}
