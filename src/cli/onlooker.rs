//! What is seen of runs that are advanced unattended: nothing on success, one block for each that needs somebody.

use super::conclusion::blame;
use super::context::Context;
use super::exit::Exit;
use super::render::display::Display;
use super::report::Report;
use super::report_schedule;
use super::untold;
use crate::client::{ClientError, Finished, News, Onlooker, Session, Standing};
use crate::history::{RunEnd, RunId, RunNo};
use std::collections::{BTreeMap, BTreeSet};

/// Tells of runs that end otherwise than well.
pub(crate) struct Unattended<'a> {
    context: &'a Context,
    session: &'a Session,
    display: &'a Display,
    /// What was said last of runs that could not be taken up: it is not said again each minute.
    refused: BTreeMap<RunNo, String>,
    /// What was said of schedules.
    scheduled: BTreeSet<String>,
    exit: Exit,
}

impl<'a> Unattended<'a> {
    pub(crate) fn new(context: &'a Context, session: &'a Session, display: &'a Display) -> Self {
        Self {
            context,
            session,
            display,
            refused: BTreeMap::new(),
            scheduled: BTreeSet::new(),
            exit: Exit::Done,
        }
    }

    /// The gravest of what was seen.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    fn standing(&mut self, run: RunNo, id: &RunId, standing: &Standing) {
        let exit = blame(self.context, self.session, run, id, standing);
        self.exit = self.exit.graver(exit);
    }
}

impl Onlooker for Unattended<'_> {
    fn begun(&mut self, run: RunNo, id: &RunId) {
        self.display.know(run, id);
    }

    fn left(&mut self, run: RunNo, id: &RunId, how: Finished) {
        if untold::is_told(self.context, self.session, run, &how) {
            if matches!(
                how,
                Finished::Stuck(_) | Finished::Ended(RunEnd::Failed { .. } | RunEnd::TimedOut { .. })
            ) {
                self.exit = self.exit.graver(Exit::Failed);
            }
            return;
        }
        match how {
            Finished::Ended(RunEnd::Completed { .. }) => self.context.note(&format!("run {id} completed")),
            // Somebody asked for it.
            Finished::Ended(RunEnd::Cancelled { .. }) => {
                self.context.note(&format!("run {id} was cancelled"));
            }
            Finished::Ended(RunEnd::Terminated { .. }) => {
                self.context.note(&format!("run {id} was terminated"));
            }
            Finished::Ended(end @ (RunEnd::Failed { .. } | RunEnd::TimedOut { .. })) => {
                self.standing(run, id, &Standing::Ended(end));
            }
            Finished::Stuck(stuck) => self.standing(run, id, &Standing::Stuck(*stuck)),
            Finished::Parked => self.context.note(&format!("run {id} waits")),
            Finished::Lost => self.context.note(&format!("another process goes on with run {id}")),
        }
    }

    fn refused(&mut self, run: RunNo, id: &RunId, why: ClientError) {
        let Some(report) = Report::of(&why.into()) else { return };
        let report = report.note(format!("run {id} was not taken up; it stays as it is"));
        let block = self.context.shown(&report);
        self.exit = self.exit.graver(report.exit);
        if self.refused.get(&run) != Some(&block) {
            self.context.complain(&block);
            self.refused.insert(run, block);
        }
    }

    fn scheduled(&mut self, news: News) {
        let report = report_schedule::news(&news);
        let block = self.context.shown(&report);
        self.exit = self.exit.graver(report.exit);
        // What cannot be read is found again each time.
        if self.scheduled.insert(block.clone()) {
            self.context.complain(&block);
        }
    }

    fn round(&mut self, _held: usize) {}
}
