//! The writer: a mutex with a queue. Who finds it free commits its own requests and all that is queued; who does not, waits.

use super::changes::Changes;
use super::handle::Handle;
use super::known::Known;
use super::opened::{Durably, Opened};
use super::rows::Writing;
use crate::history::Moment;
use crate::store::mutex::locked;
use crate::store::rules::{self, Surroundings};
use crate::store::{Answer, Request, StoreError, reading};
use std::sync::{Arc, Mutex};

/// The most rows that one commit changes before it takes no further call.
const BATCH_CHANGES: usize = 4096;
/// The most bytes that one commit writes before it takes no further call.
const BATCH_BYTES: usize = 1024 * 1024;

/// One answer for each request of a call.
pub(super) type Answers = Vec<Result<Answer, StoreError>>;

/// The queue, and the turn to commit it.
#[derive(Default)]
pub(super) struct Writer {
    queue: Mutex<Vec<Arc<Ticket>>>,
    turn: Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    forgot_at: Option<Moment>,
    /// What need not be read again; nothing where the last transaction did not commit.
    known: Known,
}

/// A call that waits for its answers.
struct Ticket {
    requests: Vec<Request>,
    answers: Mutex<Option<Answers>>,
}

/// What became of an attempt to do some calls in one transaction.
enum Attempt {
    /// They are on disk.
    Committed(Vec<Answers>),
    /// One of them met damaged rows, half-way perhaps: nothing was written.
    Damaged(StoreError),
}

impl Writer {
    /// Does the requests, together with those of others; gives the answers when they are on disk.
    pub(super) fn submit<'a>(
        &self,
        handle: &Handle,
        around: &dyn Fn() -> Surroundings<'a>,
        requests: Vec<Request>,
    ) -> Answers {
        let count = requests.len();
        let ticket = Arc::new(Ticket { requests, answers: Mutex::default() });
        locked(&self.queue).push(Arc::clone(&ticket));
        let mut turn = locked(&self.turn);
        // Whoever had the turn before may have answered this ticket already; else it is still in the queue.
        if locked(&ticket.answers).is_none() {
            // The clock is read now, not when the wait for the turn began.
            self.commit_queued(&mut turn, handle, &around());
        }
        drop(turn);
        let answers = locked(&ticket.answers).take();
        let lost = StoreError::Protocol { message: "the writer gave no answer".to_owned() };
        answers.unwrap_or_else(|| vec![Err(lost); count])
    }

    /// Commits what was queued when its turn came, in order.
    fn commit_queued(&self, turn: &mut Turn, handle: &Handle, around: &Surroundings<'_>) {
        let tickets = std::mem::take(&mut *locked(&self.queue));
        let calls: Vec<&[Request]> = tickets.iter().map(|ticket| ticket.requests.as_slice()).collect();
        let mut tickets = tickets.iter();
        let mut rest = calls.as_slice();
        while !rest.is_empty() {
            let answers = turn.commit(handle, around, rest);
            rest = rest.get(answers.len()..).unwrap_or_default();
            for (answers, ticket) in answers.into_iter().zip(tickets.by_ref()) {
                *locked(&ticket.answers) = Some(answers);
            }
        }
    }

    /// How many calls wait for the turn.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        locked(&self.queue).len()
    }

    /// Writes the allocator's state in a commit of its own.
    pub(super) fn settle(&self, handle: &Handle) -> Result<(), StoreError> {
        let _turn = locked(&self.turn);
        let settled =
            handle.with(|opened| opened.lay_down(Changes::default(), Durably::Settled, &handle.path));
        settled.inspect_err(|_| handle.give_up())
    }
}

impl Turn {
    /// Does the first calls, as many as fit, in one transaction; gives the answers of each, at least one call's.
    fn commit(&mut self, handle: &Handle, around: &Surroundings<'_>, calls: &[&[Request]]) -> Vec<Answers> {
        let mut taken = 0;
        let attempted = handle.with(|opened| self.attempt(opened, handle, around, calls, &mut taken));
        match attempted {
            Ok(Attempt::Committed(answers)) => answers,
            Ok(Attempt::Damaged(_)) => {
                // Each alone, so that damage in one run is nobody else's trouble.
                let mut alone = |request| self.commit_alone(handle, around, request);
                calls.iter().take(taken).map(|call| call.iter().map(&mut alone).collect()).collect()
            }
            Err(error) => {
                handle.give_up();
                // None was taken where the file could not be opened, and it will not open for the others either.
                let failed = if taken == 0 { calls.len() } else { taken };
                calls.iter().take(failed).map(|call| vec![Err(error.clone()); call.len()]).collect()
            }
        }
    }

    fn commit_alone(
        &mut self,
        handle: &Handle,
        around: &Surroundings<'_>,
        request: &Request,
    ) -> Result<Answer, StoreError> {
        let call = std::slice::from_ref(request);
        match handle.with(|opened| self.attempt(opened, handle, around, &[call], &mut 0)) {
            Ok(Attempt::Committed(answers)) => answers.into_iter().flatten().next().unwrap_or_else(|| {
                Err(StoreError::Protocol { message: "the writer gave no answer".to_owned() })
            }),
            Ok(Attempt::Damaged(error)) => Err(error),
            Err(error) => {
                handle.give_up();
                Err(error)
            }
        }
    }

    fn attempt(
        &mut self,
        opened: &Opened,
        handle: &Handle,
        around: &Surroundings<'_>,
        calls: &[&[Request]],
        taken: &mut usize,
    ) -> Result<Attempt, StoreError> {
        let mut rows = opened.write(std::mem::take(&mut self.known), &handle.path)?;
        let mut answers = Vec::new();
        for call in calls {
            *taken += 1;
            let mut call_answers = Vec::with_capacity(call.len());
            for request in *call {
                let answer = answer(&mut rows, around, request);
                match answer {
                    Err(error @ StoreError::Corrupt { .. }) => return Ok(Attempt::Damaged(error)),
                    Err(error) if is_failure(&error) => return Err(error),
                    answer => call_answers.push(answer),
                }
            }
            answers.push(call_answers);
            if rows.count >= BATCH_CHANGES || rows.bytes >= BATCH_BYTES {
                break;
            }
        }
        // Where all was refused, or known before and on disk since, there is nothing to sync.
        if rows.count > 0 {
            self.forget(&mut rows, around.now)?;
        }
        self.known = opened.commit(rows, &handle.path)?;
        Ok(Attempt::Committed(answers))
    }

    fn forget(&mut self, rows: &mut Writing<'_>, now: Moment) -> Result<(), StoreError> {
        let recently = |at: Moment| (0..rules::FORGET_EVERY_MS).contains(&now.since_ms(at));
        if !self.forgot_at.is_some_and(recently) {
            self.forgot_at = Some(rules::forget_old(rows, now)?);
        }
        Ok(())
    }
}

fn answer(
    rows: &mut Writing<'_>,
    around: &Surroundings<'_>,
    request: &Request,
) -> Result<Answer, StoreError> {
    if rules::writes(request) {
        rules::write(rows, around, request)
    } else {
        reading::read(rows, around.now, around.liveness, request)
    }
}

/// Whether this is a failure of the storage below, not a refusal: then the transaction cannot be trusted.
pub(super) fn is_failure(error: &StoreError) -> bool {
    match error {
        StoreError::Full { .. }
        | StoreError::Io { .. }
        | StoreError::Permission { .. }
        | StoreError::Busy { .. } => true,
        StoreError::Corrupt { .. }
        | StoreError::NoRun { .. }
        | StoreError::NoScript { .. }
        | StoreError::Nested { .. }
        | StoreError::Heard { .. }
        | StoreError::LookedAt { .. }
        | StoreError::NotAsked { .. }
        | StoreError::ScheduleChanged { .. }
        | StoreError::NoSuchRun { .. }
        | StoreError::Ended { .. }
        | StoreError::Held { .. }
        | StoreError::Served { .. }
        | StoreError::Fenced { .. }
        | StoreError::Differs { .. }
        | StoreError::Gap { .. }
        | StoreError::Newer { .. }
        | StoreError::OtherVersion { .. }
        | StoreError::Stopped { .. }
        | StoreError::Protocol { .. }
        | StoreError::OwnerGone => false,
    }
}
