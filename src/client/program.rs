//! Loading a program: the text of a script and of what it imports, from the files that a start names.

use super::{ClientError, Executor};
use crate::history::{Program, ScriptHash, Value};
use crate::script::Params;
use crate::worker::{telling_program, telling_texts};
use std::path::{Path, PathBuf};

/// The largest script, in bytes: 4 MiB.
const MAX_SCRIPT_BYTES: u64 = 4 * 1024 * 1024;

/// A mistake in a script's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// The file it is in: the script's path, or a module's relative to the script's folder.
    pub file: String,
    /// Line, from 1, where known.
    pub line: Option<u32>,
    /// Column in characters, from 1, where known.
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
}

/// Why a program cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// There is no such file.
    #[error("there is no script {}", path.display())]
    NotFound {
        /// The path given.
        path: PathBuf,
        /// Scripts in the same folder whose names look like it; where there is none, another file.
        near: Vec<String>,
    },
    /// It is a directory or a device.
    #[error("{} is no file", path.display())]
    NotAFile {
        /// The path given.
        path: PathBuf,
    },
    /// Its bytes are no text.
    #[error("{} is not UTF-8 text", path.display())]
    NotUtf8 {
        /// The path given.
        path: PathBuf,
        /// The first byte that is none, from 0.
        offset: usize,
    },
    /// Over 4 MiB.
    #[error("{} has {bytes} bytes; a script has at most {MAX_SCRIPT_BYTES}", path.display())]
    TooLarge {
        /// The path given.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// The system refused to read it.
    #[error("{}: {message}", path.display())]
    Unreadable {
        /// The path given.
        path: PathBuf,
        /// The system's word.
        message: String,
    },
    /// It is no script.
    #[error("{}: {}", path.display(), error.message)]
    Syntax {
        /// The path given.
        path: PathBuf,
        /// The text of the file that the mistake is in, where it could be read.
        text: Option<String>,
        /// The mistake.
        error: Box<SyntaxError>,
    },
}

/// A program with its texts, ready to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedProgram {
    /// What is recorded with the run.
    pub program: Program,
    /// The texts, by hash.
    pub texts: Vec<(ScriptHash, String)>,
    /// The inputs that the script declares.
    pub params: Option<Params>,
}

impl LoadedProgram {
    /// The program of a run that tells somebody of another one, under the path that it has.
    pub(super) fn telling(path: &str) -> Self {
        Self { program: telling_program(path.to_owned()), texts: telling_texts(), params: None }
    }
}

impl LoadedProgram {
    /// An input as the script declares it.
    ///
    /// # Errors
    /// [`ClientError::Input`] with all that is wrong with it.
    pub(super) fn fit(&self, input: Value) -> Result<Value, ClientError> {
        let Some(params) = &self.params else { return Ok(input) };
        let script = self.program.path.clone();
        params.fit(&input).map_err(|wrong| ClientError::Input { script, wrong })
    }
}

/// Reads a script, checks its syntax and pins what it imports.
///
/// # Errors
/// [`ProgramError`].
pub fn load_program(path: &Path, executor: &dyn Executor) -> Result<LoadedProgram, ProgramError> {
    let (canonical, text) = read(path)?;
    loaded(path, &canonical, text, executor)
}

/// The same with a text that is in no file, as if it stood at that absolute path: from there it imports.
///
/// # Errors
/// [`ProgramError`].
pub fn load_text(path: &Path, text: String, executor: &dyn Executor) -> Result<LoadedProgram, ProgramError> {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if bytes > MAX_SCRIPT_BYTES {
        return Err(ProgramError::TooLarge { path: path.to_owned(), bytes });
    }
    loaded(path, path, text, executor)
}

/// The program of a text; `path` is what was given, for errors.
fn loaded(
    path: &Path,
    canonical: &Path,
    text: String,
    executor: &dyn Executor,
) -> Result<LoadedProgram, ProgramError> {
    let folder = canonical.parent().unwrap_or(Path::new("/")).to_owned();
    let name = canonical.to_string_lossy().into_owned();
    let module = |file: &str| read_module(&folder, file);
    let syntax = |error: SyntaxError| ProgramError::Syntax {
        path: path.to_owned(),
        text: if error.file == name { Some(text.clone()) } else { module(&error.file).ok() },
        error: Box::new(error),
    };
    let modules = executor.gather(&name, &text, &module).map_err(syntax)?;
    let params = executor.params(&name, &text).map_err(syntax)?;
    let hashed: Vec<_> =
        modules.into_iter().map(|(name, text)| (name, ScriptHash::of(&text), text)).collect();
    let program = Program {
        path: name,
        main: ScriptHash::of(&text),
        modules: hashed.iter().map(|(name, hash, _)| (name.clone(), *hash)).collect(),
    };
    let mut texts = vec![(program.main, text)];
    texts.extend(hashed.into_iter().map(|(_, hash, text)| (hash, text)));
    Ok(LoadedProgram { program, texts, params })
}

fn read(path: &Path) -> Result<(PathBuf, String), ProgramError> {
    let unreadable = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            ProgramError::NotFound { path: path.to_owned(), near: neighbours(path) }
        } else {
            ProgramError::Unreadable { path: path.to_owned(), message: error.to_string() }
        }
    };
    let canonical = path.canonicalize().map_err(unreadable)?;
    let about = canonical.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(ProgramError::NotAFile { path: path.to_owned() });
    }
    if about.len() > MAX_SCRIPT_BYTES {
        return Err(ProgramError::TooLarge { path: path.to_owned(), bytes: about.len() });
    }
    let bytes = std::fs::read(&canonical).map_err(unreadable)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok((canonical, text)),
        Err(error) => {
            Err(ProgramError::NotUtf8 { path: path.to_owned(), offset: error.utf8_error().valid_up_to() })
        }
    }
}

/// A module's text. The canonical path must lie in the script's folder: a link may not lead out of it.
fn read_module(folder: &Path, file: &str) -> Result<String, String> {
    let (canonical, text) = read(&folder.join(file)).map_err(|error| error.to_string())?;
    if canonical.starts_with(folder) {
        Ok(text)
    } else {
        Err("it lies outside the script's folder".to_owned())
    }
}

/// Scripts beside a missing one whose names look like its name, the likest first.
fn neighbours(path: &Path) -> Vec<String> {
    let Some(wanted) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .take(1_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let (scripts, others): (Vec<String>, Vec<String>) = names.partition(|name| is_script(name));
    let near = super::find::likest(wanted, scripts.into_iter(), 3);
    if near.is_empty() { super::find::likest(wanted, others.into_iter(), 1) } else { near }
}

/// Whether a file is a script by its name.
pub fn is_script(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "rhai")
}

#[cfg(test)]
mod tests {
    use super::super::NoExecutor;
    use super::*;

    #[test]
    fn a_script_is_recorded_under_its_canonical_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().canonicalize().expect("a path").join("a.rhai");
        std::fs::write(&real, "1 + 1").expect("written");
        let roundabout = folder.path().join(".").join("a.rhai");
        let loaded = load_program(&roundabout, &NoExecutor).expect("loads");
        assert_eq!(loaded.program.path, real.to_string_lossy());
        assert_eq!(loaded.texts, vec![(ScriptHash::of("1 + 1"), "1 + 1".to_owned())]);
    }

    #[test]
    fn no_module_is_read_from_outside_the_script_s_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("in/lib")).expect("made");
        for name in ["secret.rhai", "in/lib/b.rhai"] {
            std::fs::write(root.join(name), "1").expect("written");
        }
        std::os::unix::fs::symlink(root.join("secret.rhai"), root.join("in/link.rhai")).expect("linked");
        let read = |file: &str| read_module(&root.join("in"), file);
        assert_eq!(read("lib/b.rhai"), Ok("1".to_owned()));
        for outside in ["../secret.rhai", "link.rhai", "/etc/hostname"] {
            assert!(read(outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn what_is_no_script_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("order.rhai"), "1").expect("written");
        std::fs::write(folder.path().join("bytes.rhai"), b"ab\xff").expect("written");
        let load = |name: &str| load_program(&folder.path().join(name), &NoExecutor);
        assert!(
            matches!(load("ordr.rhai"), Err(ProgramError::NotFound { near, .. }) if near == ["order.rhai"])
        );
        assert!(matches!(load("bytes.rhai"), Err(ProgramError::NotUtf8 { offset: 2, .. })));
        assert!(matches!(load(""), Err(ProgramError::NotAFile { .. })));
        let big = std::fs::File::create(folder.path().join("big.rhai")).expect("made");
        big.set_len(MAX_SCRIPT_BYTES + 1).expect("sized");
        assert!(matches!(load("big.rhai"), Err(ProgramError::TooLarge { .. })));
    }
}
