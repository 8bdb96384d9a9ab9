//! Ctrl-C and SIGTERM: the first parks the runs, the second does not wait for children.

use super::error::CliError;
use super::exit::Exit;
use crate::client::Stop;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// Handlers that are in place while this lives.
pub(crate) struct Interrupts {
    stop: Stop,
    first: Arc<AtomicI32>,
    handle: Handle,
}

impl Interrupts {
    /// Puts the handlers in place. Once they were, the system's own reaction to these signals does not come back: all
    /// that blocks for long afterwards has to look at [`Interrupts::exit`].
    pub(crate) fn install() -> Result<Self, CliError> {
        let failed = |error: std::io::Error| CliError::Handlers(error.to_string());
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(failed)?;
        let (stop, first, handle) = (Stop::new(), Arc::new(AtomicI32::new(0)), signals.handle());
        let (raise, seen) = (stop.clone(), Arc::clone(&first));
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    // Only the first decides the exit code.
                    let _ = seen.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
                    raise.request();
                }
            })
            .map_err(failed)?;
        Ok(Self { stop, first, handle })
    }

    /// What the handlers raise.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// The exit code of an interruption, where there was one.
    pub(crate) fn exit(&self) -> Option<Exit> {
        match self.first.load(Ordering::SeqCst) {
            0 => None,
            SIGINT => Some(Exit::Interrupted),
            _ => Some(Exit::Ended),
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.handle.close();
    }
}

/// Held by tests that raise signals: every handler of the process hears them.
#[cfg(test)]
pub(crate) static RAISING: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::StopLevel;

    #[test]
    fn the_first_signal_parks_and_decides_the_exit_code() {
        let _alone = RAISING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let interrupts = Interrupts::install().expect("installed");
        assert_eq!(interrupts.exit(), None);
        let (sender, woken) = std::sync::mpsc::channel();
        interrupts.stop().on_request(move || {
            let _ = sender.send(());
        });
        for (signal, level) in [(SIGTERM, StopLevel::Park), (SIGINT, StopLevel::Now)] {
            signal_hook::low_level::raise(signal).expect("raised");
            woken.recv_timeout(std::time::Duration::from_secs(10)).expect("handled");
            assert_eq!((interrupts.stop().level(), interrupts.exit()), (level, Some(Exit::Ended)));
        }
    }
}
