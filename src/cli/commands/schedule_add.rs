//! `durun schedule add`.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::forewarning;
use crate::cli::local_zone::local_zone;
use crate::cli::render::schedules::nobody;
use crate::cli::render::when::relative;
use crate::cli::start_options::StartOptions;
use crate::client::{Added, NewSchedule, add_schedule, schedules};
use crate::history::{Catchup, OverlapPolicy, ScheduledStart};
use crate::timer::{Zone, format_moment, parse_duration};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
CRON has five fields: minute, hour, day of the month, month, weekday; names (MON-FRI, jan), lists, steps, L for the last \
day, @daily and the like are known. A time that the spring leaves out fires when the clock has jumped; one that the \
autumn repeats fires once. The script is read when a slot is fired, so what you mend counts from the next slot on. \
A slot has one run, NAME-2026-11-24T0230, however often it is fired. The run gets its slot as input.slot, the programs \
that it starts as $DURUN_SLOT.

Slots are fired by durun tick and by durun serve.

Examples:
  durun schedule add nightly \"30 2 * * *\" backup.rhai --tz Europe/Berlin
  durun schedule add report \"0 9 * * MON-FRI\" report.rhai -i to=ada --catchup none --pause-on-failure
  durun schedule add sync \"*/15 * * * *\" sync.rhai --overlap queue --jitter 2m";

/// The arguments of `durun schedule add`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AddArgs {
    /// Its name; the ids of its runs begin with it
    name: String,
    /// When, in quotes: minute, hour, day of the month, month, weekday
    cron: String,
    /// The script
    script: PathBuf,
    /// One field of the input: key=text or key:=JSON; may be repeated
    #[arg(short = 'i', value_name = "KEY=TEXT")]
    pairs: Vec<String>,
    /// The input as JSON, from a file with @FILE, from stdin with -
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    input: Option<String>,
    /// The time zone, such as Europe/Berlin [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// What becomes of a slot while an earlier run has not ended [default: skip; with --catchup all: queue]
    #[arg(long, value_enum, value_name = "POLICY")]
    overlap: Option<Policy>,
    /// Of slots that nobody fired in time start the latest, all (at most 100), none, or those at most so late: 6h
    #[arg(long, value_name = "latest|all|none|DURATION", default_value = "latest", value_parser = parse_catchup)]
    catchup: Catchup,
    /// Fire each slot up to this much later, by chance, so that not all begin at once
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    jitter: Option<i64>,
    /// Pause the schedule when one of its runs fails, times out or is stuck
    #[arg(long)]
    pause_on_failure: bool,
    /// End each run as timed out when it has not ended after this long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<i64>,
    /// Record this variable of the environment too, for the programs that the runs start; may be repeated
    #[arg(long = "env", value_name = "NAME")]
    environment: Vec<String>,
    /// Start its slots also where durun check sees that each run would be stuck
    #[arg(long)]
    unchecked: bool,
    /// Change the schedule of that name, where there is one
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Policy {
    /// Skip it, and record that
    Skip,
    /// Let it wait until the earlier ones have ended
    Queue,
    /// Ask the earlier ones to end, and begin then
    Cancel,
    /// Let them go on side by side
    Allow,
}

fn parse_catchup(text: &str) -> Result<Catchup, String> {
    Ok(match text {
        "latest" => Catchup::Latest,
        "all" => Catchup::All,
        "none" => Catchup::None,
        _ => Catchup::Within {
            ms: parse_duration(text).map_err(|error| format!("latest, all, none or a duration; {error}"))?,
        },
    })
}

/// Does it.
pub(crate) fn run(context: &Context, args: &AddArgs) -> Result<Exit, CliError> {
    let new = request(context, args)?;
    if !args.unchecked {
        forewarning::refuse(context, &args.script, forewarning::UNCHECKED)?;
    }
    let session = context.session_or_create()?;
    let (row, what) = match add_schedule(&session, new)? {
        Added::New(row) => (row, "added"),
        Added::Replaced(row) => (row, "changed"),
        Added::Same(row) => (row, "as it was"),
    };
    forewarning::tell(context, &args.script);
    let all = schedules(&session)?;
    let now = context.clock.now();
    let next = all.schedules.iter().find(|view| view.row.name == row.name).and_then(|view| view.next);
    let next = match (next, Zone::named(&row.zone)) {
        (Some(next), Some(zone)) => {
            let local = format_moment(next, zone, "%Y-%m-%d %H:%M:%S").unwrap_or_default();
            format!("next {local} {}, {}", row.zone, relative(next, now))
        }
        (None, _) | (_, None) => "paused".to_owned(),
    };
    context.note(&format!("schedule {} {what}; {next}", row.name));
    if let Some(nobody) = nobody(all.fired_by, &context.command("tick --install"), now) {
        context.note(&nobody);
    }
    Ok(Exit::Done)
}

fn request(context: &Context, args: &AddArgs) -> Result<NewSchedule, CliError> {
    let overlap = match (args.overlap, args.catchup) {
        (Some(Policy::Skip), Catchup::All) => {
            let text = "--overlap skip would skip all but the first of what --catchup all makes up for; \
                        take --overlap queue, or --catchup latest";
            return Err(CliError::Usage(text.to_owned()));
        }
        (Some(Policy::Queue), _) | (None, Catchup::All) => OverlapPolicy::Queue,
        (Some(Policy::Cancel), _) => OverlapPolicy::Cancel,
        (Some(Policy::Allow), _) => OverlapPolicy::Allow,
        (Some(Policy::Skip) | None, _) => OverlapPolicy::Skip,
    };
    // As a start of the script now would be: what is wrong about it is told before anything is recorded.
    let options = StartOptions {
        pairs: args.pairs.clone(),
        input: args.input.clone(),
        timeout: args.timeout,
        environment: args.environment.clone(),
        record_only: true,
        ..StartOptions::default()
    };
    let start = options.request(context, &args.script, None)?;
    Ok(NewSchedule {
        name: args.name.clone(),
        cron: args.cron.clone(),
        zone: match &args.tz {
            Some(zone) => zone.clone(),
            None => local_zone(&context.environment).name().to_owned(),
        },
        starts: ScheduledStart {
            script: args.script.to_string_lossy().into_owned(),
            input: start.input,
            directory: start.directory,
            environment: start.environment,
            timeout_ms: start.timeout_ms,
            unchecked: args.unchecked,
        },
        overlap,
        catchup: args.catchup,
        jitter_ms: args.jitter.unwrap_or(0),
        pause_on_failure: args.pause_on_failure,
        replace: args.replace,
    })
}
