//! Real processes: ended whole, never blocked, never kept in memory without bound.

mod crash;
mod ending;
mod flow;
mod meaning;
mod secrets;
mod starting;

use super::*;
use crate::history::{CommandKind, CommandLabel};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

/// Longer than any test may take: what sleeps so long has to be ended.
const FOREVER: &str = "60";

fn shell(text: &str) -> ProcessSpec {
    ProcessSpec {
        argv: ["sh", "-c", text].map(str::to_owned).to_vec(),
        directory: PathBuf::from("/"),
        environment: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        stdin: Vec::new(),
        stdin_form: Form::Plain,
        secrets: std::sync::Arc::new(Secrets::none()),
        timeout: Some(Duration::from_secs(20)),
        grace: Duration::from_millis(200),
        note: None,
        stdout_bytes: STDOUT_BYTES,
        on_line: None,
        on_heartbeat: None,
        last_heartbeat: None,
        transcript: None,
        stdout_file: None,
    }
}

fn run_now(spec: ProcessSpec) -> ProcessOutput {
    let (_halt, asked) = watch::channel(Halt::No);
    run_until(spec, asked)
}

fn run_until(spec: ProcessSpec, asked: watch::Receiver<Halt>) -> ProcessOutput {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(spec, asked))
}

fn judged(kind: CommandKind, spec: ProcessSpec) -> Result<Done, Failed> {
    let label = CommandLabel { kind, name: "it".to_owned() };
    let timeout_ms = spec.timeout.map(|limit| i64::try_from(limit.as_millis()).expect("short"));
    judge(&label, run_now(spec), &[0], timeout_ms)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Whether a process is there and still runs.
fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Whether a process is there, be it as a zombie.
fn is_there(pid: &str) -> bool {
    PathBuf::from(format!("/proc/{}", pid.trim())).exists()
}
