//! The transcript of an attempt: an ordinary file beside the store with all that its processes write, line by line, as it comes.
//!
//! A line of it is `<milliseconds since 1970> <out|err|out+|err+|note> <bytes>`; `+` means that the line goes on in the next
//! one of its stream, and a `note` is ours. It is not synced and never holds a process up: what cannot be written is left out.

use super::ending::{Ending, Piece};
use super::output::Stream;
use crate::history::Moment;
use crate::timer::Clock;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How much of the beginning is kept, in bytes.
const MOST: u64 = 32 * 1024 * 1024;
/// How much of the end is kept besides, in bytes.
const END: usize = 64 * 1024;
/// A longer line is written in pieces of so many bytes.
const PIECE: usize = 8 * 1024;
/// Of the attempts of one command, the transcripts of so many are kept.
const ATTEMPTS: u32 = 20;

/// Where the transcripts of a run lie; `output` is the store's folder of them.
pub fn transcripts_of(output: &Path, run: u64) -> PathBuf {
    output.join(run.to_string())
}

/// Where the transcript of an attempt lies.
pub fn transcript_path(output: &Path, run: u64, op: u32, attempt: u32) -> PathBuf {
    transcripts_of(output, run).join(format!("{op}-{attempt}"))
}

/// The command and the attempt that a transcript of a run is of, by its file's name.
pub fn transcript_of(name: &str) -> Option<(u32, u32)> {
    let (op, attempt) = name.split_once('-')?;
    Some((op.parse().ok()?, attempt.parse().ok()?))
}

/// Where what a process writes is kept, and the clock that stamps it.
#[derive(Clone)]
pub struct TranscriptPlace {
    /// The file.
    pub path: PathBuf,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptLine {
    /// When it came.
    pub at: Moment,
    /// Which stream it is of; nothing for a note of durun's.
    pub stream: Option<Stream>,
    /// Whether the line goes on in the next of its stream.
    pub goes_on: bool,
    /// What it says.
    pub text: String,
}

impl TranscriptLine {
    /// Reads a line of the file, without its end. Nothing where it is none.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let at = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let (stream, goes_on) = match parts.next()? {
            b"out" => (Some(Stream::Stdout), false),
            b"out+" => (Some(Stream::Stdout), true),
            b"err" => (Some(Stream::Stderr), false),
            b"err+" => (Some(Stream::Stderr), true),
            b"note" => (None, false),
            _ => return None,
        };
        let text = String::from_utf8_lossy(parts.next()?).into_owned();
        Some(Self { at: Moment(at), stream, goes_on, text })
    }
}

/// Writes a transcript.
pub(super) struct Transcript {
    place: Option<TranscriptPlace>,
    file: Option<File>,
    size: u64,
    /// What has no line's end yet, of stdout and of stderr.
    open: (Vec<u8>, Vec<u8>),
    /// Lines to be written.
    ready: Vec<u8>,
    /// The end of what no longer fits: from then on lines are made only of what is kept.
    end: Option<Ending>,
}

impl Transcript {
    /// One that makes its file when there is something to write. Without a place it keeps nothing.
    pub(super) fn new(place: Option<TranscriptPlace>) -> Self {
        let (open, ready) = ((Vec::new(), Vec::new()), Vec::new());
        Self { place, file: None, size: 0, open, ready, end: None }
    }

    /// Takes what a stream wrote.
    pub(super) fn push(&mut self, stream: Stream, new: &[u8]) {
        let Some(place) = &self.place else { return };
        let at = place.clock.now();
        if let Some(end) = &mut self.end {
            end.push(at, stream, new);
        } else {
            self.lines(at, stream, new);
            self.write();
        }
    }

    /// Takes what stands after the last line's end, and the end of what was left out.
    pub(super) fn finish(&mut self) {
        let Some(place) = &self.place else { return };
        let now = place.clock.now();
        if let Some(end) = self.end.take() {
            let (lost, pieces) = end.finish();
            if lost > 0 {
                self.close_lines(now);
                let mib = MOST >> 20;
                let note = format!(
                    "{} note … {lost} bytes are left out: {mib} MiB of an attempt are kept, and its end\n",
                    now.0
                );
                self.ready.extend_from_slice(note.as_bytes());
            }
            for Piece { at, stream, bytes } in pieces {
                self.lines(at, stream, &bytes);
            }
        }
        self.close_lines(now);
        let ready = std::mem::take(&mut self.ready);
        if !ready.is_empty() && self.is_begun() {
            self.append(&ready);
        }
    }

    /// What stands after the last line's end becomes a line.
    fn close_lines(&mut self, at: Moment) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if !self.open_of(stream).is_empty() {
                self.line(at, stream, true);
            }
        }
    }

    /// Makes lines of what a stream wrote.
    fn lines(&mut self, at: Moment, stream: Stream, new: &[u8]) {
        for part in new.split_inclusive(|byte| *byte == b'\n') {
            for piece in part.chunks(PIECE) {
                let open = self.open_of(stream);
                open.extend_from_slice(piece);
                if open.ends_with(b"\n") || open.len() >= PIECE {
                    self.line(at, stream, false);
                }
            }
        }
    }

    fn open_of(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Stdout => &mut self.open.0,
            Stream::Stderr => &mut self.open.1,
        }
    }

    fn line(&mut self, at: Moment, stream: Stream, is_last: bool) {
        let line = std::mem::take(self.open_of(stream));
        let whole = line.strip_suffix(b"\n");
        let word = match stream {
            Stream::Stdout => "out",
            Stream::Stderr => "err",
        };
        let more = if whole.is_some() || is_last { "" } else { "+" };
        let line = whole.unwrap_or(&line);
        self.ready.extend_from_slice(format!("{} {word}{more} ", at.0).as_bytes());
        self.ready.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        self.ready.push(b'\n');
    }

    fn write(&mut self) {
        let ready = std::mem::take(&mut self.ready);
        if ready.is_empty() || !self.is_begun() {
            return;
        }
        self.append(&ready);
        if self.size >= MOST {
            self.end = Some(Ending::new(END));
        }
    }

    /// Whether there is a file. A disk that is full or gone fails no attempt.
    fn is_begun(&mut self) -> bool {
        if self.file.is_none() && !self.begin() {
            self.place = None;
        }
        self.file.is_some()
    }

    fn begin(&mut self) -> bool {
        let Some(place) = &self.place else { return false };
        let opened = place
            .path
            .parent()
            .map_or(Ok(()), |folder| DirBuilder::new().recursive(true).mode(0o700).create(folder));
        // Several processes of one attempt, and an attempt that a crash cut off, share the file.
        let opened =
            opened.and_then(|()| OpenOptions::new().append(true).create(true).mode(0o600).open(&place.path));
        let Ok(file) = opened else { return false };
        self.size = file.metadata().map_or(0, |file| file.len());
        self.file = Some(file);
        forget_old(&place.path);
        true
    }

    fn append(&mut self, bytes: &[u8]) {
        let Some(file) = self.file.as_mut().filter(|_| !bytes.is_empty()) else { return };
        if file.write_all(bytes).is_ok() {
            self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        } else {
            self.place = None;
        }
    }
}

/// Removes the transcript of the attempt that is too long ago: an endless retry does not fill the disk.
fn forget_old(path: &Path) {
    let name = path.file_name().and_then(std::ffi::OsStr::to_str).and_then(transcript_of);
    if let Some((op, old)) = name.and_then(|(op, attempt)| Some((op, attempt.checked_sub(ATTEMPTS)?))) {
        // One that wrote nothing has no file.
        drop(std::fs::remove_file(path.with_file_name(format!("{op}-{old}"))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::ManualClock;

    fn place(folder: &Path, attempt: u32) -> TranscriptPlace {
        let clock = Arc::new(ManualClock::at(Moment(7)));
        TranscriptPlace { path: transcript_path(folder, 4, 2, attempt), clock }
    }

    fn lines(place: &TranscriptPlace) -> Vec<TranscriptLine> {
        let bytes = std::fs::read(&place.path).expect("a file");
        let lines = bytes.strip_suffix(b"\n").expect("a line's end").split(|byte| *byte == b'\n');
        lines.map(|line| TranscriptLine::parse(line).expect("a line")).collect()
    }

    #[test]
    fn lines_of_both_streams_come_with_their_stream_and_time() {
        let folder = tempfile::tempdir().expect("a directory");
        let place = place(folder.path(), 1);
        let mut transcript = Transcript::new(Some(place.clone()));
        assert!(!place.path.exists(), "what is silent has no file");
        transcript.push(Stream::Stdout, b"a\nb");
        transcript.push(Stream::Stderr, b"oh \xff\r\n\n");
        transcript.push(Stream::Stdout, b"c\nrest");
        transcript.finish();
        let told: Vec<_> =
            lines(&place).into_iter().map(|line| (line.at.0, line.stream, line.text)).collect();
        let (out, err) = (Some(Stream::Stdout), Some(Stream::Stderr));
        let wanted = [(out, "a"), (err, "oh \u{fffd}"), (err, ""), (out, "bc"), (out, "rest")];
        assert_eq!(told, wanted.map(|(stream, text)| (7, stream, text.to_owned())));
        let mut again = Transcript::new(Some(place.clone()));
        again.push(Stream::Stdout, b"more\n");
        assert_eq!(lines(&place).len(), 6, "the next process of the attempt appends");
    }

    #[test]
    fn a_line_without_end_comes_in_pieces_that_say_so() {
        let folder = tempfile::tempdir().expect("a directory");
        let place = place(folder.path(), 1);
        let mut transcript = Transcript::new(Some(place.clone()));
        transcript.push(Stream::Stdout, &vec![b'x'; 2 * PIECE + 5]);
        transcript.finish();
        let told: Vec<_> = lines(&place).iter().map(|line| (line.goes_on, line.text.len())).collect();
        assert_eq!(told, [(true, PIECE), (true, PIECE), (false, 5)]);
    }

    #[test]
    fn a_flood_is_kept_from_its_beginning_and_its_end_and_the_file_says_so() {
        let folder = tempfile::tempdir().expect("a directory");
        let place = place(folder.path(), 1);
        let mut transcript = Transcript::new(Some(place.clone()));
        transcript.push(Stream::Stdout, b"first\n");
        let chunk = vec![b'y'; 1 << 20];
        (0..100).for_each(|_| transcript.push(Stream::Stdout, &chunk));
        transcript.push(Stream::Stdout, b"\nlast\n");
        transcript.finish();
        let size = std::fs::metadata(&place.path).expect("a file").len();
        assert!(size > MOST && size < MOST + (1 << 20) + 100_000, "a read more, and the end: {size}");
        let lines = lines(&place);
        assert!(lines.first().is_some_and(|line| line.text == "first"));
        assert!(lines.last().is_some_and(|line| line.text == "last"));
        let notes: Vec<_> = lines.iter().filter(|line| line.stream.is_none()).collect();
        assert!(matches!(notes.as_slice(), [note] if note.text.contains("left out")), "{notes:?}");
    }

    #[test]
    fn the_transcripts_of_the_last_attempts_are_kept() {
        let folder = tempfile::tempdir().expect("a directory");
        for attempt in 1..=25 {
            Transcript::new(Some(place(folder.path(), attempt))).push(Stream::Stderr, b"no\n");
        }
        let kept = std::fs::read_dir(transcripts_of(folder.path(), 4)).expect("a folder").count();
        assert_eq!(kept, 20);
        assert!(place(folder.path(), 25).path.exists() && !place(folder.path(), 5).path.exists());
    }

    #[test]
    fn what_is_no_line_of_a_transcript_is_none() {
        for line in ["", "7", "7 out", "x out a", "7 in a"] {
            assert_eq!(TranscriptLine::parse(line.as_bytes()), None, "{line}");
        }
    }
}
