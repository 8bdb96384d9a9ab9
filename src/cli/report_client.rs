//! Every error of a command in words: its code, its exit code and what to type next.

use super::error::CliError;
use super::escape::shell;
use super::exit::Exit;
use super::place::Place;
use super::render::runs::candidate;
use super::render::table::render;
use super::render::when::absolute;
use super::report::Report;
use super::way_on::{self, back_hint};
use super::{report_reply, report_store};
use crate::client::{
    CheckupError, ClientError, Conflict, Difference, ExecuteError, QueryError, Reopening, likest,
};
use crate::config::ConfigError;
use crate::history::{Moment, RunId, RunRow, RunStatus, kind};

/// The report of an error; nothing where whoever read stdout has gone.
pub(crate) fn of(error: &CliError) -> Option<Report> {
    Some(match error {
        CliError::Closed => return None,
        CliError::Client(error) | CliError::Checkup(CheckupError::Client(error)) => client(error),
        CliError::Input(error) => super::report_typed::of(error),
        CliError::Id(error) => Report::new("D0201", Exit::Usage, error.to_string())
            .hint("for example: --id order-1001, or --id \"backup-$(date +%F)\""),
        CliError::NoPlace(error) => Report::new("D0202", Exit::Configuration, error.to_string())
            .hint("--store DIR, $DURUN_STORE or $HOME says it"),
        CliError::NoStore { .. } => Report::new("D0301", Exit::Missing, error.to_string())
            .hint("--store DIR or $DURUN_STORE names another; durun FILE.rhai begins one"),
        CliError::Directory { permission, .. } => {
            let exit = if *permission { Exit::Permission } else { Exit::Io };
            Report::new("D0203", exit, error.to_string())
                .hint("use another store: --store DIR or $DURUN_STORE")
        }
        CliError::Unwritten { permission, .. } => {
            let exit = if *permission { Exit::Permission } else { Exit::Io };
            Report::new("D1420", exit, error.to_string())
                .hint("make it writable, or name another folder; what is there already is kept")
        }
        CliError::NoVariable { name } => Report::new("D0204", Exit::Usage, error.to_string())
            .hint(format!("set it for this command: {name}=VALUE durun …; or export it: export {name}")),
        CliError::Checkup(CheckupError::Io(_)) => Report::new("D1215", Exit::Io, error.to_string())
            .hint("ls -ld on the directory says whose it is; another store is named by --store DIR"),
        CliError::Lost { lost, .. } => super::report_mend::lost(&error.to_string(), lost),
        CliError::Told(report) => (**report).clone(),
        CliError::NothingLeft { .. } => super::report_mend::nothing_left(&error.to_string()),
        CliError::Carry { path, error } => super::report_mend::carry(path, error),
        CliError::NoOnce { .. } => {
            Report::new("D0308", Exit::Missing, error.to_string()).hint("durun once list shows the keys")
        }
        CliError::OnceSought { run, .. } => Report::new("D0708", Exit::Conflict, error.to_string())
            .note("nothing was forgotten")
            .hint(format!("durun status {run} shows how far it is")),
        CliError::NoCode { .. } => {
            Report::new("D1370", Exit::Missing, error.to_string()).hint("durun explain lists all codes")
        }
        CliError::NoScripts { .. } => Report::new("D1371", Exit::Missing, error.to_string())
            .hint("durun init writes a first one; durun check FILE checks another"),
        CliError::NoTests { beside: Some(beside), .. } => {
            Report::new("D1400", Exit::Missing, error.to_string())
                .hint(format!("durun test {}", super::escape::shell(&beside.to_string_lossy())))
        }
        CliError::NoTests { beside: None, .. } => Report::new("D1400", Exit::Missing, error.to_string())
            .hint("tests are in files *_test.rhai: test(\"…\", || { … }); durun test --list shows them"),
        CliError::NoQueue { name, near } => Report::new("D0219", Exit::Configuration, error.to_string())
            .hint(match near {
                Some(near) => format!("did you mean {near}?"),
                None => {
                    format!("declare it in durun.toml beside the script:\n[queue.{name}]\nmax_concurrent = 2")
                }
            }),
        CliError::Config(error) => configuration(error),
        CliError::Usage(_) => Report::new("D0205", Exit::Usage, error.to_string())
            .hint("durun COMMAND --help shows how it is written"),
        CliError::Unread => Report::new("D0221", Exit::Usage, error.to_string())
            .note("nothing was recorded: it could not be given again to a later attempt")
            .hint("put it into a file that the program reads itself: durun exec -- sh -c 'PROGRAM <FILE'")
            .hint("where it is not meant for the program, in a loop that reads: durun exec … </dev/null"),
        CliError::NoCrontab => Report::new("D1004", Exit::Io, error.to_string())
            .note("nothing was installed")
            .hint("durun tick --install --systemd uses a timer of systemd; durun serve goes on with all runs for as long as it runs")
            .hint("or install a cron (packages cron, cronie), and type this again"),
        CliError::Crontab(_) => Report::new("D1004", Exit::Io, error.to_string())
            .note("the crontab is as it was")
            .hint("durun tick --install --systemd uses a timer of systemd"),
        CliError::Units(_) => Report::new("D1005", Exit::Io, error.to_string())
            .hint("durun tick --uninstall --systemd removes them; durun tick --install uses the crontab"),
        CliError::Manager { command, .. } => Report::new("D1006", Exit::Io, error.to_string())
            .note("the units are as durun left them, the manager has not taken them up")
            .hint(command),
        CliError::Detach(_) => Report::new("D0206", Exit::Io, error.to_string())
            .note("the run is recorded, and nobody executes it")
            .hint("durun list shows it; durun resume ID executes it here"),
        CliError::Handlers(_) => Report::new("D0207", Exit::Io, error.to_string())
            .note("nothing was executed")
            .hint("ulimit -a shows the limits of this session; a few open files more are needed"),
        CliError::Output(_) => Report::new("D0208", Exit::Io, error.to_string())
            .note("what the command did is done; only its words were lost")
            .hint("durun result ID prints the result of a run again, durun list shows all runs"),
    })
}

/// A configuration that cannot be used.
fn configuration(error: &ConfigError) -> Report {
    match error {
        ConfigError::Wrong { path, line, message } => {
            let place = std::fs::read_to_string(path).ok().zip(u32::try_from(*line).ok());
            let known = |text: &str| *line >= 1 && text.lines().count() >= *line;
            let place = place
                .filter(|(text, _)| known(text))
                .map(|(text, line)| Place::new(path.display().to_string(), text, line));
            Report::new("D0220", Exit::Configuration, format!("{}:{line}: {message}", path.display()))
                .at(place)
                .note("nothing was recorded or executed")
                .hint("durun doctor shows every setting and the file that says it")
        }
        ConfigError::Unreadable { .. } => Report::new("D0220", Exit::Configuration, error.to_string())
            .hint("make it readable, or move it away"),
        ConfigError::NotYours { .. } => {
            Report::new("D0220", Exit::Configuration, error.to_string()).hint("copy it: the copy is yours")
        }
    }
}

/// With the name that was meant, where one of those known is like it.
pub(super) fn meant(report: Report, name: &str, known: &[String]) -> Report {
    match likest(name, known.iter().cloned(), 1).first() {
        Some(near) => report.hint(format!("did you mean {near}?")),
        None => report,
    }
}

fn no_such_run(near: &[RunId], text: String) -> Report {
    let hint = match near {
        [] => "durun list shows what there is".to_owned(),
        near => format!("did you mean {}?", near.iter().map(RunId::as_str).collect::<Vec<_>>().join(" or ")),
    };
    Report::new("D0302", Exit::Missing, text).hint(hint)
}

/// There is no such run, and this is why.
fn left_out(at: Moment, beside: &RunId, text: String) -> Report {
    Report::new("D0302", Exit::Missing, text)
        .note(format!(
            "its start was left out at {}: run {beside} had not ended (--overlap skip)",
            absolute(at)
        ))
        .hint(format!("durun status {beside} says how that one stands"))
}

pub(super) fn client(error: &ClientError) -> Report {
    let text = error.to_string();
    match error {
        ClientError::Store(error) | ClientError::Execute(ExecuteError::Store(error)) => {
            report_store::of(error)
        }
        ClientError::Program(error) => super::report_program::of(error),
        ClientError::Input { script, wrong } => super::report_input::of(script, wrong),
        ClientError::Value(error) => Report::new("D0210", Exit::Usage, text)
            .note("nothing was recorded")
            .hint(super::report_typed::instead_of(error)),
        ClientError::NoSuchRun { left_out: Some((at, beside)), .. } => left_out(*at, beside, text),
        ClientError::NoSuchRun { near, .. } => no_such_run(near, text),
        ClientError::Schedule(error) => super::report_schedule::of(error),
        ClientError::NoRuns => Report::new("D0303", Exit::Missing, text).hint("durun FILE.rhai starts one"),
        ClientError::Ambiguous { candidates, .. } => {
            Report::new("D0304", Exit::Missing, text).note(table(candidates)).hint("type more of the id")
        }
        ClientError::UndoStuck { id } => {
            Report::new("D0110", Exit::Stuck, text).note("nothing was stored").hint(format!(
                "durun why {id} says what is wrong; durun terminate {id} ends it and undoes nothing"
            ))
        }
        ClientError::NothingToResume => {
            Report::new("D0305", Exit::Usage, text).hint("durun list shows all runs")
        }
        ClientError::SeveralToResume { candidates } => Report::new("D0306", Exit::Usage, text)
            .note(table(candidates))
            .hint("durun resume ID names one, durun resume --all takes them all"),
        ClientError::Conflict { id, which } => conflict(id, which),
        ClientError::EndedBefore { .. } | ClientError::NoNumber { .. } | ClientError::UpgradeEnded { .. } => {
            over(error, text)
        }
        ClientError::Differs { id, difference } => differs(id, difference, text),
        ClientError::NotFinished { id, .. } => Report::new("D0107", Exit::NotFinished, text)
            .hint(format!("durun why {id} says what it waits for; durun wait {id} waits for its end")),
        ClientError::Damaged { .. } => damaged("D0616", &text),
        ClientError::HistoryCut { .. } => damaged("D0617", &text),
        ClientError::NoStep { id, step, known } => {
            let report = meant(Report::new("D0307", Exit::Missing, text), step, known);
            let report =
                if known.is_empty() { report } else { report.note(format!("it has: {}", known.join(", "))) };
            report.hint(format!("durun history {id} shows its steps"))
        }
        ClientError::NoGeneration { id, kept, .. } => {
            let kept: Vec<String> = kept.iter().map(u32::to_string).collect();
            Report::new("D0309", Exit::Missing, text)
                .note(format!("kept are the present one and the one before it: {}", kept.join(", ")))
                .hint(format!("durun history {id} shows the present one"))
        }
        ClientError::Token(_)
        | ClientError::NoSuchToken { .. }
        | ClientError::Resolved { .. }
        | ClientError::NoQuestion { .. }
        | ClientError::NoSuchQuestion { .. }
        | ClientError::SeveralQuestions { .. }
        | ClientError::NoChoice { .. }
        | ClientError::Answered { .. }
        | ClientError::AskedNoMore { .. }
        | ClientError::QuestionOver { .. }
        | ClientError::LongText { .. }
        | ClientError::RetryEnded { .. }
        | ClientError::NoRetry { .. }
        | ClientError::UnknownSignal { .. }
        | ClientError::SignalName(_)
        | ClientError::UpdateName(_) => report_reply::of(error),
        ClientError::Mend(error) => super::report_mend::of(error),
        ClientError::Execute(ExecuteError::Config(error)) => configuration(error),
        ClientError::Execute(ExecuteError::Foreign { .. }) => Report::new("D1440", Exit::Configuration, text)
            .note("nothing was executed; the run stays as it is")
            .hint("the program that started it goes on with it when it runs"),
        ClientError::Execute(ExecuteError::Engine(_)) => Report::new("D0801", Exit::Bug, text)
            .note("the run is parked, nothing is lost")
            .hint("durun resume tries it again; ulimit -a shows the limits that the system sets"),
        ClientError::Execute(ExecuteError::None) => no_executor(&text),
        ClientError::Query(error) => query(error, text),
        ClientError::Random(_) => Report::new("D0803", Exit::Bug, text)
            .note("nothing was recorded")
            .hint("try again once the system has started; in a sandbox allow the call getrandom"),
        ClientError::Answer { .. } => mistake("D0804", text),
    }
}

/// A query that was not answered.
fn query(error: &QueryError, text: String) -> Report {
    match error {
        QueryError::Store(error) => report_store::of(error),
        QueryError::None => no_executor(&text),
        QueryError::Unknown { known, name } => {
            let report = meant(Report::new("D0704", Exit::Missing, text), name, known);
            if known.is_empty() {
                report
                    .note("it has none so far: a script registers them as it runs")
                    .hint("on_query(\"NAME\", || …) in the script registers one")
            } else {
                report.note(format!("it has: {}", known.join(", "))).hint("durun query ID lists them")
            }
        }
        QueryError::Failed(failure) => in_line(Report::new("D0705", Exit::Failed, text), failure.line)
            .note("the run itself is not touched by it")
            .hint("mend the query, then: durun upgrade ID --script FILE"),
        QueryError::Stuck(stuck) => {
            let report = in_line(Report::new("D0707", Exit::Stuck, text), stuck.line)
                .note("the run itself is not touched by it");
            let report = stuck.hint.iter().fold(report, Report::hint);
            report.hint("mend the query, then: durun upgrade ID --script FILE")
        }
        QueryError::Engine(_) => Report::new("D0706", Exit::Bug, text)
            .note("the run itself is not touched by it")
            .hint("durun why ID says how the run stands"),
    }
}

fn no_executor(text: &str) -> Report {
    Report::new("D0802", Exit::Bug, text).hint("durun --version --verbose says what this build can do")
}

/// A mistake in durun itself.
pub(super) fn mistake(code: &'static str, text: impl AsRef<str>) -> Report {
    Report::new(code, Exit::Bug, text)
        .note("this is a mistake in durun; nothing was recorded by it")
        .hint("report it, with the output of durun --version --verbose and of durun doctor --deep")
}

/// With the line of the script, where it is known.
fn in_line(report: Report, line: Option<u32>) -> Report {
    match line {
        Some(line) => report.note(format!("in line {line} of the script")),
        None => report,
    }
}

/// What cannot be done with a run that has ended.
fn over(error: &ClientError, text: String) -> Report {
    match error {
        ClientError::EndedBefore { id, .. } => Report::new("D1000", Exit::Conflict, text)
            .note("nothing was started")
            .hint(format!("durun result {id} prints its result; --if-ended again starts another run")),
        ClientError::UpgradeEnded { id, way: Some(way), .. } => Report::new("D0709", Exit::Conflict, text)
            .hint(match way {
                Reopening::Retry { file } => {
                    format!("to go on under the new text: durun retry {id} --script {}", shell(file))
                }
                Reopening::Rewind(before) => {
                    format!("to go on under the new text: {}", way_on::rewind_line(id, before))
                }
            }),
        ClientError::UpgradeEnded { id, status: RunStatus::Failed | RunStatus::TimedOut, .. } => {
            Report::new("D0709", Exit::Conflict, text)
                .note("it keeps the text that it had")
                .hint(format!("durun why {id} says what has ended it, and what goes on"))
        }
        ClientError::UpgradeEnded { id, .. } => Report::new("D0709", Exit::Conflict, text)
            .note("it keeps the text that it had")
            .hint(format!("durun result {id} prints its result")),
        _ => Report::new("D1002", Exit::Usage, text)
            .note("nothing was started")
            .hint("give a shorter --id: at most 128 characters with the number behind it"),
    }
}

fn damaged(code: &'static str, text: &str) -> Report {
    Report::new(code, Exit::Corrupt, text)
        .note("durun has changed nothing")
        .hint("keep a copy of the store's directory, then restore a backup")
}

fn table(candidates: &[RunRow]) -> String {
    const MOST: usize = 20;
    let rows = candidates.iter().take(MOST).map(candidate).collect();
    let mut lines: Vec<String> = render(&[], rows, None, false).lines().skip(1).map(str::to_owned).collect();
    if candidates.len() > MOST {
        lines.push(format!("and {} more", candidates.len() - MOST));
    }
    lines.join("\n")
}

fn conflict(id: &RunId, which: &Conflict) -> Report {
    let shown = |value: &crate::history::Value| super::escape::cut(&value.to_string(), 300);
    let (code, what, recorded, given) = match which {
        Conflict::Script { recorded, given } => ("D0501", "script", recorded.clone(), given.clone()),
        Conflict::Input { recorded, given } => ("D0502", "input", shown(recorded), shown(given)),
    };
    Report::new(code, Exit::Conflict, format!("run {id} exists with another {what}"))
        .note(format!("recorded: {recorded}\nnow given: {given}"))
        .hint(format!("another --id starts another run; durun status {id} shows the one there is"))
}

/// The history of a run does not fit a text.
fn differs(id: &RunId, difference: &Difference, text: String) -> Report {
    let stuck = &difference.stuck;
    let place = difference.text.clone().zip(stuck.line).map(|(text, line)| {
        let path = stuck.file.as_deref().map(super::escape::line).unwrap_or_default();
        let label = if difference.op.is_some() { "asked for now" } else { "" };
        Place::new(path, text, line).labelled(stuck.column, label)
    });
    let mut report = Report::new("D0710", Exit::Stuck, text).at(place);
    if let Some(old) = &difference.old {
        report =
            report.note(format!("recorded by line {} of the text that it has: {}", old.number, old.text));
    }
    let report = report.note("nothing was changed");
    if stuck.kind == kind::FAULT {
        return difference.back.iter().fold(report, |report, back| report.hint(back_hint(id, back))).hint(format!(
            "it is that line that cannot go on with what is recorded: mend it and upgrade again; where it is what a step gave that is wrong, \
             mend that, and durun why {id} says how to have the step done once more"
        ));
    }
    let report = report.hint(format!(
        "what is recorded has to be asked for again, in the same order; durun history {id} shows it; what is new stands behind it, or under if patched(\"NAME\")"
    ));
    difference.back.iter().fold(report, |report, back| report.hint(back_hint(id, back)))
}
