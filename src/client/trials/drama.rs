//! What happens while a run is played: the worker does all it can, then time jumps to whatever comes next.

use super::deaths::Deaths;
use super::effects::{Played, Underway};
use super::theatre::{Theatre, broken, failed, session};
use crate::history::{Moment, RunId, RunNo};
use crate::script::{Cast, Trouble};
use crate::store::{Answer, Request, StoreError};
use crate::timer::Clock as _;
use crate::worker::{Input, Settings, Worker};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The most strands alive at once.
const LIVE_STRANDS: usize = 10_000;
/// So many steps without an end are too many.
const MOST_STEPS: usize = 200_000;
/// Seeds jitter and chance, the same in every performance.
const SEED: u64 = 7;

/// How a process came to stop executing.
pub(super) enum Life {
    /// The run has ended, or waits for what does not come.
    Over,
    /// The process was killed.
    Died,
}

impl Theatre {
    /// One life of the process that executes the run: to its end, to its death, or until nothing more comes.
    pub(super) fn live(
        &self,
        run: RunNo,
        id: &RunId,
        until: Option<Moment>,
        cast: &Rc<dyn Cast>,
    ) -> Result<Life, Trouble> {
        let session = Rc::new(session(&self.base, &self.clock, &self.deaths, &self.lives));
        self.session.replace(Rc::clone(&session));
        self.direct.borrow_mut().clear();
        let (sender, inputs) = channel();
        let events = sender.clone();
        session.store().set_events(Arc::new(move |event| drop(events.send(Input::Store(event)))));
        let underway = Underway::new(sender);
        let effects = Played { underway: Rc::clone(&underway), cast: Rc::clone(cast) };
        let settings = Settings {
            live_strands: LIVE_STRANDS,
            configs: Arc::clone(&self.configs),
            claim: Some(session.claim()),
            programs: Arc::new(super::super::engine::child_program),
            ..Settings::seeded(SEED)
        };
        let clock = Arc::new(self.clock.clone());
        let store = Arc::clone(session.store());
        let mut worker = Worker::new(store, clock, Box::new(effects), Arc::new(|_, _| ()), settings);
        match session.store().ask(Request::Claim { run, claim: session.claim() }) {
            Ok(Answer::Claimed { epoch }) => worker.adopt(run, epoch).map_err(|error| failed(&error))?,
            Ok(_) => return Err(Trouble::new("D1403", "the store gave no claim")),
            Err(StoreError::Ended { .. }) => return Ok(Life::Over),
            Err(error) => return Err(broken(&error.into())),
        }
        worker.take_up_children().map_err(|error| failed(&error))?;
        let mut drama = Drama { theatre: self, worker, inputs, underway, cast, id };
        let life = drama.drive(until)?;
        if matches!(life, Life::Over) && !drama.worker.is_idle() {
            drama.put_down()?;
        }
        Ok(life)
    }
}

/// What happens while a run is played.
struct Drama<'t> {
    theatre: &'t Theatre,
    worker: Worker,
    inputs: Receiver<Input>,
    underway: Rc<RefCell<Underway>>,
    cast: &'t Rc<dyn Cast>,
    id: &'t RunId,
}

impl Drama<'_> {
    fn drive(&mut self, until: Option<Moment>) -> Result<Life, Trouble> {
        let deaths: Arc<Deaths> = Arc::clone(&self.theatre.deaths);
        for _ in 0..MOST_STEPS {
            let heard = self.hear()?;
            let turned = self.worker.turn();
            if deaths.is_dead() {
                return Ok(Life::Died);
            }
            if turned.map_err(|error| failed(&error))? || heard {
                continue;
            }
            if deaths.all_begun() {
                return Ok(Life::Died);
            }
            if self.worker.is_idle() {
                return Ok(Life::Over);
            }
            if self.happens()? {
                continue;
            }
            let now = self.theatre.clock.now();
            let Some(next) = self.next_moment(now) else { return Ok(Life::Over) };
            if let Some(until) = until.filter(|until| next > *until) {
                self.pass(until.since_ms(now));
                return Ok(Life::Over);
            }
            self.pass(next.since_ms(now).max(1));
        }
        let message = format!("run {} comes to no end in {MOST_STEPS} steps", self.id);
        Err(Trouble::new("D1405", message).hint("play a part of it: run(input, #{ stop_at: \"30 days\" })"))
    }

    /// Takes in what has come, and has the cast answer what was asked of the world; false where there is nothing.
    fn hear(&mut self) -> Result<bool, Trouble> {
        let mut heard = false;
        while let Ok(input) = self.inputs.try_recv() {
            self.worker.take(input);
            heard = true;
        }
        loop {
            let job = self.underway.borrow_mut().next_started();
            let Some(job) = job else { return Ok(heard) };
            heard = true;
            let call = self.theatre.call(&job)?;
            let play = match self.cast.answer(&call) {
                Ok(play) => play,
                Err(trouble) => {
                    // The line of the command is among what is written with the next entry.
                    self.worker.write_lazy().map_err(|error| failed(&error))?;
                    return Err(self.theatre.placed(trouble, &job));
                }
            };
            self.underway.borrow_mut().plays(&job, play, self.theatre.clock.now());
        }
    }

    /// What is due at this moment: the end of a job, or a cue.
    fn happens(&mut self) -> Result<bool, Trouble> {
        let now = self.theatre.clock.now();
        if self.underway.borrow_mut().end_due(now) {
            return Ok(true);
        }
        let Some((_, cue)) = self.cast.next_cue().filter(|(at, _)| *at <= now) else { return Ok(false) };
        self.worker.write_lazy().map_err(|error| failed(&error))?;
        self.cast.cue(cue)?;
        Ok(true)
    }

    fn next_moment(&self, now: Moment) -> Option<Moment> {
        let wake = self.worker.next_wake();
        let wake = wake.map(|after| now.plus_ms(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)));
        let cue = self.cast.next_cue().map(|(at, _)| at);
        wake.into_iter().chain(cue).chain(self.underway.borrow().next_end()).min()
    }

    fn pass(&self, ms: i64) {
        self.theatre.clock.advance(Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
    }

    /// The run waits, and nothing more comes: it is put down, as a process does that stops.
    fn put_down(&mut self) -> Result<(), Trouble> {
        self.worker.take(Input::Stop { patience: true });
        self.worker.drive(&self.inputs).map(drop).map_err(|error| failed(&error))
    }
}
