//! How one run stands, for people.

use super::lines::of_end;
use super::loose;
use super::paint::Paint;
use super::runs::{branch, executor, is_left, remark};
use super::unblock::{asks_once, commands};
use super::unread::which;
use super::waits::{is_cut_off, sentence};
use super::when::{absolute, relative};
use crate::cli::escape;
use crate::client::{Descendant, Lines, RunView, open_question};
use crate::history::{
    CommandKind, LooseEnds, Moment, Pending, RunEnd, RunStatus, SkippedStarts, StoredStatus, Unread, Value,
};

/// What is shown beside the view of a run.
pub(crate) struct Beside<'a> {
    /// The runs below it.
    pub(crate) children: &'a [Descendant],
    /// What its script has published.
    pub(crate) published: &'a [(String, Value)],
    /// The lines of its script.
    pub(crate) script: Option<&'a Lines>,
    /// What to type to let it go on where a person has to mend it.
    pub(crate) way_on: &'a [String],
    /// What it left behind at its end.
    pub(crate) loose: &'a LooseEnds,
    /// What is to be said where it is stuck or failed, and the file of its script says something else since.
    pub(crate) edited: Option<&'a str>,
    /// What lies in its inbox.
    pub(crate) unread: &'a [Unread],
    /// The variables where it waits, in lines.
    pub(crate) variables: &'a [String],
    /// A command to type, of its words behind `durun`.
    pub(crate) command: &'a dyn Fn(&str) -> String,
}

/// The block that `durun status` prints.
pub(crate) fn render(view: &RunView, beside: &Beside<'_>, now: Moment, color: bool) -> String {
    let Beside { children, published, script, way_on, loose, edited, unread, variables, command } = *beside;
    let row = &view.row;
    let word = Paint::of(view.status).paint(view.status.word(), color);
    let idle = match view.status {
        RunStatus::Parked if is_left(view) => ": it could go on at once, and nobody executes it",
        _ if is_left(view) => ", and nobody executes it",
        _ => "",
    };
    let mut out = format!("{}  {word}{idle}\n", row.id);
    let mut line = |label: &str, text: &str| {
        if !text.is_empty() {
            let label = Paint::Dim.paint(&format!("{label:<10}"), color);
            out.extend(["  ", label.as_str(), text, "\n"]);
        }
    };
    let at = |moment: Moment| format!("{} ({})", absolute(moment), relative(moment, now));
    line("script", &escape::line(&row.script));
    line("started", &at(row.created_at));
    line(
        "last",
        &format!("{}, {}", at(view.last_at), counted(u64::from(view.entries.0), "entry", "entries")),
    );
    if row.generation > 0 {
        line("restarted", &format!("{}: this is generation {}", times(row.generation), row.generation));
    }
    line("parent", row.parent.as_ref().map(|parent| parent.id.as_str()).unwrap_or_default());
    if let Some(origin) = &row.origin {
        line("schedule", &format!("{}, its slot of {}", origin.schedule, absolute(origin.slot)));
    }
    line("summary", &row.summary.as_deref().map(escape::line).unwrap_or_default());
    line("progress", &row.progress.as_ref().map(|told| escape::line(&told.to_string())).unwrap_or_default());
    line("executor", &executor(view, now, command));
    let alone = asks_once(&view.pending);
    // Nothing that comes helps a script that is stuck, and one of the waits may be over; what is under way is awaited still.
    let is_stuck = view.status == RunStatus::Stuck;
    let shown = || view.pending.iter().filter(|pending| !is_stuck || pending.label.kind.is_effect());
    let below_each: Vec<Vec<String>> =
        shown().map(|pending| below(view, pending, beside, alone, now)).collect();
    let (executed, mut before) = (view.executor.is_some(), "");
    for (place, pending) in shown().enumerate() {
        let (label, more) = if is_cut_off(pending, view) {
            ("cut off", " · begins again when the run goes on")
        } else {
            ("waits for", "")
        };
        line(if label == before { "" } else { label }, &[&sentence(pending, executed, now), more].concat());
        before = label;
        // Where several stand alike, the last one says it for all.
        let said = below_each.get(place);
        for more in said.filter(|_| said != below_each.get(place + 1)).into_iter().flatten() {
            line("", more);
        }
    }
    for (place, child) in children.iter().enumerate() {
        line(if place == 0 { "children" } else { "" }, &below_it(child, now));
    }
    for lock in view.locks.iter().filter(|lock| lock.before == 0) {
        line("holds", &format!("the lock {}, since {}", escape::line(&lock.name), at(lock.since)));
    }
    if view.unread > 0 {
        let count = counted(u64::from(view.unread), "message", "messages");
        line(
            "unread",
            &format!("{count}{}", which(unread, view.unread, view.status.is_ended().then_some(now))),
        );
    }
    line("left out", &left_out(&row.skipped, now));
    if let Some(asked) = row.cancel_requested_at {
        let waits = if view.executor.is_none() && !view.status.is_ended() {
            ", told to its script when it goes on"
        } else {
            ""
        };
        line("cancel", &format!("requested {}{waits}", relative(asked, now)));
    }
    for (place, (key, value)) in published.iter().enumerate() {
        let shown = escape::cut(&escape::line(&value.to_string()), 80);
        line(if place == 0 { "published" } else { "" }, &format!("{} = {shown}", escape::line(key)));
    }
    for (label, text) in outcome(&row.status) {
        line(label, &escape::line(&text));
    }
    for text in of_end(script, view) {
        line("", &text);
    }
    for (place, text) in loose::lines(loose).iter().enumerate() {
        line(if place == 0 { "left" } else { "" }, text);
    }
    line("edited", edited.unwrap_or_default());
    for words in way_on {
        line("", &format!("  {words}"));
    }
    for (place, text) in variables.iter().enumerate() {
        line(if place == 0 { "variables" } else { "" }, text);
    }
    out
}

/// The starts that were left out because it had not ended.
fn left_out(skipped: &SkippedStarts, now: Moment) -> String {
    let Some(last) = skipped.latest.last() else { return String::new() };
    let starts = counted(u64::from(skipped.count), "start", "starts");
    let which = if skipped.count > 1 { "the last " } else { "" };
    format!("{starts} while it had not ended: {which}{}, {}", last.id, relative(last.at, now))
}

/// A run below this one: its name, how it stands, and what there is to say of it.
fn below_it(child: &Descendant, now: Moment) -> String {
    let said = escape::line(&remark(&child.view, now));
    let said = if said.is_empty() { said } else { format!(" · {said}") };
    format!("{}  {}{said}", branch(child.depth, &child.view), child.view.status.word())
}

/// What stands below a command: its line of the script, what a question shows, and the command lines that unblock it.
fn below(view: &RunView, pending: &Pending, beside: &Beside<'_>, alone: bool, now: Moment) -> Vec<String> {
    // A reminder is in the line of its question, which stands before it.
    let is_own = pending.label.kind != CommandKind::Remind;
    let text = super::lines::shown(beside.script, pending.line, Some(&pending.label)).filter(|_| is_own);
    let shown = open_question(pending).map(|question| question.show).filter(|show| *show != Value::Null);
    let shown = shown.map(|show| format!("  {}", escape::cut(&escape::line(&show.to_string()), 400)));
    let id = &view.row.id;
    let mut unblock = commands(id, pending, alone, now);
    // Whoever executes it goes on by himself.
    if view.executor.is_some() {
        let own = format!("resume {id}");
        unblock.retain(|command| *command != own);
    }
    let typed = unblock.into_iter().map(|words| format!("  {}", (beside.command)(&words)));
    text.into_iter().chain(shown).chain(typed).collect()
}

fn outcome(status: &StoredStatus) -> Vec<(&'static str, String)> {
    match status {
        StoredStatus::Open | StoredStatus::Ended(RunEnd::Completed { result: Value::Null }) => Vec::new(),
        StoredStatus::Ended(RunEnd::Completed { result }) => vec![("result", result.to_string())],
        StoredStatus::Ended(RunEnd::Failed { failure }) => {
            let place = failure.raised_line().map(|line| format!(" (line {line})")).unwrap_or_default();
            vec![("error", format!("{}: {}{place}", failure.kind, failure.message))]
        }
        StoredStatus::Ended(
            RunEnd::Cancelled { reason } | RunEnd::TimedOut { reason } | RunEnd::Terminated { reason },
        ) => vec![("reason", reason.clone())],
        StoredStatus::Stuck(stuck) => {
            let place = stuck.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let mut lines = vec![("stuck", format!("{place}{} ({})", stuck.message, stuck.kind))];
            lines.extend(stuck.hint.clone().map(|hint| ("hint", hint)));
            lines
        }
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// A number with its noun.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
