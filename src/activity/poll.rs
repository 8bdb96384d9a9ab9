//! When a poll is tried again: not yet is no failure, and the last try comes shortly before the time is over.

use super::retry::wait_ms;
use crate::history::{Moment, RetryPolicy, Value};

/// How long before its deadline a poll is tried for the last time, in milliseconds.
const LAST_MS: i64 = 1_000;

/// Whether what a try gave means "not yet": nothing, or `false`.
pub fn is_not_yet(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Map(_) => false,
    }
}

/// When the next try is, after the `tries`-th (from 1) said "not yet" at `now`; nothing where there is no time for one.
pub fn next_poll(policy: &RetryPolicy, tries: u32, now: Moment, deadline: Option<Moment>) -> Option<Moment> {
    let next = now.plus_ms(wait_ms(policy, tries, 0));
    let Some(deadline) = deadline else { return Some(next) };
    if next < deadline {
        return Some(next);
    }
    // A wait that would outlast the deadline is cut, so that the whole time is used.
    Some(deadline.plus_ms(-LAST_MS)).filter(|last| *last > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_and_false_are_not_yet() {
        assert!(is_not_yet(&Value::Null) && is_not_yet(&Value::Bool(false)));
        for value in [Value::Bool(true), Value::Int(0), Value::from(""), Value::List(Vec::new())] {
            assert!(!is_not_yet(&value), "{value} is an answer");
        }
    }

    #[test]
    fn waits_grow_by_the_factor_and_the_last_try_comes_before_the_deadline() {
        let policy = RetryPolicy {
            first_ms: 10_000,
            factor: 2.0,
            max_ms: 30_000,
            jitter: 0.0,
            ..RetryPolicy::endless()
        };
        let waits = [1, 2, 3, 50].map(|tries| next_poll(&policy, tries, Moment(5), None));
        assert_eq!(waits, [10_005, 20_005, 30_005, 30_005].map(|at| Some(Moment(at))));
        let until = |deadline| next_poll(&policy, 1, Moment(0), Some(Moment(deadline)));
        assert_eq!(until(10_001), Some(Moment(10_000)));
        assert_eq!(until(10_000), Some(Moment(9_000)), "not at the deadline, where it would be too late");
        assert_eq!(until(1_001), Some(Moment(1)));
        assert_eq!(until(1_000), None);
    }
}
