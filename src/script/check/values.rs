//! The values of options and arguments that are written out: durations, numbers, words of a list, lists where text is given.

use super::super::calls::{LEVELS, check_named, check_value, check_word, choices_of, no_level};
use super::super::raise::{duration_ms, type_word};
use super::Rule;
use super::calls::Called;
use super::known::Functions;
use super::walk::Walker;
use crate::history::nearest;
use crate::timer::{DurationError, Zone, parse_duration, parse_moment};
use rhai::{Array, Dynamic, Expr, Map, Position};

/// Units of time, as they may be meant.
const UNITS: &[&str] = &[
    "ms", "s", "sec", "second", "seconds", "min", "minute", "minutes", "h", "hour", "hours", "d", "day",
    "days", "w", "week", "weeks", "month", "months", "year", "years",
];
/// Options that are durations, of calls that are no effects.
const DURATIONS: &[&str] = &["timeout", "every", "remind", "max"];

/// The value that an expression is, where it is written out; closures and variables are not known.
pub(super) fn literal(expr: &Expr) -> Option<Dynamic> {
    match expr {
        Expr::StringConstant(text, _) => Some(text.clone().into()),
        Expr::IntegerConstant(number, _) => Some((*number).into()),
        Expr::FloatConstant(number, _) => Some((**number).into()),
        Expr::BoolConstant(flag, _) => Some((*flag).into()),
        Expr::CharConstant(character, _) => Some((*character).into()),
        Expr::Unit(_) => Some(Dynamic::UNIT),
        Expr::Array(items, _) => {
            let items: Option<Array> = items.iter().map(literal).collect();
            items.map(Dynamic::from_array)
        }
        Expr::Map(map, _) => {
            let pairs: Option<Map> =
                map.0.iter().map(|(key, value)| Some((key.name.as_str().into(), literal(value)?))).collect();
            pairs.map(Dynamic::from_map)
        }
        _ => None,
    }
}

/// The value of an option that the call takes.
pub(super) fn option(walker: &mut Walker<'_>, call: &str, name: &str, value: &Expr) {
    let Some(given) = literal(value) else { return };
    let position = value.position();
    if let Some(choices) = choices_of(call, name) {
        return chosen(walker, name, &given, &choices, position);
    }
    let is_effect = super::options::is_effect(call);
    let is_duration = DURATIONS.contains(&name) && !is_effect && (name, call) != ("max", "parallel");
    let wrong = if is_duration {
        duration_ms(&given).err().map(|error| format!("{name}: {error}"))
    } else if is_effect || (name, call) == ("rate", "parallel") {
        check_value(name, &given).err()
    } else if let Some(checked) = check_named(call, name, &given) {
        checked.err()
    } else if (name, call) == ("max", "parallel") {
        let fits = given.as_int().is_ok_and(|max| (1..=1000).contains(&max));
        (!fits).then(|| "max is a whole number from 1 to 1000".to_owned())
    } else if (name, call) == ("name", "parallel") {
        Some(format!("name is a closure: name: |item| …, not {}", type_word(&given)))
    } else {
        None
    };
    if let Some(message) = wrong {
        let hint = unit(value);
        walker.tell(Rule::Value, position, message, hint);
    }
}

/// One of a few words.
fn chosen(walker: &mut Walker<'_>, name: &str, given: &Dynamic, choices: &[&str], position: Position) {
    let text = given.clone().into_string().ok();
    if text.as_deref().is_some_and(|text| choices.contains(&text)) {
        return;
    }
    let words: Vec<String> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
    let shown = text.as_ref().map_or_else(|| given.to_string(), |text| format!("\"{text}\""));
    let near = text.and_then(|text| nearest(&text, choices.iter().copied()));
    let hint = near.map(|near| format!("did you mean \"{near}\"?"));
    walker.tell(Rule::Value, position, format!("{name} is {}, not {shown}", words.join(" or ")), hint);
}

/// The unit that was meant, perhaps, in a duration that is none; months and years are told with their way out.
fn unit(value: &Expr) -> Option<String> {
    match value {
        Expr::StringConstant(text, _) => unit_of(text),
        Expr::Map(map, _) => map.0.iter().find_map(|(_, value)| unit(value)),
        _ => None,
    }
}

fn unit_of(text: &str) -> Option<String> {
    let Err(DurationError::Unit(unit)) = parse_duration(text) else { return None };
    let near = nearest(&unit.to_lowercase(), UNITS.iter().copied())?;
    let meant = text.replace(&unit, near);
    Some(match parse_duration(&meant) {
        Ok(_) => format!("did you mean \"{meant}\"?"),
        Err(_) => format!("did you mean \"{meant}\"? It has no fixed length: write it in days or weeks"),
    })
}

/// The arguments of a call that are durations, times, or the words of a program.
pub(super) fn arguments(walker: &mut Walker<'_>, called: &Called<'_>) {
    let arguments = &called.call.args;
    if called.name() == "wait_token" {
        token(walker, arguments.first());
    }
    let place = match (called.name(), arguments.len()) {
        ("sleep" | "timer", 1) => 0,
        ("wait_signal" | "start_wait_signal" | "wait_until" | "wait_token", 2) => 1,
        ("sleep_until" | "timer_until", 1) => return time(walker, arguments.first()),
        ("exec", _) => {
            argv(walker, arguments.first());
            return program(walker, arguments);
        }
        ("sh", 2 | 3) => return argv(walker, arguments.get(1)),
        ("random_int", 2) => return range(walker, arguments),
        ("log", 2 | 3) => return level(walker, arguments),
        ("today", 1) => return zone(walker, arguments.first()),
        ("in_zone", 2) => return zone(walker, arguments.get(1)),
        // What is added to a time is a duration.
        ("+" | "-", 2) if arguments.first().is_some_and(|time| is_time(walker, time)) => 1,
        _ => return,
    };
    let Some(value) = arguments.get(place) else { return };
    if matches!(value, Expr::Map(..)) {
        return;
    }
    if let Some(given) = literal(value)
        && let Err(message) = duration_ms(&given)
    {
        let hint = unit(value);
        walker.tell(Rule::Value, value.position(), message, hint);
    }
}

/// Whether an expression is the time now.
pub(super) fn is_now(expr: &Expr, own: &Functions) -> bool {
    matches!(expr, Expr::FnCall(call, _)
        if call.name == "now" && call.args.is_empty() && call.namespace.is_empty() && !own.contains_key("now"))
}

/// Whether an expression is a time: that of now, a variable that holds it, or one that is so much later.
fn is_time(walker: &Walker<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::Variable(variable, ..) => walker.text.times.contains(variable.1.as_str()),
        Expr::FnCall(call, _) if call.op_token.is_some() && ["+", "-"].contains(&call.name.as_str()) => {
            call.args.first().is_some_and(|first| is_time(walker, first))
        }
        other => is_now(other, &walker.text.functions),
    }
}

/// The arguments of a process, each a text or a number.
fn argv(walker: &mut Walker<'_>, list: Option<&Expr>) {
    let Some(Expr::Array(words, _)) = list else { return };
    for expr in words {
        let wrong = match literal(expr) {
            Some(value) => check_word(&value).err(),
            // Of a list or a map not every part need be written out.
            None => match expr {
                Expr::Array(..) => check_word(&Dynamic::from_array(Array::new())).err(),
                Expr::Map(..) => check_word(&Dynamic::from_map(Map::new())).err(),
                _ => None,
            },
        };
        if let Some(message) = wrong {
            let hint = "each argument is a text of its own; a list of them is added with +: [\"ls\"] + files";
            walker.tell(Rule::Value, expr.position(), message, Some(hint.to_owned()));
        }
    }
}

/// `wait_token("order-7")`.
fn token(walker: &mut Walker<'_>, given: Option<&Expr>) {
    let Some(Expr::StringConstant(text, position)) = given else { return };
    let message = format!("\"{text}\" is none of this run's tokens: no run gives one that is known before");
    let hint = "let t = token(); hand it to who is to answer, and wait_token(t); a name that others know is that of a signal: wait_signal(\"name\")";
    walker.tell(Rule::Value, *position, message, Some(hint.to_owned()));
}

/// The calls that record a value, and which of their arguments it is.
const RECORDED: &[(&str, usize)] = &[
    ("publish", 1),
    ("activity", 1),
    ("start_activity", 1),
    ("child", 1),
    ("start_child", 1),
    ("signal_run", 2),
    ("restart_with", 0),
];

/// `publish("total", || 1)`: what is recorded is a value.
pub(super) fn recorded(walker: &mut Walker<'_>, called: &Called<'_>) {
    let Some((name, place)) = RECORDED.iter().find(|(name, _)| *name == called.name()) else { return };
    let Some(value) = called.call.args.get(*place) else { return };
    if let Some(closure) = closure_within(value) {
        let message = format!("{name} records its value, and a closure cannot be recorded");
        let hint = "give the value: a closure of a variable is called so: make.call()";
        walker.tell(Rule::Value, closure.start_position(), message, Some(hint.to_owned()));
    }
}

fn closure_within(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::Array(items, _) => items.iter().find_map(closure_within),
        Expr::Map(map, _) => map.0.iter().find_map(|(_, value)| closure_within(value)),
        other => super::known::closure(other).map(|_| other),
    }
}

/// `random_int(6, 1)`.
fn range(walker: &mut Walker<'_>, arguments: &[Expr]) {
    if let [Expr::IntegerConstant(least, position), Expr::IntegerConstant(most, _)] = arguments
        && least > most
    {
        let message = format!("random_int({least}, {most}): the first may not exceed the second");
        walker.tell(Rule::Value, *position, message, Some(format!("random_int({most}, {least})")));
    }
}

/// `log("wran", "hello")`. A text and a map may be a message and its fields.
fn level(walker: &mut Walker<'_>, arguments: &[Expr]) {
    let Some((Expr::StringConstant(given, position), [message, fields @ ..])) = arguments.split_first()
    else {
        return;
    };
    let is_level = LEVELS.iter().any(|(word, _)| *word == given.as_str());
    if is_level || fields.is_empty() && walker.certain().kind(message).is_none_or(|kind| kind == "Map") {
        return;
    }
    let (lower, words) = (given.to_lowercase(), LEVELS.iter().map(|(word, _)| *word));
    let is_part = |word: &&str| !lower.is_empty() && (lower.starts_with(word) || word.starts_with(&lower));
    let near = nearest(&lower, words.clone()).or_else(|| words.clone().find(is_part));
    let hint = near.map_or_else(
        || "a message is one text: log(`… ${value}`); a map after it has its fields".to_owned(),
        |near| format!("did you mean \"{near}\"?"),
    );
    walker.tell(Rule::Value, *position, no_level(given), Some(hint));
}

/// What a method is given: `now().in_zone("Europe/Berln")`.
pub(super) fn of_method(walker: &mut Walker<'_>, called: &Called<'_>) {
    // A field of a map may hold a function of that name.
    if called.name() == "in_zone" && !walker.world.is_field("in_zone") {
        zone(walker, called.call.args.first());
    }
}

/// `today("Europe/Berln")`.
fn zone(walker: &mut Walker<'_>, value: Option<&Expr>) {
    let Some(Expr::StringConstant(name, position)) = value else { return };
    if Zone::named(name).is_none() {
        let hint = Zone::near(name).first().map_or_else(
            || "write for example \"UTC\" or \"Europe/Berlin\"".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        walker.tell(Rule::Value, *position, format!("\"{name}\" is no time zone"), Some(hint));
    }
}

fn time(walker: &mut Walker<'_>, value: Option<&Expr>) {
    let Some(Expr::StringConstant(text, position)) = value else { return };
    if parse_moment(text).is_none() {
        let message = format!("\"{text}\" is no time");
        let hint =
            "write a date or a time such as \"2026-12-01T09:00:00+01:00\", or add a duration: now() + \"1h\"";
        walker.tell(Rule::Value, *position, message, Some(hint.to_owned()));
    }
}

/// `exec("ls -l")`: a line of text where the program and its arguments belong.
fn program(walker: &mut Walker<'_>, arguments: &[Expr]) {
    let value = arguments.first();
    let (message, hint) = match value {
        Some(Expr::StringConstant(..)) => {
            let texts = arguments.iter().filter_map(|argument| match argument {
                Expr::StringConstant(text, _) => Some(text.as_str()),
                _ => None,
            });
            let text = texts.collect::<Vec<_>>().join(" ");
            let words: Vec<String> = text.split_whitespace().map(|word| format!("{word:?}")).collect();
            let hint = format!("exec([{}]); a line for the shell is sh({text:?})", words.join(", "));
            ("exec takes a program and its arguments as a list", hint)
        }
        Some(Expr::InterpolatedString(..)) => {
            let hint =
                "exec([\"program\", argument]); a line for the shell is sh(\"… \\\"$1\\\"\", [argument])";
            ("exec takes a program and its arguments as a list", hint.to_owned())
        }
        Some(Expr::Array(words, _)) if words.is_empty() => {
            ("exec needs at least a program", "exec([\"ls\", \"-l\"])".to_owned())
        }
        _ => return,
    };
    let position = value.map_or(Position::NONE, Expr::position);
    walker.tell(Rule::Program, position, message.to_owned(), Some(hint));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_is_nearly_one_is_told() {
        for (text, hint) in [
            ("5 minuts", Some("did you mean \"5 minute\"?")),
            ("5 mim", Some("did you mean \"5 min\"?")),
            ("2 dyas", Some("did you mean \"2 days\"?")),
            ("1 moth", Some("did you mean \"1 month\"? It has no fixed length: write it in days or weeks")),
            ("1 parsec", None),
            ("1h", None),
        ] {
            assert_eq!(unit_of(text).as_deref(), hint, "{text}");
        }
    }
}
