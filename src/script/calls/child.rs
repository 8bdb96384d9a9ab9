//! `child(file, input, options)` and `start_child(…)`: another run as a child of this one; `result`, `signal` and `id` of its handle.

use super::super::handle::Handle;
use super::super::host::{Ask, ChildRun, Dispatch, StartChild};
use super::super::raise::{duration_ms, line_of, value_of};
use super::super::strand::Context;
use super::ask::{Given, ask, script, tell, wrong};
use super::options;
use crate::history::{OnParentClose, OpId, RunId};
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

/// The longest path of a script, in bytes.
const MAX_PATH: usize = 4096;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("child", |context: NativeCallContext<'_>, file: ImmutableString| {
        child(&context, &file, &Dynamic::UNIT, &Map::new())
    });
    engine.register_fn("child", |context: NativeCallContext<'_>, file: ImmutableString, input: Dynamic| {
        child(&context, &file, &input, &Map::new())
    });
    engine.register_fn(
        "child",
        |context: NativeCallContext<'_>, file: ImmutableString, input: Dynamic, options: Map| {
            child(&context, &file, &input, &options)
        },
    );
    engine.register_fn("start_child", |context: NativeCallContext<'_>, file: ImmutableString| {
        start_child(&context, &file, &Dynamic::UNIT, &Map::new())
    });
    engine.register_fn(
        "start_child",
        |context: NativeCallContext<'_>, file: ImmutableString, input: Dynamic| {
            start_child(&context, &file, &input, &Map::new())
        },
    );
    engine.register_fn(
        "start_child",
        |context: NativeCallContext<'_>, file: ImmutableString, input: Dynamic, options: Map| {
            start_child(&context, &file, &input, &options)
        },
    );
    // What a script calls where it keeps no handle.
    engine.register_fn(
        "durun_forget_start_child",
        |context: NativeCallContext<'_>, file: ImmutableString| {
            start_child(&context, &file, &Dynamic::UNIT, &Map::new()).map(drop)
        },
    );
    engine.register_fn(
        "durun_forget_start_child",
        |context: NativeCallContext<'_>, file: ImmutableString, input: Dynamic| {
            start_child(&context, &file, &input, &Map::new()).map(drop)
        },
    );
    engine.register_fn(
        "durun_forget_start_child",
        |context: NativeCallContext<'_>, file: ImmutableString, input: Dynamic, options: Map| {
            start_child(&context, &file, &input, &options).map(drop)
        },
    );
    engine.register_fn("result", |context: NativeCallContext<'_>, handle: &mut Handle| {
        super::join::join(&context, handle)
    });
    engine.register_fn(
        "signal",
        |context: NativeCallContext<'_>, handle: &mut Handle, name: ImmutableString| {
            signal(&context, handle, &name, &Dynamic::UNIT)
        },
    );
    engine.register_fn(
        "signal",
        |context: NativeCallContext<'_>, handle: &mut Handle, name: ImmutableString, data: Dynamic| {
            signal(&context, handle, &name, &data)
        },
    );
    engine.register_get("id", |handle: &mut Handle| -> Dynamic {
        handle.run().map_or(Dynamic::UNIT, |run| run.to_owned().into())
    });
}

fn child(context: &NativeCallContext<'_>, file: &str, input: &Dynamic, options: &Map) -> Given {
    let caller = script(context)?;
    let child = start(context, &caller, file, input, options)?;
    ask(context, &caller, Ask::Child(child))
}

fn start_child(context: &NativeCallContext<'_>, file: &str, input: &Dynamic, options: &Map) -> Given<Handle> {
    let caller = script(context)?;
    let child = start(context, &caller, file, input, options)?;
    let handle = Handle::of_child(line_of(context.call_position()), child.run.clone());
    if child.abandoned {
        // Its end is its own: no run fails by it that does not ask.
        handle.join();
    }
    tell(context, &caller, Ask::Started { ask: Box::new(Ask::Child(child)), handle: handle.clone() })?;
    Ok(handle)
}

/// Has the child recorded; what is wrong with its script or its id is told here.
fn start(
    context: &NativeCallContext<'_>,
    caller: &Context,
    file: &str,
    input: &Dynamic,
    map: &Map,
) -> Given<ChildRun> {
    const KNOWN: &[&str] = &["id", "on_parent_close", "timeout"];
    if file.is_empty() || file.len() > MAX_PATH || file.contains('\0') {
        return Err(wrong(
            context,
            "a child run is named by the file of its script, relative to this script's folder",
        ));
    }
    let mut child = StartChild {
        file: file.to_owned(),
        input: value_of(context, input)?,
        id: None,
        timeout_ms: None,
        on_close: OnParentClose::default(),
    };
    for (option, value) in map {
        let read = match option.as_str() {
            "id" => id(value).map(|id| child.id = Some(id)),
            "on_parent_close" => on_close(value).map(|on_close| child.on_close = on_close),
            "timeout" => duration_ms(value).map(|ms| child.timeout_ms = Some(ms)),
            other => Err(options::unknown("option", other, KNOWN)),
        };
        read.map_err(|error| wrong(context, error))?;
    }
    let abandoned = child.on_close == OnParentClose::Abandon;
    let answer = caller
        .ask(super::super::host::Asked {
            ask: Ask::Dispatch(Box::new(Dispatch::StartChild(child))),
            line: line_of(context.call_position()),
        })
        .map_err(|failure| super::super::raise::raise(context, failure))?;
    let run = answer.get("run").and_then(crate::history::Value::as_text).unwrap_or_default().to_owned();
    let start =
        answer.get("op").and_then(crate::history::Value::as_int).and_then(|op| u32::try_from(op).ok());
    Ok(ChildRun { start: OpId(start.unwrap_or(u32::MAX)), run, abandoned })
}

fn id(value: &Dynamic) -> Result<RunId, String> {
    let text = options::text("id", value)?;
    RunId::parse(&text).map_err(|error| error.to_string())
}

/// Whether a value may be the id of a child run.
pub(super) fn check_id(value: &Dynamic) -> Result<(), String> {
    id(value).map(drop)
}

fn on_close(value: &Dynamic) -> Result<OnParentClose, String> {
    let given = options::text("on_parent_close", value)?;
    let found = OnParentClose::WORDS.iter().find(|(word, _)| *word == given);
    found.map(|(_, on_close)| *on_close).ok_or_else(|| {
        format!("on_parent_close is \"cancel\", \"terminate\" or \"abandon\", not \"{given}\"")
    })
}

fn signal(context: &NativeCallContext<'_>, handle: &Handle, name: &str, data: &Dynamic) -> Given<()> {
    match handle.run() {
        Some(run) => super::signal_run::signal_run(context, run, name, data),
        None => Err(wrong(context, "signal is for the handle of a child run, as start_child gives it")),
    }
}
