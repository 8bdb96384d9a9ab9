//! `durun schedule`: scripts that start by themselves at the times of a cron expression.

use super::schedule_add::{self, AddArgs};
use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::detach;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::forewarning;
use crate::cli::render::paint::Paint;
use crate::cli::render::run_json::SCHEMA;
use crate::cli::render::schedules::{is_overdue, json, nobody, table};
use crate::cli::render::table::{Cell, render};
use crate::cli::render::when::absolute;
use crate::client::{
    Session, backfill, pause_schedule, remove_schedule, resume_schedule, schedules, trigger,
};
use crate::history::Moment;
use crate::timer::{parse_moment, rfc3339};
use clap::{Args, Subcommand};
use std::path::Path;

const EXAMPLES: &str = "\
Slots are fired by durun tick, in a crontab (* * * * * durun tick), and by durun serve.

Examples:
  durun schedule add nightly \"30 2 * * *\" backup.rhai --tz Europe/Berlin
  durun schedule list
  durun schedule trigger nightly                          now, besides its slots
  durun schedule backfill nightly --from 2026-11-01 --to 2026-11-07
  durun missed                                            what was missed or skipped";

/// The arguments of `durun schedule`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ScheduleArgs {
    /// What to do
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Add a schedule; the same again changes nothing
    Add(Box<AddArgs>),
    /// List schedules, when each fires next, and what became of its last slot
    List,
    /// Fire no slots until it is resumed; its runs go on, and what passes is not made up for
    Pause {
        /// The schedule
        name: String,
    },
    /// Fire slots again, from now on
    Resume {
        /// The schedule
        name: String,
    },
    /// Start a run of it now, in the background, paused or not; print its id
    Trigger {
        /// The schedule
        name: String,
        /// Record the run and execute nothing
        #[arg(long)]
        record_only: bool,
    },
    /// Remove it; its runs go on
    Remove {
        /// The schedule
        name: String,
    },
    /// Start the slots of a time that has passed, each that has no run yet, one after the other; print their ids
    Backfill(BackfillArgs),
}

#[derive(Debug, Args)]
struct BackfillArgs {
    /// The schedule
    name: String,
    /// From when, inclusive: 2026-11-01, 2026-11-01T02:30, 2026-11-01T02:30:00+01:00; UTC unless it says otherwise
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Moment,
    /// Until when, inclusive
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Moment,
    /// Start nothing; list the slots and their runs
    #[arg(long)]
    dry_run: bool,
}

fn parse_time(text: &str) -> Result<Moment, String> {
    parse_moment(text).ok_or_else(|| "a time is wanted, such as 2026-11-01 or 2026-11-01T02:30".to_owned())
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ScheduleArgs) -> Result<Exit, CliError> {
    match &args.what {
        What::Add(args) => schedule_add::run(context, args),
        What::List => list(context),
        What::Pause { name } => {
            let was_new = pause_schedule(&context.session()?, name)?;
            Ok(told(context, name, if was_new { "is paused" } else { "was paused before" }))
        }
        What::Resume { name } => {
            let was_paused = resume_schedule(&context.session()?, name)?;
            Ok(told(context, name, if was_paused { "fires again" } else { "was not paused" }))
        }
        What::Trigger { name, record_only } => {
            let session = context.session()?;
            refuse_doomed(context, &session, name)?;
            let (id, is_new) = trigger(&session, name)?;
            // The process in the background need not take the store over.
            drop(session);
            if is_new && !record_only {
                detach::begin(context, &id)?;
            }
            context.print(id.as_str())?;
            Ok(Exit::Done)
        }
        What::Remove { name } => {
            remove_schedule(&context.session()?, name)?;
            Ok(told(context, name, "is removed"))
        }
        What::Backfill(args) => fill(context, args),
    }
}

fn told(context: &Context, name: &str, what: &str) -> Exit {
    context.note(&format!("schedule {name} {what}"));
    Exit::Done
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let Some(session) = context.session_if_any()? else {
        context.note("no schedules");
        return Ok(Exit::Done);
    };
    let all = schedules(&session)?;
    let now = context.clock.now();
    match context.format() {
        Format::Json | Format::Jsonl => context.print_json_list(all.schedules.iter().map(json).collect())?,
        Format::Table if all.schedules.is_empty() => context.note("no schedules"),
        Format::Table => {
            context.print(&table(&all.schedules, now, context.table_width(), context.color_stdout()))?;
            let is_overdue = is_overdue(&all.schedules, now);
            match nobody(all.fired_by, &context.command("tick --install"), now) {
                Some(nobody) if is_overdue => {
                    let serve = context.command("serve");
                    context.warn(&format!("{nobody}, or {serve} for as long as it lives"));
                }
                Some(nobody) => context.note(&nobody),
                None if is_overdue => context.note("what is overdue is fired by the next tick"),
                None => {}
            }
            if all.schedules.iter().any(|view| view.row.unseen().next().is_some()) {
                context.note(&format!("what was skipped or missed is told by {}", context.command("missed")));
            }
        }
    }
    Ok(Exit::Done)
}

/// A script of which each run would be stuck is not started, unless the schedule says so.
fn refuse_doomed(context: &Context, session: &Session, name: &str) -> Result<(), CliError> {
    let all = schedules(session)?.schedules;
    match all.into_iter().map(|view| view.row).find(|row| row.name.as_str() == name) {
        Some(row) if !row.starts.unchecked => {
            let hint = "add it again with --replace --unchecked, and it starts all the same";
            forewarning::refuse(context, Path::new(&row.starts.script), hint)
        }
        Some(_) | None => Ok(()),
    }
}

fn fill(context: &Context, args: &BackfillArgs) -> Result<Exit, CliError> {
    if args.to < args.from {
        return Err(CliError::Usage("--to is before --from".to_owned()));
    }
    let session = context.session()?;
    if !args.dry_run {
        refuse_doomed(context, &session, &args.name)?;
    }
    let slots = backfill(&session, &args.name, (args.from, args.to), args.dry_run)?;
    match context.format() {
        Format::Json | Format::Jsonl => {
            let slots = slots.iter().map(|slot| json_of(slot.slot, slot.run.as_str(), slot.existed));
            context.print_json_list(slots.collect())?;
        }
        Format::Table if args.dry_run => {
            let rows = slots.iter().map(|slot| {
                let (word, paint) = if slot.existed { ("there", Paint::Dim) } else { ("new", Paint::Plain) };
                vec![Cell::plain(slot.run.as_str()), Cell::plain(absolute(slot.slot)), Cell::new(word, paint)]
            });
            if !slots.is_empty() {
                context.print(&render(
                    &["RUN", "SLOT", "STATE"],
                    rows.collect(),
                    context.table_width(),
                    context.color_stdout(),
                ))?;
            }
        }
        Format::Table => {
            let new: Vec<&str> =
                slots.iter().filter(|slot| !slot.existed).map(|slot| slot.run.as_str()).collect();
            context.print(&new.join("\n"))?;
        }
    }
    let new = slots.iter().filter(|slot| !slot.existed).count();
    let (there, verb) = (slots.len() - new, if args.dry_run { "would be started" } else { "started" });
    context.note(&format!("{} slots: {new} {verb}, {there} had their runs", slots.len()));
    if new > 0 && !args.dry_run {
        context
            .note(&format!("they are executed by the next tick, or by: {}", context.command("resume --all")));
    }
    Ok(Exit::Done)
}

fn json_of(slot: Moment, run: &str, existed: bool) -> serde_json::Value {
    serde_json::json!({"schema": SCHEMA, "slot": rfc3339(slot), "run": run, "existed": existed})
}
