//! `strand(|| …)` and `strand(argument, |argument| …)`: another line of execution inside the run; gives its handle.

use super::super::closure::Closure;
use super::super::copy::copy_deeply;
use super::super::handle::{Handle, Start};
use super::super::host::Ask;
use super::super::raise::{line_of, raise};
use super::ask::{Given, script, tell, wrong};
use super::options;
use crate::history::{Failure, kind};
use rhai::{Dynamic, Engine, FnPtr, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("strand", |context: NativeCallContext<'_>, work: FnPtr| {
        strand(&context, None, &Map::new(), work)
    });
    engine.register_fn("strand", |context: NativeCallContext<'_>, argument: Dynamic, work: FnPtr| {
        strand(&context, Some(&argument), &Map::new(), work)
    });
    engine.register_fn(
        "strand",
        |context: NativeCallContext<'_>, argument: Dynamic, options: Map, work: FnPtr| {
            strand(&context, Some(&argument), &options, work)
        },
    );
    // What a script calls where it keeps no handle.
    engine.register_fn("durun_forget_strand", |context: NativeCallContext<'_>, work: FnPtr| {
        strand(&context, None, &Map::new(), work).map(drop)
    });
    engine.register_fn(
        "durun_forget_strand",
        |context: NativeCallContext<'_>, argument: Dynamic, work: FnPtr| {
            strand(&context, Some(&argument), &Map::new(), work).map(drop)
        },
    );
    engine.register_fn(
        "durun_forget_strand",
        |context: NativeCallContext<'_>, argument: Dynamic, options: Map, work: FnPtr| {
            strand(&context, Some(&argument), &options, work).map(drop)
        },
    );
}

fn strand(
    context: &NativeCallContext<'_>,
    argument: Option<&Dynamic>,
    map: &Map,
    work: FnPtr,
) -> Given<Handle> {
    const KNOWN: &[&str] = &["name"];
    let caller = script(context)?;
    let mut name = None;
    for (option, value) in map {
        match option.as_str() {
            "name" => name = Some(options::text("name", value).map_err(|error| wrong(context, error))?),
            other => return Err(wrong(context, options::unknown("option", other, KNOWN))),
        }
    }
    let held = |what: &str| {
        raise(
            context,
            Failure::new(kind::HELD, format!("{what} is held by a call that has not returned yet")),
        )
    };
    let closure = Closure::copied(context, work).map_err(|_| held("a variable that the strand captures"))?;
    let argument = argument
        .map(|argument| copy_deeply(argument, 0))
        .transpose()
        .map_err(|_| held("the argument of the strand"))?;
    let handle = Handle::new(line_of(context.call_position()), name);
    tell(context, &caller, Ask::Strand(Box::new(Start { handle: handle.clone(), closure, argument })))?;
    Ok(handle)
}
