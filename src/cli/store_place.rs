//! Where the store is: a flag, a variable, a `.durun/` found upwards, else the user's own.

use super::environment::Environment;
use std::path::{Path, PathBuf};

/// Says where the store is.
///
/// # Errors
/// Nothing says where: no `HOME` either.
pub(crate) fn locate(flag: Option<&Path>, environment: &Environment) -> Result<PathBuf, NoPlace> {
    if let Some(flag) = flag {
        return Ok(environment.directory().join(flag));
    }
    if let Some(variable) = of_variable(environment) {
        return Ok(variable);
    }
    if let Some(found) =
        environment.directory().ancestors().map(|folder| folder.join(".durun")).find(|path| path.is_dir())
    {
        return Ok(found);
    }
    own(environment)
}

/// The store that a variable of the environment names.
pub(crate) fn of_variable(environment: &Environment) -> Option<PathBuf> {
    environment.get("DURUN_STORE").map(|variable| environment.directory().join(variable))
}

/// The user's own store, which is meant where nothing else is said.
pub(crate) fn own(environment: &Environment) -> Result<PathBuf, NoPlace> {
    // A relative XDG path is invalid by its specification and passed over.
    let state = environment.get("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(Path::new(environment.get("HOME")?).join(".local/state"));
    state.or_else(home).map(|state| state.join("durun")).ok_or(NoPlace)
}

/// Whether a store is there.
pub(crate) fn holds_store(directory: &Path) -> bool {
    // What cannot be looked at may well be a store: opening it says what is wrong.
    directory.join("store.redb").try_exists().unwrap_or(true)
}

/// Nothing says where the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing says where the store is")]
pub(crate) struct NoPlace;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_decides() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a/b");
        std::fs::create_dir_all(&inner).expect("made");
        let all = [("DURUN_STORE", "/v"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
        let place = |flag: Option<&str>, skip: usize| {
            let environment = Environment::of(all.get(skip..).unwrap_or_default(), &inner);
            locate(flag.map(Path::new), &environment)
        };
        assert_eq!(place(Some("s"), 0), Ok(inner.join("s")));
        assert_eq!(place(None, 0), Ok(PathBuf::from("/v")));
        assert_eq!(place(None, 1), Ok(PathBuf::from("/x/durun")));
        assert_eq!(place(None, 2), Ok(PathBuf::from("/h/.local/state/durun")));
        assert_eq!(place(None, 3), Err(NoPlace));
        assert_eq!(own(&Environment::of(&all, &inner)), Ok(PathBuf::from("/x/durun")));
        std::fs::create_dir(folder.path().join(".durun")).expect("made");
        assert_eq!(place(None, 1), Ok(folder.path().join(".durun")));
    }

    #[test]
    fn an_empty_variable_and_a_relative_state_home_do_not_count() {
        let environment =
            Environment::of(&[("DURUN_STORE", ""), ("XDG_STATE_HOME", "x"), ("HOME", "/h")], Path::new("/"));
        assert_eq!(locate(None, &environment), Ok(PathBuf::from("/h/.local/state/durun")));
    }
}
