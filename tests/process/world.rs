//! A private home and store, and durun run in it.

use durun::timer::{Clock, SystemClock};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_mins(3);

pub(crate) struct World {
    place: tempfile::TempDir,
}

/// What a finished command told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { place: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).expect("writes");
        self.path(name).display().to_string()
    }

    /// The lines of a file; none where it is not there.
    pub(crate) fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub(crate) fn sample(name: &str) -> String {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name).display().to_string()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.place.path())
            .env("PATH", "/usr/bin:/bin")
            .env("DURUN_STORE", self.path("store"))
            .env("LEDGER", self.path("ledger"))
            .current_dir(self.place.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Told {
        told(&self.command(arguments).output().expect("runs"))
    }

    /// Runs and wants exit code 0.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let told = self.run(arguments);
        assert_eq!(told.code, Some(0), "{arguments:?}: {told:?}");
        told.out.trim_end().to_owned()
    }

    /// Runs and wants exit code 0 and nothing on stderr.
    pub(crate) fn quiet(&self, arguments: &[&str]) -> String {
        quiet(&self.run(arguments))
    }

    /// Begins a command in a group of its own.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        begin(&mut self.command(arguments))
    }

    /// Asks again and again until it is so.
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let began = SystemClock.monotonic();
        loop {
            if let Some(seen) = look(self) {
                return seen;
            }
            assert!(SystemClock.monotonic().saturating_sub(began) < PATIENCE, "waited in vain: {what}");
            SystemClock.pause(Duration::from_millis(10));
        }
    }

    /// The status of a run, as JSON.
    pub(crate) fn status(&self, id: &str) -> serde_json::Value {
        let told = self.run(&["status", id, "-o", "json"]);
        serde_json::from_str(&told.out).unwrap_or(serde_json::Value::Null)
    }

    pub(crate) fn until_waits_for(&self, id: &str, kind: &str) {
        self.until(&format!("{id} waits for {kind}"), |world| {
            let status = world.status(id);
            let waits = status["waits_for"].as_array()?.clone();
            waits.iter().any(|wait| wait["kind"] == kind).then_some(())
        });
    }

    /// The activities of a run that are recorded as completed.
    pub(crate) fn completed(&self, id: &str) -> Vec<serde_json::Value> {
        let mut entries = self.history(id);
        entries.retain(|entry| entry["kind"] == "ActivityCompleted");
        entries
    }

    /// The entries of a run, as JSON; none where there is no such run.
    pub(crate) fn history(&self, id: &str) -> Vec<serde_json::Value> {
        let told = self.run(&["history", id, "-o", "jsonl"]);
        assert!(matches!(told.code, Some(0 | 4)), "{told:?}");
        told.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Drop for World {
    /// A test that fails leaves nothing behind that executes, serves or waits: whoever has this world as home is killed.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let home = format!("HOME={}", self.place.path().display());
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let environment = std::fs::read(process.path().join("environ")).unwrap_or_default();
            let pid = process.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw)
                && environment.split(|byte| *byte == 0).any(|variable| variable == home.as_bytes())
            {
                // One that has ended meanwhile is as good.
                let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// The program under test: by `DURUN_PROGRAM` another than was built with the tests, for long figures.
fn program() -> PathBuf {
    std::env::var_os("DURUN_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_durun").into(), PathBuf::from)
}

/// How many at every push, how many by `DURUN_SOAK=full`.
pub(crate) fn figure<T>(short: T, full: T) -> T {
    if std::env::var_os("DURUN_SOAK").is_some_and(|wanted| wanted == "full") { full } else { short }
}

/// Begins a command in a group of its own.
pub(crate) fn begin(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn().expect("begins")
}

/// Wants exit code 0 and nothing on stderr; gives stdout.
pub(crate) fn quiet(told: &Told) -> String {
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{told:?}");
    told.out.trim_end().to_owned()
}

pub(crate) fn told(output: &Output) -> Told {
    Told {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) fn finish(child: Child) -> Told {
    told(&child.wait_with_output().expect("ends"))
}

/// Kills the child with its whole group; whether it was alive until then.
pub(crate) fn kill(child: Child) -> bool {
    send(&child, rustix::process::Signal::KILL);
    finish(child).code.is_none()
}

/// Sends a signal to the child's whole group.
pub(crate) fn send(child: &Child, signal: rustix::process::Signal) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    // One that has ended meanwhile is as good.
    let _gone = rustix::process::kill_process_group(group, signal);
}

/// A source of chance that a seed makes the same each time.
pub(crate) struct Chance(u64);

impl Chance {
    /// By `DURUN_SEED`, else by the given seed; printed, so that a failure can be repeated.
    #[expect(clippy::print_stdout, reason = "a failure is repeated by its seed")]
    pub(crate) fn new(seed: u64) -> Self {
        let given = std::env::var_os("DURUN_SEED").and_then(|seed| seed.to_str()?.parse().ok());
        let seed = given.unwrap_or(seed);
        println!("DURUN_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn a_test_that_fails_leaves_nobody_behind() {
    let mut server = None;
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let world = World::new();
        server = Some(world.spawn(&["serve"]));
        panic!("as planned");
    }));
    assert!(failed.is_err());
    let mut server = server.expect("it was begun");
    let ended = World::new().until("the server is gone", |_| server.try_wait().expect("is asked"));
    assert_eq!(ended.code(), None, "it was killed");
}
