//! `durun answer`: answers a question that a run asks a person.

use super::signal::told_of_executor;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::client::{AnswerRequest, answer};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  durun answer budget-7                       what is asked, and what may be answered
  durun answer budget-7 yes
  durun answer budget-7 no --note \"ask again in May\"
  durun answer budget-7 yes --question 12      where it asks several; durun status has the numbers";

/// The arguments of `durun answer`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AnswerArgs {
    /// The run
    id: String,
    /// One of the choices; without it the question is shown, and what may be answered
    #[arg(allow_negative_numbers = true)]
    choice: Option<String>,
    /// What is said with it; the script finds it in run.answers
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
    /// Which question, by its number or name, where several are open
    #[arg(long, value_name = "N")]
    question: Option<String>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &AnswerArgs) -> Result<Exit, CliError> {
    let session = context.session()?;
    let request = AnswerRequest {
        choice: args.choice.clone().unwrap_or_default(),
        who: context.environment.user(),
        note: args.note.clone(),
        question: args.question.clone(),
    };
    let replied = answer(&session, &args.id, request)?;
    if replied.duplicate {
        context.note(&format!("this was answered before; nothing was added to run {}", replied.row.id));
        return Ok(Exit::Done);
    }
    told_of_executor(context, &session, &replied.row)
}
