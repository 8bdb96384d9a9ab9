//! `exec([program, argument…], options)`: a process, without a shell.

use super::super::host::{Ask, Effect};
use super::super::process_result::ProcessResult;
use super::super::strand::Mode;
use super::ask::{Given, ask, script_or_body, wrong};
use super::options;
use crate::history::{CommandKind, CommandLabel, RetryPolicy, Value};
use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("exec", |context: NativeCallContext<'_>, argv: Array| {
        exec(&context, &argv, &Map::new())
    });
    engine.register_fn("exec", |context: NativeCallContext<'_>, argv: Array, options: Map| {
        exec(&context, &argv, &options)
    });
    engine.register_fn("exec", |context: NativeCallContext<'_>, line: &str| no_array(&context, line));
    engine.register_fn("exec", |context: NativeCallContext<'_>, line: &str, _: Map| no_array(&context, line));
}

/// A line for a shell where the words of a program belong.
fn no_array(context: &NativeCallContext<'_>, line: &str) -> Given {
    let words: Vec<String> = line.split_whitespace().map(|word| format!("{word:?}")).collect();
    let words = if words.is_empty() { "\"ls\", \"-l\"".to_owned() } else { words.join(", ") };
    Err(wrong(
        context,
        format!("exec takes a program and its arguments, exec([{words}]); a line for the shell is sh(…)"),
    ))
}

fn exec(context: &NativeCallContext<'_>, argv: &Array, map: &Map) -> Given {
    let argv: Vec<String> =
        argv.iter().map(options::word).collect::<Result<_, _>>().map_err(|error| wrong(context, error))?;
    let Some(program) = argv.first().filter(|program| !program.is_empty()) else {
        return Err(wrong(context, "exec needs at least a program: exec([\"ls\", \"-l\"])"));
    };
    let name = program.clone();
    let input = vec![("argv", Value::List(argv.into_iter().map(Value::Text).collect()))];
    process(context, CommandLabel { kind: CommandKind::Exec, name }, input, map)
}

/// Asks for a process: recorded from the script, at once and unrecorded from the body of an activity.
pub(super) fn process(
    context: &NativeCallContext<'_>,
    mut label: CommandLabel,
    input: Vec<(&str, Value)>,
    map: &Map,
) -> Given {
    let caller = script_or_body(context)?;
    let read = options::read(context, &caller, map, options::OF_PROCESS, RetryPolicy::five_attempts())?;
    let mut whole = read.rest;
    if let Some(Value::Text(name)) = whole.remove("name") {
        label.name = name;
    }
    whole.extend(input.into_iter().map(|(key, value)| (key.to_owned(), value)));
    let input = Value::Map(whole);
    input.check().map_err(|error| {
        super::super::raise::raise(context, super::super::convert::Refused::Limit(error).failure())
    })?;
    let effect = Box::new(Effect {
        label,
        input,
        options: read.effect,
        body: None,
        probe: read.probe,
        undo: read.undo,
    });
    let given = ask(
        context,
        &caller,
        if caller.mode == Mode::Body { Ask::Direct(effect) } else { Ask::Effect(effect) },
    )?;
    Ok(result(given))
}

/// What a script is given of the recorded result of a process.
pub(super) fn result(given: Dynamic) -> Dynamic {
    match given.try_cast_result::<Map>() {
        Ok(fields) => Dynamic::from(ProcessResult::new(fields)),
        Err(given) => given,
    }
}
