//! `http(#{…})`, `http_get(url)`, `http_post(url, json)`: a call of a service.

use super::super::convert::Refused;
use super::super::host::{Ask, Effect};
use super::super::process_result::ProcessResult;
use super::super::raise::{raise, type_word, value_of};
use super::super::strand::{Context, Mode};
use super::ask::{Given, ask, script_or_body, wrong};
use super::options;
use crate::history::{CommandKind, CommandLabel, RetryPolicy, Value};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map, NativeCallContext};
use std::collections::BTreeMap;

/// The options that only a call of a service has.
pub(in super::super) const OWN: &[&str] =
    &["method", "url", "json", "body", "headers", "query", "ok", "name"];
/// How long an attempt may take where nothing is said, in milliseconds: 10 minutes.
const TIMEOUT_MS: i64 = 600_000;

/// The option of other effects that limits their silence.
pub(in super::super) const SILENCE: &str = "heartbeat";
/// Why it is none here.
pub(in super::super) const NO_HEARTBEATS: &str =
    "a call of a service gives no heartbeats: its attempts are limited by timeout";

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("http", |context: NativeCallContext<'_>, call: Map| http(&context, call));
    engine.register_fn("http_get", |context: NativeCallContext<'_>, url: ImmutableString| {
        http(&context, with(Map::new(), "GET", url))
    });
    engine.register_fn("http_get", |context: NativeCallContext<'_>, url: ImmutableString, options: Map| {
        http(&context, with(options, "GET", url))
    });
    engine.register_fn("http_post", |context: NativeCallContext<'_>, url: ImmutableString, json: Dynamic| {
        post(&context, url, json, Map::new())
    });
    engine.register_fn(
        "http_post",
        |context: NativeCallContext<'_>, url: ImmutableString, json: Dynamic, options: Map| {
            post(&context, url, json, options)
        },
    );
}

fn with(mut call: Map, method: &str, url: ImmutableString) -> Map {
    call.insert("method".into(), method.into());
    call.insert("url".into(), url.into());
    call
}

fn post(context: &NativeCallContext<'_>, url: ImmutableString, json: Dynamic, options: Map) -> Given {
    let mut call = with(options, "POST", url);
    call.insert("json".into(), json);
    http(context, call)
}

/// Asks for a call: recorded from the script, at once and unrecorded from the body of an activity.
fn http(context: &NativeCallContext<'_>, call: Map) -> Given {
    let caller = script_or_body(context)?;
    let (own, common): (Map, Map) = call.into_iter().partition(|(name, _)| OWN.contains(&name.as_str()));
    let (label, input) = described(context, &caller, &own)?;
    if common.contains_key(SILENCE) {
        return Err(wrong(context, NO_HEARTBEATS));
    }
    let mut read = options::read(context, &caller, &common, OWN, RetryPolicy::endless())?;
    // What is said for all calls does not hold for one that gives no sign of life before its end.
    read.effect.heartbeat_ms = None;
    read.effect.given.push(SILENCE.to_owned());
    read.effect.timeout_ms.get_or_insert(TIMEOUT_MS);
    input.check().map_err(|error| raise(context, Refused::Limit(error).failure()))?;
    let effect = Box::new(Effect {
        label,
        input,
        options: read.effect,
        body: None,
        probe: read.probe,
        undo: read.undo,
    });
    let asked = if caller.mode == Mode::Body { Ask::Direct(effect) } else { Ask::Effect(effect) };
    Ok(match ask(context, &caller, asked)?.try_cast_result::<Map>() {
        Ok(fields) => Dynamic::from(ProcessResult::new(fields)),
        Err(given) => given,
    })
}

/// The label and the recorded input of a call.
fn described(context: &NativeCallContext<'_>, _caller: &Context, own: &Map) -> Given<(CommandLabel, Value)> {
    let bad = |message: String| wrong(context, message);
    let Some(url) = own.get("url") else {
        return Err(bad("http needs a url: http(#{ url: \"https://host/path\" })".to_owned()));
    };
    let url = options::text("url", url).map_err(bad)?;
    let method = match own.get("method") {
        Some(method) => options::text("method", method).map_err(bad)?.to_uppercase(),
        None => "GET".to_owned(),
    };
    if own.contains_key("json") && own.contains_key("body") {
        return Err(bad("give json or body, not both".to_owned()));
    }
    let mut input: BTreeMap<String, Value> = BTreeMap::new();
    input.insert("method".to_owned(), method.as_str().into());
    input.insert("url".to_owned(), url.as_str().into());
    for (name, value) in own {
        match name.as_str() {
            "json" | "body" => drop(input.insert(name.to_string(), value_of(context, value)?)),
            "headers" | "query" => {
                let Some(map) = value.read_lock::<Map>() else {
                    return Err(bad(format!("{name} is a map of names and texts, not {}", type_word(value))));
                };
                let pairs = map.iter().map(|(key, value)| {
                    let text = options::word(value).map_err(|error| bad(format!("{name}.{key}: {error}")))?;
                    Ok((key.to_string(), Value::Text(text)))
                });
                let pairs = pairs.collect::<Given<BTreeMap<String, Value>>>()?;
                input.insert(name.to_string(), Value::Map(pairs));
            }
            "ok" => drop(input.insert("ok".to_owned(), ok(value).map_err(bad)?)),
            _ => {}
        }
    }
    let name = match own.get("name") {
        Some(name) => options::title(name).map_err(bad)?,
        None => format!("{method} {}", shown(&url)),
    };
    Ok((CommandLabel { kind: CommandKind::Http, name }, Value::Map(input)))
}

/// A URL as it names its command: without what may be secret in it.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// Status codes and ranges of them, as pairs of first and last.
fn ok(value: &Dynamic) -> Result<Value, String> {
    let wrong = || "ok is an array of status codes and ranges: [200, 404, \"500-503\"]".to_owned();
    let items = match value.read_lock::<Array>() {
        Some(items) => items.clone(),
        None => vec![value.clone()],
    };
    let pair = |from: i64, to: i64| {
        ((100..=599).contains(&from) && (from..=599).contains(&to))
            .then(|| Value::List(vec![Value::Int(from), Value::Int(to)]))
            .ok_or_else(wrong)
    };
    items
        .iter()
        .map(|item| {
            if let Ok(code) = item.as_int() {
                return pair(code, code);
            }
            let text = options::text("ok", item).map_err(|_| wrong())?;
            let (from, to) = text.split_once('-').ok_or_else(wrong)?;
            let number = |text: &str| text.trim().parse::<i64>().map_err(|_| wrong());
            pair(number(from)?, number(to)?)
        })
        .collect::<Result<_, _>>()
        .map(Value::List)
}
