//! Sending a signal to a run.

use super::find::likest;
use super::reply::open_questions;
use super::start::new_run;
use super::status::{start_of, text_of};
use super::{Claimed, ClientError, OpenQuestion, Session, StartRequest, declared, find, view};
use crate::history::{CommandKind, MessageBody, MessageId, Pending, RunNo, RunRow, Value};
use crate::store::{Answer, NewMessage, NewSignal, Request};

/// The longest name, in characters.
const MAX_NAME: usize = 256;

/// A signal that the store has accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalSent {
    /// The run.
    pub row: RunRow,
    /// Whether the same key had been accepted before; then nothing was added.
    pub duplicate: bool,
    /// Whether the texts of the program mention the name at all.
    pub mentioned: bool,
    /// Of a name that they do not mention: the one that was meant, perhaps.
    pub near: Option<String>,
    /// The questions that the run asks, where it takes no signal of that name: perhaps one of them was to be answered. Empty
    /// where all are answered already.
    pub asks: Vec<OpenQuestion>,
}

/// Sends a signal. With a `key`, the same key again is the same signal; with `strict`, a name that the script never
/// mentions is refused.
///
/// # Errors
/// As [`find()`]; `Value` for a payload over the limits, `UnknownSignal`, `Ended` of the store.
pub fn signal(
    session: &Session,
    text: &str,
    name: &str,
    payload: Value,
    key: Option<&str>,
    strict: bool,
) -> Result<SignalSent, ClientError> {
    check(name, &payload)?;
    let row = find(session, text)?;
    let (mentioned, near) = known(session, &row, name)?;
    if strict && !mentioned {
        return Err(ClientError::UnknownSignal { id: row.id, name: name.to_owned(), near });
    }
    let id = match key {
        Some(key) => MessageId::of_key(row.id.as_str(), key),
        None => MessageId(Session::random()?),
    };
    let body = MessageBody::Signal { name: name.to_owned(), payload };
    let message = NewMessage { run: row.no, id, keyed: key.is_some(), body };
    let Answer::Delivered { duplicate, .. } = session.ask(Request::Deliver(Box::new(message)))? else {
        return Err(ClientError::Answer { run: row.no });
    };
    let asks = asks_instead(session, &row, name)?;
    Ok(SignalSent { row, duplicate, mentioned, near, asks })
}

/// What came of a signal that might start its run.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one a command")]
pub enum StartedBySignal {
    /// The run was recorded with the signal in its inbox; the epoch is 0 where it was not claimed.
    New(Claimed),
    /// It was there, and has the signal.
    Existing(SignalSent),
}

/// Sends a signal to the run of that id, which is recorded in the same step where there is none.
///
/// # Errors
/// As [`signal`] and [`start`](super::start()); the request must name the run.
pub fn signal_with_start(
    session: &Session,
    name: &str,
    payload: Value,
    key: Option<&str>,
    request: StartRequest,
) -> Result<StartedBySignal, ClientError> {
    check(name, &payload)?;
    request.input.check()?;
    let (new, id) = new_run(session, super::start::fitted(request)?)?;
    let message = match key {
        Some(key) => MessageId::of_key(id.as_str(), key),
        None => MessageId(Session::random()?),
    };
    let new = NewSignal { to: id.clone(), id: message, name: name.to_owned(), payload, start: Some(new) };
    let Answer::Signalled { run, started, epoch, duplicate, .. } =
        session.ask(Request::Signal(Box::new(new)))?
    else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    if started {
        return Ok(StartedBySignal::New(Claimed { run, id, epoch }));
    }
    let row = view(session, run)?.row;
    let (mentioned, near) = known(session, &row, name)?;
    let asks = asks_instead(session, &row, name)?;
    Ok(StartedBySignal::Existing(SignalSent { row, duplicate, mentioned, near, asks }))
}

fn check(name: &str, payload: &Value) -> Result<(), ClientError> {
    payload.check()?;
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(ClientError::SignalName(name.chars().take(MAX_NAME).collect()));
    }
    Ok(())
}

/// Whether the texts of a run's program mention a name, or it waits for that; where not, the signal that was meant, perhaps.
fn known(session: &Session, row: &RunRow, name: &str) -> Result<(bool, Option<String>), ClientError> {
    if mentions(session, row, name)? {
        return Ok((true, None));
    }
    let pending = view(session, row.no)?.pending;
    // A name that the script has put together.
    if pending.iter().flat_map(waited_for).any(|waited_for| waited_for == name) {
        return Ok((true, None));
    }
    // What cannot be read declares nothing.
    let mut signals = declared(session, row.no).map(|declared| declared.signals).unwrap_or_default();
    signals.extend(pending.iter().flat_map(waited_for).map(str::to_owned));
    Ok((false, likest(name, signals.into_iter(), 1).pop()))
}

/// The signals that a command waits for.
fn waited_for(row: &Pending) -> impl Iterator<Item = &str> {
    let waits = row.label.kind == CommandKind::WaitSignal;
    row.label.name.split(", ").filter(move |_| waits)
}

/// The open questions of a run whose script declares no signal of that name, and that does not wait for one.
fn asks_instead(session: &Session, row: &RunRow, name: &str) -> Result<Vec<OpenQuestion>, ClientError> {
    let view = view(session, row.no)?;
    let asks = open_questions(&view);
    let waits = |row: &Pending| waited_for(row).any(|known| known == name);
    if asks.iter().all(|question| question.answered.is_some()) || view.pending.iter().any(waits) {
        return Ok(Vec::new());
    }
    // What cannot be read declares nothing.
    let is_declared = declared(session, row.no).is_ok_and(|declared| declared.signals.contains(name));
    Ok(if is_declared { Vec::new() } else { asks })
}

fn mentions(session: &Session, row: &RunRow, name: &str) -> Result<bool, ClientError> {
    let program = start_of(session, row.no)?.program;
    for hash in std::iter::once(program.main).chain(program.modules.into_values()) {
        if has_word(&text_of(session, row.no, hash)?, name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a text has a name that is no part of a longer one: `og` is none of `log(…)`.
fn has_word(text: &str, name: &str) -> bool {
    let is_part =
        |beside: Option<char>| beside.is_some_and(|beside| beside.is_alphanumeric() || beside == '_');
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + name.len()..));
        !is_part(before.and_then(|before| before.chars().next_back()))
            && !is_part(after.and_then(|after| after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_mentioned_where_it_stands_alone() {
        for (text, is_there) in [
            ("wait_signal(\"og\")", true),
            ("#{og: 1}", true),
            ("og", true),
            ("log(1); \"og-1\"", true),
            ("log(1)", false),
            ("og_1", false),
            ("ogé", false),
            ("", false),
        ] {
            assert_eq!(has_word(text, "og"), is_there, "{text}");
        }
    }
}
