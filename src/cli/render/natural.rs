//! The order in which people count: `job 2` before `job 10`.

use std::cmp::Ordering;

/// Compares texts piece by piece: digits by the number that they are, all else by its letters.
pub(super) fn order(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one, other);
    loop {
        let (a, b) = (piece(one), piece(other));
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let is_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        let by_number = || {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        };
        let found = if is_number(a) && is_number(b) { by_number() } else { Ordering::Equal };
        // Numbers that are written differently still have an order.
        let found = found.then_with(|| a.cmp(b));
        if found != Ordering::Equal {
            return found;
        }
        (one, other) = (one.get(a.len()..).unwrap_or_default(), other.get(b.len()..).unwrap_or_default());
    }
}

/// The digits that a text begins with, or what comes before the first.
fn piece(text: &str) -> &str {
    let is_number = text.starts_with(|first: char| first.is_ascii_digit());
    let end = text.find(|letter: char| letter.is_ascii_digit() != is_number).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_within_names_are_counted() {
        let mut names = [
            "b2",
            "job 10",
            "job 2",
            "job 1",
            "",
            "job",
            "job 02",
            "9",
            "10",
            "job 2b",
            "a",
            "ä1",
            "job 10.9",
            "job 10.10",
        ];
        names.sort_by(|a, b| order(a, b));
        let sorted = [
            "",
            "9",
            "10",
            "a",
            "b2",
            "job",
            "job 1",
            "job 02",
            "job 2",
            "job 2b",
            "job 10",
            "job 10.9",
            "job 10.10",
            "ä1",
        ];
        assert_eq!(names, sorted);
    }
}
