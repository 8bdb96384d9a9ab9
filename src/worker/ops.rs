//! A few commands in their order: of most runs one at a time, for which a tree is too much.

use crate::history::OpId;

/// Commands, each once.
#[derive(Default)]
pub(super) struct Ops(Vec<OpId>);

impl Ops {
    pub(super) fn insert(&mut self, op: OpId) {
        if let Err(place) = self.0.binary_search(&op) {
            self.0.insert(place, op);
        }
    }

    /// Whether it was among them.
    pub(super) fn remove(&mut self, op: OpId) -> bool {
        let place = self.0.binary_search(&op);
        place.map(|place| self.0.remove(place)).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = OpId> {
        self.0.iter().copied()
    }

    pub(super) fn into_vec(self) -> Vec<OpId> {
        self.0
    }
}

impl Extend<OpId> for Ops {
    fn extend<T: IntoIterator<Item = OpId>>(&mut self, ops: T) {
        for op in ops {
            self.insert(op);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_and_in_order() {
        let mut ops = Ops::default();
        ops.extend([7, 3, 7, 9].map(OpId));
        assert!(ops.remove(OpId(7)) && !ops.remove(OpId(7)) && !ops.remove(OpId(4)));
        ops.insert(OpId(1));
        assert_eq!(ops.iter().collect::<Vec<_>>(), [1, 3, 9].map(OpId));
        assert_eq!(ops.into_vec(), [1, 3, 9].map(OpId));
    }
}
