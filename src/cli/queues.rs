//! The limits of a queue that `durun.toml` declares for a script.

use super::context::Context;
use super::error::CliError;
use crate::history::QueueLimits;
use std::path::Path;

/// The limits of a queue.
pub(crate) fn limits(context: &Context, script: &Path, name: &str) -> Result<QueueLimits, CliError> {
    let config = context.config(script)?;
    config.queues.get(name).copied().ok_or_else(|| {
        let known: Vec<&str> = config.queues.keys().map(String::as_str).collect();
        let near = known.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2);
        CliError::Queue(match near {
            Some(near) => format!("there is no queue \"{name}\"; did you mean \"{near}\"?"),
            None => format!(
                "there is no queue \"{name}\"; declare it in durun.toml beside the script: [queue.{name}] and below it \
                 max_concurrent = 2"
            ),
        })
    })
}
