//! `params(#{name: default or ()})`: declares the inputs of the script; gives the input with its defaults.

use super::super::raise::raise;
use super::ask::{Given, script};
use crate::history::{Failure, kind};
use rhai::{Dynamic, Engine, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("params", |context: NativeCallContext<'_>, _declared: Map| params(&context));
}

fn params(context: &NativeCallContext<'_>) -> Given {
    let caller = script(context)?;
    let input = caller.host.input().0;
    // Declared in the main text; an imported module declares nothing.
    let Some(params) = &caller.script.params else { return Ok(input) };
    // A start has been checked; a child run and a run that began under another text have not.
    let value = super::super::raise::value_of(context, &input)?;
    match params.fit(&value) {
        Ok(value) => Ok(params.fill(super::super::convert::to_dynamic(&value))),
        Err(wrong) => {
            let message = wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            Err(raise(context, Failure::new(kind::FAILURE, message).with("type", "bad_input")))
        }
    }
}

/// The input as the script sees it by that name.
pub(in super::super) fn input(context: &super::super::strand::Context) -> Dynamic {
    let input = context.host.input().0;
    match &context.script.params {
        Some(params) => params.fill(input),
        None => input,
    }
}
