//! How an effect is to be done, as data: its retries, its time limits, its promises and its share of the machine.

use super::{Moment, RetryPolicy};
use serde::{Deserialize, Serialize};
use std::fmt;

/// After how long a call that keeps failing is told to a person, in milliseconds: 15 minutes.
pub const WARN_AFTER_MS: i64 = 15 * 60 * 1000;

/// The options of an effect. None of them is part of what replay compares.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectOptions {
    /// How it is tried again.
    pub retry: RetryPolicy,
    /// The longest that one attempt may take (start to close), in milliseconds.
    pub timeout_ms: Option<i64>,
    /// When all attempts and the waits between them must be over (schedule to close): an instant of the wall clock.
    pub deadline: Option<Moment>,
    /// The longest silence of an attempt between two heartbeats, in milliseconds.
    pub heartbeat_ms: Option<i64>,
    /// Whether its intent is on disk before its effect begins, and a crash in between is told instead of tried again.
    pub at_most_once: bool,
    /// An idempotency key of the script's own.
    pub key: Option<String>,
    /// The name under which the first completed result serves every later call of the store; also its idempotency key.
    pub once: Option<String>,
    /// How often attempts of this kind and name may begin, over all runs of the worker.
    pub rate: Option<Rate>,
    /// How many attempts of this kind and name may be under way at once, over all runs of the worker.
    pub max_concurrent: Option<u32>,
    /// After how long a call that keeps failing is told to a person, in milliseconds.
    pub warn_after_ms: i64,
    /// The names of the options that the script gave itself, fields of `retry` as `retry.first`: no configuration changes them.
    pub given: Vec<String>,
    /// Commands that its program reads behind its stdin, a line each: words behind `durun`. Where the store is, is said when it is done.
    pub commands: Vec<String>,
}

impl EffectOptions {
    /// Stands among the options given where the deadline counts from the call: it is no instant of the script's own.
    pub const DEADLINE_AFTER: &str = "deadline.after";

    /// No limits but those of a retry policy.
    pub fn new(retry: RetryPolicy) -> Self {
        Self {
            retry,
            timeout_ms: None,
            deadline: None,
            heartbeat_ms: None,
            at_most_once: false,
            key: None,
            once: None,
            rate: None,
            max_concurrent: None,
            warn_after_ms: WARN_AFTER_MS,
            given: Vec::new(),
            commands: Vec::new(),
        }
    }
}

/// So many in a span of time: `"10/s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In how many milliseconds.
    pub per_ms: i64,
}

/// Why a text is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no rate; write for example \"10/s\", \"50/min\" or \"1000/h\"")]
pub struct InvalidRate(String);

impl Rate {
    /// Reads a rate: a whole number of 1 or more, `/`, and `s`, `min`, `h` or `day`.
    ///
    /// # Errors
    /// [`InvalidRate`] with the text and how to write one.
    pub fn parse(text: &str) -> Result<Self, InvalidRate> {
        let invalid = || InvalidRate(text.to_owned());
        let (count, unit) = text.split_once('/').ok_or_else(invalid)?;
        let count = count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(invalid)?;
        let per_ms = match unit.trim() {
            "s" | "sec" | "second" => 1_000,
            "m" | "min" | "minute" => 60_000,
            "h" | "hour" => 3_600_000,
            "d" | "day" => 86_400_000,
            _ => return Err(invalid()),
        };
        Ok(Self { count, per_ms })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per_ms {
            1_000 => write!(f, "{}/s", self.count),
            60_000 => write!(f, "{}/min", self.count),
            3_600_000 => write!(f, "{}/h", self.count),
            86_400_000 => write!(f, "{}/day", self.count),
            other => write!(f, "{} in {other} ms", self.count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_and_a_unit() {
        for (text, count, per_ms) in
            [("10/s", 10, 1_000), (" 50 / min", 50, 60_000), ("1/h", 1, 3_600_000), ("7/day", 7, 86_400_000)]
        {
            assert_eq!(Rate::parse(text), Ok(Rate { count, per_ms }), "{text}");
        }
        for text in ["", "10", "0/s", "-1/s", "1.5/s", "10/", "/s", "10/fortnight", "10/s/s"] {
            assert_eq!(Rate::parse(text), Err(InvalidRate(text.to_owned())));
        }
        assert_eq!(Rate { count: 10, per_ms: 1_000 }.to_string(), "10/s");
    }
}
