//! `durun doctor`: whether the store and what is around it are well, and where each setting comes from.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::render::when::{absolute, relative};
use crate::cli::report::Report;
use crate::client::{Checkup, ClientError, Session, StoreError, audit, check_up, wakers};
use crate::config::{Config, Limits, Stated};
use crate::history::RunStatus;
use crate::store::{Holder, holder};
use crate::timer::show_duration;
use clap::Args;
use serde_json::json;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

const EXAMPLES: &str = "\
Exits with 0 where all is well, 1 where something is to be looked at (each line that begins with \"problem:\"), such as runs \
that are stuck or failed in the last 24 hours, alerts among them, or that nobody goes on with; 65 where --deep finds damage.

Examples:
  durun doctor
  durun doctor --deep                 reads everything and verifies it
  durun doctor -o json | jq '.problems[]'";

/// Less room than this is told, in bytes: 256 MiB.
const LITTLE: u64 = 256 * 1024 * 1024;
/// All rights that are not the owner's.
const OTHERS: u32 = 0o077;
/// A sync slower than this is told.
const SLOW: Duration = Duration::from_millis(100);

/// The arguments of `durun doctor`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Read everything, and verify all checksums, each page of the file, and that all tables agree
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
    let before = rights(&context.place()?);
    let session = match context.session() {
        Err(wrong) if is_kept_by_another(&wrong) => return kept(context, findings, &wrong),
        session => session?,
    };
    let checkup = check_up(&session)?;
    store(&mut findings, &checkup);
    mended(&mut findings, before, checkup.rights);
    runs(context, &mut findings, &checkup);
    going_on(context, &session, &mut findings, &checkup)?;
    clock(context, &mut findings, &checkup);
    let here = context.environment.directory().join("any.rhai");
    match context.config(&here) {
        Ok(config) => configuration(&mut findings, config.as_ref()),
        // The rest is told all the same.
        Err(wrong) => {
            show(context, &findings)?;
            return Ok(complain(context, &wrong));
        }
    }
    let wrong = if args.deep { audit(&session)? } else { Vec::new() };
    if args.deep && wrong.is_empty() {
        findings.fact("deep", "all pages, entries, checksums and tables agree");
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

/// Whether it is another process that keeps this one from the store.
fn is_kept_by_another(wrong: &CliError) -> bool {
    use StoreError::{Busy, OtherVersion, Stopped};
    let CliError::Client(ClientError::Store(error)) = wrong else { return false };
    matches!(error, Busy { .. } | Stopped { .. } | OtherVersion { .. })
}

/// Says who has the store open, and why nothing more is known of it.
fn kept(context: &Context, mut findings: Findings, wrong: &CliError) -> Result<Exit, CliError> {
    let by = match holder(&context.place()?) {
        Some(Holder { pid, is_stopped: true }) => format!("process {pid}, which is stopped"),
        Some(Holder { pid, is_stopped: false }) => {
            findings.problem(true, || {
                format!("process {pid} keeps the store: where it stays so, kill {pid} frees it, and nothing is lost")
            });
            format!("process {pid}")
        }
        None => "a process that the system does not name".to_owned(),
    };
    findings.fact("held by", by);
    show(context, &findings)?;
    Ok(complain(context, wrong))
}

/// Says what is wrong, without the help that leads here.
fn complain(context: &Context, wrong: &CliError) -> Exit {
    let Some(mut report) = Report::of(wrong) else { return Exit::Failed };
    report.hints.retain(|hint| !hint.contains("durun doctor "));
    context.complain(&context.shown(&report));
    report.exit
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
    let user = if checkup.is_ours { "" } else { ", of another user" };
    findings.fact("rights", format!("directory {directory:o}, file {file:o}{user}"));
    findings.problem(!checkup.is_ours, || "the store belongs to another user".to_owned());
    findings.fact(
        "held by",
        match checkup.owner {
            Some(pid) if pid != std::process::id() => format!("process {pid}"),
            Some(_) | None => "nobody but this command".to_owned(),
        },
    );
    findings.problem((directory | file) & OTHERS != 0, || "others may read or write the store".to_owned());
    findings.problem(checkup.is_read_only, || {
        "the store can only be read: its directory is closed to writing".to_owned()
    });
    findings.fact("size", size(checkup.bytes));
    findings.fact("free", size(checkup.free));
    findings.problem(checkup.free < LITTLE, || {
        format!("only {} are free: where nothing more can be written, runs are parked", size(checkup.free))
    });
    let sync = checkup.sync.map(|sync| format!("{:.1} ms", sync.as_secs_f64() * 1000.0));
    findings.fact("sync", sync.unwrap_or_else(|| "not measured: nothing can be written there".to_owned()));
    findings.problem(checkup.sync.is_some_and(|sync| sync > SLOW), || {
        "the disk takes long to write: each step of a run waits for it".to_owned()
    });
}

/// The rights of the directory and of the file of a store, where it has them.
fn rights(store: &Path) -> (u32, u32) {
    let mode = |path: &Path| path.metadata().map_or(0, |facts| facts.mode() & 0o7777);
    (mode(store), mode(&store.join("store.redb")))
}

/// Rights that were too wide until the store was opened for this.
fn mended(findings: &mut Findings, before: (u32, u32), now: (u32, u32)) {
    for (what, before, now) in [("directory", before.0, now.0), ("file", before.1, now.1)] {
        findings.problem(before & !now & OTHERS != 0, || {
            format!(
                "the store's {what} was open to others, {before:o}: it is for its user alone now, {now:o}"
            )
        });
    }
}

/// What runs there are, and those that need somebody.
fn runs(context: &Context, findings: &mut Findings, checkup: &Checkup) {
    let runs: Vec<String> = checkup.runs.iter().map(|(status, count)| format!("{count} {status}")).collect();
    findings.fact("runs", if runs.is_empty() { "none".to_owned() } else { runs.join(", ") });
    let of = |status| checkup.runs.iter().find(|(of, _)| *of == status).map_or(0, |(_, count)| *count);
    let stuck = of(RunStatus::Stuck);
    findings.problem(stuck > 0, || {
        let command = context.command("list --status stuck");
        format!("{} stuck, the script has to be mended: {command}", are(stuck))
    });
    let failed = checkup.failed_lately;
    findings.problem(failed > 0, || {
        let command = context.command("list --status failed,timed_out");
        format!("{} failed in the last 24 hours: {command}", many(failed))
    });
    let untold = checkup.untold_lately;
    findings.problem(untold > 0, || {
        let command = context.command("list --script '(notify)' --status failed,timed_out,stuck");
        let were = if untold == 1 { "was" } else { "were" };
        let what = format!("that {were} to tell somebody, as [notify] says, could not in the last 24 hours");
        format!("{} {what}: {command}", many(untold))
    });
}

fn many(count: usize) -> String {
    if count == 1 { "1 run".to_owned() } else { format!("{count} runs") }
}

fn are(count: usize) -> String {
    format!("{} {}", many(count), if count == 1 { "is" } else { "are" })
}

fn going_on(
    context: &Context,
    session: &Session,
    findings: &mut Findings,
    checkup: &Checkup,
) -> Result<(), CliError> {
    let (tick, serving) = wakers(session)?;
    let now = context.clock.now();
    findings.fact(
        "tick",
        tick.map_or("never".to_owned(), |at| format!("{} ({})", absolute(at), relative(at, now))),
    );
    findings.fact("serve", serving.map_or("nobody".to_owned(), |claim| format!("process {}", claim.pid)));
    let alone = checkup.left_alone;
    findings.problem(alone > 0, || {
        let what = if tick.is_some() { "no tick came lately" } else { "no tick ever came" };
        let command = context.command("tick --install");
        format!("{} open and nobody goes on with them, {what}: {command}", are(alone))
    });
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

/// Each value and its source: the line of the file, or that it is the default.
fn configuration(findings: &mut Findings, config: &Config) {
    let file = config.file.as_ref().map_or("none".to_owned(), |file| file.display().to_string());
    findings.fact("config", file);
    let defaults = [
        ("limits.activities", Limits::default().activities.to_string()),
        ("limits.live_runs", "no bound".to_owned()),
        ("limits.memory", "no bound".to_owned()),
        ("retention.completed", "for ever".to_owned()),
        ("retention.failed", "for ever".to_owned()),
        ("notify.on_failure", "nobody".to_owned()),
        ("notify.on_stuck", "nobody".to_owned()),
        ("notify.on_success", "nobody".to_owned()),
        ("notify.on_missed", "nobody".to_owned()),
        ("notify.on_struggling", "nobody".to_owned()),
    ];
    for Stated { key, text, line } in &config.stated {
        findings.fact(&format!("  {key}"), format!("{text} (line {line})"));
    }
    for (key, value) in defaults {
        if !config.stated.iter().any(|stated| stated.key == key) {
            findings.fact(&format!("  {key}"), format!("{value} (default)"));
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
            let facts = findings.facts.iter().map(|(name, value)| format!("{name:<23} {value}\n"));
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
