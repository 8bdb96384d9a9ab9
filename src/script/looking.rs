//! Whether a closure plainly only looks: then a predicate or query needs no copies of what it captures.

use rhai::{AST, ASTNode, Expr, Module, ScriptFuncDef, Shared, Stmt};

/// Methods that leave their target as it is and call nothing of the script's.
const LOOKING: [&str; 17] = [
    "contains",
    "done",
    "ends_with",
    "extract",
    "get",
    "index_of",
    "is_empty",
    "keys",
    "len",
    "starts_with",
    "sub_string",
    "to_json",
    "to_lower",
    "to_string",
    "to_upper",
    "unix_ms",
    "values",
];
/// Functions of the same kind.
const LOOKING_CALLS: [&str; 6] = ["abs", "input", "max", "min", "now", "type_of"];

/// True where nothing in the function's body can write a variable. What is not known counts as writing.
pub(super) fn only_looks(function: &Shared<ScriptFuncDef>) -> bool {
    let mut alone = Module::new();
    alone.set_script_fn(Shared::clone(function));
    AST::new(std::iter::empty(), alone).walk(&mut |path| match path.last() {
        Some(ASTNode::Stmt(statement)) => match statement {
            Stmt::Expr(_)
            | Stmt::If(..)
            | Stmt::Switch(..)
            | Stmt::Block(_)
            | Stmt::Var(..)
            | Stmt::Noop(_)
            | Stmt::Return(..) => true,
            Stmt::FnCall(call, _) => LOOKING_CALLS.contains(&call.name.as_str()),
            _ => false,
        },
        Some(ASTNode::Expr(expr)) => match expr {
            Expr::MethodCall(call, _) => LOOKING.contains(&call.name.as_str()),
            Expr::FnCall(call, _) => call.op_token.is_some() || LOOKING_CALLS.contains(&call.name.as_str()),
            Expr::Custom(..) | Expr::ThisPtr(..) => false,
            _ => true,
        },
        _ => true,
    })
}
