//! How a start goes where another run is in its way, and how long it waits: the options of `start` for crontabs and timers.

use super::error::CliError;
use crate::client::{IfEnded, NewOverlap, StartRequest};
use crate::history::OverlapPolicy;
use crate::timer::{DurationError, parse_duration};
use clap::{Args, ValueEnum};
use std::time::Duration;

/// What a start does about runs in its way.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options for crontabs and timers")]
pub(crate) struct OverlapOptions {
    /// Where another run of the script has not ended: start nothing, wait until it has, ask it to end, or begin beside it
    #[arg(long, value_enum, value_name = "POLICY")]
    overlap: Option<Policy>,
    /// What is in the way of each other are runs under this key, of whichever script [default of --overlap: skip]
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    key: Option<String>,
    /// Where the run of --id has ended: report how, start another (ID-2, ID-3, …), or refuse
    #[arg(long, value_enum, value_name = "WHAT", requires = "id")]
    if_ended: Option<Ended>,
    /// Park a run that has only waited for so long, exit 3, and leave it to durun tick or serve
    #[arg(long, value_name = "DURATION", value_parser = parse_patience, conflicts_with_all = ["detach", "record_only"])]
    pub(crate) park_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Policy {
    Skip,
    Queue,
    Cancel,
    Allow,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Ended {
    Report,
    Again,
    Fail,
}

impl OverlapOptions {
    /// Says it in a request.
    pub(crate) fn complete(&self, request: &mut StartRequest) -> Result<(), CliError> {
        let policy = match self.overlap {
            Some(Policy::Skip) => Some(OverlapPolicy::Skip),
            Some(Policy::Queue) => Some(OverlapPolicy::Queue),
            Some(Policy::Cancel) => Some(OverlapPolicy::Cancel),
            Some(Policy::Allow) => Some(OverlapPolicy::Allow),
            None => self.key.as_ref().map(|_| OverlapPolicy::Skip),
        };
        let waits = matches!(policy, Some(OverlapPolicy::Queue | OverlapPolicy::Cancel));
        if waits && request.queue.is_some() {
            let text = "--overlap queue and cancel make a queue of their own: --queue cannot be given too";
            return Err(CliError::Usage(text.to_owned()));
        }
        request.overlap = policy.map(|policy| NewOverlap { key: self.key.clone(), policy });
        request.if_ended = match self.if_ended {
            None | Some(Ended::Report) => IfEnded::Report,
            Some(Ended::Again) => IfEnded::Again,
            Some(Ended::Fail) => IfEnded::Fail,
        };
        Ok(())
    }
}

/// How long a run may only wait before it is put down.
pub(crate) fn parse_patience(text: &str) -> Result<Duration, DurationError> {
    parse_duration(text).map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

fn parse_key(text: &str) -> Result<String, String> {
    match text.len() {
        1..=256 => Ok(text.to_owned()),
        _ => Err("a key has from 1 to 256 bytes".to_owned()),
    }
}
