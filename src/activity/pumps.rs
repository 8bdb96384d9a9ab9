//! The pipes of a process, served side by side: nothing that it writes or does not read ever holds it or us up.

use super::heartbeat::Heartbeats;
use super::output::{Head, LineSink, Lines, Stream, Tail};
use super::secrets::{Mask, Sieve};
use super::transcript::Transcript;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// How much is read at once, in bytes: what a pipe holds.
const CHUNK: usize = 64 * 1024;
/// The shortest time between two heartbeats that are told: a flood costs no more.
const HEARTBEATS: Duration = Duration::from_millis(50);

/// Our ends of the pipes.
pub(super) struct Pipes {
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
    pub(super) heartbeats: Option<ChildStdout>,
}

/// What is kept of what comes through them.
pub(super) struct Kept {
    pub(super) stdout: Head,
    pub(super) stdout_end: Tail,
    pub(super) stderr: Tail,
    pub(super) transcript: Transcript,
    pub(super) heartbeats: Heartbeats,
    pub(super) sieves: Sieves,
}

/// What masks secrets in each of them.
pub(super) struct Sieves {
    stdout: Sieve,
    stderr: Sieve,
    heartbeats: Sieve,
}

impl Sieves {
    pub(super) fn new(mask: &Arc<Mask>) -> Self {
        let sieve = || Sieve::new(Arc::clone(mask));
        Self { stdout: sieve(), stderr: sieve(), heartbeats: sieve() }
    }
}

impl Kept {
    /// Takes what was held back where the pipes were left before their end.
    pub(super) fn finish(&mut self) {
        let rest = self.sieves.stdout.finish();
        self.stdout.push(&rest);
        self.stdout_end.push(&rest);
        self.transcript.push(Stream::Stdout, &rest);
        let rest = self.sieves.stderr.finish();
        self.stderr.push(&rest);
        self.transcript.push(Stream::Stderr, &rest);
        self.transcript.finish();
        self.heartbeats.push(&self.sieves.heartbeats.finish());
        self.heartbeats.tell();
    }
}

/// The serving of the pipes. It goes on while something else is waited for, and what came until then is kept.
pub(super) struct Pumps<'a> {
    serving: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    done: bool,
}

impl<'a> Pumps<'a> {
    pub(super) fn new(pipes: Pipes, feed: &'a [u8], kept: &'a mut Kept, sink: Option<LineSink>) -> Self {
        let mut out_lines = Lines::new(Stream::Stdout, sink.clone());
        let mut err_lines = Lines::new(Stream::Stderr, sink);
        let serving = Box::pin(async move {
            let Kept { stdout, stdout_end, stderr, transcript, heartbeats, sieves } = kept;
            let transcript = Mutex::new(transcript);
            let out = drain(pipes.stdout, &mut sieves.stdout, |new| {
                stdout.push(new);
                stdout_end.push(new);
                out_lines.push(new);
                transcript.lock().unwrap_or_else(PoisonError::into_inner).push(Stream::Stdout, new);
            });
            let err = drain(pipes.stderr, &mut sieves.stderr, |new| {
                stderr.push(new);
                err_lines.push(new);
                transcript.lock().unwrap_or_else(PoisonError::into_inner).push(Stream::Stderr, new);
            });
            let beats = listen(pipes.heartbeats, &mut sieves.heartbeats, heartbeats);
            tokio::join!(give(pipes.stdin, feed), out, err, beats);
            out_lines.finish();
            err_lines.finish();
        });
        Self { serving, done: false }
    }

    /// Waits for something else while the pipes are served.
    pub(super) async fn alongside<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = pin!(other);
        loop {
            tokio::select! {
                biased;
                result = &mut other => return result,
                () = &mut self.serving, if !self.done => self.done = true,
            }
        }
    }

    /// Serves the pipes until all are closed, but no longer than that.
    pub(super) async fn finish_within(&mut self, limit: Duration) {
        if !self.done {
            self.done = tokio::time::timeout(limit, &mut self.serving).await.is_ok();
        }
    }
}

async fn give(pipe: Option<ChildStdin>, feed: &[u8]) {
    if let Some(mut pipe) = pipe {
        // A process that does not read to the end is no error of ours.
        drop(pipe.write_all(feed).await);
    }
}

/// Hears heartbeats, and tells the latest now and then.
async fn listen(pipe: Option<ChildStdout>, sieve: &mut Sieve, heartbeats: &mut Heartbeats) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; CHUNK];
    let mut pause = pin!(tokio::time::sleep(Duration::ZERO));
    loop {
        tokio::select! {
            count = pipe.read(&mut buffer) => match count.ok().and_then(|count| buffer.get(..count)) {
                Some(new) if !new.is_empty() => heartbeats.push(&sieve.push(new)),
                Some(_) | None => return,
            },
            () = &mut pause, if heartbeats.has_news() => {
                heartbeats.tell();
                pause.set(tokio::time::sleep(HEARTBEATS));
            }
        }
    }
}

async fn drain(pipe: Option<impl AsyncRead + Unpin>, sieve: &mut Sieve, mut keep: impl FnMut(&[u8])) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; CHUNK];
    while let Ok(count) = pipe.read(&mut buffer).await {
        match buffer.get(..count) {
            Some(new) if !new.is_empty() => keep(&sieve.push(new)),
            Some(_) | None => break,
        }
    }
    keep(&sieve.finish());
}
