//! Rulings 9, 12, 15, 17 and 21 as a worker keeps them: what is started, written and said.

use super::*;

impl World {
    fn send(&self, run: RunNo, key: &str, body: MessageBody) {
        let id = MessageId::of_key("r", key);
        let message = NewMessage { run, id, keyed: false, body };
        let answer = self.store.ask(Request::Deliver(Box::new(message)));
        assert!(matches!(answer, Ok(Answer::Delivered { .. })), "{answer:?}");
    }

    fn signal(&self, run: RunNo, key: &str, payload: Value) {
        self.send(run, key, MessageBody::Signal { name: "s".into(), payload });
    }

    fn lines(&self, run: RunNo) -> Vec<String> {
        match self.store.ask(Request::Logs { run, after: None, limit: 1_000 }) {
            Ok(Answer::Logs(lines)) => lines.into_iter().map(|(_, line)| line.text).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn words(&self, run: RunNo) -> Vec<&'static str> {
        self.history(run).iter().map(|entry| entry.fact.word()).collect()
    }

    fn to_the_end(&self, run: RunNo) -> Finished {
        let (mut worker, inputs) = self.worker(&[run]);
        let mut finished = self.drive(&mut worker, &inputs, 10_000);
        assert_eq!(finished.len(), 1, "{finished:?}");
        finished.remove(0).1
    }
}

#[test]
fn ruling_12_a_stretch_that_faults_starts_publishes_and_logs_nothing() {
    let world = World::new(|job| ok(job.input.clone()));
    let run = world.start(
        "r",
        r#"
        activity("good"); log("good");
        sleep(1);
        on_signal("s", |data| { log("never"); publish("k", 1); if data == 2 { nonsense(); } activity("never"); });
        log("never");
        activity("never");
        "#,
    );
    world.signal(run, "1", Value::Int(1));
    world.signal(run, "2", Value::Int(2));
    for round in 0..2 {
        let finished = world.to_the_end(run);
        let Finished::Stuck(stuck) = finished else { panic!("{finished:?}") };
        assert_eq!((stuck.kind.as_str(), stuck.line), ("fault", Some(4)), "in round {round}");
        assert_eq!(world.lines(run), ["good"]);
        assert_eq!(world.jobs.lock().expect("jobs").len(), 1, "only the good one was started");
        let words = ["RunBegan", "SignalReceived", "SignalReceived", "ActivityCompleted", "TimerFired"];
        assert_eq!(world.words(run), words, "the input that began it is recorded, once");
        assert!(
            matches!(world.store.ask(Request::Published { run }), Ok(Answer::Published(all)) if all.is_empty())
        );
    }
}

#[test]
fn ruling_21_a_line_is_written_once_however_often_its_run_is_replayed() {
    let text = r#"
        on_signal("s", |data| { log(`signal ${data}`); });
        log("begun");
        for n in 0..3 { activity("a", n); log(`did ${n}`); log("again"); wait_until(|| { log("never"); true }); }
        sleep(5);
        log("slept");
    "#;
    let all = ["begun", "signal 1", "did 0", "again", "did 1", "again", "did 2", "again", "slept"];
    for turns in 0..30 {
        let world = World::new(|job| ok(job.input.clone()));
        let run = world.start("r", text);
        world.signal(run, "1", Value::Int(1));
        for _ in 0..3 {
            let (mut worker, inputs) = world.worker(&[run]);
            for _ in 0..turns {
                while let Ok(input) = inputs.try_recv() {
                    worker.take(input);
                }
                worker.turn().expect("turns");
            }
            drop((worker, inputs));
            if world.words(run).last() == Some(&"RunCompleted") {
                break;
            }
        }
        if world.words(run).last() != Some(&"RunCompleted") {
            assert!(matches!(world.to_the_end(run), Finished::Ended(RunEnd::Completed { .. })));
        }
        assert_eq!(world.lines(run), all, "three workers of {turns} turns each, then one more");
    }
}

#[test]
fn ruling_9_what_happened_while_nobody_executed_is_delivered_in_the_order_in_which_it_happened() {
    let world = World::new(|job| ok(job.input.clone()));
    let run = world.start(
        "r",
        "let seen = []; on_signal(\"s\", |d| { seen.push(d); }); sleep(60); seen.push(\"slept\"); sleep(60); seen",
    );
    let (mut worker, inputs) = world.worker(&[run]);
    for _ in 0..5 {
        worker.turn().expect("turns");
    }
    drop((worker, inputs));
    assert_eq!(world.words(run), ["RunBegan"]);
    world.clock.advance(Duration::from_secs(30));
    world.signal(run, "1", "before".into());
    world.clock.advance(Duration::from_mins(1));
    world.signal(run, "2", "after".into());
    world.clock.advance(Duration::from_hours(1));
    let seen = ["before", "slept", "after"].map(Value::from).to_vec();
    assert_eq!(world.to_the_end(run), Finished::Ended(RunEnd::Completed { result: Value::List(seen) }));
    let history = world.history(run);
    assert!(history.windows(2).all(|pair| pair[0].at <= pair[1].at), "time never decreases");
}

#[test]
fn ruling_17_a_cancel_waits_in_the_inbox_and_lets_the_script_clean_up() {
    let world = World::new(|job| ok(job.input.clone()));
    let text = "try { sleep(1000); } catch (e) { activity(\"clean_up\"); throw e; }";
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    worker.turn().expect("turns");
    drop((worker, inputs));
    let cancel = MessageBody::Cancel { cause: CancelCause::Request, reason: "enough".into() };
    world.send(run, "1", cancel);
    let end = RunEnd::Cancelled { reason: "enough".into() };
    assert_eq!(world.to_the_end(run), Finished::Ended(end));
    assert_eq!(world.words(run), ["RunBegan", "CancelRequested", "ActivityCompleted", "RunCancelled"]);
}

#[test]
fn ruling_17_when_the_grace_is_over_an_activity_under_way_is_left() {
    let world = World::new(|_| None);
    let run = world.start("r", "try { sleep(1000); } catch (e) { activity(\"endless\"); }");
    world.send(run, "1", MessageBody::Cancel { cause: CancelCause::Request, reason: String::new() });
    let begun = world.clock.now();
    assert_eq!(world.to_the_end(run), Finished::Ended(RunEnd::Cancelled { reason: String::new() }));
    let took = world.clock.now().since_ms(begun);
    assert!((30_000..40_000).contains(&took), "thirty seconds of grace, took {took} ms");
    assert_eq!(world.words(run), ["RunBegan", "CancelRequested", "TimerFired", "RunCancelled"]);
}

#[test]
fn what_another_process_has_delivered_is_not_delivered_again_by_one_that_had_the_run_before_and_hears_late() {
    let world = World::new(|job| ok(job.input.clone()));
    let text = "let all = []; while all.len() < 3 { all.push(wait_signal(\"n\")); } all";
    let run = world.start("r", text);
    let (mut late, unheard) = world.worker(&[run]);
    late.turn().expect("turns");
    // Posted, so that nobody waits for the answer of who is late.
    for n in 1..=2 {
        let body = MessageBody::Signal { name: "n".to_owned(), payload: Value::Int(n) };
        let id = MessageId::of_key("test", &n.to_string());
        let message = NewMessage { run, id, keyed: true, body };
        world.store.another().ask(Request::Post(Box::new(message))).expect("is accepted");
    }
    let (mut other, inputs) = world.worker(&[run]);
    world.turns(&mut other, &inputs);
    assert_eq!(world.history(run).len(), 3, "both are delivered");
    drop((other, inputs));
    // It lost the run, and has it again before it hears what it was told the first time.
    let claim = Claim { token: Token(1), pid: 1 };
    let Ok(Answer::Claimed { epoch }) = world.store.ask(Request::Claim { run, claim }) else {
        panic!("claims")
    };
    late.adopt(run, epoch).expect("adopts");
    world.turns(&mut late, &unheard);
    assert_eq!(world.history(run).len(), 3, "{:?}", world.history(run));
    world.deliver(run, "n", Value::Int(3));
    late.take(Input::Store(crate::store::Event::Changed { run }));
    world.turns(&mut late, &unheard);
    let numbers = Value::List((1..=3).map(Value::Int).collect());
    assert_eq!(late.take_finished(), [(run, Finished::Ended(RunEnd::Completed { result: numbers }))]);
}
