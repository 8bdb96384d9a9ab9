//! The stage of one test: the worker and the store in memory, a clock that jumps to whatever comes next, and a world that is played.

use super::super::{
    AnswerRequest, BadInput, ClientError, Engine, Executor as _, LoadedProgram, ProgramError, Session,
    answer, hinted, load_program, resolve, view,
};
use super::deaths::{Death, Deaths, Lives, Mortal};
use super::drama::Life;
use super::look::look;
use crate::config::Configs;
use crate::history::{
    CancelCause, Claim, CommandKind, MessageBody, MessageId, Moment, Resolution, RunId, RunNo, RunStart,
    StoredStatus, Value, nearest,
};
use crate::script::{Call, Cast, Plan, Played, Say, Spot, Stage, Trouble};
use crate::store::{Answer, LocalSession, MemoryTables, NewMessage, NewRun, Request};
use crate::timer::{Clock as _, ManualClock};
use crate::worker::{Job, WorkerError};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// When every test begins: 2026-01-01 00:00 UTC, a Thursday.
const DAWN: Moment = Moment(1_767_225_600_000);

/// A run of the test.
struct Begun {
    run: RunNo,
    id: RunId,
    /// The updates that it was sent.
    updates: Vec<(String, MessageId)>,
}

/// The stage.
pub(super) struct Theatre {
    pub(super) clock: ManualClock,
    pub(super) base: LocalSession,
    pub(super) lives: Arc<Lives>,
    pub(super) deaths: Arc<Deaths>,
    pub(super) session: RefCell<Rc<Session>>,
    pub(super) configs: Arc<Configs>,
    folder: PathBuf,
    script: PathBuf,
    runs: RefCell<Vec<Begun>>,
    messages: Cell<u64>,
    /// How often each attempt has asked for the same in this life: a body may call outside more than once.
    pub(super) direct: RefCell<BTreeMap<(RunNo, u32, u32, String), u32>>,
}

impl Theatre {
    /// A stage without runs. `test` is the file of the test, `script` the one that it is named after.
    pub(super) fn new(test: &Path, script: PathBuf, configs: Arc<Configs>, death: Option<Death>) -> Self {
        let clock = ManualClock::at(DAWN);
        let lives = Arc::new(Lives::default());
        let tables = MemoryTables::new(Arc::new(clock.clone()), Arc::<Lives>::clone(&lives));
        let base = LocalSession::alone(Arc::new(tables), Arc::new(clock.clone()));
        let deaths = Arc::new(Deaths::planned(death));
        let session = session(&base, &clock, &deaths, &lives);
        Self {
            clock,
            base,
            lives,
            deaths,
            session: RefCell::new(Rc::new(session)),
            configs,
            folder: test.parent().unwrap_or(Path::new("/")).to_owned(),
            script,
            runs: RefCell::default(),
            messages: Cell::new(0),
            direct: RefCell::default(),
        }
    }

    /// How many entries its runs have recorded.
    pub(super) fn entries(&self) -> usize {
        self.deaths.entries()
    }

    /// How long the test has lasted on its clock.
    pub(super) fn lasted_ms(&self) -> i64 {
        self.clock.now().since_ms(DAWN)
    }

    fn session(&self) -> Rc<Session> {
        Rc::clone(&self.session.borrow())
    }

    fn run(&self, run: usize) -> Result<(RunNo, RunId), Trouble> {
        let runs = self.runs.borrow();
        let found = runs.get(run).map(|begun| (begun.run, begun.id.clone()));
        found.ok_or_else(|| Trouble::new("D1403", "there is no such run"))
    }

    fn next_message(&self) -> MessageId {
        self.messages.set(self.messages.get() + 1);
        MessageId::of_key("test", &self.messages.get().to_string())
    }
}

/// A session of the next process.
pub(super) fn session(
    base: &LocalSession,
    clock: &ManualClock,
    deaths: &Arc<Deaths>,
    lives: &Arc<Lives>,
) -> Session {
    let store = Arc::new(Mortal { inner: base.another(), deaths: Arc::clone(deaths) });
    let claim = Claim { token: lives.next(), pid: 1 };
    Session::new(store, Arc::new(clock.clone()), Arc::new(Engine::default()), claim, PathBuf::from("/"))
}

impl Theatre {
    /// A job as the cast is asked for it.
    pub(super) fn call(&self, job: &Job) -> Result<Call, Trouble> {
        let row = view(&self.session(), job.key.run).map_err(|error| broken(&error))?.row;
        let mut direct = self.direct.borrow_mut();
        let counted =
            direct.entry((job.key.run, job.key.op.0, job.attempt, job.label.to_string())).or_default();
        let nth = *counted;
        *counted += 1;
        Ok(Call {
            run: job.run_id.clone(),
            generation: row.generation,
            op: job.key.op.0,
            nth,
            label: job.label.clone(),
            input: job.input.clone(),
            attempt: job.attempt,
            key: job.idempotency_key.clone(),
            at: self.clock.now(),
        })
    }

    /// Trouble with what a script asked for, at the line that asked.
    pub(super) fn placed(&self, mut trouble: Trouble, job: &Job) -> Trouble {
        if trouble.code != "D1402" {
            return trouble;
        }
        let session = self.session();
        let line = view(&session, job.key.run)
            .ok()
            .and_then(|view| view.pending.into_iter().find(|row| row.op == job.key.op)?.line);
        if let (Some(line), Ok((path, text))) = (line, super::super::script_text(&session, job.key.run)) {
            trouble.place = Some(Box::new(Spot { file: path, text, line, column: None }));
        }
        trouble
    }

    fn load(&self, plan: &Plan) -> Result<LoadedProgram, Trouble> {
        let path = plan.script.as_ref().map_or_else(|| self.script.clone(), |name| self.folder.join(name));
        load_program(&path, &Engine::default()).map_err(|error| {
            let trouble = Trouble::new("D1406", error.to_string());
            match error {
                ProgramError::NotFound { near, .. } if near.iter().any(is_no_test) => {
                    let near: Vec<String> = near.into_iter().filter(is_no_test).collect();
                    trouble.hint(format!("did you mean {}?", near.join(" or ")))
                }
                ProgramError::NotFound { .. } if plan.script.is_none() => trouble
                    .hint("name the script, relative to the folder of the test: run(\"order.rhai\", input)"),
                ProgramError::Syntax { error, text: Some(text), path } => Trouble {
                    place: error.line.map(|line| {
                        let file = path.display().to_string();
                        Box::new(Spot { file, text, line, column: error.column })
                    }),
                    ..trouble
                },
                _ => trouble,
            }
        })
    }

    fn post(&self, run: RunNo, body: MessageBody) -> Result<MessageId, Trouble> {
        let id = self.next_message();
        let message = NewMessage { run, id, keyed: true, body };
        self.session()
            .store()
            .ask(Request::Post(Box::new(message)))
            .map_err(|error| unsaid(&error.into()))?;
        Ok(id)
    }

    fn token(&self, run: RunNo) -> Result<String, Trouble> {
        let view = view(&self.session(), run).map_err(|error| broken(&error))?;
        let token = view.pending.into_iter().find(|row| row.label.kind == CommandKind::WaitToken);
        token.map(|row| row.label.name).ok_or_else(|| Trouble::new("D1407", "the run waits for no token now"))
    }
}

impl Stage for Theatre {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn pass(&self, ms: i64) {
        self.clock.advance(Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
    }

    fn begin(&self, plan: &Plan) -> Result<usize, Trouble> {
        let program = self.load(plan)?;
        let input = program.fit(plan.input.clone()).map_err(|error| unfit(&error))?;
        if let Some(at) = plan.at.filter(|at| *at > self.clock.now()) {
            self.pass(at.since_ms(self.clock.now()));
        }
        let number = self.runs.borrow().len() + 1;
        let id = plan.id.clone().unwrap_or_else(|| format!("run-{number}"));
        let id = RunId::parse(&id).map_err(|error| Trouble::new("D1406", error.to_string()))?;
        let mut secret = [7; 16];
        if let (Some(first), Ok(number)) = (secret.first_mut(), u8::try_from(number)) {
            *first = number;
        }
        let new = NewRun::new(
            MessageId::of_key("start", id.as_str()),
            id.clone(),
            RunStart {
                program: program.program,
                input,
                directory: self.folder.to_string_lossy().into_owned(),
                environment: plan.environment.clone(),
                timeout_ms: plan.timeout_ms,
                secret,
                patches: crate::history::Patches::default(),
            },
            program.texts,
        );
        let started = self.session().store().ask(Request::Start(Box::new(new)));
        let Answer::Started { run, .. } = started.map_err(|error| broken(&error.into()))? else {
            return Err(Trouble::new("D1406", format!("there is a run {id} already")));
        };
        self.runs.borrow_mut().push(Begun { run, id, updates: Vec::new() });
        Ok(number - 1)
    }

    fn play(&self, run: usize, until: Option<Moment>, cast: Rc<dyn Cast>) -> Result<(), Trouble> {
        let (run, id) = self.run(run)?;
        while let Life::Died = self.live(run, &id, until, &cast)? {
            self.deaths.reborn();
        }
        let session = self.session();
        let seen = view(&session, run).map_err(|error| broken(&error))?;
        if let StoredStatus::Stuck(stuck) = seen.row.status {
            let stuck = hinted(&session, run, &stuck);
            let mut trouble = Trouble::new("D1408", format!("the run is stuck: {}", stuck.message));
            trouble.hint = stuck.hint;
            if let (Some(line), Ok((path, text))) = (stuck.line, super::super::script_text(&session, run))
                && stuck.file.is_none_or(|file| file == path)
            {
                trouble.place = Some(Box::new(Spot { file: path, text, line, column: stuck.column }));
            }
            return Err(trouble);
        }
        Ok(())
    }

    fn say(&self, nth: usize, say: &Say) -> Result<(), Trouble> {
        let (run, id) = self.run(nth)?;
        let session = self.session();
        match say.clone() {
            Say::Signal { name, payload } => self.post(run, MessageBody::Signal { name, payload }).map(drop),
            Say::Cancel { reason } => {
                self.post(run, MessageBody::Cancel { cause: CancelCause::Request, reason }).map(drop)
            }
            Say::Update { name, argument } => {
                let message = self.post(run, MessageBody::Update { name: name.clone(), argument })?;
                if let Some(begun) = self.runs.borrow_mut().get_mut(nth) {
                    begun.updates.push((name, message));
                }
                Ok(())
            }
            Say::Answer { choice, who, note } => {
                let request = AnswerRequest { choice, who, note, question: None };
                answer(&session, id.as_str(), request).map(drop).map_err(|error| unsaid(&error))
            }
            Say::Resolve(value) => {
                let token = self.token(run)?;
                resolve(&session, &token, &Resolution::Resolved(value))
                    .map(drop)
                    .map_err(|error| unsaid(&error))
            }
            Say::Reject(message) => {
                let token = self.token(run)?;
                resolve(&session, &token, &Resolution::Rejected(message))
                    .map(drop)
                    .map_err(|error| unsaid(&error))
            }
        }
    }

    fn query(&self, run: usize, name: &str, args: &Value) -> Result<Value, Trouble> {
        let (run, _) = self.run(run)?;
        Engine::default().query(&self.session(), run, name, args).map_err(|error| {
            let trouble = Trouble::new("D1407", error.to_string());
            match error {
                super::super::QueryError::Unknown { known, .. } if !known.is_empty() => {
                    trouble.hint(format!("its queries are {}", known.join(", ")))
                }
                _ => trouble,
            }
        })
    }

    fn writes(&self, run: usize, word: &str) -> bool {
        let text = self.run(run).ok().and_then(|(no, _)| super::super::script_text(&self.session(), no).ok());
        text.is_some_and(|(_, text)| text.contains(&format!("\"{word}\"")))
    }

    fn look(&self, run: usize) -> Result<Played, Trouble> {
        let (no, _) = self.run(run)?;
        let sent = self.runs.borrow().get(run).map(|begun| begun.updates.clone()).unwrap_or_default();
        look(&self.session(), no, &sent).map_err(|error| broken(&error))
    }
}

#[expect(clippy::ptr_arg, reason = "the filter of a list of names")]
fn is_no_test(name: &String) -> bool {
    super::super::is_script(name) && !name.ends_with(super::super::project::TESTS)
}

pub(super) fn failed(error: &WorkerError) -> Trouble {
    Trouble::new("D1403", format!("the worker gave up: {error}"))
}

pub(super) fn broken(error: &ClientError) -> Trouble {
    Trouble::new("D1403", format!("the store of the test failed: {error}"))
}

fn unsaid(error: &ClientError) -> Trouble {
    let trouble = || Trouble::new("D1407", error.to_string());
    match error {
        ClientError::NoChoice { question, given, .. } => {
            let near = nearest(given, question.choices.iter().map(String::as_str));
            let choices = format!("its choices are {}", question.choices.join(", "));
            trouble()
                .hint(near.map_or_else(|| choices.clone(), |near| format!("did you mean {near}? {choices}")))
        }
        _ => trouble(),
    }
}

/// An input that the script does not take.
fn unfit(error: &ClientError) -> Trouble {
    let near = match error {
        ClientError::Input { wrong, .. } => wrong.iter().find_map(|wrong| match wrong {
            BadInput::Unknown { near, .. } => near.as_ref(),
            BadInput::Missing { .. } | BadInput::Type { .. } | BadInput::NoMap { .. } => None,
        }),
        _ => None,
    };
    let trouble = Trouble::new("D1406", error.to_string());
    match near {
        Some(near) => trouble.hint(format!("did you mean {near}?")),
        None => trouble,
    }
}
