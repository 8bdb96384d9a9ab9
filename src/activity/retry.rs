//! When a failed attempt is tried again: exponential back-off with a ceiling, jitter, and permanent failures.

use super::outcome::Failed;
use crate::history::{RetryPolicy, Value};

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Another attempt.
    TryAgain {
        /// After so many milliseconds.
        in_ms: i64,
    },
    /// The failure is the outcome.
    GiveUp,
}

/// Decides after the `failures`-th failure; `chance` spreads the waits.
pub fn decide(policy: &RetryPolicy, failures: u32, failed: &Failed, chance: u64) -> Decision {
    let used_up = policy.attempts.is_some_and(|attempts| failures >= attempts);
    if failed.permanent || used_up || is_excluded(policy, failed) {
        return Decision::GiveUp;
    }
    if let Some(in_ms) = failed.retry_after_ms {
        return Decision::TryAgain { in_ms: in_ms.max(0) };
    }
    Decision::TryAgain { in_ms: wait_ms(policy, failures, chance) }
}

/// Whether the policy says that failures of this type (or kind) are permanent.
fn is_excluded(policy: &RetryPolicy, failed: &Failed) -> bool {
    let failure = &failed.failure;
    let names = [failure.data.get("type").and_then(Value::as_text), Some(failure.kind.as_str())];
    let named = |list: &[String]| list.iter().any(|name| names.contains(&Some(name)));
    named(&policy.except) || !policy.only.is_empty() && !named(&policy.only)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "clamped to the ceiling, which is a number of milliseconds"
)]
fn wait_ms(policy: &RetryPolicy, failures: u32, chance: u64) -> i64 {
    let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
    let ceiling = policy.max_ms.max(0) as f64;
    let wait = (policy.first_ms.max(0) as f64 * policy.factor.max(1.0).powi(steps)).min(ceiling);
    // In −1 … 1, by which the jitter is scaled.
    let spread = (chance >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
    (wait * (1.0 + policy.jitter.clamp(0.0, 1.0) * spread)).clamp(0.0, ceiling) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Failure;

    fn failed(kind: &str, type_: Option<&str>) -> Failed {
        let mut failure = Failure::new(kind, "no");
        if let Some(type_) = type_ {
            failure = failure.with("type", type_);
        }
        Failed { failure, permanent: false, retry_after_ms: None }
    }

    fn plain() -> RetryPolicy {
        RetryPolicy { jitter: 0.0, ..RetryPolicy::endless() }
    }

    #[test]
    fn waits_double_up_to_the_ceiling_and_never_overflow() {
        let waits: Vec<Decision> =
            [1, 2, 3, 8, 5000].map(|n| decide(&plain(), n, &failed("exec", None), 0)).to_vec();
        let expected = [1_000, 2_000, 4_000, 100_000, 100_000].map(|in_ms| Decision::TryAgain { in_ms });
        assert_eq!(waits, expected);
    }

    #[test]
    fn jitter_stays_within_its_share() {
        let policy = RetryPolicy { jitter: 0.1, ..plain() };
        for chance in [0, u64::MAX / 3, u64::MAX] {
            let Decision::TryAgain { in_ms } = decide(&policy, 1, &failed("exec", None), chance) else {
                panic!()
            };
            assert!((900..=1_100).contains(&in_ms), "{in_ms}");
        }
        assert_eq!(decide(&policy, 1, &failed("exec", None), 0), Decision::TryAgain { in_ms: 900 });
    }

    #[test]
    fn attempts_permanence_except_and_only_end_it() {
        let bounded = RetryPolicy { attempts: Some(3), ..plain() };
        assert_ne!(decide(&bounded, 2, &failed("exec", None), 0), Decision::GiveUp);
        assert_eq!(decide(&bounded, 3, &failed("exec", None), 0), Decision::GiveUp);
        assert_eq!(
            decide(&plain(), 1, &Failed { permanent: true, ..failed("exec", None) }, 0),
            Decision::GiveUp
        );
        let except = RetryPolicy { except: vec!["card_declined".into()], ..plain() };
        assert_eq!(decide(&except, 1, &failed("activity", Some("card_declined")), 0), Decision::GiveUp);
        assert_ne!(decide(&except, 1, &failed("activity", Some("down")), 0), Decision::GiveUp);
        let only = RetryPolicy { only: vec!["timeout".into()], ..plain() };
        assert_ne!(decide(&only, 1, &failed("timeout", None), 0), Decision::GiveUp);
        assert_eq!(decide(&only, 1, &failed("activity", None), 0), Decision::GiveUp);
    }

    #[test]
    fn a_time_that_the_service_names_wins() {
        let asked = Failed { retry_after_ms: Some(30_000), ..failed("http", None) };
        assert_eq!(decide(&plain(), 1, &asked, 0), Decision::TryAgain { in_ms: 30_000 });
    }
}
