//! Questions of runs: which can be answered, and until when.

use super::StoreError;
use super::codec::decode;
use super::rows::Row;
use crate::history::{CommandKind, Message, MessageBody, Moment, OpId, Pending, RunRow, Value};

/// Under this name the row of a question shows the answer that its script has not heard yet.
pub const ANSWERED: &str = "answered";

/// Says of the questions among pending rows that they are open no more, though their script has not heard of that yet: the answer
/// lies in the inbox, or `nobody` who executes the run has seen that their time is over.
pub(super) fn mark(
    inbox: &[Row],
    pending: &mut [Pending],
    (now, nobody): (Moment, bool),
) -> Result<(), StoreError> {
    if !pending.iter().any(is_question) {
        return Ok(());
    }
    for row in pending.iter_mut().filter(|row| nobody && is_question(row) && is_over(row, now)) {
        row.waits_for = Some("somebody to go on with the run: its time is over".to_owned());
    }
    for (_, bytes) in inbox {
        let message: Message = decode(bytes, "a message")?;
        if let MessageBody::Answer { question, choice } = &message.body {
            pending.iter_mut().filter(|row| row.op == *question).for_each(|row| {
                row.waits_for = Some(format!("somebody to go on with the run: answered {}", choice.choice));
                if let Value::Map(shown) = &mut row.input {
                    shown.insert(ANSWERED.to_owned(), choice.choice.as_str().into());
                }
            });
        }
    }
    Ok(())
}

/// Refuses an answer to a question whose time is over: the script will be told that nobody answered. `waits` gives the pending row
/// of a command.
pub(super) fn refuse_late(
    row: &RunRow,
    body: &MessageBody,
    accepted_at: Moment,
    waits: impl FnOnce(OpId) -> Result<Option<Pending>, StoreError>,
) -> Result<(), StoreError> {
    let MessageBody::Answer { question, .. } = body else { return Ok(()) };
    match waits(*question)? {
        Some(waits) if is_question(&waits) && is_over(&waits, accepted_at) => {
            Err(StoreError::NotAsked { id: row.id.clone() })
        }
        Some(_) | None => Ok(()),
    }
}

fn is_question(row: &Pending) -> bool {
    row.label.kind == CommandKind::Ask
}

/// An answer at the very instant still counts.
fn is_over(row: &Pending, now: Moment) -> bool {
    row.due.is_some_and(|due| due < now)
}
