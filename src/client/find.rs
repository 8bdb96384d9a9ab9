//! Finding a run by what a person types: its id, a beginning of it, or `@last`.

use super::{ClientError, Session};
use crate::history::{RunId, RunNo, RunRow, nearest};
use crate::store::{Answer, Request, RunFilter};

/// How many of the newest runs are looked through for similar ids.
const NEAR_AMONG: u32 = 1_000;

/// The run of that id, else the only one whose id begins so; `@last` is the newest.
///
/// # Errors
/// [`ClientError::NoSuchRun`] with similar ids, [`ClientError::Ambiguous`] with the candidates, [`ClientError::NoRuns`].
pub fn find(session: &Session, text: &str) -> Result<RunRow, ClientError> {
    let Answer::Runs(mut rows) = session.ask(Request::Find { text: text.to_owned() })? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    if rows.len() > 1 && rows.iter().any(|row| !row.is_hook()) {
        // Who types the beginning of an id does not mean what told of that run.
        rows.retain(|row| !row.is_hook());
    }
    match (rows.len(), rows.pop()) {
        (1, Some(row)) => Ok(row),
        (_, Some(row)) => {
            rows.push(row);
            Err(ClientError::Ambiguous { text: text.to_owned(), candidates: rows })
        }
        (_, None) if text == "@last" => Err(ClientError::NoRuns),
        (_, None) => Err(missing(session, text)?),
    }
}

/// The run of exactly that id.
pub(super) fn exact(session: &Session, id: &RunId) -> Result<Option<RunRow>, ClientError> {
    let Answer::Runs(rows) = session.ask(Request::Find { text: id.to_string() })? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    Ok(rows.into_iter().find(|row| row.id == *id))
}

/// The error of an id that no run has: what is like it, and whether a start of it was left out.
fn missing(session: &Session, text: &str) -> Result<ClientError, ClientError> {
    let filter = RunFilter { limit: Some(NEAR_AMONG), ..RunFilter::default() };
    let Answer::Views(views) = session.ask(Request::List(filter))? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    let left_out =
        views.iter().find_map(|view| view.row.skipped.of(text).map(|start| (start.at, view.row.id.clone())));
    let runs = views.iter().filter(|view| !view.row.is_hook());
    let likest = likest(text, runs.map(|view| view.row.id.to_string()), 3);
    let near = likest.iter().filter_map(|id| RunId::parse(id).ok()).collect();
    Ok(ClientError::NoSuchRun { text: text.to_owned(), near, left_out })
}

/// The names most like `wanted`, at most `count`, the likest first; none that is not like it.
pub fn likest(wanted: &str, names: impl Iterator<Item = String>, count: usize) -> Vec<String> {
    let mut scored: Vec<(f64, String)> = names
        .map(|name| (strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase()), name))
        // Of two or three letters that changed their places the score says little.
        .filter(|(score, name)| *score > 0.82 || nearest(wanted, [name.as_str()]).is_some())
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(count).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_whose_letters_changed_their_places_are_alike_too() {
        let likest = |wanted| {
            likest(wanted, ["sig", "order-1001", "order-1002", "pay"].map(str::to_owned).into_iter(), 3)
        };
        assert_eq!(likest("sgi"), ["sig"]);
        assert_eq!(likest("Order-1003"), ["order-1001", "order-1002"]);
        assert_eq!(likest("log"), Vec::<String>::new());
    }
}
