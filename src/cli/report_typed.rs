//! What was typed and is no value, in words: what to type instead.

use super::escape::shell;
use super::exit::Exit;
use super::input::InputError;
use super::report::Report;
use crate::history::ValueError;

/// The report of such an error.
pub(super) fn of(error: &InputError) -> Report {
    let report = |code| Report::new(code, Exit::Usage, error.to_string());
    match error {
        InputError::NoOp { .. } => {
            report("D1208").hint("write --set OP=JSON, for example --set '3={\"price\": 12}'")
        }
        InputError::NoEquals { .. } => report("D0211").hint("write -i key=text or -i key:=JSON"),
        InputError::NoKey { .. } => report("D0212").hint("write -i key=text or -i key:=JSON"),
        InputError::Twice { key } => report("D0213").hint(format!(
            "leave one of them out; a list is JSON: -i {}",
            shell(&format!("{key}:=[\"a\", \"b\"]"))
        )),
        InputError::NotAMap => report("D0214").hint("give the input as a whole with --input, or its fields with -i"),
        InputError::Json { instead, .. } => match instead {
            Some(instead) if !is_structure(instead) => report("D0215").hint(format!("text is written {}", instead_text(instead))),
            Some(_) | None => report("D0215")
                .hint("in JSON text and names stand in double quotes, the whole in the shell's: '{\"by\": \"Ada\"}'"),
        },
        InputError::Limit { error, .. } => report("D0216").hint(instead_of(error)),
        InputError::File { path, missing, .. } => {
            let exit = if *missing { Exit::Missing } else { Exit::Io };
            let text = shell(&format!("key:=\"@{}\"", path.display()));
            Report::new("D0217", exit, error.to_string())
                .note("@ names a file, as it is seen from here")
                .hint(format!("text that begins with @ is JSON: -i {text}"))
        }
        InputError::NotUtf8 { .. } => {
            report("D0218").hint("convert it, iconv -f LATIN1 -t UTF-8 FILE, or give the file's path as text")
        }
    }
}

/// Whether a list or a map was meant, which as text would be something else.
fn is_structure(instead: &str) -> bool {
    let bare = instead.trim_start_matches(['\'', '"']);
    let value = bare.rsplit_once('=').map_or(bare, |(_, value)| value.trim_start_matches('"'));
    value.starts_with(['{', '['])
}

/// What to give instead of a value that cannot be recorded.
pub(super) fn instead_of(error: &ValueError) -> &'static str {
    match error {
        ValueError::TooLarge { .. } => "put large data into a file and give its path",
        ValueError::TooDeep => "flatten it, or put it into a file and give its path",
        ValueError::NotFinite(_) => "give null or text where there is no number",
        ValueError::Json(_) => "in JSON text and names stand in double quotes: {\"by\": \"Ada\"}",
        ValueError::NumberRange(_) => "give it as text, in quotes",
    }
}

fn instead_text(instead: &str) -> String {
    // What the shell needs is already quoted; an empty word would not be seen.
    if instead.is_empty() { shell("") } else { instead.to_owned() }
}
