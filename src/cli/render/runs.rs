//! Many runs as a table.

use super::paint::Paint;
use super::table::{Cell, render};
use super::unblock::is_put_off;
use super::waits::{is_cut_off, short};
use super::when::{absolute, relative};
use crate::client::{RunView, answered};
use crate::history::{
    CommandKind, HowFar, Moment, Pending, RunEnd, RunNo, RunRow, RunStatus, StoredStatus, WokenBy,
};
use crate::store::is_stopped;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One line a run: id, status, age, script, and what there is to say of it. A run that another one in the table has started stands
/// below it.
pub(crate) fn table(views: &[RunView], now: Moment, width: Option<usize>, color: bool) -> String {
    let rows = as_tree(views)
        .into_iter()
        .map(|(depth, view)| {
            vec![
                Cell::plain(branch(depth, view)),
                Cell::new(view.status.word(), Paint::of(view.status)),
                Cell::plain(relative(view.row.created_at, now)),
                Cell::plain(file_name(&view.row.script)),
                Cell::plain(listed(view, now)),
            ]
        })
        .collect();
    render(&["ID", "STATUS", "STARTED", "SCRIPT", "WHAT"], rows, width, color)
}

/// The id, behind the mark that says how far below the runs around it has begun.
pub(crate) fn branch(depth: usize, view: &RunView) -> String {
    match depth.checked_sub(1) {
        Some(more) => format!("{}└ {}", "  ".repeat(more), view.row.id),
        None => view.row.id.to_string(),
    }
}

/// Each run with its depth: behind a run those that it has started, the oldest first; the others in the order in which they came.
fn as_tree(views: &[RunView]) -> Vec<(usize, &RunView)> {
    let listed: BTreeSet<RunNo> = views.iter().map(|view| view.row.no).collect();
    let parent = |view: &RunView| view.row.parent.as_ref().map(|parent| parent.run);
    let mut below: BTreeMap<RunNo, Vec<&RunView>> = BTreeMap::new();
    let mut next: Vec<(usize, &RunView)> = Vec::new();
    for view in views.iter().rev() {
        match parent(view).filter(|parent| listed.contains(parent)) {
            Some(parent) => below.entry(parent).or_default().push(view),
            None => next.push((0, view)),
        }
    }
    let mut rows = Vec::with_capacity(views.len());
    while let Some((depth, view)) = next.pop() {
        rows.push((depth, view));
        let mut children = below.remove(&view.row.no).unwrap_or_default();
        children.sort_unstable_by_key(|child| std::cmp::Reverse(child.row.no));
        next.extend(children.into_iter().map(|child| (depth + 1, child)));
    }
    rows
}

fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path)
}

/// What a list says of a run: the same, and that nobody executes one that waits or is parked, or who takes it up; what it asks comes
/// first.
fn listed(view: &RunView, now: Moment) -> String {
    let mut said = vec![remark(view, now)];
    if is_idle(view) {
        match view.woken_by {
            Some(WokenBy::Nobody { .. }) => {
                let place = if view.asks() { said.len() } else { 0 };
                let could = if view.status == RunStatus::Parked { "could go on, " } else { "" };
                said.insert(place, format!("{could}nobody executes it"));
            }
            Some(WokenBy::Tick { .. }) => said.push("tick takes it up".to_owned()),
            Some(WokenBy::Serve { pid }) => said.push(format!("serve {pid} takes it up")),
            Some(WokenBy::Process { .. }) | None => {}
        }
    }
    said.retain(|text| !text.is_empty());
    said.join(" · ")
}

/// Whether it waits or is parked, nobody executes it, and nobody will.
pub(crate) fn is_left(view: &RunView) -> bool {
    is_idle(view) && matches!(view.woken_by, Some(WokenBy::Nobody { .. }))
}

/// Whether it waits or is parked, and no process executes it now.
fn is_idle(view: &RunView) -> bool {
    matches!(view.status, RunStatus::Waiting | RunStatus::Parked) && view.executor.is_none()
}

/// What goes on with those that nobody executes and nobody takes up: the words behind `durun`.
pub(crate) fn going_on(views: &[RunView], now: Moment) -> Option<String> {
    let left: Vec<&RunView> = views.iter().filter(|view| is_left(view)).collect();
    match left.as_slice() {
        [] => None,
        [view] => Some(going_on_with(view, now)),
        [_, _, ..] => Some("resume --all".to_owned()),
    }
}

/// The most useful thing to say of a run in a few words.
pub(crate) fn remark(view: &RunView, now: Moment) -> String {
    let because = |reason: &str| reason.to_owned();
    let said = match &view.row.status {
        StoredStatus::Stuck(stuck) => match stuck.line {
            Some(line) => format!("line {line}: {}", stuck.message),
            None => stuck.message.clone(),
        },
        StoredStatus::Ended(RunEnd::Completed { .. }) => String::new(),
        StoredStatus::Ended(RunEnd::Failed { failure }) => failure.message.clone(),
        StoredStatus::Ended(
            RunEnd::Cancelled { reason } | RunEnd::TimedOut { reason } | RunEnd::Terminated { reason },
        ) => because(reason),
        StoredStatus::Open => {
            let far = view.row.progress.as_ref().filter(|told| told.is_under_way()).map(HowFar::to_string);
            let asks = || view.pending.iter().filter(|pending| pending.label.kind == CommandKind::Ask);
            let open: Vec<&Pending> = asks().filter(|pending| answered(pending).is_none()).collect();
            let first = open.first().copied().or(asks().next()).or(view.pending.first());
            let waits = first.map(|pending| {
                let cut = if is_cut_off(pending, view) { "cut off: " } else { "" };
                let more = open.len().saturating_sub(1);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                format!("{cut}{}{more}", short(pending, view.executor.is_some(), now))
            });
            let cancel = view.row.cancel_requested_at;
            let cancel = cancel.map(|asked| format!("asked to end {}", relative(asked, now)));
            cancel.into_iter().chain(far).chain(waits).collect::<Vec<_>>().join(" · ")
        }
    };
    match (&view.row.summary, said.is_empty()) {
        (Some(summary), true) => summary.clone(),
        (Some(summary), false) => format!("{summary} · {said}"),
        (None, _) => said,
    }
}

/// A run among several that were meant: id, script and when it was recorded.
pub(crate) fn candidate(row: &RunRow) -> Vec<Cell> {
    vec![Cell::plain(row.id.as_str()), Cell::plain(&row.script), Cell::plain(absolute(row.created_at))]
}

/// Who goes on with an open run, in words, and what to type where nobody does.
pub(crate) fn executor(view: &RunView, now: Moment, command: &dyn Fn(&str) -> String) -> String {
    let who = waker(view, now);
    if let Some(how) = stopped(view) {
        return format!("{who}, {how}");
    }
    match view.woken_by {
        Some(WokenBy::Nobody { .. }) => format!("{who}: {}", command(&going_on_with(view, now))),
        Some(WokenBy::Process { .. } | WokenBy::Serve { .. } | WokenBy::Tick { .. }) | None => who,
    }
}

/// Of a run whose process is stopped, as by Ctrl-Z: that it is, and how it goes on.
pub(crate) fn stopped(view: &RunView) -> Option<String> {
    let pid = view.executor.map(|claim| claim.pid).filter(|pid| is_stopped(*pid))?;
    Some(format!("which is stopped: fg or bg in its terminal, or kill -CONT {pid}"))
}

/// What goes on here with a run that nobody executes: where the next attempt of a step is still to come, it is tried at once.
fn going_on_with(view: &RunView, now: Moment) -> String {
    let is_any = view.pending.iter().any(|pending| is_put_off(pending, now));
    format!("{} {}", if is_any { "retry" } else { "resume" }, view.row.id)
}

/// Who goes on with an open run, in words.
pub(crate) fn waker(view: &RunView, now: Moment) -> String {
    match view.woken_by {
        Some(WokenBy::Process { pid }) => format!("executed by pid {pid}"),
        Some(WokenBy::Serve { pid }) if view.executor.is_some() => format!("executed by serve {pid}"),
        Some(WokenBy::Serve { pid }) => format!("woken by serve {pid}"),
        Some(WokenBy::Tick { last: Some(last) }) => {
            format!("woken by the next durun tick, the last came {}", relative(last, now))
        }
        Some(WokenBy::Tick { last: None }) => "woken by tick, the first within a minute".to_owned(),
        Some(WokenBy::Nobody { last_tick: Some(last) }) => {
            format!("nobody executes it, and no tick is expected (the last was {})", relative(last, now))
        }
        Some(WokenBy::Nobody { last_tick: None }) => "nobody executes it".to_owned(),
        None => String::new(),
    }
}
