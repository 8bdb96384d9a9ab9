//! The registry: functions of this program by the names under which scripts call them.

use super::{AttemptError, Context};
use crate::activity::process::GRACE;
use crate::activity::registry::is_name;
use crate::history::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One attempt.
pub(super) type Function = Arc<dyn Fn(&Context, Value) -> Result<Value, AttemptError> + Send + Sync>;

/// Functions that scripts call as activities: `activity("charge", #{ … })`.
///
/// A name is looked for among the functions of the script first, then here, then as the executable `activities/<name>` beside
/// the script, then in `durun.toml`. What the script or `[activity.<name>]` of `durun.toml` say of retries, time-outs,
/// deadlines, `at_most_once` and undo holds for a function as for a program.
///
/// A function is given its [`Context`] and the input, and gives a value or an [`AttemptError`]; `?` turns any error into one
/// that is tried again. Each attempt has a thread of its own. A function may be called again after a crash that kept its
/// outcome from being recorded: [`Context::key`] is the same then.
///
/// ```
/// use durun::{Activities, AttemptError, Value};
///
/// let activities = Activities::new()
///     .with("length", |_, input| {
///         let text = input.as_text().ok_or_else(|| AttemptError::permanent("no text"))?;
///         Ok(i64::try_from(text.len())?)
///     })
///     .with_async("nap", |context, _| async move {
///         Ok(format!("attempt {} of {}", context.attempt(), context.run_id()))
///     });
/// assert_eq!(activities.names().collect::<Vec<_>>(), ["length", "nap"]);
/// ```
#[derive(Clone)]
pub struct Activities {
    functions: Arc<BTreeMap<String, Function>>,
    grace: Duration,
}

impl Default for Activities {
    fn default() -> Self {
        Self { functions: Arc::default(), grace: GRACE }
    }
}

impl fmt::Debug for Activities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.functions.keys()).finish()
    }
}

impl Activities {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more function, which may block; another of that name is replaced.
    ///
    /// A panic of the function is a failed attempt with its message. A name begins with a letter or `_` and goes on with
    /// letters, digits, `_` and `-`, 64 characters at most; opening refuses others.
    #[must_use]
    pub fn with<F, V>(mut self, name: &str, function: F) -> Self
    where
        F: Fn(&Context, Value) -> Result<V, AttemptError> + Send + Sync + 'static,
        V: Into<Value>,
    {
        let function: Function = Arc::new(move |context, input| function(context, input).map(Into::into));
        Arc::make_mut(&mut self.functions).insert(name.to_owned(), function);
        self
    }

    /// The same with one more function, which gives a future; another of that name is replaced.
    ///
    /// The future is polled on a thread of its own, with a runtime of tokio's whose timers and sockets it may use. Where the
    /// attempt is to end it is dropped at its next `await`.
    #[must_use]
    pub fn with_async<F, T, V>(self, name: &str, function: F) -> Self
    where
        F: Fn(Context, Value) -> T + Send + Sync + 'static,
        T: Future<Output = Result<V, AttemptError>> + 'static,
        V: Into<Value>,
    {
        self.with(name, move |context, input| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let result = runtime.block_on(async {
                tokio::select! {
                    biased;
                    result = function(context.clone(), input) => result,
                    () = context.cancelled() => Err(AttemptError::new("was stopped")),
                }
            });
            // What the future began on threads of its own is not waited for.
            runtime.shutdown_background();
            result
        })
    }

    /// The same with another grace: how long a function that is asked to end has before its attempt is over without it; 10
    /// seconds where nothing is said.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// The first name that is none of an activity.
    pub(crate) fn wrong_name(&self) -> Option<&str> {
        self.names().find(|name| !is_name(name))
    }

    pub(crate) fn knows(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<Function> {
        self.functions.get(name).cloned()
    }

    pub(super) fn grace_time(&self) -> Duration {
        self.grace
    }
}
