//! The scripts of a project: those in a folder and below it.

use super::ProgramError;
use std::path::{Path, PathBuf};

/// How the names of scripts end.
const SCRIPTS: &str = ".rhai";
/// How the names of files of tests end.
pub(super) const TESTS: &str = "_test.rhai";
/// How the names of definitions end, which are for editors.
const DEFINITIONS: &str = ".d.rhai";
/// How deep folders are looked into.
const DEEPEST: usize = 16;

/// The files of tests in a folder and those below it, in order of their names; hidden folders, `target` and `node_modules` are left out.
///
/// # Errors
/// [`ProgramError::Unreadable`] where the folder cannot be read.
pub fn find_tests(folder: &Path) -> Result<Vec<PathBuf>, ProgramError> {
    find(folder, &|name| name.ends_with(TESTS))
}

/// The scripts there, tests and definitions left out.
///
/// # Errors
/// [`ProgramError::Unreadable`] where the folder cannot be read.
pub fn find_scripts(folder: &Path) -> Result<Vec<PathBuf>, ProgramError> {
    find(folder, &|name| name.ends_with(SCRIPTS) && !name.ends_with(TESTS) && !name.ends_with(DEFINITIONS))
}

/// Whether that is the name of a file of tests.
pub fn is_of_tests(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(TESTS))
}

/// The files that paths mean: those named, and in the place of each folder what is found in it; without a path that of this folder.
///
/// # Errors
/// What looking into a folder gives.
pub fn files_in<E>(
    paths: &[PathBuf],
    find: impl Fn(&Path) -> Result<Vec<PathBuf>, E>,
) -> Result<Vec<PathBuf>, E> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { here.as_slice() } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(find(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn find(folder: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<PathBuf>, ProgramError> {
    let mut found = Vec::new();
    search(folder, 0, is_wanted, &mut found)?;
    found.sort();
    let shown = |path: PathBuf| path.strip_prefix("./").map_or_else(|_| path.clone(), Path::to_owned);
    Ok(found.into_iter().map(shown).collect())
}

fn search(
    folder: &Path,
    depth: usize,
    is_wanted: &dyn Fn(&str) -> bool,
    found: &mut Vec<PathBuf>,
) -> Result<(), ProgramError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| ProgramError::Unreadable { path: folder.to_owned(), message: error.to_string() })?;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        // A link to a folder may lead back up.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder
            && depth < DEEPEST
            && !name.starts_with('.')
            && name != "target"
            && name != "node_modules"
        {
            // One that may not be read holds nothing of ours.
            drop(search(&path, depth + 1, is_wanted, found));
        } else if is_wanted(&name) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}
