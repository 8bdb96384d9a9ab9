//! `heartbeat(details)` and `last_heartbeat()`: how far an activity is, told while it works and given to its next attempt.

use super::super::convert::to_dynamic;
use super::super::raise::{raise, value_of};
use super::ask::{Given, caller};
use super::in_body::attempt;
use crate::history::{Failure, Value, kind};
use rhai::{Dynamic, Engine, NativeCallContext};

/// The most that the details of a heartbeat may have, in bytes of JSON: they are written again and again.
const MOST: usize = 64 * 1024;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("heartbeat", |context: NativeCallContext<'_>, details: Dynamic| -> Given<()> {
        attempt(&context)?;
        let details = value_of(&context, &details)?;
        tell(&context, details)
    });
    engine.register_fn("heartbeat", |context: NativeCallContext<'_>| -> Given<()> {
        attempt(&context)?;
        let last = caller(&context)?.host.last_heartbeat();
        tell(&context, last)
    });
    engine.register_fn("last_heartbeat", |context: NativeCallContext<'_>| -> Given {
        attempt(&context)?;
        Ok(to_dynamic(&caller(&context)?.host.last_heartbeat()))
    });
}

fn tell(context: &NativeCallContext<'_>, details: Value) -> Given<()> {
    let size = details.to_string().len();
    if size > MOST {
        let message = format!(
            "the details of a heartbeat have {size} bytes, and may have {MOST}: give a cursor, such as how many are done"
        );
        return Err(raise(context, Failure::new(kind::TOO_LARGE, message)));
    }
    caller(context)?.host.heartbeat(details);
    Ok(())
}
