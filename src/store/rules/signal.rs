//! `Signal`: a message to the run of an id, which is recorded in the same transaction where there is none and a start was given.

use super::Surroundings;
use super::message::{deliver, remembered};
use crate::history::{MessageBody, RunNo};
use crate::store::rows::{RowsMut, Table};
use crate::store::{Answer, NewMessage, NewSignal, StoreError, keys};

pub(super) fn signal(
    rows: &mut dyn RowsMut,
    around: &Surroundings<'_>,
    new: &NewSignal,
) -> Result<Answer, StoreError> {
    let there = rows.get(Table::RunIds, new.to.as_str().as_bytes())?;
    if let Some(known) = remembered(rows, new.id)? {
        // Sent again: who asks learns what came of it the first time.
        let begun = match (&there, &new.start) {
            (Some(named), Some(start)) => super::start::is_same(rows, start.nonce, named)?,
            (None, _) | (_, None) => false,
        };
        let is_claimed = new.start.as_ref().is_some_and(|start| start.claim.is_some());
        return Ok(Answer::Signalled {
            run: known.run,
            started: begun,
            epoch: u64::from(begun && is_claimed),
            no: known.no,
            accepted_at: known.at,
            duplicate: true,
        });
    }
    let (run, started, epoch) = match (there, &new.start) {
        (Some(no), _) => (keys::head_run(&no).unwrap_or(RunNo(0)), false, 0),
        (None, None) => return Err(StoreError::NoSuchRun { id: new.to.clone() }),
        (None, Some(start)) if start.id != new.to => {
            let message = "a signal may start the run that it is for, and no other".to_owned();
            return Err(StoreError::Protocol { message });
        }
        (None, Some(start)) => match super::start::start(rows, around, start)? {
            Answer::Started { run, epoch } => (run, true, epoch),
            _ => return Err(StoreError::strange("a start")),
        },
    };
    let body = MessageBody::Signal { name: new.name.clone(), payload: new.payload.clone() };
    // As one under a user's key: the sender may be continued, and send it again, after any time.
    match deliver(rows, around, &NewMessage { run, id: new.id, keyed: true, body })? {
        Answer::Delivered { no, accepted_at, duplicate } => {
            Ok(Answer::Signalled { run, started, epoch, no, accepted_at, duplicate })
        }
        _ => Err(StoreError::strange("a delivery")),
    }
}
