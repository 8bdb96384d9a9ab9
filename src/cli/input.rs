//! The values that a person types: `-i key=text`, `-i key:=JSON`, `--input JSON|@FILE|-`, payloads.

use super::escape::shell;
use crate::client::Params;
use crate::history::{MAX_BYTES, OpId, Value, ValueError};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How much of a file or of stdin is read: the limit of a value, and room for JSON's spaces and escapes.
const MAX_READ: usize = 8 * MAX_BYTES;

/// Why what was typed is no value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// `-i` without `=`.
    #[error("-i {argument} has no '='")]
    NoEquals { argument: String },
    /// `-i =…`.
    #[error("-i {argument} has no name before the '='")]
    NoKey { argument: String },
    /// `--set` without the number of a command.
    #[error("--set {argument} names no command")]
    NoOp { argument: String },
    /// A name given twice.
    #[error("-i gives \"{key}\" twice")]
    Twice { key: String },
    /// `-i` beside an `--input` that is no map.
    #[error("-i adds to a map, but --input is none")]
    NotAMap,
    /// What should be JSON is none.
    #[error("{place} is not valid JSON: {message}")]
    Json { place: String, message: String, instead: Option<String> },
    /// Over a limit.
    #[error("{place}: {error}")]
    Limit { place: String, error: ValueError },
    /// A file that cannot be read.
    #[error("{}: {message}", path.display())]
    File { path: PathBuf, message: String, missing: bool },
    /// Bytes that are no text.
    #[error("{place} is not UTF-8 text")]
    NotUtf8 { place: String },
}

/// The input of a run. Without any argument it is the empty map.
pub(crate) fn run_input(
    pairs: &[String],
    whole: Option<&str>,
    params: Option<&Params>,
    directory: &Path,
    stdin: &mut dyn Read,
) -> Result<Value, InputError> {
    let mut map = match whole.map(|text| whole_input(text, directory, stdin)).transpose()? {
        None => BTreeMap::new(),
        Some(Value::Map(map)) => map,
        Some(other) if pairs.is_empty() => return Ok(other),
        Some(_) => return Err(InputError::NotAMap),
    };
    let mut given = BTreeMap::new();
    for argument in pairs {
        let (key, value) = pair(argument, params, directory)?;
        if given.insert(key.clone(), value).is_some() {
            return Err(InputError::Twice { key });
        }
    }
    map.extend(given);
    let input = Value::Map(map);
    input.check().map_err(|error| InputError::Limit { place: "the input".to_owned(), error })?;
    Ok(input)
}

/// The same as what one types, for tests that type anything: files are of that directory, stdin is empty.
///
/// # Errors
/// What is wrong with it, in words.
pub fn typed_input(pairs: &[String], whole: Option<&str>, directory: &Path) -> Result<Value, String> {
    run_input(pairs, whole, None, directory, &mut std::io::empty()).map_err(|error| error.to_string())
}

/// `key=text`, `key:=JSON`; what begins with `@` is the name of a file with it. Text is read as the type that the script declares.
fn pair(argument: &str, params: Option<&Params>, directory: &Path) -> Result<(String, Value), InputError> {
    let Some((left, right)) = argument.split_once('=') else {
        return Err(InputError::NoEquals { argument: argument.to_owned() });
    };
    let (key, json) = left.strip_suffix(':').map_or((left, false), |key| (key, true));
    if key.is_empty() {
        return Err(InputError::NoKey { argument: argument.to_owned() });
    }
    let value = if let Some(name) = right.strip_prefix('@') {
        let text = read_file(name, directory)?;
        if json { read_json(&text, name, None)? } else { Value::Text(text) }
    } else if json {
        let instead = format!("-i {}", shell(&format!("{key}={right}")));
        read_json(right, &format!("-i {key}:="), Some(instead))?
    } else {
        params.map_or_else(|| Value::from(right), |params| params.typed(key, right))
    };
    Ok((key.to_owned(), value))
}

/// A note on each `key=[…]` and `key={…}` that is JSON and was taken as the text that it is.
pub(crate) fn taken_as_text(pairs: &[String], input: &Value) -> Vec<String> {
    let note = |pair: &String| {
        let (key, text) = pair.split_once('=').filter(|(key, _)| !key.ends_with(':'))?;
        let is_text = input.get(key).and_then(Value::as_text) == Some(text);
        let is_json = text.starts_with(['[', '{']) && Value::from_json_text(text).is_ok();
        let instead = shell(&format!("{key}:={text}"));
        (is_text && is_json)
            .then(|| format!("note: the input \"{key}\" is text; as JSON it is: -i {instead}"))
    };
    pairs.iter().filter_map(note).collect()
}

fn whole_input(text: &str, directory: &Path, stdin: &mut dyn Read) -> Result<Value, InputError> {
    if text == "-" {
        let text = read_text(stdin, "stdin", Path::new("-"))?;
        return read_json(&text, "stdin", None);
    }
    if let Some(name) = text.strip_prefix('@') {
        return read_json(&read_file(name, directory)?, name, None);
    }
    read_json(text, "--input", None)
}

fn read_file(name: &str, directory: &Path) -> Result<String, InputError> {
    let mut file = std::fs::File::open(directory.join(name)).map_err(|error| InputError::File {
        path: PathBuf::from(name),
        missing: error.kind() == std::io::ErrorKind::NotFound,
        message: error.to_string(),
    })?;
    read_text(&mut file, name, Path::new(name))
}

fn read_text(from: &mut dyn Read, place: &str, path: &Path) -> Result<String, InputError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_READ).unwrap_or(u64::MAX).saturating_add(1);
    from.take(most).read_to_end(&mut bytes).map_err(|error| InputError::File {
        path: path.to_owned(),
        missing: false,
        message: error.to_string(),
    })?;
    if bytes.len() > MAX_READ {
        let error = ValueError::TooLarge { bytes: bytes.len() };
        return Err(InputError::Limit { place: place.to_owned(), error });
    }
    String::from_utf8(bytes).map_err(|_| InputError::NotUtf8 { place: place.to_owned() })
}

/// `OP=JSON` of `rewind --set`: the number of a command, and the result that it is to have.
pub(crate) fn result_of_op(argument: &str) -> Result<(OpId, Value), InputError> {
    let no_op = || InputError::NoOp { argument: argument.to_owned() };
    let (op, json) = argument.split_once('=').ok_or_else(no_op)?;
    let op = op.trim().parse::<u32>().map_err(|_| no_op())?;
    let instead = format!("--set {}", shell(&format!("{op}=\"{json}\"")));
    let value = read_json(json, &format!("--set {op}="), Some(instead))?;
    value.check().map_err(|error| InputError::Limit { place: format!("--set {op}="), error })?;
    Ok((OpId(op), value))
}

/// JSON as typed. Where it is none and would be good text, `instead` says how to write it.
pub(crate) fn read_json(text: &str, place: &str, instead: Option<String>) -> Result<Value, InputError> {
    Value::from_json_text(text).map_err(|error| match error {
        ValueError::Json(message) => InputError::Json { place: place.to_owned(), message, instead },
        error @ (ValueError::TooLarge { .. }
        | ValueError::TooDeep
        | ValueError::NotFinite(_)
        | ValueError::NumberRange(_)) => InputError::Limit { place: place.to_owned(), error },
    })
}

/// A payload as JSON; the correction shown quotes it as text for JSON and for the shell.
pub(crate) fn payload(text: Option<&str>, place: &str) -> Result<Value, InputError> {
    let Some(text) = text else { return Ok(Value::Null) };
    let quoted = (text.len() <= 200).then(|| shell(&Value::Text(text.to_owned()).to_string()));
    read_json(text, place, quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(pairs: &[&str], whole: Option<&str>) -> Result<Value, String> {
        let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        run_input(&pairs, whole, None, Path::new("/"), &mut std::io::Cursor::new("{\"s\": 1}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn pairs_are_text_or_json_and_add_to_the_whole() {
        assert_eq!(input(&[], None), Ok(Value::Map(BTreeMap::new())));
        assert_eq!(
            input(&["a=1", "b:=1", "c=x=y", "d:e=f"], None).map(|value| value.to_string()),
            Ok(r#"{"a":"1","b":1,"c":"x=y","d:e":"f"}"#.to_owned())
        );
        assert_eq!(
            input(&["a=2"], Some(r#"{"a":1,"b":2}"#)).map(|value| value.to_string()),
            Ok(r#"{"a":"2","b":2}"#.to_owned())
        );
        assert_eq!(input(&[], Some("-")).map(|value| value.to_string()), Ok(r#"{"s":1}"#.to_owned()));
        assert_eq!(input(&[], Some("[1]")).map(|value| value.to_string()), Ok("[1]".to_owned()));
    }

    #[test]
    fn a_value_that_begins_with_at_is_in_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("letter.txt"), "Dear Ada,\n").expect("written");
        std::fs::write(folder.path().join("order.json"), "{\"n\": 1}").expect("written");
        let pairs = |pairs: &[&str]| {
            let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            run_input(&pairs, None, None, folder.path(), &mut std::io::empty())
                .map(|value| value.to_string())
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            pairs(&["letter=@letter.txt", "order:=@order.json", "who:=\"@ada\""]),
            Ok(r#"{"letter":"Dear Ada,\n","order":{"n":1},"who":"@ada"}"#.to_owned())
        );
        assert!(pairs(&["a=@gone"]).is_err_and(|error| error.starts_with("gone: ")));
        assert!(
            pairs(&["a:=@letter.txt"]).is_err_and(|error| error.starts_with("letter.txt is not valid JSON"))
        );
    }

    #[test]
    fn a_list_that_was_taken_as_text_is_told() {
        let pairs = ["a=[1, 2]", "b:=[1]", "c=[x]", "d=text", "e={}"].map(str::to_owned);
        let input = input(&["a=[1, 2]", "b:=[1]", "c=[x]", "d=text"], None).expect("an input");
        assert_eq!(
            taken_as_text(&pairs, &input),
            ["note: the input \"a\" is text; as JSON it is: -i 'a:=[1, 2]'"],
            "b is JSON, c and d are none, and e was read as what it is"
        );
    }

    #[test]
    fn what_is_no_input_is_told_by_its_place() {
        assert_eq!(input(&["a"], None), Err("-i a has no '='".to_owned()));
        assert_eq!(input(&["=a"], None), Err("-i =a has no name before the '='".to_owned()));
        assert_eq!(input(&["a=1", "a:=2"], None), Err("-i gives \"a\" twice".to_owned()));
        assert_eq!(input(&["a=1"], Some("[1]")), Err("-i adds to a map, but --input is none".to_owned()));
        assert!(input(&["a:=NaN"], None).is_err_and(|error| error.starts_with("-i a:= is not valid JSON")));
        assert!(input(&[], Some("@no-such")).is_err_and(|error| error.starts_with("no-such: ")));
        let big = format!("a={}", "x".repeat(MAX_BYTES));
        assert!(input(&[&big], None).is_err_and(|error| error.contains("1 MiB")));
    }

    #[test]
    fn a_payload_that_is_text_is_shown_quoted() {
        let error = payload(Some("it's fine"), "the payload").expect_err("no JSON");
        assert!(
            matches!(error, InputError::Json { instead: Some(text), .. } if text == r#"'"it'\''s fine"'"#)
        );
        assert_eq!(payload(None, "the payload").expect("nothing"), Value::Null);
    }
}
