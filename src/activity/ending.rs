//! The end of a flood: the last pieces of what a process writes, as they came; what they push out is only counted.

use super::output::Stream;
use crate::history::Moment;
use std::collections::VecDeque;

/// A piece of a stream, and when it came.
pub(super) struct Piece {
    pub(super) at: Moment,
    pub(super) stream: Stream,
    pub(super) bytes: Vec<u8>,
}

/// Keeps the last bytes of both streams, in whole lines, without looking at the lines of what goes by.
pub(super) struct Ending {
    pieces: VecDeque<Piece>,
    kept: usize,
    limit: usize,
    /// Of stdout and of stderr.
    left_out: (u64, u64),
}

impl Ending {
    pub(super) fn new(limit: usize) -> Self {
        Self { pieces: VecDeque::new(), kept: 0, limit, left_out: (0, 0) }
    }

    pub(super) fn push(&mut self, at: Moment, stream: Stream, new: &[u8]) {
        let surplus = new.len().saturating_sub(self.limit);
        self.leave_out(stream, surplus);
        let bytes = new.get(surplus..).unwrap_or_default().to_vec();
        self.kept += bytes.len();
        self.pieces.push_back(Piece { at, stream, bytes });
        while let Some(first) = self.pieces.front().filter(|_| self.kept > self.limit) {
            // What is left of it could not be more than what is too much.
            let length = first.bytes.len().min(self.kept - self.limit);
            self.forget(length);
        }
    }

    fn forget(&mut self, length: usize) {
        let Some(first) = self.pieces.front_mut() else { return };
        let stream = first.stream;
        first.bytes.drain(..length);
        if first.bytes.is_empty() {
            self.pieces.pop_front();
        }
        self.kept -= length;
        self.leave_out(stream, length);
    }

    fn leave_out(&mut self, stream: Stream, bytes: usize) {
        let left_out = self.left_out_of(stream);
        *left_out = left_out.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    fn left_out_of(&mut self, stream: Stream) -> &mut u64 {
        match stream {
            Stream::Stdout => &mut self.left_out.0,
            Stream::Stderr => &mut self.left_out.1,
        }
    }

    /// How many bytes are left out, and the pieces; a stream that lost some goes on at a line's beginning.
    pub(super) fn finish(mut self) -> (u64, impl Iterator<Item = Piece>) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if *self.left_out_of(stream) == 0 {
                continue;
            }
            let Some(piece) = self.pieces.iter_mut().find(|piece| piece.stream == stream) else { continue };
            if let Some(at) = piece.bytes.iter().position(|byte| *byte == b'\n') {
                piece.bytes.drain(..=at);
                self.leave_out(stream, at + 1);
            }
        }
        (self.left_out.0.saturating_add(self.left_out.1), self.pieces.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(limit: usize, pushes: &[(Stream, &str)]) -> (u64, Vec<(Stream, String)>) {
        let mut ending = Ending::new(limit);
        for (stream, text) in pushes {
            ending.push(Moment(1), *stream, text.as_bytes());
        }
        let (left_out, pieces) = ending.finish();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (left_out, pieces.map(|piece| (piece.stream, text(&piece.bytes))).collect())
    }

    #[test]
    fn what_fits_is_kept_whole() {
        let (out, err) = (Stream::Stdout, Stream::Stderr);
        let pushes = [(out, "ab\nc"), (err, "x\n"), (out, "d\n")];
        let wanted = pushes.map(|(stream, text)| (stream, text.to_owned()));
        assert_eq!(kept(8, &pushes), (0, wanted.to_vec()));
    }

    #[test]
    fn of_a_flood_the_last_lines_are_kept_and_all_else_is_counted() {
        let (out, err) = (Stream::Stdout, Stream::Stderr);
        assert_eq!(kept(6, &[(out, "one\ntwo\nthree\n")]), (14, vec![(out, String::new())]));
        assert_eq!(kept(7, &[(out, "one\ntwo\nend\n")]), (8, vec![(out, "end\n".to_owned())]));
        let (left_out, pieces) = kept(9, &[(out, "one\ntwo\n"), (err, "oh\nno\n"), (out, "x\n")]);
        let wanted = [(out, ""), (err, "oh\nno\n"), (out, "x\n")];
        assert_eq!((left_out, pieces), (8, wanted.map(|(stream, text)| (stream, text.to_owned())).to_vec()));
        assert_eq!(kept(3, &[(out, "abc"), (out, "def")]), (3, vec![(out, "def".to_owned())]));
    }
}
