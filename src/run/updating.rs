//! Updates inside a run: which are let in, the strands that handle them, and the answers that those leave.

use super::mailbox::Due;
use super::nondeterminism;
use super::run::{Broken, Run};
use super::strands::{Kind, Slot};
use super::world::World;
use crate::history::{
    Failure, MessageId, MessageNo, UpdateAccepted, UpdateAnswer, UpdateCompleted, Value, kind,
};
use crate::script::{Closure, Thrown};
use std::collections::VecDeque;
use std::rc::Rc;

/// What a script has registered for the updates of a name.
pub(super) struct Handler {
    pub(super) handler: Closure,
    pub(super) validate: Option<Closure>,
}

/// An update that was let in and is not answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Update {
    name: String,
    /// What is shown of its strand.
    shown: String,
    no: MessageNo,
    id: MessageId,
}

/// Whether an update is let in.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// It is.
    Accepted,
    /// It is not; nothing of it is recorded.
    Refused(Failure),
    /// That cannot be told before the next input: a call that has not returned holds a variable that `validate` reads.
    Later,
}

impl Run {
    /// Whether the script, as it stands, lets an update in. Nothing changes by it.
    pub fn judge(&self, name: &str, argument: &Value) -> Judged {
        if !self.ending.is_open() {
            let message = "the run is about to end; it takes no more updates";
            return Judged::Refused(Failure::new(kind::ENDED, message));
        }
        let validate = {
            let state = self.world.state.borrow();
            let Some(handler) = state.updates.get(name) else {
                let known: Vec<Value> = state.updates.keys().map(|name| name.as_str().into()).collect();
                let message = format!("the script has no update \"{name}\"");
                let failure = Failure::new(kind::NO_SUCH_UPDATE, message);
                return Judged::Refused(failure.with("known", Value::List(known)));
            };
            handler.validate.clone()
        };
        let Some(validate) = validate else { return Judged::Accepted };
        if validate.is_held() {
            return Judged::Later;
        }
        match self.read(&validate, Some(argument)) {
            Ok(Value::Bool(false)) => {
                let message = format!("the script does not let this update \"{name}\" in");
                Judged::Refused(Failure::new(kind::REJECTED, message))
            }
            Ok(_) => Judged::Accepted,
            Err(Thrown::Failure(failure)) => Judged::Refused(failure),
            Err(Thrown::Fault(stuck)) => {
                Judged::Refused(Failure { line: stuck.line, ..Failure::new(kind::FAULT, stuck.message) })
            }
        }
    }

    /// The names of the updates that cannot be judged before the next input.
    pub fn held_updates(&self) -> Vec<String> {
        let state = self.world.state.borrow();
        let is_held = |handler: &Handler| handler.validate.as_ref().is_some_and(Closure::is_held);
        state.updates.iter().filter(|(_, handler)| is_held(handler)).map(|(name, _)| name.clone()).collect()
    }

    /// The answers that the history does not have yet, in the order in which they were given.
    pub fn unrecorded_answers(&self) -> impl Iterator<Item = &UpdateCompleted> {
        self.answers.iter()
    }

    /// Takes an update that was let in: its handler begins like that of a signal.
    pub(super) fn accept_update(&mut self, accepted: &UpdateAccepted) -> Result<(), Broken> {
        let mut state = self.world.state.borrow_mut();
        let Some(handler) = state.updates.get(&accepted.name).map(|known| known.handler.clone()) else {
            return Err(nondeterminism::no_update(&accepted.name, &self.script.source().path).into());
        };
        let update = Update {
            name: accepted.name.clone(),
            shown: format!("update {}", accepted.name),
            no: accepted.message_no,
            id: accepted.message_id,
        };
        state.mailbox.begin(Due { handler, payload: accepted.argument.clone(), update: Some(update) });
        Ok(())
    }

    /// The history has an answer, which the script has given.
    pub(super) fn update_completed(&mut self, completed: &UpdateCompleted) -> Result<(), Broken> {
        let place = self.answers.iter().position(|given| given.message_id == completed.message_id);
        if place.and_then(|place| self.answers.remove(place)).is_none() {
            let file = &self.script.source().path;
            return Err(nondeterminism::not_answered(&completed.name, file).into());
        }
        Ok(())
    }

    pub(super) fn begin_update(&mut self, due: &Due, update: Update) -> Result<(), Broken> {
        let host: Rc<World> = Rc::clone(&self.world);
        let strand = self
            .interpreter
            .answer(&self.script, host, self.meter.clone(), &due.handler, &due.payload)
            .map_err(Broken::NoMemory)?;
        self.add(Slot::new(strand, Kind::Update(update)));
        Ok(())
    }

    /// The handler of an update has ended; whatever left it is the answer, and nothing else.
    pub(super) fn answer_update(&mut self, update: Update, result: Result<Value, Failure>) {
        let answer = match result {
            Ok(value) => UpdateAnswer::Gave(value),
            Err(failure) => UpdateAnswer::Threw(failure),
        };
        let Update { name, no, id, .. } = update;
        let completed = UpdateCompleted { message_no: no, message_id: id, name, answer };
        self.world.state.borrow_mut().stretch.answered.push(completed.clone());
        self.answers.push_back(completed);
    }

    /// The run fails: what was let in and has not begun never will, and who asked is told.
    pub(super) fn answer_what_never_begins(&mut self) {
        let updates = self.world.state.borrow_mut().mailbox.drop_updates();
        for update in updates {
            let message = "the run failed before the update was handled";
            self.answer_update(update, Err(Failure::new(kind::CANCELLED, message)));
        }
    }
}

impl Update {
    /// What is shown of its strand.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

/// Answers that were given and are not recorded.
pub(super) type Answers = VecDeque<UpdateCompleted>;
