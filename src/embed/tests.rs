//! Programs that embed durun, over real stores: what they start goes through, waits, fails and goes on after a close.

use super::*;
use crate::activity::{Activities, AttemptError};
use crate::history::{Moment, RunEnd, RunStatus, Value};
use crate::timer::ManualClock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What functions have noted, in order.
type Notes = Arc<Mutex<Vec<String>>>;

fn place() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn opened(place: &tempfile::TempDir, activities: Activities) -> Durun {
    Durun::builder(place.path().join("store"))
        .working_directory(place.path())
        .activities(activities)
        .open()
        .expect("opens")
}

/// A function of this name that notes its name and input and gives `result`.
fn noting(activities: Activities, notes: &Notes, name: &'static str) -> Activities {
    let notes = Arc::clone(notes);
    activities.with(name, move |_, input| {
        notes.lock().expect("notes").push(format!("{name} {input}"));
        Ok(input)
    })
}

#[test]
fn attempts_are_numbered_share_a_key_and_go_on_from_the_last_heartbeat() {
    let seen: Notes = Arc::default();
    let notes = Arc::clone(&seen);
    let activities = Activities::new().with("load", move |context, _| {
        let from = context.last_heartbeat().and_then(Value::as_int).unwrap_or(0);
        notes.lock().expect("notes").push(format!("{} {from} {}", context.attempt(), context.key()));
        context.heartbeat(from + 10);
        if context.attempt() < 3 {
            return Err(AttemptError::new("the connection broke off").of_type("broken"));
        }
        Ok(from)
    });
    let place = place();
    let durun = opened(&place, activities);
    let script = "activity(\"load\", (), #{ retry: #{ first: \"1ms\", attempts: 3 } })";
    let run = durun.start(Start::text("load.rhai", script)).expect("starts");
    assert_eq!(run.result(), Ok(Value::Int(20)));
    let seen = seen.lock().expect("notes");
    let key = seen[0].rsplit(' ').next().expect("a key");
    assert!(key.len() > 10, "{key}");
    assert_eq!(*seen, [format!("1 0 {key}"), format!("2 10 {key}"), format!("3 20 {key}")]);
    let done = run.history().expect("reads").remove(1);
    assert_eq!((done.kind, done.name.as_deref()), ("ActivityCompleted", Some("load")));
    assert_eq!(done.data.get("attempts"), Some(&Value::Int(3)));
}

#[test]
fn the_script_s_function_comes_first_then_the_program_s_then_the_file() {
    let (place, notes) = (place(), Notes::default());
    std::fs::create_dir(place.path().join("activities")).expect("a folder");
    let file = place.path().join("activities/two");
    std::fs::write(&file, "#!/bin/sh\necho of the file\n").expect("written");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("rights");
    let durun = opened(&place, noting(noting(Activities::new(), &notes, "one"), &notes, "two"));
    let script = "fn one(x) { \"of the script\" } [activity(\"one\", 1), activity(\"two\", 2)]";
    let run = durun.start(Start::text("s.rhai", script)).expect("starts");
    assert_eq!(run.result(), Ok(vec!["of the script".into(), Value::Int(2)].into()));
    assert_eq!(*notes.lock().expect("notes"), ["two 2"]);
    let run = durun.start(Start::text("t.rhai", "activity(\"onee\")")).expect("starts");
    let Err(Error::NotCompleted { end, .. }) = run.result() else { panic!("there is no such activity") };
    let RunEnd::Failed { failure } = *end else { panic!("{end:?}") };
    assert!(failure.message.ends_with("did you mean \"one\"?"), "{}", failure.message);
}

#[test]
fn what_fails_for_good_is_caught_by_its_type_and_undone_by_functions() {
    let (place, notes) = (place(), Notes::default());
    let activities = noting(noting(Activities::new(), &notes, "book"), &notes, "release")
        .with("pay", |_, _| -> Result<(), _> {
            Err(AttemptError::permanent("no money").of_type("card_declined"))
        });
    let durun = opened(&place, activities);
    let script = "activity(\"book\", 7, #{ undo: |room| activity(\"release\", room) }); activity(\"pay\", 7)";
    let run = durun.start(Start::text("trip.rhai", script)).expect("starts");
    let Err(Error::NotCompleted { end, .. }) = run.result() else { panic!("it failed") };
    let RunEnd::Failed { failure } = *end else { panic!("{end:?}") };
    assert_eq!(
        (failure.message.as_str(), failure.data.get("type")),
        ("no money", Some(&"card_declined".into()))
    );
    assert_eq!(*notes.lock().expect("notes"), ["book 7", "release 7"]);
}

#[test]
fn a_run_that_is_cancelled_tells_the_function_that_is_under_way() {
    let (begun, has_begun) = channel();
    let begun = Mutex::new(begun);
    let activities = Activities::new().with("long", move |context, _| {
        begun.lock().expect("alone").send(()).expect("heard");
        assert!(context.wait_cancelled(Duration::from_mins(1)));
        Err::<(), _>(AttemptError::new("put away"))
    });
    let place = place();
    let durun = opened(&place, activities);
    let run = durun.start(Start::text("long.rhai", "activity(\"long\")").id("long")).expect("starts");
    has_begun.recv().expect("begins");
    assert_eq!(run.wait_at_most(Duration::ZERO), Ok(None));
    run.cancel("no longer wanted").expect("is accepted");
    assert_eq!(run.wait(), Ok(RunEnd::Cancelled { reason: "no longer wanted".to_owned() }));
    assert_eq!(
        run.signal("more", ()),
        Err(Error::Ended { id: run.id().clone(), status: RunStatus::Cancelled })
    );
}

#[test]
fn what_was_closed_goes_on_when_it_is_opened_again_and_no_step_is_done_twice() {
    let (place, notes) = (place(), Notes::default());
    let script = "let a = activity(\"step\", 1); let b = wait_signal(\"go\"); activity(\"step\", a + b)";
    let start = || Start::text("s.rhai", script).id("one").input("in");
    let durun = opened(&place, noting(Activities::new(), &notes, "step"));
    let run = durun.start(start()).expect("starts");
    run.signal_once("go", 5, "the key").expect("is accepted");
    run.signal_once("other", 5, "key two").expect("is accepted");
    assert_eq!(run.result(), Ok(Value::Int(6)));
    let waiting = durun.start(start().id("two")).expect("starts");
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| waiting.wait());
        while !notes.lock().expect("notes").iter().filter(|note| *note == "step 1").count().eq(&2) {
            std::thread::yield_now();
        }
        durun.close();
        assert_eq!(
            waits.join().expect("is told"),
            Err(Error::Closed { message: "it was closed".to_owned() })
        );
    });
    assert!(!waiting.status().expect("it can still be looked at").is_ended());
    drop((run, waiting));
    let durun = opened(&place, noting(Activities::new(), &notes, "step"));
    let again = durun.start(start().id("two")).expect("it is there");
    again.signal("go", 1).expect("is accepted");
    assert_eq!(again.result(), Ok(Value::Int(2)));
    assert_eq!(*notes.lock().expect("notes"), ["step 1", "step 6", "step 1", "step 2"]);
    assert_eq!(durun.list(&[RunStatus::Completed]).expect("lists").len(), 2);
    assert_eq!(durun.list(&[RunStatus::Failed]), Ok(Vec::new()));
}

#[test]
fn a_program_without_the_functions_leaves_the_run_to_the_one_that_has_them() {
    let (place, notes) = (place(), Notes::default());
    let script = "wait_signal(\"go\"); activity(\"step\", 1)";
    let has = opened(&place, noting(Activities::new(), &notes, "step"));
    let id = has.start(Start::text("s.rhai", script)).expect("starts").id().to_string();
    has.close();
    let lacks = opened(&place, noting(Activities::new(), &notes, "other"));
    let run = lacks.run(&id).expect("it is there");
    run.signal("go", ()).expect("is accepted");
    let Err(Error::Refused { message }) = run.wait() else { panic!("it is refused") };
    assert!(message.ends_with("does not have: step"), "{message}");
    drop(run);
    lacks.close();
    assert!(notes.lock().expect("notes").is_empty());
    let has = opened(&place, noting(Activities::new(), &notes, "step"));
    assert_eq!(has.run(&id).expect("it is there").result(), Ok(Value::Int(1)));
}

#[test]
fn another_process_of_the_store_starts_asks_and_waits() {
    let place = place();
    let script = "let n = input; on_query(\"n\", |by| n + by); on_update(\"add\", |by| { n += by; n }, #{ validate: |by| by > 0 }); wait_signal(\"end\"); n";
    let asks = Durun::builder(place.path().join("store")).working_directory(place.path()).without_execution();
    // The one that owns the file and the one that asks by the socket take turns.
    for order in [false, true] {
        let (first, second) = (opened(&place, Activities::new()), asks.clone().open().expect("opens"));
        let (first, second) = if order { (first, second) } else { (second, first) };
        let run = first.start(Start::text("s.rhai", script).input(40)).expect("starts");
        let same = second.run(run.id().as_str()).expect("finds");
        assert_eq!(same.update_once("add", 2, "the key"), Ok(Value::Int(42)));
        assert_eq!(run.update_once("add", 2, "the key"), Ok(Value::Int(42)), "it was done once");
        let Err(Error::Update(failure)) = run.update("add", -1) else { panic!("it is refused") };
        assert!(!failure.message.is_empty());
        assert_eq!(run.query("n", 1), Ok(Value::Int(43)));
        assert!(matches!(same.query("m", ()), Err(Error::Query { .. })));
        same.signal("end", ()).expect("is accepted");
        assert_eq!((run.result(), same.result()), (Ok(Value::Int(42)), Ok(Value::Int(42))));
        assert!(matches!(same.update("add", 1), Err(Error::Ended { .. })));
        assert_eq!(same.update_once("add", 2, "the key"), Ok(Value::Int(42)), "also when the run has ended");
    }
}

#[test]
fn mistakes_are_told_before_anything_is_recorded() {
    let place = place();
    let durun = opened(&place, Activities::new());
    let start = |start: Start| durun.start(start).expect_err("refused");
    assert!(matches!(start(Start::file("none.rhai")), Error::Script { .. }));
    let Error::Script { message } = start(Start::text("s.rhai", "let = 1")) else { panic!("no script") };
    assert!(message.contains("s.rhai, line 1: "), "{message}");
    let params = Start::text("s.rhai", "params(#{ count: 1 })").input(Value::from([("count", "x".into())]));
    assert!(matches!(start(params), Error::Input { .. }));
    assert!(matches!(start(Start::text("s.rhai", "1").id("a/b")), Error::Input { .. }));
    assert!(matches!(start(Start::text("s.rhai", "1").input("x".repeat(2_000_000))), Error::Input { .. }));
    assert_eq!(durun.list(&[]), Ok(Vec::new()), "nothing was recorded");
    durun.start(Start::text("s.rhai", "1").id("one")).expect("starts");
    let conflict =
        |differs| Error::Conflict { id: crate::history::RunId::parse("one").expect("an id"), differs };
    assert_eq!(start(Start::text("t.rhai", "1").id("one")), conflict("script"));
    assert_eq!(start(Start::text("s.rhai", "1").id("one").input(2)), conflict("input"));
    assert_eq!(durun.run("on").expect_err("no beginning").to_string(), "there is no run \"on\"");
    let wrong =
        Durun::builder(place.path().join("other")).activities(Activities::new().with("a b", |_, _| Ok(())));
    assert!(matches!(wrong.open().map(drop), Err(Error::Input { .. })));
    assert!(!place.path().join("other").exists(), "nothing was made");
}

#[test]
fn a_run_that_is_stuck_says_so_to_whoever_waits() {
    let place = place();
    let durun = opened(&place, Activities::new());
    let run = durun.start(Start::text("s.rhai", "no_such_function(1)")).expect("starts");
    let Err(Error::Stuck { stuck, .. }) = run.result() else { panic!("it is stuck") };
    assert!(stuck.message.contains("no_such_function") && stuck.line == Some(1), "{stuck:?}");
    assert_eq!(run.info().expect("is there").status, RunStatus::Stuck);
}

#[test]
fn by_a_clock_of_its_own_a_month_passes_at_once() {
    let place = place();
    let clock = ManualClock::at(Moment(1_700_000_000_000));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let activities = Activities::new().with("remind", move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let durun = Durun::builder(place.path().join("store"))
        .activities(activities)
        .clock(clock.clone())
        .open()
        .expect("opens");
    let run = durun
        .start(Start::text("s.rhai", "sleep(\"30 days\"); activity(\"remind\"); now()"))
        .expect("starts");
    let mut passed = Duration::ZERO;
    while run.wait_at_most(Duration::from_millis(20)).expect("goes on").is_none() {
        clock.advance(Duration::from_hours(24));
        passed += Duration::from_hours(24);
    }
    assert!(passed >= Duration::from_hours(24 * 30), "{passed:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn tokens_are_resolved_and_questions_answered_once() {
    let place = place();
    let durun = opened(&place, Activities::new());
    let script = "let done = token(); on_query(\"token\", || done); let paid = wait_token(done);\n\
                  let ship = ask(\"Ship it?\", #{ choices: [\"yes\", \"no\"] }); [paid, ship]";
    let run = durun.start(Start::text("s.rhai", script)).expect("starts");
    let token = run.query("token", ()).expect("is answered");
    let token = token.as_text().expect("a token");
    assert!(matches!(run.answer("yes", "Ada"), Err(Error::Input { .. })), "it asks nothing yet");
    assert!(matches!(durun.resolve("none", 1), Err(Error::Input { .. })));
    durun.resolve(token, 20).expect("is resolved");
    durun.resolve(token, 20).expect("the same again");
    assert!(matches!(durun.reject(token, "no"), Err(Error::Answered { .. })));
    // The question is shown a moment after it is asked.
    while matches!(run.answer("no", "Ada"), Err(Error::Input { .. })) {
        std::thread::yield_now();
    }
    assert_eq!(run.result(), Ok(vec![Value::Int(20), "no".into()].into()));
}

#[test]
fn two_programs_share_the_runs_of_a_store_and_each_step_is_done_once() {
    let (place, notes) = (place(), Notes::default());
    let both = [(); 2].map(|()| opened(&place, noting(Activities::new(), &notes, "step")));
    let script = "activity(\"step\", input) + 1";
    let runs: Vec<Run> = (0..20)
        .map(|n| both[n % 2].start(Start::text("s.rhai", script).input(i64::try_from(n).expect("small"))))
        .collect::<Result<_, _>>()
        .expect("start");
    for (n, run) in (1..).zip(&runs) {
        assert_eq!(run.result(), Ok(Value::Int(n)));
    }
    let mut notes = notes.lock().expect("notes").clone();
    notes.sort_unstable();
    let mut once: Vec<String> = (0..20).map(|n| format!("step {n}")).collect();
    once.sort_unstable();
    assert_eq!(notes, once);
}
