//! `durun rewind`: a run goes on from an earlier entry of its history.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::input;
use crate::cli::render::story::Story;
use crate::client::{Plan, Point, Undone, carry_out, plan_rewind, undone};
use crate::history::OpId;
use clap::Args;

const EXAMPLES: &str = "\
The entry that is named stays and is the last one; what comes after it is set aside, not lost: durun history ID --all \
shows it. Effects of which the entries are set aside were done; the script does them once more where it asks for them again, \
with new idempotency keys. Signals and resolved tokens are delivered again; questions are asked anew; children that were \
begun since are ended. What stays is not done again, also where an undo that is set aside took it back: that is told.

Examples:
  durun history order-1001                                  the entries and their numbers
  durun rewind order-1001 --to 4 --dry-run                  only shows what would be set aside
  durun rewind order-1001 --to 4 && durun resume order-1001
  durun rewind order-1001 --step 2 --set '2={\"price\": 12}'  with another result of op 2";

/// The arguments of `durun rewind`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RewindArgs {
    /// The run
    id: String,
    /// The entry that is the last one from then on; 0 is the beginning
    #[arg(
        long,
        value_name = "ENTRY",
        required_unless_present = "step",
        conflicts_with = "step",
        allow_negative_numbers = true,
        value_parser = entry
    )]
    to: Option<u32>,
    /// The same by the command of which it is the outcome (`op` in `durun history ID -o jsonl`)
    #[arg(long, value_name = "OP")]
    step: Option<u32>,
    /// Put another result in the place of a recorded one that stays
    #[arg(long, value_name = "OP=JSON")]
    set: Vec<String>,
    /// Show what would be set aside, and change nothing
    #[arg(long)]
    dry_run: bool,
}

fn entry(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "it is the number of an entry, from 0: durun history ID shows them")
}

/// Does it.
pub(crate) fn run(context: &Context, args: &RewindArgs) -> Result<Exit, CliError> {
    let set = args.set.iter().map(|text| input::result_of_op(text)).collect::<Result<_, _>>()?;
    let point = args.to.map_or_else(|| Point::Op(OpId(args.step.unwrap_or(0))), Point::Entry);
    let session = context.session()?;
    let plan = plan_rewind(&session, &args.id, point, &set)?;
    let id = &plan.row.id;
    let undone = undone(&session, &plan)?;
    let command = |words: &str| context.command(words);
    if args.dry_run {
        context.print(&told(&plan, context.color_stdout()))?;
        context.print(&told_undone(&plan, &undone, &command))?;
        context.print(&format!("run {id} would go on behind entry {}; nothing was changed", last(&plan)))?;
        return Ok(Exit::Done);
    }
    context.note(&told(&plan, context.color_stderr()));
    carry_out(&session, &plan)?;
    if !undone.is_empty() {
        context.warn(&told_undone(&plan, &undone, &command));
    }
    context.note(&format!(
        "run {id} goes on behind entry {}: {}",
        last(&plan),
        context.command(&format!("resume {id}"))
    ));
    Ok(Exit::Done)
}

fn last(plan: &Plan) -> u32 {
    plan.kept.0.saturating_sub(1)
}

/// What is set aside, entry by entry; first of all what was done and may be done once more.
pub(crate) fn told(plan: &Plan, color: bool) -> String {
    let mut story = Story::new(color, None);
    let effects = plan.aside.iter().filter(|(_, entry)| entry.fact.effect_kind().is_some()).count();
    let what = match effects {
        0 => "no effect among them".to_owned(),
        1 => "1 effect among them, done again where the script asks for it".to_owned(),
        many => format!("{many} effects among them, done again where the script asks for them"),
    };
    let count = match plan.aside.len() {
        1 => "1 entry is".to_owned(),
        many => format!("{many} entries are"),
    };
    let lines: String = plan.aside.iter().map(|(seq, entry)| story.tell(*seq, entry)).collect();
    format!("{count} set aside, {what}:\n{}", lines.trim_end())
}

/// What stays done for the script although it was taken back, and where to go back to instead; nothing where nothing is.
fn told_undone(plan: &Plan, undone: &[Undone], command: &dyn Fn(&str) -> String) -> String {
    if undone.is_empty() {
        return String::new();
    }
    let line = |undone: &Undone| {
        let place = undone.entry.map_or_else(String::new, |entry| entry.to_string());
        format!("{place:>4}  {}", escape::line(&undone.what))
    };
    let lines: Vec<String> = undone.iter().map(line).collect();
    let (it, does) = if undone.len() == 1 { ("it", "does it") } else { ("them", "does them") };
    let before = undone.iter().map(|undone| undone.entry).min().flatten();
    let instead = match before.and_then(|first| first.0.checked_sub(1)) {
        Some(to) => {
            let words = format!("rewind {} --to {to}", plan.row.id);
            format!("{} goes on before {it}, and the script {does} again", command(&words))
        }
        None => format!("{} shows what was done", command(&format!("history {} --all", plan.row.id))),
    };
    let what = if undone.len() == 1 { "this was undone and stays" } else { "these were undone and stay" };
    format!(
        "warning: {what} done for the script, which does not do {it} again:\n{}\n{instead}",
        lines.join("\n")
    )
}
