//! `durun start FILE --help`: before the grammar, what the script says of itself and which inputs it takes.

use super::args::{Command, CommandLine};
use super::escape::{self, shell};
use super::opening::executor;
use crate::client::{Param, Params, load_program, type_of};
use crate::history::Value;
use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;

/// Prints it where the arguments ask for the help of `start` and name a script that can be read.
pub(crate) fn add(error: &clap::Error, arguments: &[OsString]) {
    if error.kind() != ErrorKind::DisplayHelp {
        return;
    }
    let others = arguments.iter().filter(|word| *word != "--help" && *word != "-h");
    let Ok(CommandLine { command: Some(Command::Start(args)), .. }) = CommandLine::try_parse_from(others)
    else {
        return;
    };
    // A script that cannot be read has no inputs to tell of; a start of it says why.
    let Ok(program) = load_program(args.script(), executor().as_ref()) else { return };
    let text = program.texts.first().map_or("", |(_, text)| text.as_str());
    let file = escape::line(&args.script().display().to_string());
    let shown = of(&file, text, program.params.as_ref());
    // Where stdout is closed nobody is listening.
    let _closed = std::io::stdout().write_all(escape::block(&format!("{shown}\n")).as_bytes());
}

/// What a script says of itself.
fn of(file: &str, text: &str, params: Option<&Params>) -> String {
    let mut shown = format!("{file}:\n");
    let about = about(text);
    if about.is_empty() {
        shown
            .push_str("  It does not say what it does: a comment in its first lines, // …, is shown here.\n");
    }
    for line in about {
        writeln!(shown, "  {line}").unwrap_or_default();
    }
    let Some(params) = params else {
        shown.push_str("  It declares no inputs: -i takes any name.\n");
        return shown;
    };
    let rows: Vec<(String, String)> = params.all().iter().map(row).collect();
    let width = rows.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default();
    shown.push_str(if rows.is_empty() { "  It takes no inputs.\n" } else { "\nInputs:\n" });
    for (left, right) in rows {
        writeln!(shown, "  {left:width$}  {right}").unwrap_or_default();
    }
    shown
}

fn row(param: &Param) -> (String, String) {
    let name = &param.name;
    match &param.default {
        None => (format!("-i {name}=…"), "has to be given".to_owned()),
        Some(default @ (Value::List(_) | Value::Map(_))) => (
            format!("-i {name}:=…"),
            format!("{}, else {}", type_of(default), escape::cut(&default.to_string(), 60)),
        ),
        Some(default) => (
            format!("-i {name}=…"),
            format!("{}, else {}", type_of(default), escape::cut(&default.to_string(), 60)),
        ),
    }
}

/// The comment at the top of a script.
fn about(text: &str) -> Vec<&str> {
    let lines = text.lines().skip_while(|line| line.starts_with("#!") || line.trim().is_empty());
    lines.map_while(|line| line.strip_prefix("//")).map(|line| line.trim_start_matches('/').trim()).collect()
}

/// What is to be typed where a word `key=text` stands alone, a field of the input, and where no run is named.
pub(crate) fn tip(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    if error.kind() == ErrorKind::MissingRequiredArgument
        && let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg)
        && missing.iter().any(|word| word.contains("<ID>"))
    {
        return Some("\n  tip: durun list names the runs; @last stands for the newest\n".to_owned());
    }
    let starts = arguments.iter().any(|word| word == "start" || word == "run");
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else { return None };
    let is_pair = word.split_once('=').is_some_and(|(key, _)| !key.is_empty() && !key.starts_with('-'));
    (starts && is_pair && error.kind() == ErrorKind::UnknownArgument)
        .then(|| format!("\n  tip: each field of the input has its own -i: -i {}\n", shell(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_at_the_top_is_what_the_script_says_of_itself() {
        assert_eq!(
            about("#!/usr/bin/env -S durun start\n\n// Copies.\n// Nightly.\nlet a; // no\n"),
            ["Copies.", "Nightly."]
        );
        assert_eq!(about("let a = 1;\n// later\n"), Vec::<&str>::new());
    }

    #[test]
    fn a_script_without_a_declaration_says_so() {
        let said = "It declares no inputs: -i takes any name.";
        assert_eq!(of("a.rhai", "// Copies.\n1", None), format!("a.rhai:\n  Copies.\n  {said}\n"));
        let mute = "It does not say what it does: a comment in its first lines, // …, is shown here.";
        assert_eq!(of("a.rhai", "1", None), format!("a.rhai:\n  {mute}\n  {said}\n"));
    }
}
