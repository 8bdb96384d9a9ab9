//! What a function is told of the attempt that it is, and what it can tell.

use crate::history::Value;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What is known of an attempt.
#[derive(Debug, Clone, Default)]
pub struct Circumstance {
    /// The run's name.
    pub run_id: String,
    /// The activity's name.
    pub name: String,
    /// The command's number.
    pub op: u32,
    /// From 1.
    pub attempt: u32,
    /// The same for every attempt.
    pub key: String,
    /// The details of the last heartbeat of an earlier attempt.
    pub last_heartbeat: Option<Value>,
}

/// What an activity is told of its attempt, and its way to say that it lives. Clones are the same.
///
/// ```
/// use durun::{Activities, AttemptError, Durun, Start, Value};
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path();
/// let activities = Activities::new().with("copy", |context, files| {
///     // Where an earlier attempt was, crashes included.
///     let done = context.last_heartbeat().and_then(Value::as_int).unwrap_or(0);
///     for file in done..files.as_int().unwrap_or(0) {
///         if context.is_cancelled() {
///             return Err(AttemptError::new("asked to end"));
///         }
///         context.heartbeat(file + 1);
///         if file == 2 && context.attempt() == 1 {
///             return Err(AttemptError::new("the disk is busy"));
///         }
///     }
///     Ok(format!("from {done} on, under {}", context.key()))
/// });
/// let durun = Durun::builder(directory).activities(activities).open()?;
/// let script = r#"activity("copy", 5, #{ retry: #{ first: "1ms" } })"#;
/// let result = durun.start(Start::text("copy.rhai", script))?.result()?;
/// assert!(result.as_text().is_some_and(|text| text.starts_with("from 3 on, under ")), "{result}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    told: Circumstance,
    /// The latest heartbeat.
    beats: watch::Sender<Option<Value>>,
    /// Whether it is to end, for those who await and those who block.
    is_over: watch::Sender<bool>,
    blocking: (Mutex<bool>, Condvar),
}

impl Context {
    pub(super) fn new(told: Circumstance) -> Self {
        let (beats, is_over) = (watch::Sender::new(None), watch::Sender::new(false));
        Self(Arc::new(Inner { told, beats, is_over, blocking: (Mutex::new(false), Condvar::new()) }))
    }

    /// The run's id.
    pub fn run_id(&self) -> &str {
        &self.0.told.run_id
    }

    /// The name under which the script calls this activity.
    pub fn name(&self) -> &str {
        &self.0.told.name
    }

    /// Which attempt this is, from 1. It counts recorded failures: an attempt that a crash cut off has the same number as the
    /// next.
    pub fn attempt(&self) -> u32 {
        self.0.told.attempt
    }

    /// The idempotency key: the same for every attempt of this call, crashes included, and for no other call. Give it to
    /// services that do a key only once.
    pub fn key(&self) -> &str {
        &self.0.told.key
    }

    /// What the last heartbeat of an earlier attempt said: where to go on.
    pub fn last_heartbeat(&self) -> Option<&Value> {
        self.0.told.last_heartbeat.as_ref()
    }

    /// Says that the attempt lives, and how far it is. The details are on disk some 0.1 s later, are shown by `durun status`,
    /// and are the next attempt's [`last_heartbeat`](Self::last_heartbeat); of many in that time the latest counts. Details
    /// over 64 KiB are a sign of life alone.
    pub fn heartbeat(&self, details: impl Into<Value>) {
        let details = details.into();
        self.0.beats.send_modify(|latest| {
            if details.size() <= super::call::MOST_DETAILS && details.check().is_ok() {
                *latest = Some(details);
            }
        });
    }

    /// Whether the attempt is to end: it took longer than its `timeout`, gave no heartbeat for too long, the run is being
    /// cancelled, or the program closes its store. Nothing can end a function from outside: one that blocks for long looks at
    /// this between its steps, or waits by [`wait_cancelled`](Self::wait_cancelled). One that does not return within the grace
    /// time is left behind: its attempt is over, its thread goes on, what it gives is dropped, and no other attempt of the
    /// call begins in this process before it has returned.
    pub fn is_cancelled(&self) -> bool {
        *self.0.is_over.borrow()
    }

    /// Blocks for so long, or until the attempt is to end: whether it is.
    pub fn wait_cancelled(&self, time: Duration) -> bool {
        let (over, woken) = &self.0.blocking;
        let over = over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = woken.wait_timeout_while(over, time, |over| !*over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Ready once the attempt is to end.
    pub(super) async fn cancelled(&self) {
        let mut is_over = self.0.is_over.subscribe();
        // The sender is here.
        let _is_over = is_over.wait_for(|over| *over).await;
    }

    pub(super) fn cancel(&self) {
        self.0.is_over.send_replace(true);
        *self.0.blocking.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.blocking.1.notify_all();
    }

    pub(super) fn beats(&self) -> watch::Receiver<Option<Value>> {
        self.0.beats.subscribe()
    }

    /// The command whose attempts must not run side by side.
    pub(super) fn gate(&self) -> String {
        let Circumstance { run_id, op, key, .. } = &self.0.told;
        format!("{run_id}/{op}/{key}")
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.told.fmt(f)
    }
}
