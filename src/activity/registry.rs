//! Where the executable of an activity is: `activities/<name>` beside the script.

use super::outcome::Failed;
use crate::history::{Failure, kind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The longest name of an activity.
const LONGEST: usize = 64;

/// The executable of an activity.
///
/// # Errors
/// A permanent failure that names what was tried and says what to do.
pub fn find_activity(script: &Path, name: &str) -> Result<PathBuf, Failed> {
    let failed = |message: String| Failed {
        failure: Failure::new(kind::ACTIVITY, message).with("name", name).with("type", "not_found"),
        permanent: true,
        retry_after_ms: None,
    };
    if !is_name(name) {
        return Err(failed(format!(
            "\"{name}\" is no name of an activity: a letter or '_', then letters, digits, '_' and '-', at most {LONGEST}"
        )));
    }
    let folder = script.parent().unwrap_or(Path::new(".")).join("activities");
    let path = folder.join(name);
    let not_found = || {
        failed(format!(
            "there is no activity \"{name}\": the script has no fn {name}, and there is no file {}",
            path.display()
        ))
    };
    let (Ok(inside), Ok(real)) = (folder.canonicalize(), path.canonicalize()) else {
        return Err(not_found());
    };
    if !real.starts_with(&inside) {
        return Err(failed(format!("{} leads outside {}", path.display(), folder.display())));
    }
    let file = real.metadata().map_err(|_| not_found())?;
    if !file.is_file() {
        return Err(failed(format!("{} is no file", path.display())));
    }
    if file.permissions().mode() & 0o111 == 0 {
        return Err(failed(format!("{0} is not executable: chmod +x {0}", path.display())));
    }
    Ok(real)
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|next| next.is_ascii_alphanumeric() || next == '_' || next == '-')
        && name.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_is_an_executable_below_its_folder() {
        let place = tempfile::tempdir().expect("a directory");
        let script = place.path().join("s.rhai");
        let folder = place.path().join("activities");
        std::fs::create_dir(&folder).expect("a folder");
        let message = |name: &str| find_activity(&script, name).expect_err("refused").failure.message;
        assert!(message("charge").contains("activities/charge"));
        assert!(message("../charge").contains("no name of an activity"));
        std::fs::write(folder.join("charge"), "#!/bin/sh\n").expect("a file");
        assert!(message("charge").contains("chmod +x"));
        std::fs::set_permissions(folder.join("charge"), PermissionsExt::from_mode(0o755)).expect("rights");
        assert!(find_activity(&script, "charge").is_ok());
        std::os::unix::fs::symlink("/bin/sh", folder.join("escape")).expect("a link");
        assert!(message("escape").contains("leads outside"));
        std::fs::create_dir(folder.join("folder")).expect("a folder");
        assert!(message("folder").contains("is no file"));
    }
}
