//! Values that are put into the text of a shell, which reads them as a part of its program.

use super::Rule;
use super::known::bare;
use super::walk::Walker;
use rhai::Expr;

/// The first argument of `sh`.
pub(super) fn shell(walker: &mut Walker<'_>, text: &Expr) {
    let parts: Vec<&Expr> = match text {
        Expr::InterpolatedString(parts, _) => parts.iter().collect(),
        Expr::FnCall(call, _) if is_sum(text) => {
            let mut parts = Vec::new();
            call.args.iter().for_each(|part| summands(part, &mut parts));
            // A sum of variables may be a text that somebody else has put together.
            if !parts.iter().any(|part| matches!(part, Expr::StringConstant(..))) {
                return;
            }
            parts
        }
        _ => return,
    };
    let Some(pasted) = parts.into_iter().map(bare).find(|part| !is_plain(part)) else { return };
    let name = match pasted {
        Expr::Variable(variable, ..) => variable.1.as_str(),
        _ => "value",
    };
    let message =
        "a value is pasted into the shell's text: what stands in it is read as a part of the command";
    let hint = format!("hand it over as an argument: sh(\"… \\\"$1\\\" …\", [{name}])");
    walker.tell(Rule::Pasted, pasted.start_position(), message.to_owned(), Some(hint));
}

fn is_sum(expr: &Expr) -> bool {
    matches!(expr, Expr::FnCall(call, _) if call.op_token.is_some() && call.name == "+")
}

fn summands<'e>(expr: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match expr {
        Expr::FnCall(call, _) if is_sum(expr) => call.args.iter().for_each(|part| summands(part, parts)),
        other => parts.push(other),
    }
}

/// What a shell reads as it stands: what is written out, and the id of a run.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Dot(pair, ..) => {
            matches!((&pair.lhs, &pair.rhs), (Expr::Variable(run, ..), Expr::Property(id, _)) if run.1 == "run" && id.2 == "id")
        }
        other => super::values::literal(other).is_some(),
    }
}
