//! `durun exec`: one durable activity without a script.

use crate::cli::conclusion::conclude;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::{attach, execute};
use crate::cli::exit::Exit;
use crate::cli::start_options::environment;
use crate::client::{Existing, LoadedProgram, Session, Standing, StartRequest, Started, start, view};
use crate::history::{Failure, Program, RunEnd, RunId, RunNo, ScriptHash, Value, kind};
use crate::timer::parse_duration;
use clap::Args;
use std::collections::BTreeMap;

/// The script of every such run.
const SCRIPT: &str = "// One program as a durable run: durun exec. What it writes on stdout is the result.\n\
                      exec(input.argv, input.options).stdout\n";
/// What the script is called, in the folder of the start.
const NAME: &str = "durun-exec.rhai";

const EXAMPLES: &str = "\
The exit code is the program's own; 128 + n where signal n ended it, 124 where it took longer than --timeout, 126 and
127 where it cannot be executed or does not exist. Codes of durun itself come with an error that begins with
\"error[D\". What the program writes on stdout is printed when it has ended; durun logs ID shows all, live with -f.

Examples:
  durun exec --id backup-$(date +%F) --retry 5 -- pg_dump -f /backup/db.sql shop
  durun exec --timeout 1h -- rsync -a /data/ host:/data/
  durun resume backup-2026-11-23         after a kill: it is tried again, with its key and its count";

/// The arguments of `durun exec`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExecArgs {
    /// So many attempts
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    retry: u32,
    /// The longest that one attempt may take: 30s, 1h 30m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<i64>,
    /// The run's name; repeated with the same program it goes on, or reports how it ended
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Record this variable of the environment too, for the program; may be repeated
    #[arg(long = "env", value_name = "NAME")]
    environment: Vec<String>,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ExecArgs) -> Result<Exit, CliError> {
    let directory = context.environment.directory();
    let hash = ScriptHash::of(SCRIPT);
    let path = directory.join(NAME).to_string_lossy().into_owned();
    let request = StartRequest {
        id: args.id.as_deref().map(RunId::parse).transpose()?,
        input: input(args),
        environment: environment(context, &args.environment)?,
        program: LoadedProgram {
            program: Program { path, main: hash, modules: BTreeMap::new() },
            texts: vec![(hash, SCRIPT.to_owned())],
        },
        directory: directory.to_string_lossy().into_owned(),
        timeout_ms: None,
        claim: true,
        queue: None,
    };
    let session = context.session_or_create()?;
    let (run, exit) = match start(&session, request)? {
        Started::New(claimed) => {
            context.note(&format!("run {}", claimed.id));
            (claimed.run, execute(context, &session, vec![claimed])?)
        }
        Started::Existing { row, what, .. } => {
            let exit = match what {
                Existing::Report(standing) => conclude(context, &session, row.no, &row.id, &standing)?,
                Existing::Continue(claimed) => execute(context, &session, vec![claimed])?,
                Existing::Attach(_) => attach(context, &session, row.no, &row.id)?,
            };
            (row.no, exit)
        }
    };
    if exit == Exit::Failed { of_program(&session, run) } else { Ok(exit) }
}

fn input(args: &ExecArgs) -> Value {
    let argv = args.program.iter().map(|word| Value::from(word.as_str())).collect();
    let mut options = vec![("retry", Value::from([("attempts", Value::from(args.retry))]))];
    if let Some(ms) = args.timeout {
        options.push(("timeout", format!("{ms}ms").into()));
    }
    let options = Value::Map(options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    Value::from([("argv", Value::List(argv)), ("options", options)])
}

/// The exit code of the program that failed.
fn of_program(session: &Session, run: RunNo) -> Result<Exit, CliError> {
    let Standing::Ended(RunEnd::Failed { failure }) = Standing::of(&view(session, run)?) else {
        return Ok(Exit::Failed);
    };
    Ok(code(&failure).map_or(Exit::Failed, Exit::Program))
}

fn code(failure: &Failure) -> Option<u8> {
    let number =
        |name: &str| failure.data.get(name).and_then(Value::as_int).and_then(|it| u8::try_from(it).ok());
    if failure.kind == kind::TIMEOUT {
        return Some(Exit::RanOut.code());
    }
    if failure.data.get("type").and_then(Value::as_text) == Some("not_started") {
        return Some(if failure.message.contains("not executable") { 126 } else { 127 });
    }
    number("exit_code").or_else(|| number("signal").map(|signal| 128 + (signal & 127)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_programs_own_as_shells_tell_it() {
        let failure = |kind: &str| Failure::new(kind, "it failed");
        assert_eq!(code(&failure("exec").with("exit_code", 3_i64)), Some(3));
        assert_eq!(code(&failure("exec").with("signal", 9_i64)), Some(137));
        assert_eq!(code(&failure("timeout")), Some(124));
        assert_eq!(code(&failure("exec").with("type", "not_started")), Some(127));
        let message = "/x is not executable";
        assert_eq!(code(&Failure::new("exec", message).with("type", "not_started")), Some(126));
        assert_eq!(code(&failure("failure")), None);
    }
}
