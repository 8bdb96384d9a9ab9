//! What a crash of ours left running of a command is ended before the command is tried again.

use super::group::{Group, Stat};
use super::note::{read_note, remove_note};
use crate::timer::Clock;
use rustix::process::Signal;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long a leftover has between TERM and KILL.
const GRACE: Duration = Duration::from_secs(2);
/// How long KILL may take.
const KILLED: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Why a leftover may still be there.
#[derive(Debug, thiserror::Error)]
pub enum LeftoverError {
    /// The system's, for the note.
    #[error(transparent)]
    Note(#[from] io::Error),
    /// The work of ending it was itself cut off.
    #[error("what an attempt left could not be looked after")]
    CutOff,
    /// It cannot be killed: the kernel keeps it, or it belongs to another user.
    #[error("process {pid} of an attempt that was cut off is still there and cannot be ended")]
    Alive {
        /// One of its processes.
        pid: i32,
    },
}

/// Ends what a crash left running of a command, waits until it is gone and removes the note that names it, so that two copies
/// never run side by side. Blocks for as long as that takes: usually not at all. Without a note there is nothing to do.
///
/// # Errors
/// [`LeftoverError`]: then the note stays, and the command must not be tried.
pub fn end_leftover(note: &Path, clock: &dyn Clock) -> Result<(), LeftoverError> {
    if let Some(leader) = read_note(note)?
        && let Some(group) = Group::led_by(leader.group)
    {
        end(group, &leader, clock)?;
    }
    Ok(remove_note(note)?)
}

fn end(group: Group, leader: &Stat, clock: &dyn Clock) -> Result<(), LeftoverError> {
    let began = clock.monotonic();
    let mut told = false;
    loop {
        let Some(first) = ours(group, leader).into_iter().next() else { return Ok(()) };
        let passed = clock.monotonic().saturating_sub(began);
        if passed >= GRACE + KILLED {
            return Err(LeftoverError::Alive { pid: first.pid });
        }
        if passed >= GRACE {
            group.signal(Signal::KILL);
        } else if !told {
            group.signal(Signal::TERM);
            told = true;
        }
        clock.pause(PAUSE);
    }
}

/// The living processes of the group, where it still is the one that the note means.
///
/// A group keeps its number until its last process is gone; then a stranger may get it. A stranger's leader began at
/// another time. A group without its leader is ours only if all in it are of our session and younger than the note.
fn ours(group: Group, leader: &Stat) -> Vec<Stat> {
    let stranger = Stat::of(leader.pid).is_some_and(|now| now.began != leader.began);
    let living = if stranger { Vec::new() } else { group.living() };
    if living.iter().all(|member| member.session == leader.session && member.began >= leader.began) {
        living
    } else {
        Vec::new()
    }
}
