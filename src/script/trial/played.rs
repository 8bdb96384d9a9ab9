//! A run of a test: its fields, what can be said to it and asked of it.

use super::super::calls::unknown;
use super::super::convert::to_dynamic;
use super::super::raise::value_of;
use super::cast::World;
use super::clues::{raised, troubled};
use super::given::Given;
use super::language::{Scripted, when};
use super::mock::{Answer, Mock};
use super::stage::Say;
use crate::history::{Moment, Value};
use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};
use std::rc::Rc;

/// A run that was begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handle {
    pub(super) run: usize,
}

impl World {
    /// Plays a run until its end, a moment, or until nothing more can happen.
    pub(super) fn play_on(
        self: &Rc<Self>,
        context: &NativeCallContext<'_>,
        run: usize,
        until: Option<Moment>,
    ) -> Scripted<()> {
        self.playing.set(Some(run));
        let cast: Rc<Self> = Rc::clone(self);
        let played = self.stage.play(run, until, cast);
        self.playing.set(None);
        played.map_err(|trouble| troubled(context, trouble))
    }

    fn say(&self, context: &NativeCallContext<'_>, handle: Handle, say: &Say) -> Scripted<()> {
        self.stage.say(handle.run, say).map_err(|trouble| troubled(context, trouble))
    }
}

pub(super) fn register(engine: &mut Engine, world: &Rc<World>) {
    engine.register_type_with_name::<Handle>("run");
    fields(engine, world);
    messages(engine, world);
    replies(engine, world);
    let here = Rc::clone(world);
    engine.register_fn("play", move |context: NativeCallContext<'_>, handle: Handle| {
        here.play_on(&context, handle.run, None)
    });
    let here = Rc::clone(world);
    engine.register_fn("play", move |context: NativeCallContext<'_>, handle: Handle, until: Dynamic| {
        let until = here.moment(when(&context, &until)?);
        here.play_on(&context, handle.run, Some(until))
    });
    let here = Rc::clone(world);
    engine.register_fn("query", move |context: NativeCallContext<'_>, handle: Handle, name: &str| {
        ask(&here, &context, handle, name, &Value::Null)
    });
    let here = Rc::clone(world);
    engine.register_fn(
        "query",
        move |context: NativeCallContext<'_>, handle: Handle, name: &str, args: Dynamic| {
            ask(&here, &context, handle, name, &value_of(&context, &args)?)
        },
    );
}

fn ask(world: &World, context: &NativeCallContext<'_>, handle: Handle, name: &str, args: &Value) -> Scripted {
    let answer = world.stage.query(handle.run, name, args).map_err(|trouble| troubled(context, trouble))?;
    Ok(to_dynamic(&answer))
}

fn fields(engine: &mut Engine, world: &Rc<World>) {
    let here = Rc::clone(world);
    engine.register_indexer_get(
        move |context: NativeCallContext<'_>, handle: &mut Handle, name: &str| -> Scripted {
            let look = || here.stage.look(handle.run).map_err(|trouble| troubled(&context, trouble));
            match name {
                "status" => Ok(look()?.status.into()),
                "calls" => Ok(calls(&here, &id(&look()?.fields), None).into()),
                _ => {
                    let seen = look()?;
                    seen.fields.get(name).map(to_dynamic).ok_or_else(|| {
                        let known: Vec<&str> = ["status", "calls"]
                            .into_iter()
                            .chain(seen.fields.keys().map(String::as_str))
                            .collect();
                        raised(&context, "D1403", unknown("field of a run", name, &known))
                    })
                }
            }
        },
    );
    let here = Rc::clone(world);
    engine.register_fn(
        "calls",
        move |context: NativeCallContext<'_>, handle: Handle, name: &str| -> Scripted<Array> {
            let seen = here.stage.look(handle.run).map_err(|trouble| troubled(&context, trouble))?;
            Ok(calls(&here, &id(&seen.fields), Some(name)))
        },
    );
}

fn id(fields: &std::collections::BTreeMap<String, Value>) -> String {
    fields.get("id").and_then(Value::as_text).unwrap_or_default().to_owned()
}

/// The calls of a run and of its child runs, in order; those that a pattern fits where there is one.
fn calls(world: &World, run: &str, pattern: Option<&str>) -> Array {
    let pattern =
        pattern.map(|pattern| Mock { pattern: pattern.to_owned(), answer: Answer::Never, line: None });
    let calls = world.calls.borrow();
    let of_run =
        |known: &str| known == run || known.strip_prefix(run).is_some_and(|rest| rest.starts_with('.'));
    calls
        .iter()
        .filter(|call| of_run(&call.run) && pattern.as_ref().is_none_or(|pattern| pattern.is_of(&call.label)))
        .map(Given::call)
        .collect()
}

fn messages(engine: &mut Engine, world: &Rc<World>) {
    for (word, is_signal) in [("signal", true), ("update", false)] {
        let said = move |name: &str, value: Value| {
            let name = name.to_owned();
            if is_signal {
                Say::Signal { name, payload: value }
            } else {
                Say::Update { name, argument: value }
            }
        };
        let here = Rc::clone(world);
        engine.register_fn(word, move |context: NativeCallContext<'_>, handle: Handle, name: &str| {
            here.say(&context, handle, &said(name, Value::Null))
        });
        let here = Rc::clone(world);
        engine.register_fn(
            word,
            move |context: NativeCallContext<'_>, handle: Handle, name: &str, value: Dynamic| {
                here.say(&context, handle, &said(name, value_of(&context, &value)?))
            },
        );
    }
    let here = Rc::clone(world);
    engine.register_fn("cancel", move |context: NativeCallContext<'_>, handle: Handle| {
        here.say(&context, handle, &Say::Cancel { reason: String::new() })
    });
    let here = Rc::clone(world);
    engine.register_fn("cancel", move |context: NativeCallContext<'_>, handle: Handle, reason: &str| {
        here.say(&context, handle, &Say::Cancel { reason: reason.to_owned() })
    });
}

fn replies(engine: &mut Engine, world: &Rc<World>) {
    let here = Rc::clone(world);
    engine.register_fn("answer", move |context: NativeCallContext<'_>, handle: Handle, choice: &str| {
        answer(&here, &context, handle, choice, &Map::new())
    });
    let here = Rc::clone(world);
    engine.register_fn(
        "answer",
        move |context: NativeCallContext<'_>, handle: Handle, choice: &str, options: Map| {
            answer(&here, &context, handle, choice, &options)
        },
    );
    let here = Rc::clone(world);
    engine.register_fn("resolve", move |context: NativeCallContext<'_>, handle: Handle, value: Dynamic| {
        here.say(&context, handle, &Say::Resolve(value_of(&context, &value)?))
    });
    let here = Rc::clone(world);
    engine.register_fn("reject", move |context: NativeCallContext<'_>, handle: Handle, message: &str| {
        here.say(&context, handle, &Say::Reject(message.to_owned()))
    });
}

fn answer(
    world: &World,
    context: &NativeCallContext<'_>,
    handle: Handle,
    choice: &str,
    options: &Map,
) -> Scripted<()> {
    const KNOWN: &[&str] = &["by", "note"];
    let (mut who, mut note) = ("test".to_owned(), String::new());
    for (name, value) in options {
        match name.as_str() {
            "by" => who = value.to_string(),
            "note" => note = value.to_string(),
            _ => return Err(raised(context, "D1403", unknown("option", name, KNOWN))),
        }
    }
    world.say(context, handle, &Say::Answer { choice: choice.to_owned(), who, note })
}
