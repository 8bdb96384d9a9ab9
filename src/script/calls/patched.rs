//! `patched(name)`: whether a named change of the script holds here: in what a run does since it has it, not in what was recorded before.

use super::super::raise::raise;
use super::super::strand::Mode;
use super::ask::{Given, caller, script};
use crate::history::{Failure, kind};
use rhai::{Engine, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("patched", |context: NativeCallContext<'_>, name: &str| -> Given<bool> {
        // A predicate or a query may look; a body is executed when it may be, so it has no place in the history.
        let caller = caller(&context)?;
        if caller.mode == Mode::Body {
            script(&context)?;
        }
        if !caller.script.patches().contains(name) {
            let message = "patched takes its name written out: patched(\"name\")";
            return Err(raise(&context, Failure::new(kind::BAD_VALUE, message)));
        }
        Ok(caller.host.patched(name))
    });
}
