//! Lines of a script beside what stands in them.

use crate::cli::escape;
use crate::client::{Lines, RunView};
use crate::history::CommandLabel;

/// The widest piece of a line that is shown.
const WIDTH: usize = 100;

/// `  12 | wait_signal("go")`, where the text has that line.
pub(crate) fn shown(
    lines: Option<&Lines>,
    number: Option<u32>,
    label: Option<&CommandLabel>,
) -> Option<String> {
    let number = number?;
    let text = lines?.of(number, label)?;
    Some(format!("{number:>4} | {}", escape::cut(&escape::line(text), WIDTH)))
}

/// The line in which a run is stuck or has failed.
pub(crate) fn of_end(lines: Option<&Lines>, view: &RunView) -> Option<String> {
    use crate::history::{RunEnd, StoredStatus};
    match &view.row.status {
        StoredStatus::Stuck(stuck) => {
            let number = stuck.line?;
            let text = lines?.of_file(stuck.file.as_deref(), number)?;
            Some(format!("{number:>4} | {}", escape::cut(&escape::line(text), WIDTH)))
        }
        StoredStatus::Ended(RunEnd::Failed { failure }) => shown(lines, failure.line, None),
        StoredStatus::Ended(
            RunEnd::Completed { .. }
            | RunEnd::Cancelled { .. }
            | RunEnd::TimedOut { .. }
            | RunEnd::Terminated { .. },
        )
        | StoredStatus::Open => None,
    }
}
