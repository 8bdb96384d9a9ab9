//! The word that was meant, perhaps, by one that is not known.

/// The known word that is spelt most like another, where one is like it: each third letter of it may be another one, three at most.
pub fn nearest<'n>(word: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .filter(|(distance, known)| *distance <= (known.chars().count() / 3).clamp(1, 3))
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_word_the_more_of_it_may_be_wrong() {
        let known = ["go", "retry", "timeout", "max_concurrent"];
        for (word, meant) in [
            ("og", Some("go")),
            ("gone", None),
            ("rerty", Some("retry")),
            ("rety", Some("retry")),
            ("rrtyy", None),
            ("tmeuot", Some("timeout")),
            ("maxconcurrnt", Some("max_concurrent")),
            ("timeout", Some("timeout")),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(
            nearest("bat", ["cat", "bar"]),
            Some("bar"),
            "of two that are as near the first by the alphabet"
        );
    }
}
