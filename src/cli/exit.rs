//! Exit codes: the numbers that scripts around durun rely on.

use crate::history::RunStatus;

/// What a command tells its caller. The numbers are a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Completed, or the command is done.
    Done,
    /// The run failed.
    Failed,
    /// The command line cannot be understood.
    Usage,
    /// Not finished where a result was asked.
    NotFinished,
    /// No such run, script or name.
    Missing,
    /// Cancelled or terminated.
    Cancelled,
    /// The run exceeded its own time-out.
    TimedOut,
    /// The id is in use for something else; a message to an ended run.
    Conflict,
    /// The script must be mended.
    Stuck,
    /// The store is damaged.
    Corrupt,
    /// A mistake in durun.
    Bug,
    /// Reading or writing failed.
    Io,
    /// Somebody else has the store or the run.
    Busy,
    /// The system does not allow it.
    Permission,
    /// Something around durun is set up wrongly.
    Configuration,
    /// `wait --timeout` ran out.
    RanOut,
    /// Ctrl-C; the run is parked.
    Interrupted,
    /// SIGTERM; the run is parked.
    Ended,
    /// `durun exec`: the program's own.
    Program(u8),
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFinished => 3,
            Self::Missing => 4,
            Self::Cancelled => 5,
            Self::TimedOut => 6,
            Self::Conflict => 7,
            Self::Stuck => 8,
            Self::Corrupt => 65,
            Self::Bug => 70,
            Self::Io => 74,
            Self::Busy => 75,
            Self::Permission => 77,
            Self::Configuration => 78,
            Self::RanOut => 124,
            Self::Interrupted => 130,
            Self::Ended => 143,
            Self::Program(code) => code,
        }
    }

    /// What a run's status means to those who asked for its result.
    pub(crate) fn of(status: RunStatus) -> Self {
        match status {
            RunStatus::Stuck => Self::Stuck,
            RunStatus::Running | RunStatus::Waiting | RunStatus::Parked => Self::NotFinished,
            RunStatus::Failed => Self::Failed,
            RunStatus::TimedOut => Self::TimedOut,
            RunStatus::Cancelled | RunStatus::Terminated => Self::Cancelled,
            RunStatus::Completed => Self::Done,
        }
    }

    /// Of two, the one that needs a person more: for commands about several runs.
    pub(crate) fn graver(self, other: Self) -> Self {
        let gravity = |exit: Self| match exit {
            Self::Done => 0,
            Self::NotFinished => 1,
            Self::Cancelled => 2,
            Self::TimedOut => 3,
            Self::Failed | Self::Program(_) => 4,
            Self::Stuck => 5,
            Self::Usage
            | Self::Missing
            | Self::Conflict
            | Self::Corrupt
            | Self::Bug
            | Self::Io
            | Self::Busy
            | Self::Permission
            | Self::Configuration
            | Self::RanOut
            | Self::Interrupted
            | Self::Ended => 6,
        };
        if gravity(other) > gravity(self) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_runs_the_gravest_is_told() {
        assert_eq!(Exit::Done.graver(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Stuck.graver(Exit::Failed), Exit::Stuck);
        assert_eq!(Exit::Done.graver(Exit::Done), Exit::Done);
    }
}
