//! The launcher: one thread that forks all children of this process and lives as long as it does.
//!
//! A child ends when the *thread* that forked it ends, so it must be one that stays.

use super::process::{Halt, ProcessOutput, ProcessSpec, run};
use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What is done before a process starts; a failure keeps it from starting.
pub(super) type Before = Box<dyn FnOnce() -> io::Result<()> + Send>;
/// What is done with its output.
pub(super) type After = Box<dyn FnOnce(ProcessOutput) + Send>;

enum Order {
    Start { id: u64, spec: Box<ProcessSpec>, before: Before, after: After },
    Stop { id: u64, halt: Halt },
    StopAll { halt: Halt, done: mpsc::Sender<()> },
}

/// The launcher's handle. Dropping it ends every child.
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
            .spawn(move || runtime.block_on(serve(inbox)))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Starts a process under an id of the caller's; `before` may block for as long as what a crash left takes to end.
    pub fn launch(&self, id: u64, spec: ProcessSpec, before: Before, after: After) {
        self.order(Order::Start { id, spec: Box::new(spec), before, after });
    }

    /// Stops a process: TERM, grace, KILL. Its output still comes.
    pub fn stop(&self, id: u64) {
        self.order(Order::Stop { id, halt: Halt::Gently });
    }

    /// Stops all processes and waits until nothing is left of them.
    pub fn stop_all(&self, patience: bool) {
        let (done, wait) = mpsc::channel();
        let halt = if patience { Halt::Gently } else { Halt::AtOnce };
        self.order(Order::StopAll { halt, done });
        // An error means that the thread is gone, and with it every child.
        let _thread_gone = wait.recv();
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            drop(orders.send(order));
        }
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        self.stop_all(false);
        self.orders.take();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(mut orders: UnboundedReceiver<Order>) {
    let mut running: JoinSet<u64> = JoinSet::new();
    let mut halts: BTreeMap<u64, watch::Sender<Halt>> = BTreeMap::new();
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                None => break,
                Some(Order::Start { id, spec, before, after }) => {
                    let (halt, asked) = watch::channel(Halt::No);
                    halts.insert(id, halt);
                    running.spawn(async move {
                        let prepared = tokio::task::spawn_blocking(before).await;
                        let output = match prepared {
                            Ok(Ok(())) => run(*spec, asked).await,
                            Ok(Err(error)) => failed_before(error),
                            Err(error) => failed_before(io::Error::other(error)),
                        };
                        after(output);
                        id
                    });
                }
                Some(Order::Stop { id, halt }) => ask(&halts, Some(id), halt),
                Some(Order::StopAll { halt, done }) => {
                    ask(&halts, None, halt);
                    while let Some(ended) = running.join_next().await {
                        forget(&mut halts, &ended);
                    }
                    let _nobody_waits = done.send(());
                }
            },
            Some(ended) = running.join_next() => forget(&mut halts, &ended),
        }
    }
}

fn ask(halts: &BTreeMap<u64, watch::Sender<Halt>>, only: Option<u64>, halt: Halt) {
    for (id, sender) in halts {
        if only.is_none_or(|only| only == *id) {
            sender.send_if_modified(|current| {
                let more = halt > *current;
                *current = (*current).max(halt);
                more
            });
        }
    }
}

fn forget(halts: &mut BTreeMap<u64, watch::Sender<Halt>>, ended: &Result<u64, tokio::task::JoinError>) {
    if let Ok(id) = ended {
        halts.remove(id);
    }
}

fn failed_before(error: io::Error) -> ProcessOutput {
    ProcessOutput {
        end: super::process::ProcessEnd::NotStarted(error),
        stdout: Vec::new(),
        overflowed: false,
        stderr: Vec::new(),
    }
}
