//! `durun exec`: one durable activity without a script.

use crate::cli::conclusion::conclude;
use crate::cli::context::{Context, Passing};
use crate::cli::error::CliError;
use crate::cli::exec_end::{SCRIPT, pass_stderr, stdout_of};
use crate::cli::execution::{Manner, attach, execute};
use crate::cli::exit::Exit;
use crate::cli::start_options::environment;
use crate::client::{Existing, IfEnded, LoadedProgram, Session, StartRequest, Started, new_id, start};
use crate::history::{Program, RunId, ScriptHash, Value};
use crate::timer::parse_duration;
use clap::Args;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::mpsc::channel;

/// What the script is called, in the folder of the start.
const NAME: &str = "durun-exec.rhai";

const EXAMPLES: &str = "\
stdout is the program's own, printed as it is when the program has ended; of several attempts, that of the last. stderr \
is passed on line by line while it runs. On a terminal, of all that commands it only colours pass; the rest is shown as \\x1b…. stdin is empty: what is piped in is refused. The same id again prints the same and ends the same.

The exit code is the program's own; 128 + n where signal n ended it, 124 where it took longer than --timeout, 126 and \
127 where it cannot be executed or does not exist. Where that is not 0, stderr ends with one block that begins with \
\"error[D0101]\" and names the run and the command that goes on. Under any other code in that block the exit code is one of \
durun itself (as listed by durun --help).

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
    if stdin_holds_something() {
        return Err(CliError::Unread);
    }
    let directory = context.environment.directory();
    let hash = ScriptHash::of(SCRIPT);
    let path = directory.join(NAME).to_string_lossy().into_owned();
    let id = match &args.id {
        Some(id) => RunId::parse(id)?,
        None => new_id()?,
    };
    let environment = environment(context, &args.environment)?;
    let session = context.session_or_create()?;
    let stdout = stdout_of(&session, &id);
    folder_for(&stdout)?;
    let request = StartRequest {
        id: Some(id),
        input: input(args, &stdout),
        environment,
        program: LoadedProgram {
            program: Program { path, main: hash, modules: BTreeMap::new() },
            texts: vec![(hash, SCRIPT.to_owned())],
            params: None,
        },
        directory: directory.to_string_lossy().into_owned(),
        timeout_ms: None,
        claim: true,
        queue: None,
        overlap: None,
        if_ended: IfEnded::Report,
    };
    let started = start(&session, request)?;
    let run = match &started {
        Started::New(claimed) | Started::Superseding { new: claimed, .. } => claimed.run,
        Started::Existing { row, .. } => row.no,
        Started::Skipped(_) => return Ok(Exit::Done),
    };
    let ((ended, over), (all_is_told, told)) = (channel(), channel::<()>());
    *context.passing.lock().unwrap_or_else(PoisonError::into_inner) = Some(Passing { ended, told });
    let session = &session;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            pass_stderr(context, session, run, &over);
            drop(all_is_told);
        });
        let exit = executed(context, session, started);
        context.pass_on_the_rest();
        if stdin_holds_something() {
            context.complain(
                "note: what came on stdin meanwhile was not read: a program of durun exec has none\n",
            );
        }
        exit
    })
}

/// Whether there is something on stdin that is meant for the program: in a pipe, or a file that nobody has begun to read. It could not be
/// given once more to a later attempt.
fn stdin_holds_something() -> bool {
    let stdin = std::io::stdin();
    let is_begun = rustix::fs::tell(&stdin).is_ok_and(|place| place > 0);
    // Neither a terminal nor /dev/null says how much there is to read.
    !stdin.is_terminal() && !is_begun && rustix::io::ioctl_fionread(&stdin).is_ok_and(|bytes| bytes > 0)
}

/// Executes the run, waits for it or says how it ended.
fn executed(context: &Context, session: &Session, started: Started) -> Result<Exit, CliError> {
    match started {
        Started::Skipped(_) => Ok(Exit::Done),
        Started::New(claimed) | Started::Superseding { new: claimed, .. } => {
            context.note(&format!("run {}", claimed.id));
            execute(context, session, vec![claimed])
        }
        Started::Existing { row, what, .. } => match what {
            Existing::Report(standing) => conclude(context, session, row.no, &row.id, &standing),
            Existing::Continue(claimed) => execute(context, session, vec![claimed]),
            Existing::Attach(_) => attach(context, session, &row, Manner::default()),
        },
    }
}

fn input(args: &ExecArgs, stdout: &Path) -> Value {
    let argv = args.program.iter().map(|word| Value::from(word.as_str())).collect();
    let mut options = vec![
        ("retry", Value::from([("attempts", Value::from(args.retry))])),
        ("stdout", stdout.to_string_lossy().into_owned().into()),
        ("stdout_always", Value::Bool(true)),
    ];
    if let Some(ms) = args.timeout {
        options.push(("timeout", format!("{ms}ms").into()));
    }
    let options = Value::Map(options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    Value::from([("argv", Value::List(argv)), ("options", options)])
}

/// Makes the folder, for its user alone.
fn folder_for(stdout: &Path) -> Result<(), CliError> {
    let folder = stdout.parent().unwrap_or(Path::new("/"));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        let permission = error.kind() == std::io::ErrorKind::PermissionDenied;
        CliError::Directory { path: folder.to_owned(), message: error.to_string(), permission }
    })
}
