//! Small insertions into a script's text, so that no call of a closure-taking method holds the variable that it is called on.
//!
//! In `hosts.map(|h| activity("ping", h))` the engine holds a captured `hosts` until the whole call returns; suspended in it, no
//! query, handler or other strand could read it. So the variable at the root of such a chain is handed over as a copy
//! (`durun_copy(hosts).map(…)`), or, where the method changes it in place, through a pair of closures that read and write it
//! (`durun_cell(|| hosts, |v| { hosts = v; }).sort(…)`). A `catch` block gets its error as durun's own map. Lines stay as they are;
//! columns are told as in the original text.

use rhai::{AST, ASTNode, BinaryExpr, Engine, Expr, Position, Stmt, StmtBlock};
use std::collections::{BTreeMap, BTreeSet};

/// Methods that take a closure and leave their target as it is.
const READERS: &[&str] = &[
    "map",
    "filter",
    "reduce",
    "reduce_rev",
    "find",
    "find_map",
    "some",
    "all",
    "index_of",
    "order",
    "order_by",
];
/// Methods that take a closure and change their target in place.
pub(super) const WRITERS: &[&str] = &["sort", "sort_by", "for_each", "retain", "drain", "dedup"];

/// Calls that give a handle; where it goes nowhere they are called by their name with [`FORGET`] before it, and give nothing.
pub(super) const STARTERS: &[&str] = &["strand", "start_activity", "start_child"];
/// See [`STARTERS`].
pub(super) const FORGET: &str = "durun_forget_";

/// What was inserted: by line, the columns of the new text before which so many characters are ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Insertions(BTreeMap<usize, Vec<(usize, usize)>>);

impl Insertions {
    /// The column of the original text that a column of the new one means.
    pub(super) fn original(&self, line: u32, column: u32) -> u32 {
        let place = usize::try_from(column).unwrap_or(usize::MAX);
        let ours: usize = usize::try_from(line)
            .ok()
            .and_then(|line| self.0.get(&line))
            .into_iter()
            .flatten()
            .filter(|(at, length)| at + length <= place)
            .map(|(_, length)| length)
            .sum();
        column.saturating_sub(u32::try_from(ours).unwrap_or(0))
    }
}

/// Compiles a text with its insertions; where it `looks`, with names before the arguments of the calls that it may wait in.
pub(super) fn compile(
    engine: &Engine,
    text: &str,
    looks: bool,
) -> Result<(AST, Insertions), rhai::ParseError> {
    let plain = engine.compile(text)?;
    let wanted = insertions(&plain);
    if looks {
        let mut more = wanted.clone();
        for (place, name) in super::rewrite_looks::looks(&plain, text) {
            more.entry(place).and_modify(|other| other.insert_str(0, &name)).or_insert(name);
        }
        let (text, made) = insert(text, &more);
        if let Ok(ast) = engine.compile(&text) {
            return Ok((ast, made));
        }
    }
    if wanted.is_empty() {
        return Ok((plain, Insertions::default()));
    }
    let (text, made) = insert(text, &wanted);
    // A text at the very limit of depth may not bear an insertion; it runs as it is.
    Ok(engine.compile(&text).map_or((plain, Insertions::default()), |ast| (ast, made)))
}

/// Texts to insert, by line and column from 1.
pub(super) type Wanted = BTreeMap<(usize, usize), String>;

fn insertions(ast: &AST) -> Wanted {
    let mut wanted = Wanted::new();
    let own: BTreeSet<&str> = ast.iter_functions().map(|function| function.name).collect();
    let ends = ends(ast);
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Expr(expr @ (Expr::Dot(chain, ..) | Expr::Index(chain, ..)))) => {
                let is_link = match path.len().checked_sub(2).and_then(|place| path.get(place)) {
                    Some(ASTNode::Expr(Expr::Dot(parent, ..) | Expr::Index(parent, ..))) => {
                        std::ptr::eq(std::ptr::from_ref(&parent.rhs), std::ptr::from_ref::<Expr>(expr))
                    }
                    _ => false,
                };
                if !is_link {
                    of_chain(chain, &mut wanted);
                }
            }
            Some(ASTNode::Stmt(Stmt::TryCatch(flow, _))) => {
                if let (Expr::Variable(variable, ..), Some(place)) =
                    (&flow.expr, place_of(flow.branch.position()))
                {
                    let name = &variable.1;
                    wanted.insert((place.0, place.1 + 1), format!(" {name} = durun_caught({name});"));
                }
            }
            Some(ASTNode::Stmt(statement)) if is_discarded(path, &ends, statement) => {
                if let Some((_, place)) = starts(statement).filter(|(name, _)| !own.contains(name)) {
                    wanted.insert(place, FORGET.to_owned());
                }
            }
            _ => {}
        }
        true
    });
    wanted
}

/// The name and place of a call that gives a handle.
fn starts(statement: &Stmt) -> Option<(&str, (usize, usize))> {
    let (call, position) = match statement {
        Stmt::FnCall(call, position) => (call, position),
        Stmt::Expr(expr) => match &**expr {
            Expr::FnCall(call, position) => (call, position),
            _ => return None,
        },
        _ => return None,
    };
    let name = call.name.as_str();
    let is_one = STARTERS.contains(&name) && call.namespace.is_empty();
    is_one.then_some((name, place_of(*position)?))
}

/// The last statements of the script and of its functions, whose values are given back. The engine shows the statements of all bodies one
/// after the other and not where one ends; but those of one body lie side by side in memory, and those of two never do.
fn ends(ast: &AST) -> Vec<*const Stmt> {
    let mut all: Vec<*const Stmt> = Vec::new();
    ast.walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            all.push(std::ptr::from_ref(*statement));
        }
        true
    });
    let next = all.iter().skip(1).copied().map(Some).chain([None]);
    let ends = all.iter().zip(next).filter(|(this, next)| *next != Some(this.wrapping_add(1)));
    ends.map(|(this, _)| *this).collect()
}

/// Whether the value of a statement goes nowhere: another statement of its block follows, or its block is that of a loop. The engine keeps
/// such a value while the next statement runs, and with it the hope that somebody joins the strand.
fn is_discarded(path: &[ASTNode<'_>], ends: &[*const Stmt], statement: &Stmt) -> bool {
    let is = |end: Option<&Stmt>| end.is_some_and(|end| std::ptr::eq(end, statement));
    let block = |block: &StmtBlock| is(block.statements().last());
    match path.len().checked_sub(2).and_then(|place| path.get(place)) {
        None => !ends.contains(&std::ptr::from_ref(statement)),
        Some(ASTNode::Stmt(Stmt::Block(body)) | ASTNode::Expr(Expr::Stmt(body))) => !block(body),
        Some(ASTNode::Stmt(Stmt::If(flow, _) | Stmt::TryCatch(flow, _))) => {
            !block(&flow.body) && !block(&flow.branch)
        }
        Some(ASTNode::Stmt(Stmt::For(..) | Stmt::While(..) | Stmt::Do(..))) => true,
        Some(_) => false,
    }
}

/// Insertions around the variable at the root of a chain.
fn of_chain(chain: &BinaryExpr, wanted: &mut Wanted) {
    let Expr::Variable(variable, _, position) = &chain.lhs else { return };
    let (_, name, namespace, _) = &**variable;
    let Some((line, column)) = place_of(*position) else { return };
    if !namespace.is_empty() {
        return;
    }
    let after = (line, column + name.chars().count());
    let first = method(&chain.rhs);
    if first.is_some_and(|name| WRITERS.contains(&name)) {
        wanted.insert((line, column), "durun_cell(|| ".to_owned());
        wanted.insert(after, format!(", |durun_value| {{ {name} = durun_value; }})"));
    } else if takes_closure(&chain.rhs) {
        wanted.insert((line, column), "durun_copy(".to_owned());
        wanted.insert(after, ")".to_owned());
    }
}

/// The method called right at this link, with at least one argument.
fn method(link: &Expr) -> Option<&str> {
    match link {
        Expr::MethodCall(call, _) if call.args.len() == 1 => Some(call.name.as_str()),
        Expr::Dot(next, ..) | Expr::Index(next, ..) => match &next.lhs {
            Expr::MethodCall(call, _) if call.args.len() == 1 => Some(call.name.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a reading method stands anywhere in the rest of a chain, and none that changes something in place. What `join` is called
/// on directly needs no copy: a handle is its own.
fn takes_closure(link: &Expr) -> bool {
    let mut reads = false;
    let mut first = true;
    let mut link = link;
    loop {
        let name = method(link);
        if name.is_some_and(|name| WRITERS.contains(&name)) {
            return reads;
        }
        reads |= name.is_some_and(|name| READERS.contains(&name));
        reads |= !first && joins(link);
        match link {
            Expr::Dot(next, ..) | Expr::Index(next, ..) => link = &next.rhs,
            _ => return reads,
        }
        first = false;
    }
}

/// Whether this link is `join()`, `result()` or `signal(…)`: it suspends as a call of a closure may.
fn joins(link: &Expr) -> bool {
    let is_join = |link: &Expr| matches!(link, Expr::MethodCall(call, _) if matches!((call.name.as_str(), call.args.len()), ("join" | "result", 0) | ("signal", 1 | 2)));
    match link {
        Expr::Dot(next, ..) | Expr::Index(next, ..) => is_join(&next.lhs),
        other => is_join(other),
    }
}

pub(super) fn place_of(position: Position) -> Option<(usize, usize)> {
    Some((position.line()?, position.position()?))
}

pub(super) fn insert(text: &str, wanted: &Wanted) -> (String, Insertions) {
    let mut made = Insertions::default();
    let mut new = String::with_capacity(text.len() + wanted.len() * 24);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let mut shift = 0;
        for (column, character) in (1..).zip(line.chars().chain(std::iter::once('\0'))) {
            if let Some(insertion) = wanted.get(&(number, column)) {
                let length = insertion.chars().count();
                new.push_str(insertion);
                made.0.entry(number).or_default().push((column + shift, length));
                shift += length;
            }
            if character != '\0' {
                new.push(character);
            }
        }
    }
    (new, made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> String {
        let mut engine = Engine::new();
        engine.set_optimization_level(rhai::OptimizationLevel::None);
        let ast = engine.compile(text).expect("compiles");
        insert(text, &insertions(&ast)).0
    }

    #[test]
    fn the_root_of_a_closure_taking_chain_is_handed_over_as_a_copy() {
        assert_eq!(rewritten("let a = [1]; a.map(|x| x)"), "let a = [1]; durun_copy(a).map(|x| x)");
        assert_eq!(
            rewritten("let m = #{}; m.a.b.filter(|x| x).len()"),
            "let m = #{}; durun_copy(m).a.b.filter(|x| x).len()"
        );
        assert_eq!(
            rewritten("let a = [[1]]; let i = 0; a[i].map(|x| x)"),
            "let a = [[1]]; let i = 0; durun_copy(a)[i].map(|x| x)"
        );
        assert_eq!(
            rewritten("let a = []; let m = #{}; a[0].join(); m.h.join() + 1; a.join()"),
            "let a = []; let m = #{}; durun_copy(a)[0].join(); durun_copy(m).h.join() + 1; a.join()"
        );
        assert_eq!(rewritten("let a = [1]; a.push(2); a.len()"), "let a = [1]; a.push(2); a.len()");
    }

    #[test]
    fn a_method_that_changes_in_place_gets_a_cell_at_a_plain_variable_only() {
        assert_eq!(
            rewritten("let a = [2, 1]; a.sort(|x, y| x - y);"),
            "let a = [2, 1]; durun_cell(|| a, |durun_value| { a = durun_value; }).sort(|x, y| x - y);"
        );
        let nested =
            "let m = #{a: [1]}; let i = [0]; m.a.retain(|x| x > 0); [m][i[0]].a.sort(|x, y| 0); i.sort();";
        assert_eq!(rewritten(nested), nested);
    }

    #[test]
    fn columns_are_told_as_in_the_original() {
        let text = "let a = [1]; a.map(|x| x) + oops";
        let ast = Engine::new().compile(text).expect("compiles");
        let (new, made) = insert(text, &insertions(&ast));
        let column = |text: &str| u32::try_from(text.find("oops").expect("is there") + 1).expect("small");
        assert_eq!(made.original(1, column(&new)), column(text));
        assert_eq!(made.original(1, 5), 5);
        assert_eq!(made.original(2, 40), 40);
    }

    #[test]
    fn a_handle_that_goes_nowhere_is_forgotten() {
        assert_eq!(
            rewritten("strand(f); let a = strand(f); if a { strand(f); 1 } else { strand(f) } strand(f)"),
            "durun_forget_strand(f); let a = strand(f); if a { durun_forget_strand(f); 1 } else { strand(f) } strand(f)"
        );
        assert_eq!(
            rewritten("for i in 0..3 { strand(i, |x| strand(x)) } let f = || { start_activity(1); 2 }; f"),
            "for i in 0..3 { durun_forget_strand(i, |x| strand(x)) } let f = || { durun_forget_start_activity(1); 2 }; f"
        );
        assert_eq!(
            rewritten("start_activity(\"w\");\nsleep(1);"),
            "durun_forget_start_activity(\"w\");\nsleep(1);"
        );
        let own = "fn strand(x) { x } strand(1); 2";
        assert_eq!(rewritten(own), own);
    }

    #[test]
    fn a_caught_error_is_made_ours() {
        assert_eq!(
            rewritten("try { f(); } catch (err) { g(err); }"),
            "try { f(); } catch (err) { err = durun_caught(err); g(err); }"
        );
        assert_eq!(rewritten("try { f(); } catch { g(); }"), "try { f(); } catch { g(); }");
    }
}
