//! Runs whose script calls functions of the program that started them.

use super::*;

#[test]
fn a_run_that_calls_what_this_program_lacks_is_refused_and_stays_as_it_is() {
    let world = World::new(|job| ok(job.input.clone()));
    let functions = ["charge", "ship", "legacy"];
    let calls = world.start_of("r", "activity(\"charge\", 1); activity(`ship`, 2)", &functions);
    let mentions_none = world.start_of("s", "let charge = 5; activity(\"other\", charge)", &functions);
    let (mut worker, inputs) = world.worker(&[mentions_none]);
    let claim = Claim { token: Token(1), pid: 1 };
    let Ok(Answer::Claimed { epoch }) = world.store.ask(Request::Claim { run: calls, claim }) else {
        panic!("claims")
    };
    let Err(WorkerError::Foreign { id, activities }) = worker.adopt(calls, epoch) else { panic!("refuses") };
    assert_eq!((id.as_str(), activities.join(" ").as_str()), ("r", "charge ship"));
    let finished = world.drive(&mut worker, &inputs, 10_000);
    assert_eq!(finished, [(mentions_none, Finished::Ended(RunEnd::Completed { result: Value::Int(5) }))]);
    assert!(world.history(calls).is_empty(), "nothing of it was executed");
}

#[test]
fn a_child_that_calls_what_this_program_lacks_is_left_to_the_one_that_has_it() {
    let mut world = World::new(|job| ok(job.input.clone()));
    world.files = &[("/w/kid.rhai", "activity(\"charge\", 1)")];
    world.lives();
    let run = world.start_of(
        "r",
        "start_child(\"kid.rhai\", 1, #{ id: \"kid\" }); activity(\"other\", 2)",
        &["charge"],
    );
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 10_000);
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: Value::Int(2) }))]);
    let Ok(Answer::Runs(rows)) = world.store.ask(Request::Find { text: "kid".to_owned() }) else {
        panic!("finds")
    };
    let kid = rows.first().expect("it was recorded");
    assert!(kid.claim.is_none(), "nobody executes it: {kid:?}");
}
