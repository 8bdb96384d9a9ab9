//! Values of the stage as a test sees them.

use super::super::convert::to_dynamic;
use super::stage::Call;
use rhai::{Dynamic, Map};

/// How values become those of a test.
pub(super) struct Given;

impl Given {
    /// The input of a call, as the closure of a mock gets it.
    pub(super) fn input(call: &Call) -> Dynamic {
        to_dynamic(&call.input)
    }

    /// A call as an element of `calls`.
    pub(super) fn call(call: &Call) -> Dynamic {
        let mut map = Map::new();
        map.insert("name".into(), call.label.name.clone().into());
        map.insert("kind".into(), call.label.kind.word().into());
        map.insert("input".into(), to_dynamic(&call.input));
        map.insert("attempts".into(), i64::from(call.attempt).into());
        map.insert("key".into(), call.key.clone().into());
        map.insert("run".into(), call.run.clone().into());
        map.into()
    }
}
