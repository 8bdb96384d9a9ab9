//! What scripts say to other runs: once, through crashes, with errors that they can catch.

use super::*;

/// The payloads of the signals that wait for a run.
fn mail(world: &World, run: RunNo) -> Vec<String> {
    let Ok(Answer::Snapshot(snapshot)) = world.store.ask(Request::Snapshot { run }) else { panic!("reads") };
    let payload = |message: &Message| match &message.body {
        MessageBody::Signal { name, payload } => format!("{name} {payload}"),
        other @ (MessageBody::Cancel { .. }
        | MessageBody::Resolve { .. }
        | MessageBody::Answer { .. }
        | MessageBody::Update { .. }
        | MessageBody::Grant { .. }
        | MessageBody::ChildEnded { .. }) => format!("{other:?}"),
    };
    snapshot.inbox.iter().map(payload).collect()
}

#[test]
fn a_signal_to_another_run_of_this_process_is_taken_at_once() {
    let world = World::new(|_| None);
    let to = world.start("to", "let a = wait_signal(\"s\"); `${a.n} ${wait_signal(\"t\")}`");
    let from =
        world.start("from", "signal_run(\"to\", \"s\", #{ n: 7 }); signal_run(\"to\", \"t\"); \"sent\"");
    let (mut worker, inputs) = world.worker(&[to, from]);
    let mut finished = world.drive(&mut worker, &inputs, 50);
    finished.sort_by_key(|(no, _)| *no);
    let completed = |text: &str| Finished::Ended(RunEnd::Completed { result: text.into() });
    assert_eq!(finished, [(to, completed("7 true")), (from, completed("sent"))]);
    let words: Vec<&str> = world.history(from).iter().map(|entry| entry.fact.word()).collect();
    assert_eq!(words, ["RunBegan", "ActivityCompleted", "ActivityCompleted", "RunCompleted"]);
}

#[test]
fn errors_of_signal_run_are_kinds_that_a_script_can_catch() {
    let world = World::new(|_| None);
    let over = world.start("over", "1");
    world.store.ask(Request::Terminate { run: over, reason: String::new() }).expect("terminates");
    let run = world.start(
        "r",
        r#"
        let kinds = [];
        for id in ["over", "ove", "none", "-no-id-"] {
            try { signal_run(id, "s"); kinds.push("sent"); } catch (e) { kinds.push(`${e.kind} ${e.run}`); }
        }
        kinds
        "#,
    );
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 50);
    let kinds = ["ended over", "no_such_run ove", "no_such_run none", "no_such_run -no-id-"];
    let result = Value::List(kinds.map(Value::from).to_vec());
    assert_eq!(finished, [(run, Finished::Ended(RunEnd::Completed { result }))]);
}

#[test]
fn a_worker_that_vanishes_at_any_turn_sends_each_signal_once() {
    let text = r#"
        for n in 0..3 { signal_run("to", "s", n); activity("between"); }
        if run.generation == 0 { restart_with(()); }
    "#;
    for turns in 0..24 {
        let world = World::new(|_| ok(Value::Null));
        let to = world.start("to", "sleep(\"100 days\")");
        let run = world.start("from", text);
        for _ in 0..2 {
            let (mut worker, inputs) = world.worker(&[run]);
            for _ in 0..turns {
                while let Ok(input) = inputs.try_recv() {
                    worker.take(input);
                }
                worker.turn().expect("turns");
            }
            if worker.is_idle() {
                break;
            }
        }
        // A signal that was sent and not recorded is sent again, two days later.
        world.clock.advance(Duration::from_hours(48));
        if let Ok(Answer::View(view)) = world.store.ask(Request::View { run })
            && !view.status.is_ended()
        {
            let (mut worker, inputs) = world.worker(&[run]);
            world.drive(&mut worker, &inputs, 100);
        }
        assert_eq!(mail(&world, to), ["s 0", "s 1", "s 2", "s 0", "s 1", "s 2"], "{turns}");
    }
}

#[test]
fn a_run_that_is_evicted_before_its_child_is_asked_for_asks_once() {
    for turns_before_the_mail in 0..3 {
        let mut world = World::new(|job| ok(job.input.clone()));
        world.files = &[("/w/kid.rhai", "7")];
        let run = world.start(
            "p",
            "on_signal(\"s\", |d| ()); let kid = start_child(\"kid.rhai\"); wait_signal(\"end\"); kid.result()",
        );
        let (mut first, _inputs) = world.worker(&[run]);
        // It is killed when the child is recorded, and its own entry of that is not.
        assert!(first.turn().expect("turns"));
        drop(first);
        let (mut worker, inputs) = world.worker(&[run]);
        worker.settings.live_strands = 0;
        worker.make_room();
        for _ in 0..turns_before_the_mail {
            worker.turn().expect("turns");
        }
        world.deliver(run, "s", Value::Null);
        world.turns(&mut worker, &inputs);
        world.deliver(run, "end", Value::Null);
        world.drive(&mut worker, &inputs, 100);
        let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
        let asked = words.iter().filter(|word| **word == "ActivityCompleted").count();
        assert_eq!((asked, words.last()), (1, Some(&"RunCompleted")), "{turns_before_the_mail}: {words:?}");
    }
}
