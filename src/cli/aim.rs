//! Commands that are suggested, aimed at the store that was named on the command line: pasted as they stand they mean the same runs.

use super::escape;
use std::path::Path;

/// Commands that know no store.
const WITHOUT: &[&str] = &["check", "test", "explain", "init", "completions", "man", "help", "COMMAND"];
const PROGRAM: &str = "durun ";

/// The text with `--store` in each command of durun that it suggests.
pub(crate) fn aimed(text: &str, store: Option<&Path>) -> String {
    let Some(store) = store else { return text.to_owned() };
    let option = format!("--store {} ", escape::shell(&store.to_string_lossy()));
    let mut out = String::with_capacity(text.len() + option.len());
    let mut rest = text;
    while let Some(at) = rest.find(PROGRAM) {
        let (before, after) = rest.split_at(at + PROGRAM.len());
        let is_command = !before[..at].ends_with(|end: char| end.is_alphanumeric() || "/.-_".contains(end));
        let word: &str = after.split(|end: char| !end.is_ascii_lowercase()).next().unwrap_or_default();
        out.push_str(before);
        if is_command && !word.is_empty() && !WITHOUT.contains(&word) {
            out.push_str(&option);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_that_knows_a_store_names_it_once() {
        let aimed = |text| aimed(text, Some(Path::new("/s t")));
        assert_eq!(
            aimed("durun history a tells; mend it: durun upgrade a --script b && durun resume a"),
            "durun --store '/s t' history a tells; mend it: durun --store '/s t' upgrade a --script b && durun --store '/s t' resume a"
        );
        for text in [
            "durun explain D0101; durun check a.rhai",
            "durun --store '/s t' status a",
            "see /etc/durun config, the words of durun, and xdurun list",
            "durun COMMAND --help",
        ] {
            assert_eq!(aimed(text), text);
        }
        assert_eq!(super::aimed("durun list", None), "durun list");
    }
}
