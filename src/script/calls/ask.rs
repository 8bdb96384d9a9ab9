//! What host calls share: who may call, and how a request suspends the strand.

use super::super::convert::to_dynamic;
use super::super::host::{Ask, Asked};
use super::super::raise::{line_of, raise};
use super::super::rewrite::FORGET;
use super::super::strand::{Context, Mode};
use crate::history::{Failure, kind};
use rhai::{Dynamic, EvalAltResult, NativeCallContext};
use std::rc::Rc;

/// What a host call gives.
pub(super) type Given<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// The strand that calls.
pub(super) fn caller(context: &NativeCallContext<'_>) -> Given<Rc<Context>> {
    Context::current().ok_or_else(|| raise(context, Failure::new(kind::FAULT, "called outside a run")))
}

/// The strand that calls, where it may use commands: not in a body, a predicate or a query.
pub(super) fn script(context: &NativeCallContext<'_>) -> Given<Rc<Context>> {
    let caller = caller(context)?;
    match caller.mode {
        Mode::Script => Ok(caller),
        Mode::Body => Err(nested(context, "inside an activity or step; do it before or after")),
        Mode::ReadOnly => Err(nested(context, "inside a predicate or query, which only look")),
    }
}

/// The strand that calls, where it may touch the outside: not in a predicate or a query.
pub(super) fn script_or_body(context: &NativeCallContext<'_>) -> Given<Rc<Context>> {
    let caller = caller(context)?;
    match caller.mode {
        Mode::Script | Mode::Body => Ok(caller),
        Mode::ReadOnly => Err(nested(context, "inside a predicate or query, which only look")),
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
fn nested(context: &NativeCallContext<'_>, place: &str) -> Box<EvalAltResult> {
    raise(context, Failure::new(kind::NESTED, format!("{} may not stand {place}", name_of(context))))
}

/// The name of the call as the script wrote it.
pub(super) fn name_of<'c>(context: &'c NativeCallContext<'_>) -> &'c str {
    let name = context.fn_name();
    name.strip_prefix(FORGET).unwrap_or(name)
}

/// Suspends the strand until the request is answered.
pub(super) fn ask(context: &NativeCallContext<'_>, caller: &Context, ask: Ask) -> Given {
    match caller.ask(Asked { ask, line: line_of(context.call_position()) }) {
        Ok(value) => Ok(to_dynamic(&value)),
        Err(failure) => Err(raise(context, failure)),
    }
}

/// The same where the answer says nothing.
pub(super) fn tell(context: &NativeCallContext<'_>, caller: &Context, request: Ask) -> Given<()> {
    ask(context, caller, request).map(drop)
}

/// The failure that says which argument is wrong.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
pub(super) fn wrong(context: &NativeCallContext<'_>, message: impl Into<String>) -> Box<EvalAltResult> {
    raise(context, Failure::new(kind::BAD_OPTION, message))
}
