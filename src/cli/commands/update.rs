//! `durun update`: asks a run for something and waits for the answer.

use super::tick::duration;
use crate::cli::conclusion::{blame, print_value};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::interrupt::Interrupts;
use crate::cli::render::display::Display;
use crate::cli::report_update;
use crate::client::{
    ExecuteOptions, Session, Standing, UpdateSent, Updated, await_update, lines, send_update,
};
use crate::history::UpdateAnswer;
use crate::timer::parse_duration;
use clap::Args;
use std::sync::Arc;

const EXAMPLES: &str = "\
The answer is printed. Where nobody executes the run, this command does, until the answer is there.

Exits 0 with the answer; 1 where an error left the handler, 4 where the script has no such update, 7 where it was refused \
or the run ended without an answer, 8 where the run is stuck, 124 where the time given runs out.

Examples:
  durun update budget-7 raise 500
  durun update budget-7 raise 500 --key mail-93        asked twice, it is done once; the answer is the same
  durun update cart-3 add '{\"item\": 3}' --timeout 30s";

/// The arguments of `durun update`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UpdateArgs {
    /// The run
    id: String,
    /// The update's name
    name: String,
    /// What is sent with it, as JSON
    #[arg(value_name = "JSON", allow_negative_numbers = true)]
    argument: Option<String>,
    /// The same key again is the same update: it is done once, and the answer is the same
    #[arg(long)]
    key: Option<String>,
    /// Wait no longer than this: 30s, 5 min; the update stays with the run
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<i64>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &UpdateArgs) -> Result<Exit, CliError> {
    let argument = input::payload(args.argument.as_deref(), "the argument")?;
    let session = context.session()?;
    let sent = send_update(&session, &args.id, &args.name, argument, args.key.as_deref())?;
    let interrupts = Interrupts::install()?;
    let display = Display::new(context, &[], interrupts.stop());
    display.know(sent.row.no, &sent.row.id);
    let options = ExecuteOptions {
        observer: display.observer(),
        stop: interrupts.stop(),
        configs: Arc::clone(&context.configs),
        variables: context.environment.variables(),
        park_after: None,
    };
    let updated = await_update(&session, &sent, &options, args.timeout.map(duration));
    display.finish();
    match updated? {
        Updated::Answered(answer) => answered(context, &session, &sent, args, &answer),
        Updated::Over(standing @ Standing::Stuck(_)) => {
            Ok(blame(context, &session, sent.row.no, &sent.row.id, &standing))
        }
        Updated::Over(_) => Ok(complain(context, &report_update::ended(&sent.row.id, &args.name))),
        Updated::RanOut(status) => {
            let again = args.key.is_some();
            let time = args.timeout.unwrap_or(0);
            Ok(complain(context, &report_update::ran_out(&sent.row.id, &args.name, status, time, again)))
        }
        Updated::Stopped => {
            let id = &sent.row.id;
            let resume = context.command(&format!("resume {id}"));
            context.complain(&format!("the update stays with run {id}; it goes on with: {resume}\n"));
            Ok(interrupts.exit().unwrap_or(Exit::Interrupted))
        }
    }
}

fn answered(
    context: &Context,
    session: &Session,
    sent: &UpdateSent,
    args: &UpdateArgs,
    answer: &UpdateAnswer,
) -> Result<Exit, CliError> {
    if sent.duplicate {
        context.note("this key was asked before; the answer is that of the first time");
    }
    let script = lines(session, sent.row.no).ok();
    let report = match answer {
        UpdateAnswer::Gave(value) => {
            print_value(context, value)?;
            return Ok(Exit::Done);
        }
        UpdateAnswer::Threw(failure) => {
            report_update::threw(&sent.row.id, &args.name, failure, script.as_ref())
        }
        UpdateAnswer::Refused(failure) => report_update::refused(&sent.row.id, &args.name, failure),
    };
    Ok(complain(context, &report))
}

fn complain(context: &Context, report: &crate::cli::report::Report) -> Exit {
    context.complain(&context.shown(report));
    report.exit
}
