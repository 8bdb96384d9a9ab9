//! A private home for the program, and calls of which any output that is not expected is a failure.
//!
//! In what the program says, the home's path is shown as `~`, instants as `TIME`, and seconds ago as `now`.

use durun::timer::{Clock as _, SystemClock};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A directory with a store and scripts of its own.
pub(crate) struct Home {
    directory: tempfile::TempDir,
}

/// A call of the program that has not been made yet.
#[must_use = "nothing happens before `check`"]
pub(crate) struct Call {
    command: Command,
    home: PathBuf,
    stdin: Option<String>,
    out: String,
    err: String,
    exit: i32,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().canonicalize().expect("a path")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join(".local/state/durun")
    }

    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
        self
    }

    /// A recorded run of `order.rhai` that nobody executes.
    pub(crate) fn recorded(id: &str) -> Self {
        let home = Self::new();
        home.file("order.rhai", "on_signal(\"paid\", |data| data);\nwait_signal(\"picked\")\n");
        home.durun(&["start", "order.rhai", "--record-only", "--id", id]).out(&format!("{id}\n")).check();
        home
    }

    /// A run of this script that was executed until its status, as JSON, contained all of these, and killed then.
    pub(crate) fn killed_at(id: &str, script: &str, seen: &[&str]) -> Self {
        let home = Self::new();
        home.file("script.rhai", script);
        home.executed_until(&["start", "script.rhai", "--id", id], id, seen);
        home
    }

    /// Executes until the run's status contains all of these, and kills the executor.
    pub(crate) fn executed_until(&self, words: &[&str], id: &str, seen: &[&str]) {
        self.executed_until_all(words, &[(id, seen)]);
    }

    /// The same for several runs that it executes.
    pub(crate) fn executed_until_all(&self, words: &[&str], runs: &[(&str, &[&str])]) {
        let _killed = Killed(self.durun(words).command.spawn().expect("the program starts"));
        for (id, seen) in runs {
            self.until(id, seen);
        }
    }

    /// Looks at what is seen while a process executes the run, once its status contains all of these; then it is killed.
    pub(crate) fn while_executed(&self, words: &[&str], id: &str, seen: &[&str], look: impl FnOnce(u32)) {
        let killed = Killed(self.durun(words).command.spawn().expect("the program starts"));
        let executor = format!("\"executor\":{}", killed.0.id());
        self.until(id, &[seen, &[executor.as_str()]].concat());
        look(killed.0.id());
    }

    /// What a call writes on stderr until this has been looked at; it is killed then.
    pub(crate) fn while_told(&self, words: &[&str], look: impl FnOnce(&Self)) -> String {
        let mut killed = Killed(self.durun(words).command.spawn().expect("the program starts"));
        look(self);
        let mut stderr = killed.0.stderr.take().expect("piped");
        drop(killed);
        let mut told = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut told).expect("text");
        told
    }

    /// Waits until the run's status, as JSON, contains all of these.
    pub(crate) fn until(&self, id: &str, seen: &[&str]) {
        let began = SystemClock.monotonic();
        loop {
            let (status, _, _) = self.durun(&["status", id, "-o", "jsonl"]).make();
            if seen.iter().all(|seen| status.contains(seen)) {
                return;
            }
            let waited = SystemClock.monotonic().saturating_sub(began);
            assert!(waited < Duration::from_mins(3), "waited in vain for {seen:?}: {status}");
            SystemClock.pause(Duration::from_millis(10));
        }
    }

    /// A call of the program with these words.
    pub(crate) fn durun(&self, words: &[&str]) -> Call {
        let mut command = Command::new(env!("CARGO_BIN_EXE_durun"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Call { command, home: self.path(), stdin: None, out: String::new(), err: String::new(), exit: 0 }
    }
}

/// A program that is killed when the test has seen enough of it, or fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        let _ended = self.0.kill();
        let _code = self.0.wait();
    }
}

impl Call {
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The whole of stdout; nothing unless this is said.
    pub(crate) fn out(mut self, text: &str) -> Self {
        text.clone_into(&mut self.out);
        self
    }

    /// The whole of stderr; nothing unless this is said.
    pub(crate) fn err(mut self, text: &str) -> Self {
        text.clone_into(&mut self.err);
        self
    }

    /// The exit code; 0 unless this is said.
    pub(crate) fn exit(mut self, code: i32) -> Self {
        self.exit = code;
        self
    }

    /// Makes the call and compares all that it said.
    #[track_caller]
    pub(crate) fn check(self) {
        let (expected_out, expected_err, exit) = (self.out.clone(), self.err.clone(), self.exit);
        let (out, err, code) = self.make();
        assert_eq!(
            format!("exit {code}\nstdout:\n{out}stderr:\n{err}"),
            format!("exit {exit}\nstdout:\n{expected_out}stderr:\n{expected_err}"),
        );
    }

    /// Makes the call; exit code and stderr must be as expected. Gives stdout.
    #[track_caller]
    pub(crate) fn stdout(self) -> String {
        let (expected_err, exit) = (self.err.clone(), self.exit);
        let (out, err, code) = self.make();
        assert_eq!(format!("exit {code}\n{err}"), format!("exit {exit}\n{expected_err}"));
        out
    }

    /// Makes the call; the exit code must be as expected. Gives stdout and stderr.
    #[track_caller]
    pub(crate) fn both(self) -> (String, String) {
        let exit = self.exit;
        let (out, err, code) = self.make();
        assert_eq!(code, exit, "{out}{err}");
        (out, err)
    }

    /// Makes the call, which must succeed and say nothing on stderr. Gives the bytes of stdout.
    #[track_caller]
    pub(crate) fn bytes(mut self) -> Vec<u8> {
        let output = self.command.stdin(Stdio::null()).output().expect("the program ends");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        output.stdout
    }

    /// Makes the call; it must print nothing on stdout. Gives stderr.
    #[track_caller]
    pub(crate) fn failure(self) -> String {
        let exit = self.exit;
        let (out, err, code) = self.make();
        assert_eq!(format!("exit {code}\n{out}"), format!("exit {exit}\n"), "{err}");
        err
    }

    /// Makes the call, which must end well. Gives stderr.
    #[track_caller]
    pub(crate) fn spoken(self) -> String {
        let (_, err, code) = self.make();
        assert_eq!(code, 0, "{err}");
        err
    }

    /// Makes the call; gives stdout, stderr and the exit code.
    pub(crate) fn make(mut self) -> (String, String, i32) {
        let mut child = self.command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("piped");
        // A program that does not read may have gone already.
        let _ = stdin.write_all(self.stdin.unwrap_or_default().as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| shown(&String::from_utf8(bytes).expect("UTF-8"), &self.home);
        (text(output.stdout), text(output.stderr), output.status.code().unwrap_or(-1))
    }
}

fn shown(text: &str, home: &Path) -> String {
    let text = text.replace(&home.to_string_lossy().into_owned(), "~");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        if let Some(length) = instant(rest) {
            out.push_str("TIME");
            rest = &rest[length..];
        } else if let Some(length) = seconds_ago(rest) {
            // As wide as it was, where columns follow.
            let padded = rest[length..].starts_with(' ');
            out.push_str(if padded { "now   " } else { "now" });
            rest = &rest[length..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// `2026-11-23T11:28:42.120Z` and `2026-11-23 11:28:42Z`.
fn instant(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-dd*dd:dd:dd";
    let fits = bytes.len() > shape.len()
        && shape.iter().zip(bytes).all(|(shape, byte)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'*' => matches!(byte, b'T' | b' '),
            mark => mark == byte,
        });
    let end = text.find('Z')?;
    (fits && end < 25).then_some(end + 1)
}

fn seconds_ago(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (bytes.first()?.is_ascii_digit() && bytes.get(1..)?.starts_with(b"s ago")).then_some(6)
}
