//! Files as activities: reading, writing, finding, and a variable of the recorded environment.

use super::launcher::Call;
use super::outcome::{Done, Failed};
use crate::history::{CommandKind, Failure, MAX_BYTES, RunStart, Value, kind};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One attempt; `after` is called exactly once. Nothing of it blocks whoever drives the call.
pub fn call_file(
    kind: CommandKind,
    input: Value,
    start: Arc<RunStart>,
    after: impl FnOnce(Result<Done, Failed>) + Send + 'static,
) -> Call {
    let mut after = super::http::End::new(after);
    Box::pin(async move {
        let done = tokio::task::spawn_blocking(move || file(kind, &input, &start)).await;
        after.is(done.unwrap_or_else(|_| Err(failed("", "the work was cut off", None))));
    })
}

/// The input has a `path` (or `pattern`, or `name`) and, for writing, a `content`.
fn file(kind: CommandKind, input: &Value, start: &RunStart) -> Result<Done, Failed> {
    let text = |name: &str| input.get(name).and_then(Value::as_text).unwrap_or_default();
    let directory = Path::new(&start.directory);
    let value = match kind {
        CommandKind::ReadFile => read(&directory.join(text("path")), text("path"))?,
        CommandKind::WriteFile => {
            write(&directory.join(text("path")), text("path"), input.get("content"))?;
            Value::Null
        }
        CommandKind::Glob => glob(directory, text("pattern"))?,
        CommandKind::Env => start.environment.get(text("name")).map_or(Value::Null, |it| it.as_str().into()),
        other => return Err(failed("", &format!("{other} is no work on files"), None)),
    };
    Ok(Done { value, stderr: String::new() })
}

fn read(path: &Path, name: &str) -> Result<Value, Failed> {
    let whole = || -> io::Result<Vec<u8>> {
        let file = std::fs::File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = whole().map_err(|error| refused(name, &error))?;
    let value = match String::from_utf8(bytes) {
        Ok(text) => Value::Text(text),
        Err(bytes) => Value::Bytes(bytes.into_bytes()),
    };
    value.check().map_err(|_| {
        let message = format!(
            "{name} is larger than a history keeps ({MAX_BYTES} bytes); let a program read it, and record what it says"
        );
        failed(name, &message, Some(kind::TOO_LARGE))
    })?;
    Ok(value)
}

/// Whole or not at all: a temporary file beside it takes the name when it is on disk.
fn write(path: &Path, name: &str, content: Option<&Value>) -> Result<(), Failed> {
    let bytes = match content {
        Some(Value::Text(text)) => text.clone().into_bytes(),
        Some(Value::Bytes(bytes)) => bytes.clone(),
        Some(Value::Null) | None => Vec::new(),
        Some(other) => other.to_string().into_bytes(),
    };
    let replace = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let last = path.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
        let temporary = folder.join(format!(".{}.durun-{}", last.to_string_lossy(), std::process::id()));
        let written = std::fs::File::create(&temporary).and_then(|mut file| {
            file.write_all(&bytes)?;
            if let Ok(before) = std::fs::metadata(path) {
                file.set_permissions(before.permissions())?;
            }
            file.sync_all()
        });
        let renamed = written.and_then(|()| std::fs::rename(&temporary, path));
        if renamed.is_err() {
            // What is half written is of no use to anybody.
            drop(std::fs::remove_file(&temporary));
        }
        renamed?;
        std::fs::File::open(folder)?.sync_all()
    };
    replace().map_err(|error| refused(name, &error))
}

/// Paths in order; relative ones as the pattern is.
fn glob(directory: &Path, pattern: &str) -> Result<Value, Failed> {
    let whole = directory.join(pattern).to_string_lossy().into_owned();
    let found = glob::glob(&whole).map_err(|error| {
        failed(pattern, &format!("\"{pattern}\" is no pattern: {}", error.msg), Some("pattern"))
    })?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in found {
        paths.push(path.map_err(|error| refused(pattern, error.error()))?);
    }
    paths.sort();
    let is_relative = Path::new(pattern).is_relative();
    let shown = |path: &PathBuf| {
        let shown = if is_relative { path.strip_prefix(directory).unwrap_or(path) } else { path };
        Value::Text(shown.to_string_lossy().into_owned())
    };
    let list = Value::List(paths.iter().map(shown).collect());
    list.check()
        .map_err(|_| failed(pattern, "so many paths are too much to record", Some(kind::TOO_LARGE)))?;
    Ok(list)
}

/// What the system says: nothing that is missing or forbidden comes back by waiting a second.
fn refused(path: &str, error: &io::Error) -> Failed {
    let type_ = match error.kind() {
        io::ErrorKind::NotFound => "not_found",
        io::ErrorKind::PermissionDenied => "permission",
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => "no_file",
        _ => return failed(path, &format!("{path}: {error}"), None),
    };
    failed(path, &format!("{path}: {error}"), Some(type_))
}

/// With a type it is for good.
fn failed(path: &str, message: &str, type_: Option<&str>) -> Failed {
    let failure = Failure::new(kind::FILE, message).with("path", path);
    match type_ {
        Some(type_) => Failed::for_good(failure.with("type", type_)),
        None => Failed::passing(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn start(directory: &Path) -> RunStart {
        let environment = BTreeMap::from([("HOME".to_owned(), "/h".to_owned())]);
        let program = crate::history::Program {
            path: "/s.rhai".to_owned(),
            main: crate::history::ScriptHash::of(""),
            modules: BTreeMap::new(),
        };
        let directory = directory.to_string_lossy().into_owned();
        let patches = crate::history::Patches::default();
        RunStart {
            program,
            input: Value::Null,
            directory,
            environment,
            timeout_ms: None,
            secret: [0; 16],
            patches,
        }
    }

    fn done(kind: CommandKind, input: &[(&str, Value)], directory: &Path) -> Result<Value, Failed> {
        let input =
            Value::Map(input.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect());
        file(kind, &input, &start(directory)).map(|done| done.value)
    }

    #[test]
    fn a_file_is_written_whole_and_read_back() {
        let place = tempfile::tempdir().expect("a directory");
        let at = |path: &str| ("path", Value::from(path));
        for content in [Value::from("text\n"), Value::Bytes(vec![0xff, 0])] {
            let written =
                done(CommandKind::WriteFile, &[at("f"), ("content", content.clone())], place.path());
            assert_eq!(written, Ok(Value::Null));
            assert_eq!(done(CommandKind::ReadFile, &[at("f")], place.path()), Ok(content));
        }
        let names = std::fs::read_dir(place.path()).expect("lists").count();
        assert_eq!(names, 1, "nothing temporary is left");
    }

    #[test]
    fn what_is_missing_forbidden_or_too_large_is_for_good() {
        let place = tempfile::tempdir().expect("a directory");
        std::fs::write(place.path().join("large"), vec![b'x'; MAX_BYTES + 1]).expect("writes");
        for (path, type_) in [("none", "not_found"), (".", "no_file"), ("large", kind::TOO_LARGE)] {
            let failed = done(CommandKind::ReadFile, &[("path", path.into())], place.path()).expect_err(path);
            assert!(failed.permanent, "{failed:?}");
            assert_eq!(failed.failure.data.get("type"), Some(&Value::from(type_)));
            assert_eq!(failed.failure.kind, kind::FILE);
        }
        let failed = done(CommandKind::WriteFile, &[("path", "no/such/f".into())], place.path());
        assert!(failed.is_err_and(|failed| failed.permanent));
    }

    #[test]
    fn paths_are_found_in_order_as_the_pattern_says_them() {
        let place = tempfile::tempdir().expect("a directory");
        for name in ["b.csv", "a.csv", "c.txt"] {
            std::fs::write(place.path().join(name), "").expect("writes");
        }
        let found = |pattern: &str| done(CommandKind::Glob, &[("pattern", pattern.into())], place.path());
        assert_eq!(found("*.csv"), Ok(Value::List(vec!["a.csv".into(), "b.csv".into()])));
        assert_eq!(found("*.none"), Ok(Value::List(Vec::new())));
        assert!(found("[").is_err_and(|failed| failed.permanent));
        let absolute = place.path().join("c.*").to_string_lossy().into_owned();
        let whole = place.path().join("c.txt").to_string_lossy().into_owned();
        assert_eq!(found(&absolute), Ok(Value::List(vec![whole.into()])));
    }

    #[test]
    fn a_variable_is_the_one_that_the_run_recorded() {
        let place = tempfile::tempdir().expect("a directory");
        let variable = |name: &str| done(CommandKind::Env, &[("name", name.into())], place.path());
        assert_eq!(variable("HOME"), Ok("/h".into()));
        assert_eq!(variable("NONE"), Ok(Value::Null));
    }
}
