//! The hub: the owner's switchboard between the tables and the sessions of all processes.
//!
//! A message for a run that a session executes is offered to it first; its append is then the acknowledgement, one commit
//! in all. Where no append comes within five milliseconds, the message goes to the inbox, and the session is told again.

use super::note::Note;
use super::{Answer, Event, EventSink, NewMessage, Request, StoreError, Tables, Told};
use crate::history::{Message, MessageBody, MessageId, MessageNo, Moment, RunNo, Token};
use crate::timer::Clock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an executor has to take an offered message.
const OFFER_TIME: Duration = Duration::from_millis(5);

/// A session's number.
pub(super) type SessionId = u64;

/// The switchboard.
pub(super) struct Hub {
    tables: Arc<dyn Tables>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    taken: Condvar,
}

#[derive(Default)]
struct State {
    next_session: SessionId,
    sinks: BTreeMap<SessionId, EventSink>,
    executors: BTreeMap<RunNo, SessionId>,
    watchers: BTreeMap<RunNo, BTreeSet<SessionId>>,
    /// The sessions that go on with what nobody executes.
    attending: BTreeSet<SessionId>,
    offers: BTreeMap<MessageId, bool>,
    /// The ids of messages that are being delivered.
    delivering: BTreeSet<MessageId>,
    stamps: BTreeMap<RunNo, (MessageNo, Moment)>,
}

impl Hub {
    pub(super) fn new(tables: Arc<dyn Tables>, clock: Arc<dyn Clock>) -> Self {
        Self { tables, clock, state: Mutex::default(), taken: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session, of a process that executes these runs already. Of what it says only that counts which the store says, too: a run
    /// that was ended by others, opened again and claimed is another's, whatever its executor of before has not heard.
    pub(super) fn join(&self, sink: EventSink, process: Token, executing: &[RunNo]) -> SessionId {
        // Held while the rows are read, so that no claim comes in between.
        let mut state = self.state();
        let looks = executing.iter().map(|run| Request::View { run: *run }).collect();
        let held = self.tables.apply(looks).into_iter().filter_map(|answer| match answer {
            Ok(Answer::View(view)) => {
                view.row.claim.filter(|claim| claim.token == process).map(|_| view.row.no)
            }
            Ok(_) | Err(_) => None,
        });
        let held: Vec<RunNo> = if executing.is_empty() { Vec::new() } else { held.collect() };
        state.next_session += 1;
        let session = state.next_session;
        state.sinks.insert(session, sink);
        state.executors.extend(held.into_iter().map(|run| (run, session)));
        session
    }

    /// The session's process is gone.
    pub(super) fn leave(&self, session: SessionId) {
        let mut state = self.state();
        state.sinks.remove(&session);
        state.attending.remove(&session);
        let left: Vec<RunNo> = state
            .executors
            .iter()
            .filter(|(_, executor)| **executor == session)
            .map(|(run, _)| *run)
            .collect();
        for run in left {
            state.executors.remove(&run);
            state.free(run);
        }
        state.watchers.retain(|_, watchers| {
            watchers.remove(&session);
            !watchers.is_empty()
        });
    }

    /// What is wrong with the tables.
    pub(super) fn damage(&self) -> Option<StoreError> {
        self.tables.damage()
    }

    /// Does what a session asks.
    pub(super) fn call(&self, session: SessionId, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut together = Vec::new();
        // Messages to runs that nobody executes are written with the requests around them, in one commit.
        let mut turns = Vec::new();
        for request in requests {
            let Request::Deliver(message) = request else {
                together.push(request);
                continue;
            };
            if let Some(turn) = Turn::of_nobody(self, &message) {
                turns.push(turn);
                together.push(Request::Post(message));
            } else {
                answers.extend(self.apply(session, std::mem::take(&mut together)));
                turns.clear();
                answers.push(self.deliver(*message));
            }
        }
        answers.extend(self.apply(session, together));
        answers
    }

    fn apply(&self, session: SessionId, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        if requests.is_empty() {
            return Vec::new();
        }
        let notes: Vec<Note> = requests.iter().map(Note::of).collect();
        let mut answers = self.tables.apply(requests);
        let mut state = self.state();
        let mut resolved = false;
        let mut told = Told::default();
        for (note, answer) in notes.into_iter().zip(&mut answers) {
            if let Ok(answer) = answer {
                resolved |= state.note(session, note, answer);
                match answer {
                    Answer::Told(more) => {
                        told.messages.append(&mut more.messages);
                        told.ended.append(&mut more.ended);
                        told.recorded.append(&mut more.recorded);
                        *answer = Answer::Done;
                    }
                    Answer::Superseding { told: more, .. } => told.messages.extend(more.messages.clone()),
                    _ => {}
                }
            }
        }
        for (run, message) in told.messages {
            state.tell(run, message);
        }
        for run in told.ended {
            state.ended_unasked(run);
        }
        for run in told.recorded {
            state.free(run);
        }
        drop(state);
        if resolved {
            self.taken.notify_all();
        }
        answers
    }

    fn deliver(&self, new: NewMessage) -> Result<Answer, StoreError> {
        let _turn = Turn::wait(self, new.id);
        let run = new.run;
        let offered = match self.offer(&new)? {
            Offer::Answered(answer) => return Ok(answer),
            Offer::NotTaken(no) => Some(no),
            Offer::Nobody => None,
        };
        let (id, body) = (new.id, new.body.clone());
        let stored = self
            .tables
            .apply(vec![Request::Deliver(Box::new(new))])
            .pop()
            .unwrap_or_else(|| Err(StoreError::Protocol { message: "no answer".to_owned() }))?;
        if let Answer::Delivered { no, accepted_at, duplicate: false } = &stored {
            let message = Message { no: *no, id, accepted_at: *accepted_at, body };
            self.state().tell(run, message);
        }
        match stored {
            // The executor took what was offered after all, while nobody waited for it any more: it is no repetition.
            Answer::Delivered { no, accepted_at, duplicate: true } if offered == Some(no) => {
                Ok(Answer::Delivered { no, accepted_at, duplicate: false })
            }
            other => Ok(other),
        }
    }

    /// Offers a message to the run's executor; nothing where there is none, or it does not take it in time.
    fn offer(&self, new: &NewMessage) -> Result<Offer, StoreError> {
        if self.state().executor(new.run).is_none() {
            return Ok(Offer::Nobody);
        }
        let mut known = self
            .tables
            .apply(vec![Request::Recall { id: new.id }, Request::View { run: new.run }])
            .into_iter();
        let (recalled, view) = (known.next().transpose()?, known.next().transpose()?);
        let Some(Answer::View(view)) = view else { return Ok(Offer::Nobody) };
        // The rule of `Deliver`: else it would depend on who executes the run whether a request to end is heard.
        if let Some(recalled @ Answer::Delivered { .. }) = recalled
            && !super::rules::is_set_aside(&view.row, new)
        {
            return Ok(Offer::Answered(recalled));
        }
        super::reading::refuse_ended(&view.row)?;
        let waits = |op| Ok(view.pending.iter().find(|row| row.op == op).cloned());
        let mut state = self.state();
        let Some(sink) = state.executor(new.run) else { return Ok(Offer::Nobody) };
        let stamp = state.stamps.entry(new.run).or_default();
        stamp.0 = MessageNo(stamp.0.0.max(view.row.messages) + 1);
        stamp.1 = stamp.1.max(view.row.last_message_at).max(view.row.created_at).max(self.clock.now());
        let (no, accepted_at) = *stamp;
        super::questions::refuse_late(&view.row, &new.body, accepted_at, waits)?;
        state.offers.insert(new.id, false);
        drop(state);
        let message = Message { no, id: new.id, accepted_at, body: new.body.clone() };
        sink(Event::Message { run: new.run, message });
        let state = self.state();
        let still_open = |state: &mut State| state.offers.get(&new.id) == Some(&false);
        let (mut state, _) = self
            .taken
            .wait_timeout_while(state, OFFER_TIME, still_open)
            .unwrap_or_else(PoisonError::into_inner);
        let taken = state.offers.remove(&new.id) == Some(true);
        Ok(if taken {
            Offer::Answered(Answer::Delivered { no, accepted_at, duplicate: false })
        } else {
            Offer::NotTaken(no)
        })
    }
}

/// What became of an offer.
enum Offer {
    /// It was taken, or is known from before.
    Answered(Answer),
    /// The executor did not take it in time, under this number; it may still.
    NotTaken(MessageNo),
    /// Nobody executes the run.
    Nobody,
}

/// The turn of a message among those with its id. Two that say different things are delivered one after the other, so
/// that the second learns of the first, and who is acknowledged is who was heard.
struct Turn<'a> {
    hub: &'a Hub,
    id: MessageId,
}

impl<'a> Turn<'a> {
    fn wait(hub: &'a Hub, id: MessageId) -> Self {
        let others = |state: &mut State| state.delivering.contains(&id);
        let mut state = hub.taken.wait_while(hub.state(), others).unwrap_or_else(PoisonError::into_inner);
        state.delivering.insert(id);
        Self { hub, id }
    }

    /// That of a message to a run that nobody executes, where no other with its id is being delivered.
    fn of_nobody(hub: &'a Hub, message: &NewMessage) -> Option<Self> {
        let mut state = hub.state();
        let is_free = state.executor(message.run).is_none() && state.delivering.insert(message.id);
        is_free.then(|| Self { hub, id: message.id })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.hub.state().delivering.remove(&self.id);
        self.hub.taken.notify_all();
    }
}

impl State {
    fn executor(&self, run: RunNo) -> Option<EventSink> {
        self.executors.get(&run).and_then(|session| self.sinks.get(session)).cloned()
    }

    /// Takes note; true where an offered message was taken.
    fn note(&mut self, session: SessionId, note: Note, answer: &Answer) -> bool {
        match note {
            Note::Began => {
                if let Answer::Started { run, epoch: 1.. } | Answer::Superseding { run, epoch: 1.., .. } =
                    answer
                {
                    self.executors.insert(*run, session);
                }
            }
            Note::Recorded => {
                if let Answer::Started { run, .. } | Answer::Superseding { run, .. } = answer {
                    self.free(*run);
                }
            }
            Note::Attends => {
                self.attending.insert(session);
            }
            Note::Claimed(run) => {
                let before = self.executors.insert(run, session);
                if let Some(sink) =
                    before.filter(|before| *before != session).and_then(|it| self.sinks.get(&it))
                {
                    sink(Event::Changed { run });
                }
                self.changed(run, Some(session));
            }
            Note::Released(run) => {
                if self.executors.get(&run) == Some(&session) {
                    self.executors.remove(&run);
                    self.free(run);
                }
                self.changed(run, Some(session));
            }
            Note::Appended { run, delivered, ends } => {
                self.executors.insert(run, session);
                let mut resolved = false;
                for id in delivered {
                    if let Some(taken) = self.offers.get_mut(&id) {
                        *taken = true;
                        resolved = true;
                    }
                }
                if ends {
                    self.executors.remove(&run);
                    self.stamps.remove(&run);
                }
                self.changed(run, Some(session));
                return resolved;
            }
            Note::Terminated(run) => self.ended_unasked(run),
            Note::Posted(new) => {
                if let Answer::Delivered { no, accepted_at, duplicate: false } = answer {
                    let message = Message { no: *no, id: new.id, accepted_at: *accepted_at, body: new.body };
                    self.tell(new.run, message);
                }
            }
            Note::RetriedNow(run) => {
                match self.executor(run) {
                    Some(sink) => sink(Event::RetryNow { run }),
                    None => self.free(run),
                }
                self.changed(run, None);
            }
            Note::Refused(run) => self.changed(run, Some(session)),
            Note::Watched(run) => {
                self.watchers.entry(run).or_default().insert(session);
            }
            Note::Signalled(message) => self.signalled(session, *message, answer),
            Note::Nothing => {}
        }
        false
    }

    /// A message was written for a run: its executor is told.
    fn tell(&self, run: RunNo, message: Message) {
        match self.executor(run) {
            Some(sink) => sink(Event::Message { run, message }),
            None => self.free(run),
        }
        self.changed(run, None);
    }

    /// A run was ended by somebody else than its executor.
    fn ended_unasked(&mut self, run: RunNo) {
        if let Some(sink) = self.executors.remove(&run).and_then(|executor| self.sinks.get(&executor)) {
            sink(Event::Changed { run });
        }
        self.changed(run, None);
    }

    /// A signal was written: the run's executor is told, or, where the run was claimed with it, is this session.
    fn signalled(&mut self, session: SessionId, (id, body): (MessageId, MessageBody), answer: &Answer) {
        let Answer::Signalled { run, epoch, no, accepted_at, duplicate, .. } = answer else { return };
        if *epoch > 0 {
            self.executors.insert(*run, session);
        } else if !duplicate {
            self.tell(*run, Message { no: *no, id, accepted_at: *accepted_at, body });
            return;
        }
        self.changed(*run, None);
    }

    /// Tells those who attend that nobody executes a run, and that it may have something to do.
    fn free(&self, run: RunNo) {
        for sink in self.attending.iter().filter_map(|session| self.sinks.get(session)) {
            sink(Event::Work { run: Some(run) });
        }
    }

    /// Tells those who watch a run, except the one who changed it.
    fn changed(&self, run: RunNo, by: Option<SessionId>) {
        for session in self.watchers.get(&run).into_iter().flatten() {
            if Some(*session) != by
                && let Some(sink) = self.sinks.get(session)
            {
                sink(Event::Changed { run });
            }
        }
    }
}
