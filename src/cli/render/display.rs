//! The live display on stderr: what goes on is drawn at the foot of the terminal, finished steps stay above it.

use super::foot::{Foot, Narrowed};
use super::live::Live;
use crate::cli::context::Context;
use crate::client::{Claimed, Observer, Progress, Stop, StopLevel};
use crate::history::{RunId, RunNo};
use crate::timer::Clock;
use std::io::Write as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the countdown is drawn.
const TICK: Duration = Duration::from_millis(100);

/// After so many of them a stop that is not over is told.
const SLOW: u32 = 10;

/// What is told then.
const STOPPING: &str = "stopping …: what is under way has ten seconds to end; Ctrl-C again kills it";

/// So many draws are left out after the terminal has another size: longer than tmux takes to tell it.
const PATIENCE: usize = 4;

/// The columns of what a terminal writes of Ctrl-C.
pub(crate) const ECHO: usize = 2;

/// Where progress is shown.
#[derive(Clone)]
enum Screen {
    /// Nowhere.
    Hidden,
    /// As lines, where stderr is no terminal and `-v` asks for them, or one that is not to be drawn on.
    Lines,
    /// As lines and a live tree below them.
    Terminal(Arc<Mutex<Foot>>),
}

/// The live display of one execution.
pub(crate) struct Display {
    live: Arc<Mutex<Live>>,
    screen: Screen,
    clock: Arc<dyn Clock>,
    /// Draws the tree again and again until it is dropped.
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Display {
    /// The display that the context calls for, of an execution that this stops.
    pub(crate) fn new(context: &Context, runs: &[Claimed], stop: Stop) -> Self {
        let live = Live::new(runs, context.color_stderr()).suggesting(context.command("").trim_end());
        let live = Arc::new(Mutex::new(live));
        let clock = Arc::clone(&context.clock);
        let screen = if !context.is_talkative() {
            Screen::Hidden
        } else if !context.environment.stderr_terminal || context.environment.is_plain() {
            Screen::Lines
        } else {
            let foot = Foot::new(Box::new(std::io::stderr()), Narrowed::of(&context.environment), PATIENCE);
            Screen::Terminal(Arc::new(Mutex::new(foot)))
        };
        let ticker = match &screen {
            Screen::Hidden | Screen::Lines => None,
            Screen::Terminal(foot) => ticker(Arc::clone(foot), Arc::clone(&live), Arc::clone(&clock), stop),
        };
        if let (Screen::Terminal(foot), None) = (&screen, &ticker) {
            foot.lock().unwrap_or_else(PoisonError::into_inner).hurry();
        }
        Self { live, screen, clock, ticker }
    }

    /// Knows another run's name.
    pub(crate) fn know(&self, run: RunNo, id: &RunId) {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).know(run, id.clone());
    }

    /// What an execution tells its progress to.
    pub(crate) fn observer(&self) -> Observer {
        let (live, screen, clock) = (Arc::clone(&self.live), self.screen.clone(), Arc::clone(&self.clock));
        Arc::new(move |run, news| {
            let is_grave = matches!(
                news,
                Progress::Struggling { .. } | Progress::Held { .. } | Progress::Stalled { .. }
            );
            let mut live = live.lock().unwrap_or_else(PoisonError::into_inner);
            let lines = live.tell(run, news, clock.now());
            match &screen {
                Screen::Hidden if !is_grave => {}
                Screen::Hidden | Screen::Lines => {
                    let mut stderr = std::io::stderr().lock();
                    // Nobody is left to tell where stderr itself fails.
                    let _ = lines.iter().try_for_each(|line| writeln!(stderr, "{line}"));
                }
                Screen::Terminal(_) if lines.is_empty() => {}
                Screen::Terminal(foot) => {
                    let (text, columns) = tree(&live, clock.as_ref());
                    foot.lock().unwrap_or_else(PoisonError::into_inner).print(&lines, &text, columns);
                }
            }
        })
    }

    /// Takes the tree away; the finished steps stay.
    pub(crate) fn finish(self) {
        if let Some((stop, ticker)) = self.ticker {
            drop(stop);
            // One that has panicked draws no more.
            drop(ticker.join());
        }
        if let Screen::Terminal(foot) = &self.screen {
            foot.lock().unwrap_or_else(PoisonError::into_inner).clear(size().0);
        }
    }
}

/// A thread that draws the tree; nothing where none can be had, and the tree moves with the news alone.
fn ticker(
    foot: Arc<Mutex<Foot>>,
    live: Arc<Mutex<Live>>,
    clock: Arc<dyn Clock>,
    stop: Stop,
) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (end, stopped) = channel::<()>();
    let work = move || {
        let mut stopping = 0_u32;
        while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let live = live.lock().unwrap_or_else(PoisonError::into_inner);
            let (text, columns) = tree(&live, clock.as_ref());
            let mut foot = foot.lock().unwrap_or_else(PoisonError::into_inner);
            let waits = stop.level() == StopLevel::Park;
            stopping = stopping.saturating_add(u32::from(waits));
            if waits && stopping == SLOW {
                foot.print(&[STOPPING.to_owned()], &text, columns);
            } else {
                foot.draw(&text, columns);
            }
        }
    };
    std::thread::Builder::new().name("display".to_owned()).spawn(work).ok().map(|thread| (end, thread))
}

/// The tree as it is now, and the columns of the terminal.
fn tree(live: &Live, clock: &dyn Clock) -> (String, usize) {
    let (columns, lines) = size();
    // A terminal writes ^C behind the line: where that breaks it, the line could not be taken away again.
    (live.drawn(clock.now(), columns.saturating_sub(ECHO), lines), columns)
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
