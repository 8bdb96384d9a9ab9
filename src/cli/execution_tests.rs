//! What an execution leaves behind: words on stdout and stderr, and the exit code.

use super::*;
use crate::cli::args::CommandLine;
use crate::cli::environment::Environment;
use crate::client::testing::{id, session_with, view};
use crate::client::{ExecuteError, Executor, Progress, QueryError, Stop, StopLevel, StoreError, SyntaxError};
use crate::history::{CommandKind, CommandLabel, Failure, Moment, OpId, RunEnd, StoredStatus, Stuck, Value};
use crate::store::Answer;
use crate::timer::ManualClock;
use clap::Parser as _;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Heard {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("unpoisoned").clone()).expect("UTF-8")
    }
}

/// Ends every run in the same way; a signal, where it is to come, comes first.
struct Puppet {
    finished: Result<Finished, ExecuteError>,
    signal: Option<i32>,
}

impl Executor for Puppet {
    fn execute(
        &self,
        _session: &Session,
        runs: Vec<Claimed>,
        options: ExecuteOptions,
    ) -> Result<Vec<(RunNo, Finished)>, ExecuteError> {
        let label = CommandLabel { kind: CommandKind::Sleep, name: String::new() };
        let wait = Progress::Waiting {
            op: OpId(0),
            label,
            due: None,
            line: None,
            strand: None,
            choices: Vec::new(),
        };
        for run in &runs {
            (options.observer)(run.run, wait.clone());
        }
        if let Some(signal) = self.signal {
            signal_hook::low_level::raise(signal).expect("raised");
            until_stopped(&options.stop);
        }
        let finished = self.finished.clone()?;
        Ok(runs.into_iter().map(|run| (run.run, finished.clone())).collect())
    }

    fn query(&self, _: &Session, _: RunNo, _: &str, _: &Value) -> Result<Value, QueryError> {
        Err(QueryError::None)
    }

    fn queries(&self, _: &Session, _: RunNo) -> Result<Vec<String>, QueryError> {
        Err(QueryError::None)
    }

    fn gather(
        &self,
        _: &str,
        _: &str,
        _: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<BTreeMap<String, String>, SyntaxError> {
        Ok(BTreeMap::new())
    }
}

fn until_stopped(stop: &Stop) {
    let (sender, stopped) = std::sync::mpsc::channel();
    stop.on_request(move || {
        let _ = sender.send(());
    });
    stopped.recv_timeout(std::time::Duration::from_secs(10)).expect("the handler raised the flag");
    assert!(stop.level() >= StopLevel::Park);
}

/// Executes runs 7, 8 … and gives stdout, stderr and the exit code.
fn executed(puppet: Puppet, runs: &[&str], answers: Vec<Result<Answer, StoreError>>) -> (String, String, u8) {
    let (out, err) = (Heard::default(), Heard::default());
    let (session, _) = session_with(answers, Arc::new(puppet));
    let context = Context {
        configs: Arc::new(crate::config::Configs::none()),
        environment: Environment::of(&[], Path::new("/")),
        global: CommandLine::parse_from(["durun"]).global,
        clock: Arc::new(ManualClock::at(Moment(1_000))),
        executor: Arc::clone(session.executor()),
        open: Box::new(|_, _, _| Err(CliError::Usage("not opened here".to_owned()))),
        out: Mutex::new(Box::new(out.clone())),
        err: Arc::new(Mutex::new(Box::new(err.clone()))),
        damage: Mutex::default(),
        passing: Mutex::default(),
    };
    let runs = (7..).zip(runs).map(|(no, name)| Claimed { run: RunNo(no), id: id(name), epoch: 1 }).collect();
    let exit = execute(&context, &session, runs).unwrap_or_else(|error| {
        let report = crate::cli::report::Report::of(&error).expect("words");
        context.complain(&report.render(false));
        report.exit
    });
    (out.text(), err.text(), exit.code())
}

fn ends(end: RunEnd) -> Puppet {
    Puppet { finished: Ok(Finished::Ended(end)), signal: None }
}

fn text(out: &str, err: &str, exit: u8) -> (String, String, u8) {
    (out.to_owned(), err.to_owned(), exit)
}

/// What is asked for the text of the script; a report goes without it where it cannot be had.
fn script() -> Vec<Result<Answer, StoreError>> {
    vec![Err(StoreError::OwnerGone)]
}

/// What is asked for what a run left behind; nothing is said of that where it cannot be had.
fn left() -> Vec<Result<Answer, StoreError>> {
    vec![Err(StoreError::OwnerGone)]
}

#[test]
fn a_result_goes_to_stdout_and_nothing_else_is_said() {
    let ended = |result| executed(ends(RunEnd::Completed { result }), &["one"], left());
    assert_eq!(ended(Value::Null), text("", "", 0));
    assert_eq!(ended(Value::Text("a\tb".to_owned())), text("a\tb\n", "", 0));
    assert_eq!(ended(Value::from([("a", Value::Int(1))])), text("{\"a\":1}\n", "", 0));
}

#[test]
fn a_failure_is_one_block() {
    let failure = Failure { line: Some(1), ..Failure::new("failure", "1") };
    // How it could go on cannot be found out.
    let silent = || Err(StoreError::Protocol { message: "no".to_owned() });
    let answers = || script().into_iter().chain([silent(), silent()]).chain(left()).collect();
    let (out, err, exit) = executed(ends(RunEnd::Failed { failure }), &["one"], answers());
    assert_eq!((out.as_str(), exit), ("", 1));
    assert_eq!(
        err,
        "\
error[D0101]: run one failed: 1
 |
 = note: raised in line 1 of the script
 = help: durun history one tells what happened, durun logs one what it wrote
"
    );
    let stuck = Stuck {
        kind: "fault".to_owned(),
        message: "no".to_owned(),
        file: None,
        line: None,
        column: None,
        calls: Vec::new(),
        hint: Some("mend it".to_owned()),
    };
    let puppet = Puppet { finished: Ok(Finished::Stuck(Box::new(stuck))), signal: None };
    // Nor whether an input is missing.
    let stuck_answers = script().into_iter().chain([silent(), silent()]).collect();
    let (_, err, exit) = executed(puppet, &["one"], stuck_answers);
    assert!(
        err.starts_with("error[D0105]: run one is stuck: no\n") && err.contains("= help: mend it"),
        "{err}"
    );
    assert_eq!(exit, 8);
}

#[test]
fn an_interrupted_run_is_parked_and_says_how_to_go_on() {
    let _alone = crate::cli::interrupt::RAISING.lock().unwrap_or_else(PoisonError::into_inner);
    let parked = |signal| Puppet { finished: Ok(Finished::Parked), signal };
    let said = "run one is parked, nothing is lost; go on with: durun resume one\n";
    // One after the other: a raised signal reaches every handler of the process.
    for (signal, exit) in [(signal_hook::consts::SIGINT, 130), (signal_hook::consts::SIGTERM, 143)] {
        assert_eq!(executed(parked(Some(signal)), &["one"], Vec::new()), text("", said, exit));
    }
    let (_, err, exit) = executed(parked(None), &["one"], script());
    assert!(err.starts_with("error[D0107]: run one has not ended: it is parked\n"), "{err}");
    assert_eq!(exit, 3);
}

#[test]
fn a_run_that_another_process_took_over_is_waited_for() {
    let puppet = Puppet { finished: Ok(Finished::Lost), signal: None };
    let end = RunEnd::Completed { result: Value::Int(5) };
    let over = view(StoredStatus::Ended(end), RunStatus::Completed, None, 1);
    assert_eq!(
        executed(puppet, &["one"], [vec![Ok(over.clone()), Ok(Answer::Done), Ok(over)], left()].concat()),
        text("5\n", "", 0)
    );
}

#[test]
fn a_store_that_fails_is_told_and_the_run_is_not_lost() {
    let full = StoreError::Full { path: "/s/store.redb".to_owned() };
    let puppet = Puppet { finished: Err(full.into()), signal: None };
    let (out, err, exit) = executed(puppet, &["one"], Vec::new());
    assert_eq!((out.as_str(), exit), ("", 74));
    assert!(err.starts_with("error[D0611]: no space left on the device for /s/store.redb\n"), "{err}");
}

#[test]
fn of_several_runs_each_is_told_and_the_gravest_decides() {
    let end = RunEnd::Cancelled { reason: "enough".to_owned() };
    let over = || Ok(view(StoredStatus::Ended(end.clone()), RunStatus::Cancelled, None, 1));
    let answers =
        [vec![over()], script(), left(), vec![over(), over()], script(), left(), vec![over()]].concat();
    let (out, err, exit) = executed(ends(end.clone()), &["one", "two"], answers);
    assert_eq!(out.lines().count(), 3, "{out}");
    assert_eq!(err.matches("was cancelled: enough").count(), 2, "{err}");
    assert_eq!(exit, 5);
}
