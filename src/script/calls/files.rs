//! `read_file(path)`, `write_file(path, content)`, `glob(pattern)`, `env(name)`: the machine's files, recorded.

use super::super::host::{Ask, Effect};
use super::super::raise::value_of;
use super::super::strand::Mode;
use super::ask::{Given, ask, script_or_body, wrong};
use super::options;
use crate::history::{CommandKind, CommandLabel, RetryPolicy, Value};
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};
use std::collections::BTreeMap;

pub(super) fn register(engine: &mut Engine) {
    for (function, kind, key) in [
        ("read_file", CommandKind::ReadFile, "path"),
        ("glob", CommandKind::Glob, "pattern"),
        ("env", CommandKind::Env, "name"),
    ] {
        engine.register_fn(function, move |context: NativeCallContext<'_>, name: ImmutableString| {
            file(&context, kind, key, &name, None, &Map::new())
        });
        engine.register_fn(
            function,
            move |context: NativeCallContext<'_>, name: ImmutableString, options: Map| {
                file(&context, kind, key, &name, None, &options)
            },
        );
    }
    engine.register_fn(
        "write_file",
        |context: NativeCallContext<'_>, path: ImmutableString, content: Dynamic| {
            file(&context, CommandKind::WriteFile, "path", &path, Some(&content), &Map::new())
        },
    );
    engine.register_fn(
        "write_file",
        |context: NativeCallContext<'_>, path: ImmutableString, content: Dynamic, options: Map| {
            file(&context, CommandKind::WriteFile, "path", &path, Some(&content), &options)
        },
    );
}

/// Asks for the work: recorded from the script, at once and unrecorded from the body of an activity.
fn file(
    context: &NativeCallContext<'_>,
    kind: CommandKind,
    key: &str,
    name: &str,
    content: Option<&Dynamic>,
    map: &Map,
) -> Given {
    let caller = script_or_body(context)?;
    if name.is_empty() || name.contains('\0') {
        return Err(wrong(context, format!("the {key} may not be empty or hold a NUL")));
    }
    let read = options::read(context, &caller, map, &[], RetryPolicy::five_attempts())?;
    let mut input = BTreeMap::from([(key.to_owned(), Value::from(name))]);
    if let Some(content) = content {
        input.insert("content".to_owned(), value_of(context, content)?);
    }
    let effect = Box::new(Effect {
        label: CommandLabel { kind, name: name.to_owned() },
        input: Value::Map(input),
        options: read.effect,
        body: None,
        probe: read.probe,
        undo: read.undo,
    });
    let asked = if caller.mode == Mode::Body { Ask::Direct(effect) } else { Ask::Effect(effect) };
    ask(context, &caller, asked)
}
