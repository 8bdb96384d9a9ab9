//! Where the flow of a script does not come to, and where it never leaves.

use super::Rule;
use super::known::closure;
use super::stands::suspends;
use super::walk::Walker;
use rhai::{AST, ASTFlags, ASTNode, Expr, FnCallExpr, Position, Stmt};

/// What was left before a statement of a block, and has not been told of.
#[derive(Default)]
pub(super) struct Left(Option<&'static str>);

impl Left {
    /// Tells of a statement that stands behind one that leaves the block.
    pub(super) fn statement(&mut self, walker: &mut Walker<'_>, statement: &Stmt) {
        if matches!(statement, Stmt::Noop(_)) {
            return;
        }
        if let Some(what) = self.0.take() {
            let message = format!("nothing ever comes here: {what} stands before it");
            walker.tell(Rule::Unreachable, statement.position(), message, None);
        } else {
            self.0 = leaves(walker, statement);
        }
    }
}

/// The word for a statement behind which nothing of its block is done.
fn leaves(walker: &Walker<'_>, statement: &Stmt) -> Option<&'static str> {
    let fails = |call: &FnCallExpr| {
        let is_own = walker.text.functions.contains_key("fail") || !call.namespace.is_empty();
        (call.name == "fail" && !is_own).then_some("fail")
    };
    match statement {
        Stmt::Return(_, flags, _) => Some(if flags.intersects(ASTFlags::BREAK) { "throw" } else { "return" }),
        Stmt::BreakLoop(_, flags, _) => {
            Some(if flags.intersects(ASTFlags::BREAK) { "break" } else { "continue" })
        }
        Stmt::FnCall(call, _) => fails(call),
        Stmt::Expr(expr) => match &**expr {
            Expr::FnCall(call, _) => fails(call),
            _ => None,
        },
        _ => None,
    }
}

/// Tells of a loop without a condition in which nothing waits, and which nothing leaves.
pub(super) fn endless(walker: &mut Walker<'_>, body: &[Stmt], position: Position) {
    let mut goes_on = true;
    for statement in body {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            goes_on &= !may_end(walker, path);
            goes_on
        });
    }
    if goes_on {
        let message = "this loop never ends: nothing in it waits, and nothing leaves it".to_owned();
        let hint = "leave it with break, or wait in it: sleep(\"1 min\")";
        walker.tell(Rule::Endless, position, message, Some(hint.to_owned()));
    }
}

/// Whether a loop with that condition ends by nothing but what is in it.
pub(super) fn is_endless(condition: &Expr) -> bool {
    matches!(condition, Expr::Unit(_) | Expr::BoolConstant(true, _))
}

/// What goes on when the script is at its last line.
const BESIDE: &[&str] = &[
    "on_signal",
    "on_update",
    "start_activity",
    "start_child",
    "start_wait_signal",
    "strand",
    "timer",
    "timer_until",
    "undo",
];

/// `on_failure(…)` as the last line of a script that has waited for something: nothing can fail any more.
pub(super) fn late(walker: &mut Walker<'_>, ast: &AST) {
    let mut statements = ast.statements();
    // A value at the end is there already.
    while let [rest @ .., last] = statements
        && is_value(last)
    {
        statements = rest;
    }
    let Some((Some((call, position)), before)) =
        statements.split_last().map(|(last, rest)| (called(last), rest))
    else {
        return;
    };
    let name = call.name.as_str();
    let hint = match name {
        "on_failure" => "put it first: what fails after it is told",
        "on_undo" => "put it before what it takes back",
        _ => return,
    };
    let is_own = walker.text.functions.contains_key(name) || !call.namespace.is_empty();
    let mut names = super::known::called(ast);
    if is_own || names.iter().any(|name| BESIDE.contains(&name.as_str())) {
        return;
    }
    names.clear();
    for statement in before {
        statement.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
            if let Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) =
                path.last()
            {
                names.insert(call.name.to_string());
            }
            true
        });
    }
    if names.iter().any(|name| suspends(name)) {
        let message = format!("{name} stands last: it is registered when nothing can fail any more");
        walker.tell(Rule::Late, position, message, Some(hint.to_owned()));
    }
}

/// Whether a statement only names a value.
fn is_value(statement: &Stmt) -> bool {
    match statement {
        Stmt::Noop(_) => true,
        Stmt::Expr(expr) => matches!(**expr, Expr::Variable(..)) || super::values::literal(expr).is_some(),
        _ => false,
    }
}

/// The call that a statement is.
fn called(statement: &Stmt) -> Option<(&FnCallExpr, Position)> {
    match statement {
        Stmt::FnCall(call, position) => Some((call, *position)),
        Stmt::Expr(expr) => match &**expr {
            Expr::FnCall(call, position) => Some((call, *position)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the loop may end, or wait, at the end of this path into it.
fn may_end(walker: &Walker<'_>, path: &[ASTNode<'_>]) -> bool {
    let is_inner =
        |node: &ASTNode<'_>| matches!(node, ASTNode::Stmt(Stmt::While(..) | Stmt::Do(..) | Stmt::For(..)));
    match path.last() {
        Some(ASTNode::Stmt(Stmt::Return(..))) => true,
        Some(ASTNode::Stmt(Stmt::BreakLoop(_, flags, _))) => {
            flags.intersects(ASTFlags::BREAK) && !path.iter().any(is_inner)
        }
        Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) => {
            may_stop(walker, call)
        }
        Some(ASTNode::Expr(Expr::MethodCall(call, _))) => {
            may_stop(walker, call) || ["call", "join", "result"].contains(&call.name.as_str())
        }
        // What is done with a closure is not looked at.
        Some(ASTNode::Expr(expr)) => closure(expr).is_some(),
        _ => false,
    }
}

/// Whether a call may wait, or not return.
fn may_stop(walker: &Walker<'_>, call: &FnCallExpr) -> bool {
    let name = call.name.as_str();
    let is_known = walker.world.native(name).is_some() && call.namespace.is_empty();
    let is_own = walker.text.functions.contains_key(name) || !is_known;
    call.op_token.is_none() && (is_own || suspends(name) || ["fail", "restart_with", "call"].contains(&name))
}
