//! Runs that tell somebody of others, as `[notify]` says: that one could not is one line on stderr, for nobody else would say it.

use super::context::Context;
use super::escape;
use crate::client::{Finished, RunView, Session, view};
use crate::history::{RunEnd, RunNo};

/// Says so where the run tells of another one and could not. False where it is any other run.
pub(crate) fn is_told(context: &Context, session: &Session, run: RunNo, how: &Finished) -> bool {
    let Ok(view) = view(session, run) else { return false };
    if !view.row.is_hook() {
        return false;
    }
    if let Some(line) = line(&view, how) {
        let why = context.command(&format!("why {}", view.row.id));
        context.complain(&format!("nobody was told: {line}: {why}\n"));
    }
    true
}

/// What there is to say, in a line.
fn line(view: &RunView, how: &Finished) -> Option<String> {
    let id = &view.row.id;
    Some(match how {
        Finished::Ended(RunEnd::Failed { failure }) => {
            format!("run {id} failed: {}", escape::line(&failure.message))
        }
        Finished::Ended(RunEnd::TimedOut { .. }) => format!("run {id} timed out"),
        Finished::Stuck(stuck) => format!("run {id} is stuck: {}", escape::line(&stuck.message)),
        // It is tried again and again: said once, not each minute.
        Finished::Parked => {
            let waits = view.pending.iter().find(|pending| pending.failures == 1)?;
            let failure = waits.last_failure.as_ref()?;
            format!("run {id} will be tried again: {}", escape::line(&failure.message))
        }
        Finished::Ended(RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. })
        | Finished::Lost => return None,
    })
}
