//! A started process: spawned into a group of its own, noticed when it ends, buried when its group is gone.

use super::group::Group;
use super::heartbeat::heartbeat_pipe;
use super::note::{begin_note, remove_note};
use super::prelude::Prelude;
use super::process::ProcessSpec;
use super::program::{NotStarted, find_program};
use super::pumps::Pipes;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

/// How often a start that the system put off is tried again at once.
const TRIES: usize = 8;
/// How long we wait for what was killed; a process that the kernel keeps longer (a dead network disk) is left behind.
const KILLED: Duration = Duration::from_secs(5);

/// A process that was started.
pub(super) struct Child {
    process: tokio::process::Child,
    leader: Pid,
    group: Group,
    signals: tokio::signal::unix::Signal,
    note: Option<PathBuf>,
    heartbeats: Option<OwnedFd>,
    buried: bool,
}

/// A child that nobody drives any more (its driver panicked) does not go on alone.
impl Drop for Child {
    fn drop(&mut self) {
        if !self.buried {
            self.kill();
        }
    }
}

impl Child {
    /// Starts it. Must run on the thread that forks all children.
    pub(super) fn start(spec: &ProcessSpec) -> Result<Self, NotStarted> {
        let again = rustix::io::Errno::AGAIN.raw_os_error();
        let mut started = Self::begin(spec);
        for _ in 0..TRIES {
            match &started {
                // A descriptor changed hands between two looks at it.
                Err(NotStarted::System(error)) if error.raw_os_error() == Some(again) => {
                    started = Self::begin(spec);
                }
                Ok(_) | Err(_) => break,
            }
        }
        started
    }

    fn begin(spec: &ProcessSpec) -> Result<Self, NotStarted> {
        let (program, arguments) = spec.argv.split_first().ok_or(NotStarted::NoProgram)?;
        let path = find_program(program, &spec.directory, &spec.environment)?;
        // Asked for before there is a child, so that its end cannot be missed.
        let signals = signal(SignalKind::child()).map_err(NotStarted::System)?;
        let (heartbeats, to_heartbeats) = heartbeat_pipe().map_err(NotStarted::System)?;
        let stdout = match &spec.stdout_file {
            None => Stdio::piped(),
            Some(file) => file.begin()?.into(),
        };
        let mut command = Command::new(&path);
        command
            .arg0(program)
            .args(arguments)
            .current_dir(&spec.directory)
            .env_clear()
            .envs(&spec.environment)
            .process_group(0)
            .stdin(if spec.stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(stdout)
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let file = match &spec.note {
            None => None,
            Some(note) => {
                Some(begin_note(note).map_err(|error| NotStarted::Note { note: note.clone(), error })?)
            }
        };
        Prelude::new(file, to_heartbeats).map_err(NotStarted::System)?.attach(&mut command);
        match command.spawn() {
            Ok(process) => {
                Self::adopt(process, signals, spec.note.clone(), heartbeats).map_err(NotStarted::System)
            }
            Err(error) => {
                if let Some(file) = &spec.stdout_file {
                    file.discard();
                }
                if let Some(note) = &spec.note {
                    // One that stays names a process that never began: recovery ends nobody by it.
                    drop(remove_note(note));
                }
                Err(why(error, &path, spec))
            }
        }
    }

    fn adopt(
        process: tokio::process::Child,
        signals: tokio::signal::unix::Signal,
        note: Option<PathBuf>,
        heartbeats: OwnedFd,
    ) -> io::Result<Self> {
        let number = process.id().and_then(|pid| i32::try_from(pid).ok());
        let leader = number.and_then(Pid::from_raw);
        let group = number.and_then(Group::led_by);
        match (leader, group) {
            (Some(leader), Some(group)) => {
                let heartbeats = Some(heartbeats);
                Ok(Self { process, leader, group, signals, note, heartbeats, buried: false })
            }
            (None | Some(_), None | Some(_)) => Err(io::Error::other("the child has no pid")),
        }
    }

    pub(super) fn take_pipes(&mut self) -> Pipes {
        Pipes {
            stdin: self.process.stdin.take(),
            stdout: self.process.stdout.take(),
            stderr: self.process.stderr.take(),
            // Any pipe may be read as that of a stdout; without it a process lives on unheard.
            heartbeats: self
                .heartbeats
                .take()
                .and_then(|pipe| tokio::process::ChildStdout::from_std(ChildStdout::from(pipe)).ok()),
        }
    }

    pub(super) fn group(&self) -> Group {
        self.group
    }

    /// Waits until the leader has ended. Its exit status is not taken yet: until then neither its pid nor the number of its
    /// group can be given to a stranger, so that a signal to the group reaches nobody else.
    pub(super) async fn ended(&mut self) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        while let Ok(None) = waitid(WaitId::Pid(self.leader), options) {
            if self.signals.recv().await.is_none() {
                sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// Kills whatever is left of the group.
    pub(super) fn kill(&self) {
        self.group.signal(Signal::KILL);
    }

    /// Takes the exit status when the killed group is gone, and removes the note. Nothing where the kernel keeps the
    /// process: then the note stays.
    pub(super) async fn bury(mut self) -> Option<ExitStatus> {
        timeout(KILLED, self.ended()).await.ok()?;
        let gone = timeout(KILLED, self.group.emptied()).await.is_ok();
        let status = self.process.wait().await.ok();
        self.buried = true;
        if gone && let Some(note) = &self.note {
            // One that stays names a process that is gone: recovery ends nobody by it.
            drop(remove_note(note));
        }
        status
    }
}

/// The system's refusal in our words; it does not say which of the files was meant.
fn why(error: io::Error, program: &Path, spec: &ProcessSpec) -> NotStarted {
    if let Err(error) = rustix::fs::access(&spec.directory, rustix::fs::Access::EXEC_OK) {
        return NotStarted::Directory { directory: spec.directory.clone(), error: error.into() };
    }
    if !spec.directory.is_dir() {
        return NotStarted::Directory { directory: spec.directory.clone(), error };
    }
    match error.kind() {
        io::ErrorKind::NotFound => NotStarted::NoInterpreter(program.to_owned()),
        _ => NotStarted::System(error),
    }
}
