//! Carrying a run elsewhere: one file with all that is known of it, and a store to look at it in.
//!
//! ```text
//! "durun-export 1\n"
//! rows: length u32 big-endian, MessagePack of table, key and value
//! length 0, then BLAKE3 of all before, 32 bytes
//! ```

use super::prune::upkeep;
use super::{ClientError, Session};
use crate::history::{RunNo, RunRow};
use crate::store::{CarriedRow, Kept, Upkeep};
use std::io::{Read, Write};

const MAGIC: &[u8] = b"durun-export 1\n";
/// The longest row that is read, in bytes: the largest entry is far smaller.
const LONGEST: usize = 64 * 1024 * 1024;
/// How many rows are taken at once.
const SLICE: usize = 500;

/// Why a file is no exported run.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It begins otherwise.
    #[error("it is no file that durun export has written")]
    Foreign,
    /// Bytes are missing, or are not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The store.
    #[error(transparent)]
    Client(#[from] Box<ClientError>),
}

impl From<ClientError> for CarryError {
    fn from(error: ClientError) -> Self {
        Self::Client(Box::new(error))
    }
}

/// Writes all that the store has of a run; gives the number of rows.
///
/// # Errors
/// [`CarryError`].
pub fn export(session: &Session, row: &RunRow, to: &mut dyn Write) -> Result<u64, CarryError> {
    let mut file = ExportFile::begin(to)?;
    each_page(session, row.no, |rows| rows.iter().try_for_each(|row| file.put(row)))?;
    file.end()
}

/// Writes rows that were read before.
///
/// # Errors
/// [`CarryError`].
pub fn write_export(rows: &[CarriedRow], to: &mut dyn Write) -> Result<u64, CarryError> {
    let mut file = ExportFile::begin(to)?;
    rows.iter().try_for_each(|row| file.put(row))?;
    file.end()
}

/// Hands out all rows that the store has of a run, in pieces.
pub(super) fn each_page<E: From<ClientError>>(
    session: &Session,
    run: RunNo,
    mut take: impl FnMut(Vec<CarriedRow>) -> Result<(), E>,
) -> Result<(), E> {
    let mut place = None;
    loop {
        let Kept::Rows(rows, next) = upkeep(session, Upkeep::Export { run, place })? else {
            return Err(ClientError::Answer { run }.into());
        };
        take(rows)?;
        place = next;
        if place.is_none() {
            return Ok(());
        }
    }
}

/// A file that is being written.
struct ExportFile<'w> {
    to: &'w mut dyn Write,
    hasher: blake3::Hasher,
    count: u64,
}

impl<'w> ExportFile<'w> {
    fn begin(to: &'w mut dyn Write) -> Result<Self, CarryError> {
        let mut file = Self { to, hasher: blake3::Hasher::new(), count: 0 };
        file.write(MAGIC)?;
        Ok(file)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CarryError> {
        self.hasher.update(bytes);
        Ok(self.to.write_all(bytes)?)
    }

    fn put(&mut self, row: &CarriedRow) -> Result<(), CarryError> {
        let bytes = rmp_serde::to_vec(row).map_err(|error| CarryError::Damaged(error.to_string()))?;
        self.write(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes())?;
        self.write(&bytes)?;
        self.count += 1;
        Ok(())
    }

    fn end(mut self) -> Result<u64, CarryError> {
        self.write(&[0; 4])?;
        self.to.write_all(self.hasher.finalize().as_bytes())?;
        self.to.flush()?;
        Ok(self.count)
    }
}

/// Reads and verifies a whole file.
///
/// # Errors
/// [`CarryError`].
pub fn read_export(from: &mut dyn Read) -> Result<Vec<CarriedRow>, CarryError> {
    let mut hasher = blake3::Hasher::new();
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic).map_err(|_| CarryError::Foreign)?;
    if magic != MAGIC {
        return Err(CarryError::Foreign);
    }
    hasher.update(&magic);
    let cut = |_| CarryError::Damaged("it ends too early".to_owned());
    let mut rows = Vec::new();
    loop {
        let mut length = [0; 4];
        from.read_exact(&mut length).map_err(cut)?;
        hasher.update(&length);
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length == 0 {
            break;
        }
        if length > LONGEST {
            return Err(CarryError::Damaged("a row is longer than any can be".to_owned()));
        }
        let mut bytes = vec![0; length];
        from.read_exact(&mut bytes).map_err(cut)?;
        hasher.update(&bytes);
        rows.push(bytes);
    }
    let mut hash = [0; 32];
    from.read_exact(&mut hash).map_err(cut)?;
    if *hasher.finalize().as_bytes() != hash {
        return Err(CarryError::Damaged("its checksum does not match".to_owned()));
    }
    let row = |bytes: &Vec<u8>| {
        crate::history::decode(bytes).map_err(|error| CarryError::Damaged(error.to_string()))
    };
    rows.iter().map(row).collect()
}

/// Puts the rows of an exported run into a store that is only looked at.
///
/// # Errors
/// `LookedAt` of the store where it is not such a one, or has another run of that number.
pub fn import(session: &Session, rows: &[CarriedRow]) -> Result<(), CarryError> {
    for slice in rows.chunks(SLICE) {
        let Kept::Done = upkeep(session, Upkeep::Import(slice.to_vec()))? else {
            return Err(ClientError::Answer { run: RunNo(0) }.into());
        };
    }
    Ok(())
}
