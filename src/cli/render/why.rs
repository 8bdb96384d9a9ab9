//! Why a run stands where it stands: one paragraph, and what unblocks it.

use super::crowd::{Crowd, crowds};
use super::lines::{of_end, shown};
use super::loose;
use super::runs::{stopped, waker};
use super::unblock::{asks_once, commands};
use super::unread::{unheard, which};
use super::waits::{attempt, name, next_attempt, tries};
use super::when::{absolute, coarse, relative, until};
use crate::cli::way_on::{WayOn, ended_by};
use crate::cli::{escape, failed_item};
use crate::client::{Lines, Mark, RunView, answered, open_question};
use crate::history::{
    CommandKind, Failure, LockView, LooseEnds, Moment, Pending, RunEnd, RunStatus, StoredStatus, Unread,
    Value, WokenBy,
};
use std::collections::BTreeSet;

/// What the file is called.
const FILE: &str = "the script's file";

/// How the strands of undos are called.
const UNDOING: &str = "undoing ";

/// How many pending commands are told of.
const MOST: usize = 3;

/// The paragraph, and commands to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Why {
    pub(crate) text: String,
    /// The lines of the script that it speaks of.
    pub(crate) lines: Vec<String>,
    /// Words behind `durun`.
    pub(crate) commands: Vec<String>,
}

/// Explains how a run stands.
pub(crate) fn explain(
    (view, loose): (&RunView, &LooseEnds),
    unread: &[Unread],
    script: Option<&Lines>,
    way: &WayOn,
    now: Moment,
) -> Why {
    let id = &view.row.id;
    match &view.row.status {
        StoredStatus::Open => open(view, unread, (script, way), now),
        StoredStatus::Stuck(stuck) => {
            let place = stuck.line.map(|line| format!(" in line {line}")).unwrap_or_default();
            let hint = stuck
                .hint
                .as_ref()
                .map(|hint| format!(" {}", ended(capital(&escape::line(hint)))))
                .unwrap_or_default();
            let message = escape::line(&stuck.message);
            let since =
                format!("Since {} ({})", absolute(view.row.updated_at), relative(view.row.updated_at, now));
            let edited = edited(way);
            let redo = way.redo(view);
            let or = redo.as_ref().map(|(step, _)| {
                format!(
                    " Or it is what a step gave that is wrong: then mend that, and have the step done once more; the last two commands do so if \
                     it was the last, {}, and durun history shows the entry before an earlier one.",
                    escape::line(step)
                )
            });
            let text = format!(
                "{since} run {id} is stuck{place} ({}): {message}. Its script must be mended; nothing is lost.{}{edited} Nobody \
                 executes it.{hint}",
                stuck.kind,
                or.unwrap_or_default()
            );
            let commands =
                [way.commands(view), redo.map(|(_, commands)| commands).unwrap_or_default()].concat();
            Why { text, lines: of_end(script, view), commands }
        }
        StoredStatus::Ended(end) => {
            let text = match end {
                RunEnd::Completed { .. } => "completed".to_owned(),
                RunEnd::Failed { failure } => {
                    let place =
                        failure.raised_line().map(|line| format!(" in line {line}")).unwrap_or_default();
                    let message = escape::line(&failure.message);
                    let item = failed_item::of(failure).map(|item| format!(" ({})", escape::line(&item)));
                    format!("failed{place}: {message}{}{}", attempts(failure), item.unwrap_or_default())
                }
                RunEnd::Cancelled { reason } => because("was cancelled", reason),
                RunEnd::TimedOut { reason } => because("exceeded its time-out", reason),
                RunEnd::Terminated { reason } => because("was terminated", reason),
            };
            let after = match way {
                WayOn::Rewind { effect, .. } => {
                    format!(" After the failure it did {}.", escape::line(effect))
                }
                WayOn::Undone { effect, .. } => format!(
                    " After the failure it did {}, and took back what {}.",
                    escape::line(effect),
                    if loose.cut_off > 0 { "is known to be done" } else { "it had done" }
                ),
                WayOn::Before { from, .. } => {
                    let last = match &from.mark {
                        Mark::Step(step) => format!("; the last that it did is {}", escape::line(step)),
                        Mark::Lock | Mark::Beginning => String::new(),
                    };
                    format!(" {}{last}.", capital(ended_by(from)))
                }
                WayOn::Retry { .. }
                | WayOn::Redo { .. }
                | WayOn::NewText
                | WayOn::Back { .. }
                | WayOn::Unfit { .. }
                | WayOn::None => String::new(),
            };
            let left: Vec<String> =
                loose::lines(loose).iter().map(|line| format!(" {}.", capital(line))).collect();
            let left = left.concat();
            let edited = edited(way);
            let when = relative(view.last_at, now);
            let commands = match end {
                RunEnd::Completed { .. } => vec![format!("result {id}")],
                RunEnd::Failed { .. }
                | RunEnd::Cancelled { .. }
                | RunEnd::TimedOut { .. }
                | RunEnd::Terminated { .. } => way.commands(view),
            };
            Why {
                text: format!(
                    "Run {id} waits for nothing: it has ended ({when}). It {text}.{after}{left}{}{edited}",
                    unheard(unread, view.unread, now).map(|said| format!(" {said}.")).unwrap_or_default(),
                ),
                lines: of_end(script, view),
                commands,
            }
        }
    }
}

/// That the file of the script has changed, in a sentence that follows others.
fn edited(way: &WayOn) -> String {
    way.edited(FILE).map(|said| format!(" {}.", capital(&said))).unwrap_or_default()
}

/// A sentence with its full stop, where it has no end of its own.
fn ended(sentence: String) -> String {
    if sentence.ends_with(['?', '.', '!']) { sentence } else { format!("{sentence}.") }
}

/// As a sentence begins.
fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// What failed, and how often it was tried.
fn attempts(failure: &Failure) -> String {
    let name = failure.data.get("name").and_then(Value::as_text);
    let tries = failure.data.get("attempts").and_then(Value::as_int);
    match (name, tries) {
        (Some(name), Some(tries)) => format!(" ({} {}, attempts: {tries})", failure.kind, escape::line(name)),
        (Some(_) | None, _) => String::new(),
    }
}

fn because(what: &str, reason: &str) -> String {
    if reason.is_empty() { what.to_owned() } else { format!("{what}: {}", escape::line(reason)) }
}

fn open(view: &RunView, unread: &[Unread], (script, way): (Option<&Lines>, &WayOn), now: Moment) -> Why {
    let id = &view.row.id;
    let told: Vec<&Pending> = view.pending.iter().filter(|row| is_told(row)).collect();
    let crowds = crowds(&told, MOST);
    let mut sentences: Vec<String> =
        crowds.iter().take(MOST).map(|crowd| together(crowd, view.executor.is_some(), now)).collect();
    let more: usize = crowds.iter().skip(MOST).map(Crowd::len).sum();
    if more > 0 {
        sentences.insert(0, format!("It waits for {} commands at once.", told.len()));
        sentences.push(format!("The other {more} are in durun status {id}."));
    }
    if let Some(undo) =
        told.iter().filter_map(|row| row.strand.as_deref()).find(|name| name.starts_with(UNDOING))
    {
        sentences.insert(0, format!("It takes back what it did: {}.", escape::line(undo)));
    }
    if told.is_empty() {
        sentences.push(if view.executor.is_some() {
            "Its script is running and waits for nothing.".to_owned()
        } else {
            "It has not been executed so far, or was put down while it ran.".to_owned()
        });
    }
    if let Some(asked) = view.row.cancel_requested_at {
        sentences.push(format!("It was asked to end {}.", relative(asked, now)));
    }
    if view.unread > 0 {
        let what = if view.unread == 1 { "message waits" } else { "messages wait" };
        sentences.push(format!("{} {what} in its inbox{}.", view.unread, which(unread, view.unread, None)));
    }
    let alone = asks_once(&view.pending);
    let nexts: Vec<&Pending> = crowds.iter().take(MOST).filter_map(Crowd::next).collect();
    let mut unblock: Vec<String> = nexts.iter().flat_map(|row| commands(id, row, alone, now)).collect();
    // Whoever holds what it waits for goes on first.
    unblock.splice(0..0, view.locks.iter().filter(|lock| lock.before > 0).filter_map(of_holder));
    if let Some(claim) = view.executor {
        let own = format!("resume {id}");
        unblock.retain(|command| *command != own);
        let how = stopped(view).map(|how| format!(", {how}")).unwrap_or_default();
        sentences.push(format!("Process {} executes it{how}.", claim.pid));
    } else {
        sentences.push(match view.woken_by {
            Some(WokenBy::Tick { .. } | WokenBy::Serve { .. }) => format!("It is {}.", waker(view, now)),
            Some(WokenBy::Nobody { .. } | WokenBy::Process { .. }) | None => "Nobody executes it.".to_owned(),
        });
        if !unblock.iter().any(|command| command.starts_with("retry ")) {
            unblock.push(format!("resume {id}"));
        }
    }
    if let Some(said) = way.edited_while(view, FILE) {
        sentences.push(format!("{}.", capital(&said)));
        let commands = way.commands(view);
        // Under the new text it goes on when it has that.
        unblock.retain(|command| !commands.contains(command));
        unblock.extend(commands);
    }
    // Several waits may be ended by the same command.
    let mut known = BTreeSet::new();
    unblock.retain(|command| known.insert(command.clone()));
    let mut lines: Vec<String> =
        nexts.iter().filter_map(|row| shown(script, row.line, Some(&row.label))).collect();
    lines.dedup();
    Why { text: format!("Run {id} is {}. {}", view.status, sentences.join(" ")), lines, commands: unblock }
}

/// What lets a lock be given back that its holder does not get on with by itself.
fn of_holder(lock: &LockView) -> Option<String> {
    match lock.holder_status {
        RunStatus::Parked => Some(format!("resume {}", lock.holder)),
        RunStatus::Stuck => Some(format!("why {}", lock.holder)),
        _ => None,
    }
}

/// Timers beside the script's own commands say little.
fn is_told(row: &Pending) -> bool {
    match row.label.kind {
        CommandKind::Remind | CommandKind::RunTimeout => false,
        CommandKind::Activity
        | CommandKind::Step
        | CommandKind::Exec
        | CommandKind::Sh
        | CommandKind::Http
        | CommandKind::ReadFile
        | CommandKind::WriteFile
        | CommandKind::Glob
        | CommandKind::Env
        | CommandKind::Poll
        | CommandKind::Sleep
        | CommandKind::WaitSignal
        | CommandKind::WaitUntil
        | CommandKind::WaitToken
        | CommandKind::Ask
        | CommandKind::SignalRun
        | CommandKind::StartChild
        | CommandKind::Child
        | CommandKind::CancelChild
        | CommandKind::WithLock
        | CommandKind::Queue
        | CommandKind::Grace => true,
    }
}

/// What a crowd waits for: its names, and how the one stands that goes on first.
fn together(crowd: &Crowd<'_>, executed: bool, now: Moment) -> String {
    let Some(next) = crowd.next() else { return String::new() };
    let said = sentence(next, executed, now);
    if crowd.len() == 1 {
        return said;
    }
    let who = next.strand.as_deref().map_or_else(|| "the first".to_owned(), escape::line);
    let said = said.strip_prefix('S').map_or_else(|| said.clone(), |rest| format!("s{rest}"));
    let failed = crowd.failed().map(|failed| format!(", {failed} of them after failed attempts"));
    format!("{}{}. Of them {who} is next: {said}", crowd.words(), failed.unwrap_or_default())
}

fn sentence(row: &Pending, executed: bool, now: Moment) -> String {
    let place = row.line.map(|line| format!(" in line {line}")).unwrap_or_default();
    let since = format!("Since {} ({})", absolute(row.scheduled_at), relative(row.scheduled_at, now));
    let until = row.due.map_or_else(String::new, |due| {
        if due > now { format!(", {} at most", until(due, now)) } else { ", whose time is over".to_owned() }
    });
    let what = open_question(row).map_or_else(|| row.label.name.clone(), |question| question.title());
    let what = escape::line(&what);
    match row.label.kind {
        CommandKind::Activity
        | CommandKind::Step
        | CommandKind::Exec
        | CommandKind::Sh
        | CommandKind::Http
        | CommandKind::ReadFile
        | CommandKind::WriteFile
        | CommandKind::Glob
        | CommandKind::Env
        | CommandKind::Poll => format!("{since} {}", effect(row, &place, executed, now)),
        CommandKind::Sleep => {
            let until = row.due.map(|due| format!(" until {} ({})", absolute(due), relative(due, now)));
            format!("{since} it sleeps{place}{}.", until.unwrap_or_default())
        }
        CommandKind::WaitSignal => format!("{since} it waits{place} for the signal {what}{until}."),
        CommandKind::WaitUntil => {
            format!("{since} it waits{place} for a condition of its script to become true{until}.")
        }
        CommandKind::WaitToken => {
            format!("{since} it waits{place} for somebody to resolve the token {what}{until}.")
        }
        CommandKind::Ask if answered(row).is_some() => {
            let answer = escape::line(answered(row).unwrap_or_default());
            let what = ended(what);
            format!("{since} it asked{place}: {what} It was answered with {answer}, which is not yet taken.")
        }
        CommandKind::Ask if row.waits_for.is_some() => {
            format!("{since} it asked{place}: {} The time to answer is over.", ended(what))
        }
        CommandKind::Ask => {
            let choices = open_question(row).map(|question| question.choices).unwrap_or_default();
            format!("{since} it asks{place}: {what} ({}){until}.", escape::line(&choices.join(", ")))
        }
        CommandKind::SignalRun | CommandKind::StartChild | CommandKind::CancelChild => {
            format!("{since} it tells the store{place}: {}.", escape::line(&row.label.to_string()))
        }
        CommandKind::Child => format!("{since} it waits{place} for the end of its child, run {what}{until}."),
        CommandKind::WithLock => {
            let held = row.waits_for.as_deref().map_or_else(|| format!("the lock {what}"), escape::line);
            format!("{since} it waits{place} for {held}{until}.")
        }
        CommandKind::Queue => {
            let waits_for = row.waits_for.as_deref().unwrap_or(&row.label.name);
            format!("{since} it waits for its turn before it begins: {}.", escape::line(waits_for))
        }
        CommandKind::Remind | CommandKind::RunTimeout => String::new(),
        CommandKind::Grace => format!("It was asked to end and cleans up{until}."),
    }
}

/// How the attempts of an effect stand.
fn effect(row: &Pending, place: &str, executed: bool, now: Moment) -> String {
    let what = name(row.label.kind, &row.label.name);
    let is_poll = row.label.kind == CommandKind::Poll;
    let next = next_attempt(row);
    let last = row.last_failure.as_ref().map(|failure| escape::line(&failure.message));
    let for_long = |since: &Moment| now.since_ms(*since) >= 1_000;
    let since = row.failing_since.filter(for_long);
    let since = since.map(|since| format!(", failing for {}", coarse(now.since_ms(since))));
    let so_far = match (last, row.failures) {
        (Some(last), _) if is_poll => {
            format!("; {} so far gave nothing, the last error: {last}", tries(row.failures))
        }
        (None, 1..) if is_poll => format!("; {} so far gave nothing", tries(row.failures)),
        (Some(last), _) => {
            let failed = attempt(row.failures.max(1), row.attempts);
            format!("{}; {failed} failed: {last}", since.unwrap_or_default())
        }
        (None, _) => String::new(),
    };
    let now_or_then = match (&row.waits_for, row.next_try) {
        (Some(waits_for), _) => format!("it waits for {}", escape::line(waits_for)),
        (None, Some(at)) if at > now => format!("the next try is in {}", until(at, now)),
        (None, _) if executed => format!("{next} is under way"),
        (None, _) if row.begun => format!("{next} had begun, at most once: it is not done again"),
        (None, Some(_)) if row.is_untouched() => "it is to be begun".to_owned(),
        (None, Some(_)) => format!("{next} is due"),
        (None, None) => format!("{next} was cut off, and begins again when the run goes on"),
    };
    format!("it does {what}{place}{so_far}; {now_or_then}.")
}
