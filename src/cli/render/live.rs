//! What the live display knows: it takes news, gives a line for each finished step, and keeps what is going on for the tree.

use super::log_line;
use super::paint::Paint;
use super::tree;
use super::waits::name;
use super::when::left;
use crate::cli::escape::{self, shell};
use crate::client::{Claimed, CutOff, LastLine, Progress};
use crate::history::{CommandKind, CommandLabel, HowFar, Moment, OpId, RunEnd, RunId, RunNo};
use crate::timer::show_duration;
use std::collections::BTreeMap;

/// So many steps that begin again are named when a run is resumed.
const MOST_AGAIN: usize = 5;
/// How many cells a bar has.
const BAR: i64 = 10;

/// What is known of the runs that are executed.
pub(crate) struct Live {
    pub(super) names: BTreeMap<RunNo, RunId>,
    /// Of children, who started them.
    pub(super) parents: BTreeMap<RunNo, RunNo>,
    pub(super) doing: BTreeMap<(RunNo, OpId), Doing>,
    pub(super) remarks: BTreeMap<RunNo, Remarks>,
    pub(super) color: bool,
    /// How a command begins that is suggested: `durun`, with the store where one was named.
    pub(super) durun: String,
}

#[derive(Default)]
pub(super) struct Remarks {
    pub(super) summary: Option<String>,
    pub(super) progress: Option<String>,
}

pub(super) struct Doing {
    pub(super) label: CommandLabel,
    pub(super) strand: Option<String>,
    pub(super) attempt: u32,
    pub(super) attempts: Option<u32>,
    /// When the attempt under way began.
    pub(super) attempt_since: Moment,
    /// What it said last of how far it is.
    pub(super) details: Option<String>,
    /// What its process wrote last.
    pub(super) last_line: Option<LastLine>,
    pub(super) last_error: Option<String>,
    pub(super) next_try: Option<Moment>,
    pub(super) due: Option<Moment>,
    pub(super) waits: bool,
}

impl Doing {
    fn new(label: CommandLabel, strand: Option<String>, since: Moment) -> Self {
        Self {
            label,
            strand,
            attempt: 1,
            attempts: None,
            attempt_since: since,
            details: None,
            last_line: None,
            last_error: None,
            next_try: None,
            due: None,
            waits: false,
        }
    }

    /// Those at work first, then those that wake soonest.
    pub(super) fn order(&self) -> (bool, Moment) {
        let wakes = self.next_try.or(self.due);
        (wakes.is_some() || self.waits, wakes.unwrap_or(Moment::MAX))
    }
}

struct Struggle<'a> {
    label: &'a CommandLabel,
    line: Option<u32>,
    failures: u32,
    since: Moment,
    next_try: Option<Moment>,
}

impl Live {
    /// Knows the runs' names and nothing else.
    pub(crate) fn new(runs: &[Claimed], color: bool) -> Self {
        Self {
            names: runs.iter().map(|run| (run.run, run.id.clone())).collect(),
            parents: BTreeMap::new(),
            doing: BTreeMap::new(),
            remarks: BTreeMap::new(),
            color,
            durun: "durun".to_owned(),
        }
    }

    /// The same with commands that begin with this.
    pub(crate) fn suggesting(self, durun: &str) -> Self {
        Self { durun: durun.to_owned(), ..self }
    }

    /// Knows another run's name.
    pub(crate) fn know(&mut self, run: RunNo, id: RunId) {
        self.names.insert(run, id);
    }

    /// Takes a piece of news; gives the lines that stay on the screen.
    pub(crate) fn tell(&mut self, run: RunNo, news: Progress, now: Moment) -> Vec<String> {
        let lines = match news {
            Progress::Replayed { entries: 0, .. } => Vec::new(),
            Progress::Replayed { steps, took_ms, again, .. } => self.resumed(steps, took_ms, &again),
            Progress::Scheduled { op, label, line: _, strand } => {
                self.doing.insert((run, op), Doing::new(label, strand, now));
                Vec::new()
            }
            Progress::Heartbeat { op, details } => {
                self.at(run, op, now).details = tree::told(&details);
                Vec::new()
            }
            Progress::Writes { op, last } => {
                self.at(run, op, now).last_line = Some(last);
                Vec::new()
            }
            Progress::AttemptStarted { op, attempt } => {
                let doing = self.at(run, op, now);
                doing.last_line = None;
                doing.attempt = attempt;
                doing.attempt_since = now;
                doing.next_try = None;
                // A poll waited between two tries.
                doing.due = None;
                doing.waits = false;
                Vec::new()
            }
            Progress::AttemptFailed { op, attempt, failure, next_try, attempts } => {
                let doing = self.at(run, op, now);
                doing.attempt = attempt;
                doing.attempts = attempts;
                doing.next_try = next_try;
                doing.last_error = Some(escape::line(&failure.message));
                Vec::new()
            }
            Progress::Struggling { label, line, failures, since, failure, next_try, .. } => {
                let struggle = Struggle { label: &label, line, failures, since, next_try };
                vec![self.struggling(run, &struggle, &failure.message, now)]
            }
            Progress::Outcome { op, label, took_ms, ok, message, attempts } => {
                let strand = self.doing.remove(&(run, op)).and_then(|doing| doing.strand);
                let what = named(&label, strand.as_deref());
                vec![self.outcome(&what, took_ms, ok, message.as_deref(), attempts)]
            }
            Progress::Waiting { op, label, due, line: _, strand, choices } => {
                let lines = self.asked(run, &label, &choices).into_iter().collect();
                self.doing.insert((run, op), Doing { due, waits: true, ..Doing::new(label, strand, now) });
                lines
            }
            Progress::Held { by, idle } => {
                let stuck = by.iter().map(|other| self.held(run, other, true));
                stuck.chain(idle.iter().map(|other| self.held(run, other, false))).collect()
            }
            Progress::Stalled { pid } => {
                let mark = Paint::Yellow.paint("!", self.color);
                let waits = "this waits until it goes on";
                vec![format!(
                    "{mark} process {pid}, which has the store open, is stopped; {waits}: kill -CONT {pid}"
                )]
            }
            Progress::Settled { op } => {
                self.doing.remove(&(run, op));
                Vec::new()
            }
            Progress::Log(line) => {
                let bar = Paint::Dim.paint("│", self.color);
                log_line::on_screen(&line).into_iter().map(|text| format!("{bar} {text}")).collect()
            }
            Progress::Summary(text) => {
                self.remarks.entry(run).or_default().summary = Some(escape::line(&text));
                Vec::new()
            }
            Progress::ScriptProgress(progress) => {
                self.remarks.entry(run).or_default().progress =
                    progress.is_under_way().then(|| bar(&progress));
                Vec::new()
            }
            Progress::Signal { name } => {
                vec![format!("{} signal {}", Paint::Cyan.paint("←", self.color), escape::line(&name))]
            }
            Progress::Replied { what } | Progress::UpdateAnswered { what, .. } => {
                vec![format!("{} {}", Paint::Cyan.paint("←", self.color), escape::line(&what))]
            }
            Progress::Restarted { generation } => {
                self.doing.retain(|(of, _), _| *of != run);
                vec![format!("{} generation {generation} begins", Paint::Cyan.paint("↻", self.color))]
            }
            Progress::ChildStarted { run: child, id } => {
                self.names.insert(child, id);
                self.parents.insert(child, run);
                Vec::new()
            }
            Progress::Ended(end) => self.over(run, ended_word(&end)),
            Progress::Stuck(_) => self.over(run, "stuck"),
            Progress::Parked => self.over(run, "parked"),
        };
        lines.into_iter().map(|line| self.prefixed(run, line)).collect()
    }

    /// A command that has been failing for long: what, where, how often, why, and what to type.
    fn struggling(&self, run: RunNo, struggle: &Struggle<'_>, error: &str, now: Moment) -> String {
        let id = self.names.get(&run).map(RunId::to_string).unwrap_or_default();
        let what = name(struggle.label.kind, &struggle.label.name);
        let place = struggle.line.map(|line| format!(" (line {line})")).unwrap_or_default();
        let since = show_duration(now.since_ms(struggle.since));
        let next = struggle.next_try.map(|at| format!("; next try in {}", left(at, now))).unwrap_or_default();
        format!(
            "{} run {id}: {what}{place} has been failing for {since}, {} attempts: {}{next}; {} status {id}",
            Paint::Yellow.paint("!", self.color),
            struggle.failures,
            escape::line(error),
            self.durun,
        )
    }

    /// A run in the way that does not get on without a person, and what to type.
    fn held(&self, run: RunNo, other: &RunId, is_stuck: bool) -> String {
        let id = self.names.get(&run).map(RunId::to_string).unwrap_or_default();
        let durun = &self.durun;
        let why = if is_stuck {
            format!(
                "that is stuck: {durun} why {other} says how to mend it, {durun} terminate {other} ends it"
            )
        } else {
            format!("nobody executes that: {durun} resume {other} goes on with it")
        };
        let mark = Paint::Yellow.paint("!", self.color);
        format!("{mark} run {id} does not begin before run {other} has ended, and {why}")
    }

    /// What is known from the record, and what has to be done once more.
    fn resumed(&self, steps: u32, took_ms: u64, again: &[CutOff]) -> Vec<String> {
        let known = match steps {
            0 => "resumed: no step was recorded yet".to_owned(),
            1 => format!("resumed: 1 step known from the record, not run again ({took_ms}ms)"),
            steps => format!("resumed: {steps} steps known from the record, none run again ({took_ms}ms)"),
        };
        let mark = Paint::Yellow.paint("↻", self.color);
        let begins = |CutOff { label, strand, attempt }: &CutOff| {
            let number = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            let what = named(label, strand.as_deref());
            format!("{mark} {what} begins again{number}: no outcome of it was recorded")
        };
        // The tree below has them all.
        let more = again.len().saturating_sub(MOST_AGAIN);
        let more = (more > 0).then(|| format!("{mark} and {more} more"));
        std::iter::once(known).chain(again.iter().take(MOST_AGAIN).map(begins)).chain(more).collect()
    }

    /// A question to a person stays on the screen, with what may be answered and the command that does.
    fn asked(&self, run: RunNo, label: &CommandLabel, choices: &[String]) -> Option<String> {
        if label.kind == CommandKind::Queue {
            return Some(format!(
                "{} waits for {}",
                Paint::Yellow.paint("◷", self.color),
                escape::line(&label.name)
            ));
        }
        if label.kind != CommandKind::Ask {
            return None;
        }
        let id = self.names.get(&run).map(RunId::to_string).unwrap_or_default();
        let (mark, question) = (Paint::Yellow.paint("?", self.color), escape::line(&label.name));
        let Some(first) = choices.first() else {
            return Some(format!("{mark} {question} · {} why {id}", self.durun));
        };
        let all = escape::line(&choices.join(", "));
        let answer = escape::line(&shell(first));
        Some(format!("{mark} {question} ({all}) · {} answer {id} {answer}", self.durun))
    }

    fn at(&mut self, run: RunNo, op: OpId, now: Moment) -> &mut Doing {
        let unknown = CommandLabel { kind: CommandKind::Activity, name: format!("#{op}") };
        self.doing.entry((run, op)).or_insert_with(|| Doing::new(unknown, None, now))
    }

    /// Where several runs are executed, the end of each is a line; of one alone the command itself tells it.
    fn over(&mut self, run: RunNo, word: &str) -> Vec<String> {
        self.doing.retain(|(of, _), _| *of != run);
        self.remarks.remove(&run);
        if self.names.len() > 1 { vec![word.to_owned()] } else { Vec::new() }
    }

    fn prefixed(&self, run: RunNo, line: String) -> String {
        match self.names.get(&run) {
            Some(id) if self.names.len() > 1 => {
                format!("{}  {line}", Paint::Dim.paint(id.as_str(), self.color))
            }
            Some(_) | None => line,
        }
    }

    fn outcome(&self, what: &str, took_ms: i64, ok: bool, message: Option<&str>, tries: u32) -> String {
        let (mark, paint) = if ok { ("✓", Paint::Green) } else { ("✗", Paint::Red) };
        let mut line = format!("{} {}", paint.paint(mark, self.color), what);
        let mut facts = vec![show_duration(took_ms)];
        if tries > 1 {
            facts.push(format!("{tries} attempts"));
        }
        facts.extend(message.map(escape::line));
        line.push_str(&Paint::Dim.paint(&format!("  {}", facts.join(" · ")), self.color));
        line
    }
}

/// A command, and the name of the strand that asks for it.
fn named(label: &CommandLabel, strand: Option<&str>) -> String {
    let what = name(label.kind, &label.name);
    match strand {
        // An item that is called as its step is named once.
        Some(strand) if strand != label.name => format!("{what} · {}", escape::line(strand)),
        Some(_) | None => what,
    }
}

/// How far it is, as a bar and in numbers: `━━━━╌╌╌╌╌╌ 18/40`.
fn bar(progress: &HowFar) -> String {
    let text = escape::line(&progress.to_string());
    let cells = progress.done.clamp(0, progress.total.max(0)).saturating_mul(BAR).checked_div(progress.total);
    let full = cells.and_then(|cells| usize::try_from(cells).ok()).unwrap_or_default();
    let rest = usize::try_from(BAR).unwrap_or_default().saturating_sub(full);
    format!("{}{} {text}", "━".repeat(full), "╌".repeat(rest))
}

fn ended_word(end: &RunEnd) -> &'static str {
    end.status().word()
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
