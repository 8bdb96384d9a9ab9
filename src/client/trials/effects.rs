//! The world of a test: jobs are handed to its cast, and end when their time has come.

use super::answers::outcome;
use crate::activity::{Done, Failed};
use crate::history::{CommandLabel, Failure, Moment, OpId, Value, kind};
use crate::script::{Cast, Play};
use crate::worker::{Effects, Input, Job, JobDone, JobKey, News};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::mpsc::Sender;

/// The file name of the script that tells whoever `[notify]` names: a test tells nobody.
const NOTIFIER: &str = "/(notify)";

/// Jobs that were started, and those that are under way.
pub(super) struct Underway {
    started: VecDeque<Job>,
    under_way: Vec<(Option<Moment>, JobKey, Result<Done, Failed>)>,
    inputs: Sender<Input>,
}

impl Underway {
    pub(super) fn new(inputs: Sender<Input>) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self { started: VecDeque::new(), under_way: Vec::new(), inputs }))
    }

    /// The next job that nobody has looked at yet.
    pub(super) fn next_started(&mut self) -> Option<Job> {
        self.started.pop_front()
    }

    /// A job is to end so, as the cast plays it; its own time-out may come first.
    pub(super) fn plays(&mut self, job: &Job, play: Play, now: Moment) {
        let (ends_in, result) = outcome(job, play, now);
        let at = ends_in.map(|ms| now.plus_ms(ms));
        self.under_way.push((at, job.key, result));
    }

    /// When the next of them ends.
    pub(super) fn next_end(&self) -> Option<Moment> {
        self.under_way.iter().filter_map(|(at, _, _)| *at).min()
    }

    /// Ends what is due; false where nothing is.
    pub(super) fn end_due(&mut self, now: Moment) -> bool {
        let place = self.under_way.iter().position(|(at, _, _)| at.is_some_and(|at| at <= now));
        let Some((_, key, result)) = place.map(|place| self.under_way.remove(place)) else { return false };
        self.tell(key, result);
        true
    }

    fn tell(&self, key: JobKey, result: Result<Done, Failed>) {
        // Who does not listen any more is dead.
        drop(self.inputs.send(Input::News(News::Done(JobDone { key, result }))));
    }

    fn stop(&mut self, key: JobKey) {
        let before = self.started.len() + self.under_way.len();
        self.started.retain(|job| job.key != key);
        self.under_way.retain(|(_, known, _)| *known != key);
        if self.started.len() + self.under_way.len() < before {
            self.tell(key, Err(Failed::passing(Failure::new(kind::CANCELLED, "was stopped"))));
        }
    }
}

/// The door of the worker to that world.
pub(super) struct Played {
    pub(super) underway: Rc<RefCell<Underway>>,
    pub(super) cast: Rc<dyn Cast>,
}

impl Effects for Played {
    fn start(&mut self, job: Job) {
        let mut underway = self.underway.borrow_mut();
        if job.key.op == OpId::NOTICE || job.start.program.path.ends_with(NOTIFIER) {
            underway.tell(job.key, Ok(Done { value: Value::Null, stderr: String::new() }));
            return;
        }
        underway.started.push_back(job);
    }

    fn stop(&mut self, key: JobKey) {
        self.underway.borrow_mut().stop(key);
    }

    fn stop_all(&mut self, _patience: bool) {
        let mut underway = self.underway.borrow_mut();
        underway.started.clear();
        underway.under_way.clear();
    }

    fn does_itself(&self, label: &CommandLabel) -> bool {
        self.cast.plays(label)
    }
}
