//! What is seldom meant so: warnings about code that runs.

use super::calls::Called;
use super::known::closure;
use super::stands::suspends;
use super::walk::{Place, Walker};
use super::{Rule, options};
use rhai::{ASTNode, BinaryExpr, Expr, FnCallExpr, OpAssignment, Stmt};

/// `wait_signal("x", "1h");` as a statement: whether the signal came is lost. What failed is lost with the value of `attempt` and of a
/// `parallel` that collects failures.
pub(super) fn unused(walker: &mut Walker<'_>, called: &Called<'_>, used: bool) {
    if used {
        return;
    }
    let (rule, message, hint) = match called.name() {
        "wait_signal" if called.call.args.len() > 1 => (
            Rule::UnusedSignal,
            "whether the signal came in time is not looked at",
            "keep it: let got = wait_signal(…) gives the payload, or () when the time was over",
        ),
        "attempt" => (
            Rule::UnusedFailure,
            "whether it failed is not looked at",
            "keep it: let tried = attempt(…); if !tried.ok { … tried.error … }; try { … } catch { } is an error that does not matter",
        ),
        "parallel" if collects(called.call) => (
            Rule::UnusedFailure,
            "which items failed is not looked at",
            "keep it: let told = parallel(…); told.failed has the items that failed; without on_error: \"collect\" a failure is raised",
        ),
        _ => return,
    };
    walker.tell(rule, called.position, message.to_owned(), Some(hint.to_owned()));
}

/// Whether a call of `parallel` is written to collect failures.
pub(super) fn collects(call: &FnCallExpr) -> bool {
    let is_it = |value: &Expr| matches!(value, Expr::StringConstant(how, _) if how == "collect");
    call.args.iter().any(|argument| match argument {
        Expr::Map(map, _) => map.0.iter().any(|(key, value)| key.name == "on_error" && is_it(value)),
        _ => false,
    })
}

/// Methods of texts that change them in place and give nothing.
const IN_PLACE: &[&str] = &["trim", "make_upper", "make_lower"];

/// `let x = name.trim()`: the text is trimmed, and `x` is ().
pub(super) fn nothing(walker: &mut Walker<'_>, called: &Called<'_>, used: bool) {
    let name = called.name();
    let is_it = called.is_method && called.call.args.is_empty() && IN_PLACE.contains(&name);
    if !(used && is_it) || walker.text.functions.contains_key(name) {
        return;
    }
    let message = format!("{name} changes the text itself and gives ()");
    let hint = format!("keep the text first: let text = …; text.{name}(); and go on with text");
    walker.tell(Rule::Nothing, called.position, message, Some(hint));
}

/// `try { … } catch { 2 }` as a value: where an error was caught it is (), whatever stands last in the block.
pub(super) fn caught(walker: &mut Walker<'_>, block: &[Stmt]) {
    match block.last() {
        Some(Stmt::Expr(expr)) if gives(expr) => {
            let message = "what a catch block gives is lost: after an error the value is ()".to_owned();
            let hint = "keep it: let x = (); try { x = …; } catch (error) { x = …; } x";
            walker.tell(Rule::Caught, expr.start_position(), message, Some(hint.to_owned()));
        }
        Some(Stmt::Block(inner)) => caught(walker, inner.statements()),
        Some(Stmt::If(flow, _)) => {
            caught(walker, flow.body.statements());
            caught(walker, flow.branch.statements());
        }
        _ => {}
    }
}

/// Whether an expression is there for its value alone: calls may be there for what they do.
fn gives(expr: &Expr) -> bool {
    match expr {
        Expr::DynamicConstant(..)
        | Expr::BoolConstant(..)
        | Expr::IntegerConstant(..)
        | Expr::FloatConstant(..)
        | Expr::CharConstant(..)
        | Expr::StringConstant(..)
        | Expr::InterpolatedString(..)
        | Expr::Array(..)
        | Expr::Map(..)
        | Expr::Variable(..)
        | Expr::Property(..) => true,
        Expr::FnCall(call, _) => call.op_token.is_some(),
        Expr::Dot(pair, ..) => gives(&pair.rhs),
        Expr::Index(pair, ..) => !matches!(pair.rhs, Expr::Dot(..)) || gives(&pair.rhs),
        _ => false,
    }
}

/// What is a condition, in its parts.
pub(super) fn condition(walker: &mut Walker<'_>, expr: &Expr) {
    match expr {
        Expr::FnCall(call, _) if call.name == "!" => {
            for part in &call.args {
                condition(walker, part);
            }
        }
        Expr::And(parts, _) | Expr::Or(parts, _) => {
            let Some((first, rest)) = parts.split_first() else { return };
            condition(walker, first);
            walker.perhaps(|walker| rest.iter().for_each(|part| condition(walker, part)));
        }
        other => {
            super::signals::condition(walker, other);
            super::answers::condition(walker, other);
            super::handles::used(walker, other);
            super::operands::condition(walker, other);
        }
    }
}

/// `patched(name)`: an upgrade reads the names out of the text; and what a body does is not recorded one by one.
pub(super) fn patch(walker: &mut Walker<'_>, called: &Called<'_>) {
    if called.name() != "patched" {
        return;
    }
    let (message, hint) = match (called.call.args.as_slice(), walker.place) {
        ([Expr::StringConstant(..)], Place::Body(place) | Place::Trial(place)) => {
            (format!("patched may not stand inside {place}"), "ask before it: let new = patched(\"name\");")
        }
        ([Expr::StringConstant(..)] | [] | [_, _, ..], _) => return,
        ([_], _) => ("patched takes its name written out".to_owned(), "write patched(\"name\")"),
    };
    walker.tell(Rule::Patch, called.position, message, Some(hint.to_owned()));
}

/// Whether a call keeps a closure that it is given, with what the closure shares.
pub(super) fn keeps(called: &Called<'_>) -> bool {
    ["on_signal", "on_query", "on_update", "on_failure", "push", "insert"].contains(&called.name())
}

/// A closure that is kept and shares the variable of a loop around it.
pub(super) fn kept(walker: &mut Walker<'_>, expr: &Expr) {
    let Some(written) = closure(expr) else { return };
    for capture in written.captures {
        if let Expr::Variable(variable, _, position) = capture
            && walker.loops.iter().any(|own| *own == variable.1)
        {
            let name = &variable.1;
            let message = format!("the closure shares '{name}' with the loop: later it sees the last one");
            let hint = format!("let it capture a copy: let this_one = {name};");
            walker.tell(Rule::LoopCapture, *position, message, Some(hint));
        }
    }
}

/// `activity("x", #{timeout: "30s"})`: two arguments are a name and an input.
pub(super) fn input(walker: &mut Walker<'_>, called: &Called<'_>) {
    let [Expr::StringConstant(name, _), Expr::Map(map, position)] = called.call.args.as_slice() else {
        return;
    };
    if options::are_options(map.0.iter().map(|(key, _)| key.name.as_str())) {
        let message = "these are names of options, but the second argument is the input".to_owned();
        let hint = format!("options come third: {}(\"{name}\", (), #{{…}})", called.name());
        walker.tell(Rule::OptionsAsInput, *position, message, Some(hint));
    }
}

/// `x = x + activity(…)` where closures share `x`: what they write while the command waits is overwritten.
pub(super) fn assignment(walker: &mut Walker<'_>, operator: &OpAssignment, assignment: &BinaryExpr) {
    let Expr::Variable(variable, _, position) = &assignment.lhs else { return };
    let name = &variable.1;
    if operator.is_op_assignment() || !walker.text.shared.contains(name.as_str()) {
        return;
    }
    let (mut was_read, mut lost) = (false, None);
    let command = |node: &ASTNode<'_>| match node {
        ASTNode::Expr(Expr::FnCall(call, _)) if suspends(&call.name) => Some(call.name.to_string()),
        _ => None,
    };
    assignment.rhs.walk(&mut Vec::new(), &mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::Variable(read, ..))) = path.last()
            && read.1 == *name
        {
            was_read = true;
            lost = lost.take().or_else(|| path.iter().find_map(command));
        } else if was_read && lost.is_none() {
            lost = path.last().and_then(command);
        }
        true
    });
    if let Some(command) = lost {
        let message = format!("'{name}' is read before {command} waits, and written after it");
        let hint = format!("wait first, or a closure's change is lost: let more = {command}(…);");
        walker.tell(Rule::LostUpdate, *position, message, Some(hint));
    }
}
