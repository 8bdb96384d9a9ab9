//! The kinds of arguments that are written out, against those that a function takes: the table is the engine's own, as the reference
//! of host functions shows it.

use super::super::definitions::kinds_of;
use super::super::reference::headings;
use super::Rule;
use super::calls::Called;
use super::known::{World, closure};
use super::walk::Walker;
use rhai::{Engine, Expr};
use std::collections::{BTreeMap, BTreeSet};

/// What takes any value.
const ANY: &str = "?";
/// The kinds that are known by these names; of any other nothing is told.
const PLAIN: &[&str] =
    &["String", "int", "float", "bool", "char", "()", "Array", "Map", "FnPtr", "Blob", "time", "handle"];
/// Operators that give true or false, whatever stands beside them.
const CONDITIONS: &[&str] = &["==", "!=", "<", "<=", ">", ">=", "!", "in"];
/// Names of signals: a text, or a list of texts. The engine takes any value there.
const NAMES: &[&str] = &["wait_signal", "start_wait_signal"];

/// Every form of every function that is called: the kinds of its arguments, and that of what it gives.
pub(super) struct Kinds(BTreeMap<String, Vec<(Vec<String>, String)>>);

impl Kinds {
    pub(super) fn of(engine: &Engine, called: &BTreeSet<String>) -> Self {
        let mut all: BTreeMap<String, Vec<(Vec<String>, String)>> = BTreeMap::new();
        for (name, takes, gives) in kinds_of(engine, |name| called.contains(name)) {
            let takes: Vec<String> = takes.into_iter().map(known).collect();
            // A line of text is taken by exec to be told what is wrong with it: no form of its own.
            if (name.as_str(), takes.first().map(String::as_str)) != ("exec", Some("String")) {
                all.entry(name).or_default().push((takes, gives));
            }
        }
        Self(all)
    }

    /// What a function gives, where all its forms give the same.
    fn gives(&self, name: &str) -> Option<&str> {
        // The engine names the text that is printed; what the call gives is nothing.
        if ["print", "debug"].contains(&name) {
            return Some("()");
        }
        let forms = self.0.get(name)?;
        let all: BTreeSet<&str> = forms.iter().map(|(_, gives)| gives.as_str()).collect();
        let mut all = all.into_iter();
        all.next().filter(|kind| PLAIN.contains(kind) && all.next().is_none())
    }
}

/// A kind that is known, or any.
fn known(kind: String) -> String {
    let is_known = PLAIN.contains(&kind.as_str()) || kind.to_lowercase().contains("range");
    if is_known { kind } else { ANY.to_owned() }
}

/// Tells of an argument that no form of the function takes.
pub(super) fn check(walker: &mut Walker<'_>, called: &Called<'_>) {
    let (name, arguments) = (called.name(), &called.call.args);
    if World::is_of_language(name) || called.call.op_token.is_some() {
        return;
    }
    let given: Vec<Option<String>> = arguments.iter().map(|argument| kind(walker, argument)).collect();
    // A line of text is told of as what it is.
    if name == "exec" && given.first().is_some_and(|kind| kind.as_deref() == Some("String")) {
        return;
    }
    let Some(forms) = walker.world.kinds().0.get(name) else { return };
    let mut fitting: Vec<&Vec<String>> =
        forms.iter().map(|(takes, _)| takes).filter(|takes| takes.len() == given.len()).collect();
    if fitting.is_empty() {
        return;
    }
    let mut wrong = None;
    for (place, kind) in given.iter().enumerate() {
        let Some(kind) = kind else { continue };
        let takes =
            |form: &&Vec<String>| form.get(place).is_some_and(|wanted| wanted == ANY || wanted == kind);
        let wanted: BTreeSet<&str> =
            fitting.iter().filter_map(|form| Some(form.get(place)?.as_str())).collect();
        let left: Vec<&Vec<String>> = fitting.iter().copied().filter(|form| takes(form)).collect();
        if left.is_empty() {
            wrong = Some((place, word(kind), words(&wanted)));
            break;
        }
        fitting = left;
    }
    if wrong.is_none() && NAMES.contains(&name) {
        let kind = given.first().and_then(Option::as_deref);
        wrong = kind
            .filter(|kind| !["String", "Array"].contains(kind))
            .map(|kind| (0, word(kind), "text or a list".to_owned()));
    }
    if let Some((place, not, wanted)) = wrong {
        tell(walker, called, place, &not, &wanted);
    }
}

fn tell(walker: &mut Walker<'_>, called: &Called<'_>, place: usize, not: &str, wanted: &str) {
    let name = called.name();
    let Some(argument) = called.call.args.get(place) else { return };
    let nth = match (place, called.call.args.len()) {
        (_, 1) => "",
        (0, _) => " first",
        (1, _) => " second",
        (2, _) => " third",
        _ => " there",
    };
    let hint = match argument {
        // What was written is done at once, and its value is given.
        Expr::FnCall(..) | Expr::And(..) | Expr::Or(..) | Expr::Variable(..) if wanted == "a closure" => {
            "a closure is what is done later: write || before it, as in || charge(order)".to_owned()
        }
        Expr::Array(words, _) if name == "sh" && place == 0 => {
            let list = if words.is_empty() { "[\"ls\", \"-l\"]" } else { "[…]" };
            format!("a program with its arguments as a list is exec({list}); sh takes a line for the shell")
        }
        _ if not == "text" && name == "int" => {
            "a whole number is read out of text by parse_int(text)".to_owned()
        }
        _ => {
            let forms = headings(name);
            if forms.is_empty() {
                format!("give {wanted}")
            } else {
                format!("it is written {}", forms.join(" or "))
            }
        }
    };
    let message = format!("{name} takes {wanted}{nth}, not {not}");
    walker.tell(Rule::Value, argument.start_position(), message, Some(hint));
}

/// The kind of a value that is written out, or of what a call gives that has one kind only.
pub(super) fn kind(walker: &Walker<'_>, expr: &Expr) -> Option<String> {
    if closure(expr).is_some() {
        return Some("FnPtr".to_owned());
    }
    let kind = match expr {
        Expr::StringConstant(..) | Expr::InterpolatedString(..) => "String",
        Expr::IntegerConstant(..) => "int",
        Expr::FloatConstant(..) => "float",
        Expr::BoolConstant(..) | Expr::And(..) | Expr::Or(..) => "bool",
        Expr::CharConstant(..) => "char",
        Expr::Unit(_) => "()",
        Expr::Array(..) => "Array",
        Expr::Map(..) => "Map",
        Expr::FnCall(call, _) if CONDITIONS.contains(&call.name.as_str()) && call.op_token.is_some() => {
            "bool"
        }
        Expr::FnCall(call, _) => {
            let is_own = walker.text.functions.contains_key(call.name.as_str());
            let is_plain = call.op_token.is_none() && call.namespace.is_empty() && !is_own;
            return is_plain.then(|| walker.world.kinds().gives(&call.name)).flatten().map(str::to_owned);
        }
        _ => return None,
    };
    Some(kind.to_owned())
}

fn words(kinds: &BTreeSet<&str>) -> String {
    let all: BTreeSet<String> = kinds.iter().map(|kind| word(kind)).collect();
    all.into_iter().collect::<Vec<_>>().join(" or ")
}

/// A kind as a person calls it.
fn word(kind: &str) -> String {
    match kind {
        "String" => "text",
        "int" => "a whole number",
        "float" => "a number",
        "bool" => "true or false",
        "char" => "a character",
        "()" => "()",
        "Array" => "a list",
        "Map" => "a map",
        "FnPtr" => "a closure",
        "Blob" => "bytes",
        "time" => "a time",
        "handle" => "a handle",
        "range" | "range=" | "ExclusiveRange" | "InclusiveRange" => "a range",
        other => other,
    }
    .to_owned()
}
