//! A story: a run told entry by entry, as a worker would, and replayed afterwards.

use crate::history::{
    ActivityCompleted, ActivityFailed, CancelCause, Choice, EffectOptions, Entry, Fact, Failure, Message,
    MessageBody, MessageId, MessageNo, Moment, OpId, Resolution, Restart, RunEnd, Value,
};
use crate::run::{
    Charter, Command, QueryError, ReplayError, Replayed, Run, Seen, Work, query, replay, replay_whole,
};
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
    pub(super) run: Run,
    pub(super) state: Replayed,
    pub(super) entries: Vec<Entry>,
    pub(super) now: i64,
    messages: u64,
    pub(super) logs: Vec<String>,
    pub(super) published: Vec<(String, Value)>,
    /// What could be seen from outside after each good entry.
    pub(super) stood: Vec<String>,
}

/// What a run shows after an entry: open commands with their instants, the end, what the stretch logged and published.
pub(super) fn sight(state: &Replayed) -> String {
    let open: Vec<String> = state
        .open
        .values()
        .map(|command| {
            let work = match &command.work {
                Work::Effect { input, .. } => format!("effect {input}"),
                Work::Timer { due, .. } => format!("timer {}", due.0),
                Work::Lock { due } => format!("lock until {due:?}"),
                Work::Dispatch(dispatch) => format!("dispatch {dispatch:?}"),
                Work::Wait => "wait".to_owned(),
            };
            format!(
                "{} {} {work} line {:?} at {}",
                command.op, command.label, command.line, command.scheduled_at.0
            )
        })
        .collect();
    format!("{open:?} {:?} {:?} {:?} {:?}", state.end, state.restart, state.last_logs, state.last_published)
}

pub(super) fn plain() -> Charter {
    Charter { id: "story".into(), secret: [7; 16], ..Charter::default() }
}

pub(super) fn compile(interpreter: &Interpreter, text: &str) -> Rc<Script> {
    let source = Source { path: "story.rhai".into(), main: text.into(), modules: [].into() };
    Script::compile(interpreter, source).expect("compiles")
}

impl Story {
    pub(super) fn of(text: &str) -> Self {
        Self::with(text, plain())
    }

    /// The same with an interpreter that other stories use too.
    pub(super) fn on(interpreter: &Interpreter, text: &str) -> Self {
        Self::told_by(interpreter.clone(), text, plain())
    }

    pub(super) fn with(text: &str, charter: Charter) -> Self {
        Self::told_by(Interpreter::new(), text, charter)
    }

    fn told_by(interpreter: Interpreter, text: &str, charter: Charter) -> Self {
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
            published: Vec::new(),
            stood: Vec::new(),
        }
    }

    /// Delivers a fact a second after the one before.
    pub(super) fn tell(&mut self, fact: Fact) -> Result<(), ReplayError> {
        self.now += 1_000;
        let entry = Entry { at: Moment(self.now), fact };
        self.entries.push(entry.clone());
        replay(&mut self.run, &mut self.state, &[entry], |_, _| ())?;
        self.stood.push(sight(&self.state));
        self.logs.extend(self.state.last_logs.iter().map(|said| said.text.clone()));
        self.published.extend(self.state.last_published.iter().cloned());
        Ok(())
    }

    /// Delivers a fact at which the script faults; gives kind and message.
    pub(super) fn breaks(&mut self, fact: Fact) -> (String, String) {
        match self.tell(fact) {
            Err(ReplayError::Stuck { stuck, .. }) => (stuck.kind, stuck.message),
            other => panic!("not stuck: {other:?} {:?}", self.end()),
        }
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

    /// The fact that an open timer came due; time goes there.
    pub(super) fn firing(&mut self, op: u32) -> Fact {
        let command = self.command(op);
        let (Work::Timer { due, .. } | Work::Lock { due: Some(due) }) = command.work else {
            panic!("op {op} is no timer")
        };
        let fact = Fact::of_timer(OpId(op), &command.label, due);
        self.now = self.now.max(due.0);
        fact
    }

    pub(super) fn fires(&mut self, op: u32) {
        let fact = self.firing(op);
        self.tell(fact).expect("fires");
    }

    /// Lets the grace that follows a cancel run out.
    pub(super) fn grace_ends(&mut self) {
        self.fires(OpId::GRACE.0);
    }

    /// Lets the run's own time-out come due.
    pub(super) fn times_out(&mut self) {
        self.fires(OpId::RUN_TIMEOUT.0);
    }

    pub(super) fn message(&mut self, body: MessageBody) -> Message {
        self.messages += 1;
        Message {
            no: MessageNo(self.messages),
            id: MessageId(u128::from(self.messages).to_be_bytes()),
            accepted_at: Moment(self.now),
            body,
        }
    }

    pub(super) fn signal(&mut self, name: &str, payload: Value) {
        let message = self.message(MessageBody::Signal { name: name.into(), payload });
        self.tell(Fact::of_message(&message)).expect("takes the signal");
    }

    pub(super) fn signalled(&mut self, name: &str, payload: Value) -> Message {
        self.message(MessageBody::Signal { name: name.into(), payload })
    }

    pub(super) fn sends(&mut self, name: &str, payload: impl Into<Value>) {
        let message = self.signalled(name, payload.into());
        self.tell(Fact::of_message(&message)).expect("takes the signal");
    }

    /// Somebody resolves or rejects a token.
    pub(super) fn resolves(&mut self, token: &str, resolution: Resolution) {
        let message = self.message(MessageBody::Resolve { token: token.into(), resolution });
        self.tell(Fact::of_message(&message)).expect("takes the resolution");
    }

    /// Ada answers a question.
    pub(super) fn answers(&mut self, op: u32, choice: &str) {
        let choice =
            Choice { choice: choice.into(), who: "ada".into(), note: "fine".into(), asked: String::new() };
        let message = self.message(MessageBody::Answer { question: OpId(op), choice });
        self.tell(Fact::of_message(&message)).expect("takes the answer");
    }

    /// The store grants a lock; gives what the run lets go of in that stretch.
    pub(super) fn grants(&mut self, op: u32, name: &str) {
        let message = self.message(MessageBody::Grant { op: OpId(op), name: name.into() });
        self.tell(Fact::of_message(&message)).expect("takes the grant");
    }

    /// The commands whose locks the run holds.
    pub(super) fn holds(&self) -> Vec<u32> {
        self.run.held_locks().map(|op| op.0).collect()
    }

    /// Somebody terminates the run and wants it taken back.
    pub(super) fn abandon(&mut self, reason: &str) {
        let message = self.message(MessageBody::Cancel { cause: CancelCause::Undo, reason: reason.into() });
        self.tell(Fact::of_message(&message)).expect("takes the termination");
    }

    /// The input of an open effect.
    pub(super) fn given(&self, op: u32) -> Value {
        match &self.command(op).work {
            Work::Effect { input, .. } => input.clone(),
            Work::Timer { .. } | Work::Lock { .. } | Work::Dispatch(_) | Work::Wait => {
                panic!("op {op} is no effect")
            }
        }
    }

    /// The same as text.
    pub(super) fn input(&self, op: u32) -> String {
        self.given(op).to_string()
    }

    /// What an open command shows.
    pub(super) fn shows(&self, op: u32) -> String {
        self.command(op).shown.to_string()
    }

    /// The options of an open effect.
    pub(super) fn options(&self, op: u32) -> &EffectOptions {
        match &self.command(op).work {
            Work::Effect { options, .. } => options,
            Work::Timer { .. } | Work::Lock { .. } | Work::Dispatch(_) | Work::Wait => {
                panic!("op {op} is no effect")
            }
        }
    }

    pub(super) fn cancel(&mut self, reason: &str) {
        let message =
            self.message(MessageBody::Cancel { cause: CancelCause::Request, reason: reason.into() });
        self.tell(Fact::of_message(&message)).expect("takes the cancel");
    }

    pub(super) fn open(&self) -> Vec<String> {
        self.state.open.values().map(|command| format!("{} {}", command.op, command.label)).collect()
    }

    /// The script's own open commands.
    pub(super) fn waits(&self) -> Vec<String> {
        let own = self.state.open.iter().filter(|(op, _)| **op < OpId::GRACE);
        own.map(|(op, command)| format!("{op} {}", command.label)).collect()
    }

    /// The numbers of the script's own open commands.
    pub(super) fn open_ops(&self) -> Vec<OpId> {
        self.state.open.keys().copied().filter(|op| *op < OpId::GRACE).collect()
    }

    /// Whether an open command ends by an outcome (true) or by its timer (false), if by either.
    pub(super) fn ends_by(&self, op: OpId) -> Option<bool> {
        match self.state.open.get(&op)?.work {
            Work::Effect { .. } | Work::Dispatch(_) => Some(true),
            Work::Timer { .. } => Some(false),
            Work::Lock { .. } | Work::Wait => None,
        }
    }

    /// The names of the strands that the open commands belong to.
    pub(super) fn names(&self) -> Vec<&str> {
        self.state.open.values().filter_map(|command| command.strand.as_deref()).collect()
    }

    /// How far the script said it is.
    pub(super) fn progress(&self) -> Option<(i64, i64)> {
        self.state.progress.as_ref().map(|told| (told.done, told.total))
    }

    /// Whether the timer of the grace or of the run's own time-out is set.
    pub(super) fn is_set(&self, op: OpId) -> bool {
        self.state.open.contains_key(&op)
    }

    /// The value of a completed run.
    pub(super) fn result(&self) -> &Value {
        match self.end() {
            Some(RunEnd::Completed { result }) => result,
            other => panic!("not completed: {other:?}, open: {:?}", self.open()),
        }
    }

    /// Kind and message of a failed run.
    pub(super) fn failure(&self) -> (&str, &str) {
        match self.end() {
            Some(RunEnd::Failed { failure }) => (&failure.kind, &failure.message),
            other => panic!("not failed: {other:?}, open: {:?}", self.open()),
        }
    }

    pub(super) fn end(&self) -> Option<&RunEnd> {
        self.state.end.as_ref()
    }

    /// How the next generation begins.
    pub(super) fn restart(&self) -> Option<&Restart> {
        self.state.restart.as_ref()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    pub(super) fn asks(&self, name: &str) -> Result<Value, QueryError> {
        self.asks_with(name, &[], self.now)
    }

    /// Asks with messages in the inbox, at an instant.
    pub(super) fn asks_with(&self, name: &str, inbox: &[Message], now: i64) -> Result<Value, QueryError> {
        query(
            &self.interpreter,
            &self.script,
            &self.charter,
            Seen { history: &self.entries, inbox, now: Moment(now) },
            name,
            &Value::Null,
        )
    }

    /// Replays the whole story, and each of its beginnings, under its own script.
    pub(super) fn replayed(&self) -> Told {
        for count in 0..self.stood.len() {
            let mut run = Run::new(&self.interpreter, Rc::clone(&self.script), self.charter.clone());
            let mut state = Replayed::default();
            if let Err(error) = replay_whole(&mut run, &mut state, &self.entries[..=count]) {
                return Told::Other(format!("stuck in the first {count} entries: {error:?}"));
            }
            let (seen, was) = (sight(&state), &self.stood[count]);
            if seen != *was {
                return Told::Other(format!("after entry {count}: was {was}, is {seen}"));
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
        match replay_whole(&mut run, &mut state, &self.entries) {
            Err(ReplayError::Stuck { stuck, .. }) => Told::Stuck(stuck.message, stuck.line),
            Err(ReplayError::NoMemory(message)) => Told::Other(message),
            Ok(()) if sight(&state) == sight(&self.state) => Told::Same,
            Ok(()) => Told::Other(sight(&state)),
        }
    }
}
