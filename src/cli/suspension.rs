//! Ctrl-Z: the store is in the hands of others before this process stops, so that none of them waits for it.

use super::error::CliError;
use crate::client::Stat;
use crate::store::{Aside, SharedStore};
use signal_hook::consts::SIGTSTP;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::sync::{Mutex, Once, PoisonError};

/// The stores that this process has open.
static OPEN: Mutex<Vec<Aside>> = Mutex::new(Vec::new());
static LISTENING: Once = Once::new();

/// Has a store handed over before each stop from now on.
pub(crate) fn steps_aside(store: &SharedStore) -> Result<(), CliError> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(store.aside());
    let mut listening = Ok(());
    LISTENING.call_once(|| listening = listen());
    listening.map_err(|error| CliError::Handlers(error.to_string()))
}

fn listen() -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTSTP])?;
    std::thread::Builder::new().name("suspension".to_owned()).spawn(move || {
        for _ in signals.forever() {
            if somebody_can_continue() {
                let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
                stop_aside(&open);
            }
        }
    })?;
    Ok(())
}

/// Stops this process aside of all of these stores; returns when it is continued.
fn stop_aside(stores: &[Aside]) {
    match stores.split_first() {
        Some((first, others)) => first.while_others_go_on(|| stop_aside(others)),
        // It raises the stop that cannot be caught; one that is refused leaves the process as it is.
        None => drop(emulate_default_handler(SIGTSTP)),
    }
}

/// Whether there is a shell with jobs above: the kernel stops by Ctrl-Z no process that nobody could continue, such as the first of a
/// terminal.
fn somebody_can_continue() -> bool {
    Stat::own().is_none_or(|own| own.session != own.group)
}
