//! The idempotency key of a command: the same over attempts, crashes and processes.

use crate::history::{OpId, RunNo, Value};

/// `store/run number/generation/op/8 hex digits of the hash of name and input`.
pub fn idempotency_key(
    store: &str,
    run: RunNo,
    generation: u32,
    op: OpId,
    name: &str,
    input: &Value,
) -> String {
    let mut hasher = blake3::Hasher::new();
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
        let key = |op, name, input| idempotency_key("s", RunNo(3), 1, OpId(op), name, &Value::Int(input));
        assert_eq!(key(2, "charge", 5), key(2, "charge", 5));
        assert!(key(2, "charge", 5).starts_with("s/3/1/2/"));
        assert_ne!(key(2, "charge", 5), key(2, "charge", 6));
        assert_ne!(key(2, "charge", 5), key(2, "refund", 5));
        assert_ne!(key(2, "charge", 5), key(3, "charge", 5));
    }
}
