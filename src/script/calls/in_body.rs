//! `attempt_number()` and `idempotency_key()`: what only the body of an activity or step may ask.

use super::super::raise::raise;
use super::ask::{Given, caller};
use crate::history::{Failure, kind};
use rhai::{Engine, INT, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("attempt_number", |context: NativeCallContext<'_>| -> Given<INT> {
        Ok(INT::from(attempt(&context)?.0))
    });
    engine.register_fn("idempotency_key", |context: NativeCallContext<'_>| -> Given<String> {
        Ok(attempt(&context)?.1)
    });
}

pub(super) fn attempt(context: &NativeCallContext<'_>) -> Given<(u32, String)> {
    caller(context)?.host.attempt().ok_or_else(|| {
        let message = format!("{} exists only inside an activity or step", context.fn_name());
        raise(context, Failure::new(kind::NESTED, message))
    })
}
