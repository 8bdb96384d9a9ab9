//! One attempt of a process: in a group of its own, fed and drained without blocking, ended whole.

use super::child::{self, ChildFile};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How much of stdout is kept, in bytes: a little more than a recorded value may have.
pub const STDOUT_BYTES: usize = 1024 * 1024 + 4096;
/// How much of the end of stderr is kept, in bytes.
pub const STDERR_BYTES: usize = 64 * 1024;
/// How long a process has between TERM and KILL.
pub const GRACE: Duration = Duration::from_secs(10);
/// How long the pipes of a process that has ended may stay open: somebody in the background holds them.
const PIPES: Duration = Duration::from_millis(200);

/// A process to be run.
#[derive(Debug, Clone)]
pub struct ProcessSpec {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Its whole environment; nothing is inherited.
    pub environment: BTreeMap<String, String>,
    /// What it reads.
    pub stdin: Vec<u8>,
    /// The longest that it may take.
    pub timeout: Option<Duration>,
    /// How long it has between TERM and KILL.
    pub grace: Duration,
    /// Where its pid is noted before it begins.
    pub note: Option<PathBuf>,
}

/// How a process ended.
#[derive(Debug)]
pub enum ProcessEnd {
    /// By itself, or by a signal of somebody else's.
    Ended(ExitStatus),
    /// It took too long and was ended.
    TimedOut,
    /// It was stopped.
    Stopped,
    /// It never began.
    NotStarted(io::Error),
}

/// What a process left.
#[derive(Debug)]
pub struct ProcessOutput {
    /// How it ended.
    pub end: ProcessEnd,
    /// What it wrote on stdout, up to [`STDOUT_BYTES`].
    pub stdout: Vec<u8>,
    /// Whether there was more.
    pub overflowed: bool,
    /// The end of what it wrote on stderr.
    pub stderr: Vec<u8>,
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

/// Runs a process to its end. Must run on the runtime of the thread that forks all children.
pub async fn run(spec: ProcessSpec, mut halt: watch::Receiver<Halt>) -> ProcessOutput {
    let file = match spec.note.as_ref().map(|path| ChildFile::prepare(path)).transpose() {
        Ok(file) => file,
        Err(error) => return not_started(error),
    };
    let spawned = spawn(&spec, file.as_ref());
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            file.iter().for_each(ChildFile::remove);
            return not_started(error);
        }
    };
    let group = child.id();
    let stdin = child.stdin.take();
    let feed = spec.stdin;
    let feeding = tokio::spawn(async move {
        if let Some(mut stdin) = stdin {
            // A child that does not read is no error of ours.
            drop(stdin.write_all(&feed).await);
        }
    });
    let mut stdout = tokio::spawn(keep_head(child.stdout.take()));
    let mut stderr = tokio::spawn(keep_tail(child.stderr.take()));
    let end = wait(&mut child, group, spec.timeout, spec.grace, &mut halt).await;
    let drained = timeout(PIPES, async { ((&mut stdout).await, (&mut stderr).await) }).await;
    // Whatever of the group is left, in the background or holding the pipes, ends with its leader.
    child::kill_group(group, child::KILL);
    let (stdout, stderr) = match drained {
        Ok(both) => both,
        Err(_) => match timeout(PIPES, async { ((&mut stdout).await, (&mut stderr).await) }).await {
            Ok(both) => both,
            Err(_) => (Ok((Vec::new(), false)), Ok(Vec::new())),
        },
    };
    feeding.abort();
    file.iter().for_each(ChildFile::remove);
    let (stdout, overflowed) = stdout.unwrap_or_default();
    ProcessOutput { end, stdout, overflowed, stderr: stderr.unwrap_or_default() }
}

fn not_started(error: io::Error) -> ProcessOutput {
    ProcessOutput {
        end: ProcessEnd::NotStarted(error),
        stdout: Vec::new(),
        overflowed: false,
        stderr: Vec::new(),
    }
}

fn spawn(spec: &ProcessSpec, file: Option<&ChildFile>) -> io::Result<Child> {
    let (program, arguments) =
        spec.argv.split_first().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no program"))?;
    let program = child::find_program(program, &spec.directory, &spec.environment)?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&spec.directory)
        .env_clear()
        .envs(&spec.environment)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    child::tie_to_us(&mut command, file);
    command.spawn()
}

async fn wait(
    child: &mut Child,
    group: Option<u32>,
    limit: Option<Duration>,
    grace: Duration,
    halt: &mut watch::Receiver<Halt>,
) -> ProcessEnd {
    let too_long = async {
        match limit {
            Some(limit) => sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let why = tokio::select! {
        status = child.wait() => return status.map_or_else(ProcessEnd::NotStarted, ProcessEnd::Ended),
        () = too_long => ProcessEnd::TimedOut,
        () = halted(halt, Halt::Gently) => ProcessEnd::Stopped,
    };
    if *halt.borrow() < Halt::AtOnce {
        child::kill_group(group, child::TERM);
        tokio::select! {
            _ = child.wait() => return why,
            () = sleep(grace) => {}
            () = halted(halt, Halt::AtOnce) => {}
        }
    }
    child::kill_group(group, child::KILL);
    drop(child.wait().await);
    why
}

async fn halted(halt: &mut watch::Receiver<Halt>, least: Halt) {
    // The sender gone means that nobody will ever ask.
    if halt.wait_for(|asked| *asked >= least).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Reads to the end; keeps the first bytes, and tells whether there were more.
async fn keep_head(pipe: Option<impl AsyncRead + Unpin>) -> (Vec<u8>, bool) {
    let Some(mut pipe) = pipe else { return (Vec::new(), false) };
    let mut kept = Vec::new();
    let mut overflowed = false;
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = pipe.read(&mut buffer).await {
        let Some(new) = buffer.get(..count).filter(|new| !new.is_empty()) else { break };
        let room = STDOUT_BYTES.saturating_sub(kept.len());
        overflowed |= new.len() > room;
        kept.extend(new.iter().take(room));
    }
    (kept, overflowed)
}

/// Reads to the end; keeps the last bytes.
async fn keep_tail(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(mut pipe) = pipe else { return Vec::new() };
    let mut kept: VecDeque<u8> = VecDeque::new();
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count) = pipe.read(&mut buffer).await {
        let Some(new) = buffer.get(..count).filter(|new| !new.is_empty()) else { break };
        kept.extend(new);
        let surplus = kept.len().saturating_sub(STDERR_BYTES);
        kept.drain(..surplus);
    }
    kept.into()
}
