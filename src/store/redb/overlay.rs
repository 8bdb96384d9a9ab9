//! A file that is only read: what is written over it stays in memory, so that even a file left by a kill can be opened and keeps its bytes.

use redb::StorageBackend;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is written is kept in blocks of so many bytes.
const BLOCK: u64 = 4096;

/// The file, and what lies over it. Clones share both.
#[derive(Debug, Clone)]
pub(super) struct Overlay(Arc<Mutex<Layers>>);

#[derive(Debug)]
struct Layers {
    file: File,
    /// The length of the file below, as far as it still counts.
    below: u64,
    length: u64,
    over: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    /// Over the file of that name, which must be there.
    pub(super) fn over(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self(Arc::new(Mutex::new(Layers { file, below: length, length, over: BTreeMap::new() }))))
    }

    /// Writes what lies over the file into another that has the same bytes below.
    pub(super) fn lay_down(&self, below: &dyn StorageBackend) -> io::Result<()> {
        let layers = self.layers();
        // What was cut off does not come back where it grows again.
        for length in [layers.below, layers.length] {
            if length < below.len()? || length == layers.length {
                below.set_len(length)?;
            }
        }
        for (block, bytes) in &layers.over {
            let from = block * BLOCK;
            let there = size(layers.length.saturating_sub(from).min(BLOCK))?;
            below.write(from, bytes.get(..there).unwrap_or(bytes))?;
        }
        Ok(())
    }

    fn layers(&self) -> MutexGuard<'_, Layers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Layers {
    /// The bytes of a block as they are in the file: zeros after its end.
    fn of_file(&self, block: u64) -> io::Result<Vec<u8>> {
        let from = block * BLOCK;
        let there = self.below.saturating_sub(from).min(BLOCK);
        let mut bytes = vec![0; size(BLOCK)?];
        if let Some(part) = bytes.get_mut(..size(there)?) {
            self.file.read_exact_at(part, from)?;
        }
        Ok(bytes)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.over.is_empty() && offset + length(out)? <= self.below {
            return self.file.read_exact_at(out, offset);
        }
        each_block(offset, out.len(), |block, at, from, count| {
            let bytes = match self.over.get(&block) {
                Some(bytes) => bytes.get(from..from + count).map(<[u8]>::to_vec),
                None => self.of_file(block)?.get(from..from + count).map(<[u8]>::to_vec),
            };
            if let (Some(to), Some(bytes)) = (out.get_mut(at..at + count), bytes) {
                to.copy_from_slice(&bytes);
            }
            Ok(())
        })
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        each_block(offset, data.len(), |block, at, from, count| {
            if !self.over.contains_key(&block) {
                let bytes = self.of_file(block)?;
                self.over.insert(block, bytes);
            }
            let to = self.over.get_mut(&block).and_then(|bytes| bytes.get_mut(from..from + count));
            if let (Some(to), Some(data)) = (to, data.get(at..at + count)) {
                to.copy_from_slice(data);
            }
            Ok(())
        })
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.below = self.below.min(length);
        if length < self.length {
            drop(self.over.split_off(&length.div_ceil(BLOCK)));
            let rest = size(length % BLOCK)?;
            if let Some(last) = self.over.get_mut(&(length / BLOCK)) {
                last.iter_mut().skip(rest).for_each(|byte| *byte = 0);
            }
        }
        self.length = length;
        Ok(())
    }
}

/// Calls with each block that a stretch of bytes touches: its number, the place in the stretch, the place in the block, how many.
fn each_block(
    offset: u64,
    count: usize,
    mut work: impl FnMut(u64, usize, usize, usize) -> io::Result<()>,
) -> io::Result<()> {
    let mut at = 0;
    while at < count {
        let place = offset + u64::try_from(at).map_err(io::Error::other)?;
        let from = size(place % BLOCK)?;
        let part = (size(BLOCK)? - from).min(count - at);
        work(place / BLOCK, at, from, part)?;
        at += part;
    }
    Ok(())
}

fn size(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(io::Error::other)
}

fn length(bytes: &[u8]) -> io::Result<u64> {
    u64::try_from(bytes.len()).map_err(io::Error::other)
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.layers().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let layers = self.layers();
        if offset.saturating_add(length(out)?) > layers.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        layers.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.layers().cut(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.layers().write(offset, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    #[derive(Debug, Clone)]
    enum Step {
        Write(usize, Vec<u8>),
        Length(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let write = (0_usize..9000, prop::collection::vec(1_u8.., 1..5000))
            .prop_map(|(at, bytes)| Step::Write(at, bytes));
        prop::collection::vec(prop_oneof![3 => write, 1 => (0_usize..14_000).prop_map(Step::Length)], 0..8)
    }

    proptest! {
        #[test]
        fn it_reads_as_the_file_would_and_leaves_the_file_alone(first in 0_usize..10_000, steps in steps()) {
            let file = tempfile::NamedTempFile::new().expect("a file");
            let mut plain: Vec<u8> = (1..=255_u8).cycle().take(first).collect();
            std::fs::write(file.path(), &plain).expect("written");
            let before = plain.clone();
            let overlay = Overlay::over(file.path()).expect("opens");
            for step in steps {
                match step {
                    Step::Write(at, bytes) => {
                        let end = at + bytes.len();
                        if plain.len() < end {
                            plain.resize(end, 0);
                            overlay.set_len(u64::try_from(end).expect("small")).expect("grows");
                        }
                        plain[at..end].copy_from_slice(&bytes);
                        overlay.write(u64::try_from(at).expect("small"), &bytes).expect("writes");
                    }
                    Step::Length(length) => {
                        plain.resize(length, 0);
                        overlay.set_len(u64::try_from(length).expect("small")).expect("cuts");
                    }
                }
            }
            prop_assert_eq!(overlay.len().expect("a length"), u64::try_from(plain.len()).expect("small"));
            let mut read = vec![9; plain.len()];
            overlay.read(0, &mut read).expect("reads");
            prop_assert!(read == plain);
            prop_assert!(overlay.read(1, &mut read).is_err() || plain.is_empty());
            let below = InMemoryBackend::new();
            below.set_len(u64::try_from(first).expect("small")).expect("grows");
            below.write(0, &before).expect("writes");
            overlay.lay_down(&below).expect("lays down");
            prop_assert_eq!(below.len().expect("a length"), u64::try_from(plain.len()).expect("small"));
            below.read(0, &mut read).expect("reads");
            prop_assert!(read == plain);
            prop_assert_eq!(std::fs::read(file.path()).expect("there"), before);
        }
    }
}
