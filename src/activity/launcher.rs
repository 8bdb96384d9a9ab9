//! The launcher: one thread that forks all children of this process and lives as long as it does.
//!
//! The kernel ends a child when the *thread* that forked it ends, so it must be one that stays.

use super::leftover::LeftoverError;
use super::process::{Halt, ProcessEnd, ProcessOutput, ProcessSpec, run};
use super::program::NotStarted;
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

/// What is done before a process starts, so that no earlier attempt runs beside it; it may block. A failure keeps the process
/// from starting.
pub type Before = Box<dyn FnOnce() -> Result<(), LeftoverError> + Send>;
/// What is done with its output, on the launcher's thread: must not block.
pub type After = Box<dyn FnOnce(ProcessOutput) + Send>;

/// Work that is no process. It is dropped where it is stopped, so it must leave nothing behind at any point.
pub(super) type Call = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work that is told by itself when it is to be stopped, and is over in its own time.
type Heed = Box<dyn FnOnce(watch::Receiver<Halt>) -> Call + Send>;

/// The call after something that may block.
pub(crate) fn prepared(prepare: impl FnOnce() + Send + 'static, call: Call) -> Call {
    Box::pin(async move {
        // One that was cut off has prepared nothing, and the call says so.
        drop(tokio::task::spawn_blocking(prepare).await);
        call.await;
    })
}

enum Order {
    Start { id: u64, spec: Box<ProcessSpec>, before: Before, after: After },
    Call { id: u64, call: Call },
    Heed { id: u64, heed: Heed },
    Stop { id: u64 },
    StopAll { halt: Halt, done: mpsc::Sender<()> },
}

/// The launcher's handle. Dropping it ends every child, TERM, grace, KILL, and waits until all are gone.
pub struct Launcher {
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Launcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system's, where it gives no thread or runtime.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (orders, inbox) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("launcher".to_owned())
            .spawn(move || runtime.block_on(Desk::default().serve(inbox)))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Starts a process under an id of the caller's; `after` is called exactly once, whatever becomes of it.
    pub fn launch(&self, id: u64, spec: ProcessSpec, before: Before, after: After) {
        self.order(Order::Start { id, spec: Box::new(spec), before, after });
    }

    /// Starts a call under an id of the caller's. One that is stopped is dropped where it stands.
    pub(crate) fn call(&self, id: u64, call: Call) {
        self.order(Order::Call { id, call });
    }

    /// Starts a call under an id of the caller's that is told when it is to be stopped, and is awaited then.
    pub(crate) fn heed(&self, id: u64, heed: impl FnOnce(watch::Receiver<Halt>) -> Call + Send + 'static) {
        self.order(Order::Heed { id, heed: Box::new(heed) });
    }

    /// Stops a process: TERM, grace, KILL; one that has not begun does not begin. `after` is still called.
    pub fn stop(&self, id: u64) {
        self.order(Order::Stop { id });
    }

    /// Stops all processes, with their grace (`patience`) or at once, and waits until nothing is left of them. Another thread
    /// may lose patience meanwhile. Not to be called by `before`, `after` or a line sink.
    pub fn stop_all(&self, patience: bool) {
        let (done, wait) = mpsc::channel();
        let halt = if patience { Halt::Gently } else { Halt::AtOnce };
        self.order(Order::StopAll { halt, done });
        // An error means that the thread is gone, and with it every child.
        let _all_gone = wait.recv();
    }

    /// What another thread calls when it has lost patience: every process is killed at once, also while
    /// [`Launcher::stop_all`] waits. It keeps nothing alive.
    pub fn kill_all(&self) -> impl Fn() + Send + use<> {
        let orders = self.orders.as_ref().map(UnboundedSender::downgrade);
        move || {
            if let Some(orders) = orders.as_ref().and_then(tokio::sync::mpsc::WeakUnboundedSender::upgrade) {
                let (done, _nobody_waits) = mpsc::channel();
                // Refused only when the thread is gone, and with it every child.
                drop(orders.send(Order::StopAll { halt: Halt::AtOnce, done }));
            }
        }
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // Refused only when the thread is gone: then there is nothing to stop and nobody to start anything.
            drop(orders.send(order));
        }
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if thread.thread().id() == std::thread::current().id() {
            // Dropped by an `after`, which cannot wait for itself: the end of the orders stops all.
            self.orders.take();
            return;
        }
        self.stop_all(true);
        self.orders.take();
        drop(thread.join());
    }
}

/// What the thread knows of its children.
#[derive(Default)]
struct Desk {
    running: JoinSet<()>,
    halts: BTreeMap<u64, watch::Sender<Halt>>,
    ids: BTreeMap<Id, u64>,
    waiting: Vec<mpsc::Sender<()>>,
}

impl Desk {
    async fn serve(mut self, mut orders: UnboundedReceiver<Order>) {
        let mut open = true;
        while open || !self.running.is_empty() {
            tokio::select! {
                order = orders.recv(), if open => if let Some(order) = order {
                    self.take(order);
                } else {
                    open = false;
                    self.ask_all(Halt::Gently);
                },
                Some(ended) = self.running.join_next_with_id() => self.forget(&ended),
            }
            if self.running.is_empty() {
                for done in self.waiting.drain(..) {
                    // A receiver that is gone waits no more.
                    let _gone = done.send(());
                }
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Start { id, spec, before, after } => {
                let (halt, asked) = watch::channel(Halt::No);
                let task = self.running.spawn(async move {
                    let output = match tokio::task::spawn_blocking(|| prepare(before, spec)).await {
                        // A task of its own, so that `after` is called even where a line sink panics.
                        Ok(Ok(spec)) => match tokio::spawn(run(*spec, asked)).await {
                            Ok(output) => output,
                            Err(_) => ProcessOutput::none(ProcessEnd::Lost),
                        },
                        Ok(Err(error)) => not_started(error),
                        Err(_) => not_started(LeftoverError::CutOff.into()),
                    };
                    after(output);
                });
                self.halts.insert(id, halt);
                self.ids.insert(task.id(), id);
            }
            Order::Call { id, call } => {
                let (halt, mut asked) = watch::channel(Halt::No);
                let task = self.running.spawn(async move {
                    tokio::select! {
                        () = call => {}
                        _ = asked.wait_for(|halt| *halt > Halt::No) => {}
                    }
                });
                self.halts.insert(id, halt);
                self.ids.insert(task.id(), id);
            }
            Order::Heed { id, heed } => {
                let (halt, asked) = watch::channel(Halt::No);
                let task = self.running.spawn(heed(asked));
                self.halts.insert(id, halt);
                self.ids.insert(task.id(), id);
            }
            Order::Stop { id } => {
                if let Some(sender) = self.halts.get(&id) {
                    ask(sender, Halt::Gently);
                }
            }
            Order::StopAll { halt, done } => {
                self.ask_all(halt);
                self.waiting.push(done);
            }
        }
    }

    fn ask_all(&self, halt: Halt) {
        self.halts.values().for_each(|sender| ask(sender, halt));
    }

    fn forget(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let task = match ended {
            Ok((task, ())) => *task,
            Err(error) => error.id(),
        };
        if let Some(id) = self.ids.remove(&task) {
            self.halts.remove(&id);
        }
    }
}

fn ask(sender: &watch::Sender<Halt>, halt: Halt) {
    sender.send_if_modified(|current| {
        let more = halt > *current;
        *current = (*current).max(halt);
        more
    });
}

/// What may block before a process starts: leftovers are ended, secrets looked up.
fn prepare(before: Before, mut spec: Box<ProcessSpec>) -> Result<Box<ProcessSpec>, NotStarted> {
    before()?;
    spec.place_secrets()?;
    Ok(spec)
}

fn not_started(error: NotStarted) -> ProcessOutput {
    ProcessOutput::none(ProcessEnd::NotStarted(error))
}
