//! `activity(name, input, options)`: outside work by name, recorded and retried.

use super::super::body::Body;
use super::super::closure::Closure;
use super::super::host::{Ask, Effect};
use super::super::raise::value_of;
use super::super::strand::Context;
use super::ask::{Given, ask, script, wrong};
use super::options;
use crate::history::{CommandKind, CommandLabel, RetryPolicy};
use rhai::{Dynamic, Engine, FnPtr, ImmutableString, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("activity", |context: NativeCallContext<'_>, name: ImmutableString| {
        activity(&context, &name, &Dynamic::UNIT, &Map::new())
    });
    engine.register_fn(
        "activity",
        |context: NativeCallContext<'_>, name: ImmutableString, input: Dynamic| {
            activity(&context, &name, &input, &Map::new())
        },
    );
    engine.register_fn(
        "activity",
        |context: NativeCallContext<'_>, name: ImmutableString, input: Dynamic, options: Map| {
            activity(&context, &name, &input, &options)
        },
    );
}

fn activity(context: &NativeCallContext<'_>, name: &str, input: &Dynamic, map: &Map) -> Given {
    let caller = script(context)?;
    let effect = effect(context, &caller, name, input, map)?;
    ask(context, &caller, Ask::Effect(Box::new(effect)))
}

/// The work that is asked for.
pub(super) fn effect(
    context: &NativeCallContext<'_>,
    caller: &Context,
    name: &str,
    input: &Dynamic,
    map: &Map,
) -> Given<Effect> {
    let options = options::read(context, caller, map, &[], RetryPolicy::endless())?;
    let input = value_of(context, input)?;
    let body = function(context, &caller.script, name)?.map(|(closure, takes)| {
        Body::new(std::rc::Rc::clone(&caller.script), closure, takes.then(|| input.clone()))
    });
    Ok(Effect {
        label: CommandLabel { kind: CommandKind::Activity, name: name.to_owned() },
        input,
        options: options.effect,
        body,
        probe: options.probe,
        undo: options.undo,
    })
}

/// The script's own function of that name, or that of an imported module (`lib::name`), and whether it takes the input.
fn function(
    context: &NativeCallContext<'_>,
    script: &super::super::program::Script,
    name: &str,
) -> Given<Option<(Closure, bool)>> {
    let parameters = match name.split_once("::") {
        None => script.function(name),
        Some((alias, function)) => {
            return match Closure::of_module(context, alias, function) {
                Some((closure, parameters)) => {
                    fits(context, name, parameters).map(|takes| Some((closure, takes)))
                }
                None => Err(wrong(
                    context,
                    format!("there is no imported module \"{alias}\" with a function {function}"),
                )),
            };
        }
    };
    let Some(parameters) = parameters else { return Ok(None) };
    let takes = fits(context, name, parameters)?;
    Ok(Some((Closure::shared(context, FnPtr::new(name)?), takes)))
}

fn fits(context: &NativeCallContext<'_>, name: &str, parameters: usize) -> Given<bool> {
    if parameters > 1 {
        return Err(wrong(context, too_many(name, parameters)));
    }
    Ok(parameters == 1)
}

/// What is said of a function that takes more than an activity gives it.
pub(in super::super) fn too_many(name: &str, parameters: usize) -> String {
    format!(
        "function {name} takes {parameters} arguments; an activity takes one, its input (a map holds several)"
    )
}
