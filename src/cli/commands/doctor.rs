//! `durun doctor`: whether the store and what is around it are well, and where each setting comes from.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::render::when::{absolute, relative};
use crate::client::{Checkup, Session, audit, check_up, wakers};
use crate::config::{Config, Limits, Notify};
use crate::timer::show_duration;
use clap::Args;
use serde_json::json;
use std::time::Duration;

const EXAMPLES: &str = "\
Exits with 0 where all is well, 1 where something is to be looked at, 65 where --deep finds damage.

Examples:
  durun doctor
  durun doctor --deep                 reads everything and verifies it
  durun doctor -o json | jq '.problems[]'";

/// Less room than this is told, in bytes: 256 MiB.
const LITTLE: u64 = 256 * 1024 * 1024;
/// A sync slower than this is told.
const SLOW: Duration = Duration::from_millis(100);

/// The arguments of `durun doctor`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Read everything, and verify all checksums and that all tables agree
    #[arg(long)]
    deep: bool,
}

/// What is told: a name and a value a line, and what is not well.
#[derive(Default)]
struct Findings {
    facts: Vec<(String, String)>,
    problems: Vec<String>,
}

impl Findings {
    fn fact(&mut self, name: &str, value: impl Into<String>) {
        self.facts.push((name.to_owned(), escape::line(&value.into())));
    }

    fn problem(&mut self, is: bool, what: impl FnOnce() -> String) {
        if is {
            self.problems.push(what());
        }
    }
}

/// Does it.
pub(crate) fn run(context: &Context, args: &DoctorArgs) -> Result<Exit, CliError> {
    let mut findings = Findings::default();
    findings.fact("durun", env!("CARGO_PKG_VERSION"));
    findings.fact("store", format!("{} ({})", context.place()?.display(), store_source(context)));
    let session = context.session()?;
    let checkup = check_up(&session)?;
    store(&mut findings, &checkup);
    going_on(context, &session, &mut findings)?;
    clock(context, &mut findings, &checkup);
    let here = context.environment.directory().join("any.rhai");
    configuration(&mut findings, context.config(&here)?.as_ref());
    let wrong = if args.deep { audit(&session)? } else { Vec::new() };
    if args.deep && wrong.is_empty() {
        findings.fact("deep", "all entries, checksums and tables agree");
    }
    let damaged = !wrong.is_empty();
    findings.problems.extend(wrong);
    show(context, &findings)?;
    Ok(match (damaged, findings.problems.is_empty()) {
        (true, _) => Exit::Corrupt,
        (false, true) => Exit::Done,
        (false, false) => Exit::Failed,
    })
}

fn store_source(context: &Context) -> &'static str {
    match (&context.global.store, context.environment.get("DURUN_STORE")) {
        (Some(_), _) => "from --store",
        (None, Some(_)) => "from $DURUN_STORE",
        (None, None) if context.place().is_ok_and(|place| place.ends_with(".durun")) => {
            "a .durun found upwards"
        }
        (None, None) if context.environment.get("XDG_STATE_HOME").is_some() => "from $XDG_STATE_HOME",
        (None, None) => "default",
    }
}

fn store(findings: &mut Findings, checkup: &Checkup) {
    let (directory, file) = checkup.rights;
    findings.fact("rights", format!("directory {directory:o}, file {file:o}"));
    findings.problem((directory | file) & 0o077 != 0, || "others may read or write the store".to_owned());
    findings.fact("size", size(checkup.bytes));
    findings.fact("free", size(checkup.free));
    findings.problem(checkup.free < LITTLE, || {
        format!("only {} are free: where nothing more can be written, runs are parked", size(checkup.free))
    });
    findings.fact("sync", format!("{:.1} ms", checkup.sync.as_secs_f64() * 1000.0));
    findings.problem(checkup.sync > SLOW, || {
        "the disk takes long to write: each step of a run waits for it".to_owned()
    });
    let runs: Vec<String> = checkup.runs.iter().map(|(status, count)| format!("{count} {status}")).collect();
    findings.fact("runs", if runs.is_empty() { "none".to_owned() } else { runs.join(", ") });
}

fn going_on(context: &Context, session: &Session, findings: &mut Findings) -> Result<(), CliError> {
    let (tick, serving) = wakers(session)?;
    let now = context.clock.now();
    findings.fact(
        "tick",
        tick.map_or("never".to_owned(), |at| format!("{} ({})", absolute(at), relative(at, now))),
    );
    findings.fact("serve", serving.map_or("nobody".to_owned(), |claim| format!("process {}", claim.pid)));
    Ok(())
}

fn clock(context: &Context, findings: &mut Findings, checkup: &Checkup) {
    let now = context.clock.now();
    findings.fact("clock", absolute(now));
    if let Some(newest) = checkup.newest.filter(|newest| *newest > now) {
        let ahead = show_duration(newest.since_ms(now));
        findings
            .problems
            .push(format!("the clock was set back: the store was last written {ahead} from now"));
    }
}

/// Each value and its source.
fn configuration(findings: &mut Findings, config: &Config) {
    let file = config.file.as_ref().map_or("none".to_owned(), |file| file.display().to_string());
    findings.fact("config", file);
    let from = |is_default: bool| if is_default { "default" } else { "from the file" };
    let activities = config.limits.activities;
    let source = from(config.limits == Limits::default());
    findings.fact("  limits.activities", format!("{activities} ({source})"));
    for (name, kept) in [("completed", config.retention.completed_ms), ("failed", config.retention.failed_ms)]
    {
        let value = kept.map_or("for ever".to_owned(), show_duration);
        findings.fact(&format!("  retention.{name}"), format!("{value} ({})", from(kept.is_none())));
    }
    findings.fact("  notify", from(config.notify == Notify::default()));
    let names = |names: Vec<&String>| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    for (table, known) in [
        ("activity", names(config.activities.keys().collect())),
        ("queue", names(config.queues.keys().collect())),
        ("secrets", names(config.secrets.keys().collect())),
    ] {
        if !known.is_empty() {
            findings.fact(&format!("  {table}"), format!("{known} (from the file)"));
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes / 1024),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _ => format!("{} GiB", bytes / 1_073_741_824),
    }
}

fn show(context: &Context, findings: &Findings) -> Result<(), CliError> {
    match context.format() {
        Format::Table => {
            let facts = findings.facts.iter().map(|(name, value)| format!("{name:<22} {value}\n"));
            let problems =
                findings.problems.iter().map(|problem| format!("problem: {}\n", escape::line(problem)));
            context.print(&facts.chain(problems).collect::<String>())
        }
        Format::Json | Format::Jsonl => {
            let facts: serde_json::Map<_, _> =
                findings.facts.iter().map(|(name, value)| (name.trim().to_owned(), json!(value))).collect();
            context.print_json(&json!({ "schema": 1, "facts": facts, "problems": findings.problems }))
        }
    }
}
