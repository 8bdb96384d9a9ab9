//! Why a wish about schedules was not fulfilled.

use crate::history::RunId;
use crate::timer::CronError;

/// Why a wish about schedules was not fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The cron expression says nothing, or never fires.
    #[error(transparent)]
    Cron(#[from] CronError),
    /// There is no such time zone.
    #[error("there is no time zone \"{name}\"")]
    Zone {
        /// What was given.
        name: String,
        /// Zones that were likely meant, the likest first.
        near: Vec<&'static str>,
    },
    /// A name that the ids of its runs cannot begin with.
    #[error("\"{name}\" is no name for a schedule: {why}")]
    Name {
        /// What was given.
        name: String,
        /// Why.
        why: String,
    },
    /// There is no schedule of that name.
    #[error("there is no schedule \"{name}\"")]
    NoSuch {
        /// What was asked for.
        name: String,
        /// Names that look like it, the likest first.
        near: Vec<String>,
    },
    /// The name is taken by another schedule.
    #[error("there is a schedule {name} already, with another {differs}")]
    Exists {
        /// The name.
        name: RunId,
        /// What is different.
        differs: &'static str,
    },
    /// A run of the schedule is open, and it skips.
    #[error("run {by} of the schedule {name} has not ended, and the schedule skips")]
    Busy {
        /// The schedule.
        name: RunId,
        /// The run.
        by: RunId,
    },
    /// More slots than one backfill records.
    #[error("these are more than {most} slots")]
    TooMany {
        /// How many it records at most.
        most: usize,
    },
    /// What is stored cannot be read by this version.
    #[error("the schedule {name} cannot be read: {why}")]
    Unreadable {
        /// The schedule.
        name: RunId,
        /// Why.
        why: String,
    },
}
