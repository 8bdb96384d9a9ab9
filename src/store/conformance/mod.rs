//! Conformance: the rules of the store as named checks that every store is put through.

mod appends;
mod children;
mod claims;
mod ends;
mod fixtures;
mod locks;
mod messages;
mod once;
mod overlaps;
mod prunes;
mod queues;
mod restarts;
mod rewinds;
mod rewound_mail;
mod rows;
mod schedules;
mod searches;
mod signals;
mod starts;
mod statuses;
mod updates;

pub use fixtures::{Chain, Living, append, gets_stuck, new_run, pending, signal};
pub use rewinds::open_again;

use super::{Answer, Liveness, Request, StoreError};
use crate::timer::{Clock, ManualClock};
use fixtures::NOON;
use std::sync::Arc;

/// A store as the checks use it: requests in, answers out.
pub type Call = Box<dyn Fn(Vec<Request>) -> Vec<Result<Answer, StoreError>>>;

/// Makes a new, empty store that reads this clock and believes these processes to live.
pub type Make<'a> = &'a dyn Fn(Arc<dyn Clock>, Arc<dyn Liveness>) -> Call;

/// A store under examination.
pub struct Subject {
    call: Call,
    /// The clock that the store reads.
    pub clock: ManualClock,
    /// The processes that the store believes to live.
    pub living: Arc<Living>,
}

type Check = (&'static str, fn(&Subject));

/// Puts stores made by `make` through every check, each in a new one; gives the number of checks.
///
/// # Panics
/// Where the store does not do what the check's name says.
pub fn conformance(make: Make<'_>) -> usize {
    let rooms = [
        starts::CHECKS,
        claims::CHECKS,
        appends::CHECKS,
        rows::CHECKS,
        messages::CHECKS,
        ends::CHECKS,
        searches::CHECKS,
        statuses::CHECKS,
        once::CHECKS,
        restarts::CHECKS,
        rewinds::CHECKS,
        rewound_mail::CHECKS,
        signals::CHECKS,
        locks::CHECKS,
        queues::CHECKS,
        overlaps::CHECKS,
        children::CHECKS,
        schedules::CHECKS,
        updates::CHECKS,
        prunes::CHECKS,
    ];
    let mut failed = Vec::new();
    let mut count = 0;
    for (name, check) in rooms.into_iter().flatten() {
        count += 1;
        let subject = Subject::new(make);
        // Each check is heard, so that one run tells all that is wrong.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&subject)));
        if result.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "the store fails these checks (see the panics above): {failed:#?}");
    count
}

impl Subject {
    /// A new, empty store at a fixed instant.
    pub fn new(make: Make<'_>) -> Self {
        let clock = ManualClock::at(NOON);
        let living = Arc::new(Living::default());
        let call = make(Arc::new(clock.clone()), Arc::<Living>::clone(&living));
        Self { call, clock, living }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LocalSession, MemoryTables, Store};

    #[test]
    fn a_session_keeps_every_rule_of_the_store() {
        conformance(&|clock, liveness| {
            let tables = Arc::new(MemoryTables::new(Arc::clone(&clock), liveness));
            let session = LocalSession::alone(tables, clock);
            Box::new(move |requests| session.call(requests))
        });
    }
}
