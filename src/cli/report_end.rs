//! Ends of runs in words: failed, cancelled, timed out, stuck, not finished.

use super::escape::{self, shell};
use super::exit::Exit;
use super::place::Place;
use super::report::{Report, apart};
use super::way_on::{WayOn, back_hint, upgrade_commands};
use crate::client::{Lines, Standing};
use crate::history::{Failure, RunEnd, RunId, RunStatus, Stuck, Value, kind};
use crate::timer::show_duration;

/// The report of a run that did not complete; nothing for one that did.
pub(crate) fn of(id: &RunId, standing: &Standing, script: Option<&Lines>, way: &WayOn) -> Option<Report> {
    Some(match standing {
        Standing::Ended(RunEnd::Completed { .. }) => return None,
        Standing::Ended(RunEnd::Failed { failure }) => failed(id, failure, script, way),
        Standing::Ended(RunEnd::Cancelled { reason }) => {
            Report::new("D0102", Exit::Cancelled, because(&format!("run {id} was cancelled"), reason)).hint(
                format!(
                    "durun history {id} tells when it was asked to end, and what its script did after that"
                ),
            )
        }
        Standing::Ended(RunEnd::Terminated { reason }) => {
            Report::new("D0103", Exit::Cancelled, because(&format!("run {id} was terminated"), reason))
                .hint(format!("durun history {id} tells how far it came"))
        }
        Standing::Ended(RunEnd::TimedOut { reason }) => {
            let file = file_of(script);
            let report =
                Report::new("D0104", Exit::TimedOut, because(&format!("run {id} timed out"), reason))
                    .hint(format!("durun history {id} tells what took so long"))
                    .hint(timed_out(id, way, &file));
            changed(report, way, &file)
        }
        Standing::Stuck(stuck) => stuck_report(id, stuck, script, way),
        Standing::Open(status) => open(id, *status),
    })
}

fn because(what: &str, reason: &str) -> String {
    if reason.is_empty() { what.to_owned() } else { format!("{what}: {reason}") }
}

fn open(id: &RunId, status: RunStatus) -> Report {
    let report = Report::new("D0107", Exit::NotFinished, format!("run {id} has not ended: it is {status}"));
    match status {
        RunStatus::Running => report.hint(format!("durun wait {id} waits for its end")),
        RunStatus::Waiting => report.hint(format!(
            "durun status {id} says what it waits for, and who executes it; durun wait {id} waits for its end"
        )),
        RunStatus::Parked
        | RunStatus::Stuck
        | RunStatus::Failed
        | RunStatus::TimedOut
        | RunStatus::Cancelled
        | RunStatus::Terminated
        | RunStatus::Completed => report
            .hint(format!("durun status {id} says what it waits for; durun resume {id} goes on with it")),
    }
}

/// The report of a wait that ran out.
pub(crate) fn ran_out(id: &RunId, status: RunStatus, ms: i64, going: &str) -> Report {
    let title = format!("run {id} has not ended within {}: it is {status}", show_duration(ms));
    Report::new("D0108", Exit::RanOut, title)
        .note(going)
        .hint(format!("durun why {id} says what it waits for, and what unblocks it"))
}

/// The same where the owner of the store is a process that is stopped: how the run stands is not known.
pub(crate) fn unanswered(id: &str, ms: i64, pid: u32) -> Report {
    let time = show_duration(ms);
    Report::new(
        "D0108",
        Exit::RanOut,
        format!("run {} has not been seen to end within {time}", escape::line(id)),
    )
    .note(format!("process {pid}, which has the store open, is stopped"))
    .hint(format!("kill -CONT {pid} lets it go on"))
}

fn timed_out(id: &RunId, way: &WayOn, file: &str) -> String {
    way.back_in_words(id).unwrap_or_else(|| match way {
        WayOn::NewText => format!(
            "to go on under the text that the file has now, with its whole time again: durun retry {id} --script {file}; under its own: durun retry {id}"
        ),
        WayOn::Retry { .. }
        | WayOn::Rewind { .. }
        | WayOn::Undone { .. }
        | WayOn::Before { .. }
        | WayOn::Redo { .. }
        | WayOn::Back { .. }
        | WayOn::Unfit { .. }
        | WayOn::None => format!("to go on with what was under way, with its whole time again: durun retry {id}"),
    })
}

/// What is said of the script's file, where that has changed.
fn changed(report: Report, way: &WayOn, file: &str) -> Report {
    way.edited(file).into_iter().fold(report, Report::note)
}

fn failed(id: &RunId, failure: &Failure, script: Option<&Lines>, way: &WayOn) -> Report {
    let mut report = Report::new("D0101", Exit::Failed, format!("run {id} failed: {}", failure.message));
    report = report.at(raised(script, failure));
    if report.place.is_none()
        && let Some(line) = failure.raised_line()
    {
        report = report.note(format!("raised in line {line} of the script"));
    }
    let name = failure.data.get("name").and_then(Value::as_text);
    if let Some(name) = name {
        let tries = failure.data.get("attempts").and_then(Value::as_int).unwrap_or(1);
        report = report.note(format!("{} \"{name}\", attempts: {tries}", failure.kind));
    }
    report = super::failed_item::of(failure).into_iter().fold(report, Report::note);
    if let Some(code) = failure.data.get("exit_code").and_then(Value::as_int) {
        let said = format!("exit code {code}");
        report = if failure.message.starts_with(&said) { report } else { report.note(said) };
    }
    if let Some(cause) = failure.data.get("cause").map(|cause| Failure::from_value(cause.clone()))
        && cause.message != failure.message
        // There it says who asked for the end.
        && failure.kind != kind::CANCELLED
    {
        report = report.note(format!("caused by {}: {}", cause.kind, cause.message));
    }
    for undone in not_undone(failure) {
        report = report.note(undone);
    }
    if let Some(tail) = stderr_tail(failure) {
        report = report.note(format!("stderr of the last attempt:\n{tail}"));
    }
    let file = file_of(script);
    let report = super::unstarted::hints(failure, (id, Some(&file))).iter().fold(report, Report::hint);
    go_on(report, id, written(id, failure), (way, &file))
}

/// The report of a program of `durun exec` that ended as failed, whose words were passed on, or that there is not.
pub(crate) fn of_program(id: &RunId, failure: &Failure, way: &WayOn) -> Report {
    let tries = failure.data.get("attempts").and_then(Value::as_int).unwrap_or(1);
    let report = Report::new("D0101", Exit::Failed, format!("run {id} failed: {}", failure.message));
    let report = super::unstarted::hints(failure, (id, None)).iter().fold(report, Report::hint);
    let report = if tries > 1 { report.note(format!("attempts: {tries}")) } else { report };
    go_on(report, id, written(id, failure), (way, "FILE"))
}

/// What shows what a failed step has written; nothing where it was never begun, or is a call of a service or a file.
fn written(id: &RunId, failure: &Failure) -> Option<String> {
    if matches!(failure.kind.as_str(), kind::HTTP | kind::FILE) || super::unstarted::is_unstarted(failure) {
        return None;
    }
    let name = failure.data.get("name").and_then(Value::as_text);
    Some(name.map_or_else(|| format!("durun logs {id}"), |name| format!("durun logs {id} {}", shell(name))))
}

/// What tells more of a failure, and what goes on.
fn go_on(report: Report, id: &RunId, written: Option<String>, (way, file): (&WayOn, &str)) -> Report {
    let written = written.map_or_else(String::new, |logs| format!(", {logs} what it wrote"));
    let report = report.hint(format!("durun history {id} tells what happened{written}"));
    let report = changed(report, way, file);
    match way {
        WayOn::Retry { .. } => report.hint(format!("to go on at the failed step: durun retry {id}")),
        WayOn::NewText => report
            .hint(format!("to go on at the failed step under the text that the file has now: durun retry {id} --script {file}"))
            .hint(format!("to go on at the failed step under its own text: durun retry {id}")),
        WayOn::Rewind { .. }
        | WayOn::Undone { .. }
        | WayOn::Before { .. }
        | WayOn::Redo { .. }
        | WayOn::Back { .. }
        | WayOn::Unfit { .. }
        | WayOn::None => way.back_in_words(id).into_iter().fold(report, Report::hint),
    }
}

/// The script as it is typed in a command.
fn file_of(script: Option<&Lines>) -> String {
    script.map_or_else(|| "FILE".to_owned(), |script| shell(script.path()))
}

/// What could not be taken back, a line each; and what went wrong in the handler of the failure.
fn not_undone(failure: &Failure) -> Vec<String> {
    let message = |error: &Value| Failure::from_value(error.clone()).message;
    let undos = match failure.data.get("undo_failures") {
        Some(Value::List(undos)) => undos.as_slice(),
        Some(_) | None => &[],
    };
    let told = undos.iter().map(|entry| {
        let what = entry.get("undo").and_then(Value::as_text).unwrap_or_default();
        format!("not undone: {what}: {}", entry.get("error").map(message).unwrap_or_default())
    });
    let handler = failure.data.get("on_failure_error");
    told.chain(handler.map(|error| format!("on_failure failed: {}", message(error)))).collect()
}

/// The last lines of what an attempt wrote, of the failure or of what caused it.
pub(crate) fn stderr_tail(failure: &Failure) -> Option<String> {
    let own = failure.data.get("stderr").and_then(Value::as_text);
    let text = own.or_else(|| failure.data.get("cause")?.get("stderr")?.as_text())?.trim_end();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines.get(lines.len().saturating_sub(10)..).unwrap_or_default().join("\n");
    (!tail.is_empty()).then_some(tail)
}

fn stuck_report(id: &RunId, stuck: &Stuck, script: Option<&Lines>, way: &WayOn) -> Report {
    let code = if stuck.kind == "nondeterminism" { "D0106" } else { "D0105" };
    let mut report = Report::new(code, Exit::Stuck, format!("run {id} is stuck: {}", stuck.message));
    let place = script.zip(stuck.line).and_then(|(script, line)| {
        let file = stuck.file.as_deref().or(Some(script.path()));
        Some(
            Place::of(script, file, line)?
                .labelled(stuck.column, short(&stuck.message))
                .called(&stuck.calls, script),
        )
    });
    report = report.at(place);
    if report.place.is_none()
        && let Some(line) = stuck.line
    {
        report = report.note(format!("in line {line} of {}", stuck.file.as_deref().unwrap_or("the script")));
    }
    report = report.note("nothing is lost: all recorded steps are kept");
    report = stuck.hint.iter().fold(report, Report::hint);
    let file = file_of(script);
    let mend = format!("mend the script, then: durun {}", upgrade_commands(id, &file).join(" && durun "));
    match way {
        WayOn::NewText => changed(report, way, &file)
            .hint(format!("to go on under the text that the file has now: durun retry {id} --script {file}")),
        WayOn::Back { misfit, back } => report
            .note(format!("{file} has changed since, and what is recorded does not fit it: {misfit}"))
            .hint(mend)
            .hint(back_hint(id, back)),
        WayOn::Unfit { .. } => changed(report, way, &file).hint(mend),
        WayOn::Redo { .. }
        | WayOn::Retry { .. }
        | WayOn::Rewind { .. }
        | WayOn::Undone { .. }
        | WayOn::Before { .. }
        | WayOn::None => way.redo_in_words(id).into_iter().fold(report.hint(mend), Report::hint),
    }
}

/// What stands below the line: the title says it, too, so only what is short.
fn short(label: &str) -> String {
    const MOST: usize = 60;
    let label = apart(label.lines().next().unwrap_or_default()).0;
    // Where a program was looked for is told in the title.
    let label = label.split_once(" in PATH (").map_or(label, |(program, _)| program);
    if label.chars().count() > MOST { String::new() } else { label.to_owned() }
}

/// Where a failure was raised, with the calls that led there.
pub(crate) fn raised(script: Option<&Lines>, failure: &Failure) -> Option<Place> {
    let script = script?;
    let label = short(&failure.message);
    let Some(raised) = &failure.raised else { return asked(Some(script), failure.line, &label) };
    let file = raised.file.as_deref().or(Some(script.path()));
    Some(Place::of(script, file, raised.line)?.labelled(raised.column, label).called(&raised.calls, script))
}

/// The line of a script that asks for a command, where it is known in which file it is.
pub(crate) fn asked(script: Option<&Lines>, line: Option<u32>, label: &str) -> Option<Place> {
    Some(Place::of(script?, None, line?)?.labelled(None, short(label)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::TurningPoint;
    use crate::history::Seq;

    fn shown(standing: &Standing) -> (u8, String) {
        let id = RunId::parse("order-1").expect("an id");
        let text = "let p = 1;\ncharge(p);\n".to_owned();
        let script = Lines::new("/s/order.rhai".to_owned(), text, std::collections::BTreeMap::new());
        let report = of(&id, standing, Some(&script), &WayOn::Retry { misfit: None }).expect("a report");
        (report.exit.code(), report.render(false))
    }

    #[test]
    fn a_failed_run_is_one_block_with_all_that_is_known() {
        let failure = Failure { line: Some(2), ..Failure::new("exec", "backup exited with 3") }
            .with("name", "backup")
            .with("attempts", 5_i64)
            .with("exit_code", 3_i64)
            .with("stderr", "first\nno \u{1b}[31mspace\n");
        assert_eq!(
            shown(&Standing::Ended(RunEnd::Failed { failure })),
            (
                1,
                "\
error[D0101]: run order-1 failed: backup exited with 3
 --> /s/order.rhai:2:1
  |
2 | charge(p);
  | ^^^^^^^^^^ backup exited with 3
  |
  = note: exec \"backup\", attempts: 5
  = note: exit code 3
  = note: stderr of the last attempt:
          first
          no \\x1b[31mspace
  = help: durun history order-1 tells what happened, durun logs order-1 backup what it wrote
  = help: to go on at the failed step: durun retry order-1
"
                .to_owned()
            )
        );
    }

    #[test]
    fn a_stuck_run_says_that_nothing_is_lost() {
        let stuck = Stuck {
            kind: "fault".to_owned(),
            message: "there is no function charge".to_owned(),
            file: Some("order.rhai".to_owned()),
            line: Some(2),
            column: Some(1),
            calls: Vec::new(),
            hint: None,
        };
        let (exit, text) = shown(&Standing::Stuck(stuck));
        assert_eq!(exit, 8);
        assert_eq!(
            text,
            "\
error[D0105]: run order-1 is stuck: there is no function charge
 --> /s/order.rhai:2:1
  |
2 | charge(p);
  | ^^^^^^ there is no function charge
  |
  = note: nothing is lost: all recorded steps are kept
  = help: mend the script, then: durun upgrade order-1 --script /s/order.rhai && durun resume order-1
"
        );
    }

    #[test]
    fn a_stuck_run_whose_file_has_changed_goes_on_under_its_new_text() {
        let stuck = Stuck {
            kind: "fault".to_owned(),
            message: "no".to_owned(),
            file: None,
            line: None,
            column: None,
            calls: Vec::new(),
            hint: None,
        };
        let id = RunId::parse("order-1").expect("an id");
        let text =
            |way| of(&id, &Standing::Stuck(stuck.clone()), None, &way).expect("a report").render(false);
        assert!(text(WayOn::NewText).ends_with(
            "\
 = note: FILE has changed since; the run keeps its text until it is given the new one
 = help: to go on under the text that the file has now: durun retry order-1 --script FILE
"
        ));
        assert!(
            text(WayOn::None).contains("mend the script, then") && !text(WayOn::None).contains("has changed")
        );
    }

    #[test]
    fn what_was_done_after_a_failure_is_named_with_the_way_on_from_before_it() {
        let id = RunId::parse("order-1").expect("an id");
        let failure = Failure::new("exec", "no").with("name", "a");
        let standing = Standing::Ended(RunEnd::Failed { failure });
        let way = WayOn::Rewind {
            effect: "step \"undo\"".to_owned(),
            before: TurningPoint { at: Seq(3), file: None },
            misfit: None,
        };
        let text = of(&id, &standing, None, &way).expect("a report").render(false);
        let hint = "step \"undo\" came after the failure; to go on from before it: durun rewind order-1 --to 3 && durun \
                    resume order-1\n";
        assert!(text.ends_with(hint) && !text.contains("durun retry"), "{text}");
        assert!(
            !of(&id, &standing, None, &WayOn::None).expect("a report").render(false).contains("to go on")
        );
    }

    #[test]
    fn each_end_has_its_exit_code() {
        let reason = || "why".to_owned();
        let ends = [
            (RunEnd::Cancelled { reason: reason() }, 5, "run order-1 was cancelled: why"),
            (RunEnd::Terminated { reason: String::new() }, 5, "run order-1 was terminated"),
            (RunEnd::TimedOut { reason: reason() }, 6, "run order-1 timed out: why"),
        ];
        for (end, exit, title) in ends {
            let (code, text) = shown(&Standing::Ended(end));
            assert_eq!(code, exit);
            assert!(text.lines().next().is_some_and(|line| line.ends_with(title)), "{text}");
        }
        assert_eq!(shown(&Standing::Open(RunStatus::Waiting)).0, 3);
    }
}
