//! `durun serve`: goes on with all runs of a store for as long as it lives.

use super::tick::parse_jobs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;
use crate::cli::onlooker::Unattended;
use crate::cli::readiness::Manager;
use crate::cli::render::display::Display;
use crate::client::{
    AdvanceOptions, ClientError, ExecuteOptions, Finished, News, Onlooker, Session, Span, Stop, advance,
};
use crate::history::{RunId, RunNo};
use crate::timer::Clock;
use clap::Args;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many runs it has in hand at a time where nothing is said.
const JOBS: usize = 1000;
/// A run that has only waited for so long is put down: it costs no memory until something comes for it.
const PARK_AFTER: Duration = Duration::from_secs(30);
/// How long processes have to end once the server is to stop. With what is to be written it takes less than ten seconds.
const PATIENCE: Duration = Duration::from_secs(7);

const EXAMPLES: &str = "\
It takes up every run that nobody executes and that has something to do: those of start --detach and --record-only, with \
the directory and the environment that were recorded; those that were killed; those whose timer or next attempt is due, \
or that have a message. One server a store; other commands, ticks too, may run beside it.

TERM or Ctrl-C parks all runs within ten seconds and ends it with 0; nothing is lost. It says nothing but one block on \
stderr for each run that ends as failed, timed out or stuck. A service manager is told READY=1 and STOPPING=1.

Examples:
  durun serve
  durun -v serve --jobs 20             with a line for all that happens
  durun --store /var/lib/durun serve   as docs/systemd/durun.service does it";

/// The arguments of `durun serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// Have so many runs in hand at a time; those that only wait make room for others
    #[arg(long, value_name = "N", default_value_t = JOBS, value_parser = parse_jobs)]
    jobs: usize,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ServeArgs) -> Result<Exit, CliError> {
    let session = context.session_or_create()?;
    let interrupts = Interrupts::install()?;
    let manager = Arc::new(Manager::of(&context.environment));
    let stop = interrupts.stop();
    let told = Arc::clone(&manager);
    stop.on_request(move || told.tell("STOPPING=1\nSTATUS=parking all runs"));
    hurry(&stop, Arc::clone(&context.clock));
    let display = Display::new(context, &[], interrupts.stop());
    let options = AdvanceOptions {
        execute: ExecuteOptions {
            observer: display.observer(),
            stop,
            configs: Arc::clone(&context.configs),
            variables: context.environment.variables(),
            park_after: None,
        },
        jobs: args.jobs,
        span: Span::UntilStopped { park_after: PARK_AFTER },
    };
    let mut seen = Served {
        context,
        session: &session,
        unattended: Unattended::new(context, &session, &display),
        manager: &manager,
        is_ready: false,
    };
    let advanced = advance(&session, options, &mut seen);
    display.finish();
    advanced?;
    context.note("all runs are parked, nothing is lost");
    Ok(Exit::Done)
}

/// After its time a stop becomes urgent, as by a second signal.
fn hurry(stop: &Stop, clock: Arc<dyn Clock>) {
    let (is_asked, urgent) = (AtomicBool::new(false), stop.clone());
    stop.on_request(move || {
        if is_asked.swap(true, Ordering::SeqCst) {
            return;
        }
        let (urgent, clock) = (urgent.clone(), Arc::clone(&clock));
        // Where the system gives no thread, processes have the time that they have elsewhere.
        let _ = std::thread::Builder::new().name("hurry".to_owned()).spawn(move || {
            clock.pause(PATIENCE);
            urgent.request();
        });
    });
}

/// Tells of runs as a tick does, and the service manager when all is up.
struct Served<'a> {
    context: &'a Context,
    session: &'a Session,
    unattended: Unattended<'a>,
    manager: &'a Manager,
    is_ready: bool,
}

impl Onlooker for Served<'_> {
    fn begun(&mut self, run: RunNo, id: &RunId) {
        self.unattended.begun(run, id);
    }

    fn left(&mut self, run: RunNo, id: &RunId, how: Finished) {
        self.unattended.left(run, id, how);
    }

    fn refused(&mut self, run: RunNo, id: &RunId, why: ClientError) {
        self.unattended.refused(run, id, why);
    }

    fn scheduled(&mut self, news: News) {
        self.unattended.scheduled(news);
    }

    fn round(&mut self, held: usize) {
        if !std::mem::replace(&mut self.is_ready, true) {
            let store = self.session.directory().display();
            self.manager.tell(&format!("READY=1\nSTATUS=serving {store}"));
            let pid = self.session.claim().pid;
            self.context.note(&format!("process {pid} serves {store}"));
        }
        self.unattended.round(held);
    }
}
