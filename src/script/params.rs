//! `params(#{…})` as the script's text declares it: which inputs there are, of what type, and what stands for those not given.

use super::convert::to_value;
use super::raise::line_of;
use super::source::{SourceError, SyntaxError};
use crate::history::{Value, nearest};
use rhai::{AST, ASTNode, Dynamic, Expr, FnCallExpr, Position, Stmt};
use std::collections::BTreeMap;

/// What the run of a schedule's slot is given besides what the schedule says; a script need not declare it.
const GIVEN_BY_SCHEDULES: &str = "slot";

/// The inputs that a script declares, in the order of its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Params(Vec<Param>);

/// One input of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What stands for it where it is not given; nothing where it must be.
    pub default: Option<Value>,
}

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    /// The script does not take that name.
    #[error("the script takes no input \"{name}\"")]
    Unknown {
        /// The name.
        name: String,
        /// The name that was meant, perhaps.
        near: Option<String>,
    },
    /// It must be given.
    #[error("the input \"{name}\" is missing")]
    Missing {
        /// The name.
        name: String,
    },
    /// It is of another type.
    #[error("the input \"{name}\" is {wanted}, not {given}")]
    Type {
        /// The name.
        name: String,
        /// The type of its default.
        wanted: &'static str,
        /// The type of what was given.
        given: &'static str,
        /// What was meant, perhaps, as JSON.
        meant: Option<String>,
    },
    /// The whole input is no map.
    #[error("the script takes its inputs by name, not as {given}")]
    NoMap {
        /// The type of what was given.
        given: &'static str,
    },
}

impl Params {
    /// What a compiled text declares.
    ///
    /// # Errors
    /// [`SyntaxError`] where that cannot be read from the text alone.
    pub(super) fn of(file: &str, ast: &AST) -> Result<Option<Self>, SyntaxError> {
        if ast.iter_functions().any(|function| function.name == "params") {
            return Ok(None);
        }
        let mut found = Vec::new();
        ast.walk(&mut |path| {
            if let Some(
                ASTNode::Stmt(Stmt::FnCall(call, position)) | ASTNode::Expr(Expr::FnCall(call, position)),
            ) = path.last()
                && call.name == "params"
                && call.namespace.is_empty()
            {
                found.push(declared(call).map_err(|(message, at)| {
                    let at = if at.is_none() { *position } else { at };
                    wrong(file, at, message)
                }));
                if found.len() > 1 {
                    found.push(Err(wrong(file, *position, "params stands once in a script".to_owned())));
                }
            }
            true
        });
        found.into_iter().try_fold(None, |_, declared| declared.map(Some))
    }

    /// What a text declares; nothing where it declares nothing.
    ///
    /// # Errors
    /// [`SourceError`] where the text is no script, or the declaration cannot be read from the text alone.
    pub fn of_text(
        interpreter: &super::Interpreter,
        file: &str,
        text: &str,
    ) -> Result<Option<Self>, SourceError> {
        let ast = interpreter
            .engine()
            .compile(super::source::readable(text).as_ref())
            .map_err(|error| SyntaxError::new(file, &error))?;
        Ok(Self::of(file, &ast)?)
    }

    /// The inputs, in the order of the text.
    pub fn all(&self) -> &[Param] {
        &self.0
    }

    /// What a person typed for an input, read as the type of that input; as text where it is none.
    pub fn typed(&self, name: &str, text: &str) -> Value {
        let Some(param) = self.0.iter().find(|param| param.name == name) else { return text.into() };
        let json = || Value::from_json_text(text).ok();
        let read = match &param.default {
            None | Some(Value::Null | Value::Text(_) | Value::Bytes(_)) => None,
            Some(Value::Float(_)) => {
                text.parse().ok().filter(|float: &f64| float.is_finite()).map(Value::Float)
            }
            Some(other) => json().filter(|value| type_of(value) == type_of(other)),
        };
        read.unwrap_or_else(|| text.into())
    }

    /// The input as it is recorded: whole numbers are floats where floats are declared. What is not given stays away.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn fit(&self, input: &Value) -> Result<Value, Vec<BadInput>> {
        let empty = BTreeMap::new();
        let given = match input {
            Value::Map(map) => map,
            Value::Null => &empty,
            other => return Err(vec![BadInput::NoMap { given: type_of(other) }]),
        };
        let mut wrong = Vec::new();
        let mut fitted = BTreeMap::new();
        for (name, value) in given {
            let Some(param) = self.0.iter().find(|param| param.name == *name) else {
                if name == GIVEN_BY_SCHEDULES {
                    fitted.insert(name.clone(), value.clone());
                    continue;
                }
                wrong.push(BadInput::Unknown { name: name.clone(), near: self.near(name) });
                continue;
            };
            let value = match (&param.default, value) {
                (Some(Value::Float(_)), Value::Int(whole)) => as_float(*whole),
                _ => value.clone(),
            };
            if let Some(default) = &param.default
                && value != Value::Null
                && type_of(default) != type_of(&value)
            {
                let given = match (default, &value) {
                    // Both are numbers to whoever reads it.
                    (Value::Int(_), Value::Float(_)) => "one with a fraction",
                    _ => type_of(&value),
                };
                let wanted = type_of(default);
                let meant = value.as_text().and_then(|text| super::guess::guess(text, default));
                let meant = meant.map(|meant| meant.to_string());
                wrong.push(BadInput::Type { name: name.clone(), wanted, given, meant });
            }
            fitted.insert(name.clone(), value);
        }
        for param in self.0.iter().filter(|param| param.default.is_none()) {
            if given.get(&param.name).is_none_or(|value| *value == Value::Null) {
                wrong.push(BadInput::Missing { name: param.name.clone() });
            }
        }
        if wrong.is_empty() { Ok(Value::Map(fitted)) } else { Err(wrong) }
    }

    /// The input as the script sees it: with the defaults of what was not given.
    pub(super) fn fill(&self, mut input: Dynamic) -> Dynamic {
        if input.is_unit() {
            input = rhai::Map::new().into();
        }
        if let Some(mut map) = input.write_lock::<rhai::Map>() {
            for Param { name, default } in &self.0 {
                if let Some(default) = default
                    && map.get(name.as_str()).is_none_or(Dynamic::is_unit)
                {
                    map.insert(name.as_str().into(), super::convert::to_dynamic(default));
                }
            }
        }
        input
    }

    fn near(&self, name: &str) -> Option<String> {
        nearest(name, self.0.iter().map(|param| param.name.as_str())).map(str::to_owned)
    }
}

/// The inputs that a call declares, or what is wrong with it and where.
fn declared(call: &FnCallExpr) -> Result<Params, (String, Position)> {
    const WHOLE: &str = "params takes one map, written out: the inputs are checked before the script begins";
    let [Expr::Map(map, _)] = call.args.as_slice() else { return Err((WHOLE.to_owned(), Position::NONE)) };
    let mut params = Vec::new();
    for (name, value) in &map.0 {
        let at = value.position();
        let default = value.get_literal_value(None).ok_or_else(|| {
            let name = &name.name;
            (
                format!(
                    "the default of \"{name}\" is not written out: it is checked before the script begins"
                ),
                at,
            )
        })?;
        let default = to_value(&default).map_err(|refused| (refused.failure().message, at))?;
        let default = (default != Value::Null).then_some(default);
        params.push(Param { name: name.name.to_string(), default });
    }
    Ok(Params(params))
}

fn wrong(file: &str, position: Position, message: String) -> SyntaxError {
    let column = position.position().and_then(|column| u32::try_from(column).ok());
    SyntaxError { file: file.to_owned(), message, line: line_of(position), column }
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "as a script's own arithmetic does")]
fn as_float(whole: i64) -> Value {
    Value::Float(whole as f64)
}

/// The type of a value in words.
pub fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Int(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Interpreter;

    fn params(text: &str) -> Result<Option<Params>, String> {
        Params::of_text(&Interpreter::new(), "a.rhai", text).map_err(|error| error.to_string())
    }

    fn declared() -> Params {
        params("let p = params(#{host: (), keep: 7, share: 0.5, tags: [\"a\"], deep: #{a: -1}});")
            .expect("compiles")
            .expect("declares")
    }

    fn wrong(json: &str) -> Vec<String> {
        let input = Value::from_json_text(json).expect("JSON");
        declared().fit(&input).expect_err("is wrong").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_declared_is_read_from_the_text_in_its_order() {
        let names: Vec<String> = declared().all().iter().map(|param| param.name.clone()).collect();
        assert_eq!(names, ["host", "keep", "share", "tags", "deep"]);
        assert_eq!(declared().all()[0].default, None);
        assert_eq!(declared().all()[4].default, Some(Value::from([("a", Value::Int(-1))])));
        assert_eq!(params("1 + 1"), Ok(None));
        assert_eq!(params("fn params(x) { x } params(today())"), Ok(None), "the script's own");
    }

    #[test]
    fn what_cannot_be_read_from_the_text_is_refused() {
        for (text, why) in [
            ("params(#{a: now()})", "the default of \"a\" is not written out"),
            ("let m = #{a: 1}; params(m)", "params takes one map, written out"),
            ("params()", "params takes one map, written out"),
            ("params(#{a: 1}); params(#{b: 1})", "params stands once"),
        ] {
            assert!(params(text).expect_err(text).contains(why), "{text}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        assert_eq!(
            wrong(r#"{"hosst": "a", "keep": "7", "share": true}"#),
            [
                "the script takes no input \"hosst\"",
                "the input \"keep\" is a whole number, not text",
                "the input \"share\" is a number, not true or false",
                "the input \"host\" is missing",
            ]
        );
        assert_eq!(wrong("[1]"), ["the script takes its inputs by name, not as a list"]);
        assert_eq!(wrong(r#"{"host": null}"#), ["the input \"host\" is missing"]);
        let unknown = declared().fit(&Value::from([("hots", Value::Null), ("host", Value::Int(1))]));
        assert!(
            matches!(&unknown.expect_err("unknown")[..], [BadInput::Unknown { near: Some(near), .. }] if near == "host")
        );
    }

    #[test]
    fn what_fits_is_recorded_as_declared_and_without_defaults() {
        let input = Value::from([("host", Value::Int(1)), ("share", Value::Int(2)), ("keep", Value::Null)]);
        assert_eq!(
            declared().fit(&input).expect("fits").to_string(),
            r#"{"host":1,"keep":null,"share":2.0}"#
        );
    }

    #[test]
    fn the_slot_of_a_schedule_fits_whether_it_is_declared_or_not() {
        let input = Value::from([("host", Value::Int(1)), ("slot", Value::from("2026-11-29T02:30:00Z"))]);
        assert_eq!(declared().fit(&input), Ok(input));
    }

    #[test]
    fn what_is_typed_is_read_as_the_type_of_its_default() {
        let typed = |name: &str, text: &str| declared().typed(name, text);
        assert_eq!(typed("keep", "3"), Value::Int(3));
        assert_eq!(typed("keep", "3.5"), Value::from("3.5"), "no whole number: told as text");
        assert_eq!(typed("share", "3"), Value::Float(3.0));
        assert_eq!(typed("tags", "[1]"), Value::List(vec![Value::Int(1)]));
        assert_eq!(typed("host", "3"), Value::from("3"), "any type: as it is typed");
        assert_eq!(typed("nobody", "3"), Value::from("3"));
    }
}
