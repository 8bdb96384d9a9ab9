//! The engine's errors as data: what an error that left the script means, and where it is.

use super::convert::{Refused, to_dynamic, to_value};
use super::host::Thrown;
use super::program::Script;
use super::raise::{line_of, remembered};
use super::unknown::{self, Spot, type_of};
use crate::history::{CallSite, Failure, Raised, Stuck, Value, kind};
use rhai::{Dynamic, EvalAltResult, ParseErrorType, Position};

/// Kinds of failure that are mistakes in the script: uncaught they make the run stuck, not failed.
const MISTAKES: [&str; 5] = [kind::FAULT, kind::BAD_OPTION, kind::BAD_VALUE, kind::NESTED, kind::HELD];

/// What an error that left the script, a handler or a body means.
pub(super) fn thrown(error: &EvalAltResult, script: &Script) -> Thrown {
    let mut place = Place::of(script);
    let inner = place.walk(error, script);
    match inner {
        EvalAltResult::ErrorRuntime(value, _) => {
            let value = to_value(value).unwrap_or_else(|refused| Value::Text(refused.failure().message));
            let failure = Failure::from_value(value);
            if MISTAKES.contains(&failure.kind.as_str()) {
                Thrown::Fault(Box::new(place.stuck_by(&failure, script)))
            } else {
                Thrown::Failure(place.placed(failure, script))
            }
        }
        inner => {
            let (message, hint) = place.words(inner, script);
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
    let place = Place::of(script);
    Thrown::Fault(Box::new(place.stuck(
        format!("its value cannot be recorded: {}", failure.message),
        None,
        script,
    )))
}

struct Place {
    file: String,
    position: Position,
    calls: Vec<CallSite>,
}

impl Place {
    /// Nowhere yet.
    fn of(script: &Script) -> Self {
        Self { file: script.source().path.clone(), position: Position::NONE, calls: Vec::new() }
    }

    /// The file, where it is not the script itself.
    fn module(&self, script: &Script) -> Option<String> {
        (self.file != script.source().path).then(|| self.file.clone())
    }

    /// A failure with its line, where it was raised, and the calls that led there. What another strand or a body raised was
    /// raised there.
    fn placed(mut self, mut failure: Failure, script: &Script) -> Failure {
        let here = line_of(self.position);
        let known = remembered(&failure);
        failure.line = failure.line.or_else(|| known.as_ref()?.line).or(here);
        let Some((here, line)) = here.zip(failure.line) else { return failure };
        let known = known.and_then(|known| known.raised);
        let own = Raised { line, column: None, file: self.module(script), calls: Vec::new() };
        let mut raised = known.unwrap_or_else(|| Box::new(own));
        if raised.calls.last().map_or(raised.line, |call| call.line) != here {
            let (name, file) = ("throw".to_owned(), self.module(script));
            raised.called_by([CallSite { name, line: here, file }]);
        } else if raised.calls.is_empty() {
            raised.column = self.column(script);
        }
        raised.called_by(std::mem::take(&mut self.calls));
        Failure { raised: Some(raised), ..failure }
    }

    /// Goes to the innermost error; remembers the calls on the way.
    fn walk<'e>(&mut self, error: &'e EvalAltResult, script: &Script) -> &'e EvalAltResult {
        if !error.position().is_none() {
            self.position = error.position();
        }
        match error {
            EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                let name = if name.starts_with("anon$") { "closure" } else { name };
                if let Some(line) = line_of(*position) {
                    let (name, file) = (name.to_owned(), self.module(script));
                    self.calls.insert(0, CallSite { name, line, file });
                }
                if !source.is_empty() {
                    source.clone_into(&mut self.file);
                }
                self.walk(inner, script)
            }
            EvalAltResult::ErrorInModule(path, inner, _) => {
                path.clone_into(&mut self.file);
                self.walk(inner, script)
            }
            other => other,
        }
    }

    fn stuck(self, message: String, hint: Option<String>, script: &Script) -> Stuck {
        let line = line_of(self.position);
        let column = self.column(script);
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

    /// The column in the file's own text.
    fn column(&self, script: &Script) -> Option<u32> {
        let column = self.position.position().and_then(|column| u32::try_from(column).ok());
        line_of(self.position).zip(column).map(|(line, column)| script.column(&self.file, line, column))
    }

    /// The engine's message in our words, and a hint where there is a usual way out.
    fn words(&self, error: &EvalAltResult, script: &Script) -> (String, Option<String>) {
        let hint = |text: &str| Some(text.to_owned());
        match error {
            EvalAltResult::ErrorFunctionNotFound(signature, _) => {
                let text = script.source().text_of(&self.file);
                let at = line_of(self.position).zip(self.column(script));
                let spot = text.zip(at).and_then(|(text, (line, column))| Spot::of(text, line, column));
                unknown::function(signature, spot.as_ref(), script)
            }
            EvalAltResult::ErrorVariableNotFound(name, _) => {
                let hint = if self.calls.is_empty() {
                    format!("declare it before, and in no block that has ended: let {name} = …;")
                } else {
                    "functions do not see the variables of the script: hand them over as arguments".to_owned()
                };
                (format!("there is no variable '{name}'"), Some(hint))
            }
            EvalAltResult::ErrorStackOverflow(_) => (
                format!("calls are nested more than {} deep", super::sandbox::CALL_DEPTH),
                hint("where a function calls itself without end, or too often, a loop does the same"),
            ),
            EvalAltResult::ErrorAssignmentToConstant(name, _) => (
                format!("'{name}' cannot be written here"),
                hint(match name.as_str() {
                    "input" => "it is what the run was started with: change a copy, let mine = input;",
                    "run" => "it tells of the run: keep what is yours in a variable, let mine = …;",
                    _ => "predicates of wait_until and queries may read, not write",
                }),
            ),
            EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => (
                format!("'{name}' changes what it is called on, and that cannot be changed"),
                Some(format!(
                    "change a copy and go on with that: let mine = …; mine.{name}(…); predicates of wait_until and queries only read"
                )),
            ),
            EvalAltResult::ErrorModuleNotFound(path, _) => {
                (format!("module \"{path}\" is not among those pinned when the run was started"), None)
            }
            EvalAltResult::ErrorParsing(ParseErrorType::Reserved(word), _) => {
                (format!("'{word}' is a reserved word"), None)
            }
            EvalAltResult::ErrorMismatchDataType(wanted, given, _) => {
                let hint = match type_of(given) {
                    "handle" => Some(unknown::JOIN.to_owned()),
                    range if range.contains("Range") => Some(super::foreign::PART.to_owned()),
                    _ => None,
                };
                (format!("{} is wanted here, not {}", type_of(wanted), type_of(given)), hint)
            }
            EvalAltResult::ErrorArrayBounds(length, at, _) => (
                format!("there is no item [{at}] in a list of {length}"),
                hint("the first is [0], the last [-1]; one more is added by list.push(item)"),
            ),
            EvalAltResult::ErrorFor(_) => (
                "for goes over a list, a range such as 0..3, or the keys of a map".to_owned(),
                hint("of a map: for name in map.keys() { … }"),
            ),
            EvalAltResult::ErrorDotExpr(text, _) => {
                unknown::property(text).unwrap_or_else(|| (text.clone(), None))
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

/// Where an error comes from, in our words, and the error without the calls around it.
pub(super) fn located<'e>(error: &'e EvalAltResult, script: &Script) -> (Stuck, &'e EvalAltResult) {
    let mut place = Place::of(script);
    let inner = place.walk(error, script);
    let (message, hint) = place.words(inner, script);
    (place.stuck(message, hint, script), inner)
}

/// The value that a `catch` of this error sees: what was thrown, or the map of a fault.
pub(super) fn caught(error: &EvalAltResult, script: &Script) -> Dynamic {
    let mut place = Place::of(script);
    match place.walk(error, script) {
        EvalAltResult::ErrorRuntime(value, _) => value.clone(),
        inner => {
            let message = place.words(inner, script).0;
            let failure = Failure { line: line_of(place.position), ..Failure::new(kind::FAULT, message) };
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
