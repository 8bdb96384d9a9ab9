//! The owner's end of the socket: a thread a connection reads, another writes.

use super::backlog::Backlog;
use super::frame::{self, Frame, Hello, PROTOCOL};
use super::hub::{Hub, SessionId};
use super::socket::{SocketPlace, is_ours};
use super::{EventSink, Request, StoreError};
use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The most connections at once.
const MOST_CONNECTIONS: usize = 512;

/// The server; stopped by [`Server::stop`].
pub(super) struct Server {
    shared: Arc<Shared>,
    listener: UnixListener,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    hub: Arc<Hub>,
    stopping: AtomicBool,
    connections: Mutex<Connections>,
}

/// Each connection's stream and the thread that reads it.
type Connections = BTreeMap<u64, (UnixStream, Option<JoinHandle<()>>)>;

impl Shared {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Serves the hub on the socket.
    pub(super) fn start(place: &SocketPlace, hub: Arc<Hub>) -> io::Result<Self> {
        let listener = place.bind()?;
        let shared =
            Arc::new(Shared { hub, stopping: AtomicBool::new(false), connections: Mutex::default() });
        let (inner, ours) = (Arc::clone(&shared), listener.try_clone()?);
        let accepting = std::thread::Builder::new()
            .name("store-accept".to_owned())
            .spawn(move || accept(&listener, &inner))?;
        Ok(Self { shared, listener: ours, accepting: Some(accepting) })
    }

    /// Takes no more, closes every connection, and waits until all that was being done is done. Clients send again what was not answered.
    pub(super) fn stop(&mut self, place: &SocketPlace) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Either wakes the accepting thread. By its name the socket cannot be reached where somebody has removed the directory.
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        drop(place.connect());
        place.unlink();
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
        let connections = std::mem::take(&mut *self.shared.connections());
        for (stream, _) in connections.values() {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }
        for (_, (_, thread)) in connections {
            if let Some(thread) = thread {
                drop(thread.join());
            }
        }
    }
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    let mut number = 0_u64;
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if !is_ours(&stream) || shared.connections().len() >= MOST_CONNECTIONS {
            continue;
        }
        number += 1;
        let id = number;
        let Ok(kept) = stream.try_clone() else { continue };
        shared.connections().insert(id, (kept, None));
        let inner = Arc::clone(shared);
        let spawned = std::thread::Builder::new().name("store-session".to_owned()).spawn(move || {
            // An error closes the connection, and that is all it does.
            drop(serve(&stream, &inner.hub));
            drop(stream.shutdown(std::net::Shutdown::Both));
            if !inner.stopping.load(Ordering::SeqCst) {
                inner.connections().remove(&id);
            }
        });
        match spawned {
            Ok(thread) => {
                if let Some((_, slot)) = shared.connections().get_mut(&id) {
                    *slot = Some(thread);
                }
            }
            Err(_) => drop(shared.connections().remove(&id)),
        }
    }
}

fn serve(stream: &UnixStream, hub: &Arc<Hub>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream.try_clone()?;
    let Some(Frame::Hello(hello)) = frame::read(&mut reader)? else { return Ok(()) };
    if let Err(refused) = check(&hello) {
        return frame::write(&mut writer, &Frame::Refused(refused));
    }
    frame::write(&mut writer, &Frame::Welcome { pid: std::process::id() })?;
    let (outgoing, frames) = channel::<Frame>();
    let backlog = Arc::new(Backlog::default());
    let unwritten = Arc::clone(&backlog);
    let writing = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        for frame in frames {
            let is_answer = matches!(frame, Frame::Answers { .. });
            if write_or_say_so(&mut writer, frame).is_err() {
                // The reader sees the end, too.
                unwritten.closes();
                drop(writer.shutdown(std::net::Shutdown::Both));
                return;
            }
            if is_answer {
                unwritten.shrinks();
            }
        }
    })?;
    let told = outgoing.clone();
    let sink: EventSink = Arc::new(move |event| drop(told.send(Frame::Event(event))));
    let session = hub.join(sink, hello.token, &hello.executing);
    let watching = hello.watching.iter().map(|run| Request::Watch { run: *run }).collect();
    hub.call(session, watching);
    if hello.attending {
        hub.call(session, vec![Request::Attend]);
    }
    let served = answer_calls(&mut reader, hub, session, (&outgoing, &backlog));
    hub.leave(session);
    drop(outgoing);
    drop(writing.join());
    served
}

/// Writes a frame; answers that do not fit one are refused, so that the asker does not ask again for ever.
fn write_or_say_so(writer: &mut UnixStream, frame: Frame) -> io::Result<()> {
    match (frame::write(writer, &frame), frame) {
        (Err(error), Frame::Answers { id, answers }) if error.kind() == io::ErrorKind::InvalidInput => {
            let message = "the answer is larger than a frame may be".to_owned();
            let refused =
                answers.iter().map(|_| Err(StoreError::Protocol { message: message.clone() })).collect();
            frame::write(writer, &Frame::Answers { id, answers: refused })
        }
        (written, _) => written,
    }
}

fn answer_calls(
    reader: &mut BufReader<UnixStream>,
    hub: &Arc<Hub>,
    session: SessionId,
    (outgoing, backlog): (&Sender<Frame>, &Arc<Backlog>),
) -> io::Result<()> {
    while let Some(frame) = {
        backlog.wait_for_room();
        frame::read(reader)?
    } {
        let Frame::Call { id, requests } = frame else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a call"));
        };
        let waits = requests.iter().any(|request| matches!(request, Request::Deliver(_)));
        if waits {
            // It may wait for an executor, and that may be the process at this very connection.
            let (hub, outgoing, backlog) = (Arc::clone(hub), outgoing.clone(), Arc::clone(backlog));
            std::thread::Builder::new().name("store-deliver".to_owned()).spawn(move || {
                let answers = hub.call(session, requests);
                backlog.grows();
                drop(outgoing.send(Frame::Answers { id, answers }));
            })?;
        } else {
            let answers = hub.call(session, requests);
            backlog.grows();
            drop(outgoing.send(Frame::Answers { id, answers }));
        }
    }
    Ok(())
}

fn check(hello: &Hello) -> Result<(), StoreError> {
    let ours = env!("CARGO_PKG_VERSION");
    if hello.protocol == PROTOCOL && hello.version == ours {
        return Ok(());
    }
    Err(StoreError::OtherVersion { theirs: ours.to_owned(), ours: hello.version.clone() })
}
