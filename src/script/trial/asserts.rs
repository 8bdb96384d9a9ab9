//! Assertions: what does not hold fails the test, and says what was expected and what was found.

use super::super::convert::{to_dynamic, to_value};
use super::super::raise::value_of;
use super::cast::World;
use super::clues::{TEST, differs, raised};
use super::language::Scripted;
use crate::history::{Failure, Value};
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext};
use std::rc::Rc;

pub(super) fn register(engine: &mut Engine, world: &Rc<World>) {
    equality(engine, world);
    let here = Rc::clone(world);
    engine.register_fn("assert", move |context: NativeCallContext<'_>, condition: bool| {
        here.holds(&context, condition, "it is not so")
    });
    let here = Rc::clone(world);
    engine.register_fn("assert", move |context: NativeCallContext<'_>, condition: bool, message: &str| {
        here.holds(&context, condition, message)
    });
    let here = Rc::clone(world);
    engine.register_fn("assert_throws", move |context: NativeCallContext<'_>, body: FnPtr| {
        thrown(&here, &context, &body, None)
    });
    let here = Rc::clone(world);
    engine.register_fn("assert_throws", move |context: NativeCallContext<'_>, body: FnPtr, part: &str| {
        thrown(&here, &context, &body, Some(part))
    });
}

fn equality(engine: &mut Engine, world: &Rc<World>) {
    let here = Rc::clone(world);
    engine.register_fn(
        "assert_eq",
        move |context: NativeCallContext<'_>, found: Dynamic, expected: Dynamic| {
            equal(&here, &context, &found, &expected, "the values differ")
        },
    );
    let here = Rc::clone(world);
    engine.register_fn(
        "assert_eq",
        move |context: NativeCallContext<'_>, found: Dynamic, expected: Dynamic, message: &str| {
            equal(&here, &context, &found, &expected, message)
        },
    );
    let here = Rc::clone(world);
    engine.register_fn("assert_ne", move |context: NativeCallContext<'_>, found: Dynamic, other: Dynamic| {
        let found = value_of(&context, &found)?;
        let same = alike(&found, &value_of(&context, &other)?);
        here.holds(&context, !same, &format!("both are {found}"))
    });
}

fn equal(
    world: &World,
    context: &NativeCallContext<'_>,
    found: &Dynamic,
    expected: &Dynamic,
    message: &str,
) -> Scripted<()> {
    let (found, expected) = (value_of(context, found)?, value_of(context, expected)?);
    if alike(&found, &expected) {
        world.held.set(world.held.get() + 1);
        return Ok(());
    }
    Err(differs(context, message, found, expected))
}

/// Whether two values are the same; a whole number is also the same as the broken one of its size.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "compared as the language does"
        )]
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => {
            (*int as f64).to_bits() == float.to_bits()
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| alike(value, other)))
        }
        (one, other) => one == other,
    }
}

impl World {
    fn holds(&self, context: &NativeCallContext<'_>, condition: bool, message: &str) -> Scripted<()> {
        if !condition {
            return Err(raised(context, "D1401", message));
        }
        self.held.set(self.held.get() + 1);
        Ok(())
    }
}

/// What the closure throws; that it throws nothing, or something else, is a failure.
fn thrown(world: &World, context: &NativeCallContext<'_>, body: &FnPtr, part: Option<&str>) -> Scripted {
    let Err(error) = body.call_within_context::<Dynamic>(context, ()) else {
        return Err(raised(context, "D1401", "nothing was thrown"));
    };
    let mut inner = &*error;
    while let EvalAltResult::ErrorInFunctionCall(_, _, deeper, _) = inner {
        inner = deeper;
    }
    let value = match inner {
        EvalAltResult::ErrorRuntime(value, _) => value.clone(),
        other => to_dynamic(&Failure::new(crate::history::kind::FAULT, other.to_string()).to_value()),
    };
    let failure = Failure::from_value(to_value(&value).unwrap_or_default());
    // An assertion inside that does not hold is no error that was meant.
    if failure.kind == TEST && failure.data.get("code").and_then(Value::as_text) == Some("D1401") {
        return Err(error);
    }
    if let Some(part) = part.filter(|part| !failure.message.contains(*part)) {
        let message = "another error was thrown";
        return Err(differs(context, message, failure.message.as_str().into(), part.into()));
    }
    world.held.set(world.held.get() + 1);
    Ok(value)
}
