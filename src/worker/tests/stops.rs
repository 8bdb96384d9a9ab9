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

#[test]
fn what_ends_while_it_is_stopped_is_recorded_and_nothing_more_is_begun() {
    let world = World::new(|_| None);
    let script =
        "let cut = start_activity(\"cut\"); let n = activity(\"done\"); activity(\"next\", n); cut.result()";
    let run = world.start("r", script);
    let (sender, inputs) = channel();
    let store = Arc::new(world.store.another());
    let effects = Late { inputs: sender.clone(), begun: Vec::new() };
    let clock = Arc::new(world.clock.clone());
    let mut worker =
        Worker::new(store.clone(), clock, Box::new(effects), Arc::new(|_, _| ()), Settings::seeded(1));
    let claim = Claim { token: Token(1), pid: 1 };
    let Ok(Answer::Claimed { epoch }) = store.ask(Request::Claim { run, claim }) else { panic!("claims") };
    worker.adopt(run, epoch).expect("adopts");
    world.turns(&mut worker, &inputs);
    sender.send(Input::Stop { patience: true }).expect("is heard");
    assert_eq!(worker.drive(&inputs).expect("drives"), [(run, Finished::Parked)]);
    let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
    assert_eq!(words, ["RunBegan", "ActivityCompleted"]);
    let pending: Vec<(String, u32)> =
        world.pending(run).into_iter().map(|row| (row.label.name, row.failures)).collect();
    assert_eq!(pending, [("cut".to_owned(), 0), ("next".to_owned(), 0)], "a stop is no failure");
}
