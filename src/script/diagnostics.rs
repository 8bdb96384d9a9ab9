//! The engine's errors as data: what an error that left the script means, and where it is.

use super::convert::{Refused, to_dynamic, to_value};
use super::host::Thrown;
use super::program::Script;
use super::raise::line_of;
use crate::history::{Failure, Stuck, Value, kind};
use rhai::{Dynamic, EvalAltResult, ParseErrorType, Position};

/// Kinds of failure that are mistakes in the script: uncaught they make the run stuck, not failed.
const MISTAKES: [&str; 5] = [kind::FAULT, kind::BAD_OPTION, kind::BAD_VALUE, kind::NESTED, kind::HELD];

/// What an error that left the script, a handler or a body means.
pub(super) fn thrown(error: &EvalAltResult, script: &Script) -> Thrown {
    let mut place = Place { file: script.source().path.clone(), position: Position::NONE, calls: Vec::new() };
    let inner = place.walk(error);
    match inner {
        EvalAltResult::ErrorRuntime(value, _) => {
            let value = to_value(value).unwrap_or_else(|refused| Value::Text(refused.failure().message));
            let mut failure = Failure::from_value(value);
            if MISTAKES.contains(&failure.kind.as_str()) {
                Thrown::Fault(Box::new(place.stuck_by(&failure, script)))
            } else {
                failure.line = failure.line.or(line_of(place.position));
                Thrown::Failure(failure)
            }
        }
        inner => {
            let (message, hint) = words(inner);
            Thrown::Fault(Box::new(place.stuck(message, hint, script)))
        }
    }
}

/// A value that cannot be recorded left a script or a body: one that is too large is a failure, all else a mistake.
pub(super) fn unrecordable(refused: &Refused, script: &Script) -> Thrown {
    let failure = refused.failure();
    if failure.kind == kind::TOO_LARGE {
        return Thrown::Failure(failure);
    }
    let place = Place { file: script.source().path.clone(), position: Position::NONE, calls: Vec::new() };
    Thrown::Fault(Box::new(place.stuck(
        format!("its value cannot be recorded: {}", failure.message),
        None,
        script,
    )))
}

struct Place {
    file: String,
    position: Position,
    calls: Vec<(String, u32)>,
}

impl Place {
    /// Goes to the innermost error; remembers the calls on the way.
    fn walk<'e>(&mut self, error: &'e EvalAltResult) -> &'e EvalAltResult {
        if !error.position().is_none() {
            self.position = error.position();
        }
        match error {
            EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                let name = if name.starts_with("anon$") { "closure" } else { name };
                self.calls.insert(0, (name.to_owned(), line_of(*position).unwrap_or(0)));
                if !source.is_empty() {
                    source.clone_into(&mut self.file);
                }
                self.walk(inner)
            }
            EvalAltResult::ErrorInModule(path, inner, _) => {
                path.clone_into(&mut self.file);
                self.walk(inner)
            }
            other => other,
        }
    }

    fn stuck(self, message: String, hint: Option<String>, script: &Script) -> Stuck {
        let line = line_of(self.position);
        let column = self.position.position().and_then(|column| u32::try_from(column).ok());
        let column = line.zip(column).map(|(line, column)| script.column(&self.file, line, column));
        Stuck {
            kind: kind::FAULT.to_owned(),
            message,
            file: Some(self.file),
            line,
            column,
            calls: self.calls,
            hint,
        }
    }

    fn stuck_by(self, failure: &Failure, script: &Script) -> Stuck {
        let at_its_line = failure.line.is_none() || failure.line == line_of(self.position);
        let mut stuck = self.stuck(failure.message.clone(), None, script);
        stuck.line = failure.line.or(stuck.line);
        if !at_its_line {
            stuck.column = None;
        }
        stuck
    }
}

/// The engine's message in our words, and a hint where there is a usual way out.
fn words(error: &EvalAltResult) -> (String, Option<String>) {
    match error {
        EvalAltResult::ErrorFunctionNotFound(signature, _) => function_not_found(signature),
        EvalAltResult::ErrorVariableNotFound(name, _) => (
            format!("there is no variable '{name}'"),
            Some("functions do not see the variables of the script: hand them over as arguments".to_owned()),
        ),
        EvalAltResult::ErrorStackOverflow(_) => {
            (format!("calls are nested more than {} deep", super::sandbox::CALL_DEPTH), None)
        }
        EvalAltResult::ErrorAssignmentToConstant(name, _) => (
            format!("'{name}' cannot be written here"),
            Some("predicates of wait_until and queries may read, not write".to_owned()),
        ),
        EvalAltResult::ErrorModuleNotFound(path, _) => {
            (format!("module \"{path}\" is not among those pinned when the run was started"), None)
        }
        EvalAltResult::ErrorParsing(ParseErrorType::Reserved(word), _) => {
            (format!("'{word}' is a reserved word"), None)
        }
        other => {
            let mut bare = other.to_string();
            if let Some(end) = bare.rfind(" (line ") {
                bare.truncate(end);
            }
            (bare, None)
        }
    }
}

fn function_not_found(signature: &str) -> (String, Option<String>) {
    let signature = signature.strip_prefix(super::rewrite::FORGET).unwrap_or(signature);
    let name = signature.split([' ', '(']).next().unwrap_or(signature);
    let message = format!("there is no function {signature}");
    if super::calls::names().any(|known| known == name) {
        return (message, Some(format!("{name} takes other arguments: see the reference of host functions")));
    }
    let near = super::calls::names()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= 2.max(known.len() / 4))
        .min();
    (message, near.map(|(_, near)| format!("did you mean {near}?")))
}

/// Where an error comes from, in our words, and the error without the calls around it.
pub(super) fn located<'e>(error: &'e EvalAltResult, script: &Script) -> (Stuck, &'e EvalAltResult) {
    let mut place = Place { file: script.source().path.clone(), position: Position::NONE, calls: Vec::new() };
    let inner = place.walk(error);
    let (message, hint) = words(inner);
    (place.stuck(message, hint, script), inner)
}

/// The value that a `catch` of this error sees: what was thrown, or the map of a fault.
pub(super) fn caught(error: &EvalAltResult, script: &Script) -> Dynamic {
    let mut place = Place { file: script.source().path.clone(), position: Position::NONE, calls: Vec::new() };
    match place.walk(error) {
        EvalAltResult::ErrorRuntime(value, _) => value.clone(),
        inner => {
            let failure =
                Failure { line: line_of(place.position), ..Failure::new(kind::FAULT, words(inner).0) };
            to_dynamic(&failure.to_value())
        }
    }
}

/// A caught value as a script is to see it: the engine's own maps become durun's, with `kind`; all else stays.
pub(super) fn as_ours(value: Dynamic, script: &Script) -> Dynamic {
    let Some(map) = value.read_lock::<rhai::Map>() else { return value };
    let text = |key: &str| map.get(key).and_then(|field| field.clone().into_string().ok());
    let is_the_engines =
        !map.contains_key("kind") && text("error").is_some_and(|name| name.starts_with("Error"));
    let (true, Some(message)) = (is_the_engines, text("message")) else {
        drop(map);
        return value;
    };
    let line = map.get("line").and_then(|line| line.as_int().ok()).and_then(|line| u32::try_from(line).ok());
    let file = script.source().path.as_str();
    let failure = Failure { line, ..Failure::new(kind::FAULT, message) }.with("file", file);
    to_dynamic(&failure.to_value())
}
