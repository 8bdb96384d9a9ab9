//! The messages of which the script of a run was not told, in words.

use super::few;
use super::when::relative;
use crate::cli::escape;
use crate::history::{Moment, Unread};

/// So many are named.
const NAMED: usize = 5;

/// Which they are, the first of so many, behind their number; with `now` also when they came.
pub(crate) fn which(unread: &[Unread], count: u32, now: Option<Moment>) -> String {
    if unread.is_empty() {
        return String::new();
    }
    let named: Vec<String> = unread.iter().take(NAMED).map(|message| named(message, now)).collect();
    format!(": {}", few::of_many(&named, usize::try_from(count).unwrap_or(usize::MAX)))
}

/// That a run has ended without being told of them, in a sentence without its full stop; nothing where there are none.
pub(crate) fn unheard(unread: &[Unread], count: u32, now: Moment) -> Option<String> {
    let what = match count {
        0 => return None,
        1 => "1 message was".to_owned(),
        many => format!("{many} messages were"),
    };
    Some(format!("{what} never told to its script{}", which(unread, count, Some(now))))
}

fn named(message: &Unread, now: Option<Moment>) -> String {
    let what = escape::cut(&escape::line(&message.to_string()), 60);
    match now {
        Some(now) => format!("{what} ({})", relative(message.accepted_at, now)),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::UnreadKind;

    #[test]
    fn the_first_are_named_and_the_others_counted() {
        let of = |kind, name: &str| Unread { accepted_at: Moment(0), kind, name: name.to_owned() };
        let one = [of(UnreadKind::Update, "add\n")];
        let two = [of(UnreadKind::Cancel, ""), of(UnreadKind::Cancel, "why")];
        let now = Moment(60_000);
        assert_eq!(unheard(&[], 0, now), None);
        assert_eq!(
            unheard(&one, 1, now).as_deref(),
            Some("1 message was never told to its script: update add\\n (1m ago)")
        );
        assert_eq!(which(&two, 4, None), ": request to cancel, request to cancel (why) and 2 more");
        assert_eq!(unheard(&[], 3, now).as_deref(), Some("3 messages were never told to its script"));
    }
}
