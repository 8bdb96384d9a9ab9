//! A `.join()` that was forgotten: a handle where the value is meant that it will have, or that nothing keeps.

use super::Rule;
use super::calls::Called;
use super::known::{Functions, bare, closure};
use super::walk::Walker;
use rhai::{ASTNode, BinaryExpr, Expr, Stmt};

/// Calls that give a handle.
const STARTERS: &[&str] =
    &["strand", "start_activity", "start_child", "start_wait_signal", "timer", "timer_until"];
/// Calls that take one, or show it.
const TAKERS: &[&str] = &["join_all", "select", "strand", "parallel", "attempt"];
/// Calls that show it in words, which is meant there.
const SHOWERS: &[&str] = &["log", "print", "debug"];

/// Those whose work ends with its run, where nobody waits for it. A child run goes on.
const ENDED_WITH_THE_RUN: &[&str] =
    &["strand", "start_activity", "start_wait_signal", "timer", "timer_until"];

/// The call that an expression is, where it gives a handle.
pub(super) fn start<'e>(expr: &'e Expr, own: &Functions) -> Option<&'e str> {
    match expr {
        Expr::FnCall(call, _) if call.namespace.is_empty() => {
            let name = call.name.as_str();
            (STARTERS.contains(&name) && !own.contains_key(name)).then_some(name)
        }
        _ => None,
    }
}

/// Whether what a call is given it only shows.
pub(super) fn shows(called: &Called<'_>) -> bool {
    SHOWERS.contains(&called.name())
}

/// The words for a handle, and for its value; nothing for what is none.
fn handle(walker: &Walker<'_>, expr: &Expr) -> Option<(String, String)> {
    match expr {
        Expr::Variable(variable, ..) if variable.2.is_empty() => {
            let name = variable.1.as_str();
            walker.text.handles.contains(name).then(|| (format!("'{name}'"), format!("{name}.join()")))
        }
        other => start(other, &walker.text.functions)
            .map(|name| (format!("what {name} gives"), format!("{name}(…).join()"))),
    }
}

/// Tells of an expression whose value is used, and that is a handle.
pub(super) fn used(walker: &mut Walker<'_>, expr: &Expr) {
    let expr = bare(expr);
    let Some((what, value)) = handle(walker, expr) else { return };
    let message = format!("{what} is a handle, and not the value that it will have");
    walker.tell(Rule::Handle, expr.start_position(), message, Some(format!("wait for the value: {value}")));
}

/// What a call of the host, or an operator, is given.
pub(super) fn arguments(walker: &mut Walker<'_>, called: &Called<'_>) {
    let is_host = super::super::calls::names().any(|name| name == called.name());
    let takes = TAKERS.contains(&called.name()) || shows(called);
    if called.call.op_token.is_some() || (is_host && !takes) {
        called.call.args.iter().for_each(|argument| within(walker, argument));
    }
}

fn within(walker: &mut Walker<'_>, expr: &Expr) {
    match expr {
        Expr::Array(items, _) => items.iter().for_each(|item| within(walker, item)),
        Expr::Map(map, _) => map.0.iter().for_each(|(_, value)| within(walker, value)),
        other => used(walker, other),
    }
}

/// `h.stdout` of a handle `h`.
pub(super) fn field(walker: &mut Walker<'_>, pair: &BinaryExpr) {
    let first = match &pair.rhs {
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => &chain.lhs,
        other => other,
    };
    // A child run's handle has the id of the run.
    if matches!(first, Expr::Property(property, _) if property.2 != "id") {
        used(walker, &pair.lhs);
    }
}

/// `start_activity("work");` as a statement: nothing waits for it. A strand that goes round for ever is meant to end with its run.
pub(super) fn dropped(walker: &mut Walker<'_>, called: &Called<'_>, used: bool) {
    let name = called.name();
    if used || !ENDED_WITH_THE_RUN.contains(&name) || goes_round(walker, called) {
        return;
    }
    let message = format!("nothing waits for what {name} begins: it is cancelled when the script ends first");
    let hint = format!(
        "keep its handle, and wait for it: let begun = {name}(…); begun.join(); of several: join_all([begun, other])"
    );
    walker.tell(Rule::Dropped, called.position, message, Some(hint));
}

/// Whether a closure that the call is given has a loop without a condition.
fn goes_round(walker: &Walker<'_>, called: &Called<'_>) -> bool {
    let is_round = |node: &ASTNode<'_>| matches!(node, ASTNode::Stmt(Stmt::While(flow, _)) if super::flow::is_endless(&flow.expr));
    called.call.args.iter().filter_map(closure).any(|written| {
        walker.text.definitions(&written.name).any(|(_, body)| {
            let mut found = false;
            body.walk(&mut |path| {
                found |= path.last().is_some_and(is_round);
                !found
            });
            found
        })
    })
}
