//! A script that cannot be loaded, in words: the line of the mistake, and what to write instead.

use super::escape::shell;
use super::exit::Exit;
use super::foreign_syntax::{self, Slip};
use super::place::Place;
use super::report::Report;
use crate::client::{ProgramError, is_script};
use std::path::Path;

/// The report of such an error.
pub(super) fn of(error: &ProgramError) -> Report {
    match error {
        ProgramError::NotFound { near, path } => {
            let report = Report::new("D0401", Exit::Missing, error.to_string());
            match near.as_slice() {
                [] => report
                    .hint("give the path of a script as it is seen from here; durun init writes a first one"),
                [other] if !is_script(other) => {
                    let file = path.with_file_name(other);
                    let file = if file.components().count() == 1 { Path::new(".").join(file) } else { file };
                    let file = shell(&file.display().to_string());
                    report.hint(format!(
                        "did you mean {other}? that is no script: durun exec -- {file} executes a program"
                    ))
                }
                near => report.hint(format!("did you mean {}?", near.join(" or "))),
            }
        }
        ProgramError::NotAFile { path } => Report::new("D0402", Exit::Usage, error.to_string()).hint(
            format!("name the script itself: {}", shell(&path.join("FILE.rhai").display().to_string())),
        ),
        ProgramError::NotUtf8 { path, offset } => Report::new("D0403", Exit::Usage, error.to_string())
            .note(format!("the first byte that is none stands at place {offset}"))
            .hint(format!("convert it: iconv -f LATIN1 -t UTF-8 {}", shell(&path.display().to_string()))),
        ProgramError::TooLarge { .. } => Report::new("D0404", Exit::Usage, error.to_string())
            .hint("put data into a file of its own, and read it in a step: read_file(\"data.json\")"),
        ProgramError::Unreadable { path, .. } => Report::new("D0405", Exit::Io, error.to_string()).hint(
            format!("ls -l {} says whose it is and who may read it", shell(&path.display().to_string())),
        ),
        ProgramError::Syntax { path, text, error: syntax } => {
            // The script itself is called as it was typed.
            let own = std::path::Path::new(&syntax.file).is_absolute();
            let file = if own { path.display().to_string() } else { syntax.file.clone() };
            let (text_of, place_of) = (text.as_deref(), (syntax.line, syntax.column));
            let above = text_of.and_then(|text| end_above(&syntax.message, place_of, text));
            let hint = of_another_language(path, text_of)
                .or_else(|| syntax_hint(&syntax.message, place_of, text_of));
            let (line, column) = above.map_or(place_of, |(line, column)| (Some(line), Some(column)));
            let place = text.clone().zip(line).map(|(text, line)| {
                Place::new(super::escape::line(&file), text, line).labelled(column, syntax.message.clone())
            });
            let message = format!("{file} is no valid script: {}", syntax.message);
            let report = Report::new("D0406", Exit::Usage, message).at(place).note("nothing was recorded");
            match hint {
                Some(hint) if above.is_some() && hint == ABOVE => {
                    report.hint("put ';' at the end of this line")
                }
                Some(hint) => report.hint(hint),
                None => report.hint(format!(
                    "durun check {} looks again, and starts nothing",
                    shell(&path.display().to_string())
                )),
            }
        }
    }
}

/// What to do with a program that is no script of durun: by its first line, or its name.
fn of_another_language(path: &Path, text: Option<&str>) -> Option<String> {
    let first = text.and_then(|text| text.lines().next()).unwrap_or_default();
    let is_other = match path.extension().and_then(|kind| kind.to_str()) {
        Some("rhai") => false,
        Some("sh" | "bash" | "py" | "js" | "rb" | "pl") => true,
        _ => first.starts_with("#!") && !first.contains("durun"),
    };
    let name = shell(&path.display().to_string());
    is_other.then(|| format!("a program of another language is one durable step so: durun exec -- {name}"))
}

/// Words of the language that stand nowhere as a name, but in quotes.
const WORDS: &[&str] = &[
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "if",
    "import", "in", "let", "loop", "private", "return", "switch", "throw", "true", "try", "until", "while",
];

/// How a field that is called like a word of the language is written.
fn field_hint(message: &str, before: &str, after: &str) -> Option<String> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let end = after.find(|letter| !is_part(letter)).unwrap_or(after.len());
    let (word, rest) = after.split_at_checked(end)?;
    if !message.contains("reserved") && !WORDS.contains(&word) || word.is_empty() {
        return None;
    }
    if let Some(map) = before.strip_suffix('.') {
        let name = map.rfind(|letter| !is_part(letter)).map_or(Some(map), |place| map.get(place + 1..));
        let name = name.filter(|name| !name.is_empty()).unwrap_or("data");
        return Some(format!("{word} is a word of the language: the field is written {name}[\"{word}\"]"));
    }
    let is_key = before.is_empty() || before.ends_with(['{', ',']);
    (is_key && rest.trim_start().starts_with(':') && !rest.trim_start().starts_with("::")).then(|| {
        format!(
            "{word} is a word of the language: as a key it is written #{{\"{word}\": …}}, and read as data[\"{word}\"]"
        )
    })
}

/// What to do about a statement without an end, where the next line is looked at.
const ABOVE: &str = "put ';' at the end of the line above";

/// The end of the line above a mistake, where its ';' is what is missing.
fn end_above(message: &str, (line, column): (Option<u32>, Option<u32>), text: &str) -> Option<(u32, u32)> {
    let below = syntax_hint(message, (line, column), Some(text))? == ABOVE;
    let number = line?.checked_sub(1).filter(|_| below)?;
    let above = text.lines().nth(usize::try_from(number.checked_sub(1)?).ok()?)?.trim_end();
    // Where the statement ends beside a comment, or above an empty line, is not looked for.
    let is_plain = !above.is_empty() && !above.contains("//") && !above.contains("*/");
    let end = u32::try_from(above.chars().count()).ok()?;
    is_plain.then_some((number, end))
}

/// What to do about the mistakes that the language invites.
pub(super) fn syntax_hint(
    message: &str,
    (line, column): (Option<u32>, Option<u32>),
    text: Option<&str>,
) -> Option<String> {
    let line = usize::try_from(line?).ok()?.checked_sub(1)?;
    let line = text?.lines().nth(line)?;
    let place = usize::try_from(column.unwrap_or(1)).ok()?.saturating_sub(1);
    let before: String = line.chars().take(place).collect();
    let after: String = line.chars().skip(place).collect();
    let (line, before) = (line.trim_start(), before.trim());
    field_hint(message, before, &after)
        .or_else(|| usual_hint(message, line, before, &after).map(str::to_owned))
}

fn usual_hint(message: &str, line: &str, before: &str, after: &str) -> Option<&'static str> {
    let begins = |word: &str| line.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '(']));
    let slip = Slip { message, line, before, after };
    if let Some(hint) = foreign_syntax::hint(&slip) {
        return Some(hint);
    }
    if message.contains("reserved") {
        return Some("the word belongs to the language: take another name");
    }
    if message.contains("separate the items of this array") || message.contains("separate the arguments") {
        return Some("a ',' before this place is missing, or the bracket at the end");
    }
    if after.starts_with("try") && message.starts_with("Unexpected") {
        return Some(foreign_syntax::TRY);
    }
    if message.starts_with("Unexpected") {
        return Some("the expression before it is not complete: a value is missing there");
    }
    if message.contains("';'") {
        return Some(if begins("fn") || begins("private") {
            "put functions before the script's last expression: its value is the run's result"
        } else if before.is_empty() {
            ABOVE
        } else {
            "put ';' between the two statements, or an operator between the two values"
        });
    }
    if message.contains("string is not terminated") {
        return Some("close it on the same line; text over several lines stands between backticks");
    }
    if message.contains("'}' to terminate this block") || message.contains("end this object map") {
        return Some("each '{' needs its '}': one that was opened before is still open");
    }
    if message.contains("')'") || message.contains("']'") {
        return Some("each '(' and '[' needs its end: one that was opened before is still open");
    }
    None
}
