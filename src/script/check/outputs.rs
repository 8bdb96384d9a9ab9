//! What a process has written, beside a number: it is text, also where it looks like one.

use super::Rule;
use super::calls::Called;
use super::known::{Functions, bare};
use super::walk::Walker;
use rhai::{AST, Expr};
use std::collections::BTreeMap;

/// The calls of processes.
const CALLS: &[&str] = &["exec", "sh"];
/// The fields of their results that are text.
const FIELDS: &[&str] = &["stdout", "stderr"];
/// Whether a call of that name gives an output.
pub(super) fn is_given_by(name: &str) -> bool {
    CALLS.contains(&name)
}

/// The field of a result that an expression is, with that of which it is one; only fields that are text.
pub(super) fn field(expr: &Expr) -> Option<(&Expr, &'static str)> {
    let Expr::Dot(pair, ..) = expr else { return None };
    let Expr::Property(property, _) = &pair.rhs else { return None };
    FIELDS.iter().find(|field| property.2 == **field).map(|field| (&pair.lhs, *field))
}

/// The variables of a text that hold an output; `results` are those that hold what a call gave.
pub(super) fn variables(
    ast: &AST,
    own: &Functions,
    results: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    super::held::held(ast, |expr| output(expr, own, results))
}

/// How an output is written down, where an expression is one.
fn output(expr: &Expr, own: &Functions, results: &BTreeMap<String, String>) -> Option<String> {
    let (of, field) = field(expr)?;
    let (call, shown) = match of {
        Expr::Variable(variable, ..) => (results.get(variable.1.as_str())?.as_str(), variable.1.to_string()),
        Expr::FnCall(call, _) if call.namespace.is_empty() => {
            (call.name.as_str(), format!("{}(…)", call.name))
        }
        _ => return None,
    };
    (is_given_by(call) && !own.contains_key(call)).then(|| format!("{shown}.{field}"))
}

/// `sh("nproc").stdout + 1`: what is calculated with a number is seldom to be written before one.
pub(super) fn added(walker: &mut Walker<'_>, called: &Called<'_>) {
    let (Some(outputs), [one, other]) = (&walker.text.outputs, called.call.args.as_slice()) else { return };
    if called.name() != "+" {
        return;
    }
    for (written, number) in [(bare(one), other), (bare(other), one)] {
        let parse = match number {
            Expr::IntegerConstant(..) => "parse_int",
            Expr::FloatConstant(..) => "parse_float",
            _ => continue,
        };
        let (shown, text) = match written {
            Expr::Variable(variable, ..) if outputs.contains_key(variable.1.as_str()) => {
                (variable.1.to_string(), format!("'{}'", variable.1))
            }
            other => {
                let Some(shown) = output(other, &walker.text.functions, &walker.text.results) else {
                    continue;
                };
                let field = field(other).map_or("it", |(_, field)| field);
                (shown, field.to_owned())
            }
        };
        let message = format!("{text} is text, and beside a number + writes one behind the other");
        let hint = format!("{parse}({shown}) reads the number out of it");
        walker.tell(Rule::TextAsNumber, called.position, message, Some(hint));
    }
}
