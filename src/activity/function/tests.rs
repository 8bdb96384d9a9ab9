//! Attempts of functions: what they give, how they fail, how they are ended, and that none runs beside another.

use super::*;
use crate::activity::{Done, Failed, Launcher, Secrets};
use crate::history::{Placeholder, Value, kind};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than any test may take.
const FOREVER: Duration = Duration::from_mins(1);
const SOON: Duration = Duration::from_millis(20);

type Told = Receiver<Result<Done, Failed>>;

struct Desk {
    launcher: Launcher,
    activities: Activities,
    beats: Arc<Mutex<Vec<Value>>>,
    secrets: Arc<Secrets>,
}

impl Desk {
    fn new(activities: Activities) -> Self {
        let launcher = Launcher::start().expect("a thread");
        Self { launcher, activities, beats: Arc::default(), secrets: Arc::new(Secrets::none()) }
    }

    fn begin(&self, id: u64, told: Circumstance, input: Value, timeout_ms: Option<i64>) -> Told {
        let (sender, told_of) = channel();
        let beats = Arc::clone(&self.beats);
        let call = FunctionCall {
            activities: self.activities.clone(),
            told,
            input,
            secrets: Arc::clone(&self.secrets),
            timeout_ms,
            on_heartbeat: Arc::new(move |details| beats.lock().expect("beats").push(details)),
        };
        self.launcher.heed(id, |asked| call_function(call, asked, move |result| drop(sender.send(result))));
        told_of
    }

    fn call(&self, name: &str, input: impl Into<Value>) -> Result<Value, Failed> {
        // The launcher knows a call by its number, which is never given twice while it lives: who is told of the end may be
        // faster than the launcher.
        static NEXT: AtomicU64 = AtomicU64::new(1_000);
        let id = NEXT.fetch_add(1, Ordering::SeqCst);
        self.begin(id, told(name), input.into(), None).recv_timeout(FOREVER).expect("is told").map(value)
    }
}

fn value(done: Done) -> Value {
    done.value
}

/// What an attempt is told; each call has a command of its own.
fn told(name: &str) -> Circumstance {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let key = format!("key {}", NEXT.fetch_add(1, Ordering::SeqCst));
    Circumstance {
        run_id: "order-1".to_owned(),
        name: name.to_owned(),
        attempt: 3,
        key,
        ..Circumstance::default()
    }
}

#[test]
fn a_function_is_told_its_attempt_and_gives_a_value() {
    let desk = Desk::new(Activities::new().with("tell", |context, input| {
        let told = format!("{} {} {} {}", context.run_id(), context.name(), context.attempt(), input);
        Ok(vec![told.into(), context.last_heartbeat().cloned().unwrap_or_default(), context.key().into()])
    }));
    let told = Circumstance { key: "k".to_owned(), last_heartbeat: Some(7.into()), ..told("tell") };
    let given = desk.begin(1, told, Value::Int(5), None).recv_timeout(FOREVER).expect("is told").map(value);
    assert_eq!(given, Ok(vec!["order-1 tell 3 5".into(), Value::Int(7), "k".into()].into()));
}

#[test]
fn an_error_is_tried_again_unless_it_is_permanent_and_a_panic_is_one() {
    let desk = Desk::new(
        Activities::new()
            .with("io", |_, _| {
                std::fs::read("/no/such/file")?;
                Ok(())
            })
            .with("busy", |_, _| -> Result<(), _> {
                Err(AttemptError::new("busy").retry_after(Duration::from_millis(1_500)))
            })
            .with("declined", |_, _| -> Result<(), _> {
                Err(AttemptError::permanent("no money").of_type("card_declined").with("limit", 500))
            })
            .with("panics", |_, _| -> Result<(), _> { panic!("no {}", "way") }),
    );
    let failed = desk.call("io", ()).expect_err("fails");
    assert!(!failed.permanent && failed.failure.message.starts_with("No such file"), "{failed:?}");
    assert_eq!(failed.failure.data.get("name"), Some(&Value::from("io")));
    assert_eq!(desk.call("busy", ()).expect_err("fails").retry_after_ms, Some(1_500));
    let failed = desk.call("declined", ()).expect_err("fails");
    assert!(failed.permanent, "{failed:?}");
    let field = |name: &str| failed.failure.data.get(name).cloned();
    assert_eq!((field("type"), field("limit")), (Some("card_declined".into()), Some(500.into())));
    let failed = desk.call("panics", ()).expect_err("fails");
    assert!(!failed.permanent, "{failed:?}");
    assert_eq!(failed.failure.message, "panicked: no way");
    assert_eq!(
        desk.call("io", ()).expect_err("fails").failure.kind,
        kind::ACTIVITY,
        "the desk is still there"
    );
}

#[test]
fn what_cannot_be_recorded_is_a_failure_for_good() {
    let desk = Desk::new(
        Activities::new()
            .with("large", |_, _| Ok("x".repeat(crate::history::MAX_BYTES)))
            .with("nan", |_, _| Ok(f64::NAN)),
    );
    for (name, type_) in [("large", kind::TOO_LARGE), ("nan", kind::BAD_VALUE)] {
        let failed = desk.call(name, ()).expect_err("fails");
        assert!(failed.permanent, "{failed:?}");
        assert_eq!(failed.failure.data.get("type"), Some(&Value::from(type_)), "{failed:?}");
    }
}

/// A way for a function to say that it has begun, and for a test to wait for that.
fn beginnings() -> (impl Fn() + Send + Sync, Receiver<()>) {
    let (sender, begun) = channel();
    let sender = Mutex::new(sender);
    (move || sender.lock().expect("a sender").send(()).expect("is heard"), begun)
}

#[test]
fn a_future_has_a_runtime_and_is_dropped_where_it_awaits() {
    struct Dropped(Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let was_dropped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&was_dropped);
    let (begins, begun) = beginnings();
    let desk = Desk::new(
        Activities::new()
            .with_async("short", |_, input| async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(input)
            })
            .with_async("long", move |_, _| {
                let held = Dropped(Arc::clone(&flag));
                begins();
                async move {
                    tokio::time::sleep(FOREVER).await;
                    drop(held);
                    Ok(())
                }
            }),
    );
    assert_eq!(desk.call("short", "in"), Ok("in".into()));
    let long = desk.begin(1, told("long"), Value::Null, None);
    begun.recv().expect("begins");
    desk.launcher.stop(1);
    let failed = long.recv_timeout(FOREVER).expect("is told").expect_err("stopped").failure;
    assert_eq!((failed.kind.as_str(), failed.message.as_str()), (kind::CANCELLED, "was stopped"));
    assert!(was_dropped.load(Ordering::SeqCst));
}

#[test]
fn one_that_is_stopped_or_too_slow_is_told_and_a_value_that_it_still_gives_counts() {
    let (begins, begun) = beginnings();
    let desk = Desk::new(
        Activities::new()
            .with("waits", |context, _| {
                assert!(context.wait_cancelled(FOREVER) && context.is_cancelled());
                Err::<(), _>(AttemptError::new("put away"))
            })
            .with("ends", move |context, _| {
                begins();
                Ok(context.wait_cancelled(FOREVER))
            }),
    );
    let slow = desk.begin(1, told("waits"), Value::Null, Some(20)).recv_timeout(FOREVER).expect("is told");
    let failed = slow.expect_err("times out").failure;
    let expected = ("timeout", "took longer than its timeout of 20ms");
    assert_eq!((failed.kind.as_str(), failed.message.as_str()), expected);
    let ends = desk.begin(2, told("ends"), Value::Null, None);
    begun.recv().expect("begins");
    desk.launcher.stop(2);
    assert_eq!(ends.recv_timeout(FOREVER).expect("is told").map(value), Ok(Value::Bool(true)));
    let waits = desk.begin(3, told("waits"), Value::Null, None);
    desk.launcher.stop_all(true);
    assert!(waits.try_recv().is_ok_and(|told| told.is_err()), "it was waited for");
}

#[test]
fn one_that_does_not_return_is_left_behind_and_the_next_attempt_waits_for_it() {
    let (go_on, may) = channel::<()>();
    let may = Mutex::new(may);
    let (begins, begun) = beginnings();
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counts = (Arc::clone(&inside), Arc::clone(&most));
    let activities = Activities::new().grace(SOON).with("stubborn", move |_, _| {
        counts.1.fetch_max(counts.0.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        begins();
        let _told = may.lock().expect("one at a time").recv();
        counts.0.fetch_sub(1, Ordering::SeqCst);
        Ok("done")
    });
    let desk = Desk::new(activities);
    let same = told("stubborn");
    let first = desk.begin(1, same.clone(), Value::Null, None);
    begun.recv().expect("begins");
    desk.launcher.stop(1);
    let message = first.recv_timeout(FOREVER).expect("is told").expect_err("stopped").failure.message;
    assert_eq!(message, "was stopped; its function has not returned, and goes on");
    // The second cannot even begin while the first goes on.
    let second = desk.begin(2, same.clone(), Value::Null, Some(20)).recv_timeout(FOREVER).expect("is told");
    assert_eq!(second.expect_err("times out").failure.kind, kind::TIMEOUT);
    assert_eq!(inside.load(Ordering::SeqCst), 1);
    let third = desk.begin(3, same, Value::Null, None);
    go_on.send(()).expect("the first goes on");
    go_on.send(()).expect("the third goes on");
    assert_eq!(third.recv_timeout(FOREVER).expect("is told").map(value), Ok("done".into()));
    assert_eq!(most.load(Ordering::SeqCst), 1, "never two side by side");
}

#[test]
fn the_last_heartbeat_is_told_before_the_end_and_a_flood_is_thinned() {
    let desk = Desk::new(Activities::new().with("beats", |context, _| {
        for beat in 0..10_000 {
            context.heartbeat(beat);
        }
        context.heartbeat("x".repeat(100_000));
        Ok(())
    }));
    assert_eq!(desk.call("beats", ()), Ok(Value::Null));
    let beats = desk.beats.lock().expect("beats");
    assert_eq!(beats.last(), Some(&Value::Int(9_999)), "what is too long keeps the cursor");
    assert!(beats.len() < 1_000, "{} heartbeats", beats.len());
}

#[test]
fn secrets_stand_in_the_input_and_are_masked_in_what_comes_back() {
    let mut desk = Desk::new(
        Activities::new()
            .with("echo", |_, input| Ok(input))
            .with("fails", |_, input| -> Result<(), _> { Err(AttemptError::new(input.to_string())) }),
    );
    let variables: crate::activity::Variables =
        Arc::new(|name| (name == "KEY").then(|| "hunter22".to_owned()));
    let input = Value::from([("list", Value::List(vec![Placeholder::text([7; 16], "KEY").into()]))]);
    let secrets = Secrets::new([7; 16], Arc::default(), variables, BTreeSet::new()).with_those_in(&input);
    desk.secrets = Arc::new(secrets);
    let masked = desk.call("echo", input.clone()).expect("echoes").to_string();
    assert_eq!(masked, "{\"list\":[\"⟦secret:KEY⟧\"]}");
    let message = desk.call("fails", input).expect_err("fails").failure.message;
    assert!(message.contains("⟦secret:KEY⟧") && !message.contains("hunter22"), "{message}");
}
