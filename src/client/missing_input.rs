//! An input that a stuck run was not given, where the line that it is stuck at reads it.

use super::status::{script_text, start_of};
use super::{ClientError, Session};
use crate::history::{RunNo, Stuck, Value, kind, nearest};

/// Why a run is stuck, with what to do about an input that it was not given, where that is the reason.
pub fn hinted(session: &Session, run: RunNo, stuck: &Stuck) -> Stuck {
    // What cannot be read says nothing.
    let missing = missing_input(session, run, stuck).ok().flatten();
    Stuck { hint: missing.or_else(|| stuck.hint.clone()), ..stuck.clone() }
}

/// What to do about an input that was not given to a run, where the line at which it is stuck needs it; nothing where the script
/// declares its inputs, or none is missing. Of a script's text only what is written out is seen: `input.name`, and a variable that
/// was given that.
fn missing_input(session: &Session, run: RunNo, stuck: &Stuck) -> Result<Option<String>, ClientError> {
    if stuck.kind != kind::FAULT {
        return Ok(None);
    }
    let (path, text) = script_text(session, run)?;
    // The line is one of another file.
    if stuck.file.as_ref().is_some_and(|file| *file != path) {
        return Ok(None);
    }
    let input = start_of(session, run)?.input;
    Ok(stuck.line.and_then(|line| hint(&text, line, &input)))
}

fn hint(text: &str, line: u32, input: &Value) -> Option<String> {
    let Value::Map(given) = input else { return None };
    let place = usize::try_from(line.checked_sub(1)?).ok()?;
    let stands = text.lines().nth(place)?;
    if text.contains("params(") {
        return None;
    }
    let is_missing = |name: &&str| !given.contains_key(*name);
    let name = read(stands).find(is_missing).or_else(|| {
        let earlier =
            text.lines().take(place).filter_map(kept).filter(|(variable, _)| has_word(stands, variable));
        earlier.map(|(_, name)| name).filter(is_missing).last()
    })?;
    let known = given.keys().map(String::as_str);
    let near = nearest(name, known).map(|near| format!(", but input.{near}"));
    Some(format!(
        "this run was not given input.{name}{}: start another with -i {name}=…; a script that declares it, params(#{{ {name}: … }}), \
         is not started without it",
        near.unwrap_or_default()
    ))
}

/// The fields of `input` that a line reads.
fn read(line: &str) -> impl Iterator<Item = &str> {
    const INPUT: &str = "input.";
    line.match_indices(INPUT).filter_map(move |(at, _)| {
        let is_own = !line.get(..at)?.ends_with(|before: char| is_of_name(before) || before == '.');
        let rest = line.get(at + INPUT.len()..)?;
        let end = rest.find(|next: char| !is_of_name(next)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        // `input.keys()` is a function, `input.name ?? 1` says what stands for it.
        let is_needed = !after.starts_with(['(', '?']) && !after.trim_start().starts_with("??");
        (is_own && is_needed && !name.is_empty()).then_some(name)
    })
}

/// The variable that a line declares as nothing but a field of `input`.
fn kept(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("let ").or_else(|| rest.strip_prefix("const "))?;
    let (variable, value) = rest.split_once('=')?;
    let value = value.split("//").next()?.trim().trim_end_matches(';').trim_end();
    let name = read(value).next()?;
    (value.strip_prefix("input.")? == name).then_some((variable.trim(), name))
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|letter: char| !is_of_name(letter)).any(|known| known == word)
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, line: u32) -> Option<String> {
        let given = Value::from([("dry", Value::from(true)), ("ordres", Value::from("x"))]);
        hint(text, line, &given).map(|hint| hint.split(':').next().unwrap_or_default().to_owned())
    }

    #[test]
    fn the_input_that_the_line_needs_and_that_was_not_given_is_named() {
        let who = Some("this run was not given input.who".to_owned());
        for (text, line) in [
            ("print(input.who.to_upper())", 1),
            ("print(input.dry + input.who)", 1),
            ("step(\"a\", || `hi ${input.who}`)", 1),
            ("let who = input.who;\n\nwho.to_upper()", 3),
            ("const w = input.who; // a name\nif w > 1 { }", 2),
        ] {
            assert_eq!(named(text, line), who, "{text}");
        }
        let near = "this run was not given input.orders, but input.ordres";
        assert_eq!(named("for o in input.orders { }", 1).as_deref(), Some(near));
        let whole = hint("input.who.len()", 1, &Value::from([])).expect("a hint");
        assert!(whole.ends_with("start another with -i who=…; a script that declares it, params(#{ who: … }), is not started without it"));
    }

    #[test]
    fn what_was_given_or_has_something_that_stands_for_it_is_no_reason() {
        for (text, line) in [
            ("input.dry.nonsense()", 1),
            ("missing(input.who ?? 1)", 1),
            ("missing(input.who?.len)", 1),
            ("input.keys().nonsense()", 1),
            ("let a = #{input: 1}; a.input.who.len()", 1),
            ("my_input.who.len()", 1),
            ("let who = input.who ?? 1;\nwho.nonsense()", 2),
            ("let who = input.who;\nwhoever.nonsense()", 2),
            ("params(#{ who: \"\" });\ninput.who.nonsense()", 2),
            ("let a = 1;", 7),
        ] {
            assert_eq!(named(text, line), None, "{text}");
        }
        assert_eq!(hint("input.who.len()", 1, &Value::Null), None, "there is no such field of anything");
    }
}
