//! The patience of those who look on for long: an owner of the store that is stopped is waited for, which is told once.

use super::context::Context;
use crate::client::Session;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// From now on the session waits for an owner that is stopped; until `end` on the monotonic clock, where there is one.
pub(crate) fn have(context: &Context, session: &Session, end: Option<Duration>) {
    let (clock, err, quiet) = (Arc::clone(&context.clock), Arc::clone(&context.err), context.global.quiet);
    let told = AtomicU32::new(0);
    session.bear_with(Arc::new(move |pid| {
        let has_patience = end.is_none_or(|end| clock.monotonic() < end);
        if has_patience && told.swap(pid, Ordering::SeqCst) != pid && !quiet {
            let mut err = err.lock().unwrap_or_else(PoisonError::into_inner);
            // Nothing can be done where that fails.
            let _ = writeln!(
                err,
                "process {pid}, which has the store open, is stopped; this waits until it goes on: kill -CONT {pid}"
            );
        }
        has_patience
    }));
}
