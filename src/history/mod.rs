//! The vocabulary: what a run is called, what was asked, what came back, how it ended.
//!
//! Everything durable is made of these types. They hold data and know how to turn into bytes and back;
//! they do not know where the bytes live, who executes a run or what a script is.
#![warn(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

mod branch;
mod call_site;
mod child;
mod command;
mod decode;
mod edit;
mod effect_options;
mod entry;
mod failure;
mod flat;
mod generation;
mod how_far;
mod lock;
mod loose_ends;
mod message;
mod moment;
mod nearest;
mod op_id;
mod overlap;
mod patches;
mod pending;
mod queue;
mod raised;
mod record;
mod reply;
mod retry_policy;
mod run_id;
mod run_row;
mod schedule;
mod secret;
mod skipped;
mod status;
mod unread;
mod update;
mod value;
mod value_from;
mod woken_by;

pub use branch::{Again, Branch, MOST_BRANCHES, branch_no, counted_from, generation_of, generation_parts};
pub use call_site::CallSite;
pub use child::{ChildEnded, ChildOutcome, MOST_NESTED_RUNS, OnParentClose, Parent};
pub use command::{CommandKind, CommandLabel};
pub use decode::decode;
pub use edit::Edit;
pub use effect_options::{EffectOptions, InvalidRate, Rate, WARN_AFTER_MS};
pub use entry::{
    ActivityCompleted, ActivityFailed, CancelCause, CancelRequested, Entry, Fact, RunEnded, SignalReceived,
    TimerFired,
};
pub use failure::{Failure, kind};
pub use generation::{PastGeneration, Restart, RunRestarted};
pub use how_far::HowFar;
pub use lock::{LockGranted, LockView};
pub use loose_ends::{InDoubt, LooseEnds};
pub use message::{Message, MessageBody, MessageId};
pub use moment::Moment;
pub use nearest::nearest;
pub use op_id::{MessageNo, OpId, Seq};
pub use overlap::OverlapPolicy;
pub use patches::Patches;
pub use pending::Pending;
pub use queue::{QueueLimits, QueuePlace};
pub use raised::Raised;
pub use record::{Checksum, Record, RecordError};
pub use reply::{Choice, QuestionAnswered, Resolution, TokenResolved};
pub use retry_policy::RetryPolicy;
pub use run_id::{InvalidRunId, RunId, RunNo};
pub use run_row::{Claim, FUNCTIONS, HOOK_SCRIPT, Program, RunRow, RunStart, ScriptHash, Token};
pub use schedule::{Catchup, Fate, Origin, Paused, Schedule, ScheduledStart, SlotRecord};
pub use secret::{Placeholder, is_secret_name};
pub use skipped::{SkippedStart, SkippedStarts};
pub use status::{RunEnd, RunStatus, StoredStatus, Stuck};
pub use unread::{Unread, UnreadKind};
pub use update::{UpdateAccepted, UpdateAnswer, UpdateCompleted};
pub use value::{MAX_BYTES, MAX_DEPTH, Value, ValueError};
pub use woken_by::{Waker, WokenBy};
