//! `defaults(#{timeout, retry, …})`: options of all later activities of the run, where a call says nothing else.

use super::super::copy::copy_deeply;
use super::super::host::Defaults;
use super::super::raise::raise;
use super::ask::{Given, script, wrong};
use super::options;
use crate::history::{Failure, kind};
use rhai::{Engine, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("defaults", |context: NativeCallContext<'_>, map: Map| -> Given<()> {
        let caller = script(&context)?;
        let mut all = caller.host.defaults().0;
        for (name, value) in map {
            if value.is_unit() {
                all.remove(&name);
                continue;
            }
            // Whatever the script does with the map afterwards, the defaults are as they were given.
            let value = copy_deeply(&value, 0).map_err(|_| {
                raise(&context, Failure::new(kind::HELD, "a default is held by a suspended call"))
            })?;
            all.insert(name, value);
        }
        options::check_defaults(&all, caller.host.now()).map_err(|error| wrong(&context, error))?;
        caller.host.set_defaults(Defaults(all));
        Ok(())
    });
}
