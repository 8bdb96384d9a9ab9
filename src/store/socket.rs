//! The socket's place: `sock` in the store directory, reached by a short path where the real one is too long.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The longest path that fits a socket address on Linux, in bytes.
const LONGEST: usize = 107;

/// The store directory as a place for sockets.
pub(super) struct SocketPlace {
    directory: PathBuf,
    open: File,
}

impl SocketPlace {
    pub(super) fn at(directory: &Path) -> io::Result<Self> {
        Ok(Self { directory: directory.to_owned(), open: File::open(directory)? })
    }

    fn short(&self, name: &str) -> PathBuf {
        let path = self.directory.join(name);
        if path.as_os_str().len() <= LONGEST {
            return path;
        }
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.open.as_raw_fd()))
    }

    /// Connects to the owner.
    pub(super) fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(self.short("sock"))
    }

    /// Binds under a name of our own, then takes the common one. Only the holder of the owner's lock may do this.
    pub(super) fn bind(&self) -> io::Result<UnixListener> {
        self.remove_left_over();
        let own = format!("sock.{}", std::process::id());
        let listener = UnixListener::bind(self.short(&own))?;
        let path = self.directory.join(&own);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
        std::fs::rename(&path, self.directory.join("sock"))?;
        Ok(listener)
    }

    /// Removes the common name: before the owner's lock is released, never after.
    pub(super) fn unlink(&self) {
        drop(std::fs::remove_file(self.directory.join("sock")));
    }

    fn remove_left_over(&self) {
        let Ok(files) = std::fs::read_dir(&self.directory) else { return };
        for file in files.flatten() {
            if file.file_name().to_str().is_some_and(|name| name.starts_with("sock.")) {
                drop(std::fs::remove_file(file.path()));
            }
        }
    }
}

/// Whether the other end is a process of ours: same user, or root.
pub(super) fn is_ours(stream: &UnixStream) -> bool {
    let ours = rustix::process::geteuid();
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == ours || peer.uid.is_root())
}
