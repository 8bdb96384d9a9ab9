//! What a child does between fork and exec: tie its life to ours, note its pid, keep our files to ourselves.
#![expect(unsafe_code, reason = "what runs between fork and exec can only be given by an unsafe call")]

use super::heartbeat::DESCRIPTOR;
use rustix::fs::{Mode, OFlags};
use rustix::io::FdFlags;
use rustix::process::{Pid, Signal};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use tokio::process::Command;

/// All that the child needs, made before the fork.
pub(super) struct Prelude {
    parent: Pid,
    note: Option<File>,
    /// Descriptors that this process has from whoever started it, and would hand on.
    inherited: Vec<RawFd>,
    heartbeat: Heartbeat,
}

/// The child's end of the heartbeat pipe, and what has its number until then.
///
/// Between fork and exec one descriptor of unknown number is needed to tell of errors. It cannot be the one that is
/// replaced, if that was open before and still is the same file.
struct Heartbeat {
    pipe: OwnedFd,
    /// Keeps the number taken where nothing had it.
    _place: Option<OwnedFd>,
    before: (u64, u64),
}

impl Heartbeat {
    fn new(pipe: OwnedFd) -> io::Result<Self> {
        if let Ok(before) = identity() {
            return Ok(Self { pipe, _place: None, before });
        }
        let place = rustix::io::fcntl_dupfd_cloexec(&pipe, DESCRIPTOR)?;
        // No file is (0, 0): where another thread was faster, the child looks again.
        Ok(Self { pipe, _place: Some(place), before: identity().unwrap_or_default() })
    }

    /// Gives it its number in the child.
    fn place(&self) -> io::Result<()> {
        // Where nothing has the number any more, nothing is replaced.
        if identity().is_ok_and(|now| now != self.before) {
            // Another thread closed a file at the wrong moment, and something new has its number; another try will do.
            return Err(io::Error::from(rustix::io::Errno::AGAIN));
        }
        // SAFETY: whatever has the number is replaced by what is owned here, and not closed.
        let mut target = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(DESCRIPTOR) });
        if self.pipe.as_raw_fd() != DESCRIPTOR {
            rustix::io::dup2(&self.pipe, &mut target)?;
        }
        Ok(rustix::io::fcntl_setfd(&*target, FdFlags::empty())?)
    }
}

/// Which file the descriptor of heartbeats is now.
fn identity() -> io::Result<(u64, u64)> {
    // SAFETY: borrowed for one call; a number that is not open gives an error.
    let stat = rustix::fs::fstat(unsafe { BorrowedFd::borrow_raw(DESCRIPTOR) })?;
    Ok((stat.st_dev, stat.st_ino))
}

impl Prelude {
    /// To be made on the thread that forks. The child adds its line of `/proc/self/stat` to the note.
    /// It writes heartbeats to `heartbeat`.
    pub(super) fn new(note: Option<File>, heartbeat: OwnedFd) -> io::Result<Self> {
        let heartbeat = Heartbeat::new(heartbeat)?;
        Ok(Self { parent: rustix::process::getpid(), note, inherited: open_descriptors(), heartbeat })
    }

    /// Lets the children of this command go through it.
    pub(super) fn attach(self, command: &mut Command) {
        // SAFETY: `run` makes system calls only (prctl, getppid, openat, read, write, close, fcntl, fstat, dup2, prlimit), which are all
        // async-signal-safe, on data that existed before the fork; it takes no lock and allocates nothing.
        unsafe {
            command.pre_exec(move || self.run());
        }
    }

    fn run(&self) -> io::Result<()> {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        if rustix::process::getppid() != Some(self.parent) {
            // The parent ended before the tie was made: nothing may begin.
            return Err(io::Error::from(rustix::io::Errno::SRCH));
        }
        super::cores::allow_again();
        for &descriptor in &self.inherited {
            // SAFETY: borrowed for two calls; a number that is open no more gives an error, which is ignored.
            let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
            if let Ok(flags) = rustix::io::fcntl_getfd(descriptor) {
                rustix::io::fcntl_setfd(descriptor, flags | FdFlags::CLOEXEC)?;
            }
        }
        if let Some(note) = &self.note {
            let mut line = [0_u8; 1024];
            let stat = rustix::fs::open(c"/proc/self/stat", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            let count = rustix::io::read(&stat, &mut line)?;
            rustix::io::write(note, line.get(..count).unwrap_or_default())?;
        }
        // Last: the note may have had its number.
        self.heartbeat.place()
    }
}

/// The descriptors above stderr that are open now.
fn open_descriptors() -> Vec<RawFd> {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    open.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|fd| *fd > 2).collect()
}
