//! `durun` alone: how to begin, or what needs a person, what goes on and what ended lately.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::overview::{BEGINNING, render};
use crate::cli::render::run_json::{SCHEMA, brief};
use crate::client::{Overview, RunView, overview};
use crate::history::Moment;
use serde_json::{Value as Json, json};

/// Does it.
pub(crate) fn run(context: &Context) -> Result<Exit, CliError> {
    let overview = match context.session_if_any()? {
        Some(session) => Some(overview(&session)?),
        None => None,
    };
    match (context.format(), overview) {
        (Format::Table, None) => context.print(BEGINNING)?,
        (Format::Table, Some(overview)) => {
            let now = context.clock.now();
            let command = |words: &str| context.command(words);
            context.print(&render(
                &overview,
                &command,
                now,
                context.table_width(),
                context.color_stdout(),
            ))?;
        }
        (Format::Json | Format::Jsonl, overview) => {
            context.print_json(&document(&overview.unwrap_or_default(), context.clock.now()))?;
        }
    }
    Ok(Exit::Done)
}

fn document(overview: &Overview, now: Moment) -> Json {
    let all = |views: &[RunView]| views.iter().map(|view| brief(view, now)).collect::<Json>();
    let ended: serde_json::Map<String, Json> =
        overview.ended.iter().map(|(status, count)| (status.word().to_owned(), json!(count))).collect();
    json!({
        "schema": SCHEMA,
        "asking": all(&overview.asking),
        "stuck": all(&overview.stuck),
        "failed": all(&overview.failed),
        "open": all(&overview.open),
        "ended": ended,
    })
}
