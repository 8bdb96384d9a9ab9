//! `[activity.NAME]`: what an activity is and how it is to be done, where its script says nothing else.

use crate::history::{EffectOptions, Placeholder, Rate, RetryPolicy};
use std::collections::BTreeMap;

/// What a file says of one activity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ActivityConfig {
    /// What is called. `None` where the file only has options for an activity that is found elsewhere.
    pub call: Option<Call>,
    /// Variables that its program gets besides those that the run recorded.
    pub env: BTreeMap<String, Setting>,
    /// Fields of its retry policy.
    pub retry: RetryConfig,
    /// The longest that one attempt may take, in milliseconds.
    pub timeout_ms: Option<i64>,
    /// The longest silence of an attempt, in milliseconds.
    pub heartbeat_ms: Option<i64>,
    /// After how long of failing a person is told, in milliseconds.
    pub warn_after_ms: Option<i64>,
    /// How many may be under way at once.
    pub max_concurrent: Option<u32>,
    /// How often one may begin.
    pub rate: Option<Rate>,
}

/// What an activity of a file calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A program: its input is JSON on stdin, its result JSON or text on stdout.
    Program {
        /// The program and its arguments; never empty.
        words: Vec<String>,
    },
    /// An address: its input is the JSON body, its result that of the answer.
    Url {
        /// The address; `http` or `https`, with a host.
        url: String,
        /// The method; `POST` where nothing is said.
        method: String,
        /// Headers.
        headers: BTreeMap<String, Setting>,
    },
}

/// A text of a file, or the name of the secret that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// It stands in the file.
    Text(String),
    /// It is a secret.
    Secret {
        /// What comes before it: `"Bearer "`.
        prefix: String,
        /// The secret's name.
        name: String,
    },
}

impl Setting {
    /// The text, with a placeholder where it is a secret of a run.
    pub fn text(&self, run_secret: [u8; 16]) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Secret { prefix, name } => format!("{prefix}{}", Placeholder::text(run_secret, name)),
        }
    }
}

/// Those fields of a retry policy that a file gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RetryConfig {
    /// The wait after the first failure, in milliseconds.
    pub first_ms: Option<i64>,
    /// By which each wait is longer than the one before.
    pub factor: Option<f64>,
    /// The longest wait, in milliseconds.
    pub max_ms: Option<i64>,
    /// The share of a wait by which chance may change it.
    pub jitter: Option<f64>,
    /// How many attempts there may be.
    pub attempts: Option<u32>,
    /// Failures of these types are permanent.
    pub except: Option<Vec<String>>,
    /// Failures of all other types are permanent.
    pub only: Option<Vec<String>>,
    /// Whether a wait that was asked for is kept.
    pub retry_after: Option<bool>,
}

impl ActivityConfig {
    /// Adds to the options of a call what the script did not say itself.
    pub fn complete(&self, options: &mut EffectOptions) {
        let given = std::mem::take(&mut options.given);
        let free = |name: &str| !given.iter().any(|given| given == name);
        if free("timeout") {
            options.timeout_ms = self.timeout_ms.or(options.timeout_ms);
        }
        if free("heartbeat") {
            options.heartbeat_ms = self.heartbeat_ms.or(options.heartbeat_ms);
        }
        if free("max_concurrent") {
            options.max_concurrent = self.max_concurrent.or(options.max_concurrent);
        }
        if free("rate") {
            options.rate = self.rate.or(options.rate);
        }
        if free("warn_after") {
            options.warn_after_ms = self.warn_after_ms.unwrap_or(options.warn_after_ms);
        }
        self.retry.complete(&mut options.retry, &free);
        options.given = given;
    }
}

impl RetryConfig {
    fn complete(&self, policy: &mut RetryPolicy, free: &dyn Fn(&str) -> bool) {
        let take = |name: &str, known: bool| known && free(name);
        if take("retry.first", self.first_ms.is_some()) {
            policy.first_ms = self.first_ms.unwrap_or(policy.first_ms);
        }
        if take("retry.factor", self.factor.is_some()) {
            policy.factor = self.factor.unwrap_or(policy.factor);
        }
        if take("retry.max", self.max_ms.is_some()) {
            policy.max_ms = self.max_ms.unwrap_or(policy.max_ms);
        }
        if take("retry.jitter", self.jitter.is_some()) {
            policy.jitter = self.jitter.unwrap_or(policy.jitter);
        }
        if take("retry.attempts", self.attempts.is_some()) {
            policy.attempts = self.attempts;
        }
        if let Some(except) = self.except.as_ref().filter(|_| free("retry.except")) {
            policy.except.clone_from(except);
        }
        if let Some(only) = self.only.as_ref().filter(|_| free("retry.only")) {
            policy.only.clone_from(only);
        }
        if take("retry.retry_after", self.retry_after.is_some()) {
            policy.retry_after = self.retry_after.unwrap_or(policy.retry_after);
        }
        policy.max_ms = policy.max_ms.max(policy.first_ms);
    }
}
