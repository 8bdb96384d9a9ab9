//! A terminal of its own for the program, and the screen that a person would see.

use crate::harness::Home;
use durun::timer::{Clock as _, SystemClock};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What makes a terminal the one that Ctrl-C reaches a program through.
const SETSID: &str = "/usr/bin/setsid";

/// The lines that have left the screen at its top and are kept.
const KEPT: usize = 500;

/// A program at a terminal; it is killed when the test has seen enough of it, or fails.
pub(crate) struct Terminal {
    keys: File,
    child: Child,
    seen: Arc<Mutex<Seen>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

struct Seen {
    screen: vt100::Parser,
    bytes: Vec<u8>,
}

/// How a program at a terminal has ended.
pub(crate) struct Ended {
    /// The screen, without blanks at the ends of its lines and empty lines at its end.
    pub(crate) screen: String,
    /// All that was written to the terminal.
    pub(crate) bytes: String,
    pub(crate) status: ExitStatus,
    /// Whether the cursor is to be seen.
    pub(crate) shows_cursor: bool,
}

impl Terminal {
    /// The program with these words and variables at a terminal with so many columns; nothing, and a note, where this system has
    /// no `setsid`.
    pub(crate) fn open(home: &Home, columns: u16, words: &[&str], env: &[(&str, &str)]) -> Option<Self> {
        Self::of(home, columns, Path::new(env!("CARGO_BIN_EXE_durun")), words, env)
    }

    /// The same with another program, a shell for example.
    pub(crate) fn of(
        home: &Home,
        columns: u16,
        program: &Path,
        words: &[&str],
        env: &[(&str, &str)],
    ) -> Option<Self> {
        if !Path::new(SETSID).is_file() {
            skipped(&format!("there is no {SETSID}, which gives a program a terminal of its own"));
            return None;
        }
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
        let sides = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, sides).expect("a size");
        let slave = File::options().read(true).write(true).open(name).expect("its other side");
        let side = || slave.try_clone().expect("cloned");
        let mut command = Command::new(SETSID);
        command
            .arg("--ctty")
            .arg(program)
            .args(words)
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TERM", "xterm-256color")
            .envs(env.iter().copied())
            .current_dir(home.path())
            .stdin(side())
            .stdout(side())
            .stderr(side());
        let child = command.spawn().expect("the program starts");
        drop((command, slave));
        let master = File::from(master);
        let keys = master.try_clone().expect("cloned");
        let seen = Seen { screen: vt100::Parser::new(24, columns, KEPT), bytes: Vec::new() };
        let seen = Arc::new(Mutex::new(seen));
        let kept = Arc::clone(&seen);
        let reader = std::thread::spawn(move || read(master, &kept));
        Some(Self { keys, child, seen, reader: Some(reader) })
    }

    /// Another number of columns, as when a person drags the window's side. The old screen is cut.
    pub(crate) fn resize(&self, columns: u16) {
        let mut seen = self.seen.lock().expect("seen");
        seen.screen.screen_mut().set_size(24, columns);
        let sides = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.keys, sides).expect("a size");
    }

    /// What is on the screen now.
    pub(crate) fn screen(&self) -> String {
        trimmed(&self.seen.lock().expect("seen").screen.screen().contents())
    }

    /// Waits until all of these are on the screen; gives it.
    #[track_caller]
    pub(crate) fn until(&self, texts: &[&str]) -> String {
        self.until_it(&format!("{texts:?}"), |screen| texts.iter().all(|text| screen.contains(text)))
    }

    /// Waits until the screen is as wanted; gives it.
    #[track_caller]
    pub(crate) fn until_it(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let began = SystemClock.monotonic();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            let waited = SystemClock.monotonic().saturating_sub(began);
            assert!(waited < Duration::from_mins(2), "waited in vain for {what}:\n{screen}");
            SystemClock.pause(Duration::from_millis(20));
        }
    }

    /// Types these keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits for the end of the program.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let began = SystemClock.monotonic();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waited") {
                break status;
            }
            let waited = SystemClock.monotonic().saturating_sub(began);
            assert!(waited < Duration::from_mins(2), "it does not end:\n{}", self.screen());
            SystemClock.pause(Duration::from_millis(20));
        };
        self.reader.take().expect("a reader").join().expect("read");
        let seen = self.seen.lock().expect("seen");
        let screen = seen.screen.screen();
        Ended {
            screen: trimmed(&screen.contents()),
            bytes: String::from_utf8_lossy(&seen.bytes).into_owned(),
            status,
            shows_cursor: !screen.hide_cursor(),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        let _ended = self.child.kill();
        let _code = self.child.wait();
    }
}

/// Reads until nobody is left at the other side.
fn read(mut master: File, seen: &Mutex<Seen>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = master.read(&mut bytes) {
        let new = bytes.get(..count).unwrap_or_default();
        let mut seen = seen.lock().expect("seen");
        seen.screen.process(new);
        seen.bytes.extend_from_slice(new);
    }
}

/// Says that a test could not be made here.
pub(crate) fn skipped(why: &str) {
    writeln!(std::io::stderr(), "skipped: {why}").expect("said");
}

/// Without blanks at the ends of lines and empty lines at the end.
fn trimmed(screen: &str) -> String {
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}
