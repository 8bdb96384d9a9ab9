//! How far a test with many crashes has come: a bar at a terminal, elsewhere a line now and then.

use super::context::Context;
use super::escape;
use super::render::display::{ECHO, size};
use super::render::foot::{Foot, Narrowed};
use super::render::paint::cut;
use crate::timer::show_duration;
use std::path::Path;
use std::time::Duration;

/// So long nothing is said where stderr is no terminal, and between two lines.
const PACE: Duration = Duration::from_secs(10);
/// At a terminal it is drawn again after so long.
const FRAME: Duration = Duration::from_millis(100);
/// So many cells has the bar.
const CELLS: usize = 20;

/// The crashes of one test.
pub(crate) struct Crashes<'c> {
    context: &'c Context,
    what: String,
    began: Duration,
    told: Option<Duration>,
    /// At a terminal: where the bar is drawn.
    foot: Option<Foot>,
}

impl<'c> Crashes<'c> {
    /// Before the first of them.
    pub(crate) fn begin(context: &'c Context, file: &Path, test: &str) -> Self {
        let environment = &context.environment;
        let draws = environment.stderr_terminal && !environment.is_plain();
        let foot = || Foot::new(Box::new(std::io::stderr()), Narrowed::of(environment), 0);
        Self {
            context,
            what: format!("{}: {}", escape::line(&file.display().to_string()), escape::line(test)),
            began: context.clock.monotonic(),
            told: None,
            foot: draws.then(foot),
        }
    }

    /// So many were survived.
    pub(crate) fn tell(&mut self, done: usize, all: usize) {
        if self.context.global.quiet {
            return;
        }
        let spent = self.context.clock.monotonic().saturating_sub(self.began);
        if !is_due(spent, self.told, self.foot.is_some()) {
            return;
        }
        let tip = if self.told.is_none() { " (--kill-every N takes a sample)" } else { "" };
        self.told = Some(spent);
        let words = words(&self.what, done, all, spent);
        match &mut self.foot {
            Some(foot) => {
                let columns = size().0;
                let line = format!("{} {words}", bar(done, all));
                foot.draw(&cut(&line, columns.saturating_sub(1 + ECHO)), columns);
            }
            None => self.context.complain(&format!("{words}{tip}\n")),
        }
    }

    /// All were, or one was not.
    pub(crate) fn end(self) {
        if let Some(mut foot) = self.foot {
            foot.clear(size().0);
        }
    }
}

/// Whether something is said after so long, where it was last said then.
fn is_due(spent: Duration, told: Option<Duration>, draws: bool) -> bool {
    let pace = if draws { FRAME } else { PACE };
    match told {
        None => draws || spent >= pace,
        Some(told) => spent.saturating_sub(told) >= pace,
    }
}

fn words(what: &str, done: usize, all: usize, spent: Duration) -> String {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let left = match spent.saturating_mul(count(all.saturating_sub(done))).checked_div(count(done)) {
        Some(left) if spent >= PACE => {
            let seconds = i64::try_from(left.as_secs().max(1)).unwrap_or(i64::MAX);
            format!(", about {} left", show_duration(seconds.saturating_mul(1_000)))
        }
        Some(_) | None => String::new(),
    };
    format!("{what}: {done} of {all} crashes survived{left}")
}

fn bar(done: usize, all: usize) -> String {
    let full = done.saturating_mul(CELLS) / all.max(1);
    format!("[{}{}]", "#".repeat(full), " ".repeat(CELLS.saturating_sub(full)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_looks_on_a_line_comes_after_ten_seconds_and_each_ten_more() {
        let seconds = Duration::from_secs;
        for (spent, told, draws, due) in [
            (0, None, false, false),
            (9, None, false, false),
            (10, None, false, true),
            (19, Some(10), false, false),
            (20, Some(10), false, true),
            (0, None, true, true),
            (1, Some(0), true, true),
            (1, Some(1), true, false),
        ] {
            assert_eq!(is_due(seconds(spent), told.map(seconds), draws), due, "{spent} {told:?} {draws}");
        }
    }

    #[test]
    fn the_words_say_what_is_tested_how_far_it_is_and_how_long_it_takes() {
        let words = |done, spent| words("order_test.rhai: refund", done, 1_200, Duration::from_secs(spent));
        assert_eq!(words(0, 30), "order_test.rhai: refund: 0 of 1200 crashes survived");
        assert_eq!(words(200, 2), "order_test.rhai: refund: 200 of 1200 crashes survived");
        assert_eq!(
            words(200, 20),
            "order_test.rhai: refund: 200 of 1200 crashes survived, about 1m 40s left"
        );
        assert_eq!(
            (bar(0, 8), bar(4, 8)),
            (format!("[{}]", " ".repeat(20)), format!("[{}{}]", "#".repeat(10), " ".repeat(10)))
        );
    }
}
