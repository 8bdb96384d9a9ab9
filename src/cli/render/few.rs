//! The first few of many, in words.

/// These, which are the first of so many, and the number of the others.
pub(crate) fn of_many(first: &[String], count: usize) -> String {
    let more = match count.saturating_sub(first.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_are_counted_where_there_are_any() {
        let first = ["a", "b"].map(str::to_owned);
        assert_eq!(of_many(&first, 2), "a, b");
        assert_eq!(of_many(&first, 5), "a, b and 3 more");
        assert_eq!(of_many(&first, 0), "a, b");
    }
}
