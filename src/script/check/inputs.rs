//! Inputs that are read: not declared beside `params`, or such that a run is stuck without them.

use super::walk::Walker;
use super::{Need, Rule};
use crate::history::nearest;
use rhai::{BinaryExpr, Expr, Position};

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

/// Methods that nothing, `()`, does not have.
pub(super) const OF_SOMETHING: &[&str] = &[
    "contains",
    "ends_with",
    "index_of",
    "is_empty",
    "keys",
    "len",
    "pop",
    "replace",
    "reverse",
    "sort",
    "split",
    "starts_with",
    "sub_string",
    "to_lower",
    "to_upper",
    "trim",
    "values",
];

/// `input.name.len()`, `input.name.field`, `input.name[0]`: one that is not given reads as `()`, which has none of these.
pub(super) fn used(walker: &mut Walker<'_>, pair: &BinaryExpr) {
    let (Expr::Dot(chain, ..) | Expr::Index(chain, ..)) = &pair.rhs else { return };
    let Some((name, position)) = given(walker, &pair.lhs, &chain.lhs) else { return };
    let next = match &chain.rhs {
        Expr::Dot(next, ..) | Expr::Index(next, ..) if matches!(pair.rhs, Expr::Dot(..)) => &next.lhs,
        next => next,
    };
    let is_wanted = match next {
        Expr::MethodCall(call, _) => {
            let method = call.name.as_str();
            OF_SOMETHING.contains(&method) && !walker.text.functions.contains_key(method)
        }
        _ => true,
    };
    if is_wanted {
        need(walker, name, position);
    }
}

/// `for item in input.name`: nothing is no list.
pub(super) fn repeated(walker: &mut Walker<'_>, over: &Expr) {
    let Expr::Dot(pair, ..) = over else { return };
    if let Some((name, position)) = given(walker, &pair.lhs, &pair.rhs) {
        need(walker, name, position);
    }
}

/// The field of `input` that is read.
fn given<'e>(walker: &Walker<'_>, of: &Expr, field: &'e Expr) -> Option<(&'e str, Position)> {
    let Expr::Variable(variable, ..) = of else { return None };
    let is_input = variable.1.as_str() == "input" && !walker.is_variable("input");
    match field {
        Expr::Property(property, position) if is_input => Some((property.2.as_str(), *position)),
        _ => None,
    }
}

fn need(walker: &mut Walker<'_>, name: &str, position: Position) {
    if walker.way.is_certain() && walker.world.inputs().is_none() {
        let need = Need::at(walker.text.file, name, position);
        walker.needs.extend(need);
    }
}
