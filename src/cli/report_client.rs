//! Every error of a command in words: its code, its exit code and what to type next.

use super::error::CliError;
use super::escape::shell;
use super::exit::Exit;
use super::input::InputError;
use super::render::runs::candidate;
use super::render::table::render;
use super::report::{Place, Report};
use super::{report_reply, report_store};
use crate::client::{
    CheckupError, ClientError, Conflict, Difference, ExecuteError, ProgramError, QueryError, likest,
};
use crate::config::ConfigError;
use crate::history::{RunId, RunRow};

/// The report of an error; nothing where whoever read stdout has gone.
pub(crate) fn of(error: &CliError) -> Option<Report> {
    Some(match error {
        CliError::Closed => return None,
        CliError::Client(error) | CliError::Checkup(CheckupError::Client(error)) => client(error),
        CliError::Input(error) => input(error),
        CliError::Id(error) => Report::new("D0201", Exit::Usage, error.to_string()),
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
        }
        CliError::NoVariable { .. } => Report::new("D0204", Exit::Usage, error.to_string()),
        CliError::Checkup(CheckupError::Io(_)) => Report::new("D1215", Exit::Io, error.to_string()),
        CliError::Lost { lost, .. } => super::report_mend::lost(&error.to_string(), lost),
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
        CliError::NoTests { .. } => Report::new("D1400", Exit::Missing, error.to_string())
            .hint("tests are in files *_test.rhai: test(\"…\", || { … }); durun test --list shows them"),
        CliError::Queue(_) => Report::new("D0219", Exit::Configuration, error.to_string()),
        CliError::Config(error) => configuration(error),
        CliError::Usage(_) => Report::new("D0205", Exit::Usage, error.to_string()),
        CliError::Crontab(_) => Report::new("D1004", Exit::Io, error.to_string())
            .note("the crontab is as it was")
            .hint("durun tick --install --systemd uses a timer of systemd"),
        CliError::Units(_) => Report::new("D1005", Exit::Io, error.to_string())
            .hint("durun tick --uninstall --systemd removes them; durun tick --install uses the crontab"),
        CliError::Manager { command, .. } => Report::new("D1006", Exit::Io, error.to_string())
            .note("the units are as durun left them, the manager has not taken them up")
            .hint(command),
        CliError::Detach(_) => Report::new("D0206", Exit::Io, error.to_string()),
        CliError::Handlers(_) => Report::new("D0207", Exit::Io, error.to_string()),
        CliError::Output(_) => Report::new("D0208", Exit::Io, error.to_string()),
    })
}

/// A configuration that cannot be used.
fn configuration(error: &ConfigError) -> Report {
    let report = Report::new("D0220", Exit::Configuration, super::escape::line(&error.to_string()));
    match error {
        ConfigError::Wrong { .. } => report.note("nothing was recorded or executed"),
        ConfigError::Unreadable { .. } => report.hint("make it readable, or move it away"),
        ConfigError::NotYours { .. } => report.hint("copy it: the copy is yours"),
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

pub(super) fn client(error: &ClientError) -> Report {
    let text = error.to_string();
    match error {
        ClientError::Store(error)
        | ClientError::Execute(ExecuteError::Store(error))
        | ClientError::Query(QueryError::Store(error)) => report_store::of(error),
        ClientError::Program(error) => program(error),
        ClientError::Input { script, wrong } => super::report_input::of(script, wrong),
        ClientError::Value(_) => Report::new("D0210", Exit::Usage, text),
        ClientError::NoSuchRun { near, .. } => no_such_run(near, text),
        ClientError::Schedule(error) => super::report_schedule::of(error),
        ClientError::NoRuns => Report::new("D0303", Exit::Missing, text).hint("durun FILE.rhai starts one"),
        ClientError::Ambiguous { candidates, .. } => {
            Report::new("D0304", Exit::Missing, text).note(table(candidates))
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
        ClientError::NotFinished { id, .. } => {
            Report::new("D0107", Exit::NotFinished, text).hint(format!("durun wait {id}"))
        }
        ClientError::Damaged { .. } => damaged("D0616", &text),
        ClientError::HistoryCut { .. } => damaged("D0617", &text),
        ClientError::NoStep { known, .. } => {
            let report = Report::new("D0307", Exit::Missing, text);
            if known.is_empty() { report } else { report.note(format!("it has: {}", known.join(", "))) }
        }
        ClientError::NoGeneration { kept, .. } => {
            let kept: Vec<String> = kept.iter().map(u32::to_string).collect();
            Report::new("D0309", Exit::Missing, text)
                .note(format!("kept are the present one and the one before it: {}", kept.join(", ")))
        }
        ClientError::Token(_)
        | ClientError::NoSuchToken { .. }
        | ClientError::Resolved { .. }
        | ClientError::NoQuestion { .. }
        | ClientError::SeveralQuestions { .. }
        | ClientError::NoChoice { .. }
        | ClientError::Answered { .. }
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
        ClientError::Execute(ExecuteError::Engine(_)) => {
            Report::new("D0801", Exit::Bug, text).note("the run is parked, nothing is lost")
        }
        ClientError::Execute(ExecuteError::None) | ClientError::Query(QueryError::None) => {
            Report::new("D0802", Exit::Bug, text)
        }
        ClientError::Query(QueryError::Unknown { known, name }) => {
            let report = meant(Report::new("D0704", Exit::Missing, text), name, known);
            if known.is_empty() {
                report.note("it has none so far: a script registers them as it runs")
            } else {
                report.note(format!("it has: {}", known.join(", ")))
            }
        }
        ClientError::Query(QueryError::Failed(failure)) => {
            in_line(Report::new("D0705", Exit::Failed, text), failure.line)
        }
        ClientError::Query(QueryError::Stuck(stuck)) => {
            in_line(Report::new("D0707", Exit::Stuck, text), stuck.line)
        }
        ClientError::Query(QueryError::Engine(_)) => Report::new("D0706", Exit::Bug, text),
        ClientError::Random(_) => Report::new("D0803", Exit::Bug, text),
        ClientError::Answer { .. } => {
            Report::new("D0804", Exit::Bug, text).note("this is a mistake in durun")
        }
    }
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
        ClientError::UpgradeEnded { id, .. } => Report::new("D0709", Exit::Conflict, text)
            .note("it keeps the text that it had")
            .hint(format!("durun result {id} prints its result")),
        _ => Report::new("D1002", Exit::Usage, text),
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
    let place = difference.text.clone().zip(stuck.line).map(|(text, line)| Place {
        path: stuck.file.as_deref().map(super::escape::line).unwrap_or_default(),
        text,
        line,
        column: stuck.column,
        label: if difference.op.is_some() { "asked for now".to_owned() } else { String::new() },
        calls: Vec::new(),
    });
    let mut report = Report::new("D0710", Exit::Stuck, text).at(place);
    if let Some(old) = &difference.old {
        report =
            report.note(format!("recorded by line {} of the text that it has: {}", old.number, old.text));
    }
    report.note("nothing was changed").hint(format!(
        "what is recorded has to be asked for again, in the same order; durun history {id} shows it"
    ))
}

fn program(error: &ProgramError) -> Report {
    match error {
        ProgramError::NotFound { near, .. } => {
            let report = Report::new("D0401", Exit::Missing, error.to_string());
            match near.as_slice() {
                [] => report,
                near => report.hint(format!("did you mean {}?", near.join(" or "))),
            }
        }
        ProgramError::NotAFile { .. } => Report::new("D0402", Exit::Usage, error.to_string()),
        ProgramError::NotUtf8 { offset, .. } => Report::new("D0403", Exit::Usage, error.to_string())
            .note(format!("the first byte that is none stands at place {offset}")),
        ProgramError::TooLarge { .. } => Report::new("D0404", Exit::Usage, error.to_string()),
        ProgramError::Unreadable { .. } => Report::new("D0405", Exit::Io, error.to_string()),
        ProgramError::Syntax { path, text, error: syntax } => {
            // The script itself is called as it was typed.
            let own = std::path::Path::new(&syntax.file).is_absolute();
            let file = if own { path.display().to_string() } else { syntax.file.clone() };
            let hint = syntax_hint(syntax, text.as_deref());
            let place = text.clone().zip(syntax.line).map(|(text, line)| Place {
                path: super::escape::line(&file),
                text,
                line,
                column: syntax.column,
                label: syntax.message.clone(),
                calls: Vec::new(),
            });
            let message = format!("{file} is no valid script: {}", syntax.message);
            let report = Report::new("D0406", Exit::Usage, message).at(place).note("nothing was recorded");
            match hint {
                Some(hint) => report.hint(hint),
                None => report,
            }
        }
    }
}

/// What to do about the mistakes that the language invites.
fn syntax_hint(syntax: &crate::client::SyntaxError, text: Option<&str>) -> Option<&'static str> {
    let line = usize::try_from(syntax.line?).ok()?.checked_sub(1)?;
    let line = text?.lines().nth(line)?.trim_start();
    let begins = |word: &str| line.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '(']));
    if syntax.message.contains("';'") && (begins("fn") || begins("private")) {
        return Some("put functions before the script's last expression: its value is the run's result");
    }
    if syntax.message.contains("reserved") {
        return Some("the word belongs to the language; as the field of a map write data[\"word\"]");
    }
    None
}

fn input(error: &InputError) -> Report {
    let report = |code| Report::new(code, Exit::Usage, error.to_string());
    match error {
        InputError::NoOp { .. } => {
            report("D1208").hint("write --set OP=JSON, for example --set '3={\"price\": 12}'")
        }
        InputError::NoEquals { .. } => report("D0211").hint("write -i key=text or -i key:=JSON"),
        InputError::NoKey { .. } => report("D0212").hint("write -i key=text or -i key:=JSON"),
        InputError::Twice { .. } => report("D0213"),
        InputError::NotAMap => report("D0214"),
        InputError::Json { instead, .. } => match instead {
            Some(instead) => report("D0215").hint(format!("text is written {}", instead_text(instead))),
            None => report("D0215"),
        },
        InputError::Limit { .. } => report("D0216").hint("put large data into a file and give its path"),
        InputError::File { missing, .. } => {
            let exit = if *missing { Exit::Missing } else { Exit::Io };
            Report::new("D0217", exit, error.to_string())
        }
        InputError::NotUtf8 { .. } => report("D0218"),
    }
}

fn instead_text(instead: &str) -> String {
    // What the shell needs is already quoted; an empty word would not be seen.
    if instead.is_empty() { shell("") } else { instead.to_owned() }
}
