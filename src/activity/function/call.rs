//! One attempt of a function: its thread, its heartbeats, and how it is over where it does not end by itself.

use super::{Activities, Circumstance, Context, gate};
use crate::activity::heartbeat::HeartbeatSink;
use crate::activity::http::End;
use crate::activity::launcher::Call;
use crate::activity::outcome::{Done, Failed};
use crate::activity::process::Halt;
use crate::activity::secrets::Secrets;
use crate::history::{Failure, MAX_BYTES, Value, ValueError, kind};
use crate::timer::show_duration;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// The largest details of a heartbeat, in bytes.
pub(super) const MOST_DETAILS: usize = 64 * 1024;
/// The shortest time between two heartbeats that are told.
const BETWEEN_BEATS: Duration = Duration::from_millis(50);

/// What an attempt of a function needs.
pub(crate) struct FunctionCall {
    /// Where the function is.
    pub(crate) activities: Activities,
    /// What it is told.
    pub(crate) told: Circumstance,
    /// Its input, with placeholders where secrets are to stand.
    pub(crate) input: Value,
    /// What the placeholders stand for.
    pub(crate) secrets: Arc<Secrets>,
    /// The longest it may take, in milliseconds.
    pub(crate) timeout_ms: Option<i64>,
    /// Who is told that it lives.
    pub(crate) on_heartbeat: HeartbeatSink,
}

/// Why an attempt is over before its function has returned.
enum Over {
    Timeout,
    Stopped,
}

/// One attempt; `after` is called exactly once: when the function has returned, or when its grace is over.
pub(crate) fn call_function(
    call: FunctionCall,
    mut asked: watch::Receiver<Halt>,
    after: impl FnOnce(Result<Done, Failed>) + Send + 'static,
) -> Call {
    let mut end = End::new(after);
    Box::pin(async move {
        let (name, limit_ms) = (call.told.name.clone(), call.timeout_ms);
        let named = |mut failed: Failed| {
            failed.failure.data.entry("name".to_owned()).or_insert_with(|| name.as_str().into());
            failed
        };
        let (grace, on_heartbeat) = (call.activities.grace_time(), Arc::clone(&call.on_heartbeat));
        let context = Context::new(call.told.clone());
        let mut beats = context.beats();
        let mut answer = match begin(call, context.clone()) {
            Ok(answer) => answer,
            Err(failed) => return end.is(Err(named(failed))),
        };
        let tell = |beats: &mut watch::Receiver<Option<Value>>| {
            on_heartbeat(beats.borrow_and_update().clone().unwrap_or_default());
        };
        let limit = limit_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
        let mut limit = Box::pin(async move {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        });
        let mut rest = Box::pin(tokio::time::sleep(Duration::ZERO));
        let mut rests = false;
        let over = loop {
            tokio::select! {
                biased;
                result = &mut answer => {
                    if beats.has_changed().unwrap_or(false) {
                        tell(&mut beats);
                    }
                    return end.is(judged(result).map_err(named));
                }
                _ = asked.wait_for(|halt| *halt > Halt::No) => break Over::Stopped,
                () = &mut limit => break Over::Timeout,
                () = &mut rest, if rests => rests = false,
                Ok(()) = beats.changed(), if !rests => {
                    tell(&mut beats);
                    rest = Box::pin(tokio::time::sleep(BETWEEN_BEATS));
                    rests = true;
                }
            }
        };
        context.cancel();
        let result = tokio::select! {
            biased;
            result = &mut answer => Some(result),
            () = tokio::time::sleep(grace) => None,
            _ = asked.wait_for(|halt| *halt == Halt::AtOnce) => None,
        };
        if beats.has_changed().unwrap_or(false) {
            tell(&mut beats);
        }
        let returned = result.is_some();
        end.is(match result.map(judged) {
            // It was done before it could be stopped.
            Some(Ok(done)) => Ok(done),
            Some(Err(_)) | None => Err(named(cut_off(&over, limit_ms, returned))),
        });
    })
}

type Returned = Result<Value, Failed>;

/// Begins the function on a thread of its own.
fn begin(call: FunctionCall, context: Context) -> Result<oneshot::Receiver<Returned>, Failed> {
    let FunctionCall { activities, told, input, secrets, .. } = call;
    let Some(function) = activities.get(&told.name) else {
        let message = format!("this program has no function {}", told.name);
        return Err(Failed::for_good(Failure::new(kind::ACTIVITY, message)));
    };
    let (done, answer) = oneshot::channel();
    let attempt = move || {
        let input = secrets.reveal_in(&input)?;
        let called = gate::alone(&context.gate(), || {
            if context.is_cancelled() {
                return Ok(Err(super::AttemptError::new("an earlier attempt had not returned")));
            }
            catch_unwind(AssertUnwindSafe(|| function(&context, input)))
        });
        let result = match called {
            Ok(result) => result.map_err(super::AttemptError::failed),
            Err(payload) => Err(panicked(payload.as_ref())),
        };
        // Whatever it says, no secret is recorded.
        let done = result.map(|value| Done { value, stderr: String::new() });
        secrets.mask().result(done).map(|done| done.value)
    };
    std::thread::Builder::new()
        .name(format!("activity {}", told.name))
        .spawn(move || {
            // Where nobody waits any more, it was left behind.
            let _left_behind = done.send(attempt());
        })
        .map(|_detached| answer)
        .map_err(|error| {
            let message = format!("the system gives no thread: {error}");
            Failed::passing(Failure::new(kind::ACTIVITY, message).with("type", "not_started"))
        })
}

/// What a function gave, where that can be recorded.
fn judged(returned: Result<Returned, oneshot::error::RecvError>) -> Result<Done, Failed> {
    let lost = |_| Err(Failed::passing(Failure::new(kind::ACTIVITY, "its thread was lost")));
    let value = returned.unwrap_or_else(lost)?;
    match value.check() {
        Ok(()) => Ok(Done { value, stderr: String::new() }),
        Err(error) => {
            let (type_, message) = match error {
                ValueError::TooLarge { .. } => {
                    (kind::TOO_LARGE, format!("gave more than {MAX_BYTES} bytes (1 MiB)"))
                }
                ValueError::TooDeep
                | ValueError::NotFinite(_)
                | ValueError::Json(_)
                | ValueError::NumberRange(_) => {
                    (kind::BAD_VALUE, format!("gave what cannot be recorded: {error}"))
                }
            };
            Err(Failed::for_good(Failure::new(kind::ACTIVITY, message).with("type", type_)))
        }
    }
}

fn panicked(payload: &(dyn Any + Send)) -> Failed {
    let said = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| payload.downcast_ref::<String>().cloned());
    let message = said.map_or_else(|| "panicked".to_owned(), |said| format!("panicked: {said}"));
    Failed::passing(Failure::new(kind::ACTIVITY, message).with("type", "panic"))
}

fn cut_off(over: &Over, limit_ms: Option<i64>, returned: bool) -> Failed {
    let and = if returned { "" } else { "; its function has not returned, and goes on" };
    Failed::passing(match over {
        Over::Timeout => {
            let limit = limit_ms.map(|ms| format!(" of {}", show_duration(ms))).unwrap_or_default();
            let message = format!("took longer than its timeout{limit}{and}");
            Failure::new(kind::TIMEOUT, message).with("limit", "timeout")
        }
        Over::Stopped => Failure::new(kind::CANCELLED, format!("was stopped{and}")),
    })
}
