//! The idempotency key of a command: the same over attempts, crashes and processes.

use crate::history::{OpId, RunNo, Value};

/// `store uuid/run number/generation/op/8 hex digits of the hash of name and input`.
pub fn idempotency_key(
    store: &str,
    run: RunNo,
    generation: u32,
    op: OpId,
    name: &str,
    input: &Value,
) -> String {
    let mut hasher = blake3::Hasher::new();
    // A name holds no NUL, so that no other pair of name and input gives these bytes.
    hasher.update(name.as_bytes()).update(&[0]);
    // A value within the limits of a history always encodes.
    hasher.update(&rmp_serde::to_vec_named(input).unwrap_or_default());
    let hash = hasher.finalize().to_hex();
    let digits = hash.get(..8).unwrap_or_default();
    format!("{store}/{run}/{generation}/{op}/{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_changes_with_each_of_its_parts_and_with_nothing_else() {
        let key = |store, run, generation, op, name, input| {
            idempotency_key(store, RunNo(run), generation, OpId(op), name, &Value::Int(input))
        };
        let first = key("s", 3, 1, 2, "charge", 5);
        assert_eq!(first, key("s", 3, 1, 2, "charge", 5));
        for other in [
            key("t", 3, 1, 2, "charge", 5),
            key("s", 4, 1, 2, "charge", 5),
            key("s", 3, 2, 2, "charge", 5),
            key("s", 3, 1, 3, "charge", 5),
            key("s", 3, 1, 2, "refund", 5),
            key("s", 3, 1, 2, "charge", 6),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn keys_are_a_promise_to_other_services() {
        let input = Value::from([("id", Value::Int(7)), ("name", "tea".into())]);
        assert_eq!(idempotency_key("u", RunNo(3), 1, OpId(2), "charge", &input), "u/3/1/2/49cfaf93");
    }
}
