//! `durun query`: asks a run's script something, or lists what can be asked.

use crate::cli::args::Format;
use crate::cli::conclusion::print_value;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape::shell;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::render::run_json::SCHEMA;
use crate::cli::render::table::{Cell, render};
use crate::cli::report_client;
use crate::client::{ClientError, Session, find, queries, query, script_text};
use crate::history::RunRow;
use clap::Args;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  durun query order-1001                     what can be asked, and what is published
  durun query order-1001 getStatus
  durun query order-1001 itemsOf '\"kitchen\"'";

/// The arguments of `durun query`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct QueryArgs {
    /// The run
    id: String,
    /// The query; without it, a list of what can be asked
    name: Option<String>,
    /// What is given to the query, as JSON
    #[arg(value_name = "ARGS", allow_negative_numbers = true)]
    arguments: Option<String>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &QueryArgs) -> Result<Exit, CliError> {
    let given = input::payload(args.arguments.as_deref(), "ARGS")?;
    let session = context.session()?;
    let row = find(&session, &args.id)?;
    if let Some(name) = &args.name {
        let answer = query(&session, row.no, name, &given).map_err(|error| of_run(error, &session, &row))?;
        print_value(context, &answer)?;
        return Ok(Exit::Done);
    }
    let answers = queries(&session, row.no).map_err(|error| of_run(error, &session, &row))?;
    match context.format() {
        Format::Json | Format::Jsonl => {
            let published: serde_json::Map<_, _> =
                answers.published.iter().map(|(key, value)| (key.clone(), value.to_json())).collect();
            context
                .print_json(&json!({"schema": SCHEMA, "queries": answers.queries, "published": published}))?;
        }
        Format::Table => {
            let queries = answers.queries.iter().map(|name| vec![Cell::plain("query"), Cell::plain(name)]);
            let published = answers.published.iter().map(|(key, value)| {
                vec![Cell::plain("published"), Cell::plain(key), Cell::plain(value.to_string())]
            });
            let rows: Vec<_> = queries.chain(published).collect();
            if !rows.is_empty() {
                let table =
                    render(&["KIND", "NAME", "VALUE"], rows, context.table_width(), context.color_stdout());
                context.print(&table)?;
            }
        }
    }
    Ok(Exit::Done)
}

/// The error with the run's id and its file in what is to be typed.
fn of_run(error: ClientError, session: &Session, row: &RunRow) -> CliError {
    match error {
        ClientError::Query(_) => {
            let file =
                script_text(session, row.no).map_or_else(|_| "FILE".to_owned(), |(path, _)| shell(&path));
            CliError::Told(Box::new(report_client::client(&error).naming(&row.id, &file)))
        }
        other => other.into(),
    }
}
