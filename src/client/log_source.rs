//! Where a run's log lines come from: the store's rows, and the transcripts that lie beside it; each read piece by piece.

use super::log_place::StorePlace;
use super::{ClientError, Session};
use crate::activity::{Stream, TranscriptLine, transcript_of};
use crate::history::{OpId, RunNo, Value};
use crate::store::{LogLevel, LogLine, LogStream};
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How much of a transcript is read at once, in bytes: more than its longest line.
const CHUNK: usize = 64 * 1024;

/// A source of lines, in the order in which they were written.
#[derive(Debug, Clone)]
pub(super) struct LogSource {
    kind: Kind,
    /// What was read and not given yet.
    pub(super) ready: VecDeque<LogLine>,
}

#[derive(Debug, Clone)]
enum Kind {
    Store { place: StorePlace, folder: PathBuf },
    Transcript { path: PathBuf, op: OpId, attempt: u32, offset: u64 },
}

impl LogSource {
    /// The rows of a run. The end of an attempt's output is left out where its transcript lies in the folder: that has all.
    pub(super) fn store(run: RunNo, folder: PathBuf) -> Self {
        Self { kind: Kind::Store { place: StorePlace::new(run), folder }, ready: VecDeque::new() }
    }

    /// The transcripts in the folder of a run that are not among the known ones, which they join.
    pub(super) fn new_transcripts(folder: &Path, known: &mut BTreeSet<(u32, u32)>) -> Vec<Self> {
        // A run whose attempts were silent has no folder.
        let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut new: Vec<(u32, u32)> = files
            .flatten()
            .filter_map(|file| transcript_of(file.file_name().to_str()?))
            .filter(|name| known.insert(*name))
            .collect();
        new.sort_unstable();
        let source = |(op, attempt): (u32, u32)| {
            let path = folder.join(format!("{op}-{attempt}"));
            let kind = Kind::Transcript { path, op: OpId(op), attempt, offset: 0 };
            Self { kind, ready: VecDeque::new() }
        };
        new.into_iter().map(source).collect()
    }

    /// The command whose lines these are, where all are of one.
    pub(super) fn op(&self) -> Option<OpId> {
        match self.kind {
            Kind::Store { .. } => None,
            Kind::Transcript { op, .. } => Some(op),
        }
    }

    /// Reads more, where there is more and nothing is ready.
    pub(super) fn fill(&mut self, session: &Session) -> Result<(), ClientError> {
        while self.ready.is_empty() {
            let went_on = match &mut self.kind {
                Kind::Store { place, folder } => {
                    let rows = place.page(session)?;
                    let went_on = rows.is_some();
                    let rows = rows.into_iter().flatten();
                    self.ready.extend(rows.flat_map(|line| lines_of(line, folder)));
                    went_on
                }
                Kind::Transcript { path, op, attempt, offset } => {
                    let chunk = chunk(path, *offset);
                    let whole = chunk.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    // What is no line of ours and fills a chunk is passed over.
                    let used = if whole == 0 && chunk.len() == CHUNK { CHUNK } else { whole };
                    *offset = offset.saturating_add(u64::try_from(used).unwrap_or(0));
                    let lines = chunk.get(..whole).unwrap_or_default().split(|byte| *byte == b'\n');
                    let (op, attempt) = (*op, *attempt);
                    self.ready.extend(
                        lines.filter_map(TranscriptLine::parse).map(|line| log_line(line, op, attempt)),
                    );
                    used > 0
                }
            };
            if !went_on {
                break;
            }
        }
        Ok(())
    }
}

/// The next bytes of a file; none where it has no more, or is gone.
fn chunk(path: &Path, offset: u64) -> Vec<u8> {
    let mut buffer = vec![0; CHUNK];
    let Ok(file) = File::open(path) else { return Vec::new() };
    if file.metadata().is_ok_and(|file| file.len() <= offset) {
        return Vec::new();
    }
    let count = file.read_at(&mut buffer, offset).unwrap_or(0);
    buffer.truncate(count);
    buffer
}

/// A row of the store as lines: the end of an output has many in one row, and is left out where there is the transcript.
fn lines_of(row: LogLine, folder: &Path) -> Vec<LogLine> {
    let (Some((attempt, _)), Some(op)) = (row.wrote, row.op) else { return vec![row] };
    if folder.join(format!("{op}-{attempt}")).exists() {
        return Vec::new();
    }
    row.text.lines().map(|text| LogLine { text: text.to_owned(), ..row.clone() }).collect()
}

fn log_line(line: TranscriptLine, op: OpId, attempt: u32) -> LogLine {
    let stream = line.stream.map(|stream| match stream {
        Stream::Stdout => LogStream::Stdout,
        Stream::Stderr => LogStream::Stderr,
    });
    LogLine {
        at: line.at,
        level: if stream.is_some() { LogLevel::Info } else { LogLevel::Warn },
        text: line.text,
        fields: Value::Null,
        op: Some(op),
        wrote: stream.map(|stream| (attempt, stream)),
    }
}
