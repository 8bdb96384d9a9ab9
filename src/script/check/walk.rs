//! The pass over a text: every statement and expression once in each place in which it may run, with the variables that it sees.

use super::calls::Called;
use super::flow::Left;
use super::known::{Text, World, closure};
use super::way::{Way, may_stop};
use super::{Finding, Need, Rule, finding, rules};
use crate::history::nearest;
use rhai::{AST, ASTFlags, ASTNode, Expr, FlowControl, Position, Stmt, StmtBlock};
use std::collections::BTreeSet;

/// Where code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The script, a handler, a strand.
    Script,
    /// The body of an activity or step, in the words of a message.
    Body(&'static str),
    /// A body that is tried again, or asked when an outcome is unknown: the script has no before and after it. In the words of a message.
    Trial(&'static str),
    /// What only looks, in the words of a message.
    Look(&'static str),
}

/// The state of the pass.
pub(super) struct Walker<'w> {
    pub(super) world: &'w World<'w>,
    pub(super) text: &'w Text<'w>,
    pub(super) place: Place,
    /// The variables of the `for` loops around, within the function.
    pub(super) loops: Vec<String>,
    /// The locks that are held, as far as they are named.
    pub(super) locks: Vec<String>,
    /// Whether every run comes here.
    pub(super) way: Way,
    /// The variables of the function, innermost block last.
    scopes: Vec<Vec<String>>,
    /// Whether it is within a function, which does not see the script's variables.
    in_function: bool,
    /// Whether what is looked through may be called in another place than it seems: nothing here calls it, or who does is not seen.
    pub(super) is_kept: bool,
    seen: BTreeSet<(String, Place, bool)>,
    found: Vec<Finding>,
    /// The inputs without which each run is stuck.
    pub(super) needs: Vec<Need>,
}

/// Looks through one text: that of the script itself, which every run begins, or one that it imports.
pub(super) fn text(world: &World<'_>, file: &str, ast: &AST, is_main: bool) -> (Vec<Finding>, Vec<Need>) {
    let mut text = Text::new(file, ast);
    text.kinds = super::certain::variables(world, &text, ast);
    if text.adds {
        text.numbers = super::certain::numbers(world, &text, ast);
    }
    let mut walker = Walker {
        world,
        text: &text,
        place: Place::Script,
        loops: Vec::new(),
        locks: Vec::new(),
        way: Way::new(is_main),
        scopes: vec![Vec::new()],
        in_function: false,
        is_kept: false,
        seen: BTreeSet::new(),
        found: Vec::new(),
        needs: Vec::new(),
    };
    walker.statements(ast.statements(), true);
    if is_main {
        super::flow::late(&mut walker, ast);
    }
    walker.way = Way::new(false);
    walker.is_kept = true;
    for name in text.functions.keys() {
        walker.function(name, Place::Script);
    }
    (walker.found, walker.needs)
}

impl Walker<'_> {
    pub(super) fn tell(&mut self, rule: Rule, position: Position, message: String, hint: Option<String>) {
        let is_certain = self.way.is_certain() && rule.sticks();
        let found = finding(self.text.file, rule, position, message, hint);
        self.found.extend(found.map(|found| Finding { is_certain, ..found }));
    }

    /// The functions of that name, in each place once; again where one turns out to be certainly called.
    pub(super) fn function(&mut self, name: &str, place: Place) {
        let text = self.text;
        // Of several with one name, which one is called is not looked at.
        let is_certain = self.way.is_certain() && text.definitions(name).count() == 1;
        let certain = (name.to_owned(), place, true);
        if self.seen.contains(&certain) || !self.seen.insert((name.to_owned(), place, is_certain)) {
            return;
        }
        for (params, body) in text.definitions(name) {
            let scopes = std::mem::replace(&mut self.scopes, vec![params.clone()]);
            let loops = std::mem::take(&mut self.loops);
            let before = std::mem::replace(&mut self.place, place);
            let within = std::mem::replace(&mut self.in_function, !name.starts_with("anon$"));
            let way = self.way.enter(is_certain);
            let last = top(body);
            let (mut number, mut left) = (0_usize, Left::default());
            body.walk(&mut |path| {
                if let [ASTNode::Stmt(statement)] = path {
                    number += 1;
                    left.statement(self, statement);
                    self.statement(statement, number == last);
                }
                true
            });
            self.way.leave(way);
            self.place = before;
            self.in_function = within;
            self.loops = loops;
            self.scopes = scopes;
        }
    }

    fn block(&mut self, block: &StmtBlock, used: bool) {
        self.statements(block.statements(), used);
    }

    /// Statements with variables of their own; the value of the last is used, or is not.
    fn statements(&mut self, statements: &[Stmt], used: bool) {
        self.scopes.push(Vec::new());
        let mut left = Left::default();
        for (number, statement) in (1..).zip(statements) {
            left.statement(self, statement);
            self.statement(statement, used && number == statements.len());
        }
        self.scopes.pop();
    }

    fn statement(&mut self, statement: &Stmt, used: bool) {
        match statement {
            Stmt::Var(variable, ..) => {
                self.value(&variable.1);
                self.declare(&variable.0.name);
            }
            Stmt::If(flow, _) => {
                rules::condition(self, &flow.expr);
                self.value(&flow.expr);
                self.perhaps(|walker| {
                    walker.block(&flow.body, used);
                    walker.block(&flow.branch, used);
                });
            }
            Stmt::While(flow, _) => {
                rules::condition(self, &flow.expr);
                self.value(&flow.expr);
                // `loop` has no condition: what it does is done once at least, and what is behind it perhaps never.
                let is_endless = super::flow::is_endless(&flow.expr);
                self.repeated(is_endless, |walker| walker.block(&flow.body, false));
                if is_endless {
                    super::flow::endless(self, flow.body.statements(), statement.position());
                    self.way.stays();
                }
            }
            Stmt::Do(flow, ..) => self.repeated(true, |walker| {
                rules::condition(walker, &flow.expr);
                walker.block(&flow.body, false);
                walker.value(&flow.expr);
            }),
            Stmt::For(each, _) => self.each(each),
            Stmt::Switch(switch, _) => {
                super::answers::cases(self, &switch.0, &switch.1);
                self.value(&switch.0);
                self.perhaps(|walker| {
                    for case in &switch.1.expressions {
                        walker.value(&case.lhs);
                        walker.expr(&case.rhs, used);
                    }
                });
            }
            Stmt::Assignment(assignment) => {
                rules::assignment(self, &assignment.0, &assignment.1);
                super::constant::written(self, &assignment.1.lhs);
                super::operands::assigned(self, &assignment.0, &assignment.1);
                self.value(&assignment.1.rhs);
                // What is written need not be there before.
                self.perhaps(|walker| walker.value(&assignment.1.lhs));
            }
            Stmt::FnCall(call, position) => self.call(&Called::function(call, *position), used),
            Stmt::Block(block) => self.block(block, used),
            Stmt::TryCatch(flow, _) => {
                if used {
                    rules::caught(self, flow.branch.statements());
                }
                self.perhaps(|walker| walker.block(&flow.body, used));
                let caught = match &flow.expr {
                    Expr::Variable(variable, ..) => vec![variable.1.to_string()],
                    _ => Vec::new(),
                };
                self.scopes.push(caught);
                self.perhaps(|walker| walker.block(&flow.branch, used));
                self.scopes.pop();
            }
            Stmt::Expr(expr) => self.expr(expr, used),
            Stmt::BreakLoop(expr, ..) => {
                if let Some(expr) = expr {
                    self.value(expr);
                }
                self.way.breaks();
            }
            Stmt::Return(expr, flags, _) => {
                if let Some(expr) = expr {
                    self.value(expr);
                }
                if flags.intersects(ASTFlags::BREAK) { self.way.fails() } else { self.way.returns() }
            }
            _ => {}
        }
    }

    /// `for`, with its variables.
    fn each(&mut self, each: &(rhai::Ident, Option<rhai::Ident>, FlowControl)) {
        self.value(&each.2.expr);
        super::inputs::repeated(self, &each.2.expr);
        super::operands::repeated(self, &each.2.expr);
        let counter = each.1.as_ref().map(|counter| counter.name.to_string());
        let variables: Vec<String> = std::iter::once(each.0.name.to_string()).chain(counter).collect();
        let outer = self.loops.len();
        self.loops.extend(variables.iter().cloned());
        self.scopes.push(variables);
        self.repeated(false, |walker| walker.block(&each.2.body, false));
        self.scopes.pop();
        self.loops.truncate(outer);
    }

    /// What some runs do not come to: a branch, what an error leads to or is caught in.
    pub(super) fn perhaps(&mut self, look: impl FnOnce(&mut Self)) {
        self.only(false, look);
    }

    /// The same where the place around is certain, and this one is too or is not.
    pub(super) fn only(&mut self, is_certain: bool, look: impl FnOnce(&mut Self)) {
        let before = self.way.narrow(is_certain);
        look(self);
        self.way.widen(before);
    }

    /// What a loop does, once at least or perhaps never.
    fn repeated(&mut self, is_certain: bool, look: impl FnOnce(&mut Self)) {
        let before = self.way.begin_loop(is_certain);
        look(self);
        self.way.end_loop(before);
    }

    /// Whether a variable of that name can be seen.
    pub(super) fn is_variable(&self, name: &str) -> bool {
        self.scopes.iter().flatten().any(|known| known == name)
    }

    fn declare(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(name.to_owned());
        }
    }

    /// An expression whose value is used.
    pub(super) fn value(&mut self, expr: &Expr) {
        self.expr(expr, true);
    }

    fn expr(&mut self, expr: &Expr, used: bool) {
        if closure(expr).is_some() {
            rules::kept(self, expr);
            self.kept(|walker| walker.closure(expr, walker.place));
            return;
        }
        match expr {
            Expr::Variable(variable, _, position) if variable.2.is_empty() => {
                self.variable(&variable.1, *position);
            }
            Expr::FnCall(call, position) => self.call(&Called::function(call, *position), used),
            Expr::MethodCall(call, position) => self.call(&Called::method(call, *position), used),
            Expr::Stmt(block) => self.block(block, used),
            Expr::StringConstant(text, position) => super::dollars::plain(self, text, *position),
            Expr::InterpolatedString(parts, _) => {
                for part in parts {
                    super::handles::used(self, part);
                    self.value(part);
                }
            }
            Expr::Array(parts, _) => {
                for part in parts {
                    self.value(part);
                }
            }
            Expr::Map(map, _) => {
                for (_, value) in &map.0 {
                    self.value(value);
                }
            }
            Expr::Dot(pair, ..) if self.is_foreign(&pair.lhs) => {
                self.value(&pair.lhs);
                // What is called on a thing of another language is told with that.
                if let Expr::MethodCall(call, _) = &pair.rhs {
                    call.args.iter().for_each(|argument| self.value(argument));
                }
            }
            Expr::Dot(pair, ..) | Expr::Index(pair, ..) => {
                super::constant::changed(self, expr);
                self.value(&pair.lhs);
                self.only(!may_stop(expr), |walker| {
                    super::inputs::field(walker, pair);
                    super::inputs::used(walker, pair);
                    super::fields::field(walker, pair);
                    super::handles::field(walker, pair);
                    match expr {
                        Expr::Dot(..) => super::receivers::check(walker, pair),
                        _ => super::receivers::index(walker, pair),
                    }
                    // What stands in front of the next dot is an index here, and nothing that a method is called on.
                    let rest = match (expr, &pair.rhs) {
                        (Expr::Index(..), Expr::Dot(next, ..)) => {
                            walker.value(&next.lhs);
                            &next.rhs
                        }
                        (_, rest) => rest,
                    };
                    walker.expr(rest, used);
                });
            }
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                let Some((first, rest)) = parts.split_first() else { return };
                self.value(first);
                self.perhaps(|walker| rest.iter().for_each(|part| walker.value(part)));
            }
            _ => {}
        }
    }

    /// What is called later, perhaps in another place.
    pub(super) fn kept(&mut self, look: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.is_kept, true);
        look(self);
        self.is_kept = before;
    }

    /// A closure's captures here, and its body in its own place, to which only some runs come.
    pub(super) fn closure(&mut self, expr: &Expr, place: Place) {
        let locks = std::mem::take(&mut self.locks);
        self.done_at_once(expr, place, false);
        self.locks = locks;
    }

    /// The same of a closure that the call to which it is given may do at once, as a part of itself.
    pub(super) fn done_at_once(&mut self, expr: &Expr, place: Place, is_certain: bool) {
        let Some(written) = closure(expr) else { return };
        for capture in written.captures {
            self.value(capture);
        }
        self.only(is_certain, |walker| walker.function(&written.name, place));
    }

    /// Whether it is a thing that other languages have, and no variable.
    fn is_foreign(&self, expr: &Expr) -> bool {
        let Expr::Variable(variable, ..) = expr else { return false };
        let name = variable.1.as_str();
        !self.is_variable(name)
            && !self.text.functions.contains_key(name)
            && super::super::foreign::instead(name).is_some()
    }

    fn variable(&mut self, name: &str, position: Position) {
        let visible = || self.scopes.iter().flatten().map(String::as_str).chain(["input", "run"]);
        if visible().any(|known| known == name) || self.text.functions.contains_key(name) {
            return;
        }
        let instead = super::super::foreign::instead(name);
        let is_input = self.world.inputs().is_some_and(|inputs| inputs.iter().any(|input| input == name));
        let hint = match (nearest(name, visible()), instead) {
            _ if is_input => format!("it is an input, and no variable of its own: input.{name}"),
            (Some(near), _) => format!("did you mean {near}?"),
            (None, Some(instead)) => instead.to_owned(),
            (None, None) if self.in_function => {
                "functions do not see the variables of the script: hand them over as arguments".to_owned()
            }
            (None, None) => format!("declare it before, and in no block that has ended: let {name} = …;"),
        };
        self.tell(Rule::Variable, position, format!("there is no variable '{name}'"), Some(hint));
    }
}

/// How many statements a body has.
fn top(body: &AST) -> usize {
    let mut count = 0;
    body.walk(&mut |path| {
        count += usize::from(path.len() == 1);
        true
    });
    count
}
