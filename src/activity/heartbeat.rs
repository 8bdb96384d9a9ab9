//! Heartbeats of a process: each line on its descriptor [`DESCRIPTOR`] says that it lives, and how far it is.

use crate::history::Value;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// The descriptor that a process writes its heartbeats to. One digit, so that every shell can redirect to it.
pub(super) const DESCRIPTOR: i32 = 3;
/// The longest line that counts as details, in bytes; a longer one is only a sign of life.
const LINE_BYTES: usize = 64 * 1024;

/// Where the details of heartbeats go: called on the launcher's thread, must not block.
pub type HeartbeatSink = Arc<dyn Fn(Value) + Send + Sync>;

/// The pipe of one process: the end that we read, the end that it writes to.
pub(super) fn heartbeat_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

/// What is heard of heartbeats: of all that came since it was last told, the latest.
pub(super) struct Heartbeats {
    sink: Option<HeartbeatSink>,
    /// The line that has no end yet; of one that is too long, its beginning.
    open: Vec<u8>,
    last: Option<Value>,
    has_news: bool,
}

impl Heartbeats {
    /// `last` is what an earlier attempt said: a line without details repeats it.
    pub(super) fn new(sink: Option<HeartbeatSink>, last: Option<Value>) -> Self {
        Self { sink, open: Vec::new(), last, has_news: false }
    }

    pub(super) fn push(&mut self, new: &[u8]) {
        let mut parts = new.rsplitn(3, |byte| *byte == b'\n');
        let (Some(rest), line) = (parts.next(), parts.next()) else { return };
        let Some(line) = line else { return self.hold(rest) };
        if parts.next().is_some() {
            // Lines before the last one are out of date.
            self.open.clear();
        }
        self.hold(line);
        let line = std::mem::take(&mut self.open);
        if let Some(details) = details(&line) {
            self.last = Some(details);
        }
        self.has_news = true;
        self.hold(rest);
    }

    /// Keeps one byte more than a line may have: enough to know that it is too long.
    fn hold(&mut self, piece: &[u8]) {
        let room = (LINE_BYTES + 1).saturating_sub(self.open.len());
        self.open.extend_from_slice(piece.get(..room).unwrap_or(piece));
    }

    pub(super) fn has_news(&self) -> bool {
        self.has_news
    }

    /// Tells the latest, where there is something new.
    pub(super) fn tell(&mut self) {
        if std::mem::take(&mut self.has_news)
            && let Some(sink) = &self.sink
        {
            sink(self.last.clone().unwrap_or(Value::Null));
        }
    }
}

/// JSON where it is JSON that can be recorded, else the text; nothing where the line says nothing or too much.
fn details(line: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    if text.is_empty() || line.len() > LINE_BYTES {
        return None;
    }
    let json = Value::from_json_text(text).ok().filter(|value| value.check().is_ok());
    Some(json.unwrap_or_else(|| text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn told(last: Option<Value>, pushes: &[&[u8]]) -> Vec<Value> {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let mut beats =
            Heartbeats::new(Some(Arc::new(move |details| ear.lock().expect("a list").push(details))), last);
        for push in pushes {
            beats.push(push);
            beats.tell();
        }
        heard.lock().expect("a list").clone()
    }

    #[test]
    fn a_line_is_json_or_text_however_it_arrives() {
        assert_eq!(
            told(None, &[b"12\n", b"{\"at\"", b": 3}\n", b"file 7\r\n"]),
            [Value::Int(12), Value::from([("at", Value::Int(3))]), "file 7".into(),]
        );
        assert!(told(None, &[b"no end"]).is_empty());
    }

    #[test]
    fn of_a_flood_only_the_latest_counts() {
        assert_eq!(told(None, &[b"1\n2\n3\n4", b"5\n"]), [Value::Int(3), Value::Int(45)]);
        assert_eq!(told(None, &["7\n".repeat(100_000).as_bytes()]), [Value::Int(7)]);
    }

    #[test]
    fn what_says_nothing_or_too_much_is_a_sign_of_life_and_keeps_the_cursor() {
        let long = vec![b'x'; LINE_BYTES + 1];
        assert_eq!(
            told(Some(Value::Int(6)), &[b"\n", &long, &long, b"\n", b"7\n"]),
            [Value::Int(6), Value::Int(6), Value::Int(7),]
        );
        assert_eq!(told(None, &[b"\n"]), [Value::Null]);
        let mut beats = Heartbeats::new(None, None);
        (0..100).for_each(|_| beats.push(&long));
        assert!(beats.open.capacity() <= 4 * LINE_BYTES, "a line without end does not grow");
    }
}
