//! A terminal in which commands of a page are executed.

use super::fit::{NO_HOME, line_fits, plain};
use super::page::Shown;
use durun::timer::{Clock as _, SystemClock};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(3);

/// What is done as soon as a text is shown.
pub(super) type When = (String, Box<dyn FnMut(&Terminal)>);

/// One command at work, and what it has shown so far.
pub(super) struct Terminal {
    child: Child,
    seen: Arc<Mutex<Vec<u8>>>,
    /// How many lines have been found.
    read: usize,
    home: String,
}

/// The lines that were drawn, one after the other; a line drawn anew is one more.
fn drawn(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' | '\r' => lines.push(String::new()),
            '\u{1b}' => {
                // A control sequence ends with a letter; whichever it is, what follows begins a new piece only where it moves.
                let end =
                    letters.by_ref().skip_while(|letter| *letter == '[').find(char::is_ascii_alphabetic);
                if end != Some('m') {
                    lines.push(String::new());
                }
            }
            // A picture of a spinner begins a line; what was before it was filled up to the edge.
            '\u{2800}'..='\u{28ff}' => lines.push(letter.to_string()),
            _ => lines.last_mut().expect("a line").push(letter),
        }
    }
    lines
}

impl Terminal {
    /// Executes a command.
    pub(super) fn new(mut command: Command, home: &str) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("ready");
        let size = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&ours, size).expect("its size");
        let name = ptsname(&ours, Vec::new()).expect("its name");
        let end = || File::options().write(true).open(OsStr::from_bytes(name.to_bytes())).expect("its end");
        command.env("TERM", "xterm-256color").stdout(end()).stderr(end());
        let child = command.spawn().expect("begins");
        drop(command);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sees = Arc::clone(&seen);
        std::thread::spawn(move || {
            let (mut ours, mut buffer) = (File::from(ours), [0; 4096]);
            while let Ok(length @ 1..) = ours.read(&mut buffer) {
                sees.lock().expect("whole").extend(buffer.iter().take(length));
            }
        });
        Self { child, seen, read: 0, home: home.to_owned() }
    }

    fn lines(&self) -> Vec<String> {
        let drawn = drawn(&self.seen.lock().expect("whole"));
        let mut lines: Vec<String> = drawn.iter().map(|line| plain(line, &self.home)).collect();
        lines.retain(|line| !line.is_empty());
        lines.dedup();
        lines
    }

    /// Waits until it has shown these lines, in this order, and does what is to be done meanwhile.
    pub(super) fn shows(&mut self, page: &str, shown: &Shown, whens: &mut Vec<When>) {
        let began = SystemClock.monotonic();
        let mut expected = shown.lines.iter().filter(|line| *line != "…").map(|line| plain(line, NO_HOME));
        let mut next = expected.next();
        loop {
            let lines = self.lines();
            whens.retain_mut(|(text, act)| {
                let is_due = lines.iter().any(|line| line.contains(text.as_str()));
                if is_due {
                    act(self);
                }
                !is_due
            });
            while let Some(line) = &next {
                let Some(place) = lines.iter().skip(self.read).position(|seen| line_fits(line, seen)) else {
                    break;
                };
                self.read += place + 1;
                next = expected.next();
            }
            let Some(line) = &next else { return };
            let waited = SystemClock.monotonic().saturating_sub(began);
            assert!(
                waited < PATIENCE,
                "{page}:{}: {line:?} is not shown; it shows\n{}",
                shown.line,
                lines.join("\n")
            );
            SystemClock.pause(Duration::from_millis(20));
        }
    }

    /// Waits until its command has ended.
    pub(super) fn ends(&mut self) {
        let began = SystemClock.monotonic();
        while self.child.try_wait().expect("its status").is_none() {
            let waited = SystemClock.monotonic().saturating_sub(began);
            assert!(waited < PATIENCE, "it goes on and on: {}", self.lines().join("\n"));
            SystemClock.pause(Duration::from_millis(20));
        }
    }

    /// Kills what the shell executes.
    pub(super) fn kill(&self) {
        // What is said of it is a line of its own.
        self.seen.lock().expect("whole").push(b'\n');
        for pid in below(self.child.id()) {
            let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
            // It may have ended by itself.
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.kill();
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// The processes that this one has started.
fn below(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}
