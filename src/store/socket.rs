//! The socket's place: `sock` in the store directory, reached by a short path where the real one is too long.

use rustix::process::Uid;
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
    rustix::net::sockopt::socket_peercred(stream)
        .is_ok_and(|peer| is_admitted(peer.uid, rustix::process::geteuid()))
}

fn is_admitted(peer: Uid, us: Uid) -> bool {
    peer == us || peer.is_root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Token;
    use crate::store::frame::{self, Frame, Hello, PROTOCOL};
    use crate::store::{SharedStore, StoreError};
    use crate::timer::SystemClock;
    use std::sync::Arc;

    const OURS: &str = env!("CARGO_PKG_VERSION");

    #[test]
    fn the_same_user_and_root_are_admitted() {
        let (alice, bob) = (Uid::from_raw(1000), Uid::from_raw(1001));
        assert!(is_admitted(alice, alice) && is_admitted(Uid::ROOT, alice));
        assert!(!is_admitted(bob, alice) && !is_admitted(alice, Uid::ROOT));
    }

    /// What the owner says to a thread that says hello as this user, of this version.
    fn greeted(sock: PathBuf, user: Uid, version: &str) -> Option<Frame> {
        let version = version.to_owned();
        let thread = std::thread::spawn(move || {
            rustix::thread::set_thread_res_uid(user, user, user).expect("this thread's user");
            let mut stream = UnixStream::connect(sock).expect("the rights let anybody in");
            let hello = Hello {
                protocol: PROTOCOL,
                version,
                pid: 1,
                token: Token(7),
                executing: Vec::new(),
                watching: Vec::new(),
                attending: false,
            };
            // An owner that has hung up already is as good.
            drop(frame::write(&mut stream, &Frame::Hello(hello)));
            frame::read(&mut stream).ok().flatten()
        });
        thread.join().expect("no panic")
    }

    #[test]
    fn a_durun_of_another_version_is_told_which_has_the_store_open() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SharedStore::open(&folder.path().join("store"), Arc::new(SystemClock)).expect("opens");
        let us = rustix::process::geteuid();
        let Some(Frame::Refused(error)) = greeted(store.directory().join("sock"), us, "99.0.0") else {
            panic!("it was let in")
        };
        let expected = StoreError::OtherVersion { theirs: OURS.to_owned(), ours: "99.0.0".to_owned() };
        assert_eq!(error, expected);
    }

    /// As root only: nobody else can become another user. The rights are opened wide, so that the peer check stands alone.
    #[test]
    fn another_user_who_reaches_the_socket_is_shown_the_door() {
        let us = rustix::process::geteuid();
        let folder = tempfile::tempdir().expect("a folder");
        let store = SharedStore::open(&folder.path().join("store"), Arc::new(SystemClock)).expect("opens");
        let sock = store.directory().join("sock");
        for path in [folder.path(), store.directory(), &sock] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).expect("rights");
        }
        assert!(matches!(greeted(sock.clone(), us, OURS), Some(Frame::Welcome { .. })));
        if us.is_root() {
            assert!(greeted(sock, Uid::from_raw(65_534), OURS).is_none());
        }
    }
}
