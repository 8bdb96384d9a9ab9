//! `durun explain`: what a code of an error means, and what to do; which codes speak of a word.

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
  durun explain time-out       the codes that speak of it
  durun explain                all codes, a line each";

/// The arguments of `durun explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// The code, as it stands in the error, or words: the codes that speak of all of them; without it, all are listed
    #[arg(value_name = "CODE")]
    code: Vec<String>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ExplainArgs) -> Result<Exit, CliError> {
    let wanted = args.code.join(" ");
    if let Some(code) = codes::find(&wanted) {
        return match context.format() {
            Format::Table => context.print(&page(code)),
            Format::Json | Format::Jsonl => context.print_json(&document(code)),
        }
        .map(|()| Exit::Done);
    }
    let found: Vec<&Code> = codes::all().filter(|code| speaks_of(code, &args.code)).collect();
    if found.is_empty() || codes::is_code(&wanted) {
        return Err(CliError::NoCode { text: wanted });
    }
    match context.format() {
        Format::Table => {
            let lines: Vec<String> =
                found.iter().map(|code| format!("{}  {}", code.name, code.title)).collect();
            context.print(&lines.join("\n"))?;
        }
        Format::Json | Format::Jsonl => {
            context.print_json_list(found.into_iter().map(document).collect())?;
        }
    }
    Ok(Exit::Done)
}

/// Whether all of these words stand in what is said of a code.
fn speaks_of(code: &Code, words: &[String]) -> bool {
    let text = page(code).to_lowercase();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

fn page(code: &Code) -> String {
    format!("{}: {}\n\n{}", code.name, code.title, code.text)
}

fn document(code: &Code) -> Value {
    json!({ "schema": SCHEMA, "code": code.name, "title": code.title, "text": code.text })
}
