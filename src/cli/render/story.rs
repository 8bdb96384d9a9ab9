//! A history as a story: what happened, one line an entry, with the time since the beginning.

use super::arguments::folded;
use super::lines::chain;
use super::loose;
use super::marks::{Mark, Marks};
use super::paint::{Paint, cut};
use super::rewinds::Rewinds;
use super::waits::name;
use super::when::absolute;
use crate::cli::escape;
use crate::history::{
    ChildOutcome, Choice, CommandKind, CommandLabel, Entry, Fact, Moment, Resolution, RunEnd, Seq,
    UpdateAnswer, Value,
};
use crate::timer::show_duration;
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr as _;

/// The widest piece of a value that is shown in a line, where nothing says how wide lines may be.
const VALUE_WIDTH: usize = 60;
/// So much of a line is not the value: the number, the time, the mark and the name.
const BESIDE: usize = 60;
/// So much of that is the name.
const NAME_WIDTH: usize = 20;
/// At least so much of a value is shown.
const LEAST_VALUE: usize = 16;
/// So much of a line is the number, the time and the mark.
const LEAD: usize = 28;

/// Tells entries in order and remembers when the run began.
pub(crate) struct Story {
    began: Option<Moment>,
    color: bool,
    rewinds: Rewinds,
    marks: Marks,
    /// Whose entries are: strands that have names, questions that reminders are of.
    whose: BTreeMap<Seq, String>,
    /// The columns of the terminal, where there is one.
    width: Option<usize>,
}

impl Story {
    /// At the beginning.
    pub(crate) fn new(color: bool, width: Option<usize>) -> Self {
        let (rewinds, marks) = (Rewinds::default(), Marks::default());
        Self { began: None, color, rewinds, marks, whose: BTreeMap::new(), width }
    }

    /// Of a history that was rewound.
    pub(crate) fn rewound(self, rewinds: Rewinds) -> Self {
        Self { rewinds, ..self }
    }

    /// With what happened to it from outside.
    pub(crate) fn marked(self, marks: Marks) -> Self {
        Self { marks, ..self }
    }

    /// From here on with whose the entries are.
    pub(crate) fn tell_whose(&mut self, whose: BTreeMap<Seq, String>) {
        self.whose = whose;
    }

    /// From here on in so many columns.
    pub(crate) fn fit(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// What is left to tell behind the last entry.
    pub(crate) fn end(&mut self) -> String {
        self.told_before(None)
    }

    /// What happened to it from outside before an entry, a line each.
    fn told_before(&mut self, next: Option<Seq>) -> String {
        let marks = self.marks.before(next);
        let line = |mark: &Mark| {
            let sign = Paint::Yellow.paint("↻", self.color);
            self.fitted(&format!("      {:<20}  {sign} {}", self.time(mark.at), mark.text))
        };
        marks.iter().map(line).collect()
    }

    /// How long after the beginning; that itself is told as it is.
    fn time(&self, at: Moment) -> String {
        self.began.map_or_else(|| absolute(at), |began| format!("+{}", show_duration(at.since_ms(began))))
    }

    fn fitted(&self, line: &str) -> String {
        let line = self.width.map_or_else(|| line.to_owned(), |width| cut(line, width));
        format!("{line}\n")
    }

    /// One entry's line, and those of what happened before it.
    pub(crate) fn tell(&mut self, seq: Seq, entry: &Entry) -> String {
        let before = self.told_before(Some(seq));
        let time = self.time(entry.at);
        self.began.get_or_insert(entry.at);
        let took = |asked, ended, attempts| self.rewinds.took(seq, asked, ended, attempts);
        let room = self.width.map_or(VALUE_WIDTH, |width| width.saturating_sub(BESIDE).max(LEAST_VALUE));
        let whose = self.whose.get(&seq);
        let strand = whose.map(|strand| format!(" · {}", escape::line(strand)));
        // Where a line is short, half of it is for what a step was given.
        let given = self.width.map_or(usize::MAX, |width| (width.saturating_sub(LEAD) / 2).max(LEAST_VALUE));
        let named = |label: &CommandLabel, input: &Value| {
            if let (CommandKind::Remind, Some(question)) = (label.kind, whose) {
                return escape::cut(&name(label.kind, question), given);
            }
            let strand = strand.as_deref().unwrap_or_default();
            // How it went is worth more than the whole of a long name.
            let for_name = given.saturating_sub(strand.width()).max(LEAST_VALUE);
            let name = escape::cut(&name(label.kind, &label.name), for_name);
            format!("{name}{}{strand}", folded(label, input, given))
        };
        let whole =
            self.width.and_then(|_| cut_name(&entry.fact, strand.as_deref().unwrap_or_default(), given));
        let (mark, paint, text) = words(&entry.fact, room, &named, &took);
        let line = format!("{seq:>4}  {time:<20}  {} {text}", paint.paint(mark, self.color));
        let raised: String = raised(&entry.fact)
            .chain(left(&entry.fact))
            .map(|line| self.fitted(&format!("{:28}{line}", "")))
            .collect();
        // Other commands take it as an argument: it is not cut anywhere.
        let whole = whole.map(|name| format!("{:LEAD$}{name}\n", "")).unwrap_or_default();
        format!("{before}{}{whole}{raised}", self.fitted(&line))
    }
}

/// The whole name of a step that is told shortened; nothing where the name itself is but the beginning of a text.
fn cut_name(fact: &Fact, strand: &str, given: usize) -> Option<String> {
    let (_, label) = fact.effect_kind().and(fact.outcome_of())?;
    let whole = name(label.kind, &label.name);
    let is_cut = whole.width() > given.saturating_sub(strand.width()).max(LEAST_VALUE);
    (is_cut && !label.name.ends_with('…')).then(|| escape::line(&label.name))
}

/// The calls that led to the error in which a run or an update ended.
fn raised(fact: &Fact) -> impl Iterator<Item = String> {
    let failure = match fact {
        Fact::RunEnded(ended) => match &ended.end {
            RunEnd::Failed { failure } => Some(failure),
            RunEnd::Completed { .. }
            | RunEnd::Cancelled { .. }
            | RunEnd::TimedOut { .. }
            | RunEnd::Terminated { .. } => None,
        },
        Fact::UpdateCompleted(update) => match &update.answer {
            UpdateAnswer::Threw(failure) => Some(failure),
            UpdateAnswer::Gave(_) | UpdateAnswer::Refused(_) => None,
        },
        _ => None,
    };
    failure.into_iter().flat_map(chain)
}

/// What the run left behind at its end.
fn left(fact: &Fact) -> Vec<String> {
    if let Fact::RunEnded(ended) = fact { loose::lines(&ended.loose) } else { Vec::new() }
}

fn words(
    fact: &Fact,
    room: usize,
    named: &dyn Fn(&CommandLabel, &Value) -> String,
    took: &dyn Fn(Moment, Moment, u32) -> i64,
) -> (&'static str, Paint, String) {
    match fact {
        Fact::RunBegan { .. } => ("▸", Paint::Bold, "the run began".to_owned()),
        Fact::ActivityCompleted(done) => {
            let took = show_duration(took(done.scheduled_at, done.ended_at, done.attempts));
            let (name, tries) = (named(&done.label, &done.input), tries(done.attempts));
            // What it was given takes of the room of what it gave.
            let more = name.width().saturating_sub(NAME_WIDTH);
            let result = value(&done.result, " → ", room.saturating_sub(more).max(LEAST_VALUE));
            ("✓", Paint::Green, format!("{name} · {took}{tries}{result}"))
        }
        Fact::ActivityFailed(failed) => {
            let took = show_duration(took(failed.scheduled_at, failed.ended_at, failed.attempts));
            let message = escape::line(&failed.failure.message);
            let tries = tries(failed.attempts);
            let name = named(&failed.label, &failed.input);
            (
                "✗",
                Paint::Red,
                format!("{name} · {took}{tries} · {}: {message}", escape::line(&failed.failure.kind)),
            )
        }
        Fact::TimerFired(fired) => {
            ("◷", Paint::Plain, format!("{} was due", named(&fired.label, &Value::Null)))
        }
        Fact::SignalReceived(signal) => (
            "←",
            Paint::Cyan,
            format!("signal {}{}", escape::line(&signal.name), value(&signal.payload, " · ", room)),
        ),
        Fact::CancelRequested(cancel) => {
            ("←", Paint::Yellow, format!("asked to end{}", reason(&cancel.reason)))
        }
        Fact::TokenResolved(resolved) => {
            let token = escape::line(&resolved.token);
            match &resolved.resolution {
                Resolution::Resolved(given) => {
                    ("←", Paint::Cyan, format!("token {token} resolved{}", value(given, " · ", room)))
                }
                Resolution::Rejected(message) => {
                    ("←", Paint::Red, format!("token {token} rejected{}", reason(message)))
                }
            }
        }
        Fact::QuestionAnswered(answered) => {
            let Choice { choice, who, note, asked } = &answered.choice;
            let asked = if asked.is_empty() {
                format!("question {}", answered.question)
            } else {
                format!("question {}", Value::from(escape::cut(&escape::line(asked), room)))
            };
            let who = if who.is_empty() { String::new() } else { format!(" by {}", escape::line(who)) };
            let text = format!("{asked} answered{who} · {}{}", escape::line(choice), reason(note));
            ("←", Paint::Cyan, text)
        }
        Fact::LockGranted(granted) => {
            ("←", Paint::Cyan, format!("lock {} granted", escape::line(&granted.label.name)))
        }
        Fact::ChildEnded(ended) => {
            let (_, paint, how) = match &ended.outcome {
                ChildOutcome::Ended(how) => end(how, room),
                ChildOutcome::Stuck(stuck) => {
                    ("", Paint::Red, format!("is stuck · {}", escape::line(&stuck.message)))
                }
            };
            ("←", paint, format!("child run {} {how}", ended.child))
        }
        Fact::UpdateAccepted(update) => (
            "←",
            Paint::Cyan,
            format!("update {}{}", escape::line(&update.name), value(&update.argument, " · ", room)),
        ),
        Fact::UpdateCompleted(update) => {
            let name = escape::line(&update.name);
            match &update.answer {
                UpdateAnswer::Gave(given) => {
                    ("→", Paint::Cyan, format!("update {name} answered{}", value(given, " · ", room)))
                }
                UpdateAnswer::Threw(failure) | UpdateAnswer::Refused(failure) => {
                    ("→", Paint::Red, format!("update {name} failed{}", reason(&failure.message)))
                }
            }
        }
        Fact::RunEnded(ended) => end(&ended.end, room),
        Fact::RunRestarted(restarted) => (
            "↻",
            Paint::Cyan,
            format!("generation {} begins{}", restarted.generation, value(&restarted.input, " · ", room)),
        ),
        Fact::Unknown { code, raw } => (
            "?",
            Paint::Yellow,
            format!("an entry of kind {code}, {} bytes, written by a newer durun", raw.len()),
        ),
    }
}

fn end(end: &RunEnd, room: usize) -> (&'static str, Paint, String) {
    match end {
        RunEnd::Completed { result } => {
            ("✓", Paint::Green, format!("completed{}", value(result, " → ", room)))
        }
        RunEnd::Failed { failure } => {
            ("✗", Paint::Red, format!("failed · {}", escape::line(&failure.message)))
        }
        RunEnd::Cancelled { reason: why } => ("✗", Paint::Dim, format!("cancelled{}", reason(why))),
        RunEnd::TimedOut { reason: why } => ("✗", Paint::Red, format!("timed out{}", reason(why))),
        RunEnd::Terminated { reason: why } => ("✗", Paint::Dim, format!("terminated{}", reason(why))),
    }
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" · {attempts} attempts") } else { String::new() }
}

fn reason(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" · {}", escape::line(text)) }
}

fn value(value: &Value, lead: &str, room: usize) -> String {
    if *value == Value::Null {
        return String::new();
    }
    let text = escape::line(&value.to_string());
    let cut = escape::cut(&text, room);
    // Folded: how much there is, says the number.
    let folded = if cut == text { String::new() } else { format!(" ({} characters)", text.chars().count()) };
    format!("{lead}{cut}{folded}")
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
