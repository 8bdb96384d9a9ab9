//! A story: a run told entry by entry, as a worker would, and replayed afterwards.

use crate::history::{
    ActivityCompleted, ActivityFailed, CancelCause, Entry, Fact, Failure, Message, MessageBody, MessageId,
    MessageNo, Moment, OpId, RunEnd, Value,
};
use crate::run::{Charter, Command, ReplayError, Replayed, Run, Seen, Work, query, replay};
use crate::script::{Interpreter, Script, Source};
use std::rc::Rc;

/// What a replay of the story says.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    /// The same open commands and the same end.
    Same,
    /// Other open commands or another end.
    Other(String),
    /// The script does not fit: message and line.
    Stuck(String, Option<u32>),
}

pub(super) struct Story {
    pub(super) interpreter: Interpreter,
    pub(super) script: Rc<Script>,
    pub(super) charter: Charter,
    run: Run,
    state: Replayed,
    entries: Vec<Entry>,
    pub(super) now: i64,
    messages: u64,
    pub(super) logs: Vec<String>,
    stood: Vec<(Vec<OpId>, Option<RunEnd>)>,
}

fn compile(interpreter: &Interpreter, text: &str) -> Rc<Script> {
    let source = Source { path: "story.rhai".into(), main: text.into(), modules: [].into() };
    Script::compile(interpreter, source).expect("compiles")
}

impl Story {
    pub(super) fn of(text: &str) -> Self {
        Self::with(text, Charter { id: "story".into(), generation: 0, input: Value::Null, timeout_ms: None })
    }

    pub(super) fn with(text: &str, charter: Charter) -> Self {
        let interpreter = Interpreter::new();
        let script = compile(&interpreter, text);
        let run = Run::new(&interpreter, Rc::clone(&script), charter.clone());
        Self {
            interpreter,
            script,
            charter,
            run,
            state: Replayed::default(),
            entries: Vec::new(),
            now: 1_000_000,
            messages: 0,
            logs: Vec::new(),
            stood: Vec::new(),
        }
    }

    /// Delivers a fact a second after the one before.
    pub(super) fn tell(&mut self, fact: Fact) -> Result<(), ReplayError> {
        self.now += 1_000;
        let entry = Entry { at: Moment(self.now), fact };
        self.entries.push(entry.clone());
        let told = replay(&mut self.run, &mut self.state, &[entry], |_, _| ());
        if told.is_ok() {
            self.stood.push((self.state.open.keys().copied().collect(), self.state.end.clone()));
        }
        self.logs.extend(std::mem::take(&mut self.state.last_logs).into_iter().map(|said| said.text));
        told
    }

    pub(super) fn begin(&mut self) {
        self.tell(Fact::RunBegan { seed: 5 }).expect("begins");
    }

    fn command(&self, op: u32) -> &Command {
        self.state.open.get(&OpId(op)).unwrap_or_else(|| panic!("op {op} is not open: {:?}", self.open()))
    }

    pub(super) fn completion(&self, op: u32, result: Value) -> Fact {
        let command = self.command(op);
        Fact::ActivityCompleted(Box::new(ActivityCompleted {
            op: OpId(op),
            label: command.label.clone(),
            input: Value::Null,
            result,
            attempts: 1,
            scheduled_at: command.scheduled_at,
            ended_at: Moment(self.now),
        }))
    }

    pub(super) fn completes(&mut self, op: u32, result: Value) {
        let fact = self.completion(op, result);
        self.tell(fact).expect("completes");
    }

    pub(super) fn fails(&mut self, op: u32, failure: Failure) {
        let command = self.command(op);
        let fact = Fact::ActivityFailed(Box::new(ActivityFailed {
            op: OpId(op),
            label: command.label.clone(),
            input: Value::Null,
            failure,
            attempts: 1,
            scheduled_at: command.scheduled_at,
            ended_at: Moment(self.now),
        }));
        self.tell(fact).expect("fails");
    }

    pub(super) fn fires(&mut self, op: u32) {
        let command = self.command(op);
        let Work::Timer { due } = command.work else { panic!("op {op} is no timer") };
        let fact = Fact::of_timer(OpId(op), &command.label, due);
        self.now = self.now.max(due.0);
        self.tell(fact).expect("fires");
    }

    pub(super) fn message(&mut self, body: MessageBody) -> Message {
        self.messages += 1;
        Message {
            no: MessageNo(self.messages),
            id: MessageId::default(),
            accepted_at: Moment(self.now),
            body,
        }
    }

    pub(super) fn signal(&mut self, name: &str, payload: Value) {
        let message = self.message(MessageBody::Signal { name: name.into(), payload });
        self.tell(Fact::of_message(&message)).expect("takes the signal");
    }

    pub(super) fn cancel(&mut self, reason: &str) {
        let message =
            self.message(MessageBody::Cancel { cause: CancelCause::Request, reason: reason.into() });
        self.tell(Fact::of_message(&message)).expect("takes the cancel");
    }

    pub(super) fn open(&self) -> Vec<String> {
        self.state.open.values().map(|command| format!("{} {}", command.op, command.label)).collect()
    }

    pub(super) fn end(&self) -> Option<&RunEnd> {
        self.state.end.as_ref()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    pub(super) fn asks(&self, name: &str) -> Result<Value, crate::run::QueryError> {
        query(
            &self.interpreter,
            &self.script,
            &self.charter,
            Seen { history: &self.entries, inbox: &[], now: Moment(self.now) },
            name,
            &Value::Null,
        )
    }

    /// Replays the whole story, and each of its beginnings, under its own script.
    pub(super) fn replayed(&self) -> Told {
        // Each beginning stands as it stood when it was told live.
        for (count, live) in (1..).zip(&self.stood) {
            let mut run = Run::new(&self.interpreter, Rc::clone(&self.script), self.charter.clone());
            let mut state = Replayed::default();
            let told = replay(&mut run, &mut state, &self.entries[..count], |_, _| ());
            let stands = (state.open.keys().copied().collect::<Vec<_>>(), state.end);
            if told.is_err() || stands != *live {
                return Told::Other(format!("after entry {count}: {told:?}, {stands:?} and not {live:?}"));
            }
        }
        self.replay_under(&Rc::clone(&self.script))
    }

    pub(super) fn replayed_under(&self, text: &str) -> Told {
        self.replay_under(&compile(&self.interpreter, text))
    }

    fn replay_under(&self, script: &Rc<Script>) -> Told {
        let mut run = Run::new(&self.interpreter, Rc::clone(script), self.charter.clone());
        let mut state = Replayed::default();
        match replay(&mut run, &mut state, &self.entries, |_, _| ()) {
            Err(ReplayError::Stuck { stuck, .. }) => Told::Stuck(stuck.message, stuck.line),
            Err(ReplayError::NoMemory(message)) => Told::Other(message),
            Ok(()) if state.end == self.state.end && state.open.keys().eq(self.state.open.keys()) => {
                Told::Same
            }
            Ok(()) => Told::Other(format!("{:?} {:?}", state.open.keys(), state.end)),
        }
    }
}
