//! What an editor and the reference are told of the functions: their signatures as the engine has them, with the words of the reference.
//!
//! The engine's metadata is what `durun check` goes by, too. What the engine cannot know, the names of parameters and what a
//! function is for, stands in `docs/reference/host-functions.md`, of which the program has a copy; tests hold the two together.

use super::interpreter::Interpreter;
use super::reference::Described;
use rhai::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What a function gives, by its parameters: their names, where they are known, and their types.
type Overloads = BTreeMap<Vec<(String, String)>, String>;

/// Functions by name.
type Functions = BTreeMap<String, Overloads>;

/// The logarithm of the language has the name of a host function.
const LOGARITHM: (&str, [&str; 2]) = ("log", ["float", "float"]);

/// Types that no script can have a value of.
const NEVER: &[&str] = &["f32", "i8", "i16", "i32", "i128", "u8", "u16", "u32", "u64", "u128"];

/// Each form of each function of which the name is wanted: its name, its parameters, what it gives. Those that only the program itself
/// calls are left out.
fn forms(
    engine: &Engine,
    is_wanted: impl Fn(&str) -> bool + Copy,
) -> impl Iterator<Item = (String, Vec<(String, String)>, String)> {
    let found = engine.collect_fn_metadata(
        None,
        |function| {
            let about = function.metadata;
            if !is_wanted(&about.name) {
                return None;
            }
            let param = |place: usize| about.params_info.get(place).map_or_else(unknown, |text| param(text));
            let params: Vec<_> = (0..about.num_params).map(param).collect();
            Some((about.name.to_string(), params, type_name(&about.return_type)))
        },
        true,
    );
    found.into_iter().filter(|(name, params, _)| {
        let never = params.iter().any(|(_, of)| NEVER.contains(&of.as_str()));
        !name.starts_with("durun_") && !name.starts_with("anon$") && !never
    })
}

/// Each form of each function of an engine of which the name is wanted: its name, the kinds of its parameters, that of what it gives;
/// `?` is any.
pub(super) fn kinds_of(
    engine: &Engine,
    is_wanted: impl Fn(&str) -> bool + Copy,
) -> impl Iterator<Item = (String, Vec<String>, String)> {
    forms(engine, is_wanted)
        .map(|(name, params, gives)| (name, params.into_iter().map(|(_, of)| of).collect(), gives))
}

/// All functions of the engine.
fn all(interpreter: &Interpreter) -> Functions {
    let mut all = Functions::new();
    for (name, params, gives) in forms(&interpreter.engine(), |_| true) {
        // What was registered last stands in front of what the language brings.
        all.entry(name).or_default().entry(params).or_insert(gives);
    }
    for overloads in all.values_mut() {
        let open: BTreeSet<usize> = overloads
            .keys()
            .filter(|params| !params.is_empty() && params.iter().all(|(_, of)| of == "?"))
            .map(Vec::len)
            .collect();
        // One that takes anything says all.
        overloads.retain(|params, _| {
            !open.contains(&params.len()) || params.iter().all(|(_, of)| of == "?" || of == "FnPtr")
        });
    }
    all
}

fn unknown() -> (String, String) {
    ("_".to_owned(), "?".to_owned())
}

/// A parameter of the engine's: `name: type`, or a type alone.
fn param(text: &str) -> (String, String) {
    match text.split_once(':').filter(|(name, _)| !name.contains(['&', '<']) && !text.starts_with("rhai::")) {
        Some((name, of)) => (name.trim().trim_start_matches("mut ").to_owned(), type_name(of)),
        None => ("_".to_owned(), type_name(text)),
    }
}

/// The type as editors write it.
fn type_name(of: &str) -> String {
    let of = of.trim().trim_start_matches("&mut ").trim_start_matches('&');
    let outer = of.split('<').next().unwrap_or(of).rsplit("::").next().unwrap_or(of);
    if outer.starts_with("Result") || outer.starts_with("RhaiResult") {
        let inner = of.split_once('<').map_or("?", |(_, inner)| inner.trim_end_matches('>'));
        return type_name(inner.split(", ").next().unwrap_or(inner));
    }
    match outer.trim() {
        "Dynamic" | "_" | "" => "?".to_owned(),
        "i64" | "INT" => "int".to_owned(),
        "f64" | "FLOAT" => "float".to_owned(),
        "string" | "String" | "ImmutableString" | "str" => "String".to_owned(),
        "map" | "BTreeMap" => "Map".to_owned(),
        "Fn" => "FnPtr".to_owned(),
        "array" => "Array".to_owned(),
        "blob" => "Blob".to_owned(),
        "Time" => "time".to_owned(),
        "Handle" => "handle".to_owned(),
        "Vec" => {
            if of.contains("u8") {
                "Blob".to_owned()
            } else {
                "Array".to_owned()
            }
        }
        other => other.replace(' ', "_"),
    }
}

/// The definitions of durun's own functions, for an editor: `durun.d.rhai`.
pub fn host_definitions() -> String {
    let interpreter = Interpreter::new();
    let (all, described) = (all(&interpreter), Described::read());
    let mut out = "module static;\n\n// durun's functions. Written by durun init; durun init writes it again where it is missing.\n\n\
                   /// What the run was started with.\nconst input: ?;\n\n\
                   /// What is known of the run: id, generation, started_at, cancelled, answers.\nconst run: Map;\n"
        .to_owned();
    for name in super::calls::names() {
        let Some(overloads) = all.get(name) else { continue };
        for (params, gives) in overloads.iter().filter(|(params, _)| !is_logarithm(name, params)) {
            out.push('\n');
            for line in without_links(described.about(name)).lines() {
                writeln!(out, "/// {line}").unwrap_or_default();
            }
            writeln!(out, "{}", written(name, &described.named(name, params.clone()), gives))
                .unwrap_or_default();
        }
    }
    out
}

/// The definitions of all other functions that a script may call, for an editor: `language.d.rhai`.
pub fn language_definitions() -> String {
    let interpreter = Interpreter::new();
    let mut out = "module static;\n\n// The functions of the language. Written by durun init.\n".to_owned();
    let hosts: BTreeSet<&str> = super::calls::names().collect();
    for (name, overloads) in all(&interpreter).iter().filter(|(name, _)| !hosts.contains(name.as_str())) {
        out.push('\n');
        for (params, gives) in overloads {
            writeln!(out, "{}", written(name, params, gives)).unwrap_or_default();
        }
    }
    out
}

/// The signatures of durun's own functions, one a line: the part of the reference that is made from the code.
pub fn host_signatures() -> String {
    let interpreter = Interpreter::new();
    let (all, described) = (all(&interpreter), Described::read());
    let mut out = String::new();
    for name in super::calls::names() {
        let overloads = all.get(name).into_iter().flatten();
        for (params, gives) in overloads.filter(|(params, _)| !is_logarithm(name, params)) {
            let params = described.named(name, params.clone());
            writeln!(out, "{}", written(name, &params, gives)).unwrap_or_default();
        }
    }
    out
}

/// Words of the reference without the addresses of its links: beside a script those pages are not.
fn without_links(text: &str) -> String {
    let mut pieces = text.split("](");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (begun, rest) = (out.rfind('['), piece.split_once(')').map_or("", |(_, rest)| rest));
        if let Some(begun) = begun {
            out.remove(begun);
        }
        out.push_str(rest);
    }
    out
}

fn is_logarithm(name: &str, params: &[(String, String)]) -> bool {
    name == LOGARITHM.0 && params.iter().map(|(_, of)| of.as_str()).eq(LOGARITHM.1)
}

fn written(name: &str, params: &[(String, String)], gives: &str) -> String {
    let is_word = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if !is_word {
        let types: Vec<&str> = params.iter().map(|(_, of)| of.as_str()).collect();
        return format!("op {name}({}) -> {gives};", types.join(", "));
    }
    let listed: Vec<String> = params.iter().map(|(name, of)| format!("{name}: {of}")).collect();
    let name = name.replacen("get$", "get ", 1).replacen("set$", "set ", 1);
    format!("fn {name}({}) -> {gives};", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_as_many_parameters_as_its_heading_says() {
        let (all, described) = (all(&Interpreter::new()), Described::read());
        let mut wrong = Vec::new();
        for name in super::super::calls::names() {
            let code: BTreeSet<usize> =
                all.get(name).into_iter().flatten().map(|(params, _)| params.len()).collect();
            let page = described.counts(name);
            if code != page {
                wrong.push(format!("{name}: the code takes {code:?} arguments, the page says {page:?}"));
            }
        }
        assert!(wrong.is_empty(), "docs/reference/host-functions.md:\n{}", wrong.join("\n"));
    }

    #[test]
    fn definitions_name_types_and_parameters_and_say_what_it_is_for() {
        let definitions = host_definitions();
        for wanted in [
            "a restart does not lengthen it. Errors: `cancelled`.\nfn sleep(duration: ?) -> ?;",
            "fn activity(name: String, input: ?, options: Map) -> ?;",
        ] {
            assert!(definitions.contains(wanted), "{wanted} is not in\n{definitions}");
        }
        assert!(!definitions.contains("durun_") && !definitions.contains("]("), "{definitions}");
        assert!(definitions.contains("See approvals.\n"), "{definitions}");
        let language = language_definitions();
        for wanted in
            ["fn to_upper(string: String) -> String;", "op +(time, String) -> time;", "fn get unix_ms("]
        {
            assert!(
                language.contains(wanted),
                "{wanted}: {:?}",
                language.lines().filter(|line| line.contains(&wanted[..7])).collect::<Vec<_>>()
            );
        }
        assert!(!language.contains("fn activity("));
    }
}
