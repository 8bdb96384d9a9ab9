//! What can be asked of runs, as functions that give data: start, resume, signal, query, cancel, list, wait.
//!
//! Nothing here prints, reads the environment or knows a terminal. All of it goes through a [`Session`]: a store, a
//! clock, this process's claim and the [`Executor`] that drives scripts.

mod advance;
mod cancel;
mod carry;
mod check;
mod declared;
mod difference;
mod doctor;
mod edited;
mod engine;
mod error;
mod execute;
mod find;
mod finder;
mod fit;
mod held_lock;
mod history;
mod lines;
mod list;
mod log_place;
mod log_source;
mod logs;
mod look;
mod mend_error;
mod missing_input;
mod once;
mod overlap;
mod program;
mod project;
mod prune;
mod query;
mod reopen;
mod reply;
mod result;
mod resume;
mod retry;
mod rewind;
mod salvage;
mod schedule;
mod session;
mod signal;
mod stand;
mod start;
mod status;
mod steps;
mod stop;
mod terminate;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tree;
mod trial;
mod trials;
mod turning_point;
mod unread;
mod update;
mod upgrade;
mod wait;
mod watch;
mod way_back;

#[cfg(feature = "cli")]
pub(crate) use crate::activity::Stat;
pub use crate::activity::{LastLine, Variables, forbid_core_dumps};
pub use crate::run::Standpoint;
pub use crate::script::Sight;
pub use crate::script::{
    BadInput, Declared, Finding, Need, Param, Params, Rule, host_definitions, host_signatures,
    language_definitions, type_of,
};
pub use crate::script::{Fault, TestCase};
pub use crate::store::{
    LogKey, LogLevel, LogLine, LogStream, NewOverlap, NewQueue, OnceRow, RunFilter, RunView, StoreError,
};
pub use crate::worker::{CutOff, Finished, Observer, Progress};
pub use advance::{AdvanceOptions, Onlooker, Span, advance, go_on, next_due, ticks_installed};
pub use cancel::cancel;
pub use carry::{CarryError, export, import, read_export, write_export};
pub use check::{Checked, check, missing_inputs};
pub use declared::{declared, declared_by};
pub use difference::{Difference, Line};
pub use doctor::{Checkup, CheckupError, check_up, is_closed_to_writing};
pub use edited::{Edited, edited, new_text};
pub use engine::Engine;
pub use error::{ClientError, Conflict};
pub use execute::{Claimed, ExecuteError, ExecuteOptions, Executor, Fit, Misfit, NoExecutor, QueryError};
pub use find::find;
pub use find::likest;
pub use history::{HistoryReader, loose_ends, read_branch, read_history};
pub use lines::{Lines, lines, path_of};
pub use list::{Overview, list, list_needing_first, overview};
pub use logs::{LogReader, StepFilter};
pub use look::{MOST_LOOKED_AT, look, whose};
pub use mend_error::MendError;
pub use missing_input::hinted;
pub use once::{Forgotten, forget_once, list_once};
pub use overlap::Skipped;
pub use program::{LoadedProgram, ProgramError, SyntaxError, is_script, load_program, load_text};
pub use project::{files_in, find_scripts, find_tests, is_of_tests};
pub use prune::{Age, Pruning, audit, compact, prunable, prune, retain, sweep, wakers};
pub use query::{Answers, queries, query};
pub use reopen::{Failing, Reopening, before_last_step, before_stuck, plan_retry};
pub use reply::{
    AnswerRequest, OpenQuestion, Replied, answer, answered, choice_of, open_question, open_questions, resolve,
};
pub use result::{Standing, standing};
pub use resume::{Resumed, resumable, resume};
pub use retry::{Retried, retry};
pub use rewind::{Plan, Point, Undone, carry_out, plan_rewind, undone};
pub use salvage::{Salvage, Salvaged, newest, salvage};
pub use schedule::{
    Added, Backfilled, NewSchedule, News, ScheduleError, ScheduleView, ScheduleViews, add_schedule, backfill,
    fire_schedules, mark_seen, pause_schedule, remove_schedule, resume_schedule, schedules, trigger,
};
pub use session::Session;
pub use signal::{SignalSent, StartedBySignal, signal, signal_with_start};
pub use stand::Stand;
pub use start::{Existing, IfEnded, RECORDED, StartRequest, Started, begins_another, new_id, start};
pub use status::{published, script_text, view};
pub use steps::{StepName, Steps};
pub use stop::{Stop, StopLevel};
pub use terminate::{terminate, terminate_by_undo};
pub use tree::{Descendant, descendants};
pub use trial::{Tried, check_runs, upgrade_all};
pub use trials::{Ending, TestFile, Tested, load_tests, perform};
pub use turning_point::{Mark, Milestone, TurningPoint, turning_point};
pub use unread::unread;
pub use update::{UpdateSent, Updated, await_update, send_update, update_answer};
pub use upgrade::{Upgraded, upgrade};
pub use wait::{Waited, wait};
pub use watch::Watch;
pub use way_back::WayBack;
