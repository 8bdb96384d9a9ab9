//! The exit code of a process where it is always 0: another one fails the step.

use super::Rule;
use super::calls::Called;
use super::known::{Functions, bare};
use super::outputs;
use super::walk::Walker;
use rhai::{AST, Expr};
use std::collections::BTreeMap;

/// Operators that ask what a code is.
const COMPARES: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
/// Options by which a call may give another code, or what something else gave.
const GIVES_OTHERS: &[&str] = &["ok_codes", "once", "probe"];

/// The variables of a text that hold what a process gave that has ended with 0, with the call.
pub(super) fn variables(ast: &AST, own: &Functions) -> BTreeMap<String, String> {
    super::held::held(ast, |expr| zero(expr, own).map(str::to_owned))
}

/// The name of a call of a process that gives no code but 0.
fn zero<'e>(expr: &'e Expr, own: &Functions) -> Option<&'e str> {
    let Expr::FnCall(call, _) = bare(expr) else { return None };
    let name = call.name.as_str();
    let (_, rest) = call.args.split_first()?;
    // Options that are not written out are not known.
    let is_known = |argument: &Expr| match argument {
        Expr::Array(..) => name == "sh",
        Expr::Map(map, _) => !map.0.iter().any(|(key, _)| GIVES_OTHERS.contains(&key.name.as_str())),
        _ => false,
    };
    let is_it = outputs::is_given_by(name) && call.namespace.is_empty() && !own.contains_key(name);
    (is_it && rest.iter().all(is_known)).then_some(name)
}

/// `sh("exit 3").code != 0`.
pub(super) fn compared(walker: &mut Walker<'_>, called: &Called<'_>) {
    let [one, other] = called.call.args.as_slice() else { return };
    if called.call.op_token.is_none() || !COMPARES.contains(&called.name()) {
        return;
    }
    for (code, with) in [(one, other), (other, one)] {
        let Expr::Dot(pair, ..) = bare(code) else { continue };
        let Expr::Property(property, position) = &pair.rhs else { continue };
        let call = match &pair.lhs {
            Expr::Variable(variable, ..) => walker.text.zeros.get(variable.1.as_str()).map(String::as_str),
            of => zero(of, &walker.text.functions),
        };
        let Some(call) = call.filter(|_| property.2 == "code") else { continue };
        let passes = match with {
            Expr::IntegerConstant(code @ 2..=255, _) => *code,
            _ => 1,
        };
        let message = format!("without ok_codes the code is always 0: with any other {call} has failed");
        let hint = format!(
            "let it pass: {call}(…, #{{ ok_codes: [0, {passes}] }}); or catch the failure: let tried = attempt(|| {call}(…)); tried.error.exit_code"
        );
        walker.tell(Rule::Code, *position, message, Some(hint));
    }
}
