//! A client's end of the socket: calls go out with a number, a thread takes answers and events in.

use super::frame::{self, Frame, Hello, PROTOCOL};
use super::local::Outlet;
use super::mutex::locked;
use super::socket::SocketPlace;
use super::stopped::{Awaited, Forbearance};
use super::{Answer, Request, StoreError, Upkeep};
use crate::history::{RunNo, Token};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the owner has for what reads everything.
const LONG: Duration = Duration::from_hours(1);

type Answers = Vec<Result<Answer, StoreError>>;

/// A connection to the owner.
pub(super) struct Remote {
    stream: Mutex<UnixStream>,
    waiting: Arc<Mutex<Waiting>>,
    owner: u32,
    forbearance: Forbearance,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    calls: BTreeMap<u64, Sender<Answers>>,
    gone: bool,
}

/// Why there is no connection.
pub(super) enum NoConnection {
    /// There is no owner yet, or no more.
    NoOwner,
    /// There is one, and it refuses, or does not answer.
    Refused(StoreError),
}

impl Remote {
    /// Connects and says who we are. `gone` is called once, on another thread, when the owner goes away.
    pub(super) fn connect(
        place: &SocketPlace,
        token: Token,
        (executing, watching, attending): (Vec<RunNo>, Vec<RunNo>, bool),
        (outlet, forbearance): (Outlet, Forbearance),
        gone: impl FnOnce() + Send + 'static,
    ) -> Result<Self, NoConnection> {
        let mut stream = place.connect().map_err(|_| NoConnection::NoOwner)?;
        if !super::socket::is_ours(&stream) {
            let message = "the socket of the store belongs to another user".to_owned();
            return Err(NoConnection::Refused(StoreError::Permission { path: "sock".to_owned(), message }));
        }
        let hello = Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            token,
            executing,
            watching,
            attending,
        };
        let mut awaited = Awaited::of(pid_of(&stream), &forbearance);
        let mut welcome = stream
            .set_read_timeout(Some(awaited.time()))
            .and_then(|()| frame::write(&mut stream, &Frame::Hello(hello)))
            .and_then(|()| frame::read(&mut stream));
        while let Err(error) = &welcome
            && matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
        {
            let further = awaited.further().map_err(NoConnection::Refused)?;
            welcome = stream.set_read_timeout(Some(further)).and_then(|()| frame::read(&mut stream));
        }
        let owner = match welcome {
            Ok(Some(Frame::Welcome { pid })) => pid,
            Ok(Some(Frame::Refused(error))) => return Err(NoConnection::Refused(error)),
            Ok(_) | Err(_) => return Err(NoConnection::NoOwner),
        };
        stream.set_read_timeout(None).map_err(|_| NoConnection::NoOwner)?;
        let waiting: Arc<Mutex<Waiting>> = Arc::default();
        let inner = Arc::clone(&waiting);
        let mut reader = stream.try_clone().map_err(|_| NoConnection::NoOwner)?;
        std::thread::Builder::new()
            .name("store-reader".to_owned())
            .spawn(move || {
                while let Ok(Some(frame)) = frame::read(&mut reader) {
                    match frame {
                        Frame::Answers { id, answers } => {
                            if let Some(call) = locked(&inner).calls.remove(&id) {
                                drop(call.send(answers));
                            }
                        }
                        Frame::Event(event) => outlet.tell(event),
                        Frame::Hello(_) | Frame::Welcome { .. } | Frame::Refused(_) | Frame::Call { .. } => {
                            break;
                        }
                    }
                }
                let mut waiting = locked(&inner);
                waiting.gone = true;
                // Dropping the senders wakes their callers.
                waiting.calls.clear();
                drop(waiting);
                gone();
            })
            .map_err(|_| NoConnection::NoOwner)?;
        Ok(Self { stream: Mutex::new(stream), waiting, owner, forbearance })
    }

    /// The process at the other end.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// Sends the requests, in several frames where one would be too large.
    pub(super) fn call(&self, requests: Vec<Request>) -> Answers {
        if requests.len() > 1 && frame::is_too_large(&requests) {
            let mut first = requests;
            let second = first.split_off(first.len() / 2);
            let mut answers = self.call(first);
            answers.extend(self.call(second));
            return answers;
        }
        self.call_at_once(requests)
    }

    fn call_at_once(&self, requests: Vec<Request>) -> Answers {
        let count = requests.len();
        let least = if requests.iter().any(takes_long) { LONG } else { Duration::ZERO };
        let fail = |error: StoreError| (0..count).map(|_| Err(error.clone())).collect();
        let (sender, answers) = channel();
        let id = {
            let mut waiting = locked(&self.waiting);
            if waiting.gone {
                return fail(StoreError::OwnerGone);
            }
            waiting.next += 1;
            let id = waiting.next;
            waiting.calls.insert(id, sender);
            id
        };
        let written = frame::write(&mut *locked(&self.stream), &Frame::Call { id, requests });
        if let Err(error) = written {
            locked(&self.waiting).calls.remove(&id);
            if error.kind() == io::ErrorKind::InvalidInput {
                return fail(StoreError::Protocol { message: error.to_string() });
            }
            return fail(StoreError::OwnerGone);
        }
        let mut awaited = Awaited::of(Some(self.owner), &self.forbearance).at_least(least);
        let mut time = awaited.time();
        loop {
            match answers.recv_timeout(time) {
                Ok(answers) => return answers,
                Err(RecvTimeoutError::Disconnected) => return fail(StoreError::OwnerGone),
                Err(RecvTimeoutError::Timeout) => match awaited.further() {
                    Ok(further) => time = further,
                    Err(error) => {
                        locked(&self.waiting).calls.remove(&id);
                        return fail(error);
                    }
                },
            }
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(locked(&self.stream).shutdown(std::net::Shutdown::Both));
    }
}

/// Whether it reads or moves all that there is.
fn takes_long(request: &Request) -> bool {
    matches!(request, Request::Upkeep(what) if matches!(**what, Upkeep::Audit | Upkeep::Compact))
}

fn pid_of(stream: &UnixStream) -> Option<u32> {
    let peer = rustix::net::sockopt::socket_peercred(stream).ok()?;
    u32::try_from(peer.pid.as_raw_nonzero().get()).ok()
}
