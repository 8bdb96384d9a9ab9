//! Specimens of what stops a command: what was typed, what surrounds it, and all errors of the rooms below.

use super::clients::{carries, clients};
use super::stage::Stage;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::input::InputError;
use crate::cli::report::Report;
use crate::cli::store_place::NoPlace;
use crate::client::{CheckupError, StoreError};
use crate::config::{ConfigError, parse};
use crate::history::{InvalidRunId, MAX_BYTES, RunId, Value, ValueError};
use std::io;
use std::path::PathBuf;

specimens! { ids: InvalidRunId;
    InvalidRunId::Empty => vec![RunId::parse("").expect_err("none")],
    InvalidRunId::TooLong(_) => vec![RunId::parse(&"x".repeat(129)).expect_err("none")],
    InvalidRunId::Character(..) => vec![RunId::parse("order 1").expect_err("none")],
}

specimens! { values: ValueError;
    ValueError::TooLarge { .. } => vec![ValueError::TooLarge { bytes: MAX_BYTES + 1 }],
    ValueError::TooDeep => vec![ValueError::TooDeep],
    ValueError::NotFinite(_) => vec![ValueError::NotFinite("NaN".to_owned())],
    ValueError::Json(_) => vec![Value::from_json_text("{").expect_err("none")],
    ValueError::NumberRange(_) => vec![ValueError::NumberRange("18446744073709551615".to_owned())],
}

specimens! { inputs: InputError;
    InputError::NoEquals { .. } => vec![InputError::NoEquals { argument: "price".to_owned() }],
    InputError::NoKey { .. } => vec![InputError::NoKey { argument: "=12".to_owned() }],
    InputError::NoOp { .. } => vec![InputError::NoOp { argument: "price=12".to_owned() }],
    InputError::Twice { .. } => vec![InputError::Twice { key: "host".to_owned() }],
    InputError::NotAMap => vec![InputError::NotAMap],
    InputError::Json { .. } => vec![
        crate::cli::input::payload(Some("it's fine"), "the payload").expect_err("none"),
        crate::cli::input::read_json("{by: 1}", "order.json", None).expect_err("none"),
    ],
    InputError::Limit { .. } => {
        values().into_iter().map(|error| InputError::Limit { place: "the input".to_owned(), error }).collect()
    },
    InputError::File { .. } => vec![InputError::File {
        path: PathBuf::from("letter.txt"),
        message: "No such file or directory (os error 2)".to_owned(),
        missing: true,
    }],
    InputError::NotUtf8 { .. } => vec![InputError::NotUtf8 { place: "letter.bin".to_owned() }],
}

/// Of a file that is there, so that its line is shown.
fn configs(stage: &Stage) -> Vec<ConfigError> {
    specimens! { kinds: ConfigError;
        ConfigError::Wrong { .. } => vec![ConfigError::Wrong {
            path: PathBuf::from("/gone/durun.toml"),
            line: 1,
            message: "timeout: it must be longer than nothing".to_owned(),
        }],
        ConfigError::Unreadable { .. } => vec![ConfigError::Unreadable {
            path: PathBuf::from("/s/durun.toml"),
            message: "Permission denied (os error 13)".to_owned(),
        }],
        ConfigError::NotYours { .. } => {
            vec![ConfigError::NotYours { path: PathBuf::from("/s/durun.toml"), owner: 1001 }]
        },
    }
    let wrong = |number: usize, text: &str| {
        let path = stage.file(&format!("{number}/durun.toml"), text);
        parse(&path, text).expect_err("it is wrong")
    };
    let mut all = kinds();
    all.push(wrong(1, "[activity.charge]\ntimout = \"30s\"\n"));
    all.push(wrong(2, "# Rules.\n[activity.charge]\nretry = { attempts = \"three\" }\n"));
    all.push(wrong(3, "[limits\n"));
    all
}

fn io_errors() -> io::Error {
    io::Error::other("Input/output error (os error 5)")
}

/// All of them.
pub(super) fn all(stage: &Stage) -> Vec<CliError> {
    specimens! { kinds: CliError;
        CliError::Client(_) => vec![CliError::Client(StoreError::OwnerGone.into())],
        CliError::Input(_) => inputs().into_iter().map(CliError::Input).collect(),
        CliError::Id(_) => ids().into_iter().map(CliError::Id).collect(),
        CliError::NoPlace(_) => vec![CliError::NoPlace(NoPlace)],
        CliError::NoStore { .. } => vec![CliError::NoStore { directory: PathBuf::from("/home/ada/.local/state/durun") }],
        CliError::Directory { .. } => [true, false]
            .map(|permission| CliError::Directory {
                path: PathBuf::from("/var/lib/durun"),
                message: if permission { "Permission denied (os error 13)" } else { "File exists (os error 17)" }.to_owned(),
                permission,
            })
            .into(),
        CliError::NoVariable { .. } => vec![CliError::NoVariable { name: "TOKEN".to_owned() }],
        CliError::Unread => vec![CliError::Unread],
        CliError::NoCrontab => vec![CliError::NoCrontab],
        CliError::Checkup(_) => vec![
            CliError::Checkup(CheckupError::Io(io_errors())),
            CliError::Checkup(CheckupError::Client(StoreError::OwnerGone.into())),
        ],
        CliError::Carry { .. } => carries()
            .into_iter()
            .map(|error| CliError::Carry { path: PathBuf::from("order-1.durun"), error })
            .collect(),
        CliError::Lost { .. } => vec![CliError::Lost {
            written: 3,
            lost: vec!["order-1: entry 4 is damaged: its checksum does not match".to_owned()],
        }],
        CliError::Told(_) => vec![CliError::Told(Box::new(
            Report::new("D1310", Exit::Usage, "there is no function chrage").hint("did you mean charge?"),
        ))],
        CliError::NothingLeft { .. } => vec![CliError::NothingLeft {
            store: "/home/ada/.local/state/durun/store.redb".to_owned(),
            what: "page 3 is none".to_owned(),
        }],
        CliError::NoScripts { .. } => vec![CliError::NoScripts { folder: PathBuf::from("jobs") }],
        CliError::NoTests { .. } => vec![CliError::NoTests { wanted: "in this folder are no tests".to_owned(), beside: None }],
        CliError::NoOnce { .. } => vec![CliError::NoOnce { key: "invoice-17".to_owned() }],
        CliError::OnceSought { .. } => {
            vec![CliError::OnceSought { key: "invoice-17".to_owned(), run: "order-1".to_owned() }]
        },
        CliError::NoCode { .. } => vec![CliError::NoCode { text: "D9999".to_owned() }],
        CliError::Config(_) => vec![CliError::Config(ConfigError::NotYours {
            path: PathBuf::from("/s/durun.toml"),
            owner: 1001,
        })],
        CliError::Unwritten { .. } => vec![CliError::writing(
            std::path::Path::new("order.rhai"),
            &io::Error::from(io::ErrorKind::PermissionDenied),
        )],
        CliError::Usage(_) => vec![CliError::Usage("--to is before --from".to_owned())],
        CliError::NoQueue { .. } => vec![
            CliError::NoQueue { name: "reprots".to_owned(), near: Some("reports".to_owned()) },
            CliError::NoQueue { name: "mail".to_owned(), near: None },
        ],
        CliError::Detach(_) => vec![CliError::Detach("Resource temporarily unavailable (os error 11)".to_owned())],
        CliError::Crontab(_) => vec![CliError::Crontab("the program crontab is not there".to_owned())],
        CliError::Units(_) => vec![CliError::Units("nothing says where: no $HOME is set".to_owned())],
        CliError::Manager { .. } => vec![CliError::Manager {
            command: "systemctl --user daemon-reload".to_owned(),
            why: "Failed to connect to bus: No medium found".to_owned(),
        }],
        CliError::Handlers(_) => vec![CliError::Handlers("Too many open files (os error 24)".to_owned())],
        CliError::Output(_) => vec![CliError::Output("No space left on device (os error 28)".to_owned())],
        CliError::Closed => vec![CliError::Closed],
    }
    let mut all = kinds();
    all.extend(clients(stage).into_iter().map(CliError::Client));
    all.extend(configs(stage).into_iter().map(CliError::Config));
    all
}
