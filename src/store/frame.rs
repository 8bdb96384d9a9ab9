//! Frames on the socket: a length, then MessagePack.

use super::{Answer, Event, Request, StoreError};
use crate::history::{RunNo, Token};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// The version of the protocol: both sides must have the same.
pub(super) const PROTOCOL: u32 = 2;
/// The largest frame in bytes.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;

/// What goes over the socket.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Frame {
    /// The client's first.
    Hello(Hello),
    /// The owner's answer to it.
    Welcome {
        /// The owner's process id.
        pid: u32,
    },
    /// The owner's other answer to it.
    Refused(StoreError),
    /// Requests.
    Call {
        /// By which the answers are known.
        id: u64,
        /// In order.
        requests: Vec<Request>,
    },
    /// Answers.
    Answers {
        /// Of that call.
        id: u64,
        /// One for each request.
        answers: Vec<Result<Answer, StoreError>>,
    },
    /// Something told unasked.
    Event(Event),
}

/// Who a client is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    pub(super) version: String,
    pub(super) pid: u32,
    pub(super) token: Token,
    /// The runs that it executes already: it had another owner before.
    pub(super) executing: Vec<RunNo>,
    /// The runs that it watches already.
    pub(super) watching: Vec<RunNo>,
    /// Whether it goes on with what nobody executes.
    #[serde(default)]
    pub(super) attending: bool,
}

/// Writes a frame.
pub(super) fn write(stream: &mut impl Write, frame: &Frame) -> io::Result<()> {
    let body = rmp_serde::to_vec(frame).map_err(io::Error::other)?;
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= LARGEST);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a frame is too large"))?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend_from_slice(&body);
    stream.write_all(&bytes)
}

/// Whether requests would not fit one frame.
pub(super) fn is_too_large(requests: &[Request]) -> bool {
    // Only appends with results, and starts with scripts, can be large: their bytes are what counts.
    let bytes = |request: &Request| match request {
        Request::Append(append) => {
            let records: usize = append.records.iter().map(|record| record.as_bytes().len()).sum();
            let inputs: usize = append.pending.iter().map(|row| row.input.size()).sum();
            let values: usize = append.published.iter().map(|(_, value)| value.size()).sum();
            let lines: usize = append.logs.iter().map(|(_, line)| line.text.len() + line.fields.size()).sum();
            records + inputs + values + lines
        }
        _ => 0,
    };
    requests.iter().map(|request| bytes(request) + 1024).sum::<usize>() > LARGEST / 2
}

/// Reads a frame; nothing at the end of the stream.
pub(super) fn read(stream: &mut impl Read) -> io::Result<Option<Frame>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too large"));
    }
    // Grows as bytes come, so that a length alone takes no memory.
    let mut body = Vec::new();
    let got = stream.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut body)?;
    if got < length {
        return Ok(None);
    }
    crate::history::decode(&body)
        .map(Some)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_and_a_cut_one_is_the_end() {
        let frame = Frame::Call { id: 7, requests: vec![Request::View { run: RunNo(3) }] };
        let mut bytes = Vec::new();
        write(&mut bytes, &frame).expect("writes");
        for cut in 0..bytes.len() {
            assert!(read(&mut bytes.get(..cut).expect("a cut")).expect("reads").is_none());
        }
        assert!(matches!(read(&mut bytes.as_slice()), Ok(Some(Frame::Call { id: 7, .. }))));
    }

    #[test]
    fn many_large_requests_go_in_several_frames() {
        let large = |count: usize| {
            let value = crate::history::Value::Bytes(vec![7; 1 << 20]);
            let mut append = crate::store::conformance::append(RunNo(1), 1, 0, Vec::new());
            append.published = vec![("k".to_owned(), value)];
            vec![Request::Append(Box::new(append)); count]
        };
        assert!(!is_too_large(&large(4)));
        assert!(is_too_large(&large(12)));
        let fits = Frame::Call { id: 1, requests: large(7) };
        assert!(write(&mut Vec::new(), &fits).is_ok());
        let giant = Frame::Call { id: 1, requests: large(17) };
        assert_eq!(
            write(&mut Vec::new(), &giant).expect_err("is refused").kind(),
            io::ErrorKind::InvalidInput
        );
    }

    #[test]
    fn garbage_and_giants_are_refused() {
        assert!(read(&mut [0xff, 0xff, 0xff, 0xff, 1].as_slice()).is_err());
        assert!(read(&mut [0, 0, 0, 2, 0xc1, 0xc1].as_slice()).is_err());
        let mut seed = 1_u64;
        for _ in 0..2_000 {
            let mut body: Vec<u8> = Vec::new();
            for _ in 0..40 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
                body.push(seed.to_be_bytes()[0]);
            }
            let mut bytes = 40_u32.to_be_bytes().to_vec();
            bytes.extend(body);
            drop(read(&mut bytes.as_slice()));
        }
    }
}
