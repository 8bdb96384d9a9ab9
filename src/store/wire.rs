//! The owner's protocol as bytes, for tests that speak to an owner by hand and say what no client would.

use super::Request;
use super::frame::{self, Frame, Hello, PROTOCOL};
use crate::history::{RunNo, Token};
use std::io;

/// What a client of this version says first.
///
/// # Errors
/// Never: it is small.
pub fn hello(token: Token, watching: Vec<RunNo>) -> io::Result<Vec<u8>> {
    bytes(&Frame::Hello(Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        token,
        executing: Vec::new(),
        watching,
        attending: false,
    }))
}

/// A call with these requests.
///
/// # Errors
/// `InvalidInput` where it is larger than a frame may be, 16 MiB.
pub fn call(id: u64, requests: Vec<Request>) -> io::Result<Vec<u8>> {
    bytes(&Frame::Call { id, requests })
}

fn bytes(frame: &Frame) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, frame)?;
    Ok(bytes)
}

/// Reads frames until the bytes end, as an owner reads them; gives each as it is written again.
///
/// # Errors
/// That of the first frame that is none.
pub fn read(mut from: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    while let Some(frame) = frame::read(&mut from)? {
        frames.push(bytes(&frame)?);
    }
    Ok(frames)
}
