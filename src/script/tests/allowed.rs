//! The allow-list: every function that the engine offers, so that none comes or goes unseen.

use crate::script::Interpreter;

#[test]
fn the_engine_offers_what_is_listed_and_nothing_else() {
    let mut offered: Vec<String> = Interpreter::new().engine().gen_fn_signatures(true);
    offered.sort();
    offered.dedup();
    let text = format!("{}\n", offered.join("\n"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/script/tests/allowed.txt");
    if option_env!("DURUN_BLESS").is_some() {
        std::fs::write(path, &text).expect("writes the list");
    }
    let listed = std::fs::read_to_string(path).expect("the list");
    let missing: Vec<&str> =
        listed.lines().filter(|line| !text.lines().any(|other| other == *line)).collect();
    let new: Vec<&str> = text.lines().filter(|line| !listed.lines().any(|other| other == *line)).collect();
    assert!(missing.is_empty() && new.is_empty(), "gone: {missing:#?}\nnew: {new:#?}");
    assert!(offered.len() > 300);
}
