//! A child of ours: its note on disk before it begins, its tie to us, its group, and what is left of it after a crash.
//!
//! The second place with `unsafe` besides the strand: what a child does between fork and exec can only be said so.

use crate::timer::Clock;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

pub(super) const TERM: Signal = Signal::TERM;
pub(super) const KILL: Signal = Signal::KILL;

/// How long what is left of a crashed process's child has between TERM and KILL.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);

/// The note of a child: boot id, then the child's line of `/proc/self/stat` (pid, group, start time), written by the child itself.
/// Not synced: it has to survive the end of our process, not of the machine.
pub(super) struct ChildFile {
    file: File,
    path: PathBuf,
}

impl ChildFile {
    /// The file with everything but the child's own line.
    pub(super) fn prepare(path: &Path) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(boot_id().as_bytes())?;
        file.write_all(b"\n")?;
        Ok(Self { file, path: path.to_owned() })
    }

    pub(super) fn remove(&self) {
        drop(std::fs::remove_file(&self.path));
    }
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Lets the child end when we end, and note itself before its program begins.
#[expect(unsafe_code, reason = "what happens between fork and exec")]
pub(super) fn tie_to_us(command: &mut Command, file: Option<&ChildFile>) {
    let note: Option<RawFd> = file.map(|file| file.file.as_fd().as_raw_fd());
    let parent = rustix::process::getpid();
    let between = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        if rustix::process::getppid() != Some(parent) {
            // We ended before the tie was made.
            return Err(io::Error::from(rustix::io::Errno::SRCH));
        }
        if let Some(note) = note {
            // SAFETY: the parent keeps the file open until `spawn` has returned, and the child has a copy of its descriptors.
            let note = unsafe { BorrowedFd::borrow_raw(note) };
            let mut line = [0_u8; 1024];
            let stat =
                rustix::fs::open(c"/proc/self/stat", rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty())?;
            let count = rustix::io::read(&stat, &mut line)?;
            rustix::io::write(note, line.get(..count).unwrap_or_default())?;
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls only (prctl, getppid, open, read, write) and allocates nothing: all of it is
    // async-signal-safe, as what runs between fork and exec has to be.
    unsafe {
        command.pre_exec(between);
    }
}

/// Sends a signal to a whole group. One that is gone is no error.
pub(super) fn kill_group(group: Option<u32>, signal: Signal) {
    if let Some(group) = group.and_then(|group| i32::try_from(group).ok()).and_then(Pid::from_raw) {
        let _gone_already = kill_process_group(group, signal);
    }
}

/// Where a program is: by path from the directory, or by name in the given `PATH`.
pub(super) fn find_program(
    program: &str,
    directory: &Path,
    environment: &BTreeMap<String, String>,
) -> io::Result<PathBuf> {
    if program.contains('/') {
        return Ok(directory.join(program));
    }
    let path = environment.get("PATH").map_or("/usr/local/bin:/usr/bin:/bin", String::as_str);
    let candidates =
        path.split(':').filter(|part| !part.is_empty()).map(|part| directory.join(part).join(program));
    let mut forbidden = None;
    for candidate in candidates {
        match candidate.metadata() {
            Ok(file) if file.is_file() && file.permissions().mode() & 0o111 != 0 => return Ok(candidate),
            Ok(file) if file.is_file() => forbidden = Some(candidate),
            Ok(_) | Err(_) => {}
        }
    }
    Err(match forbidden {
        Some(file) => {
            io::Error::new(io::ErrorKind::PermissionDenied, format!("{} is not executable", file.display()))
        }
        None => io::Error::new(io::ErrorKind::NotFound, format!("no program {program} in PATH ({path})")),
    })
}

/// Where the note of a command's child lies.
pub fn note_path(children: &Path, run: u64, op: u32) -> PathBuf {
    children.join(format!("{run}-{op}"))
}

/// Ends what a crash left running of a command, so that two copies never run side by side; waits until it is gone.
///
/// # Errors
/// The system's, where the note cannot be read or removed.
pub fn end_leftover(note: &Path, clock: &dyn Clock) -> io::Result<()> {
    let text = match std::fs::read_to_string(note) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(left) = Leftover::parse(&text)
        && left.is_ours()
    {
        left.end(clock);
    }
    std::fs::remove_file(note)
}

/// What a note says.
#[derive(Debug, PartialEq, Eq)]
struct Leftover {
    boot: String,
    pid: i32,
    group: i32,
    started: u64,
}

impl Leftover {
    fn parse(text: &str) -> Option<Self> {
        let (boot, stat) = text.split_once('\n')?;
        let (pid, group, started) = parse_stat(stat)?;
        Some(Self { boot: boot.to_owned(), pid, group, started })
    }

    /// Whether the group is still that of this note: same boot, and the leader is the noted one, or gone with others of its group left.
    fn is_ours(&self) -> bool {
        if self.boot != boot_id() {
            return false;
        }
        match std::fs::read_to_string(format!("/proc/{}/stat", self.pid)) {
            Ok(stat) => parse_stat(&stat).is_some_and(|(_, _, started)| started == self.started),
            Err(_) => true,
        }
    }

    fn lives(&self) -> bool {
        Pid::from_raw(self.group).is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    fn end(&self, clock: &dyn Clock) {
        let group = u32::try_from(self.group).ok();
        let began = clock.monotonic();
        kill_group(group, TERM);
        while self.lives() && clock.monotonic().saturating_sub(began) < LEFTOVER_GRACE {
            clock.pause(Duration::from_millis(5));
        }
        while self.lives() && clock.monotonic().saturating_sub(began) < LEFTOVER_GRACE * 2 {
            kill_group(group, KILL);
            clock.pause(Duration::from_millis(5));
        }
    }
}

/// Pid, group and start time (fields 1, 5 and 22 of proc(5)); the name in parentheses may hold anything.
fn parse_stat(stat: &str) -> Option<(i32, i32, u64)> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let after_name = stat.get(stat.rfind(')')? + 1..)?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    Some((pid, fields.get(2)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::SystemClock;
    use std::os::unix::process::CommandExt;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_name() {
        let mut stat = "42 (a) b (c)) S 1 41 41 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0".to_owned();
        stat.push_str(" 0 0");
        assert_eq!(parse_stat(&stat), Some((42, 41, 777)));
        assert_eq!(parse_stat("garbage"), None);
    }

    #[test]
    fn what_a_crash_left_is_ended_and_a_stranger_is_not() {
        let place = tempfile::tempdir().expect("a directory");
        let note = place.path().join("1-2");
        let mut child =
            std::process::Command::new("sleep").arg("60").process_group(0).spawn().expect("a child");
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("its line");
        let other_start = stat.trim_end().rsplitn(32, ' ').collect::<Vec<_>>();
        assert!(other_start.len() > 20);
        std::fs::write(&note, format!("another boot\n{stat}")).expect("a note");
        end_leftover(&note, &SystemClock).expect("reads");
        assert!(child.try_wait().expect("waits").is_none(), "a note of another boot names a stranger");
        std::fs::write(&note, format!("{}\n{stat}", boot_id())).expect("a note");
        let reaper = std::thread::spawn(move || child.wait());
        end_leftover(&note, &SystemClock).expect("ends it");
        assert!(!reaper.join().expect("joins").expect("waits").success());
        assert!(!note.exists());
        end_leftover(&note, &SystemClock).expect("nothing left is no error");
    }

    #[test]
    fn garbage_in_a_note_ends_nobody() {
        let place = tempfile::tempdir().expect("a directory");
        let note = place.path().join("1-2");
        std::fs::write(&note, "no\nsense 1 2 3").expect("a note");
        end_leftover(&note, &SystemClock).expect("is removed");
        assert!(!note.exists());
    }
}
