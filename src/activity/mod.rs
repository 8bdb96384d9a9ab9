//! Activities touch the world: processes, what they come to, and when they are tried again.
//!
//! One attempt of a process is a [`ProcessSpec`] given to the [`Launcher`]; what it left is a [`ProcessOutput`], what that
//! means says [`judge`], and whether there is another attempt [`decide`]. A process has a group of its own and exactly the
//! environment that it is given. However it ends, its whole group ends with it; where durun itself is killed, the kernel ends
//! the process and [`end_leftover`] what it left.

mod attempt;
mod child;
mod cores;
mod ending;
mod file;
mod function;
mod group;
mod heartbeat;
mod http;
mod idempotency;
mod job;
mod launcher;
mod leftover;
mod note;
mod outcome;
mod output;
mod poll;
mod prelude;
mod process;
mod program;
mod pumps;
mod registry;
mod retry;
mod secrets;
mod stdout_file;
mod telling;
mod transcript;

pub use attempt::judge;
pub use cores::forbid_core_dumps;
pub use file::call_file;
pub use function::{Activities, AttemptError, Circumstance, Context};
pub(crate) use function::{FunctionCall, call_function};
#[cfg(feature = "cli")]
pub(crate) use group::Stat;
pub use heartbeat::HeartbeatSink;
pub use http::{Endpoint, HttpAsk, call_http, http_activity, http_ask, judge_reply};
pub use idempotency::idempotency_key;
pub use job::{Circumstances, process_of};
pub(crate) use launcher::prepared;
pub use launcher::{After, Before, Launcher};
pub use leftover::{LeftoverError, end_leftover};
pub use note::note_path;
pub use outcome::{Done, Failed};
pub use output::{LastLine, LineSink, Stream};
pub use poll::{is_not_yet, next_poll};
pub use process::{GRACE, Halt, ProcessEnd, ProcessOutput, ProcessSpec, STDERR_BYTES, STDOUT_BYTES, run};
pub use program::NotStarted;
pub use registry::{Found, find_activity};
pub use retry::{Decision, decide};
pub use secrets::{Form, Mask, SecretError, Secrets, Variables};
pub use stdout_file::{StdoutFile, Written, WrittenFile};
pub use transcript::{TranscriptLine, TranscriptPlace, transcript_of, transcript_path, transcripts_of};

#[cfg(test)]
mod tests;
