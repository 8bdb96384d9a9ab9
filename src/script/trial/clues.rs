//! Why a test failed: what was expected, what was found, and where.

use super::super::diagnostics::located;
use super::super::program::Script;
use super::super::raise::raise;
use super::stage::Trouble;
use crate::history::{CallSite, Failure, Value, nearest};
use rhai::{EvalAltResult, NativeCallContext};

/// The kind of what an assertion throws; no mock can mean it.
pub(super) const TEST: &str = "test";

/// Why a test failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// A code of errors.
    pub code: &'static str,
    /// What is wrong, in one line.
    pub message: String,
    /// What was expected, where something was.
    pub expected: Option<Value>,
    /// What was found in its place.
    pub found: Option<Value>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The file that it is in: the test's, or that of a script.
    pub file: String,
    /// Line, from 1, where known.
    pub line: Option<u32>,
    /// Column in characters, from 1, where known.
    pub column: Option<u32>,
    /// The calls that led there, innermost first.
    pub calls: Vec<CallSite>,
    /// The text of that file, where it is not the test's.
    pub text: Option<String>,
}

/// The codes that a failure may carry through a test.
const CODES: &[&str] = &["D1401", "D1402", "D1403", "D1405", "D1406", "D1407", "D1408"];

/// An assertion that does not hold, or trouble on the stage, raised at the call.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
pub(super) fn raised(
    context: &NativeCallContext<'_>,
    code: &str,
    message: impl Into<String>,
) -> Box<EvalAltResult> {
    raise(context, Failure::new(TEST, message).with("code", code))
}

/// The same with the two values.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
pub(super) fn differs(
    context: &NativeCallContext<'_>,
    message: &str,
    found: Value,
    expected: Value,
) -> Box<EvalAltResult> {
    let failure = Failure::new(TEST, message).with("code", "D1401");
    raise(context, failure.with("found", found).with("expected", expected))
}

/// Trouble on the stage, at the call that asked for it, or at its own place.
#[expect(clippy::unnecessary_box_returns, reason = "the engine's errors are boxed")]
pub(super) fn troubled(context: &NativeCallContext<'_>, trouble: Trouble) -> Box<EvalAltResult> {
    let mut failure = Failure::new(TEST, trouble.message).with("code", trouble.code);
    if let Some(hint) = trouble.hint {
        failure = failure.with("hint", hint);
    }
    if let Some(spot) = trouble.place {
        let super::stage::Spot { file, text, line, column } = *spot;
        failure = failure.with("file", file).with("text", text).with("at", i64::from(line));
        if let Some(column) = column {
            failure = failure.with("column", i64::from(column));
        }
    }
    raise(context, failure)
}

/// What an error that left a test means.
pub(super) fn fault(error: &EvalAltResult, script: &Script) -> Fault {
    let (stuck, inner) = located(error, script);
    let mut fault = Fault {
        code: "D1403",
        message: stuck.message,
        expected: None,
        found: None,
        hint: stuck.hint,
        file: stuck.file.unwrap_or_default(),
        line: stuck.line,
        column: stuck.column,
        calls: stuck.calls,
        text: None,
    };
    let EvalAltResult::ErrorRuntime(value, _) = inner else {
        if let EvalAltResult::ErrorTerminated(..) = inner {
            "the test computes without end".clone_into(&mut fault.message);
        }
        if let EvalAltResult::ErrorFunctionNotFound(signature, _) = inner {
            fault.hint = near(signature).map(|near| format!("did you mean {near}?"));
        }
        return fault;
    };
    let value = super::super::convert::to_value(value).unwrap_or_else(|refused| refused.failure().to_value());
    let failure = Failure::from_value(value);
    if failure.kind != TEST {
        fault.message = format!("an error left the test: {}", failure.message);
        return fault;
    }
    let text = |key: &str| failure.data.get(key).and_then(Value::as_text).map(str::to_owned);
    let number = |key: &str| {
        failure.data.get(key).and_then(Value::as_int).and_then(|number| u32::try_from(number).ok())
    };
    let code = text("code").unwrap_or_default();
    fault.code = CODES.iter().find(|known| **known == code).copied().unwrap_or("D1403");
    fault.message.clone_from(&failure.message);
    fault.hint = text("hint");
    fault.expected = failure.data.get("expected").cloned();
    fault.found = failure.data.get("found").cloned();
    if let (Some(file), Some(text), line) = (text("file"), text("text"), number("at")) {
        (fault.file, fault.text, fault.line, fault.column) = (file, Some(text), line, number("column"));
        fault.calls.clear();
    }
    fault
}

/// What others call the words of tests.
const OTHERS: &[(&str, &str)] = &[
    ("assert_equal", "assert_eq"),
    ("assert_equals", "assert_eq"),
    ("assertEquals", "assert_eq"),
    ("expect", "assert_eq"),
    ("assert_not_equal", "assert_ne"),
    ("assert_not_equals", "assert_ne"),
    ("assert_true", "assert"),
    ("assert_false", "assert"),
    ("assert_error", "assert_throws"),
    ("assert_fails", "assert_throws"),
    ("describe", "test"),
    ("it", "test"),
    ("mock_activity", "mock"),
    ("stub", "mock"),
    ("start", "run"),
    ("send", "deliver"),
    ("sleep", "advance"),
    ("wait", "advance"),
];

/// The word of tests that is meant by the function of a signature, or is most like it.
fn near(signature: &str) -> Option<&'static str> {
    let name = signature.split([' ', '(']).next().unwrap_or(signature);
    if let Some((_, own)) = OTHERS.iter().find(|(other, _)| *other == name) {
        return Some(own);
    }
    nearest(name, super::words().filter(|known| *known != name))
}
