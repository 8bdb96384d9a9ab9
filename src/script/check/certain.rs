//! Of what kind an expression certainly is: what is written out, what calls and methods give that have one kind only, variables that
//! are never given another, inputs with a default. Of anything else nothing is known, and nothing is told.

use super::super::params::Params;
use super::known::{Text, World, bare, closure};
use super::walk::Walker;
use crate::history::Value;
use rhai::{AST, BinaryExpr, Expr, FnCallExpr};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of what `exec` and `sh` give.
pub(super) const RESULT: &str = "process_result";
/// Operators that give true or false, whatever stands beside them.
const CONDITIONS: &[&str] = &["==", "!=", "<", "<=", ">", ">=", "!", "in"];
/// Operators that calculate.
pub(super) const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%", "**"];
/// The fields of what a process gives that are of one kind.
const FIELDS: &[(&str, &str)] =
    &[("stdout", "String"), ("stderr", "String"), ("code", "int"), ("lines", "Array")];

/// What an expression is looked at with.
#[derive(Clone, Copy)]
pub(super) struct Certain<'c> {
    world: &'c World<'c>,
    text: &'c Text<'c>,
    /// Whether `input` is what the run was started with.
    has_input: bool,
}

/// The kinds of the inputs that have a default: whatever is given in its place is of its type.
pub(super) fn defaults(params: &Params) -> BTreeMap<String, &'static str> {
    let kind = |value: &Value| match value {
        Value::Text(_) => Some("String"),
        Value::Int(_) => Some("int"),
        Value::Float(_) => Some("float"),
        Value::Bool(_) => Some("bool"),
        Value::List(_) => Some("Array"),
        Value::Map(_) | Value::Bytes(_) | Value::Null => None,
    };
    let all = params.all().iter();
    all.filter_map(|param| Some((param.name.clone(), kind(param.default.as_ref()?)?))).collect()
}

/// The variables of a text that always hold what `params` gave.
pub(super) fn inputs(ast: &AST) -> BTreeSet<String> {
    let is_given = |expr: &Expr| matches!(expr, Expr::FnCall(call, _) if call.name == "params");
    super::held::held(ast, |expr| is_given(expr).then_some(())).into_keys().collect()
}

/// The variables of a text that are of one kind wherever they are given something.
pub(super) fn variables(world: &World<'_>, text: &Text<'_>, ast: &AST) -> BTreeMap<String, String> {
    // Some function here may have an input of its own.
    let certain = Certain { world, text, has_input: !text.hides_input };
    super::held::held(ast, |expr| certain.kind(expr).map(str::to_owned))
}

/// The variables of a text that are a number where they are declared or written anew.
pub(super) fn numbers(world: &World<'_>, text: &Text<'_>, ast: &AST) -> BTreeSet<String> {
    let certain = Certain { world, text, has_input: !text.hides_input };
    super::held::begun(ast, |expr| certain.kind(expr).is_some_and(|kind| ["int", "float"].contains(&kind)))
}

impl<'w> Walker<'w> {
    pub(super) fn certain(&self) -> Certain<'w> {
        Certain { world: self.world, text: self.text, has_input: !self.is_variable("input") }
    }
}

impl<'c> Certain<'c> {
    /// The kind of an expression, where it is certain.
    pub(super) fn kind(self, expr: &Expr) -> Option<&'c str> {
        if closure(expr).is_some() {
            return Some("FnPtr");
        }
        match bare(expr) {
            Expr::StringConstant(..) | Expr::InterpolatedString(..) => Some("String"),
            Expr::IntegerConstant(..) => Some("int"),
            Expr::FloatConstant(..) => Some("float"),
            Expr::BoolConstant(..) | Expr::And(..) | Expr::Or(..) => Some("bool"),
            Expr::CharConstant(..) => Some("char"),
            Expr::Unit(_) => Some("()"),
            Expr::Array(..) => Some("Array"),
            Expr::Map(..) => Some("Map"),
            Expr::Variable(variable, ..) if variable.2.is_empty() => {
                self.text.kinds.get(variable.1.as_str()).map(String::as_str)
            }
            Expr::FnCall(call, _) if call.op_token.is_some() => self.calculated(call),
            Expr::FnCall(call, _) if call.namespace.is_empty() => self.given(call.name.as_str()),
            Expr::Dot(pair, ..) if matches!(pair.rhs, Expr::Property(..)) && self.is_input(pair) => {
                self.declared(pair)
            }
            Expr::Dot(pair, ..) => {
                let (kind, last) = self.links(pair).pop()?;
                self.link(kind, last).filter(|_| ends(&pair.rhs, last))
            }
            _ => None,
        }
    }

    /// What a call of a function gives.
    fn given(self, name: &str) -> Option<&'c str> {
        if self.text.functions.contains_key(name) {
            return None;
        }
        if super::outputs::is_given_by(name) { Some(RESULT) } else { self.world.kinds().gives(name) }
    }

    /// What an operator gives.
    fn calculated(self, call: &FnCallExpr) -> Option<&'c str> {
        let operator = call.name.as_str();
        if CONDITIONS.contains(&operator) {
            return Some("bool");
        }
        let [one, other] = call.args.as_slice() else { return None };
        let (one, other) = (self.kind(one)?, self.kind(other)?);
        // A time and text make another time.
        if !(ARITHMETIC.contains(&operator) && is_plain(one) && is_plain(other) && fit(operator, one, other))
        {
            return None;
        }
        let either = |kind: &str| one == kind || other == kind;
        ["String", "float", "int"].into_iter().find(|kind| either(kind)).or(Some(one))
    }

    /// The links of a chain such as `input.name.trim().len`, each with the kind of what it is called on, as far as that is certain.
    pub(super) fn links<'e>(self, pair: &'e BinaryExpr) -> Vec<(&'c str, &'e Expr)> {
        let mut links = Vec::new();
        let (mut kind, mut rest) = match (self.declared(pair), &pair.rhs) {
            (Some(kind), Expr::Dot(next, ..)) => (Some(kind), &next.rhs),
            (Some(_), _) => return links,
            (None, rhs) => (self.kind(&pair.lhs), rhs),
        };
        while let Some(of) = kind {
            let (link, next) = match rest {
                Expr::Dot(next, ..) => (&next.lhs, Some(&next.rhs)),
                Expr::Index(next, ..) => (&next.lhs, None),
                last => (last, None),
            };
            links.push((of, link));
            let Some(next) = next else { break };
            kind = self.link(of, link);
            rest = next;
        }
        links
    }

    /// The kind of the input that a chain begins with, where it has a default.
    fn declared(self, pair: &BinaryExpr) -> Option<&'c str> {
        let first = match &pair.rhs {
            Expr::Dot(chain, ..) => &chain.lhs,
            other => other,
        };
        match first {
            Expr::Property(property, _) if self.is_input(pair) => self.world.default(&property.2),
            _ => None,
        }
    }

    /// Whether a chain begins with what the run was started with.
    fn is_input(self, pair: &BinaryExpr) -> bool {
        let Expr::Variable(variable, ..) = &pair.lhs else { return false };
        let name = variable.1.as_str();
        name == "input" && self.has_input || self.text.inputs.contains(name)
    }

    /// What one link gives.
    fn link(self, kind: &str, link: &Expr) -> Option<&'c str> {
        match link {
            Expr::Property(property, _) if kind == RESULT => {
                // Where the text writes a field, it may hold anything.
                self.text.outputs.as_ref()?;
                FIELDS.iter().find(|(field, _)| property.2 == *field).map(|(_, gives)| *gives)
            }
            Expr::Property(property, _) if kind != "Map" => {
                self.world.kinds().gives_of(&super::known::getter(&property.2), kind, 1)
            }
            Expr::MethodCall(call, _) if self.is_of_language(kind, &call.name) => {
                self.world.kinds().gives_of(&call.name, kind, call.args.len() + 1)
            }
            _ => None,
        }
    }

    /// Whether a method is none of the script's, and no field of a map that holds a function.
    pub(super) fn is_of_language(self, kind: &str, method: &str) -> bool {
        !self.text.functions.contains_key(method) && (kind != "Map" || !self.world.is_field(method))
    }
}

/// Whether a chain ends with a link.
fn ends(chain: &Expr, link: &Expr) -> bool {
    match chain {
        Expr::Dot(next, ..) => ends(&next.rhs, link),
        Expr::Index(..) => false,
        last => std::ptr::eq(last, link),
    }
}

/// Whether it is one of the kinds that are calculated with, or taken for one that is.
pub(super) fn is_plain(kind: &str) -> bool {
    ["String", "int", "float", "bool", "()", "Array", "Map"].contains(&kind)
}

/// Whether an operator calculates with two plain kinds.
pub(super) fn fit(operator: &str, one: &str, other: &str) -> bool {
    let is_number = |kind: &str| ["int", "float"].contains(&kind);
    let is_text = |kind: &str| kind == "String";
    let is_added = one == other && ["Array", "Map"].contains(&one) || is_text(one) || is_text(other);
    // One text minus another is what is left of it when that is taken out.
    let is_cut = is_text(one) && is_text(other);
    is_number(one) && is_number(other) || operator == "+" && is_added || operator == "-" && is_cut
}
