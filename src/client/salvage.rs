//! Salvage: the runs of a store, a damaged one too, each read by itself.

use super::carry::each_page;
use super::prune::upkeep;
use super::{ClientError, Session};
use crate::history::{RunId, RunNo};
use crate::store::{Answer, Kept, Request, StoreError, Upkeep, Witness, examine};

pub use crate::store::Salvaged;

/// What can be read of the run of a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Salvage {
    /// There is none of that number: it was pruned.
    None,
    /// It is whole.
    Whole(Box<Salvaged>),
    /// It is not.
    Lost {
        /// Its id, where that can be read.
        id: Option<RunId>,
        /// What is damaged, a sentence each.
        wrong: Vec<String>,
    },
}

/// The number of the newest run that any part of the store knows of.
///
/// # Errors
/// [`ClientError`] where no part can be read.
pub fn newest(session: &Session) -> Result<RunNo, ClientError> {
    let (mut newest, mut failed) = (None, None);
    for witness in [Witness::Facts, Witness::Rows, Witness::Starts] {
        match upkeep(session, Upkeep::Newest(witness)) {
            Ok(Kept::Newest(no)) => newest = newest.max(Some(no)),
            Ok(_) => return Err(ClientError::Answer { run: RunNo(0) }),
            Err(error) => failed = Some(error),
        }
    }
    match (newest, failed) {
        (Some(no), _) => Ok(no),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(RunNo(0)),
    }
}

/// Reads one run and verifies all that was read.
///
/// # Errors
/// [`ClientError`] where the store cannot be asked at all.
pub fn salvage(session: &Session, no: RunNo) -> Result<Salvage, ClientError> {
    let mut rows = Vec::new();
    let read = each_page(session, no, |page| {
        rows.extend(page);
        Ok::<(), ClientError>(())
    });
    let wrong = match read {
        Ok(()) => match examine(no, rows) {
            Ok(salvaged) => return Ok(Salvage::Whole(Box::new(salvaged))),
            Err(wrong) => wrong,
        },
        Err(ClientError::Store(StoreError::Corrupt { what, .. })) => vec![what],
        Err(ClientError::Store(StoreError::NoRun { .. })) => {
            vec!["what it was started with is missing".to_owned()]
        }
        Err(error) => return Err(error),
    };
    // Its row may be whole all the same, and tell its id; or there is none, because it was pruned.
    match session.ask(Request::View { run: no }) {
        Ok(Answer::View(view)) => Ok(Salvage::Lost { id: Some(view.row.id.clone()), wrong }),
        Err(StoreError::NoRun { .. }) => Ok(Salvage::None),
        Ok(_) | Err(_) => Ok(Salvage::Lost { id: None, wrong }),
    }
}
