//! What came of a signal as a condition: its payload may be anything, and a time-out gives nothing.

use super::Rule;
use super::known::Functions;
use super::walk::Walker;
use rhai::{AST, ASTNode, Expr, Stmt};
use std::collections::BTreeSet;

/// The variables of a text that hold what came of a signal, and are handed to no operator or function that may look at it.
pub(super) fn variables(ast: &AST, own: &Functions) -> BTreeSet<String> {
    let mut all: BTreeSet<String> =
        super::held::held(ast, |expr| is_wait(expr, own).then_some(())).into_keys().collect();
    if !all.is_empty() {
        ast.walk(&mut |path| {
            if let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) =
                path.last()
                && call.name != "!"
            {
                for argument in &call.args {
                    if let Expr::Variable(variable, ..) = argument {
                        all.remove(variable.1.as_str());
                    }
                }
            }
            true
        });
    }
    all
}

/// Whether it waits for a signal without saying what a time-out gives.
fn is_wait(expr: &Expr, own: &Functions) -> bool {
    matches!(expr, Expr::FnCall(call, _) if call.name == "wait_signal"
        && call.namespace.is_empty()
        && !own.contains_key("wait_signal")
        && !has_otherwise(call.args.get(1)))
}

/// Options that are not written out are not known.
fn has_otherwise(options: Option<&Expr>) -> bool {
    match options {
        Some(Expr::Map(map, _)) => map.0.iter().any(|(key, _)| key.name == "otherwise"),
        Some(Expr::Variable(..)) => true,
        _ => false,
    }
}

/// `if wait_signal(…)`, or a variable that holds what came.
pub(super) fn condition(walker: &mut Walker<'_>, expr: &Expr) {
    let otherwise = "say what a time-out gives: wait_signal(name, #{timeout: \"1h\", otherwise: false})";
    let hint = match expr {
        Expr::Variable(variable, ..) if walker.text.signals.contains(variable.1.as_str()) => {
            format!("ask whether it came: {} != (); or {otherwise}", variable.1)
        }
        other if is_wait(other, &walker.text.functions) => otherwise.to_owned(),
        _ => return,
    };
    let message = "a signal is no condition: its payload may be anything, and a time-out gives ()";
    walker.tell(Rule::SignalCondition, expr.start_position(), message.to_owned(), Some(hint));
}
