//! `on_undo(|| …)` and `undo()`: how to take back what may have happened, and to take back all of it now.

use super::super::closure::Closure;
use super::super::host::Ask;
use super::super::raise::{raise, type_word};
use super::ask::{Given, script, tell, wrong};
use super::shielded::Shield;
use crate::history::{Failure, kind};
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};
use std::rc::Rc;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("on_undo", |context: NativeCallContext<'_>, work: FnPtr| -> Given<()> {
        let caller = script(&context)?;
        let undo = copied(&context, "on_undo", work, 0)?;
        tell(&context, &caller, Ask::OnUndo(undo))
    });
    engine.register_fn("undo", |context: NativeCallContext<'_>| -> Given<()> {
        let caller = script(&context)?;
        // What has begun to be taken back is taken back to the end.
        let _shield = Shield::over(Rc::clone(&caller));
        tell(&context, &caller, Ask::Undo)
    });
}

/// The option `undo` of an effect: a closure that takes what the effect gave, or nothing.
pub(super) fn option(context: &NativeCallContext<'_>, value: &Dynamic) -> Given<Closure> {
    let Some(function) = value.clone().try_cast::<FnPtr>() else {
        let message = format!("undo is a closure: undo: |result| …, not {}", type_word(value));
        return Err(wrong(context, message));
    };
    copied(context, "undo", function, 1)
}

/// The closure with its captures as they are now: in a loop each turn takes back its own.
fn copied(context: &NativeCallContext<'_>, what: &str, function: FnPtr, most: usize) -> Given<Closure> {
    let closure = Closure::copied(context, function).map_err(|_| {
        let message = format!("a variable that {what} captures is held by a call that has not returned yet");
        raise(context, Failure::new(kind::HELD, message))
    })?;
    match closure.parameters() {
        Some(parameters) if parameters > most => {
            let takes = if most == 0 { "no argument" } else { "no argument or one, what the effect gave" };
            Err(wrong(context, format!("the closure of {what} takes {takes}, not {parameters}")))
        }
        Some(_) | None => Ok(closure),
    }
}
