//! `durun once`: the results that are kept under the keys of `once:`.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::paint::Paint;
use crate::cli::render::run_json::SCHEMA;
use crate::cli::render::table::{Cell, render};
use crate::cli::render::when::relative;
use crate::client::{Forgotten, OnceRow, forget_once, list_once};
use crate::timer::rfc3339;
use clap::{Args, Subcommand};
use serde_json::json;

const EXAMPLES: &str = "\
A call with once: KEY gives the first result that any run of the store got under that key, without executing \
again. Results are kept for 400 days; failures are not kept.

Examples:
  durun once list invoice-
  durun once forget invoice-2026-0412      the next call under that key executes again";

/// The arguments of `durun once`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct OnceArgs {
    /// What to do
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List keys, their results and the runs that gave them
    List {
        /// Only keys that begin so
        #[arg(default_value = "")]
        prefix: String,
    },
    /// Forget the result under a key
    Forget {
        /// The key
        key: String,
    },
}

/// Does it.
pub(crate) fn run(context: &Context, args: &OnceArgs) -> Result<Exit, CliError> {
    match &args.what {
        What::List { prefix } => list(context, prefix),
        What::Forget { key } => forget(context, key),
    }
}

fn list(context: &Context, prefix: &str) -> Result<Exit, CliError> {
    let rows = match context.session_if_any()? {
        Some(session) => list_once(&session, prefix)?,
        None => Vec::new(),
    };
    match context.format() {
        Format::Json | Format::Jsonl => {
            context.print_json_list(
                rows.iter()
                    .map(|row| {
                        json!({
                            "schema": SCHEMA,
                            "key": row.key,
                            "run": row.run.as_str(),
                            "op": row.op.0,
                            "at": rfc3339(row.at),
                            "done": row.result.is_some(),
                            "result": row.result.as_ref().map(crate::history::Value::to_json),
                        })
                    })
                    .collect(),
            )?;
        }
        Format::Table if rows.is_empty() => context.note("no keys"),
        Format::Table => {
            let now = context.clock.now();
            let cells = |row: &OnceRow| {
                let (result, paint) = match &row.result {
                    Some(result) => (result.to_string(), Paint::Plain),
                    None => ("(being sought)".to_owned(), Paint::Cyan),
                };
                vec![
                    Cell::plain(&row.key),
                    Cell::plain(row.run.as_str()),
                    Cell::plain(relative(row.at, now)),
                    Cell::new(result, paint),
                ]
            };
            let head = ["KEY", "RUN", "SINCE", "RESULT"];
            let rows = rows.iter().map(cells).collect();
            context.print(&render(&head, rows, context.table_width(), context.color_stdout()))?;
        }
    }
    Ok(Exit::Done)
}

fn forget(context: &Context, key: &str) -> Result<Exit, CliError> {
    let session = context.session()?;
    match forget_once(&session, key)? {
        Forgotten::Result { run } => {
            context.note(&format!("forgotten: the result of run {run}; the next call executes again"));
            Ok(Exit::Done)
        }
        Forgotten::Sought { run } => Err(CliError::OnceSought { key: key.to_owned(), run: run.to_string() }),
        Forgotten::Nothing => Err(CliError::NoOnce { key: key.to_owned() }),
    }
}
