//! `attempt(|| …)`: `#{ok, value, error}`, for Rhai's `try` is a statement; only `cancelled` passes.

use super::super::diagnostics::caught;
use super::ask::{Given, caller};
use crate::history::kind;
use rhai::{Dynamic, Engine, FnPtr, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("attempt", |context: NativeCallContext<'_>, work: FnPtr| -> Given {
        let caller = caller(&context)?;
        let mut answer = Map::new();
        match work.call_raw(&context, None, []) {
            Ok(value) => {
                answer.insert("ok".into(), true.into());
                answer.insert("value".into(), value);
                answer.insert("error".into(), Dynamic::UNIT);
            }
            Err(error) => {
                let thrown = caught(&error, &caller.script);
                let is_cancel = thrown.read_lock::<Map>().is_some_and(|map| {
                    map.get("kind").is_some_and(|kind| kind.to_string() == kind::CANCELLED)
                });
                if is_cancel {
                    return Err(error);
                }
                answer.insert("ok".into(), false.into());
                answer.insert("value".into(), Dynamic::UNIT);
                answer.insert("error".into(), thrown);
            }
        }
        Ok(answer.into())
    });
}
