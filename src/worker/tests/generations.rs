//! Generations under the worker: endless runs, mail between them, and a worker that vanishes at any turn.

use super::*;

#[test]
fn a_thousand_generations_leave_the_store_as_large_as_a_few() {
    let world = World::new(|job| ok(job.input.clone()));
    let run = world.start(
        "r",
        r#"
        let n = if input == () { 0 } else { input.n };
        log(`generation ${run.generation}`);
        let m = activity("bill", n);
        if n < 1000 { restart_with(#{ n: m + 1 }); }
        `${n} ${run.generation}`
        "#,
    );
    let (mut worker, inputs) = world.worker(&[run]);
    let mut largest = [0, 0];
    let mut finished = Vec::new();
    while finished.is_empty() {
        for _ in 0..7 {
            while let Ok(input) = inputs.try_recv() {
                worker.take(input);
            }
            worker.turn().expect("turns");
        }
        finished = worker.take_finished();
        let half = usize::from(generation(&world, run) > 500);
        largest[half] = largest[half].max(world.rows());
    }
    let ended = Finished::Ended(RunEnd::Completed { result: Value::from("1000 1000") });
    assert_eq!(finished, [(run, ended)]);
    assert!(largest[0] > 10 && largest[1] <= largest[0], "{largest:?}");
    let jobs = world.jobs.lock().expect("jobs").clone();
    let distinct: std::collections::BTreeSet<&String> = jobs.iter().collect();
    assert_eq!((jobs.len(), distinct.len()), (1001, 1001), "each generation has its own idempotency keys");
    let told = world.told.lock().expect("told");
    let restarts = told.iter().filter(|told| matches!(told, Progress::Restarted { .. })).count();
    assert_eq!(restarts, 1000);
}

fn generation(world: &World, run: RunNo) -> u32 {
    let Ok(Answer::View(view)) = world.store.ask(Request::View { run }) else { panic!("views") };
    view.row.generation
}

#[test]
fn the_time_of_a_generation_does_not_go_back_behind_the_one_before() {
    let world = World::new(|_| None);
    let run = world.start("r", "if input == () { sleep(60); restart_with(1); } now().unix_ms");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    world.clock.advance(Duration::from_mins(1));
    // The sleep is over: its entry, and then the end of the generation; there the process vanishes, and the clock is set back.
    while generation(&world, run) == 0 {
        worker.turn().expect("turns");
    }
    drop((worker, inputs));
    world.clock.set(Moment(1_000_000));
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 10);
    let ended = Finished::Ended(RunEnd::Completed { result: Value::Int(1_060_000) });
    assert_eq!(finished, [(run, ended)]);
}

#[test]
fn signals_that_a_generation_did_not_take_are_the_next_one_s() {
    let world = World::new(|_| None);
    let text = r#"
        let seen = if input == () { [] } else { input };
        sleep("1m");
        seen.push(`${run.generation}: ${wait_signal("s")}`);
        if seen.len() == 3 { return seen; }
        restart_with(seen);
    "#;
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    for payload in ["a", "b", "c"] {
        let body = MessageBody::Signal { name: "s".into(), payload: payload.into() };
        let message = NewMessage { run, id: MessageId::of_key("r", payload), keyed: true, body };
        world.store.another().ask(Request::Deliver(Box::new(message))).expect("is accepted");
    }
    let finished = world.drive(&mut worker, &inputs, 10_000);
    let seen = ["0: a", "1: b", "2: c"].map(Value::from).to_vec();
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: Value::List(seen) }))]);
}

#[test]
fn a_signal_that_is_told_late_is_heard_by_one_generation() {
    let world = World::new(|_| None);
    let text = r#"
        let heard = if input == () { [] } else { input };
        heard.push(wait_signal("s"));
        if heard.len() == 2 { return heard; }
        restart_with(heard);
    "#;
    let run = world.start("r", text);
    let send = |payload: &str| {
        let body = MessageBody::Signal { name: "s".into(), payload: payload.into() };
        let message = NewMessage { run, id: MessageId::of_key("r", payload), keyed: true, body };
        world.store.another().ask(Request::Deliver(Box::new(message))).expect("is accepted");
    };
    send("a");
    let Ok(Answer::Snapshot(found)) = world.store.ask(Request::Snapshot { run }) else { panic!("reads") };
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    assert_eq!(generation(&world, run), 1, "the first has heard what was in the inbox");
    for message in found.inbox {
        worker.take(Input::Store(Event::Message { run, message }));
    }
    world.turns(&mut worker, &inputs);
    send("b");
    let finished = world.drive(&mut worker, &inputs, 100);
    let heard = ["a", "b"].map(Value::from).to_vec();
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result: Value::List(heard) }))]);
}

fn signal(run: RunNo, number: i64) -> NewMessage {
    let body = MessageBody::Signal { name: "s".into(), payload: number.into() };
    NewMessage { run, id: MessageId::of_key("r", &number.to_string()), keyed: true, body }
}

/// What a script gives that adds up the numbers it hears, until it hears -1.
fn sum(of: i64) -> Finished {
    Finished::Ended(RunEnd::Completed { result: (of * (of + 1) / 2).into() })
}

#[test]
fn however_many_signals_wait_each_is_heard_once_over_the_generations() {
    const MOST: i64 = 1_400;
    let world = World::new(|_| None);
    let text = r#"
        let sum = if input == () { 0 } else { input };
        for turn in 0..300 {
            let number = wait_signal("s");
            if number == -1 { return sum; }
            sum += number;
        }
        restart_with(sum);
    "#;
    let run = world.start("r", text);
    for number in (1..=MOST).chain([-1]) {
        world.store.another().ask(Request::Deliver(Box::new(signal(run, number)))).expect("is accepted");
    }
    let (mut worker, inputs) = world.worker(&[run]);
    assert_eq!(world.drive(&mut worker, &inputs, 100), [(run, sum(MOST))]);
    assert_eq!(generation(&world, run), 4);
}

#[test]
fn what_was_heard_long_ago_and_is_told_once_more_is_refused_by_the_store_and_the_run_goes_on() {
    const MOST: i64 = 1_100;
    let world = World::new(|_| None);
    let text = r#"let sum = 0; loop { let number = wait_signal("s"); if number == -1 { return sum; } sum += number; }"#;
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    let mut first = None;
    for number in 1..=MOST {
        let new = signal(run, number);
        let answer = world.store.another().ask(Request::Post(Box::new(new.clone()))).expect("is accepted");
        let Answer::Delivered { no, accepted_at, .. } = answer else { panic!("{answer:?}") };
        first.get_or_insert(Message { no, id: new.id, accepted_at, body: new.body });
    }
    world.turns(&mut worker, &inputs);
    let heard = world.history(run).len();
    assert_eq!(heard, usize::try_from(MOST).expect("few") + 1);
    let message = first.expect("the first");
    worker.take(Input::Store(Event::Message { run, message }));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.history(run).len(), heard);
    world.store.another().ask(Request::Post(Box::new(signal(run, -1)))).expect("is accepted");
    assert_eq!(world.drive(&mut worker, &inputs, 100), [(run, sum(MOST))]);
}

#[test]
fn a_worker_that_vanishes_at_any_turn_around_a_restart_repeats_and_loses_nothing() {
    let text = r#"
        let n = if input == () { 0 } else { input };
        activity("first", n);
        let got = wait_signal("s");
        activity("second", got);
        if n == 2 { return "done"; }
        restart_with(n + 1);
    "#;
    for turns in 0..40 {
        let world = World::new(|job| ok(job.input.clone()));
        let run = world.start("r", text);
        for name in ["a", "b", "c"] {
            let body = MessageBody::Signal { name: "s".into(), payload: name.into() };
            let message = NewMessage { run, id: MessageId::of_key("r", name), keyed: true, body };
            world.store.another().ask(Request::Deliver(Box::new(message))).expect("is accepted");
        }
        let (mut worker, inputs) = world.worker(&[run]);
        for _ in 0..turns {
            while let Ok(input) = inputs.try_recv() {
                worker.take(input);
            }
            worker.turn().expect("turns");
        }
        let over = worker.is_idle();
        drop((worker, inputs));
        if !over {
            let (mut worker, inputs) = world.worker(&[run]);
            let finished = world.drive(&mut worker, &inputs, 10_000);
            let ended = Finished::Ended(RunEnd::Completed { result: "done".into() });
            assert_eq!(finished, [(run, ended)], "{turns}");
        }
        let mut jobs = world.jobs.lock().expect("jobs").clone();
        let all = jobs.len();
        jobs.dedup();
        assert!(all <= jobs.len() + 1, "{turns}: {jobs:?}");
        assert_eq!(jobs.len(), 6, "{turns}: {jobs:?}");
    }
}
