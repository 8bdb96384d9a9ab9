//! The head of a record of the log: which it is, how long, and what tells that it is whole.

use super::changes::u32_of;

/// The bytes before what a record holds: generation, index, length, checksum.
pub(super) const HEAD_BYTES: usize = 8 + 4 + 4 + 16;
/// The length that a mark has in its head: no record is so long.
pub(super) const MARK: u32 = u32::MAX;

/// How a record begins, and all of a mark.
pub(super) struct Head {
    pub(super) generation: u64,
    pub(super) index: u32,
    pub(super) length: u32,
    pub(super) sum: [u8; 16],
}

impl Head {
    pub(super) fn of(mut bytes: &[u8]) -> Option<Self> {
        Some(Self {
            generation: u64::from_le_bytes(bytes.split_off(..8)?.try_into().ok()?),
            index: u32_of(bytes.split_off(..4)?)?,
            length: u32_of(bytes.split_off(..4)?)?,
            sum: bytes.split_off(..16)?.try_into().ok()?,
        })
    }

    /// Whether it is a mark. Its checksum is that of a record that holds nothing, and no commit writes one.
    pub(super) fn is_mark(&self) -> bool {
        self.length == MARK || self.length == 0
    }

    /// How many records were written before it.
    pub(super) fn before(&self) -> u64 {
        self.generation.saturating_add(u64::from(self.index))
    }

    /// The head of what holds these bytes, or of a mark.
    pub(super) fn over(salt: [u8; 16], (generation, index): (u64, u32), length: u32, bytes: &[u8]) -> Self {
        let mut head = Self { generation, index, length, sum: [0; 16] };
        head.sum = head.sum_over(salt, bytes);
        head
    }

    pub(super) fn sum_over(&self, salt: [u8; 16], bytes: &[u8]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&salt).update(&self.generation.to_le_bytes()).update(&self.index.to_le_bytes());
        let sum = hasher.update(bytes).finalize();
        std::array::from_fn(|place| sum.as_bytes().get(place).copied().unwrap_or_default())
    }

    pub(super) fn bytes(&self) -> [u8; HEAD_BYTES] {
        let numbers = self.generation.to_le_bytes().into_iter().chain(self.index.to_le_bytes());
        let parts = numbers.chain(self.length.to_le_bytes()).chain(self.sum);
        let mut head = [0; HEAD_BYTES];
        head.iter_mut().zip(parts).for_each(|(to, byte)| *to = byte);
        head
    }
}
