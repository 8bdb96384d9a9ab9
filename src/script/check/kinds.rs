//! The kinds of arguments that are written out, against those that a function takes: the table is the engine's own, as the reference
//! of host functions shows it.

use super::super::definitions::kinds_of;
use super::super::reference::headings;
use super::Rule;
use super::calls::Called;
use super::certain::RESULT;
use super::known::World;
use super::stands::suspends;
use super::walk::Walker;
use rhai::{Engine, Expr};
use std::collections::{BTreeMap, BTreeSet};

/// What takes any value.
const ANY: &str = "?";
/// The kinds that are known by these names; of any other nothing is told.
const PLAIN: &[&str] = &[
    "String", "int", "float", "bool", "char", "()", "Array", "Map", "FnPtr", "Blob", "time", "handle", RESULT,
];
/// What a host call gives of which no more is known than that it is no closure: it was recorded.
const OUTCOME: &str = "outcome";
/// Names of signals: a text, or a list of texts. The engine takes any value there.
const NAMES: &[&str] = &["wait_signal", "start_wait_signal"];

/// Every form of every function that is called: the kinds of its arguments, and that of what it gives.
pub(super) struct Kinds(BTreeMap<String, Vec<Form>>);

/// The kinds of the arguments of a function, and that of what it gives.
pub(super) type Form = (Vec<String>, String);

impl Kinds {
    pub(super) fn of(engine: &Engine, called: &BTreeSet<String>) -> Self {
        let mut all: BTreeMap<String, Vec<Form>> = BTreeMap::new();
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
    pub(super) fn gives(&self, name: &str) -> Option<&str> {
        // The engine names the text that is printed; what the call gives is nothing.
        if ["print", "debug"].contains(&name) {
            return Some("()");
        }
        one(self.0.get(name)?.iter())
    }

    /// What it gives with so many arguments, of which the first is of that kind.
    pub(super) fn gives_of(&self, name: &str, first: &str, count: usize) -> Option<&str> {
        one(self.forms_of(name, first, count))
    }

    /// The forms of a function with so many arguments of which the first is of that kind.
    pub(super) fn forms_of(&self, name: &str, first: &str, count: usize) -> impl Iterator<Item = &Form> {
        let takes = move |(takes, _): &&Form| {
            takes.len() == count && takes.first().is_some_and(|wanted| wanted == ANY || wanted == first)
        };
        self.0.get(name).into_iter().flatten().filter(takes)
    }

    /// What a function may be called on.
    pub(super) fn receivers(&self, name: &str) -> BTreeSet<&str> {
        let forms = self.0.get(name).into_iter().flatten();
        forms.filter_map(|(takes, _)| takes.first().map(String::as_str)).collect()
    }
}

/// What all forms give, where that is known and the same.
fn one<'f>(mut forms: impl Iterator<Item = &'f Form>) -> Option<&'f str> {
    let gives = forms.next()?.1.as_str();
    (PLAIN.contains(&gives) && forms.all(|(_, other)| other == gives)).then_some(gives)
}

/// Whether what takes one kind takes another.
fn fits(wanted: &str, kind: &str) -> bool {
    wanted == ANY || wanted == kind || kind == OUTCOME && wanted != "FnPtr"
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
    let certain = walker.certain();
    let given: Vec<Option<&str>> = arguments
        .iter()
        .map(|argument| certain.kind(argument).or_else(|| outcome(walker, argument)))
        .collect();
    // A line of text is told of as what it is.
    if name == "exec" && given.first() == Some(&Some("String")) {
        return;
    }
    let Some(forms) = walker.world.kinds().0.get(name) else { return };
    let fitting = forms.iter().filter(|(takes, _)| takes.len() == given.len()).collect();
    let mut wrong = misfit(fitting, &given);
    if wrong.is_none() && NAMES.contains(&name) {
        wrong = given
            .first()
            .copied()
            .flatten()
            .filter(|kind| !["String", "Array"].contains(kind))
            .map(|kind| (0, word(kind), "text or a list".to_owned()));
    }
    if let Some((place, not, wanted)) = wrong {
        tell(walker, called, place, &not, &wanted);
    }
}

/// What a call gives that waits for something: a value that was recorded.
fn outcome(walker: &Walker<'_>, expr: &Expr) -> Option<&'static str> {
    let Expr::FnCall(call, _) = expr else { return None };
    let name = call.name.as_str();
    // These give what a closure gives.
    let passes_on = ["shielded", "wait_until", "with_lock"].contains(&name);
    let is_own = walker.text.functions.contains_key(name) || !call.namespace.is_empty();
    (suspends(name) && !passes_on && !is_own).then_some(OUTCOME)
}

/// The first argument that no form takes, with what it is and what it should be.
pub(super) fn misfit(mut fitting: Vec<&Form>, given: &[Option<&str>]) -> Option<(usize, String, String)> {
    for (place, kind) in given.iter().enumerate() {
        let Some(kind) = kind else { continue };
        let takes = |(form, _): &&Form| form.get(place).is_some_and(|wanted| fits(wanted, kind));
        let mut wanted: BTreeSet<&str> =
            fitting.iter().filter_map(|(form, _)| Some(form.get(place)?.as_str())).collect();
        // Where a closure is taken, the name of a function is, too.
        if wanted.contains("FnPtr") {
            wanted.remove("String");
        }
        let left: Vec<&Form> = fitting.iter().copied().filter(takes).collect();
        if left.is_empty() && !wanted.is_empty() {
            return Some((place, word(kind), words(&wanted)));
        }
        fitting = left;
    }
    None
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
        _ if (name, place) == ("sh", 1) => {
            "its arguments are a list: sh(\"… \\\"$1\\\" …\", [argument])".to_owned()
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

pub(super) fn words(kinds: &BTreeSet<&str>) -> String {
    let all: BTreeSet<String> = kinds.iter().map(|kind| word(kind)).collect();
    all.into_iter().collect::<Vec<_>>().join(" or ")
}

/// A kind as a person calls it.
pub(super) fn word(kind: &str) -> String {
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
        OUTCOME => "what a call gives",
        RESULT => "the result of a process",
        "range" | "range=" | "ExclusiveRange" | "InclusiveRange" => "a range",
        other => other,
    }
    .to_owned()
}
