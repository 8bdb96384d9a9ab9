//! `sh(text, [argument…], options)`: a shell text; arguments arrive as `$1…`, never pasted into the text.

use super::ask::{Given, wrong};
use super::exec::process;
use super::options;
use crate::history::{CommandKind, CommandLabel, Value};
use rhai::{Array, Engine, ImmutableString, Map, NativeCallContext};

/// The longest name made of a shell text, in characters.
const LONGEST_NAME: usize = 60;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("sh", |context: NativeCallContext<'_>, text: ImmutableString| {
        sh(&context, &text, &Array::new(), &Map::new())
    });
    engine.register_fn("sh", |context: NativeCallContext<'_>, text: ImmutableString, arguments: Array| {
        sh(&context, &text, &arguments, &Map::new())
    });
    engine.register_fn("sh", |context: NativeCallContext<'_>, text: ImmutableString, options: Map| {
        sh(&context, &text, &Array::new(), &options)
    });
    engine.register_fn(
        "sh",
        |context: NativeCallContext<'_>, text: ImmutableString, arguments: Array, options: Map| {
            sh(&context, &text, &arguments, &options)
        },
    );
}

fn sh(context: &NativeCallContext<'_>, text: &str, arguments: &Array, map: &Map) -> Given {
    let arguments: Vec<Value> = arguments
        .iter()
        .map(|argument| options::word(argument).map(Value::Text))
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(context, error))?;
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let mut name: String = first.chars().take(LONGEST_NAME).collect();
    if name.len() < first.len() {
        name.push('…');
    }
    let input = vec![("text", Value::Text(text.to_owned())), ("args", Value::List(arguments))];
    process(context, CommandLabel { kind: CommandKind::Sh, name }, input, map)
}
