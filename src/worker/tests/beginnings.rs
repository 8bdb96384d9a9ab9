//! Beginnings: few runs move at a time, in order, and nobody is forgotten.

use super::*;

const STEPS: &str = "for n in 0..4 { step(\"s\", || n); }";

fn world(moving: usize, committing: Committing) -> World {
    World { committing, moving, ..World::new(|_| None) }
}

/// How many entries each run has.
fn lengths(world: &World, runs: &[RunNo]) -> Vec<usize> {
    runs.iter().map(|run| world.history(*run).len()).collect()
}

/// A worker with these runs, which were recorded with their first entries, or are without any.
fn worker(world: &World, texts: &[&str], is_begun: bool) -> (Worker, Receiver<Input>, Vec<RunNo>) {
    let (mut worker, inputs) = world.worker(&[]);
    let claim = Claim { token: Token(1), pid: 1 };
    let mut runs = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let new = World::new_run(&format!("r{number}"), text, &[]);
        let new = NewRun { claim: Some(claim), begins: is_begun.then_some(1), ..new };
        let started = worker.store.ask(Request::Start(Box::new(new)));
        let Ok(Answer::Started { run, epoch }) = started else { panic!("{started:?}") };
        worker.adopt(run, epoch).expect("adopts");
        runs.push(run);
    }
    (worker, inputs, runs)
}

fn completed(runs: &[RunNo]) -> Vec<(RunNo, Finished)> {
    let end = Finished::Ended(RunEnd::Completed { result: Value::Null });
    runs.iter().map(|run| (*run, end.clone())).collect()
}

#[test]
fn who_has_begun_goes_on_before_others_begin_and_one_more_begins_with_each_turn() {
    for committing in [Committing::AtOnce, Committing::Later] {
        for is_begun in [true, false] {
            let world = world(2, committing);
            let (mut worker, _inputs, runs) = worker(&world, &[STEPS; 12], is_begun);
            let mut moving = 2;
            while !worker.is_idle() {
                let stand = worker.runs.values().filter(|run| run.run.is_some()).count();
                assert!(stand <= moving, "{stand} of {moving}");
                worker.turn().expect("turns");
                assert!(
                    worker.runs.awake().all(|run| run.beginning.is_none()),
                    "who waits for its turn sleeps"
                );
                moving += 1;
            }
            assert!(moving > 6 && moving < 40, "all at once, or one after the other: {moving} turns");
            let mut finished = worker.take_finished();
            finished.sort_unstable_by_key(|(run, _)| *run);
            assert_eq!(finished, completed(&runs));
            assert_eq!(lengths(&world, &runs), vec![6; 12]);
        }
    }
}

#[test]
fn who_waits_for_something_does_not_count() {
    let world = world(1, Committing::AtOnce);
    let waits = "wait_signal(\"go\");";
    let (mut worker, inputs, _) = worker(&world, &[waits; 3], true);
    world.turns(&mut worker, &inputs);
    assert!(worker.runs.values().all(|run| run.run.is_some()), "all stand where they wait");
    assert!(!worker.turn().expect("turns"), "and there is nothing to do");
}

#[test]
fn nobody_waits_for_a_long_run_to_end() {
    let world = world(1, Committing::AtOnce);
    let long = "for n in 0..50 { step(\"s\", || n); }";
    let (mut worker, inputs, runs) = worker(&world, &[long, STEPS, STEPS], true);
    let finished = world.drive(&mut worker, &inputs, 1);
    assert_eq!(finished, completed(&[runs[1], runs[2], runs[0]]));
}

#[test]
fn who_waits_for_its_turn_is_not_put_down_as_if_it_waited_for_something() {
    let world = world(1, Committing::AtOnce);
    let (mut worker, inputs, runs) = worker(&world, &[STEPS; 3], true);
    worker.settings.park_after = Some(Duration::ZERO);
    assert_eq!(worker.drive(&inputs).expect("drives"), completed(&runs));
}

#[test]
fn what_comes_for_a_run_before_its_turn_is_delivered_when_it_has_begun() {
    for is_begun in [true, false] {
        let world = world(1, Committing::AtOnce);
        let waits = "wait_signal(\"go\")";
        let (mut worker, inputs, runs) = worker(&world, &[STEPS, waits, waits], is_begun);
        assert_eq!(worker.runs.values().filter(|run| run.beginning.is_some()).count(), 2);
        world.deliver(runs[2], "go", Value::Int(7));
        world.turns(&mut worker, &inputs);
        let words: Vec<&str> = world.history(runs[2]).iter().map(|entry| entry.fact.word()).collect();
        assert_eq!(words, ["RunBegan", "SignalReceived", "RunCompleted"]);
    }
}

#[test]
fn who_is_put_down_before_its_turn_goes_on_elsewhere() {
    for is_begun in [true, false] {
        let world = world(1, Committing::AtOnce);
        let (mut worker, inputs, runs) = worker(&world, &[STEPS; 2], is_begun);
        worker.take(Input::Stop { patience: true });
        let parked = runs.iter().map(|run| (*run, Finished::Parked)).collect::<Vec<_>>();
        assert_eq!(worker.drive(&inputs).expect("drives"), parked);
        let (mut other, inputs) = world.worker(&runs);
        assert_eq!(world.drive(&mut other, &inputs, 100), completed(&runs));
        assert_eq!(lengths(&world, &runs), [6, 6]);
    }
}
