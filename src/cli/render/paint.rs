//! Colours, where they are wanted.

use crate::history::RunStatus;

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Not at all.
    Plain,
    /// Good.
    Green,
    /// Bad.
    Red,
    /// Needs somebody.
    Yellow,
    /// Goes on.
    Cyan,
    /// Less important.
    Dim,
    /// More important.
    Bold,
}

impl Paint {
    /// The text in this colour, where `on`.
    pub(crate) fn paint(self, text: &str, on: bool) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Green => "32",
            Self::Red => "31",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Dim => "2",
            Self::Bold => "1",
        };
        if on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// The colour of a status.
    pub(crate) fn of(status: RunStatus) -> Self {
        match status {
            RunStatus::Stuck | RunStatus::Failed | RunStatus::TimedOut => Self::Red,
            RunStatus::Running => Self::Cyan,
            RunStatus::Waiting | RunStatus::Parked => Self::Yellow,
            RunStatus::Cancelled | RunStatus::Terminated => Self::Dim,
            RunStatus::Completed => Self::Green,
        }
    }
}
