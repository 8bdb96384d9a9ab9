//! `now()` and `today(zone)`: the time of the entry last delivered, the same at each replay.

use super::super::time_value::{Time, zone};
use super::ask::{Given, caller};
use crate::timer::{Zone, format_moment};
use rhai::{Engine, ImmutableString, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("now", |context: NativeCallContext<'_>| -> Given<Time> {
        Ok(Time::utc(caller(&context)?.host.now()))
    });
    engine.register_fn("today", |context: NativeCallContext<'_>| today(&context, Zone::UTC));
    engine.register_fn("today", |context: NativeCallContext<'_>, name: ImmutableString| {
        today(&context, zone(&context, &name)?)
    });
}

fn today(context: &NativeCallContext<'_>, zone: Zone) -> Given<String> {
    Ok(format_moment(caller(context)?.host.now(), zone, "%Y-%m-%d").unwrap_or_default())
}
