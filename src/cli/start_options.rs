//! How a run is started: the options that `start` and `signal --start` share.

use super::context::Context;
use super::error::CliError;
use super::{input, queues};
use crate::client::{ClientError, IfEnded, NewQueue, RECORDED, StartRequest, load_program};
use crate::history::RunId;
use crate::timer::parse_duration;
use clap::Args;
use std::collections::BTreeMap;
use std::path::Path;

/// What is said of a run that is to be started, besides its script.
#[derive(Debug, Default, PartialEq, Args)]
pub(crate) struct StartOptions {
    /// One field of the input: key=text, key:=JSON, key=@FILE or key:=@FILE; may be repeated
    #[arg(short = 'i', value_name = "KEY=TEXT")]
    pub(crate) pairs: Vec<String>,
    /// The input as JSON, from a file with @FILE, from stdin with -
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) input: Option<String>,
    /// Go on in the background and print only the id
    #[arg(long, conflicts_with = "record_only")]
    pub(crate) detach: bool,
    /// Record the run and execute nothing; print the id
    #[arg(long)]
    pub(crate) record_only: bool,
    /// End the run as timed out when it has not ended after this long: 30s, 1h 30m, 2 days
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) timeout: Option<i64>,
    /// Begin only when this queue lets it; its section of durun.toml says how many, and how often
    #[arg(long, value_name = "NAME")]
    pub(crate) queue: Option<String>,
    /// In the queue the highest goes first, then who came first
    #[arg(long, value_name = "N", default_value_t = 0, requires = "queue", allow_hyphen_values = true)]
    pub(crate) priority: i32,
    /// Start it also where durun check sees that each run of it would be stuck
    #[arg(long)]
    pub(crate) unchecked: bool,
    /// Record this variable of the environment too, for the programs that the run starts; may be repeated
    #[arg(long = "env", value_name = "NAME")]
    pub(crate) environment: Vec<String>,
}

impl StartOptions {
    /// Whether the run is executed here.
    pub(crate) fn foreground(&self) -> bool {
        !self.detach && !self.record_only
    }

    /// The request for a script.
    pub(crate) fn request(
        &self,
        context: &Context,
        script: &Path,
        id: Option<RunId>,
    ) -> Result<StartRequest, CliError> {
        let program = load_program(script, context.executor.as_ref()).map_err(ClientError::from)?;
        let request = StartRequest {
            id,
            input: input::run_input(
                &self.pairs,
                self.input.as_deref(),
                program.params.as_ref(),
                context.environment.directory(),
                &mut std::io::stdin().lock(),
            )?,
            environment: environment(context, &self.environment)?,
            program,
            directory: context.environment.directory().to_string_lossy().into_owned(),
            timeout_ms: self.timeout,
            claim: self.foreground(),
            queue: self.queue(context, script)?,
            overlap: None,
            if_ended: IfEnded::Report,
        };
        // What is wrong in durun.toml is told before anything is recorded.
        context.config(script)?;
        for note in input::taken_as_text(&self.pairs, &request.input) {
            context.note(&note);
        }
        Ok(request)
    }

    /// The queue that is asked for, with the limits that it has now.
    fn queue(&self, context: &Context, script: &Path) -> Result<Option<NewQueue>, CliError> {
        let Some(name) = &self.queue else { return Ok(None) };
        let limits = queues::limits(context, script, name)?;
        Ok(Some(NewQueue { name: name.clone(), priority: self.priority, limits }))
    }
}

/// What of the environment a run records: what is always recorded, and what `--env` names.
pub(crate) fn environment(context: &Context, more: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut recorded = BTreeMap::new();
    for name in RECORDED {
        if let Some(value) = context.environment.text(name) {
            recorded.insert(name.to_owned(), value.to_owned());
        }
    }
    for name in more {
        if name.contains('=') || name.is_empty() {
            let hint = "--env takes the name of a variable; its value is taken from the environment";
            return Err(CliError::Usage(hint.to_owned()));
        }
        let value =
            context.environment.text(name).ok_or_else(|| CliError::NoVariable { name: name.clone() })?;
        recorded.insert(name.clone(), value.to_owned());
    }
    Ok(recorded)
}
