//! Looking at a run: the variables of its script where it waits, and whose each entry is; by replay, whoever executes it.

use super::status::{start_of, text_of};
use super::{ClientError, Session};
use crate::history::{Placeholder, RunNo, Seq, Value};
use crate::run::Standpoint;
use crate::script::Sight;
use std::collections::BTreeMap;

/// The most entries that are replayed where nobody asked for the variables.
pub const MOST_LOOKED_AT: u32 = 10_000;

/// Where each strand of a run stands, with the variables in scope; secrets stand by their names alone. Nothing is written.
///
/// # Errors
/// [`ClientError::Query`] where the replay does not come so far.
pub fn look(session: &Session, run: RunNo) -> Result<Vec<Standpoint>, ClientError> {
    let secret = start_of(session, run)?.secret;
    let mut seen = session.executor().look(session, run)?;
    let variables =
        seen.iter_mut().flat_map(|point| point.frames.iter_mut()).flat_map(|(_, all)| all.iter_mut());
    for (_, value) in variables {
        mask_seen(value, secret);
    }
    Ok(seen)
}

/// Whose the entries of a run are: strands that have names, questions that reminders are of. Nothing where its texts have neither, where
/// the history is longer than what is replayed unasked, or where it cannot be replayed. Nothing is written.
pub fn whose(session: &Session, run: RunNo, entries: Seq) -> BTreeMap<Seq, String> {
    const NAMING: &[&str] = &["parallel", "strand", "on_update", "remind"];
    let is_naming = |text: &str| NAMING.iter().any(|call| text.contains(call));
    let names = || {
        let program = start_of(session, run).ok()?.program;
        let mut hashes = std::iter::once(program.main).chain(program.modules.into_values());
        if entries.0 > MOST_LOOKED_AT
            || !hashes.any(|hash| text_of(session, run, hash).is_ok_and(|text| is_naming(&text)))
        {
            return None;
        }
        session.executor().whose(session, run).ok()
    };
    names().unwrap_or_default()
}

fn mask_seen(seen: &mut Sight, secret: [u8; 16]) {
    match seen {
        Sight::Value(value) => mask(value, secret),
        Sight::Words(_) => {}
        Sight::List(items) => items.iter_mut().for_each(|item| mask_seen(item, secret)),
        Sight::Map(fields) => fields.values_mut().for_each(|field| mask_seen(field, secret)),
    }
}

fn mask(value: &mut Value, secret: [u8; 16]) {
    match value {
        Value::Text(text) => *text = Placeholder::forget_in(text, secret),
        Value::List(items) => items.iter_mut().for_each(|item| mask(item, secret)),
        Value::Map(fields) => fields.values_mut().for_each(|field| mask(field, secret)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Bytes(_) => {}
    }
}
