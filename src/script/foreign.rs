//! The words of other languages for what this one calls otherwise.

/// Their words, and those that are meant.
const WORDS: &[(&[&str], &str)] = &[
    (&["push_back", "add"], "push"),
    (&["capitalize", "to_uppercase", "toUpperCase", "upcase", "upper", "uppercase"], "to_upper"),
    (&["downcase", "lower", "lowercase", "toLowerCase", "to_lowercase"], "to_lower"),
    (&["count", "length", "size"], "len"),
    (&["delete"], "remove"),
    (&["endsWith", "endswith", "end_with"], "ends_with"),
    (&["find_index", "indexOf", "position"], "index_of"),
    (&["has", "hasKey", "has_key", "include", "includes"], "contains"),
    (&["isEmpty", "empty"], "is_empty"),
    (&["parseFloat", "to_f"], "parse_float"),
    (&["parseInt", "to_i"], "parse_int"),
    (&["reversed"], "reverse"),
    (&["sorted"], "sort"),
    (&["startsWith", "startswith", "start_with"], "starts_with"),
    (&["strip"], "trim"),
    (&["str", "toString", "to_str", "to_s"], "to_string"),
    (&["substr", "substring"], "sub_string"),
    (&["system"], "sh"),
];

/// How a list becomes one text.
pub(super) const JOIN: &str = "A list becomes one text so: let text = \"\"; for word in list { if text != \"\" { text += \",\"; } text += word; }";

/// What is meant by a word of another language.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, meant)| *meant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Interpreter;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_meant_is_there_and_the_foreign_word_is_not() {
        let all: BTreeSet<String> = Interpreter::new()
            .engine()
            .gen_fn_signatures(true)
            .iter()
            .filter_map(|signature| signature.split('(').next().map(str::to_owned))
            .chain(super::super::calls::names().map(|name| (*name).to_owned()))
            .collect();
        for (words, meant) in WORDS {
            assert!(all.contains(*meant), "{meant}");
            for word in *words {
                assert!(!all.contains(*word), "{word} is a word of the language");
            }
        }
        assert_eq!((meant("upcase"), meant("trim")), (Some("to_upper"), None));
    }
}
