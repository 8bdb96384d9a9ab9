//! An owner that is stopped, as by `kill -STOP`: how that is seen, and who waits for it.

use super::StoreError;
use super::mutex::locked;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the owner has to answer.
const TIME: Duration = Duration::from_secs(5);
/// Between two looks at one that is stopped.
const LOOK: Duration = Duration::from_millis(200);

/// Asked again and again while the owner of the store, a process of this pid, is stopped: whether to wait for it.
pub type Patience = Arc<dyn Fn(u32) -> bool + Send + Sync>;

/// Whether a process is stopped or held by a debugger, as proc(5) tells.
pub fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything.
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with(['T', 't']))
}

/// Where this process says whether it waits for an owner that is stopped; it does not until then.
#[derive(Clone, Default)]
pub(super) struct Forbearance(Arc<Mutex<Option<Patience>>>);

impl Forbearance {
    pub(super) fn set(&self, patience: Patience) {
        *locked(&self.0) = Some(patience);
    }

    fn has_patience(&self, pid: u32) -> bool {
        let patience = locked(&self.0).clone();
        patience.is_some_and(|patience| patience(pid))
    }
}

/// An answer of the owner that is awaited.
pub(super) struct Awaited<'a> {
    forbearance: &'a Forbearance,
    owner: Option<u32>,
    /// How long it may take.
    time: Duration,
    /// Whether it was looked at before that time was over: who is killed or continued just then was stopped all the time.
    is_looked_at: bool,
    was_stopped: bool,
}

impl<'a> Awaited<'a> {
    pub(super) fn of(owner: Option<u32>, forbearance: &'a Forbearance) -> Self {
        Self { forbearance, owner, time: TIME, is_looked_at: false, was_stopped: false }
    }

    /// What takes so long is awaited so long.
    pub(super) fn at_least(self, time: Duration) -> Self {
        Self { time: self.time.max(time), ..self }
    }

    /// How long it is awaited before anybody asks why it does not come.
    pub(super) fn time(&self) -> Duration {
        self.time.saturating_sub(LOOK)
    }

    /// It has not come in time: for how long it is awaited further.
    ///
    /// # Errors
    /// [`StoreError`]: `Stopped`, or `Busy` where nobody can see why.
    pub(super) fn further(&mut self) -> Result<Duration, StoreError> {
        if !std::mem::replace(&mut self.is_looked_at, true) {
            self.was_stopped = self.owner.is_some_and(is_stopped);
            return Ok(LOOK);
        }
        let was_stopped = std::mem::take(&mut self.was_stopped);
        match self.owner {
            Some(pid) if is_stopped(pid) => {
                self.was_stopped = self.forbearance.has_patience(pid);
                if self.was_stopped { Ok(LOOK) } else { Err(StoreError::Stopped { pid }) }
            }
            // It was continued, and has its time again; or was killed, and is about to be gone.
            Some(_) if was_stopped => {
                self.is_looked_at = false;
                Ok(self.time())
            }
            owner => {
                let who =
                    owner.map_or_else(|| "its owner".to_owned(), |pid| format!("its owner, process {pid},"));
                let seconds = self.time.as_secs();
                Err(StoreError::Busy { message: format!("{who} has not answered for {seconds} seconds") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Pid, Signal, kill_process};
    use std::process::{Child, Command};

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").spawn().expect("begins")
    }

    fn send(child: &Child, signal: Signal) {
        kill_process(Pid::from_child(child), signal).expect("is sent");
        let is_reached = || signal != Signal::STOP || is_stopped(child.id());
        while !is_reached() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn an_owner_that_is_busy_has_its_time_and_no_more() {
        let (owner, forbearance) = (sleeper(), Forbearance::default());
        let mut awaited = Awaited::of(Some(owner.id()), &forbearance);
        assert_eq!(awaited.time() + awaited.further().expect("a last look"), TIME);
        assert!(matches!(awaited.further(), Err(StoreError::Busy { .. })));
        end(owner);
    }

    #[test]
    fn an_owner_that_is_continued_or_killed_as_its_time_is_over_has_it_again() {
        for then in [Signal::CONT, Signal::KILL] {
            let (owner, forbearance) = (sleeper(), Forbearance::default());
            let mut awaited = Awaited::of(Some(owner.id()), &forbearance);
            send(&owner, Signal::STOP);
            assert_eq!(awaited.further(), Ok(LOOK));
            send(&owner, then);
            while is_stopped(owner.id()) {
                std::thread::yield_now();
            }
            assert_eq!(awaited.further(), Ok(awaited.time()));
            assert_eq!(awaited.further(), Ok(LOOK));
            assert!(matches!(awaited.further(), Err(StoreError::Busy { .. })));
            end(owner);
        }
    }

    #[test]
    fn an_owner_that_is_stopped_is_awaited_by_who_has_patience() {
        let (owner, forbearance) = (sleeper(), Forbearance::default());
        send(&owner, Signal::STOP);
        let mut awaited = Awaited::of(Some(owner.id()), &forbearance);
        assert_eq!(awaited.further(), Ok(LOOK));
        assert_eq!(awaited.further(), Err(StoreError::Stopped { pid: owner.id() }));
        forbearance.set(Arc::new(|_| true));
        assert_eq!((awaited.further(), awaited.further()), (Ok(LOOK), Ok(LOOK)));
        end(owner);
    }

    fn end(mut owner: Child) {
        owner.kill().expect("is killed");
        owner.wait().expect("is gone");
    }
}
