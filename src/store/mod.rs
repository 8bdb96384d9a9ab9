//! Storage: what is on disk when a call returns stays there, whatever happens next.
//!
//! The crash contract of [`Store`]: each request of a call is applied whole or not at all; when the call returns
//! without an error for it, it survives a crash of process or machine. When the process dies inside a call, any
//! prefix of the call's requests may have been applied, never a part of one. Every request that changes something may be sent again: the
//! same request again is acknowledged and changes nothing.

mod alike;
mod answer;
mod append;
mod audit;
mod backlog;
mod carry;
mod children;
mod codec;
#[doc(hidden)]
pub mod conformance;
mod directory;
mod due;
mod ended;
mod error;
mod frame;
mod glance;
mod histories;
mod holder;
mod hub;
mod keys;
mod local;
mod locks;
mod mark;
mod memory;
mod mutex;
mod note;
mod ours;
mod owning;
mod questions;
mod queues;
mod reading;
mod redb;
mod remote;
mod request;
mod rows;
mod rules;
mod salvage;
mod server;
mod shared;
mod socket;
mod starts;
mod stopped;
mod upkeep;
mod wakers;
#[doc(hidden)]
pub mod wire;
mod workers;

#[doc(hidden)]
pub use self::redb::crash;
pub(crate) use self::redb::of_io;
pub use self::redb::{RedbTables, panics_are_told};
pub use answer::{Admission, Answer, Due, Event, Once, OnceRow, RunView, Schedules, Snapshot, Told};
pub use append::{Append, LockChange, LogKey, LogLevel, LogLine, LogStream, OnceChange, RowChange};
pub use error::StoreError;
pub use glance::glance;
pub use holder::{Holder, holder};
pub use local::LocalSession;
pub use memory::MemoryTables;
pub use questions::ANSWERED;
pub use request::{
    NewMessage, NewOverlap, NewParent, NewQueue, NewRun, NewSignal, RefusedUpdate, Request, Rewind,
    RunFilter, ScheduleChange, Upgrade,
};
pub use rules::SCHEMA;
pub use salvage::{Salvaged, examine};
pub use shared::{Aside, SharedStore};
pub use stopped::{Patience, is_stopped};
pub use upkeep::{CarriedRow, EndedRun, Kept, Place, Upkeep, Witness};

use crate::history::Token;
use std::sync::Arc;

/// Where events go: called on any thread, must not block.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

/// What a process of durun uses: storage as seen by one session. See the module for the crash contract.
pub trait Store: Send + Sync {
    /// Applies the requests in order, all that can be in one transaction; one answer for each.
    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>>;

    /// Where to tell this process of messages for runs that it claims, and of changes to runs that it watches.
    fn set_events(&self, sink: EventSink);

    /// Who says whether this process waits for an owner that is stopped; where nobody does, it does not.
    fn set_patience(&self, _patience: Patience) {}

    /// What is wrong with the store, where it is damaged: then it is only read, and what it shows may be incomplete.
    fn damage(&self) -> Option<StoreError> {
        None
    }

    /// The process that has the file open and serves the others, where the store is shared by processes.
    fn owner(&self) -> Option<u32> {
        None
    }

    /// One request alone.
    ///
    /// # Errors
    /// What the store says of it.
    fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        self.call(vec![request])
            .pop()
            .unwrap_or_else(|| Err(StoreError::Protocol { message: "the store gave no answer".to_owned() }))
    }
}

/// The tables themselves, without sessions and events: what the owner of a store holds. Same crash contract.
pub trait Tables: Send + Sync {
    /// Applies the requests in order, all that can be in one transaction; one answer for each.
    fn apply(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>>;

    /// What is wrong with them, where they are damaged.
    fn damage(&self) -> Option<StoreError> {
        None
    }
}

/// Whether the process that took a token is still there.
pub trait Liveness: Send + Sync {
    /// True while the process that holds the token lives.
    fn is_alive(&self, token: Token) -> bool;
}

#[cfg(test)]
mod tests;
