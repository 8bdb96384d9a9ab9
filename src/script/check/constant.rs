//! `input` and `run`, which a script reads: what is written to them is lost, or an error.

use super::Rule;
use super::walk::Walker;
use rhai::{Expr, Position};

/// Methods of texts, lists and maps that change what they are called on.
const CHANGES: &[&str] = &[
    "append",
    "clear",
    "dedup",
    "drain",
    "fill_with",
    "insert",
    "make_lower",
    "make_upper",
    "mixin",
    "pad",
    "pop",
    "push",
    "remove",
    "retain",
    "reverse",
    "set",
    "shift",
    "sort",
    "splice",
    "trim",
    "truncate",
];

/// The constant with which a chain begins.
fn root<'e>(walker: &Walker<'_>, expr: &'e Expr) -> Option<(&'e str, Position)> {
    match expr {
        Expr::Variable(variable, _, position) => {
            let name = variable.1.as_str();
            (["input", "run"].contains(&name) && !walker.is_variable(name)).then_some((name, *position))
        }
        Expr::Dot(pair, ..) | Expr::Index(pair, ..) => root(walker, &pair.lhs),
        _ => None,
    }
}

/// `input.host = "a"`, `run.id = 3`.
pub(super) fn written(walker: &mut Walker<'_>, target: &Expr) {
    let Some((name, position)) = root(walker, target) else { return };
    let message = match (name, target) {
        ("input", Expr::Dot(..) | Expr::Index(..)) => {
            "what is written to input is lost: it stays what the run was started with"
        }
        ("input", _) => "input cannot be written: it is what the run was started with",
        _ => "run cannot be written: it tells of the run",
    };
    tell(walker, message.to_owned(), name, position);
}

/// `input.hosts.push("a")`.
pub(super) fn changed(walker: &mut Walker<'_>, chain: &Expr) {
    let Some((name, _)) = root(walker, chain) else { return };
    let mut link = chain;
    while let Expr::Dot(pair, ..) | Expr::Index(pair, ..) = link {
        link = match &pair.rhs {
            Expr::Dot(next, ..) | Expr::Index(next, ..) if matches!(next.lhs, Expr::MethodCall(..)) => {
                &next.lhs
            }
            rest => rest,
        };
    }
    let Expr::MethodCall(call, position) = link else { return };
    let method = call.name.as_str();
    if CHANGES.contains(&method)
        && !walker.text.functions.contains_key(method)
        && !walker.world.is_field(method)
    {
        let message = format!("{method} changes what it is called on, and {name} cannot be changed");
        tell(walker, message, name, *position);
    }
}

fn tell(walker: &mut Walker<'_>, message: String, name: &str, position: Position) {
    let hint = match name {
        "input" => "change a copy, and go on with that: let mine = input;",
        _ => "keep it in a variable of the script: let mine = …;",
    };
    walker.tell(Rule::Constant, position, message, Some(hint.to_owned()));
}
