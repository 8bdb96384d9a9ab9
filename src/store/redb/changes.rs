//! The changes of a transaction as the log writes them: whole rows, one after the other.

use crate::store::rows::Table;

/// What changes more bytes than that is told to redb alone: its pages are then about as large as the record.
pub(super) const MOST_BYTES: usize = 128 * 1024;

/// The changes of a transaction, as they are written: whole rows.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) bytes: Vec<u8>,
    is_too_large: bool,
}

/// A change that was read back: the name of a table, a key, and the value, or none where the row was removed.
pub(super) type Change<'b> = (&'b str, &'b [u8], Option<&'b [u8]>);

impl Changes {
    pub(super) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.add(table, key, Some(value));
    }

    pub(super) fn remove(&mut self, table: Table, key: &[u8]) {
        self.add(table, key, None);
    }

    /// Whether the log is not for them.
    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    fn add(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) {
        let (name, length) = (table.name().as_bytes(), value.map_or(0, <[u8]>::len));
        if self.bytes.len() + 9 + name.len() + key.len() + length > MOST_BYTES {
            self.is_too_large = true;
            self.bytes = Vec::new();
        }
        let (Ok(name_length), Ok(key_length), Ok(length)) =
            (u8::try_from(name.len()), u32::try_from(key.len()), u32::try_from(length))
        else {
            self.is_too_large = true;
            return;
        };
        if self.is_too_large {
            return;
        }
        self.bytes.push(name_length);
        self.bytes.extend(key_length.to_le_bytes());
        // No value is another thing than an empty one.
        self.bytes.extend(value.map_or(u32::MAX, |_| length).to_le_bytes());
        self.bytes.extend(name);
        self.bytes.extend(key);
        self.bytes.extend(value.unwrap_or_default());
    }
}

/// The changes that a record holds, in order; nothing where the bytes are none.
pub(super) fn changes(mut bytes: &[u8]) -> Option<Vec<Change<'_>>> {
    let mut changes = Vec::new();
    while !bytes.is_empty() {
        let name_length = usize::from(*bytes.split_off_first()?);
        let key_length = u32_of(bytes.split_off(..4)?)?;
        let value_length = u32_of(bytes.split_off(..4)?)?;
        let name = std::str::from_utf8(bytes.split_off(..name_length)?).ok()?;
        let key = bytes.split_off(..usize::try_from(key_length).ok()?)?;
        let value = match value_length {
            u32::MAX => None,
            length => Some(bytes.split_off(..usize::try_from(length).ok()?)?),
        };
        changes.push((name, key, value));
    }
    Some(changes)
}

pub(super) fn u32_of(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Row = (usize, Vec<u8>, Option<Vec<u8>>);

    fn noted(rows: &[Row]) -> Changes {
        let mut noted = Changes::default();
        for (table, key, value) in rows {
            let table = Table::ALL[table % Table::ALL.len()];
            match value {
                Some(value) => noted.put(table, key, value),
                None => noted.remove(table, key),
            }
        }
        noted
    }

    proptest! {
        #[test]
        fn what_was_noted_is_read_back(
            rows in prop::collection::vec(
                (0..99_usize, prop::collection::vec(any::<u8>(), 0..20), prop::option::of(prop::collection::vec(any::<u8>(), 0..50))),
                0..20,
            ),
        ) {
            let noted = noted(&rows);
            let read = changes(&noted.bytes).expect("changes");
            let named = |(table, key, value): &Row| {
                (Table::ALL[table % Table::ALL.len()].name(), key.clone(), value.clone())
            };
            let read: Vec<_> =
                read.into_iter().map(|(name, key, value)| (name, key.to_vec(), value.map(<[u8]>::to_vec))).collect();
            prop_assert_eq!(read, rows.iter().map(named).collect::<Vec<_>>());
            for cut in 1..noted.bytes.len() {
                let _no_panic = changes(&noted.bytes[..cut]);
            }
        }
    }
}
