//! The names of the secrets that the texts of a script ask for.

use super::source::Source;
use crate::history::is_secret_name;
use std::collections::BTreeSet;

/// The secrets that a script names in its text: known before it asks, also after a crash.
pub(super) fn secrets_named_in(source: &Source) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in source.modules.values().chain([&source.main]) {
        for (at, word) in text.match_indices("secret") {
            let call = text.get(at + word.len()..).unwrap_or_default().trim_start().strip_prefix('(');
            let quoted = call.map(str::trim_start).and_then(|call| call.strip_prefix(['"', '`']));
            if let Some((name, _)) = quoted.and_then(|rest| rest.split_once(['"', '`'])) {
                names.extend(is_secret_name(name).then(|| name.to_owned()));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_secrets_that_a_text_names_are_known_before_it_asks() {
        let source = Source {
            path: "/s.rhai".to_owned(),
            main: "fn a(x) { secret(\"IN_BODY\") }\nlet k = secret ( `TICKS` ); secret(k); secret(\"a-b\")"
                .to_owned(),
            modules: BTreeMap::from([("lib".to_owned(), "fn f() { secret(\"IN_MODULE\") }".to_owned())]),
        };
        let names: Vec<String> = secrets_named_in(&source).into_iter().collect();
        assert_eq!(names, ["IN_BODY", "IN_MODULE", "TICKS"]);
    }
}
