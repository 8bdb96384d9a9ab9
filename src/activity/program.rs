//! Where a program is, as the run recorded its `PATH`, and why a process did not begin.

use super::leftover::LeftoverError;
use super::secrets::SecretError;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where programs are looked for when the run recorded no `PATH`.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Why a process did not begin.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The list of program and arguments is empty.
    #[error("no program was given")]
    NoProgram,
    /// No directory of `PATH` has it.
    #[error("there is no program \"{program}\" in PATH ({path})")]
    NotInPath {
        /// What was looked for.
        program: String,
        /// The recorded `PATH`.
        path: String,
    },
    /// A path that leads nowhere.
    #[error("there is no program {}", .0.display())]
    NoFile(PathBuf),
    /// It is there, but may not be executed.
    #[error("{path} is not executable; type: chmod +x {path}", path = .0.display())]
    NotExecutable(PathBuf),
    /// It is a script whose first line names a program that does not exist.
    #[error("the program that the first line of {} names does not exist", .0.display())]
    NoInterpreter(PathBuf),
    /// It cannot be started there.
    #[error("the directory {} cannot be entered: {error}", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// Its pid could not be noted, so that a crash would leave it behind.
    #[error("its pid cannot be noted in {}: {error}", note.display())]
    Note {
        /// The file.
        note: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// The file that takes its output cannot be made.
    #[error("its stdout cannot be written to {}: {error}", path.display())]
    StdoutFile {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: io::Error,
    },
    /// What should take its output is a directory.
    #[error("stdout: {} is a directory, not a file", .0.display())]
    StdoutIsDirectory(PathBuf),
    /// An earlier attempt may still run, and two must not run side by side.
    #[error("what an earlier attempt left could not be ended: {0}")]
    Leftover(#[from] LeftoverError),
    /// A secret is missing, or stands where it may not.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The system refused.
    #[error("the system refuses to start it: {0}")]
    System(io::Error),
}

impl NotStarted {
    /// The system's words where it is our own note of its pid that cannot be written or read: no fault of the program's.
    pub(crate) fn of_note(&self) -> Option<&io::Error> {
        match self {
            Self::Note { error, .. } | Self::Leftover(LeftoverError::Note(error)) => Some(error),
            Self::NoProgram
            | Self::NotInPath { .. }
            | Self::NoFile(_)
            | Self::NotExecutable(_)
            | Self::NoInterpreter(_)
            | Self::Directory { .. }
            | Self::StdoutFile { .. }
            | Self::StdoutIsDirectory(_)
            | Self::Leftover(LeftoverError::CutOff | LeftoverError::Alive { .. })
            | Self::Secret(_)
            | Self::System(_) => None,
        }
    }

    /// Whether another attempt is pointless. Out of memory, processes or descriptors, and a directory that is missing, pass.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NoProgram
            | Self::NotInPath { .. }
            | Self::NoFile(_)
            | Self::NotExecutable(_)
            | Self::NoInterpreter(_)
            | Self::StdoutIsDirectory(_)
            | Self::Secret(_) => true,
            Self::Directory { .. } | Self::Note { .. } | Self::Leftover(_) | Self::StdoutFile { .. } => false,
            Self::System(error) => {
                matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput
                        | io::ErrorKind::PermissionDenied
                        | io::ErrorKind::ArgumentListTooLong
                        | io::ErrorKind::NotFound
                ) || error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
            }
        }
    }
}

/// Where a program is: by its path from the directory, or by its name in the given `PATH`.
pub(super) fn find_program(
    program: &str,
    directory: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<PathBuf, NotStarted> {
    if program.is_empty() {
        return Err(NotStarted::NoProgram);
    }
    if program.contains('/') {
        let path = directory.join(program);
        return match path.metadata() {
            Ok(file) if file.is_file() && is_executable(&path) => Ok(path),
            Ok(_) => Err(NotStarted::NotExecutable(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(NotStarted::NoFile(path)),
            Err(error) => Err(NotStarted::System(error)),
        };
    }
    let path = environment.get("PATH").map_or(USUAL_PATH, String::as_str);
    let mut forbidden = None;
    for folder in path.split(':') {
        // An empty part of PATH is the directory itself (POSIX).
        let candidate = directory.join(folder).join(program);
        if candidate.is_file() {
            if is_executable(&candidate) {
                return Ok(candidate);
            }
            forbidden = forbidden.or(Some(candidate));
        }
    }
    Err(forbidden.map_or_else(
        || NotStarted::NotInPath { program: program.to_owned(), path: path.to_owned() },
        NotStarted::NotExecutable,
    ))
}

fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_program_is_looked_for_in_the_recorded_path_only() {
        let place = tempfile::tempdir().expect("a directory");
        let file = |name: &str, mode| {
            let path = place.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, "").expect("a file");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("rights");
            path
        };
        let (plain, good) = (file("one/tool", 0o644), file("two/tool", 0o755));
        let find = |program: &str, path: &str| {
            let environment = BTreeMap::from([("PATH".to_owned(), path.to_owned())]);
            find_program(program, place.path(), &environment).map_err(|error| {
                assert!(error.is_permanent(), "{error}");
                error.to_string()
            })
        };
        assert_eq!(find("tool", "one:two"), Ok(good.clone()), "one that may not be executed is passed over");
        assert_eq!(find("two/tool", "nowhere"), Ok(good));
        assert!(find("tool", "one").expect_err("refused").contains(&format!("chmod +x {}", plain.display())));
        assert!(find("sh", "one:two").expect_err("refused").contains("in PATH (one:two)"));
        assert!(find("three/tool", "one").expect_err("refused").contains("three/tool"));
        assert!(find("./one", "one").is_err(), "a folder is no program");
        assert!(find("", "one").is_err());
        assert!(
            find_program("sh", place.path(), &BTreeMap::new()).is_ok(),
            "without PATH in the usual places"
        );
    }
}
