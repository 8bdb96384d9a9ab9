//! `durun explain`: what a code of an error means, and what to do.

use crate::cli::args::Format;
use crate::cli::codes::{self, Code};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::render::run_json::SCHEMA;
use clap::Args;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  durun explain D0105
  durun explain                all codes, a line each";

/// The arguments of `durun explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// The code, as it stands in the error; without it, all are listed
    code: Option<String>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ExplainArgs) -> Result<Exit, CliError> {
    let wanted = match &args.code {
        None => None,
        Some(text) => Some(codes::find(text).ok_or_else(|| CliError::NoCode { text: text.clone() })?),
    };
    match (context.format(), wanted) {
        (Format::Table, Some(code)) => context.print(&page(code))?,
        (Format::Table, None) => {
            let lines: Vec<String> =
                codes::all().map(|code| format!("{}  {}", code.name, code.title)).collect();
            context.print(&lines.join("\n"))?;
        }
        (Format::Json | Format::Jsonl, Some(code)) => context.print_json(&document(code))?,
        (Format::Json | Format::Jsonl, None) => {
            context.print_json_list(codes::all().map(document).collect())?;
        }
    }
    Ok(Exit::Done)
}

fn page(code: &Code) -> String {
    format!("{}: {}\n\n{}", code.name, code.title, code.text)
}

fn document(code: &Code) -> Value {
    json!({ "schema": SCHEMA, "code": code.name, "title": code.title, "text": code.text })
}
