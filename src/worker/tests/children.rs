//! Children in the worker: executed by their parent's process, through crashes, once; closed with their parent; taken up with it.

use super::*;

/// The scripts beside every script of these tests.
fn world(files: &'static [(&'static str, &'static str)]) -> World {
    let mut world = World::new(|job| ok(job.input.clone()));
    world.files = files;
    world
}

fn run_no(world: &World, id: &str) -> RunNo {
    match world.store.ask(Request::Find { text: id.to_owned() }) {
        Ok(Answer::Runs(rows)) => rows.first().unwrap_or_else(|| panic!("no run {id}")).no,
        other => panic!("{other:?}"),
    }
}

fn view(world: &World, id: &str) -> RunView {
    let run = run_no(world, id);
    let Ok(Answer::View(view)) = world.store.ask(Request::View { run }) else { panic!("views") };
    *view
}

fn end_of(world: &World, id: &str) -> RunEnd {
    match view(world, id).row.status {
        StoredStatus::Ended(end) => end,
        other @ (StoredStatus::Open | StoredStatus::Stuck(_)) => panic!("run {id} is {other:?}"),
    }
}

fn completed(result: impl Into<Value>) -> RunEnd {
    RunEnd::Completed { result: result.into() }
}

const SUM: &[(&str, &str)] = &[
    ("/w/half.rhai", "activity(\"work\", input.n) * 10"),
    ("/w/sum.rhai", "child(\"half.rhai\", input) + 1"),
];

#[test]
fn children_are_executed_by_their_parent_s_process() {
    let world = world(SUM);
    let run = world.start(
        "p",
        "let c = start_child(\"sum.rhai\", #{ n: 2 }); child(\"half.rhai\", #{ n: 1 }) + c.result()",
    );
    let (mut worker, inputs) = world.worker(&[run]);
    let finished = world.drive(&mut worker, &inputs, 100);
    assert_eq!(finished.len(), 4);
    assert_eq!(end_of(&world, "p"), completed(31_i64));
    assert_eq!(end_of(&world, "p.0.0"), completed(20_i64));
    let words: Vec<&str> = world.history(run).iter().map(|entry| entry.fact.word()).collect();
    let expected =
        ["RunBegan", "ActivityCompleted", "ActivityCompleted", "ChildEnded", "ChildEnded", "RunCompleted"];
    assert_eq!(words, expected);
    assert_eq!(view(&world, "p.0").row.parent.map(|parent| parent.depth), Some(1));
}

#[test]
fn what_a_run_says_first_is_told_though_its_beginning_is_recorded_already() {
    let world = world(&[("/w/says.rhai", "log(\"hello\"); activity(\"work\", 1)")]);
    let run = world.start("p", "child(\"says.rhai\")");
    let (mut worker, inputs) = world.worker(&[run]);
    world.drive(&mut worker, &inputs, 100);
    assert_eq!(end_of(&world, "p.0"), completed(1_i64));
    let told = world.told.lock().expect("told");
    let says = told.iter().filter(|it| matches!(it, Progress::Log(line) if line.text == "hello")).count();
    assert_eq!(says, 1, "{told:?}");
    assert!(!told.iter().any(|it| matches!(it, Progress::Replayed { .. })), "nothing is resumed: {told:?}");
}

#[test]
fn a_worker_that_vanishes_at_any_turn_starts_each_child_once_and_loses_no_end() {
    let text = r#"
        let own = start_child("half.rhai", #{ n: 3 }, #{ id: "named" });
        let sum = 0;
        for n in 1..3 { sum += child("sum.rhai", #{ n: n }); }
        sum + own.result()
    "#;
    let mut cut = 0;
    for turns in 0..60 {
        let world = world(SUM);
        let run = world.start("p", text);
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
            cut += 1;
            let (mut worker, inputs) = world.worker(&[run]);
            worker.take_up_children().expect("takes up");
            world.drive(&mut worker, &inputs, 200);
        }
        assert_eq!(end_of(&world, "p"), completed(62_i64), "{turns}");
        for id in ["p.2", "p.2.0", "p.4", "p.4.0", "named"] {
            assert!(matches!(end_of(&world, id), RunEnd::Completed { .. }), "{turns}: {id}");
        }
        let Ok(Answer::Views(all)) = world.store.ask(Request::List(RunFilter::default())) else {
            panic!("lists")
        };
        assert_eq!(all.len(), 6, "{turns}");
        let mut jobs = world.jobs.lock().expect("jobs").clone();
        jobs.sort();
        let all = jobs.len();
        jobs.dedup();
        assert_eq!(jobs.len(), 3, "{turns}");
        assert!(all <= 5, "{turns}: only what was under way runs again: {all}");
        world.rows();
    }
    assert!(cut > 12, "only {cut} of the workers vanished in time");
}

#[test]
fn a_child_whose_file_is_gone_after_a_crash_is_known_all_the_same() {
    let mut world = world(SUM);
    let run = world.start("p", "child(\"half.rhai\", #{ n: 1 })");
    let (mut worker, inputs) = world.worker(&[run]);
    for _ in 0..4 {
        worker.turn().expect("turns");
        if world.history(run).len() > 1 || view_exists(&world, "p.0") {
            break;
        }
    }
    assert!(view_exists(&world, "p.0") && world.history(run).len() == 1, "the start is not recorded yet");
    drop((worker, inputs));
    world.files = &[];
    let (mut worker, inputs) = world.worker(&[run]);
    worker.take_up_children().expect("takes up");
    world.drive(&mut worker, &inputs, 100);
    assert_eq!(end_of(&world, "p"), completed(10_i64));
}

fn view_exists(world: &World, id: &str) -> bool {
    matches!(world.store.ask(Request::Find { text: id.to_owned() }), Ok(Answer::Runs(rows)) if !rows.is_empty())
}

const CARE: &[(&str, &str)] = &[(
    "/w/care.rhai",
    "try { sleep(\"1h\"); } catch (e) { activity(\"tidy\", run.id); throw e; } \"whole\"",
)];

#[test]
fn a_parent_that_ends_closes_its_children_as_each_was_started() {
    let text = r#"
        start_child("care.rhai", (), #{ id: "asked" });
        start_child("care.rhai", (), #{ id: "ended", on_parent_close: "terminate" });
        start_child("care.rhai", (), #{ id: "left", on_parent_close: "abandon" });
        sleep(1);
    "#;
    let world = world(CARE);
    let run = world.start("p", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.drive(&mut worker, &inputs, 100);
    assert_eq!(end_of(&world, "p"), completed(Value::Null));
    assert!(
        matches!(end_of(&world, "asked"), RunEnd::Cancelled { reason } if reason == "its parent, run p, has ended")
    );
    assert!(matches!(end_of(&world, "ended"), RunEnd::Terminated { .. }));
    assert_eq!(end_of(&world, "left"), completed("whole"));
    assert_eq!(world.jobs(), ["activity \"tidy\""], "only the one that was asked cleans up");
    world.rows();
}

#[test]
fn a_cancelled_parent_waits_for_the_clean_up_of_its_child_where_it_says_so() {
    let text = r#"
        let c = start_child("care.rhai");
        try { c.result(); } catch (e) { try { c.result(); } catch (e2) { log(`${e.kind}, ${e2.kind} ${e2.status}`); } throw e; }
    "#;
    let world = world(CARE);
    let run = world.start("p", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    let body = MessageBody::Cancel { cause: CancelCause::Request, reason: "enough".to_owned() };
    let message = NewMessage { run, id: MessageId::of_key("test", "cancel"), keyed: true, body };
    world.store.ask(Request::Post(Box::new(message))).expect("is accepted");
    world.turns(&mut worker, &inputs);
    assert!(matches!(end_of(&world, "p"), RunEnd::Cancelled { .. }));
    assert!(
        matches!(end_of(&world, "p.0"), RunEnd::Cancelled { reason } if reason == "its parent, run p, asked it to end")
    );
    let told = world.told.lock().expect("told");
    let logged = |progress: &Progress| matches!(progress, Progress::Log(line) if line.text == "cancelled, child cancelled");
    assert!(told.iter().any(logged), "{told:?}");
}

#[test]
fn a_child_can_be_sent_signals_and_its_parent_s_next_generation_starts_others() {
    let files: &[(&str, &str)] = &[("/w/ask.rhai", "wait_signal(\"s\")")];
    let text = r#"
        let n = input ?? 0;
        let c = start_child("ask.rhai");
        if n == 0 { restart_with(1); }
        c.signal("s", n + 1);
        c.result()
    "#;
    let world = world(files);
    let run = world.start("p", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.drive(&mut worker, &inputs, 100);
    assert_eq!(end_of(&world, "p"), completed(2_i64));
    assert!(
        matches!(end_of(&world, "p.0"), RunEnd::Cancelled { reason } if reason == "its parent, run p, began anew")
    );
    assert_eq!(end_of(&world, "p.g1.0"), completed(2_i64));
}

#[test]
fn what_is_heard_late_of_a_generation_before_is_nobody_s() {
    let files: &[(&str, &str)] = &[("/w/ask.rhai", "wait_signal(\"s\")")];
    let text = r#"
        let c = start_child("ask.rhai", 1, #{ on_parent_close: "abandon" });
        if input == () { restart_with(1); }
        with_lock("l", || c.result())
    "#;
    let world = world(files);
    world.start("other", "with_lock(\"l\", || wait_signal(\"s\"))");
    let (other, run) = (run_no(&world, "other"), world.start("p", text));
    let (mut worker, inputs) = world.worker(&[other, run]);
    world.drive(&mut worker, &inputs, 100);
    let known = world.history(run);
    let outcome = ChildOutcome::Ended(completed(7_i64));
    let child = RunId::parse("p.0").expect("an id");
    let ended = MessageBody::ChildEnded { op: OpId(0), child, outcome };
    let lock = view(&world, "p").locks.first().expect("it waits for the lock").op;
    let granted = MessageBody::Grant { op: lock, name: "l".to_owned() };
    let ids = [MessageId::of_child(run, 0, OpId(0)), MessageId::of_grant("p", lock, 1)];
    for ((id, body), no) in ids.into_iter().zip([ended, granted]).zip(1..) {
        let message = Message { no: MessageNo(no), id, accepted_at: Moment(0), body };
        worker.take(Input::Store(Event::Message { run, message }));
    }
    world.drive(&mut worker, &inputs, 100);
    assert_eq!((view(&world, "p").row.generation, world.history(run)), (1, known));
}

#[test]
fn an_abandoned_start_is_refused_where_the_id_is_another_s() {
    let world = world(SUM);
    let _other = world.start("x", "1");
    let run = world
        .start("p", "let r = (); try { child(\"half.rhai\", (), #{ id: \"x\" }); } catch (e) { r = `${e.kind} ${e.id}`; } r");
    let (mut worker, inputs) = world.worker(&[run]);
    world.drive(&mut worker, &inputs, 100);
    assert_eq!(end_of(&world, "p"), completed("conflict x"));
}

#[test]
fn a_child_without_an_executor_is_told_to_those_who_ask_why() {
    let world = world(CARE);
    let run = world.start("p", "child(\"care.rhai\")");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    world.clock.advance(Duration::from_millis(60));
    world.turns(&mut worker, &inputs);
    drop((worker, inputs));
    world.clock.advance(Duration::from_hours(2));
    let waits: Vec<Option<String>> = world.pending(run).into_iter().map(|row| row.waits_for).collect();
    let told = "the end of its child, run p.0 (parked: durun resume p.0)".to_owned();
    assert_eq!(waits, [Some(told)]);
}
