//! Who goes on with an open run when its time has come: told to people, derived at reading.

use super::{Claim, Moment};
use serde::{Deserialize, Serialize};

/// Something that goes on with runs nobody executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waker {
    /// `durun tick`, once.
    Tick,
    /// A crontab or a timer of systemd from now on, by `durun tick --install`; or none any more.
    Installed(bool),
    /// A process of `durun serve`, as long as it lives.
    Serve(Claim),
}

/// Who goes on with an open run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WokenBy {
    /// The process that executes it.
    Process {
        /// Its process id.
        pid: u32,
    },
    /// A process of `durun serve`, whether it executes the run now or not.
    Serve {
        /// Its process id.
        pid: u32,
    },
    /// The next `durun tick`; ticks come regularly.
    Tick {
        /// The last one; none yet where they were only installed.
        last: Option<Moment>,
    },
    /// Nobody, as far as the store knows.
    Nobody {
        /// The last tick, where there ever was one.
        last_tick: Option<Moment>,
    },
}
