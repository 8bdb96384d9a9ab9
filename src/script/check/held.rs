//! What the variables of a text hold: of each only that which it is given wherever it is given something.

use rhai::{AST, ASTNode, BinaryExpr, Expr, OpAssignment, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// The variables that always hold something of a kind, with that.
pub(super) fn held<T: Clone + PartialEq>(ast: &AST, of: impl Fn(&Expr) -> Option<T>) -> BTreeMap<String, T> {
    given(ast, of, |_| None)
}

/// The variables that are declared and written as something of a kind, whatever is added to them.
pub(super) fn begun(ast: &AST, is_it: impl Fn(&Expr) -> bool) -> BTreeSet<String> {
    let is_kept =
        |assignment: &(OpAssignment, BinaryExpr)| assignment.0.is_op_assignment() || is_it(&assignment.1.rhs);
    given(ast, |value| is_it(value).then_some(()), |assignment| is_kept(assignment).then_some(()))
        .into_keys()
        .collect()
}

/// The same where it is said what an assignment to a variable makes of it.
fn given<T: Clone + PartialEq>(
    ast: &AST,
    of: impl Fn(&Expr) -> Option<T>,
    assigned: impl Fn(&(OpAssignment, BinaryExpr)) -> Option<T>,
) -> BTreeMap<String, T> {
    let mut all: BTreeMap<String, Option<T>> = BTreeMap::new();
    let mut give = |name: &str, given: Option<T>| {
        let known = all.entry(name.to_owned()).or_insert_with(|| given.clone());
        if *known != given {
            *known = None;
        }
    };
    let mut changes_this = false;
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => give(&variable.0.name, of(&variable.1)),
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                    give(&variable.1, assigned(assignment));
                }
                changes_this |= matches!(assignment.1.lhs, Expr::ThisPtr(_));
            }
            Some(ASTNode::Stmt(Stmt::For(each, _))) => {
                give(&each.0.name, None);
                each.1.iter().for_each(|counter| give(&counter.name, None));
            }
            Some(ASTNode::Stmt(Stmt::TryCatch(flow, _))) => {
                if let Expr::Variable(caught, ..) = &flow.expr {
                    give(&caught.1, None);
                }
            }
            _ => {}
        }
        true
    });
    for (_, _, _, _, definition) in ast.shared_lib().iter_script_fn_info() {
        for param in &definition.params {
            give(param, None);
        }
    }
    // A function that is called on a variable may give it something else.
    if changes_this {
        return BTreeMap::new();
    }
    all.into_iter().filter_map(|(name, given)| Some((name, given?))).collect()
}
