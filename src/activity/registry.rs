//! What an activity is: the executable `activities/<name>` beside the script, else what `durun.toml` says.

use super::http::Endpoint;
use super::outcome::Failed;
use crate::config::{Call, Config, Notice};
use crate::history::{Failure, HOOK_SCRIPT, kind, nearest};
use rustix::fs::Access;
use std::io;
use std::path::{Path, PathBuf};

/// The longest name of an activity, in characters.
const LONGEST: usize = 64;

/// Why there is no executable for an activity.
#[derive(Debug, thiserror::Error)]
enum NoActivity {
    #[error(
        "\"{0}\" is no name of an activity: a letter or '_', then letters, digits, '_' and '-', at most {LONGEST}"
    )]
    Name(String),
    #[error(
        "there is no activity \"{name}\": the script has no fn {name}, there is no file {}, and {place}{near}",
        path.display()
    )]
    Missing { name: String, path: PathBuf, place: String, near: String },
    #[error("{} leads outside {}, to {}", path.display(), folder.display(), real.display())]
    Outside { path: PathBuf, folder: PathBuf, real: PathBuf },
    #[error("{} is no file", .0.display())]
    NoFile(PathBuf),
    #[error("{path} is not executable; type: chmod +x {path}", path = .0.display())]
    NotExecutable(PathBuf),
    #[error("{} cannot be looked at: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
}

/// What an activity is.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'c> {
    /// An executable beside the script, links resolved.
    Executable(PathBuf),
    /// A program of `durun.toml`: its words, of which the first may be relative to that file.
    Program {
        /// The program and its arguments.
        words: Vec<String>,
    },
    /// A URL of `durun.toml`.
    Endpoint(Endpoint<'c>),
    /// Whom `[notify]` of `durun.toml` names now: what a run does that tells of another one.
    Notice(&'c Notice),
}

/// What an activity is. `script` is the path of the script, which has `activities/` beside it; `functions` are its own, for "did
/// you mean": none of them is the one that is looked for.
///
/// # Errors
/// A failure that names what was tried and says what to do; permanent unless the disk could not be read.
pub fn find_activity<'c>(
    script: &Path,
    name: &str,
    config: &'c Config,
    functions: &[String],
) -> Result<Found<'c>, Failed> {
    if script.file_name().is_some_and(|file| file == HOOK_SCRIPT) {
        return notice(name, config);
    }
    let found = match find(script, name) {
        Ok(path) => Ok(Found::Executable(path)),
        Err(NoActivity::Missing { name, path, .. }) => configured(&name, config).ok_or_else(|| {
            let near = near(script, &name, config, functions);
            NoActivity::Missing { place: not_configured(&name, config), near, name, path }
        }),
        Err(error) => Err(error),
    };
    found.map_err(|error| {
        let failure =
            Failure::new(kind::ACTIVITY, error.to_string()).with("name", name).with("type", "not_found");
        match error {
            NoActivity::Name(_)
            | NoActivity::Missing { .. }
            | NoActivity::Outside { .. }
            | NoActivity::NoFile(_)
            | NoActivity::NotExecutable(_) => Failed::for_good(failure),
            NoActivity::Unreadable { .. } => Failed::passing(failure),
        }
    })
}

/// Whom the configuration names.
fn notice<'c>(key: &str, config: &'c Config) -> Result<Found<'c>, Failed> {
    config.notify.of(key).map(Found::Notice).ok_or_else(|| {
        let place = match &config.file {
            Some(file) => format!("[notify] of {} has no {key} any more", file.display()),
            None => "there is no durun.toml any more".to_owned(),
        };
        let failure = Failure::new(kind::ACTIVITY, format!("nobody is named who could be told: {place}"));
        Failed::for_good(failure.with("name", key).with("type", "not_found"))
    })
}

/// What the configuration says of it.
fn configured<'c>(name: &str, config: &'c Config) -> Option<Found<'c>> {
    match config.activities.get(name)?.call.as_ref()? {
        Call::Program { words } => {
            let mut words = words.clone();
            if let (Some(program), Some(folder)) = (words.first_mut(), config.directory())
                && program.contains('/')
            {
                *program = folder.join(program.as_str()).display().to_string();
            }
            Some(Found::Program { words })
        }
        Call::Url { url, method, headers } => Some(Found::Endpoint(Endpoint { url, method, headers })),
    }
}

/// That the configuration does not say it either.
fn not_configured(name: &str, config: &Config) -> String {
    match &config.file {
        None => format!("no durun.toml has an [activity.{name}]"),
        Some(file) if config.activities.contains_key(name) => {
            format!("[activity.{name}] of {} has neither cmd nor url", file.display())
        }
        Some(file) => format!("{} has no [activity.{name}]", file.display()),
    }
}

/// A name that was perhaps meant: of a function, an executable or the configuration.
fn near(script: &Path, name: &str, config: &Config, functions: &[String]) -> String {
    let folder = script.parent().unwrap_or(Path::new(".")).join("activities");
    let beside = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let beside = beside.filter_map(|entry| entry.file_name().into_string().ok());
    let named = config.activities.iter().filter(|(_, said)| said.call.is_some()).map(|(name, _)| name);
    let known: Vec<String> = beside.chain(named.cloned()).chain(functions.iter().cloned()).collect();
    let near = nearest(name, known.iter().map(String::as_str));
    near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}

fn find(script: &Path, name: &str) -> Result<PathBuf, NoActivity> {
    if !is_name(name) {
        return Err(NoActivity::Name(name.to_owned()));
    }
    let folder = script.parent().unwrap_or(Path::new(".")).join("activities");
    let path = folder.join(name);
    let unusable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            let (place, near) = (String::new(), String::new());
            NoActivity::Missing { name: name.to_owned(), path: path.clone(), place, near }
        }
        _ => NoActivity::Unreadable { path: path.clone(), error },
    };
    let inside = folder.canonicalize().map_err(unusable)?;
    let real = path.canonicalize().map_err(unusable)?;
    if !real.starts_with(&inside) {
        return Err(NoActivity::Outside { path, folder, real });
    }
    if !real.metadata().map_err(unusable)?.is_file() {
        return Err(NoActivity::NoFile(path));
    }
    if rustix::fs::access(&real, Access::EXEC_OK).is_err() {
        return Err(NoActivity::NotExecutable(path));
    }
    Ok(real)
}

pub(super) fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|next| next.is_ascii_alphanumeric() || next == '_' || next == '-')
        && name.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_name_is_letters_digits_and_inner_marks() {
        for good in ["charge", "_charge-2", "C", &"x".repeat(64)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "2charge", "-charge", "../charge", "a/b", "a.sh", "chärge", "a\0", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn an_activity_is_an_executable_within_its_folder() {
        let place = tempfile::tempdir().expect("a directory");
        let script = place.path().join("s.rhai");
        let folder = place.path().join("activities");
        let real = |name: &str| folder.join(name).canonicalize().ok().map(Found::Executable);
        let refused = |name: &str| {
            let failed = find_activity(&script, name, &Config::default(), &[]).expect_err("refused");
            assert!(failed.permanent, "{failed:?}");
            failed.failure.message
        };
        assert!(refused("charge").contains("activities/charge"), "no folder at all");
        std::fs::create_dir(&folder).expect("a folder");
        assert!(refused("charge").contains("the script has no fn charge"));
        assert!(refused("../charge").contains("no name of an activity"));
        std::fs::write(folder.join("charge"), "#!/bin/sh\n").expect("a file");
        std::fs::set_permissions(folder.join("charge"), PermissionsExt::from_mode(0o644)).expect("rights");
        assert!(refused("charge").ends_with(&format!("chmod +x {}", folder.join("charge").display())));
        std::fs::set_permissions(folder.join("charge"), PermissionsExt::from_mode(0o755)).expect("rights");
        assert_eq!(find_activity(&script, "charge", &Config::default(), &[]).ok(), real("charge"));
        std::fs::create_dir(folder.join("folder")).expect("a folder");
        assert!(refused("folder").contains("is no file"));
    }

    #[test]
    fn a_link_may_lead_within_the_folder_and_nowhere_else() {
        let place = tempfile::tempdir().expect("a directory");
        let script = place.path().join("s.rhai");
        let folder = place.path().join("activities");
        let real = |name: &str| folder.join(name).canonicalize().ok().map(Found::Executable);
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("charge"), "").expect("a file");
        std::fs::set_permissions(folder.join("charge"), PermissionsExt::from_mode(0o755)).expect("rights");
        // A sibling whose name begins alike is outside all the same.
        std::fs::create_dir(place.path().join("activities2")).expect("a folder");
        std::fs::copy(folder.join("charge"), place.path().join("activities2/charge")).expect("a copy");
        symlink("charge", folder.join("inside")).expect("a link");
        symlink("../activities2/charge", folder.join("sibling")).expect("a link");
        symlink("/bin/sh", folder.join("escape")).expect("a link");
        symlink("nowhere", folder.join("dangling")).expect("a link");
        symlink("loop", folder.join("loop")).expect("a link");
        assert_eq!(find_activity(&script, "inside", &Config::default(), &[]).ok(), real("charge"));
        let message = |name: &str| {
            find_activity(&script, name, &Config::default(), &[]).expect_err("refused").failure.message
        };
        assert!(message("sibling").contains("leads outside"));
        assert!(message("escape").contains("leads outside"));
        assert!(message("dangling").contains("there is no file"));
        assert!(message("loop").contains("cannot be looked at"));
    }

    #[test]
    fn a_missing_activity_is_told_with_all_that_was_tried_and_the_name_that_was_meant() {
        let place = tempfile::tempdir().expect("a directory");
        let script = place.path().join("s.rhai");
        std::fs::create_dir(place.path().join("activities")).expect("a folder");
        std::fs::write(place.path().join("activities/charge"), "").expect("a file");
        let text = "[activity.push]\ncmd = [\"push\"]\n[activity.slow]\ntimeout = 3";
        let config = crate::config::parse(Path::new("/p/durun.toml"), text).expect("a configuration");
        let functions = ["deliver".to_owned()];
        let message = |name: &str, config: &Config| {
            find_activity(&script, name, config, &functions).expect_err("refused").failure.message
        };
        let said = message("chargee", &config);
        assert!(said.contains("no fn chargee") && said.contains("activities/chargee"), "{said}");
        assert!(
            said.ends_with("/p/durun.toml has no [activity.chargee]; did you mean \"charge\"?"),
            "{said}"
        );
        assert!(message("pusj", &config).ends_with("did you mean \"push\"?"));
        assert!(message("delivre", &config).ends_with("did you mean \"deliver\"?"));
        assert!(
            message("slow", &config).ends_with("[activity.slow] of /p/durun.toml has neither cmd nor url")
        );
        assert!(message("other", &Config::default()).ends_with("no durun.toml has an [activity.other]"));
    }

    #[test]
    fn a_run_that_tells_of_another_finds_whom_durun_toml_names_now() {
        let text = "[notify]\non_failure = \"mail ops\"\n[activity.on_stuck]\ncmd = [\"a\"]";
        let config = crate::config::parse(Path::new("/p/durun.toml"), text).expect("a configuration");
        let script = Path::new("/p").join(HOOK_SCRIPT);
        let found = find_activity(&script, "on_failure", &config, &[]).ok();
        assert_eq!(found, Some(Found::Notice(&Notice::Shell("mail ops".to_owned()))));
        for (key, config) in [("on_stuck", &config), ("on_failure", &Config::default())] {
            let failed = find_activity(&script, key, config, &[]).expect_err("refused");
            assert!(failed.permanent && failed.failure.message.starts_with("nobody is named"), "{failed:?}");
        }
    }
}
