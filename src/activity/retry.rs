//! When a failed attempt is tried again: exponential back-off with a ceiling, jitter, and permanent failures.

use super::outcome::Failed;
use crate::history::{RetryPolicy, Value};
use std::time::Duration;

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Another attempt.
    TryAgain {
        /// After so many milliseconds; never negative.
        in_ms: i64,
    },
    /// The failure is the outcome.
    GiveUp,
}

/// Decides after the `failures`-th failure (from 1); `chance` spreads the waits.
///
/// A wait that the failed program asks for is kept even where it is longer than the policy's longest.
pub fn decide(policy: &RetryPolicy, failures: u32, failed: &Failed, chance: u64) -> Decision {
    let used_up = policy.attempts.is_some_and(|attempts| failures >= attempts);
    if failed.permanent || used_up || is_excluded(policy, failed) {
        return Decision::GiveUp;
    }
    let asked_ms = failed.retry_after_ms.filter(|_| policy.retry_after).unwrap_or(0);
    Decision::TryAgain { in_ms: wait_ms(policy, failures, chance).max(asked_ms) }
}

/// Whether the policy says that failures of this type are permanent. A failure without a type goes by its kind.
fn is_excluded(policy: &RetryPolicy, failed: &Failed) -> bool {
    let failure = &failed.failure;
    let name = failure.data.get("type").and_then(Value::as_text).unwrap_or(&failure.kind);
    let names = |list: &[String]| list.iter().any(|listed| listed == name);
    names(&policy.except) || (!policy.only.is_empty() && !names(&policy.only))
}

/// Chance picks from the band of jitter around the wait, of which what lies above the ceiling is cut off: at the ceiling
/// the waits of many runs still differ.
pub(super) fn wait_ms(policy: &RetryPolicy, failures: u32, chance: u64) -> i64 {
    let ceiling = seconds(policy.max_ms);
    // 1.0001^100000 is far beyond any ceiling, so nothing is lost by the bound.
    let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX).min(100_000);
    let first = seconds(policy.first_ms);
    // 0 × ∞ is no number; `min` and `max` then give the other side, and zero stays zero.
    let base = if first > 0.0 { (first * policy.factor.max(1.0).powi(steps)).min(ceiling) } else { 0.0 };
    let jitter = if policy.jitter.is_finite() { policy.jitter.clamp(0.0, 1.0) } else { 0.0 };
    let (low, high) = (base * (1.0 - jitter), (base * (1.0 + jitter)).min(ceiling));
    let share = f64::from(u32::try_from(chance >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    let wait = (low + share * (high - low)).clamp(0.0, ceiling);
    // Rounded to a nanosecond first, so that 0.3 s is 300 ms and not 299.
    Duration::try_from_secs_f64(wait)
        .ok()
        .and_then(|wait| i64::try_from(wait.as_millis()).ok())
        .unwrap_or(i64::MAX)
        .min(policy.max_ms.max(0))
}

fn seconds(ms: i64) -> f64 {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Failure;
    use proptest::prelude::*;

    fn failed(kind: &str, type_: Option<&str>) -> Failed {
        let failure = Failure::new(kind, "no");
        Failed::passing(match type_ {
            Some(type_) => failure.with("type", type_),
            None => failure,
        })
    }

    fn plain() -> RetryPolicy {
        RetryPolicy { jitter: 0.0, ..RetryPolicy::endless() }
    }

    fn wait(policy: &RetryPolicy, failures: u32, chance: u64) -> i64 {
        match decide(policy, failures, &failed("exec", None), chance) {
            Decision::TryAgain { in_ms } => in_ms,
            Decision::GiveUp => panic!("gave up"),
        }
    }

    #[test]
    fn waits_double_up_to_the_ceiling_and_never_overflow() {
        let waits = [1, 2, 3, 7, 8, 5_000, u32::MAX].map(|failures| wait(&plain(), failures, 7));
        assert_eq!(waits, [1_000, 2_000, 4_000, 64_000, 100_000, 100_000, 100_000]);
        assert_eq!(wait(&RetryPolicy { first_ms: 300, ..plain() }, 1, 7), 300);
        assert_eq!(wait(&RetryPolicy { max_ms: i64::MAX, ..plain() }, u32::MAX, 7), i64::MAX);
        assert_eq!(wait(&RetryPolicy { first_ms: 0, ..plain() }, u32::MAX, 7), 0);
    }

    #[test]
    fn jitter_lengthens_and_shortens_by_its_share() {
        let policy = RetryPolicy { jitter: 0.1, ..plain() };
        assert_eq!(wait(&policy, 1, 0), 900);
        assert_eq!(wait(&policy, 1, u64::MAX), 1_100);
        assert_eq!((wait(&policy, 99, 0), wait(&policy, 99, u64::MAX)), (90_000, 100_000));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_negative_and_never_over_the_ceiling(
            first_ms in any::<i64>(), max_ms in any::<i64>(), factor in any::<f64>(), jitter in any::<f64>(),
            failures in any::<u32>(), chance in any::<u64>(),
        ) {
            let policy = RetryPolicy { first_ms, factor, max_ms, jitter, ..plain() };
            prop_assert!((0..=max_ms.max(0)).contains(&wait(&policy, failures, chance)));
        }
    }

    #[test]
    fn attempts_and_permanence_end_it() {
        let bounded = RetryPolicy { attempts: Some(3), ..plain() };
        assert_ne!(decide(&bounded, 2, &failed("exec", None), 0), Decision::GiveUp);
        assert_eq!(decide(&bounded, 3, &failed("exec", None), 0), Decision::GiveUp);
        let permanent = Failed { permanent: true, ..failed("exec", None) };
        assert_eq!(decide(&plain(), 1, &permanent, 0), Decision::GiveUp);
    }

    #[test]
    fn except_and_only_go_by_type_and_where_there_is_none_by_kind() {
        let gives_up = |policy: &RetryPolicy, kind, type_| {
            decide(policy, 1, &failed(kind, type_), 0) == Decision::GiveUp
        };
        let except = RetryPolicy { except: vec!["card_declined".into(), "timeout".into()], ..plain() };
        assert!(gives_up(&except, "activity", Some("card_declined")));
        assert!(!gives_up(&except, "activity", Some("down")));
        assert!(gives_up(&except, "timeout", None));
        assert!(!gives_up(&except, "timeout", Some("slow")));
        let only = RetryPolicy { only: vec!["timeout".into()], ..plain() };
        assert!(!gives_up(&only, "timeout", None));
        assert!(gives_up(&only, "activity", None));
        assert!(gives_up(&only, "timeout", Some("slow")));
    }

    #[test]
    fn the_wait_that_a_program_asks_for_is_the_least() {
        let asked = |ms| Failed { retry_after_ms: Some(ms), ..failed("activity", None) };
        assert_eq!(decide(&plain(), 1, &asked(300_000), 0), Decision::TryAgain { in_ms: 300_000 });
        assert_eq!(decide(&plain(), 1, &asked(0), 0), Decision::TryAgain { in_ms: 1_000 });
        assert_eq!(decide(&plain(), 1, &asked(i64::MIN), 0), Decision::TryAgain { in_ms: 1_000 });
        let deaf = RetryPolicy { retry_after: false, ..plain() };
        assert_eq!(decide(&deaf, 1, &asked(300_000), 0), Decision::TryAgain { in_ms: 1_000 });
    }
}
