//! Who has a store open, as the kernel tells, also where he does not answer.

use super::StoreError;
use super::stopped::is_stopped;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The process that holds the lock of a store's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Its pid.
    pub pid: u32,
    /// Whether it is stopped, as by Ctrl-Z.
    pub is_stopped: bool,
}

/// Who holds the lock of a store; nothing where nobody does, or the kernel does not tell (proc(5), `/proc/locks`).
pub fn holder(directory: &Path) -> Option<Holder> {
    let path = directory.join("owner.lock").canonicalize().ok()?;
    let inode = path.metadata().ok()?.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // The number is one of a file system: what the process has open says of which.
    let pid = locks.lines().filter_map(|line| whose(line, &inode)).find(|pid| has_open(*pid, &path))?;
    Some(Holder { pid, is_stopped: is_stopped(pid) })
}

/// What is wrong where a store's lock is held, and nobody serves it.
pub(super) fn unserved(directory: &Path) -> StoreError {
    match holder(directory) {
        Some(Holder { pid, is_stopped: true }) => StoreError::Stopped { pid },
        Some(Holder { pid, .. }) => {
            StoreError::Busy { message: format!("process {pid} holds its lock and does not serve it") }
        }
        None => {
            StoreError::Busy { message: "its lock is held by a process that does not serve it".to_owned() }
        }
    }
}

/// The pid of a line such as `3: FLOCK  ADVISORY  WRITE 4616 fe:00:10272817 0 EOF`, where it is about this inode.
fn whose(line: &str, inode: &str) -> Option<u32> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, "FLOCK", _, "WRITE", pid, file, ..] = fields.as_slice() else { return None };
    let (_, of) = file.rsplit_once(':')?;
    if of == inode { pid.parse().ok() } else { None }
}

fn has_open(pid: u32, path: &Path) -> bool {
    let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    open.flatten().any(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| to == path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SharedStore;
    use crate::timer::SystemClock;
    use std::sync::Arc;

    #[test]
    fn the_owner_of_a_store_is_seen_as_long_as_it_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = folder.path().join("store");
        assert_eq!(holder(&directory), None);
        let store = SharedStore::open(&directory, Arc::new(SystemClock)).expect("opens");
        assert_eq!(holder(&directory), Some(Holder { pid: std::process::id(), is_stopped: false }));
        drop(store);
        assert_eq!(holder(&directory), None);
    }

    #[test]
    fn only_a_whole_lock_of_that_file_counts() {
        let line = "3: FLOCK  ADVISORY  WRITE 4616 fe:00:817 0 EOF";
        assert_eq!(whose(line, "817"), Some(4616));
        assert_eq!(whose(line, "17"), None);
        for other in [
            "1: OFDLCK ADVISORY  WRITE -1 fe:00:817 0 EOF",
            "3: FLOCK  ADVISORY  READ 4616 fe:00:817 0 EOF",
            "3: -> FLOCK  ADVISORY  WRITE 4616 fe:00:817 0 EOF",
            "",
        ] {
            assert_eq!(whose(other, "817"), None, "{other}");
        }
    }
}
