//! The pipes of a process, served side by side: nothing that it writes or does not read ever holds it or us up.

use super::output::{Head, LineSink, Lines, Stream, Tail};
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// How much is read at once, in bytes: what a pipe holds.
const CHUNK: usize = 64 * 1024;

/// Our ends of the pipes.
pub(super) struct Pipes {
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
}

/// The serving of the pipes. It goes on while something else is waited for, and what came until then is kept.
pub(super) struct Pumps<'a> {
    serving: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    done: bool,
}

impl<'a> Pumps<'a> {
    pub(super) fn new(
        pipes: Pipes,
        feed: &'a [u8],
        stdout: &'a mut Head,
        stderr: &'a mut Tail,
        sink: Option<LineSink>,
    ) -> Self {
        let mut out_lines = Lines::new(Stream::Stdout, sink.clone());
        let mut err_lines = Lines::new(Stream::Stderr, sink);
        let serving = Box::pin(async move {
            let out = drain(pipes.stdout, |new| {
                stdout.push(new);
                out_lines.push(new);
            });
            let err = drain(pipes.stderr, |new| {
                stderr.push(new);
                err_lines.push(new);
            });
            tokio::join!(give(pipes.stdin, feed), out, err);
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

async fn drain(pipe: Option<impl AsyncRead + Unpin>, mut keep: impl FnMut(&[u8])) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = vec![0; CHUNK];
    while let Ok(count) = pipe.read(&mut buffer).await {
        match buffer.get(..count) {
            Some(new) if !new.is_empty() => keep(new),
            Some(_) | None => break,
        }
    }
}
