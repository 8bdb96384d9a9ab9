//! A process: a production worker over its link, and activities that end when the world says so.

use super::ledger::Ledger;
use super::link::{Cluster, Link};
use super::texts;
use durun::activity::{Done, Failed};
use durun::history::{Claim, Failure, OpId, RunNo, Token, Value};
use durun::store::crash::Chance;
use durun::store::{Answer, Request, Store, StoreError};
use durun::worker::{
    Committing, Effects, Finished, Input, Job, JobDone, JobKey, News, Programs, Settings, Worker,
};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Jobs = Arc<Mutex<Vec<(JobKey, Value)>>>;

pub(super) struct Process {
    pub(super) link: Arc<Link>,
    pub(super) token: Token,
    pub(super) worker: Worker,
    inputs: Receiver<Input>,
    sender: Sender<Input>,
    jobs: Jobs,
    /// For so many turns it does not hear what the store tells: it was stopped, and looks up late.
    pub(super) deaf: usize,
    unheard: Vec<Input>,
}

/// Activities that are under way until the world ends them.
struct Deferred {
    process: usize,
    jobs: Jobs,
    sender: Sender<Input>,
    ledger: Arc<Mutex<Ledger>>,
    cluster: Arc<Cluster>,
}

impl Effects for Deferred {
    fn start(&mut self, job: Job) {
        let (run, op) = (job.key.run, job.key.op);
        // One that does not know yet that it was forsaken may try again what another goes on with.
        if job.label.name == "locked" && job.attempt == 1 {
            self.cluster.goes_inside(run, op);
        }
        let mut ledger = self.ledger.lock().expect("ledger");
        let knows = ledger.is_holder(self.process, run);
        if knows && ledger.has_outcome(run, op) {
            ledger.violates(format!("op {op} of run {run} has its outcome and is started again"));
        }
        // The first entry tells the script nothing.
        let known = ledger.entries(run).saturating_sub(1);
        if let Some(Value::Int(seen)) = job.input.get("seen")
            && knows
            && usize::try_from(*seen).is_ok_and(|seen| seen > known)
        {
            ledger.violates(format!(
                "op {op} of run {run} begins though of {seen} things that it knows {known} are on disk"
            ));
        }
        self.jobs.lock().expect("jobs").push((job.key, job.input));
    }

    fn stop(&mut self, key: JobKey) {
        self.jobs.lock().expect("jobs").retain(|(job, _)| *job != key);
        let result = Err(Failed::passing(Failure::new("cancelled", "was stopped")));
        drop(self.sender.send(Input::News(News::Done(JobDone { key, result }))));
    }

    fn stop_all(&mut self, _: bool) {}
}

impl Process {
    pub(super) fn new(number: usize, cluster: &Arc<Cluster>, live_strands: usize) -> Self {
        let link = cluster.connect(number);
        let clock = Arc::new(cluster.clock.clone());
        let (sender, inputs) = channel();
        let events = sender.clone();
        link.set_events(Arc::new(move |event| drop(events.send(Input::Store(event)))));
        let jobs = Jobs::default();
        let (ledger, cluster) = (Arc::clone(&cluster.ledger), Arc::clone(cluster));
        let effects =
            Deferred { process: number, jobs: Arc::clone(&jobs), sender: sender.clone(), ledger, cluster };
        let token = Token(u64::try_from(number).expect("small"));
        let store: Arc<dyn Store> = Arc::<Link>::clone(&link);
        let claim = Some(Claim { token, pid: u32::try_from(number).expect("small") });
        let programs: Programs = Arc::new(|_| Ok(texts::kid()));
        // Every other process commits beside its scripts.
        let committing = if number % 2 == 1 { Committing::Later } else { Committing::AtOnce };
        // And one of three has few runs move at a time.
        let moving = if number % 3 == 1 { 1 } else { usize::MAX };
        let settings =
            Settings { live_strands, moving, claim, programs, committing, ..Settings::seeded(token.0) };
        let worker = Worker::new(store, clock, Box::new(effects), Arc::new(|_, _| ()), settings);
        Self { link, token, worker, inputs, sender, jobs, deaf: 0, unheard: Vec::new() }
    }

    pub(super) fn claim(&self) -> Claim {
        Claim { token: self.token, pid: u32::try_from(self.token.0).expect("small") }
    }

    /// Takes a run up, where it is free.
    pub(super) fn take(&mut self, run: RunNo, cluster: &Cluster) {
        if self.link.executing.lock().expect("runs").contains(&run) {
            return;
        }
        let claim = self.claim();
        match self.link.ask(Request::Claim { run, claim }) {
            Ok(Answer::Claimed { epoch }) => self.adopt(run, epoch, cluster),
            Err(
                StoreError::Held { .. }
                | StoreError::Ended { .. }
                | StoreError::NoRun { .. }
                | StoreError::Io { .. },
            ) => {}
            other => {
                cluster.ledger.lock().expect("ledger").violates(format!("a claim of run {run}: {other:?}"));
            }
        }
    }

    pub(super) fn adopt(&mut self, run: RunNo, epoch: u64, cluster: &Cluster) {
        // What is on disk is what it goes on from, whoever was told.
        cluster.look_at(run);
        cluster.look_at_text(run);
        let adopted = self.worker.adopt(run, epoch).and_then(|()| self.worker.take_up_children());
        if let Err(error) = adopted
            && !self.link.dead.load(Ordering::SeqCst)
        {
            cluster.ledger.lock().expect("ledger").violates(format!("run {run} cannot be taken up: {error}"));
        }
    }

    /// Hears what it was told and takes one turn; whether there was anything to do.
    pub(super) fn turn(&mut self, cluster: &Cluster) -> bool {
        let mut heard = self.deaf > 0;
        self.deaf = self.deaf.saturating_sub(1);
        if self.deaf == 0 {
            self.unheard.drain(..).for_each(|input| self.worker.take(input));
        }
        while let Ok(input) = self.inputs.try_recv() {
            heard = true;
            if self.deaf > 0 && matches!(input, Input::Store(_)) {
                self.unheard.push(input);
            } else {
                self.worker.take(input);
            }
        }
        let turned = self.worker.turn();
        for (run, how) in self.worker.take_finished() {
            self.link.executing.lock().expect("runs").remove(&run);
            if matches!(how, Finished::Stuck(_)) {
                cluster.ledger.lock().expect("ledger").violates(format!("run {run}: {how:?}"));
            }
        }
        match turned {
            Ok(done) => {
                if !done && self.worker.next_wake() == Some(Duration::ZERO) {
                    cluster
                        .ledger
                        .lock()
                        .expect("ledger")
                        .violates("a worker turns without rest and does nothing".to_owned());
                }
                done || heard
            }
            Err(error) => {
                if !self.link.dead.swap(true, Ordering::SeqCst) {
                    cluster.ledger.lock().expect("ledger").violates(format!("a worker gave up: {error}"));
                }
                false
            }
        }
    }

    pub(super) fn has_jobs(&self) -> bool {
        !self.jobs.lock().expect("jobs").is_empty()
    }

    /// One activity under way ends: mostly well, with a value that no other has.
    pub(super) fn finish_job(&mut self, chance: &mut Chance) {
        let mut jobs = self.jobs.lock().expect("jobs");
        if jobs.is_empty() {
            return;
        }
        let place = chance.below(jobs.len());
        let (key, input) = jobs.swap_remove(place);
        // One of the side steps that failed for good would fail the run.
        let luck = if matches!(input, Value::Int(_)) { 9 } else { chance.below(10) };
        let failed = || Failure::new("activity", "down");
        let result = match luck {
            0 | 1 => Err(Failed::passing(failed())),
            2 => Err(Failed::for_good(failed())),
            _ => Ok(Done { value: Value::Int(value_of(key.run, key.op, chance)), stderr: String::new() }),
        };
        drop(self.sender.send(Input::News(News::Done(JobDone { key, result }))));
    }
}

fn value_of(run: RunNo, op: OpId, chance: &mut Chance) -> i64 {
    let luck = i64::try_from(chance.below(1000)).expect("small");
    (i64::try_from(run.0).expect("small") * 1000 + i64::from(op.0)) * 1000 + luck
}
