//! The names that a script's text declares: signals, queries and updates, as far as they are written out.

use super::interpreter::Interpreter;
use super::source::{Source, readable};
use rhai::{ASTNode, Expr, FnCallExpr, Stmt};
use std::collections::BTreeSet;

/// The names that a script declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// Signals that it waits for or handles.
    pub signals: BTreeSet<String>,
    /// Queries that it answers.
    pub queries: BTreeSet<String>,
    /// Updates that it answers.
    pub updates: BTreeSet<String>,
    /// What the mocks of a file of tests stand in for.
    pub mocks: BTreeSet<String>,
}

impl Declared {
    /// What the texts of a script declare; a text that is no script declares nothing.
    pub fn of(interpreter: &Interpreter, source: &Source) -> Self {
        let engine = interpreter.engine();
        let mut declared = Self::default();
        for text in std::iter::once(&source.main).chain(source.modules.values()) {
            let Ok(ast) = engine.compile(readable(text).as_ref()) else { continue };
            ast.walk(&mut |path| {
                if let Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) =
                    path.last()
                {
                    declared.call(call);
                }
                true
            });
        }
        declared
    }

    fn call(&mut self, call: &FnCallExpr) {
        let into = match call.name.as_str() {
            "wait_signal" | "start_wait_signal" | "on_signal" => &mut self.signals,
            "on_query" => &mut self.queries,
            "on_update" => &mut self.updates,
            "mock" => &mut self.mocks,
            _ => return,
        };
        match call.args.first() {
            Some(Expr::Array(names, _)) => into.extend(names.iter().filter_map(text)),
            Some(name) => into.extend(text(name)),
            None => {}
        }
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::StringConstant(text, _) => Some(text.to_string()),
        Expr::DynamicConstant(value, _) => value.clone().into_string().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn names_are_found_wherever_they_are_written_out() {
        let source = Source {
            path: "order.rhai".to_owned(),
            main: "on_signal(\"paid\", |it| { wait_signal([\"a\", \"b\"], \"1h\") });\n\
                   fn rest() { start_wait_signal(\"late\") }\n\
                   on_query(\"where\", || 1); on_update(\"add\", |it| it);\n\
                   // wait_signal(\"commented\")\n\
                   let name = \"computed\"; wait_signal(name)"
                .to_owned(),
            modules: BTreeMap::from([
                ("lib".to_owned(), "fn more() { wait_signal(\"of_module\") }".to_owned()),
                ("broken".to_owned(), "fn (".to_owned()),
            ]),
        };
        let declared = Declared::of(&Interpreter::new(), &source);
        let all = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(all(&declared.signals), "a b late of_module paid");
        assert_eq!((all(&declared.queries), all(&declared.updates)), ("where".to_owned(), "add".to_owned()));
    }
}
