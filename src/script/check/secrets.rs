//! Secrets where their values are not put in: among the arguments of processes, which everybody could read, and in files.

use super::Rule;
use super::calls::Called;
use super::known::{Functions, bare};
use super::walk::Walker;
use rhai::{AST, Expr};
use std::collections::BTreeSet;

/// The variables of a text that always hold text with a secret in it.
pub(super) fn variables(ast: &AST, own: &Functions) -> BTreeSet<String> {
    let none = BTreeSet::new();
    super::held::held(ast, |expr| within(expr, own, &none).map(|_| ())).into_keys().collect()
}

/// The part of an expression that stands for a secret.
fn within<'e>(expr: &'e Expr, own: &Functions, held: &BTreeSet<String>) -> Option<&'e Expr> {
    let any = |parts: &'e [Expr]| parts.iter().find_map(|part| within(part, own, held));
    match bare(expr) {
        Expr::Variable(variable, ..) if held.contains(variable.1.as_str()) => Some(expr),
        Expr::InterpolatedString(parts, _) | Expr::Array(parts, _) => any(parts),
        Expr::FnCall(call, _) if call.op_token.is_some() && call.name == "+" => any(&call.args),
        Expr::FnCall(call, _) if call.name == "secret" && call.namespace.is_empty() => {
            (!own.contains_key("secret")).then_some(expr)
        }
        _ => None,
    }
}

/// `exec(["curl", "-H", secret("KEY")])`, `write_file(path, secret("KEY"))`.
pub(super) fn check(walker: &mut Walker<'_>, called: &Called<'_>) {
    let Some(held) = &walker.text.secrets else { return };
    let text = walker.text;
    let arguments = called.call.args.iter().filter(|argument| !matches!(argument, Expr::Map(..)));
    let find = |expr| within(expr, &text.functions, held);
    let (found, message, hint) = match called.name() {
        "exec" => (
            arguments.into_iter().find_map(find),
            "a secret among the arguments of a process is refused: everybody could read it with ps",
            "hand it over on stdin, #{ stdin: secret(\"KEY\") }, or in the environment, #{ env: #{ KEY: secret(\"KEY\") } }",
        ),
        "sh" => (
            arguments.into_iter().find_map(find),
            "a secret in the text or the arguments of a shell is refused: everybody could read it with ps",
            "programs have it from the environment, or on stdin: sh(\"…\", #{ env: #{ KEY: secret(\"KEY\") } })",
        ),
        "write_file" => (
            called.call.args.get(1).and_then(find),
            "what is written is the placeholder that stands for the secret, and not its value",
            "let a process write it: sh(\"umask 077; cat >FILE\", #{ stdin: secret(\"KEY\") })",
        ),
        _ => return,
    };
    if let Some(secret) = found {
        walker.tell(Rule::Secret, secret.start_position(), message.to_owned(), Some(hint.to_owned()));
    }
}
