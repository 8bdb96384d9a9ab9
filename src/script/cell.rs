//! A variable behind a pair of closures: the methods that change an array or map in place work on a copy and write it back.

use super::copy::alike;
use super::diagnostics::as_ours;
use super::raise::raise;
use super::strand::Context;
use crate::history::{Failure, kind};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext};

/// What `durun_cell` gives.
#[derive(Clone)]
struct Cell {
    read: FnPtr,
    write: FnPtr,
}

type Given<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// Registers what the rewritten text calls.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Cell>("variable");
    engine.register_fn("durun_copy", |value: Dynamic| value.flatten());
    engine.register_fn("durun_cell", |read: FnPtr, write: FnPtr| Cell { read, write });
    engine.register_fn("durun_caught", |value: Dynamic| match Context::current() {
        Some(context) => as_ours(value, &context.script),
        None => value,
    });
    for method in super::rewrite::WRITERS {
        engine.register_fn(
            *method,
            move |context: NativeCallContext<'_>, cell: &mut Cell, argument: Dynamic| {
                cell.clone().change(&context, method, argument)
            },
        );
    }
}

impl Cell {
    fn change(&self, context: &NativeCallContext<'_>, method: &str, mut argument: Dynamic) -> Given {
        let before = self.read.call_raw(context, None, [])?.flatten();
        let asked = Context::current().map(|context| context.asked.get());
        let mut value = before.clone();
        let result = context.call_native_fn_raw(method, true, &mut [&mut value, &mut argument])?;
        let changeable = value.is::<Array>() || value.is::<Map>() || value.is_blob();
        if changeable {
            if asked != Context::current().map(|context| context.asked.get())
                && !alike(&before, &self.read.call_raw(context, None, [])?.flatten(), 0)
            {
                let message = format!(
                    "another strand has changed the variable while {method} went over it; go over a copy of it, or change it after"
                );
                return Err(raise(context, Failure::new(kind::HELD, message)));
            }
            drop(self.write.call_raw(context, None, [value])?);
        }
        Ok(result)
    }
}
