//! What is not there for what it is given: functions, operations and fields, in words, with what was meant and where a `()` came from.

use super::interpreter::Interpreter;
use super::process_result::FIELDS;
use super::program::Script;
use super::reference;
use crate::history::nearest;

/// The text around an error.
pub(super) struct Spot<'s> {
    /// The lines above, and what stands left of it.
    pub(super) before: &'s str,
    /// What stands from there on.
    pub(super) after: &'s str,
}

impl<'s> Spot<'s> {
    /// A line and a column of a text, from 1.
    pub(super) fn of(text: &'s str, line: u32, column: u32) -> Option<Self> {
        let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
        let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
        let within = text.get(start..)?;
        let at = within.char_indices().nth(column.checked_sub(1)?).map_or(within.len(), |(place, _)| place);
        let (before, after) = text.split_at_checked(start + at)?;
        Some(Self { before, after })
    }
}

/// The words about a function or operation that the engine has not for these types, and what to do.
pub(super) fn function(
    signature: &str,
    spot: Option<&Spot<'_>>,
    script: &Script,
) -> (String, Option<String>) {
    let signature = signature.strip_prefix(super::rewrite::FORGET).unwrap_or(signature);
    let (name, given) = signature.split_once(" (").unwrap_or((signature, ""));
    let given: Vec<&str> = given.strip_suffix(')').unwrap_or(given).split(", ").map(type_of).collect();
    let given: Vec<&str> = given.into_iter().filter(|of| !of.is_empty()).collect();
    if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
        return operation(name, &given, spot, script);
    }
    let is_method = spot.is_some_and(|spot| spot.before.trim_end().ends_with('.'));
    let bare = name.rsplit("::").next().unwrap_or(name);
    if is_method && given.first() == Some(&"()") {
        let read = spot.and_then(|spot| Read::left_of(spot.before));
        let (what, hint) = nothing(read.as_ref(), spot, script);
        return (format!("{what} is (), which has no function {bare}"), Some(hint));
    }
    if is_method
        && let Some(of) = given.first()
        && let Some(hint) = super::foreign::of_kind(of, bare)
    {
        return (format!("there is no function {bare} for {of}"), Some(hint.to_owned()));
    }
    if let Some((own, captured)) = script.closure(bare).filter(|_| bare.starts_with("anon$")) {
        let (message, hint) = closure(&own, given.len().saturating_sub(captured), spot);
        return (message, Some(if is_method { super::foreign::CLOSURES.to_owned() } else { hint }));
    }
    let host = reference::headings(bare);
    if let Some(own) = script.parameters(bare) {
        let message = format!("{bare} does not take {}", arguments(&given));
        return (message, Some(format!("it is written fn {bare}({own})")));
    }
    if !host.is_empty() {
        let message = format!("{bare} does not take {}", arguments(&given));
        return (message, Some(format!("it is written {}", host.join(" or "))));
    }
    let near = near(bare, script).map(|near| format!("did you mean {near}?"));
    match (is_method, given.split_first()) {
        (true, Some((of, _))) => (format!("there is no function {bare} for {of}"), near),
        _ => (format!("there is no function {name}({})", given.join(", ")), near),
    }
}

/// The words about a field that values of that type do not have.
pub(super) fn property(message: &str) -> Option<(String, Option<String>)> {
    let (name, rest) = message.strip_prefix("Unknown property '")?.split_once('\'')?;
    let of = rest.rsplit_once("for type '").map_or("it", |(_, of)| type_of(of.trim_end_matches('\'')));
    Some((format!("there is no field {name} in {of}"), (of == "handle").then(|| JOIN.to_owned())))
}

/// The words about a closure that takes more than the call gives to which it was handed over.
fn closure(own: &[&str], given: usize, spot: Option<&Spot<'_>>) -> (String, String) {
    let is_part = |part: char| part.is_alphanumeric() || part == '_';
    let call = spot.map(|spot| spot.after.split(|part| !is_part(part)).next().unwrap_or_default());
    let of = call.filter(|call| !call.is_empty()).map(|call| format!(" of {call}")).unwrap_or_default();
    let count = match given {
        0 => "no argument".to_owned(),
        1 => "one argument".to_owned(),
        more => format!("{more} arguments"),
    };
    let message = format!("the closure{of} is given {count}, and this one is written |{}|", own.join(", "));
    (message, format!("write it |{}| …", own.get(..given).unwrap_or(own).join(", ")))
}

fn arguments(given: &[&str]) -> String {
    if given.is_empty() { "no arguments".to_owned() } else { format!("({})", given.join(", ")) }
}

/// The name that was meant, perhaps: of host functions, of the script's own, of the language's.
fn near(name: &str, script: &Script) -> Option<String> {
    if let Some(meant) = super::foreign::meant(name) {
        return Some(meant.to_owned());
    }
    let own = script.functions();
    let hosts = super::calls::names().map(|host| -> &str { host }).chain(own.iter().map(String::as_str));
    let found = nearest(name, hosts).map(str::to_owned).or_else(|| {
        let engine = Interpreter::new().engine();
        let all = engine.collect_fn_metadata(None, |function| Some(function.metadata.name.to_string()), true);
        let is_word = |name: &&str| name.starts_with(char::is_alphabetic) && !name.starts_with("durun_");
        nearest(name, all.iter().map(String::as_str).filter(is_word).filter(|name| !name.contains('$')))
            .map(str::to_owned)
    });
    // What there is for other values was meant as it stands.
    found.filter(|found| found != name)
}

/// A type as people call it.
pub(super) fn type_of(of: &str) -> &str {
    match of.trim() {
        "&str | ImmutableString | String" | "string" | "ImmutableString" | "&str" => "text",
        "i64" => "int",
        "f64" => "float",
        "Fn" => "function",
        "blob" => "bytes",
        other => match other.rsplit("::").next().unwrap_or(other) {
            "Handle" => "handle",
            "ProcessResult" => "process result",
            "Time" => "time",
            plain => plain,
        },
    }
}

/// How the value of a handle is had.
pub(super) const JOIN: &str = "the value of a handle is what .join() gives";

fn operation(
    name: &str,
    given: &[&str],
    spot: Option<&Spot<'_>>,
    script: &Script,
) -> (String, Option<String>) {
    let message = format!("'{name}' does not take {}", given.join(" and "));
    let is_nothing = given.iter().position(|of| *of == "()");
    let read = spot.and_then(|spot| match is_nothing {
        Some(0) if given.len() > 1 => Read::left_of(spot.before),
        Some(_) => Read::right_of(spot.after.strip_prefix(name).unwrap_or(spot.after)),
        None => None,
    });
    if is_nothing.is_some() {
        let (what, hint) = nothing(read.as_ref(), spot, script);
        return (format!("{message}: {what} is ()"), Some(hint));
    }
    if given.contains(&"handle") {
        return (message, Some(JOIN.to_owned()));
    }
    let is_number = |of: &&str| ["int", "float"].contains(of);
    let mixed = given.contains(&"text") && given.iter().any(is_number);
    let hint = "a number is read out of text by parse_int(text) or parse_float(text)";
    (message, mixed.then(|| hint.to_owned()))
}

/// What was read: a field, or a variable.
#[derive(Debug, PartialEq, Eq)]
enum Read<'s> {
    Field(&'s str),
    Variable(&'s str),
}

impl<'s> Read<'s> {
    /// What stands left of a place: `order.total` or `total`, with or without the dot behind it.
    fn left_of(before: &'s str) -> Option<Self> {
        let text = before.trim_end();
        let text =
            text.strip_suffix('.').map_or(text, |text| text.strip_suffix('?').unwrap_or(text)).trim_end();
        let rest = text.trim_end_matches(is_word);
        let name = text.get(rest.len()..).filter(|name| !name.is_empty())?;
        Some(if rest.trim_end().ends_with('.') { Self::Field(name) } else { Self::Variable(name) })
    }

    /// The same right of a place.
    fn right_of(after: &'s str) -> Option<Self> {
        let text = after.trim_start();
        let chain = text.trim_start_matches(|one| is_word(one) || one == '.');
        let chain = text.get(..text.len() - chain.len())?;
        // What is called there is no field.
        let is_call = text.get(chain.len()..).is_some_and(|rest| rest.starts_with('('));
        Self::left_of(chain).filter(|_| !is_call)
    }
}

fn is_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

/// What is `()`, and what to do about it.
fn nothing(read: Option<&Read<'_>>, spot: Option<&Spot<'_>>, script: &Script) -> (String, String) {
    let reads = "a field that a map does not have reads as (): look at its name, or say what stands for it: map.field ?? 0";
    match read {
        Some(Read::Field(field)) => {
            let near = field_like(field, script).map(|near| format!("did you mean {near}?"));
            ((*field).to_owned(), near.unwrap_or_else(|| reads.to_owned()))
        }
        Some(Read::Variable(name)) => {
            let given = spot.and_then(|spot| field_given(spot.before, name));
            let hint = match given {
                Some((field, line)) => match field_like(field, script) {
                    Some(near) => format!("line {line} reads {field}: did you mean {near}?"),
                    None => format!("line {line} reads {field}; {reads}"),
                },
                None => format!("nothing was given to {name}, or what was given was ()"),
            };
            ((*name).to_owned(), hint)
        }
        None if spot.is_some_and(|spot| spot.before.trim_end().ends_with(')')) => (
            "what was called gives nothing, and".to_owned(),
            "a function gives its last expression, without ';' behind it, or what return says".to_owned(),
        ),
        None => ("it".to_owned(), reads.to_owned()),
    }
}

/// The field that a variable was given, and the line: `let text = done.stdot;`.
fn field_given<'s>(before: &'s str, name: &str) -> Option<(&'s str, usize)> {
    let (number, value) = before
        .lines()
        .enumerate()
        .filter_map(|(number, line)| {
            let rest = line.trim_start().strip_prefix("let ")?.trim_start().strip_prefix(name)?;
            Some((number, rest.trim_start().strip_prefix('=')?.split(';').next()?))
        })
        .last()?;
    match Read::left_of(value)? {
        Read::Field(field) => Some((field, number + 1)),
        Read::Variable(_) => None,
    }
}

/// A field that is like it: of results, of the inputs, or one that the texts write.
fn field_like(field: &str, script: &Script) -> Option<String> {
    let inputs = script.params.iter().flat_map(|params| params.all().iter().map(|param| param.name.as_str()));
    let source = script.source();
    let texts = std::iter::once(&source.main).chain(source.modules.values());
    let written = texts
        .flat_map(|text| text.split(':').map(|part| part.rsplit(|one| !is_word(one)).next().unwrap_or("")));
    let known = FIELDS.iter().copied().chain(inputs).chain(written);
    nearest(field, known.filter(|known| *known != field && !known.is_empty())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_found_on_both_sides() {
        for (before, read) in [
            ("let a = done.stdot.", Some(Read::Field("stdot"))),
            ("total ", Some(Read::Variable("total"))),
            ("f(order . price ", Some(Read::Field("price"))),
            ("list[0].", None),
            ("", None),
        ] {
            assert_eq!(Read::left_of(before), read, "{before}");
        }
        assert_eq!(Read::right_of(" order.price;"), Some(Read::Field("price")));
        assert_eq!(Read::right_of(" price + 1"), Some(Read::Variable("price")));
        assert_eq!(Read::right_of(" price(1)"), None);
        assert_eq!(Read::right_of(""), None);
    }

    #[test]
    fn a_place_is_cut_where_its_column_is() {
        let cut = |line, column| Spot::of("a\nbü.c\n", line, column).map(|spot| (spot.before, spot.after));
        assert_eq!(cut(2, 4), Some(("a\nbü.", "c\n")));
        assert_eq!(cut(1, 1), Some(("", "a\nbü.c\n")));
        assert_eq!(cut(0, 1), None);
        assert_eq!(cut(9, 9), Some(("a\nbü.c\n", "")));
    }
}
