//! The runs that a run has started, and theirs, as a tree.

use super::{ClientError, Session, list};
use crate::history::RunNo;
use crate::store::{RunFilter, RunView};

/// A run somewhere below another.
#[derive(Debug, Clone, PartialEq)]
pub struct Descendant {
    /// As it stands.
    pub view: RunView,
    /// How many runs lie between: 0 for a child.
    pub depth: usize,
}

/// The first `most` of the runs that a run has started, each with its own behind it, the oldest first.
///
/// # Errors
/// What the store says.
pub fn descendants(session: &Session, run: RunNo, most: usize) -> Result<Vec<Descendant>, ClientError> {
    let mut found = Vec::new();
    let mut next = children(session, run, 0)?;
    while let Some(descendant) = next.pop() {
        if found.len() == most {
            break;
        }
        next.extend(children(session, descendant.view.row.no, descendant.depth + 1)?);
        found.push(descendant);
    }
    Ok(found)
}

/// The oldest last.
fn children(session: &Session, run: RunNo, depth: usize) -> Result<Vec<Descendant>, ClientError> {
    let mut views = list(session, RunFilter { parent: Some(run), ..RunFilter::default() })?;
    views.sort_unstable_by_key(|view| std::cmp::Reverse(view.row.no));
    Ok(views.into_iter().map(|view| Descendant { view, depth }).collect())
}
