//! The door to the world: jobs out, results back in.

use crate::activity::{Done, Failed, LastLine};
use crate::config::Config;
use crate::history::{CommandLabel, OpId, RunNo, RunStart, Value};
use crate::store::{LogStream, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which job: a command of a run, or the n-th direct call inside the body of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// The run.
    pub run: RunNo,
    /// The command.
    pub op: OpId,
    /// Counts the jobs of this worker, so that a late answer is not taken for another's.
    pub serial: u64,
}

/// Work for the world.
#[derive(Debug, Clone)]
pub struct Job {
    /// Which.
    pub key: JobKey,
    /// The run's name.
    pub run_id: String,
    /// Its kind and name.
    pub label: CommandLabel,
    /// Its input.
    pub input: Value,
    /// From 1.
    pub attempt: u32,
    /// The same for every attempt.
    pub idempotency_key: String,
    /// The longest it may take, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// The details of the last heartbeat of an earlier attempt.
    pub last_heartbeat: Option<Value>,
    /// Directory, environment and script path.
    pub start: Arc<RunStart>,
    /// What `durun.toml` says for the script.
    pub config: Arc<Config>,
    /// The names of the secrets that the script has asked for.
    pub secrets: BTreeSet<String>,
    /// The script's own functions, for "did you mean".
    pub functions: Arc<Vec<String>>,
}

/// The result of a job.
#[derive(Debug, Clone)]
pub struct JobDone {
    /// Which.
    pub key: JobKey,
    /// What it gave.
    pub result: Result<Done, Failed>,
}

/// What the world tells of a job.
#[derive(Debug, Clone)]
pub enum News {
    /// It is over.
    Done(JobDone),
    /// What one of its processes wrote.
    Wrote {
        /// Which.
        key: JobKey,
        /// The attempt that it was part of, from 1.
        attempt: u32,
        /// Which output.
        stream: LogStream,
        /// Its end.
        end: String,
    },
    /// One of its processes has begun to write: where its last line is seen.
    Writes {
        /// Which.
        key: JobKey,
        /// That line.
        last: LastLine,
    },
    /// It lives, and this is how far it is.
    Heartbeat {
        /// Which.
        key: JobKey,
        /// What it says of its progress: a cursor for the next attempt.
        details: Value,
    },
    /// What durun keeps of its own about a job cannot be written: no fault of the job, but as if a commit had failed.
    Unkept(StoreError),
}

/// Where news go: called on any thread, must not block.
pub type Ready = Arc<dyn Fn(News) + Send + Sync>;

/// The world.
pub trait Effects {
    /// Starts a job; its result comes through the sink given when the effects were made.
    fn start(&mut self, job: Job);
    /// Stops a job. Its result comes all the same, when nothing of it is left: what must not run beside it waits for that.
    fn stop(&mut self, key: JobKey);
    /// Whether it does the command itself, also where the script has a function or closure for it: so mocks stand in for them.
    fn does_itself(&self, _label: &CommandLabel) -> bool {
        false
    }
    /// Whether it has a function of that name for activities.
    fn has_function(&self, _name: &str) -> bool {
        false
    }
    /// Stops all and waits until nothing is left behind; without `patience`, at once.
    fn stop_all(&mut self, patience: bool);
}
