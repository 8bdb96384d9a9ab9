//! Stopping a worker: what came back while its effects were ended is recorded, what was cut off is not.

use super::*;

/// Effects that end when all are stopped: `done` with a value, all others cut off.
struct Late {
    inputs: Sender<Input>,
    begun: Vec<(JobKey, String)>,
}

impl Effects for Late {
    fn start(&mut self, job: Job) {
        self.begun.push((job.key, job.label.name));
    }
    fn stop(&mut self, _: JobKey) {}
    fn stop_all(&mut self, _: bool) {
        for (key, name) in self.begun.drain(..) {
            let result = if name == "done" {
                Ok(Done { value: Value::Int(5), stderr: String::new() })
            } else {
                Err(Failed::passing(Failure::new(kind::CANCELLED, "was stopped")))
            };
            self.inputs.send(Input::News(News::Done(JobDone { key, result }))).expect("is heard");
        }
    }
}

/// A worker whose jobs end when they are stopped, who hears of it, and what it is told by.
fn late_worker(world: &World, committing: Committing) -> (Worker, Sender<Input>, Receiver<Input>) {
    let (sender, inputs) = channel();
    let effects = Late { inputs: sender.clone(), begun: Vec::new() };
    let settings = Settings { committing, ..Settings::seeded(1) };
    let (store, clock) = (Arc::new(world.store.another()), Arc::new(world.clock.clone()));
    (Worker::new(store, clock, Box::new(effects), Arc::new(|_, _| ()), settings), sender, inputs)
}

fn adopt(worker: &mut Worker, run: RunNo) {
    let claim = Claim { token: Token(1), pid: 1 };
    let claimed = worker.store.ask(Request::Claim { run, claim });
    let Ok(Answer::Claimed { epoch }) = claimed else { panic!("{claimed:?}") };
    worker.adopt(run, epoch).expect("adopts");
}

#[test]
fn what_ends_while_it_is_stopped_is_recorded_also_while_the_append_of_another_run_is_under_way() {
    let world = World::new(|_| None);
    let run = world.start("r", "activity(\"done\"); activity(\"next\")");
    let (mut worker, sender, inputs) = late_worker(&world, Committing::Later);
    adopt(&mut worker, run);
    world.turns(&mut worker, &inputs);
    let others = ["one", "two"].map(|id| world.start(id, "step(\"s\", || 1); wait_signal(\"s\")"));
    for other in others {
        adopt(&mut worker, other);
    }
    // Both begin, are answered, and the first goes on while the answer of the second waits to be looked at.
    for _ in 0..3 {
        worker.advance().expect("advances");
    }
    assert!(worker.pipeline.is_busy() && worker.pipeline.answered() == 1);
    sender.send(Input::Stop { patience: true }).expect("is heard");
    let parked = [run, others[0], others[1]].map(|run| (run, Finished::Parked));
    assert_eq!(worker.drive(&inputs).expect("drives"), parked);
    let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
    assert_eq!(words, ["RunBegan", "ActivityCompleted"]);
}

#[test]
fn what_ends_while_it_is_stopped_is_recorded_and_nothing_more_is_begun() {
    let world = World::new(|_| None);
    let script =
        "let cut = start_activity(\"cut\"); let n = activity(\"done\"); activity(\"next\", n); cut.result()";
    let run = world.start("r", script);
    let (mut worker, sender, inputs) = late_worker(&world, Committing::AtOnce);
    adopt(&mut worker, run);
    world.turns(&mut worker, &inputs);
    sender.send(Input::Stop { patience: true }).expect("is heard");
    assert_eq!(worker.drive(&inputs).expect("drives"), [(run, Finished::Parked)]);
    let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
    assert_eq!(words, ["RunBegan", "ActivityCompleted"]);
    let pending: Vec<(String, u32)> =
        world.pending(run).into_iter().map(|row| (row.label.name, row.failures)).collect();
    assert_eq!(pending, [("cut".to_owned(), 0), ("next".to_owned(), 0)], "a stop is no failure");
}

#[test]
fn a_turn_in_which_runs_leave_is_one_in_which_something_was_done() {
    let mut world = World::new(|_| None);
    world.committing = Committing::Beside;
    let runs: Vec<RunNo> = (0..20).map(|n| world.start(&format!("r{n}"), "1")).collect();
    let (mut worker, _inputs) = world.worker(&runs);
    let mut left = 0;
    while left < runs.len() {
        let was_busy = worker.turn().expect("turns");
        let now = worker.take_finished().len();
        assert!(
            was_busy || now == 0,
            "{now} runs left, and nobody would be told before something else happens"
        );
        left += now;
    }
}
