//! The codes of errors, one table: what each means, an example, what to do. `durun explain CODE` and the reference are made from it.
//!
//! To add a code: one entry in the file of its hundred, in order. A test demands an entry for each code that stands in
//! `src/`, and the code in `src/` for each entry; `docs/reference/errors.md` is written anew by `DURUN_BLESS=1`.

mod answers;
mod around;
mod embedded;
mod ends;
mod finding;
mod lint;
mod making;
mod mending;
mod reading;
mod running;
mod salvaging;
mod schedules;
mod scripts;
mod store;
mod tests_of_scripts;
mod typed;
mod updates;
mod usage;

/// One code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code {
    /// `D0101`.
    pub(crate) name: &'static str,
    /// What happened, in a few words, without a full stop.
    pub(crate) title: &'static str,
    /// What it means, an example where one helps, what to do. Lines of at most 80 columns; commands are indented by four.
    pub(crate) text: &'static str,
}

/// All codes, in order.
const ALL: &[&[Code]] = &[
    ends::CODES,
    typed::CODES,
    finding::CODES,
    scripts::CODES,
    store::CODES,
    answers::CODES,
    running::CODES,
    updates::CODES,
    around::CODES,
    schedules::CODES,
    mending::CODES,
    lint::CODES,
    usage::CODES,
    tests_of_scripts::CODES,
    making::CODES,
    salvaging::CODES,
    embedded::CODES,
    reading::CODES,
];

/// All codes, in order.
pub(crate) fn all() -> impl Iterator<Item = &'static Code> {
    ALL.iter().flat_map(|codes| codes.iter())
}

/// The entry of a code, however it is written: `D0101`, `d0101`, `0101`, `101`.
pub(crate) fn find(text: &str) -> Option<&'static Code> {
    let digits = digits(text);
    let number = digits.parse::<u32>().ok().filter(|_| digits.len() <= 4)?;
    let wanted = format!("D{number:04}");
    all().find(|code| code.name == wanted)
}

/// Whether a text is written as codes are, be there one of that number or not.
pub(crate) fn is_code(text: &str) -> bool {
    let digits = digits(text);
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn digits(text: &str) -> &str {
    let bare = text.trim().trim_matches(['[', ']']);
    bare.strip_prefix(['D', 'd']).unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// The codes that stand in the program, with the file of each; tests and this table left out.
    fn used(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let shown = path.display().to_string();
            if path.is_dir() && !path.ends_with("codes") && !path.ends_with("tests") {
                used(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") && !shown.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
                for (place, _) in code.match_indices("\"D") {
                    let digits: String =
                        code.chars().skip(code[..place].chars().count() + 2).take(5).collect();
                    if let Some(digits) = digits.strip_suffix('"')
                        && digits.len() == 4
                        && digits.bytes().all(|digit| digit.is_ascii_digit())
                    {
                        found.insert(format!("D{digits}"), shown.clone());
                    }
                }
            }
        }
    }

    #[test]
    fn every_code_of_the_program_has_its_entry_and_every_entry_its_code() {
        let mut found = BTreeMap::new();
        used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 80, "only {} codes: does the reading still work?", found.len());
        let entries: BTreeSet<&str> = all().map(|code| code.name).collect();
        for (code, file) in &found {
            assert!(entries.contains(code.as_str()), "{code} of {file} has no entry in src/cli/codes/");
        }
        for code in &entries {
            assert!(found.contains_key(*code), "nothing in src/ has the code {code} any more");
        }
    }

    #[test]
    fn entries_are_in_order_and_say_something() {
        let codes: Vec<&str> = all().map(|code| code.name).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "in order, none twice: {codes:?}");
        for Code { name: code, title, text } in all() {
            assert!(!title.ends_with('.') && title.len() < 80, "{code}: {title}");
            assert!(text.len() > 60 && !text.ends_with('\n'), "{code} says nothing");
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(longest <= 80, "{code} has a line of {longest} columns");
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in ["D0105", "d0105", "0105", "105", "[D0105]", " D0105 "] {
            assert_eq!(find(text).map(|code| code.name), Some("D0105"), "{text}");
        }
        for text in ["", "D", "D9999", "D00105", "E0105", "-1"] {
            assert!(find(text).is_none(), "{text}");
        }
    }
}
