//! `durun explain`: the meaning of a code.

use crate::harness::Home;

#[test]
fn a_code_is_explained_and_all_are_listed() {
    let home = Home::new();
    let page = home.durun(&["explain", "d0105"]).stdout();
    assert!(
        page.starts_with("D0105: the run is stuck: a mistake in the script\n\nThe script cannot go on"),
        "{page}"
    );
    assert!(page.contains("\n    durun upgrade ID --script FILE && durun resume ID\n"), "{page}");
    let list = home.durun(&["explain"]).stdout();
    assert!(
        list.lines().any(|line| line == "D0106  the run is stuck: the script does not fit the history"),
        "{list}"
    );
    assert!(home.durun(&["explain", "D0105", "-o", "json"]).stdout().contains("\"code\": \"D0105\""));
}

#[test]
fn a_code_that_there_is_not_is_told() {
    Home::new()
        .durun(&["explain", "D9999"])
        .exit(4)
        .err("error[D1370]: there is no code \"D9999\"\n |\n = help: durun explain lists all codes\n")
        .check();
}
