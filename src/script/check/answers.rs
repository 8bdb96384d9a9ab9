//! What becomes of the answer to a question: it is one of the texts that the question offers, and no condition.

use super::Rule;
use super::calls::Called;
use super::known::Functions;
use super::walk::Walker;
use crate::history::nearest;
use rhai::Position;
use rhai::{AST, ASTNode, Expr, FnCallExpr, SwitchCasesCollection};
use std::collections::{BTreeMap, BTreeSet};

/// The answers that a question can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    choices: Vec<String>,
    /// Whether it has a value of its own where nobody answers.
    has_otherwise: bool,
    /// That value, where it is text: it stands for an answer, and may be compared, too.
    otherwise: Option<String>,
}

impl Answers {
    fn can_be(&self, text: &str) -> bool {
        self.choices.iter().chain(&self.otherwise).any(|can_be| can_be == text)
    }

    /// The answers as they are written in a list.
    fn listed(&self) -> String {
        let words: Vec<String> = self.choices.iter().map(|choice| format!("\"{choice}\"")).collect();
        words.join(", ")
    }
}

/// The variables of a text that hold an answer, and the answers that there are.
pub(super) fn variables(ast: &AST, own: &Functions) -> BTreeMap<String, Answers> {
    let mut all = super::held::held(ast, |expr| of(expr, own));
    // A method may change the text in place.
    ast.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::Dot(pair, ..))) = path.last()
            && let (Expr::Variable(variable, ..), Expr::MethodCall(..)) = (&pair.lhs, &pair.rhs)
        {
            all.remove(variable.1.as_str());
        }
        true
    });
    all
}

/// The answers to a question that is asked here, where they are written out.
fn of(expr: &Expr, own: &Functions) -> Option<Answers> {
    match expr {
        Expr::FnCall(call, _)
            if call.name == "ask" && call.namespace.is_empty() && !own.contains_key("ask") =>
        {
            offered(call)
        }
        _ => None,
    }
}

fn offered(call: &FnCallExpr) -> Option<Answers> {
    let choices = vec!["yes".to_owned(), "no".to_owned()];
    let mut answers = Answers { choices, has_otherwise: false, otherwise: None };
    let options = match call.args.get(1) {
        None => return Some(answers),
        Some(Expr::Map(map, _)) => &map.0,
        Some(_) => return None,
    };
    let option = |name: &str| options.iter().find(|(key, _)| key.name == name).map(|(_, value)| value);
    if let Some(choices) = option("choices") {
        let Expr::Array(choices, _) = choices else { return None };
        answers.choices = choices.iter().map(text).collect::<Option<_>>()?;
    }
    if let Some(otherwise) = option("otherwise") {
        answers.has_otherwise = true;
        answers.otherwise = super::values::literal(otherwise)?.into_string().ok();
    }
    (!answers.choices.is_empty()).then_some(answers)
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::StringConstant(text, _) => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn answers(walker: &Walker<'_>, expr: &Expr) -> Option<Answers> {
    match expr {
        Expr::Variable(variable, ..) if variable.2.is_empty() => {
            walker.text.answers.get(variable.1.as_str()).cloned()
        }
        other => of(other, &walker.text.functions),
    }
}

/// `if ask("ok?")`: whatever is answered is text.
pub(super) fn condition(walker: &mut Walker<'_>, expr: &Expr) {
    let Some(Answers { choices, has_otherwise, .. }) = answers(walker, expr) else { return };
    let asked = match expr {
        Expr::Variable(variable, ..) => variable.1.to_string(),
        _ => "ask(…)".to_owned(),
    };
    let message = "the answer to a question is text, and a condition is true or false".to_owned();
    let hint = choices.first().map(|choice| format!("say which answer is meant: {asked} == \"{choice}\""));
    walker.only(!has_otherwise, |walker| {
        walker.tell(Rule::AnswerCondition, expr.start_position(), message, hint);
    });
}

/// `switch ask("ok?") { "yess" => … }`: a case for an answer that is not offered. Its text the language does not keep.
pub(super) fn cases(walker: &mut Walker<'_>, asked: &Expr, switch: &SwitchCasesCollection) {
    let Some(answers @ Answers { has_otherwise: false, .. }) = answers(walker, asked) else { return };
    let Some(offered) = walker.world.cases(&answers.choices) else { return };
    let never = switch.cases.iter().filter(|(case, _)| !offered.contains(case));
    let blocks = never.filter_map(|(_, case)| switch.expressions.get(*case.blocks.first()?));
    let places: BTreeSet<Position> = blocks.map(|block| block.rhs.start_position()).collect();
    let listed = answers.listed();
    for place in places {
        let message = format!("the question is never answered with this case: its answers are {listed}");
        let hint = "offer it among the choices, or write the case as one of them".to_owned();
        walker.tell(Rule::Answer, place, message, Some(hint));
    }
}

/// `ask("ok?") == "yess"`: an answer that is not offered.
pub(super) fn compared(walker: &mut Walker<'_>, called: &Called<'_>) {
    let [one, other] = called.call.args.as_slice() else { return };
    if called.call.op_token.is_none() || !["==", "!="].contains(&called.name()) {
        return;
    }
    for (asked, with) in [(one, other), (other, one)] {
        let (Some(answers), Expr::StringConstant(text, position)) = (answers(walker, asked), with) else {
            continue;
        };
        if answers.can_be(text) {
            continue;
        }
        let listed = answers.listed();
        let message = format!("the question is never answered \"{text}\": its answers are {listed}");
        let near = nearest(text, answers.choices.iter().chain(&answers.otherwise).map(String::as_str));
        let hint = near.map_or_else(
            || format!("offer it: choices: [{listed}, \"{text}\"]"),
            |near| format!("did you mean \"{near}\"?"),
        );
        walker.tell(Rule::Answer, *position, message, Some(hint));
    }
}
