//! The note of a child: an ordinary file that names the process before its program begins, so that recovery finds it.
//!
//! Its first line is the boot id, its second the child's line of `/proc/self/stat` (pid, group, start time), written by the
//! child itself. It is not synced: it has to survive the end of our process, not that of the machine.

use super::group::Stat;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where the note of a command's child lies.
pub fn note_path(children: &Path, run: u64, op: u32) -> PathBuf {
    children.join(format!("{run}-{op}"))
}

/// A note without the child's own line.
pub(super) fn begin_note(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(format!("{}\n", boot_id()?).as_bytes())?;
    Ok(file)
}

/// Removes a note; one that is not there is no error.
pub(super) fn remove_note(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The process that a note names, where it was written since the machine came up. Anything else in the file names nobody.
pub(super) fn read_note(path: &Path) -> io::Result<Option<Stat>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // The name of a program need not be UTF-8.
    let text = String::from_utf8_lossy(&bytes);
    let Some((boot, line)) = text.split_once('\n') else { return Ok(None) };
    if boot != boot_id()? {
        return Ok(None);
    }
    Ok(Stat::parse(line).filter(|stat| stat.pid == stat.group))
}

/// Names this life of the machine.
pub(super) fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}
