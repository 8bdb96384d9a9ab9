//! The changes of a transaction: whole rows, as they are kept until it commits, and as the log writes them.

use crate::store::rows::Table;
use std::collections::BTreeMap;
use std::ops::Bound;

/// What takes more bytes than that in the log goes into the pages: they are then about as large as the record.
pub(super) const MOST_BYTES: usize = 128 * 1024;

/// What became of a row.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// It has this value.
    Put(Vec<u8>),
    /// It is there no more.
    Removed,
}

impl Change {
    pub(super) fn of(value: Option<&[u8]>) -> Self {
        value.map_or(Self::Removed, |value| Self::Put(value.to_vec()))
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Put(value) => Some(value),
            Self::Removed => None,
        }
    }

    pub(super) fn into_value(self) -> Option<Vec<u8>> {
        match self {
            Self::Put(value) => Some(value),
            Self::Removed => None,
        }
    }
}

/// A key, and what became of its row.
pub(super) type Changed = (Vec<u8>, Change);

/// The rows that a transaction wrote and removed.
#[derive(Default)]
pub(super) struct Changes {
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, Change>>,
}

/// A change that was read back: the name of a table, a key, and the value, or none where the row was removed.
pub(super) type ChangeRead<'b> = (&'b str, &'b [u8], Option<&'b [u8]>);

impl Changes {
    pub(super) fn note(&mut self, table: Table, key: &[u8], change: Change) {
        self.tables.entry(table).or_default().insert(key.to_vec(), change);
    }

    /// What it says of a row; nothing where it left it as it was.
    pub(super) fn get(&self, table: Table, key: &[u8]) -> Option<&Change> {
        self.tables.get(&table)?.get(key)
    }

    /// What it says of the rows between two keys, in order.
    pub(super) fn range<'c>(
        &'c self,
        table: Table,
        (from, until): (&[u8], &[u8]),
    ) -> impl DoubleEndedIterator<Item = Changed> + 'c {
        let bounds = (Bound::Included(from), Bound::Excluded(until));
        let rows = self.tables.get(&table).map(|rows| rows.range::<[u8], _>(bounds));
        rows.into_iter().flatten().map(|(key, change)| (key.clone(), change.clone()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// All that it says.
    pub(super) fn into_rows(self) -> impl Iterator<Item = (Table, Changed)> {
        let of_table = |(table, rows): (Table, BTreeMap<_, _>)| rows.into_iter().map(move |row| (table, row));
        self.tables.into_iter().flat_map(of_table)
    }

    /// As the log writes it; nothing where that is not for the log.
    pub(super) fn record(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for (table, rows) in &self.tables {
            let name = table.name().as_bytes();
            for (key, change) in rows {
                let value = change.value();
                let length = value.map_or(0, <[u8]>::len);
                if bytes.len() + 9 + name.len() + key.len() + length > MOST_BYTES {
                    return None;
                }
                let length = u32::try_from(length).ok()?;
                bytes.push(u8::try_from(name.len()).ok()?);
                bytes.extend(u32::try_from(key.len()).ok()?.to_le_bytes());
                // No value is another thing than an empty one.
                bytes.extend(value.map_or(u32::MAX, |_| length).to_le_bytes());
                bytes.extend(name);
                bytes.extend(key);
                bytes.extend(value.unwrap_or_default());
            }
        }
        Some(bytes)
    }
}

/// The changes that a record holds, in order; nothing where the bytes are none.
pub(super) fn changes(mut bytes: &[u8]) -> Option<Vec<ChangeRead<'_>>> {
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

    type Noted = (usize, Vec<u8>, Option<Vec<u8>>);

    proptest! {
        #[test]
        fn what_was_noted_is_read_back(
            rows in prop::collection::vec(
                (0..99_usize, prop::collection::vec(any::<u8>(), 0..20), prop::option::of(prop::collection::vec(any::<u8>(), 0..50))),
                0..20,
            ),
        ) {
            let table = |row: &Noted| Table::ALL[row.0 % Table::ALL.len()];
            let mut noted = Changes::default();
            for row in &rows {
                noted.note(table(row), &row.1, Change::of(row.2.as_deref()));
            }
            let last: BTreeMap<_, _> =
                rows.iter().map(|row| ((table(row), row.1.clone()), row.2.clone())).collect();
            let last: Vec<_> =
                last.into_iter().map(|((table, key), value)| (table.name(), key, value)).collect();
            let record = noted.record().expect("small");
            let read = changes(&record).expect("changes");
            let read: Vec<_> =
                read.into_iter().map(|(name, key, value)| (name, key.to_vec(), value.map(<[u8]>::to_vec))).collect();
            prop_assert_eq!(&read, &last);
            for cut in 1..record.len() {
                let _no_panic = changes(&record[..cut]);
            }
            let given: Vec<_> =
                noted.into_rows().map(|(table, (key, change))| (table.name(), key, change.into_value())).collect();
            prop_assert_eq!(given, last);
        }
    }

    #[test]
    fn what_is_too_large_for_the_log_gives_no_record() {
        let of_bytes = |count: usize| {
            let mut changes = Changes::default();
            changes.note(Table::Runs, &[1], Change::Put(vec![2; count]));
            changes.record()
        };
        assert!(of_bytes(MOST_BYTES).is_none());
        assert_eq!(of_bytes(MOST_BYTES - 14).map(|record| record.len()), Some(MOST_BYTES));
    }
}
