//! The systemd units of `durun tick --install --systemd`: those of `docs/systemd/`, for this user's own runs.

use super::error::CliError;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SERVICE: &str = include_str!("../../docs/systemd/durun-tick.service");
const TIMER: &str = include_str!("../../docs/systemd/durun-tick.timer");
const SERVICE_NAME: &str = "durun-tick.service";
const TIMER_NAME: &str = "durun-tick.timer";

/// Where in a unit that begins which a user's own manager may not do.
const SYSTEM_ONLY: &str = "# From here on: for the system's manager alone.";
/// What the units start as they are shipped.
const SHIPPED: &str = "ExecStart=/usr/local/bin/durun --store /var/lib/durun tick";

/// The units of one user: a folder of the service manager, and how it is spoken to.
pub(crate) struct Units {
    folder: PathBuf,
    is_root: bool,
}

impl Units {
    /// Those of the user's own manager, or of the system's for root.
    pub(crate) fn of(config: &Path) -> Self {
        let is_root = rustix::process::geteuid().is_root();
        let own = config.join("systemd/user");
        Self { folder: if is_root { PathBuf::from("/etc/systemd/system") } else { own }, is_root }
    }

    /// Writes the units; gives path and text of each.
    ///
    /// # Errors
    /// They are there for another store, or cannot be written.
    pub(crate) fn write(&self, program: &Path, store: &Path) -> Result<Vec<(PathBuf, String)>, CliError> {
        let service = self.folder.join(SERVICE_NAME);
        let start = start(program, store);
        if let Ok(known) = std::fs::read_to_string(&service)
            && !known.contains(&format!("--store {} tick", quoted(store)))
        {
            let text = format!("{} is there for another store", service.display());
            return Err(CliError::Units(text));
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let files = vec![(service, service_text(&start)), (self.folder.join(TIMER_NAME), TIMER.to_owned())];
        for (path, text) in &files {
            std::fs::write(path, text).map_err(|error| failed(path, &error))?;
        }
        Ok(files)
    }

    /// Removes the units; gives the paths of those that were there.
    ///
    /// # Errors
    /// One cannot be removed.
    pub(crate) fn remove(&self) -> Result<Vec<PathBuf>, CliError> {
        let mut removed = Vec::new();
        for name in [TIMER_NAME, SERVICE_NAME] {
            let path = self.folder.join(name);
            match std::fs::remove_file(&path) {
                Ok(()) => removed.push(path),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&path, &error)),
            }
        }
        Ok(removed)
    }

    /// The words that have the manager do something.
    pub(crate) fn words(&self, verb: &[&str]) -> String {
        let user = if self.is_root { "" } else { " --user" };
        format!("systemctl{user} {}", verb.join(" "))
    }

    /// Has the manager start the timer, now and after each boot.
    ///
    /// # Errors
    /// What the manager says.
    pub(crate) fn enable(&self) -> Result<(), CliError> {
        self.tell(&["daemon-reload"])?;
        self.tell(&["enable", "--now", TIMER_NAME])
    }

    /// Has the manager forget the timer.
    ///
    /// # Errors
    /// What the manager says.
    pub(crate) fn disable(&self) -> Result<(), CliError> {
        self.tell(&["disable", "--now", TIMER_NAME])
    }

    fn tell(&self, verb: &[&str]) -> Result<(), CliError> {
        let user: &[&str] = if self.is_root { &[] } else { &["--user"] };
        let refused = |why: &str| CliError::Manager { command: self.words(verb), why: why.to_owned() };
        let output = Command::new("systemctl")
            .args(user)
            .args(verb)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| refused(&error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(refused(String::from_utf8_lossy(&output.stderr).trim_end()))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Units(format!("{}: {error}", path.display()))
}

fn start(program: &Path, store: &Path) -> String {
    format!("ExecStart={} --store {} tick", quoted(program), quoted(store))
}

/// A word of `ExecStart=`: with quotes where it needs them, `%` and `$` meaning themselves.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    let text = text.replace('%', "%%").replace('$', "$$");
    if text.contains(char::is_whitespace) || text.contains(['"', '\'']) {
        format!("\"{text}\"")
    } else {
        text
    }
}

/// The shipped service for one user: the head that tells how it is installed, and what only the system's manager can do,
/// left out.
fn service_text(start: &str) -> String {
    let from = SERVICE.find("[Unit]").unwrap_or_default();
    let until = SERVICE.find(SYSTEM_ONLY).unwrap_or(SERVICE.len());
    SERVICE.get(from..until).unwrap_or_default().replace(SHIPPED, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_written_again_for_their_store_refused_for_another_and_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let units = Units { folder: folder.path().join("systemd/user"), is_root: false };
        let (program, store) = (Path::new("/bin/durun"), Path::new("/s/a"));
        let files = units.write(program, store).expect("written");
        for (path, text) in &files {
            assert_eq!(std::fs::read_to_string(path).ok().as_ref(), Some(text));
        }
        assert_eq!(units.write(program, store).expect("written again"), files);
        let refused = units.write(program, Path::new("/s/b")).expect_err("another store");
        assert!(refused.to_string().contains("for another store"), "{refused}");
        assert_eq!(units.remove().expect("removed").len(), 2);
        assert_eq!(units.remove().expect("gone").len(), 0);
        assert_eq!(units.words(&["daemon-reload"]), "systemctl --user daemon-reload");
    }

    #[test]
    fn the_units_of_a_user_are_the_shipped_ones_with_its_own_program_and_store() {
        let start = start(Path::new("/home/me/my bin/durun"), Path::new("/home/me/50%"));
        assert_eq!(start, "ExecStart=\"/home/me/my bin/durun\" --store /home/me/50%% tick");
        let text = service_text(&start);
        assert!(text.starts_with("[Unit]\n") && text.contains(&format!("\n{start}\n")), "{text}");
        assert!(text.contains("\nNoNewPrivileges=yes\n") && text.contains("\nKillMode=mixed\n"), "{text}");
        for absent in ["User=", "ProtectSystem", "/var/lib/durun", "CapabilityBoundingSet"] {
            assert!(SERVICE.contains(absent) && !text.contains(absent), "{absent}: {text}");
        }
        assert!(TIMER.contains("[Timer]\nOnCalendar=minutely\n") && TIMER.contains("WantedBy=timers.target"));
    }
}
