//! Fields of results that there are not: `exec(…).stdot`, or the same of a variable that holds one.

use super::super::process_result::fields_of;
use super::Rule;
use super::rules::collects;
use super::walk::Walker;
use crate::history::nearest;
use rhai::{AST, ASTNode, BinaryExpr, Expr, Position, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// The fields of what `attempt` gives.
const OF_ATTEMPT: &[&str] = &["ok", "value", "error"];
/// Those of what `parallel` gives that collects failures.
const OF_COLLECTED: &[&str] = &["values", "failed"];
/// The fields that errors have.
const OF_ERRORS: &[&str] = &[
    "attempts",
    "body",
    "cause",
    "data",
    "exit_code",
    "failures",
    "headers",
    "index",
    "item",
    "kind",
    "limit",
    "line",
    "message",
    "name",
    "report",
    "status",
    "stderr",
    "type",
];
/// Those of them that nothing else is likely to be called like.
const MEANT: &[&str] = &["attempts", "cause", "exit_code", "kind", "limit", "message", "stderr", "type"];

/// The variables of a text that hold the result of one kind of call wherever they are given something, with that call.
pub(super) fn results(ast: &rhai::AST) -> BTreeMap<String, String> {
    super::held::held(ast, |value| call_of(value).map(str::to_owned))
}

/// The name of a call that gives such a result.
fn call_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::FnCall(call, _) if call.namespace.is_empty() => {
            let is_known = call.name == "attempt" || call.name == "parallel" && collects(call);
            Some(call.name.as_str()).filter(|name| is_known || !fields_of(name).is_empty())
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
    let (first, rest) = match &pair.rhs {
        Expr::Dot(chain, ..) => (&chain.lhs, Some(&chain.rhs)),
        Expr::Index(chain, ..) => (&chain.lhs, None),
        other => (other, None),
    };
    let Expr::Property(property, position) = first else { return };
    let name = property.2.as_str();
    if matches!(&pair.lhs, Expr::Variable(variable, ..) if walker.text.errors.contains(variable.1.as_str())) {
        return of_error(walker, name, *position);
    }
    let Some(call) = call.filter(|call| !walker.text.functions.contains_key(*call)) else { return };
    let has = match call {
        "attempt" => OF_ATTEMPT,
        "parallel" => OF_COLLECTED,
        _ => fields_of(call),
    };
    if has.contains(&name) {
        if let ("attempt", "error", Some(rest)) = (call, name, rest) {
            let field = match rest {
                Expr::Dot(chain, ..) | Expr::Index(chain, ..) => &chain.lhs,
                other => other,
            };
            if let Expr::Property(property, position) = field {
                of_error(walker, &property.2, *position);
            }
        }
        return;
    }
    let is_map = ["attempt", "parallel"].contains(&call);
    // A map may be given more fields.
    if is_map && walker.world.is_written(name) {
        return;
    }
    let rule = if is_map { Rule::Misspelt } else { Rule::Field };
    let message = format!("the result of {call} has no field {name}");
    let hint = nearest(name, has.iter().copied())
        .map_or_else(|| format!("it has {}", has.join(", ")), |near| format!("did you mean {near}?"));
    walker.tell(rule, *position, message, Some(hint));
}

/// `error.mesage`: a field that no text gives to a map, and that is nearly one that errors have.
fn of_error(walker: &mut Walker<'_>, name: &str, position: Position) {
    if OF_ERRORS.contains(&name) || walker.world.is_written(name) {
        return;
    }
    let Some(near) = nearest(name, MEANT.iter().copied()) else { return };
    let message = format!("errors have no field {name}: it reads as ()");
    walker.tell(Rule::Misspelt, position, message, Some(format!("did you mean {near}?")));
}

/// The variables of a text that hold a caught error, and are nothing else anywhere.
pub(super) fn errors(ast: &AST) -> BTreeSet<String> {
    let (mut caught, mut others) = (BTreeSet::new(), BTreeSet::new());
    let mut other = |name: &str| _ = others.insert(name.to_owned());
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::TryCatch(flow, _))) => {
                if let Expr::Variable(variable, ..) = &flow.expr {
                    caught.insert(variable.1.to_string());
                }
            }
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => other(&variable.0.name),
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                    other(&variable.1);
                }
            }
            Some(ASTNode::Stmt(Stmt::For(each, _))) => {
                other(&each.0.name);
                each.1.iter().for_each(|counter| other(&counter.name));
            }
            _ => {}
        }
        true
    });
    super::known::params_of(ast).for_each(other);
    caught.difference(&others).cloned().collect()
}

/// Whether an expression is what `parallel` gives that collects failures: a map of two lists.
pub(super) fn is_collected(walker: &Walker<'_>, expr: &Expr) -> bool {
    let call = match expr {
        Expr::Variable(variable, ..) => walker.text.results.get(variable.1.as_str()).map(String::as_str),
        other => call_of(other),
    };
    call == Some("parallel") && !walker.text.functions.contains_key("parallel")
}
