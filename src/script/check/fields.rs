//! Fields of results that there are not: `exec(…).stdot`, or the same of a variable that holds one.

use super::super::process_result::fields_of;
use super::Rule;
use super::walk::Walker;
use crate::history::nearest;
use rhai::{BinaryExpr, Expr};
use std::collections::BTreeMap;

/// The variables of a text that hold the result of one kind of call wherever they are given something, with that call.
pub(super) fn results(ast: &rhai::AST) -> BTreeMap<String, String> {
    super::held::held(ast, |value| call_of(value).map(str::to_owned))
}

/// The name of a call that gives such a result.
fn call_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::FnCall(call, _) if call.namespace.is_empty() => {
            Some(call.name.as_str()).filter(|name| !fields_of(name).is_empty())
        }
        _ => None,
    }
}

/// `done.stdot` where `done` is the result of a process.
pub(super) fn field(walker: &mut Walker<'_>, pair: &BinaryExpr) {
    let call = match &pair.lhs {
        Expr::Variable(variable, ..) => walker.text.results.get(variable.1.as_str()).map(String::as_str),
        other => call_of(other),
    };
    let Some(call) = call.filter(|call| !walker.text.functions.contains_key(*call)) else { return };
    let first = match &pair.rhs {
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => &chain.lhs,
        other => other,
    };
    let Expr::Property(property, position) = first else { return };
    let (name, has) = (property.2.as_str(), fields_of(call));
    if has.contains(&name) {
        return;
    }
    let message = format!("the result of {call} has no field {name}");
    let hint = nearest(name, has.iter().copied())
        .map_or_else(|| format!("it has {}", has.join(", ")), |near| format!("did you mean {near}?"));
    walker.tell(Rule::Field, *position, message, Some(hint));
}
