//! Updates that gave no answer, or an error as the answer, in words.

use super::escape::shell;
use super::exit::Exit;
use super::report::Report;
use super::report_end::raised;
use crate::client::{Lines, likest};
use crate::history::{Failure, RunId, RunStatus, Value, kind};
use crate::timer::show_duration;

/// An error left the handler.
pub(crate) fn threw(id: &RunId, name: &str, failure: &Failure, script: Option<&Lines>) -> Report {
    let title = format!("the update \"{name}\" failed: {}", failure.message);
    let report = Report::new("D0930", Exit::Failed, title);
    report
        .at(raised(script, failure))
        .note(format!("run {id} goes on; what the handler did before the error is done"))
        .hint(format!("durun history {id} tells what happened"))
}

/// It was not let in: by `validate`, or as there is no such update.
pub(crate) fn refused(id: &RunId, name: &str, failure: &Failure) -> Report {
    if failure.kind != kind::NO_SUCH_UPDATE {
        let title = format!("the update was refused: {}", failure.message);
        return Report::new("D0931", Exit::Conflict, title)
            .note(format!("run {id} is as it was; nothing was recorded"))
            .hint(format!(
                "what may be asked is for its script to say; durun status {id} shows how it stands"
            ));
    }
    let known: Vec<&str> = match failure.data.get("known") {
        Some(Value::List(names)) => names.iter().filter_map(Value::as_text).collect(),
        Some(_) | None => Vec::new(),
    };
    let report = Report::new("D0932", Exit::Missing, &failure.message).note("nothing was recorded");
    if known.is_empty() {
        return report.hint("a script registers its updates with on_update, before it waits");
    }
    let owned: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
    let all = format!("where it stands it has: {}", known.join(", "));
    match likest(name, owned.into_iter(), 1).first() {
        Some(near) => {
            report.note(all).hint(format!("did you mean {near}? durun update {id} {}", shell(near)))
        }
        None => report.hint(all),
    }
}

/// The run ended before.
pub(crate) fn ended(id: &RunId, name: &str) -> Report {
    Report::new("D0933", Exit::Conflict, format!("run {id} ended before it answered the update \"{name}\""))
        .hint(format!(
            "durun history {id} says how the run ended, and durun status {id} names what its script was never told of"
        ))
}

/// The time given ran out.
pub(crate) fn ran_out(id: &RunId, name: &str, status: RunStatus, ms: i64, keyed: bool) -> Report {
    let time = show_duration(ms);
    let title = format!("run {id} has not answered the update \"{name}\" within {time}: it is {status}");
    let report = Report::new("D0934", Exit::RanOut, title).note("the update stays with the run");
    if keyed {
        report.hint("ask again with the same --key: it is done once")
    } else {
        report.hint(format!("durun why {id} says what it waits for; with --key it can be asked again"))
    }
}
