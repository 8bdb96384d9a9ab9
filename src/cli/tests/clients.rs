//! Specimens of what a wish about runs, scripts and schedules can come to.

use super::commands::values;
use super::scripts::bad_inputs;
use super::stage::Stage;
use super::stores::stores;
use crate::client::testing::{id, row};
use crate::client::{
    CarryError, ClientError, Conflict, Difference, ExecuteError, MendError, OpenQuestion, ProgramError,
    QueryError, Reopening, ScheduleError, TurningPoint, check_runs, load_program, query, upgrade,
};
use crate::config::ConfigError;
use crate::history::{
    Choice, Moment, OpId, RecordError, RunEnd, RunId, RunNo, RunRow, RunStatus, Seq, Value,
};
use crate::timer::{Cron, CronError, Zone};
use std::io;
use std::path::{Path, PathBuf};

const AT: Moment = Moment(1_764_000_000_000);
const TOKEN: &str = "order-1.abcdefghjkmnpqrstuvwxy";

fn order() -> RunId {
    id("order-1")
}

fn rows() -> Vec<RunRow> {
    vec![row("order-1"), row("order-17")]
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn refund() -> OpenQuestion {
    OpenQuestion {
        op: OpId(5),
        text: "Refund it?".to_owned(),
        name: Some("refund".to_owned()),
        choices: texts(&["yes", "no"]),
        show: Value::Null,
        since: AT,
        until: None,
        answered: None,
    }
}

specimens! { conflicts: Conflict;
    Conflict::Script { .. } => vec![Conflict::Script {
        recorded: "/s/order.rhai".to_owned(),
        given: "/s/backup.rhai".to_owned(),
    }],
    Conflict::Input { .. } => vec![Conflict::Input {
        recorded: Box::new(Value::from([("price", Value::Int(12))])),
        given: Box::new(Value::from([("price", Value::Int(13))])),
    }],
}

specimens! { carries: CarryError;
    CarryError::Io(_) => vec![
        CarryError::Io(io::Error::from_raw_os_error(17)),
        CarryError::Io(io::Error::from_raw_os_error(2)),
        CarryError::Io(io::Error::from_raw_os_error(28)),
    ],
    CarryError::Foreign => vec![CarryError::Foreign],
    CarryError::Damaged(_) => vec![CarryError::Damaged("its checksum does not match".to_owned())],
    CarryError::Client(_) => vec![ClientError::NoRuns.into()],
}

specimens! { crons: CronError;
    CronError::Fields { .. } => vec![cron("30 2 * *")],
    CronError::Syntax { .. } => vec![cron("61 2 * * *")],
    CronError::Never(_) => vec![cron("0 0 30 2 *")],
}

fn cron(text: &str) -> CronError {
    Cron::parse(text, Zone::UTC, AT).expect_err("it says nothing")
}

specimens! { schedules: ScheduleError;
    ScheduleError::Cron(_) => crons().into_iter().map(ScheduleError::Cron).collect(),
    ScheduleError::Zone { .. } => vec![
        ScheduleError::Zone { name: "Europe/Berln".to_owned(), near: Zone::near("Europe/Berln") },
        ScheduleError::Zone { name: "Nowhere".to_owned(), near: Vec::new() },
    ],
    ScheduleError::Name { .. } => {
        let why = RunId::parse("each night").expect_err("none").to_string();
        vec![ScheduleError::Name { name: "each night".to_owned(), why }]
    },
    ScheduleError::NoSuch { .. } => vec![
        ScheduleError::NoSuch { name: "nigthly".to_owned(), near: texts(&["nightly"]) },
        ScheduleError::NoSuch { name: "x".to_owned(), near: Vec::new() },
    ],
    ScheduleError::Exists { .. } => vec![ScheduleError::Exists { name: id("nightly"), differs: "script" }],
    ScheduleError::Busy { .. } => vec![ScheduleError::Busy { name: id("nightly"), by: id("nightly-20261129T0230") }],
    ScheduleError::TooMany { .. } => vec![ScheduleError::TooMany { most: 1_000 }],
    ScheduleError::Unreadable { .. } => vec![ScheduleError::Unreadable {
        name: id("nightly"),
        why: "there is no time zone \"Mars/Olympus\"".to_owned(),
    }],
}

specimens! { mends: MendError;
    MendError::NoEntry { .. } => vec![MendError::NoEntry { id: order(), wanted: 40, last: Seq(12) }],
    MendError::NotBegun { .. } => vec![MendError::NotBegun { id: order() }],
    MendError::NoOutcome { .. } => vec![MendError::NoOutcome { id: order(), op: OpId(3) }],
    MendError::NothingAside { .. } => vec![MendError::NothingAside { id: order(), at: Seq(12) }],
    MendError::NothingToSet { .. } => vec![MendError::NothingToSet { id: order(), op: OpId(3) }],
    MendError::EffectBetween { .. } => vec![MendError::EffectBetween {
        id: order(),
        failed: "activity \"charge\"".to_owned(),
        effect: "step \"tell\"".to_owned(),
        entry: Seq(5),
        before: TurningPoint { at: Seq(3), file: None },
    }],
    MendError::Undone { .. } => vec![MendError::Undone {
        id: order(),
        failed: "activity \"charge\"".to_owned(),
        effect: "step \"refund\"".to_owned(),
        entry: Seq(5),
        before: Seq(3),
    }],
    MendError::NoFailedStep { .. } => [(RunStatus::Failed, None), (RunStatus::TimedOut, Some(Seq(2)))]
        .map(|(status, undone)| MendError::NoFailedStep { id: order(), status, last_step: None, undone })
        .into(),
    MendError::HeldLock { .. } => [None, Some(Seq(2))].map(|before| MendError::HeldLock { id: order(), at: Seq(4), before }).into(),
}

specimens! { executions: ExecuteError;
    ExecuteError::Store(_) => vec![ExecuteError::Store(crate::client::StoreError::OwnerGone)],
    ExecuteError::Config(_) => vec![ExecuteError::Config(ConfigError::Unreadable {
        path: PathBuf::from("/s/durun.toml"),
        message: "Permission denied (os error 13)".to_owned(),
    })],
    ExecuteError::Engine(_) => {
        vec![ExecuteError::Engine("no thread for processes: Resource temporarily unavailable (os error 11)".to_owned())]
    },
    ExecuteError::Foreign { .. } => {
        vec![ExecuteError::Foreign { id: order(), activities: texts(&["charge", "ship"]) }]
    },
    ExecuteError::None => vec![ExecuteError::None],
}

/// Of scripts that are not there, and of such as are none.
fn programs(stage: &Stage) -> Vec<ProgramError> {
    specimens! { kinds: ProgramError;
        ProgramError::NotFound { .. } => vec![ProgramError::NotFound { path: PathBuf::from("x.rhai"), near: Vec::new() }],
        ProgramError::NotAFile { .. } => vec![ProgramError::NotAFile { path: PathBuf::from("scripts") }],
        ProgramError::NotUtf8 { .. } => vec![ProgramError::NotUtf8 { path: PathBuf::from("order.rhai"), offset: 17 }],
        ProgramError::TooLarge { .. } => vec![ProgramError::TooLarge { path: PathBuf::from("order.rhai"), bytes: 5_000_000 }],
        ProgramError::Unreadable { .. } => vec![ProgramError::Unreadable {
            path: PathBuf::from("order.rhai"),
            message: "Permission denied (os error 13)".to_owned(),
        }],
        ProgramError::Syntax { .. } => vec![ProgramError::Syntax {
            path: PathBuf::from("order.rhai"),
            text: None,
            error: Box::new(crate::client::SyntaxError {
                file: "lib".to_owned(),
                line: Some(3),
                column: None,
                message: "there is no file lib.rhai".to_owned(),
            }),
        }],
    }
    let load =
        |path: &Path| load_program(path, crate::cli::opening::executor().as_ref()).expect_err("no script");
    let mut all = kinds();
    stage.file("deploy.rhai", "1");
    all.push(load(&stage.path("deplyo.rhai")));
    for (number, text) in (1..).zip([
        "let price = 12;\nlet total = price *;\n",
        "activity(\"charge\", #{ amount: 12 )\n",
        "let a = 1\nlet b = 2;\n",
        "1 + 1\nfn late() { 2 }\n",
        "let data = #{};\ndata.default\n",
        "let name = \"Ada;\nprint(name);\n",
        "import \"lbi\" as lib;\nlib::f()\n",
        "params(#{ host: now() });\n",
        "if input.ready {\n    print(1);\n",
        "let x = if true { 1 } else { 2 }\nprint(x);\n",
        "match input.kind { 1 => 2 }\n",
        "def charge(x) { x }\n",
    ]) {
        all.push(load(&stage.file(&format!("syntax{number}/order.rhai"), text)));
    }
    all
}

/// Of real scripts with real queries.
fn queries(stage: &Stage) -> Vec<ClientError> {
    specimens! { kinds: QueryError;
        QueryError::Unknown { .. } => vec![QueryError::Unknown { name: "status".to_owned(), known: Vec::new() }],
        QueryError::Failed(_) => vec![QueryError::Failed(crate::history::Failure::new("failure", "no price yet"))],
        QueryError::Stuck(_) => vec![QueryError::Stuck(Box::new(crate::history::Stuck {
            kind: "fault".to_owned(),
            message: "there is no function statsu ()".to_owned(),
            file: None,
            line: None,
            column: None,
            calls: Vec::new(),
            hint: Some("did you mean status?".to_owned()),
        }))],
        QueryError::Engine(_) => vec![QueryError::Engine("its script computes for longer than a look takes".to_owned())],
        QueryError::Store(_) => vec![QueryError::Store(crate::client::StoreError::OwnerGone)],
        QueryError::None => vec![QueryError::None],
    }
    let text = "on_query(\"price\", || 12);\non_query(\"broken\", || fail(\"no price yet\"));\n\
                on_query(\"wrong\", || sleep(\"1s\"));\nwait_signal(\"go\");\n";
    let run = stage.run(text).run;
    let mut all: Vec<ClientError> = kinds().into_iter().map(ClientError::Query).collect();
    for name in ["prise", "broken", "wrong"] {
        all.push(query(stage.session(), run, name, &Value::Null).expect_err("no answer"));
    }
    all
}

/// A run that waits, and texts that its history does not fit.
fn differences(stage: &Stage) -> Vec<ClientError> {
    let text = "step(\"reserve\", || 1);\nlet paid = wait_signal(\"paid\");\n";
    let claimed = stage.run(text);
    let mut all = Vec::new();
    for text in [
        "step(\"book\", || 1);\nlet paid = wait_signal(\"paid\");\n",
        "step(\"reserve\", || 1);\nlet paid = wait_sinal(\"paid\");\n",
        "step(\"reserve\", || 1);\n",
    ] {
        let program = stage.program("upgraded/order.rhai", text);
        all.push(upgrade(stage.session(), claimed.id.as_str(), &program, true).expect_err("it does not fit"));
    }
    let none = stage.program("upgraded/order.rhai", text);
    assert!(check_runs(stage.session(), &none, true).expect("looked").is_empty(), "it is another file");
    all
}

/// The first difference of a run and another text, as whoever goes on with the run finds it.
pub(super) fn difference(stage: &Stage) -> Difference {
    let found = differences(stage).into_iter().find_map(|error| match error {
        ClientError::Differs { difference, .. } => Some(*difference),
        _ => None,
    });
    found.expect("they differ")
}

/// All of them.
pub(super) fn clients(stage: &Stage) -> Vec<ClientError> {
    let mut all = kinds();
    all.extend(programs(stage).into_iter().map(ClientError::Program));
    all.extend(queries(stage));
    all.extend(differences(stage));
    all
}

specimens! { kinds: ClientError;
    ClientError::Store(_) => stores().into_iter().map(ClientError::Store).collect(),
    ClientError::Program(_) => vec![ProgramError::NotAFile { path: PathBuf::from("scripts") }.into()],
    ClientError::Input { .. } => {
        let input = |wrong| ClientError::Input { script: "order.rhai".to_owned(), wrong };
        let mut all: Vec<ClientError> = bad_inputs().into_iter().map(|wrong| input(vec![wrong])).collect();
        all.push(input(bad_inputs()));
        all
    },
    ClientError::Value(_) => values().into_iter().map(ClientError::Value).collect(),
    ClientError::NoSuchRun { .. } => {
        let missing = |text: &str, near, left_out| ClientError::NoSuchRun { text: text.to_owned(), near, left_out };
        let left_out = Some((Moment(0), order()));
        vec![missing("odrer-1", vec![order(), id("order-17")], None), missing("x", Vec::new(), None), missing("order-2", Vec::new(), left_out)]
    },
    ClientError::NoRuns => vec![ClientError::NoRuns],
    ClientError::UndoStuck { .. } => vec![ClientError::UndoStuck { id: order() }],
    ClientError::Ambiguous { .. } => vec![ClientError::Ambiguous { text: "order".to_owned(), candidates: rows() }],
    ClientError::UpgradeEnded { .. } => {
        let file = || "/s/order.rhai".to_owned();
        let back = TurningPoint { at: Seq(3), file: Some(file()) };
        let ways = [None, Some(Reopening::Retry { file: file() }), Some(Reopening::Rewind(back))];
        let of = |status, way| ClientError::UpgradeEnded { id: order(), status, way };
        [of(RunStatus::Completed, None)].into_iter().chain(ways.map(|way| of(RunStatus::Failed, way))).collect()
    },
    ClientError::Differs { .. } => vec![ClientError::Differs {
        id: order(),
        difference: Box::new(Difference {
            entry: None,
            op: None,
            recorded: None,
            asked: None,
            old: None,
            new: None,
            text: None,
            back: None,
            stuck: Box::new(crate::history::Stuck {
                kind: "nondeterminism".to_owned(),
                message: "the script came to its end, and step \"reserve\" is recorded".to_owned(),
                file: None,
                line: None,
                column: None,
                calls: Vec::new(),
                hint: None,
            }),
        }),
    }],
    ClientError::Conflict { .. } => {
        conflicts().into_iter().map(|which| ClientError::Conflict { id: order(), which }).collect()
    },
    ClientError::EndedBefore { .. } => vec![ClientError::EndedBefore { id: order(), status: RunStatus::Completed }],
    ClientError::NoNumber { .. } => vec![ClientError::NoNumber { id: id(&"order".repeat(25)), number: 2_000 }],
    ClientError::NothingToResume => vec![ClientError::NothingToResume],
    ClientError::SeveralToResume { .. } => vec![ClientError::SeveralToResume { candidates: rows() }],
    ClientError::NotFinished { .. } => vec![ClientError::NotFinished { id: order(), status: RunStatus::Waiting }],
    ClientError::Damaged { .. } => {
        vec![ClientError::Damaged { id: order(), seq: Seq(4), error: RecordError::Checksum }]
    },
    ClientError::HistoryCut { .. } => vec![ClientError::HistoryCut { id: order(), found: Seq(4), expected: Seq(9) }],
    ClientError::NoGeneration { .. } => {
        vec![ClientError::NoGeneration { id: order(), generation: 2, kept: vec![6, 7] }]
    },
    ClientError::NoStep { .. } => vec![
        ClientError::NoStep { id: order(), step: "chrage".to_owned(), known: texts(&["charge", "mail"]) },
        ClientError::NoStep { id: order(), step: "7".to_owned(), known: Vec::new() },
    ],
    ClientError::UnknownSignal { .. } => vec![
        ClientError::UnknownSignal { id: order(), name: "piad".to_owned(), near: Some("paid".to_owned()) },
        ClientError::UnknownSignal { id: order(), name: "x".to_owned(), near: None },
    ],
    ClientError::SignalName(_) => vec![ClientError::SignalName(String::new())],
    ClientError::UpdateName(_) => vec![ClientError::UpdateName(String::new())],
    ClientError::Token(_) => vec![ClientError::Token("order-1.short".to_owned())],
    ClientError::NoSuchToken { .. } => vec![ClientError::NoSuchToken { token: TOKEN.to_owned() }],
    ClientError::Resolved { .. } => vec![ClientError::Resolved { token: TOKEN.to_owned(), at: AT }],
    ClientError::NoQuestion { .. } => vec![ClientError::NoQuestion { id: order() }],
    ClientError::NoSuchQuestion { .. } => {
        [("refnud", Some("refund")), ("7", None)]
            .map(|(given, near)| ClientError::NoSuchQuestion {
                id: order(),
                given: given.to_owned(),
                near: near.map(str::to_owned),
                open: vec![refund()],
            })
            .into()
    },
    ClientError::SeveralQuestions { .. } => {
        let answered = Some("yes".to_owned());
        let ship = OpenQuestion { op: OpId(3), text: "Ship it?".to_owned(), name: None, answered, ..refund() };
        vec![ClientError::SeveralQuestions { id: order(), open: vec![ship, refund()] }]
    },
    ClientError::NoChoice { .. } => {
        let none = |given: &str, choices, show, is_one_of_several| ClientError::NoChoice {
            id: order(),
            question: Box::new(OpenQuestion {
                op: OpId(3),
                text: "Ship it?".to_owned(),
                name: None,
                choices: texts(choices),
                show,
                ..refund()
            }),
            given: given.to_owned(),
            is_one_of_several,
        };
        vec![
            none("mayb", &["yes", "no", "may be"], Value::Null, false),
            none("", &["yes", "no"], Value::from("7 boxes"), true),
        ]
    },
    ClientError::Answered { .. } => [false, true]
        .map(|waits| ClientError::Answered {
            id: order(),
            question: "Ship it?".to_owned(),
            choice: Box::new(Choice {
                choice: "yes".to_owned(),
                who: "ada".to_owned(),
                note: String::new(),
                asked: "Ship it?".to_owned(),
            }),
            at: AT,
            waits,
        })
        .into(),
    ClientError::AskedNoMore { .. } => {
        let choice = Choice { choice: "yes".to_owned(), who: "ada".to_owned(), note: String::new(), asked: "Ship it?".to_owned() };
        let no_more = |end, answered| ClientError::AskedNoMore { id: order(), end: Box::new(end), answered };
        vec![
            no_more(RunEnd::Completed { result: "shipped".into() }, Some(Box::new((choice, AT)))),
            no_more(RunEnd::TimedOut { reason: "timeout".to_owned() }, None),
        ]
    },
    ClientError::QuestionOver { .. } => [false, true]
        .map(|waits| ClientError::QuestionOver { id: order(), question: "Ship it?".to_owned(), at: AT, waits })
        .into(),
    ClientError::LongText { .. } => vec![ClientError::LongText { most: 4096 }],
    ClientError::RetryEnded { .. } => [RunStatus::Completed, RunStatus::Cancelled]
        .map(|status| ClientError::RetryEnded { id: order(), status })
        .into(),
    ClientError::NoRetry { .. } => vec![ClientError::NoRetry { id: order() }],
    ClientError::Mend(_) => mends().into_iter().map(ClientError::Mend).collect(),
    ClientError::Schedule(_) => schedules().into_iter().map(ClientError::Schedule).collect(),
    ClientError::Execute(_) => executions().into_iter().map(ClientError::Execute).collect(),
    ClientError::Query(_) => vec![ClientError::Query(QueryError::None)],
    ClientError::Random(_) => vec![ClientError::Random("getrandom is not allowed".to_owned())],
    ClientError::Answer { .. } => vec![ClientError::Answer { run: RunNo(7) }],
}
