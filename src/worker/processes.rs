//! The real world: jobs become processes.

use super::effects::{Effects, Job, JobDone, JobKey, News, Ready};
use crate::activity::{
    Activities, Circumstance, Circumstances, Done, Failed, Found, FunctionCall, HttpAsk, LastLine, Launcher,
    ProcessEnd, ProcessOutput, Secrets, TranscriptPlace, Variables, call_file, call_function, call_http,
    end_leftover, find_activity, http_activity, http_ask, judge, note_path, prepared, process_of,
    transcript_path,
};
use crate::config::Notice;
use crate::history::{CommandKind, Value};
use crate::store::{LogStream, of_io};
use crate::timer::Clock;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Effects as processes of this machine.
pub struct Processes {
    launcher: Launcher,
    children: PathBuf,
    output: PathBuf,
    clock: Arc<dyn Clock>,
    variables: Variables,
    activities: Activities,
    ready: Ready,
}

impl Processes {
    /// Processes whose pids are noted in the folder `children` of the store's directory, and whose output is kept in its
    /// folder `output`. `variables` is the environment of this process, where secrets may be.
    ///
    /// # Errors
    /// The system's, where it gives no thread.
    pub fn new(
        directory: &Path,
        clock: Arc<dyn Clock>,
        variables: Variables,
        ready: Ready,
    ) -> io::Result<Self> {
        let (children, output) = (directory.join("children"), directory.join("output"));
        let activities = Activities::new();
        Ok(Self { launcher: Launcher::start()?, children, output, clock, variables, activities, ready })
    }

    /// The same with functions of this program.
    #[must_use]
    pub fn with_activities(self, activities: Activities) -> Self {
        Self { activities, ..self }
    }
}

impl Processes {
    /// See [`Launcher::kill_all`].
    pub fn kill_all(&self) -> impl Fn() + Send + use<> {
        self.launcher.kill_all()
    }

    fn start_http(&self, key: JobKey, ask: Result<HttpAsk, Failed>, secrets: Arc<Secrets>) {
        match ask {
            Err(failed) => (self.ready)(News::Done(JobDone { key, result: Err(failed) })),
            Ok(ask) => {
                let call = call_http(ask, Arc::clone(&self.clock), self.told(key, &secrets));
                self.launcher.call(key.serial, prepared(move || secrets.look_up(), call));
            }
        }
    }

    fn start_file(&self, job: Job, secrets: Arc<Secrets>) {
        let after = self.told(job.key, &secrets);
        let call = call_file(job.label.kind, job.input, Arc::clone(&job.start), after);
        self.launcher.call(job.key.serial, prepared(move || secrets.look_up(), call));
    }

    fn start_function(&self, job: Job, secrets: Arc<Secrets>) {
        let (key, beat) = (job.key, Arc::clone(&self.ready));
        let call = FunctionCall {
            activities: self.activities.clone(),
            told: Circumstance {
                run_id: job.run_id,
                name: job.label.name,
                op: key.op.0,
                attempt: job.attempt,
                key: job.idempotency_key,
                last_heartbeat: job.last_heartbeat,
            },
            input: job.input,
            secrets,
            timeout_ms: job.timeout_ms,
            on_heartbeat: Arc::new(move |details| beat(News::Heartbeat { key, details })),
        };
        let ready = Arc::clone(&self.ready);
        let after = move |result| ready(News::Done(JobDone { key, result }));
        self.launcher.heed(key.serial, |asked| call_function(call, asked, after));
    }

    /// Tells what a call came to, masked.
    fn told(&self, key: JobKey, secrets: &Arc<Secrets>) -> impl FnOnce(Result<Done, Failed>) + Send + use<> {
        let (ready, secrets) = (Arc::clone(&self.ready), Arc::clone(secrets));
        move |result| {
            let result = secrets.mask().result(result);
            ready(News::Done(JobDone { key, result }));
        }
    }
}

fn is_file(kind: CommandKind) -> bool {
    matches!(kind, CommandKind::ReadFile | CommandKind::WriteFile | CommandKind::Glob | CommandKind::Env)
}

/// The call of a service that a job is, where it is one.
fn http_of(job: &Job, secrets: &Arc<Secrets>) -> Option<Result<HttpAsk, Failed>> {
    let (start, key, timeout_ms) = (&job.start, job.idempotency_key.as_str(), job.timeout_ms);
    if job.label.kind == CommandKind::Http {
        return Some(http_ask(&job.input, start, key, timeout_ms, Arc::clone(secrets)));
    }
    if job.label.kind != CommandKind::Activity {
        return None;
    }
    match find_activity(Path::new(&start.program.path), &job.label.name, &job.config, &job.functions) {
        Ok(Found::Endpoint(endpoint)) => {
            Some(http_activity(&endpoint, &job.input, start, key, timeout_ms, Arc::clone(secrets)))
        }
        Ok(Found::Notice(Notice::Url(url))) => {
            let json = Value::from([("content-type", "application/json".into())]);
            let whole = [
                ("method", Value::from("POST")),
                ("url", url.as_str().into()),
                ("headers", json),
                ("body", job.input.clone()),
            ];
            let ask = http_ask(&Value::from(whole), start, key, timeout_ms, Arc::clone(secrets));
            Some(ask.map(|ask| HttpAsk { is_activity: true, ..ask }))
        }
        // What is wrong is told where the process would begin.
        Ok(Found::Executable(_) | Found::Program { .. } | Found::Notice(_)) | Err(_) => None,
    }
}

impl Effects for Processes {
    fn start(&mut self, job: Job) {
        let key = job.key;
        let ready = Arc::clone(&self.ready);
        let (config, variables) = (Arc::clone(&job.config), Arc::clone(&self.variables));
        let secrets = Secrets::new(job.start.secret, config, variables, job.secrets.clone());
        let secrets = Arc::new(secrets.with_those_in(&job.input));
        if is_file(job.label.kind) {
            self.start_file(job, secrets);
            return;
        }
        if job.label.kind == CommandKind::Activity && self.has_function(&job.label.name) {
            self.start_function(job, secrets);
            return;
        }
        if let Some(ask) = http_of(&job, &secrets) {
            self.start_http(key, ask, secrets);
            return;
        }
        let note = note_path(&self.children, key.run.0, key.op.0);
        // What was meant, perhaps, where there is no such activity.
        let functions: Vec<String> =
            job.functions.iter().cloned().chain(self.activities.names().map(str::to_owned)).collect();
        let told = Circumstances {
            run_id: &job.run_id,
            op: key.op.0,
            attempt: job.attempt,
            idempotency_key: &job.idempotency_key,
            timeout_ms: job.timeout_ms,
            last_heartbeat: job.last_heartbeat.as_ref(),
            config: &job.config,
            functions: &functions,
            secrets: &secrets,
            note: Some(note.clone()),
            transcript: Some(TranscriptPlace {
                path: transcript_path(&self.output, key.run.0, key.op.0, job.attempt),
                clock: Arc::clone(&self.clock),
            }),
        };
        match process_of(&job.label, &job.input, &job.start, told) {
            Err(failed) => ready(News::Done(JobDone { key, result: Err(failed) })),
            Ok((mut spec, ok_codes)) => {
                let beat = Arc::clone(&ready);
                let (writes, last) = (Arc::clone(&ready), LastLine::default());
                spec.on_line = Some(Arc::new(move |_, line| {
                    if last.take(line) {
                        writes(News::Writes { key, last: last.clone() });
                    }
                }));
                spec.on_heartbeat = Some(Arc::new(move |details| beat(News::Heartbeat { key, details })));
                let clock = Arc::clone(&self.clock);
                let place = note.display().to_string();
                let before = Box::new(move || end_leftover(&note, clock.as_ref()));
                let (label, timeout_ms, attempt) = (job.label, job.timeout_ms, job.attempt);
                let after = Box::new(move |output: ProcessOutput| {
                    if let ProcessEnd::NotStarted(error) = &output.end
                        && let Some(error) = error.of_note()
                    {
                        ready(News::Unkept(of_io(error, &place)));
                        return;
                    }
                    let (stdout, stderr) = ends(&output);
                    let result = secrets.mask().result(judge(&label, output, &ok_codes, timeout_ms));
                    // What a success wrote on stdout is its result.
                    let stdout = Some(stdout).filter(|_| result.is_err());
                    for (stream, end) in [(LogStream::Stdout, stdout), (LogStream::Stderr, Some(stderr))] {
                        if let Some(end) = end.filter(|end| !end.trim().is_empty()) {
                            ready(News::Wrote { key, attempt, stream, end });
                        }
                    }
                    ready(News::Done(JobDone { key, result }));
                });
                self.launcher.launch(key.serial, spec, before, after);
            }
        }
    }

    fn has_function(&self, name: &str) -> bool {
        self.activities.knows(name)
    }

    fn stop(&mut self, key: JobKey) {
        self.launcher.stop(key.serial);
    }

    fn stop_all(&mut self, patience: bool) {
        self.launcher.stop_all(patience);
    }
}

/// The ends of both outputs of a process.
fn ends(output: &ProcessOutput) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout_end), text(&output.stderr))
}
