//! The live display on stderr: indicatif draws the line that moves, finished steps stay above it.

use super::live::Live;
use crate::cli::context::Context;
use crate::client::{Claimed, Observer, Progress};
use crate::history::{RunId, RunNo};
use crate::timer::Clock;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(100);

/// The columns of what a terminal writes of Ctrl-C.
pub(crate) const ECHO: usize = 2;

/// Where progress is shown.
#[derive(Clone)]
enum Screen {
    /// Nowhere.
    Hidden,
    /// As lines, where stderr is no terminal and `-v` asks for them.
    Lines,
    /// As lines and a live one below them.
    Terminal(ProgressBar),
}

/// The live display of one execution.
pub(crate) struct Display {
    live: Arc<Mutex<Live>>,
    screen: Screen,
    clock: Arc<dyn Clock>,
}

impl Display {
    /// The display that the context calls for.
    pub(crate) fn new(context: &Context, runs: &[Claimed]) -> Self {
        let live = Arc::new(Mutex::new(Live::new(runs, context.color_stderr())));
        let clock = Arc::clone(&context.clock);
        let dumb = context.environment.text("TERM").is_none_or(|term| term == "dumb");
        let screen = if !context.is_talkative() {
            Screen::Hidden
        } else if !context.environment.stderr_terminal || dumb {
            Screen::Lines
        } else {
            Screen::Terminal(bar(&live, &clock))
        };
        Self { live, screen, clock }
    }

    /// Knows another run's name.
    pub(crate) fn know(&self, run: RunNo, id: &RunId) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).know(run, id.clone());
    }

    /// What an execution tells its progress to.
    pub(crate) fn observer(&self) -> Observer {
        let (live, screen, clock) = (Arc::clone(&self.live), self.screen.clone(), Arc::clone(&self.clock));
        Arc::new(move |run, news| {
            let is_grave = matches!(news, Progress::Struggling { .. } | Progress::Held { .. });
            let lines = live.lock().unwrap_or_else(PoisonError::into_inner).tell(run, news, clock.now());
            match &screen {
                Screen::Hidden if !is_grave => {}
                Screen::Hidden | Screen::Lines => {
                    let mut stderr = std::io::stderr().lock();
                    // Nobody is left to tell where stderr itself fails.
                    let _ = lines.iter().try_for_each(|line| writeln!(stderr, "{line}"));
                }
                Screen::Terminal(bar) => lines.iter().for_each(|line| bar.println(line)),
            }
        })
    }

    /// Takes the live line away; the finished steps stay.
    pub(crate) fn finish(self) {
        match self.screen {
            Screen::Hidden | Screen::Lines => {}
            Screen::Terminal(bar) => bar.finish_and_clear(),
        }
    }
}

fn bar(live: &Arc<Mutex<Live>>, clock: &Arc<dyn Clock>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let (live, clock) = (Arc::clone(live), Arc::clone(clock));
    let write = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let (columns, lines) = size();
        // A terminal writes ^C behind the line: where that breaks it, the line could not be taken away again.
        let columns = columns.saturating_sub(ECHO);
        let drawn = live.lock().unwrap_or_else(PoisonError::into_inner).drawn(clock.now(), columns, lines);
        let _ = write!(out, "{drawn}");
    };
    let style = ProgressStyle::with_template("{live}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .with_key("live", write);
    bar.set_style(style);
    bar.enable_steady_tick(TICK);
    bar
}

/// The columns and lines that the terminal has now: it may be another size each time.
pub(crate) fn size() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(std::io::stderr())
        .or_else(|_| rustix::termios::tcgetwinsize(std::io::stdout()))
        .ok();
    let sides = size.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
    let (columns, lines) = sides.unwrap_or_default();
    (if columns == 0 { 80 } else { columns }, if lines == 0 { 24 } else { lines })
}
