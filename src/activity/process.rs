//! One attempt of a process: in a group of its own, fed and drained without blocking, ended whole.

use super::child::Child;
use super::heartbeat::{HeartbeatSink, Heartbeats};
use super::output::{Head, LineSink, Tail};
use super::program::NotStarted;
use super::pumps::{Kept, Pumps, Sieves};
use super::secrets::{Form, SecretError, Secrets};
use super::stdout_file::{StdoutFile, WrittenFile};
use super::transcript::{Transcript, TranscriptPlace};
use crate::history::Value;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How much of stdout is kept, in bytes: a little more than a recorded value may have.
pub const STDOUT_BYTES: usize = 1024 * 1024 + 4096;
/// How much of the end of each stream is kept, in bytes.
pub const STDERR_BYTES: usize = 64 * 1024;
/// How long a process has between TERM and KILL.
pub const GRACE: Duration = Duration::from_secs(10);
/// How long the pipes of a process that has ended may stay open: somebody in the background holds them.
const PIPES: Duration = Duration::from_millis(200);

/// A process to be run.
#[derive(Clone)]
pub struct ProcessSpec {
    /// Program and arguments. A name without `/` is looked for in the `PATH` of `environment`.
    pub argv: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Its whole environment; nothing is inherited.
    pub environment: BTreeMap<String, String>,
    /// What it reads.
    pub stdin: Vec<u8>,
    /// How `stdin` is written, for the secrets in it.
    pub stdin_form: Form,
    /// What stands for secrets in it, and is masked in what it writes.
    pub secrets: Arc<Secrets>,
    /// The longest that it may take.
    pub timeout: Option<Duration>,
    /// How long it has between TERM and KILL.
    pub grace: Duration,
    /// Where its pid is noted before it begins.
    pub note: Option<PathBuf>,
    /// How much of stdout is kept, in bytes; all of it is read.
    pub stdout_bytes: usize,
    /// Who hears its lines while it runs.
    pub on_line: Option<LineSink>,
    /// Who hears its heartbeats.
    pub on_heartbeat: Option<HeartbeatSink>,
    /// The details of the last heartbeat of an earlier attempt.
    pub last_heartbeat: Option<Value>,
    /// Where all that it writes is kept.
    pub transcript: Option<TranscriptPlace>,
    /// The file that its stdout goes to, instead of to us.
    pub stdout_file: Option<StdoutFile>,
}

impl ProcessSpec {
    /// Puts its secrets in their places: the environment and stdin. Blocks for as long as their files need.
    ///
    /// # Errors
    /// [`SecretError`] where one is missing, or stands where others could read it.
    pub(super) fn place_secrets(&mut self) -> Result<(), SecretError> {
        let secrets = Arc::clone(&self.secrets);
        secrets.look_up();
        for word in &self.argv {
            secrets.refuse_in(word)?;
        }
        for value in self.environment.values_mut() {
            *value = secrets.reveal(value, Form::Plain)?;
        }
        if let Ok(stdin) = std::str::from_utf8(&self.stdin) {
            self.stdin = secrets.reveal(stdin, self.stdin_form)?.into_bytes();
        }
        Ok(())
    }
}

/// How a process ended.
#[derive(Debug)]
pub enum ProcessEnd {
    /// By itself, or by a signal of somebody else's.
    Ended(ExitStatus),
    /// It took too long and was ended.
    TimedOut,
    /// It was stopped, or never began because it was to be stopped.
    Stopped,
    /// It never began.
    NotStarted(NotStarted),
    /// It began, and what became of it is not known; nothing of it runs any more unless the kernel keeps it.
    Lost,
}

/// What a process left.
#[derive(Debug)]
pub struct ProcessOutput {
    /// How it ended.
    pub end: ProcessEnd,
    /// The beginning of what it wrote on stdout.
    pub stdout: Vec<u8>,
    /// Whether there was more.
    pub overflowed: bool,
    /// The end of what it wrote on stdout.
    pub stdout_end: Vec<u8>,
    /// The end of what it wrote on stderr.
    pub stderr: Vec<u8>,
    /// What became of the file that its stdout went to, where it succeeded.
    pub file: Option<WrittenFile>,
}

impl ProcessOutput {
    /// That of a process that never began.
    pub(super) fn none(end: ProcessEnd) -> Self {
        Self {
            end,
            stdout: Vec::new(),
            overflowed: false,
            stdout_end: Vec::new(),
            stderr: Vec::new(),
            file: None,
        }
    }
}

/// How urgently a process is to be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Halt {
    /// Not at all.
    No,
    /// TERM, grace, KILL.
    Gently,
    /// KILL.
    AtOnce,
}

/// Runs a process to its end; when this is over, nothing of its group runs any more. Must run on the runtime of the thread
/// that forks all children: they end with that thread.
pub async fn run(spec: ProcessSpec, mut halt: watch::Receiver<Halt>) -> ProcessOutput {
    if *halt.borrow() > Halt::No {
        return ProcessOutput::none(ProcessEnd::Stopped);
    }
    let mut child = match Child::start(&spec) {
        Ok(child) => child,
        Err(error) => return ProcessOutput::none(ProcessEnd::NotStarted(error)),
    };
    let mut kept = Kept {
        stdout: Head::new(spec.stdout_bytes),
        stdout_end: Tail::new(STDERR_BYTES),
        stderr: Tail::new(STDERR_BYTES),
        transcript: Transcript::new(spec.transcript.clone()),
        heartbeats: Heartbeats::new(spec.on_heartbeat.clone(), spec.last_heartbeat.clone()),
        sieves: Sieves::new(&spec.secrets.mask()),
    };
    let end = {
        let pipes = child.take_pipes();
        let mut pumps = Pumps::new(pipes, &spec.stdin, &mut kept, spec.on_line.clone());
        let cut_off = pumps.alongside(until_over(&mut child, &spec, &mut halt)).await;
        if cut_off.is_none() {
            // The last output of one that ended by itself; somebody in the background may hold the pipes for ever.
            pumps.finish_within(PIPES).await;
        }
        child.kill();
        // What is in the pipes still counts. Only a process that left the group can hold them now.
        pumps.finish_within(PIPES).await;
        let status = child.bury().await;
        cut_off.unwrap_or_else(|| status.map_or(ProcessEnd::Lost, ProcessEnd::Ended))
    };
    kept.finish();
    let file = match spec.stdout_file {
        Some(file) => take_file(file, &end).await,
        None => None,
    };
    ProcessOutput {
        end,
        stdout: kept.stdout.kept,
        overflowed: kept.stdout.overflowed,
        stdout_end: kept.stdout_end.into_bytes(),
        stderr: kept.stderr.into_bytes(),
        file,
    }
}

/// Keeps the file of a process that succeeded, removes that of another.
async fn take_file(file: StdoutFile, end: &ProcessEnd) -> Option<WrittenFile> {
    if file.is_wanted_of(end) {
        // Cut off only where the process is going down: then nobody waits for the answer.
        tokio::task::spawn_blocking(move || file.keep()).await.ok()
    } else {
        file.discard();
        None
    }
}

/// Waits until the process has ended by itself (nothing), or was asked to and had its grace (why).
async fn until_over(
    child: &mut Child,
    spec: &ProcessSpec,
    halt: &mut watch::Receiver<Halt>,
) -> Option<ProcessEnd> {
    let why = tokio::select! {
        // One that has ended by itself has an outcome, whatever happens at the same time.
        biased;
        () = child.ended() => return None,
        () = halted(halt, Halt::Gently) => ProcessEnd::Stopped,
        () = after(spec.timeout) => ProcessEnd::TimedOut,
    };
    let group = child.group();
    let gone = async {
        child.ended().await;
        // Those whom it started have the rest of the grace.
        group.emptied().await;
    };
    if *halt.borrow() < Halt::AtOnce {
        group.signal(Signal::TERM);
        tokio::select! {
            biased;
            () = gone => {}
            () = halted(halt, Halt::AtOnce) => {}
            () = sleep(spec.grace) => {}
        }
    }
    Some(why)
}

async fn halted(halt: &mut watch::Receiver<Halt>, least: Halt) {
    // The sender gone means that nobody will ever ask.
    if halt.wait_for(|asked| *asked >= least).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn after(limit: Option<Duration>) {
    match limit {
        Some(limit) => sleep(limit).await,
        None => std::future::pending().await,
    }
}
