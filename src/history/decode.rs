//! Reading MessagePack that anybody may have written: what is nested deeper than any value is refused before it takes the stack.

use serde::Deserialize;

/// How deep lists, maps and variants may be nested: a value at its own limit, in a record, in a row, in a frame.
const DEEPEST: usize = 200;

/// Reads a value of that type.
///
/// # Errors
/// Where the bytes are something else, end too early or are nested deeper than 200.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, rmp_serde::decode::Error> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    deserializer.set_max_depth(DEEPEST);
    T::deserialize(&mut deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Failure, MAX_DEPTH, RunEnd, Value};

    #[test]
    fn the_deepest_value_is_read_and_a_bottomless_one_is_refused() {
        let deepest = (0..MAX_DEPTH).fold(Value::Null, |inner, level| {
            if level % 2 == 0 { Value::List(vec![inner]) } else { Value::from([("a", inner)]) }
        });
        assert_eq!(deepest.check(), Ok(()));
        let end = RunEnd::Failed { failure: Failure::new("failure", "no").with("cause", deepest) };
        let bytes = rmp_serde::to_vec_named(&end).expect("encodes");
        assert_eq!(decode::<RunEnd>(&bytes).expect("decodes"), end);
        for bottomless in [vec![0x91; 100_000], [0x81, 0xa1, b'a'].repeat(100_000)] {
            assert!(decode::<Value>(&bottomless).is_err());
        }
    }
}
