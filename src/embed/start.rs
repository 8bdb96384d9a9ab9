//! What is to be started: a script, its input, and the options of a start.

use crate::history::Value;
use std::path::PathBuf;
use std::time::Duration;

/// What a run is started with; given to [`Durun::start`](crate::Durun::start).
///
/// ```
/// use durun::{Start, Value};
/// use std::time::Duration;
///
/// let start = Start::text("hello.rhai", "`hello ${input.name}`")
///     .input(Value::from([("name", "Ada".into())]))
///     .id("hello-ada")
///     .timeout(Duration::from_secs(3600));
/// # let _ = start;
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is started before it is given to Durun::start"]
pub struct Start {
    pub(super) script: Script,
    pub(super) input: Value,
    pub(super) id: Option<String>,
    pub(super) timeout: Option<Duration>,
}

#[derive(Debug, Clone)]
pub(super) enum Script {
    File(PathBuf),
    Text { name: String, text: String },
}

impl Start {
    fn of(script: Script) -> Self {
        Self { script, input: Value::Null, id: None, timeout: None }
    }

    /// A script that is in a file. Its text, and that of what it imports, is recorded with the run: what becomes of the file
    /// later does not touch the run.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::of(Script::File(path.into()))
    }

    /// A script that this program has as text, `include_str!("order.rhai")` for one. It is as if it stood under that name in
    /// the directory of processes ([`Builder::working_directory`](crate::Builder::working_directory)): from there it imports.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::of(Script::Text { name: name.into(), text: text.into() })
    }

    /// `input` as the script sees it; null where nothing is said. Where the script declares `params`, they must fit.
    pub fn input(mut self, input: impl Into<Value>) -> Self {
        self.input = input.into();
        self
    }

    /// The run's name: letters, digits, `.`, `_` and `-`, 128 characters at most. The same name with the same script (by path)
    /// and input is the same run, so that a start can be repeated after a crash; without a name each start is a new run.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Ends the run as timed out when it has not ended so long after it began, to the millisecond.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}
