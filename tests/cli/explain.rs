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
        .err("error[D1370]: there is no code \"D9999\", and none that speaks of it\n |\n = help: durun explain lists all codes\n")
        .check();
}

#[test]
fn words_list_the_codes_that_speak_of_all_of_them() {
    let home = Home::new();
    let list = home.durun(&["explain", "Catch", "block"]).stdout();
    assert!(list.contains("D1372  the value of a catch block is lost\n"), "{list}");
    assert!(list.lines().count() < 6, "few speak of both: {list}");
    let json = home.durun(&["explain", "catch block", "-o", "jsonl"]).stdout();
    assert!(json.lines().any(|line| line.contains("\"code\":\"D1372\"")), "{json}");
    let err = home.durun(&["explain", "xylophone"]).exit(4).failure();
    assert!(err.starts_with("error[D1370]: there is no code \"xylophone\", and none"), "{err}");
}
