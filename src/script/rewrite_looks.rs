//! Where a replay that looks sees the variables: before the arguments of the calls that may wait, and of the script's own functions.

use super::lens::NAME;
use super::rewrite::{Wanted, place_of};
use rhai::{AST, ASTNode, Expr, Stmt};
use std::collections::BTreeSet;

/// The names to insert, each with the line of its call: `() ?? x` is x.
pub(super) fn looks(ast: &AST, text: &str) -> Wanted {
    let own: BTreeSet<&str> = ast.iter_functions().map(|function| function.name).collect();
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let mut wanted = Wanted::new();
    ast.walk(&mut |path| {
        let call = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) => {
                Some((call, *at))
            }
            _ => None,
        };
        if let Some((call, at)) = call
            && call.op_token.is_none()
            && !call.args.is_empty()
            && (own.contains(call.name.as_str()) || super::check::waits(&call.name))
            && let Some((line, column)) = place_of(at)
            && let Some(place) = behind_parenthesis(&lines, line, column, &call.name)
        {
            wanted.insert((line, place), format!("{NAME}{line} ?? "));
        }
        true
    });
    wanted
}

/// The column behind the parenthesis of a call that is written at a place, where it is written so.
fn behind_parenthesis(lines: &[Vec<char>], line: usize, column: usize, name: &str) -> Option<usize> {
    let line = lines.get(line.checked_sub(1)?)?;
    let begin = column.checked_sub(1)?;
    let end = begin + name.chars().count();
    if !line.get(begin..end)?.iter().copied().eq(name.chars()) {
        return None;
    }
    let gap = line.get(end..)?.iter().take_while(|character| **character == ' ').count();
    // Columns are counted from 1: this is the one behind it.
    (line.get(end + gap) == Some(&'(')).then_some(end + gap + 2)
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::insert;
    use super::*;

    fn rewritten(text: &str) -> String {
        let mut engine = rhai::Engine::new();
        engine.set_optimization_level(rhai::OptimizationLevel::None);
        let ast = engine.compile(text).expect("compiles");
        insert(text, &looks(&ast, text)).0
    }

    #[test]
    fn a_name_with_the_line_stands_before_the_arguments_of_what_may_wait() {
        assert_eq!(rewritten("let a = 1;\nsleep (a + 1);"), "let a = 1;\nsleep (durun_at_2 ?? a + 1);");
        assert_eq!(
            rewritten(
                "fn f(x) { activity(\"a\", x) } let y = [1]; f(y.len()); y.push(2); push(y, 3); undo()"
            ),
            "fn f(x) { activity(durun_at_1 ?? \"a\", x) } let y = [1]; f(durun_at_1 ?? y.len()); y.push(2); push(y, 3); undo()"
        );
        assert_eq!(rewritten("wait_until(|| true)"), "wait_until(durun_at_1 ?? || true)");
        assert_eq!(rewritten("sleep(\n  1)"), "sleep(durun_at_1 ?? \n  1)");
    }
}
