//! What is kept of an output that may be endless: its beginning, its end, its lines as they come.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// A longer line is told in pieces of so many bytes.
const LINE_BYTES: usize = 8 * 1024;

/// One of the two outputs of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Its result.
    Stdout,
    /// What it has to say.
    Stderr,
}

/// Where the lines of a process go while it runs: called on the launcher's thread, must not block.
pub type LineSink = Arc<dyn Fn(Stream, &str) + Send + Sync>;

/// The last line that a process has written so far, for whoever looks.
#[derive(Debug, Clone, Default)]
pub struct LastLine(Arc<Mutex<String>>);

impl LastLine {
    /// What it says; nothing before there was one.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the next line, where that says something; whether it is the first that does.
    pub fn take(&self, line: &str) -> bool {
        let line = line.trim();
        if line.is_empty() {
            return false;
        }
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = last.is_empty();
        line.clone_into(&mut last);
        is_first
    }
}

impl PartialEq for LastLine {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Keeps the first bytes.
pub(super) struct Head {
    pub(super) kept: Vec<u8>,
    pub(super) overflowed: bool,
    limit: usize,
}

impl Head {
    pub(super) fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), overflowed: false, limit }
    }

    pub(super) fn push(&mut self, new: &[u8]) {
        let room = self.limit.saturating_sub(self.kept.len());
        self.overflowed |= new.len() > room;
        self.kept.extend_from_slice(new.get(..room).unwrap_or(new));
    }
}

/// Keeps the last bytes.
pub(super) struct Tail {
    kept: VecDeque<u8>,
    limit: usize,
}

impl Tail {
    pub(super) fn new(limit: usize) -> Self {
        Self { kept: VecDeque::new(), limit }
    }

    pub(super) fn push(&mut self, new: &[u8]) {
        let new = new.get(new.len().saturating_sub(self.limit)..).unwrap_or_default();
        let surplus = (self.kept.len() + new.len()).saturating_sub(self.limit);
        self.kept.drain(..surplus);
        self.kept.extend(new);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.kept.into()
    }
}

/// Tells the lines of one stream.
pub(super) struct Lines {
    stream: Stream,
    sink: Option<LineSink>,
    open: Vec<u8>,
}

impl Lines {
    pub(super) fn new(stream: Stream, sink: Option<LineSink>) -> Self {
        Self { stream, sink, open: Vec::new() }
    }

    pub(super) fn push(&mut self, new: &[u8]) {
        for part in new.split_inclusive(|byte| *byte == b'\n') {
            for piece in part.chunks(LINE_BYTES) {
                if self.sink.is_none() {
                    return;
                }
                self.open.extend_from_slice(piece);
                if self.open.ends_with(b"\n") || self.open.len() >= LINE_BYTES {
                    self.tell();
                }
            }
        }
    }

    /// Tells what stands after the last line's end.
    pub(super) fn finish(&mut self) {
        if !self.open.is_empty() {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let line = std::mem::take(&mut self.open);
        let Some(sink) = self.sink.as_ref() else { return };
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        sink(self.stream, &String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn the_head_keeps_what_came_first_and_knows_of_more() {
        let mut head = Head::new(5);
        head.push(b"abc");
        head.push(b"de");
        assert!(!head.overflowed);
        head.push(b"");
        assert!(!head.overflowed);
        head.push(b"f");
        assert_eq!((head.kept.as_slice(), head.overflowed), (b"abcde".as_slice(), true));
    }

    #[test]
    fn the_tail_keeps_what_came_last_and_does_not_grow() {
        let mut tail = Tail::new(5);
        tail.push(b"abc");
        tail.push(b"defg");
        tail.push(&[]);
        for _ in 0..1000 {
            tail.push(&[b'x'; 1000]);
        }
        tail.push(b"yz");
        assert!(tail.kept.capacity() < 100);
        assert_eq!(tail.into_bytes(), b"xxxyz");
    }

    fn told(pushes: &[&[u8]]) -> Vec<String> {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let sink: LineSink = Arc::new(move |_, line| ear.lock().expect("a list").push(line.to_owned()));
        let mut lines = Lines::new(Stream::Stderr, Some(sink));
        for push in pushes {
            lines.push(push);
        }
        lines.finish();
        heard.lock().expect("a list").clone()
    }

    #[test]
    fn lines_are_told_as_they_end_however_they_arrive() {
        assert_eq!(told(&[b"a\nb", b"c\r\n", b"\n", b"rest"]), ["a", "bc", "", "rest"]);
        assert_eq!(told(&[b"a\xff\n"]), ["a\u{fffd}"]);
        assert!(told(&[]).is_empty());
    }

    #[test]
    fn a_line_without_end_is_told_in_pieces() {
        let pieces = told(&[b"x".repeat(3 * LINE_BYTES).as_slice()]);
        assert_eq!(pieces.iter().map(String::len).collect::<Vec<_>>(), [LINE_BYTES; 3]);
    }

    #[test]
    fn the_last_line_is_the_latest_that_says_something() {
        let last = LastLine::default();
        assert!(!last.take(" \t"), "it says nothing");
        let seen = last.clone();
        assert_eq!((last.take(" one"), last.take("two "), last.take("")), (true, false, false));
        assert_eq!(seen.text(), "two");
        assert!(seen == last && seen != LastLine::default());
    }
}
