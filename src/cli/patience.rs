//! The patience of those who look on for long: an owner of the store that is stopped is waited for, which is told once.

use super::context::Context;
use super::error::CliError;
use crate::client::{ClientError, Session, StoreError};
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// The store, which must exist, for somebody who waits for an owner that is stopped; until `end` on the monotonic clock, where there
/// is one.
pub(crate) fn session(context: &Context, end: Option<Duration>) -> Result<Session, CliError> {
    let patience = patience(context, end);
    loop {
        match context.session() {
            Ok(session) => {
                session.bear_with(patience);
                return Ok(session);
            }
            // It has had its time to answer.
            Err(error) if stopped(&error).is_some_and(|pid| patience(pid)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The owner, where it is stopped and that is what is wrong.
pub(crate) fn stopped(error: &CliError) -> Option<u32> {
    match error {
        CliError::Client(ClientError::Store(StoreError::Stopped { pid })) => Some(*pid),
        _ => None,
    }
}

fn patience(context: &Context, end: Option<Duration>) -> Arc<dyn Fn(u32) -> bool + Send + Sync> {
    let (clock, err, quiet) = (Arc::clone(&context.clock), Arc::clone(&context.err), context.global.quiet);
    let told = AtomicU32::new(0);
    Arc::new(move |pid| {
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
    })
}
