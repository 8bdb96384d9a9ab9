//! A folder with scripts and a store, in which real runs come to real ends.

use crate::cli::conclusion::told;
use crate::cli::opening::{executor, open_store};
use crate::cli::report::Report;
use crate::client::{
    Claimed, ExecuteOptions, IfEnded, LoadedProgram, Session, StartRequest, Started, Stop, load_program,
    standing, start,
};
use crate::config::Configs;
use crate::history::{RunId, Value};
use crate::timer::SystemClock;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The folder, and the store in it.
pub(super) struct Stage {
    folder: tempfile::TempDir,
    session: Session,
    runs: Cell<u32>,
}

impl Stage {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("store");
        std::fs::create_dir(&store).expect("made");
        let session = open_store(&store, Arc::new(SystemClock), executor()).expect("a store");
        Self { folder, session, runs: Cell::new(0) }
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Where a file of that name is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of that name with that text.
    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
        std::fs::write(&path, text).expect("written");
        path
    }

    /// A script that can be started.
    pub(super) fn program(&self, name: &str, text: &str) -> LoadedProgram {
        load_program(&self.file(name, text), executor().as_ref()).expect("a script")
    }

    /// Starts a run of a script and executes it until it ends, is stuck, or only waits.
    pub(super) fn run(&self, text: &str) -> Claimed {
        let number = self.runs.get() + 1;
        self.runs.set(number);
        let request = StartRequest {
            id: RunId::parse(&format!("run-{number}")).ok(),
            program: self.program(&format!("a{number}.rhai"), text),
            input: Value::from([]),
            directory: self.folder.path().display().to_string(),
            environment: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            timeout_ms: None,
            claim: true,
            queue: None,
            overlap: None,
            if_ended: IfEnded::Report,
        };
        let Started::New(claimed) = start(&self.session, request).expect("started") else {
            panic!("another run has its id");
        };
        let options = ExecuteOptions {
            observer: Arc::new(|_, _| ()),
            stop: Stop::new(),
            configs: Arc::new(Configs::none()),
            variables: Arc::new(|_| None),
            park_after: Some(Duration::ZERO),
        };
        executor().execute(&self.session, vec![claimed.clone()], options).expect("executed");
        claimed
    }

    /// What is told of a run of that script; nothing where it completes.
    pub(super) fn told(&self, text: &str) -> Option<Report> {
        let claimed = self.run(text);
        let (id, standing) = standing(&self.session, claimed.run).expect("it stands");
        told(&self.session, claimed.run, &id, &standing)
    }

    /// A text without the path of the folder, and with one name for all runs.
    pub(super) fn without_paths(&self, text: &str) -> String {
        let folder = self.folder.path().canonicalize().expect("a folder").display().to_string();
        let mut text = text.replace(&folder, "/s").replace(&self.folder.path().display().to_string(), "/s");
        for number in (1..=self.runs.get()).rev() {
            text = text
                .replace(&format!("run-{number}"), "order-1")
                .replace(&format!("/a{number}.rhai"), "/order.rhai");
        }
        text
    }
}
