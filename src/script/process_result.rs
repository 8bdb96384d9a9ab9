//! What `exec` and `sh` give a script: a map that can also be read as `lines`, `json` and `csv`.
//!
//! A reading is made when it is asked for, and kept: text that is not what it is read as is an error of the one who reads.

use super::convert::{to_dynamic, to_value};
use super::raise::raise;
use crate::history::{Failure, Value, kind};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How much of an output goes into the error that says what it is not, in bytes.
const SHOWN: usize = 80;

/// The result of a process.
pub(crate) struct ProcessResult {
    fields: Map,
    /// The readings made so far, each in a cell of its own, so that an element is read without a copy of all.
    read: RefCell<BTreeMap<Reading, Dynamic>>,
}

/// What changes in a copy does not change here.
impl Clone for ProcessResult {
    fn clone(&self) -> Self {
        let mut read = self.read.borrow().clone();
        for made in read.values_mut() {
            *made = made.flatten_clone().into_shared();
        }
        Self { fields: self.fields.clone(), read: RefCell::new(read) }
    }
}

/// What results of processes and of services can have.
pub(super) const FIELDS: &[&str] = &[
    "stdout",
    "stderr",
    "code",
    "stdout_bytes",
    "stdout_sha256",
    "lines",
    "json",
    "csv",
    "status",
    "headers",
    "body",
];

/// What the result of a call of that name can have.
pub(super) fn fields_of(call: &str) -> &'static [&'static str] {
    let split = FIELDS.len() - 3;
    match call {
        "exec" | "sh" => FIELDS.get(..split).unwrap_or_default(),
        "http" | "http_get" | "http_post" => FIELDS.get(split - 3..).unwrap_or_default(),
        _ => &[],
    }
}

/// What an output can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reading {
    Lines,
    Json,
    Csv,
}

impl Reading {
    fn named(name: &str) -> Option<Self> {
        match name {
            "lines" => Some(Self::Lines),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

type Given<T = Dynamic> = Result<T, Box<EvalAltResult>>;

impl ProcessResult {
    /// That with these recorded fields.
    pub(super) fn new(fields: Map) -> Self {
        Self { fields, read: RefCell::default() }
    }

    /// Its recorded form: a plain map, with the readings that are not an error.
    pub(super) fn plain(&self) -> Map {
        let mut map = self.fields.clone();
        if let Ok(text) = self.stdout() {
            for (name, reading) in [("lines", Reading::Lines), ("json", Reading::Json)] {
                let made = self.read.borrow().get(&reading).map(Dynamic::flatten_clone);
                map.insert(name.into(), made.or_else(|| read(reading, &text).ok()).unwrap_or(Dynamic::UNIT));
            }
        }
        map
    }

    #[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
    fn no_field(&self, context: &NativeCallContext<'_>, name: &str) -> Box<EvalAltResult> {
        let has = fields_of(if self.fields.contains_key("status") { "http" } else { "exec" });
        let message = super::calls::unknown("field", name, has);
        raise(context, Failure::new(kind::FAULT, message))
    }

    /// A field, or a reading; () where this result has not what others have.
    fn get(&self, context: &NativeCallContext<'_>, name: &str) -> Given {
        if let Some(value) = self.fields.get(name) {
            return Ok(value.clone());
        }
        let Some(reading) = Reading::named(name) else {
            return if FIELDS.contains(&name) {
                Ok(Dynamic::UNIT)
            } else {
                Err(self.no_field(context, name))
            };
        };
        if let Some(made) = self.read.borrow().get(&reading) {
            return Ok(made.clone());
        }
        let made = self.stdout().and_then(|text| read(reading, &text));
        let made = made.map_err(|failure| raise(context, failure))?.into_shared();
        self.read.borrow_mut().insert(reading, made.clone());
        Ok(made)
    }

    fn set(&mut self, name: &str, value: Dynamic) {
        // The engine writes a reading back after each call of a method on it.
        if let Some(reading) = Reading::named(name) {
            self.read.borrow_mut().insert(reading, value.into_shared());
            return;
        }
        self.fields.insert(name.into(), value);
        if name == "stdout" {
            self.read.borrow_mut().clear();
        }
    }

    fn stdout(&self) -> Result<ImmutableString, Failure> {
        // What a service answers is read as what a process writes.
        let Some(stdout) = self.fields.get("stdout").or_else(|| self.fields.get("body")) else {
            let message = "there is no stdout to read: it went to a file (stdout: FILE)";
            return Err(malformed("no_stdout", message.to_owned()));
        };
        let text = stdout.clone().into_immutable_string();
        text.map_err(|_| malformed("bad_text", "it is not UTF-8 text".to_owned()))
    }
}

/// The types of failure of a reading.
const MISREAD: [&str; 4] = ["bad_json", "bad_csv", "bad_text", "no_stdout"];

/// Whether a failure says that an output is not what it was read as: another attempt would not mend it.
pub fn is_misread(failure: &Failure) -> bool {
    let type_ = failure.data.get("type").and_then(Value::as_text);
    failure.kind == kind::EXEC && type_.is_some_and(|type_| MISREAD.contains(&type_))
}

/// The failure of a reading: no other attempt would mend it.
fn malformed(type_: &str, message: String) -> Failure {
    Failure::new(kind::EXEC, message).with("type", type_)
}

fn read(reading: Reading, text: &str) -> Result<Dynamic, Failure> {
    match reading {
        Reading::Lines => {
            Ok(text.lines().map(|line| Dynamic::from(line.to_owned())).collect::<Array>().into())
        }
        Reading::Json => json(text),
        Reading::Csv => csv(text),
    }
}

fn json(text: &str) -> Result<Dynamic, Failure> {
    Value::from_json_text(text).map(|json| to_dynamic(&json)).map_err(|error| {
        malformed("bad_json", format!("the text cannot be read as JSON: {error}; {}", beginning(text)))
    })
}

/// One map of texts for each line after the first, which names the columns.
fn csv(text: &str) -> Result<Dynamic, Failure> {
    let bad = |error: String| {
        malformed("bad_csv", format!("the text cannot be read as CSV: {error}; {}", beginning(text)))
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| bad(error.to_string()))?.clone();
    for (place, name) in header.iter().enumerate() {
        if header.iter().take(place).any(|other| other == name) {
            return Err(bad(format!("two columns are named \"{name}\"")));
        }
    }
    let mut rows = Array::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(error.to_string()))?;
        let fields = header.iter().zip(&record);
        let row: Map = fields.map(|(name, field)| (name.into(), Dynamic::from(field.to_owned()))).collect();
        rows.push(row.into());
    }
    Ok(rows.into())
}

/// The beginning of an output, in words.
fn beginning(text: &str) -> String {
    if text.is_empty() {
        return "it is empty".to_owned();
    }
    let end = text.floor_char_boundary(SHOWN);
    let more = if end < text.len() { "…" } else { "" };
    format!("it begins: {}{more}", text.get(..end).unwrap_or_default())
}

/// Makes the type known.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<ProcessResult>("process result");
    engine.register_indexer_get(
        |context: NativeCallContext<'_>, result: &mut ProcessResult, name: ImmutableString| {
            result.get(&context, &name)
        },
    );
    engine.register_indexer_set(|result: &mut ProcessResult, name: ImmutableString, value: Dynamic| {
        result.set(&name, value);
    });
    engine.register_fn("get", |context: NativeCallContext<'_>, result: &mut ProcessResult, name: &str| {
        result.get(&context, name)
    });
    engine.register_fn("contains", |result: &mut ProcessResult, name: &str| {
        result.fields.contains_key(name) || (result.stdout().is_ok() && Reading::named(name).is_some())
    });
    engine.register_fn("keys", |result: &mut ProcessResult| -> Array {
        result.fields.keys().map(|key| Dynamic::from(key.to_string())).collect()
    });
    engine.register_fn("len", |result: &mut ProcessResult| {
        rhai::INT::try_from(result.fields.len()).unwrap_or(rhai::INT::MAX)
    });
    engine.register_fn("to_map", |result: &mut ProcessResult| result.plain());
    for name in ["to_string", "to_debug", "print", "debug", "to_json"] {
        engine.register_fn(name, |result: &mut ProcessResult| shown(result));
    }
    engine.register_fn("==", |one: ProcessResult, other: ProcessResult| shown(&one) == shown(&other));
    engine.register_fn("!=", |one: ProcessResult, other: ProcessResult| shown(&one) != shown(&other));
}

/// Its fields as JSON.
fn shown(result: &ProcessResult) -> String {
    to_value(&result.fields.clone().into()).map_or_else(|_| String::new(), |value| value.to_string())
}
