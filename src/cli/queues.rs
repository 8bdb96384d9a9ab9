//! The limits of a queue that `durun.toml` declares for a script.

use super::context::Context;
use super::error::CliError;
use crate::client::likest;
use crate::history::QueueLimits;
use std::path::Path;

/// The limits of a queue.
pub(crate) fn limits(context: &Context, script: &Path, name: &str) -> Result<QueueLimits, CliError> {
    let config = context.config(script)?;
    config.queues.get(name).copied().ok_or_else(|| {
        let near = likest(name, config.queues.keys().cloned(), 1).pop();
        CliError::NoQueue { name: name.to_owned(), near }
    })
}
