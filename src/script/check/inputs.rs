//! Inputs that are read and not declared: `input.name` beside `params`.

use super::Rule;
use super::walk::Walker;
use crate::history::nearest;
use rhai::{BinaryExpr, Expr};

/// `input.nmae`, or the same of a variable that `params` gave, where the script declares its inputs and that is none of them.
pub(super) fn field(walker: &mut Walker<'_>, pair: &BinaryExpr) {
    let Some(declared) = walker.world.inputs() else { return };
    let Expr::Variable(variable, ..) = &pair.lhs else { return };
    let of = variable.1.as_str();
    let is_input = of == "input" && !walker.is_variable("input") || walker.text.declares.contains(of);
    // A chain stands to the right: its first link is the field.
    let first = match &pair.rhs {
        Expr::Dot(chain, ..) | Expr::Index(chain, ..) => &chain.lhs,
        other => other,
    };
    let (name, position) = match first {
        Expr::Property(property, position) => (property.2.as_str(), *position),
        Expr::StringConstant(text, position) => (text.as_str(), *position),
        _ => return,
    };
    if !is_input || declared.iter().any(|known| known == name) {
        return;
    }
    let near = nearest(name, declared.iter().map(String::as_str));
    let hint = near.map_or_else(
        || format!("declare it: params(#{{ {name}: … }})"),
        |near| format!("did you mean {of}.{near}?"),
    );
    walker.tell(Rule::Input, position, format!("params declares no input \"{name}\""), Some(hint));
}
