//! Child runs where they are seen: `durun list` and `durun status` show the tree.

use crate::harness::Home;

const LEAF: &str = "wait_signal(\"go\")\n";
const MIDDLE: &str = "child(\"leaf.rhai\")\n";
const ROOT: &str = r#"
let kids = [start_child("middle.rhai", (), #{ id: "kid" }), start_child("leaf.rhai", (), #{ id: "leaf" })];
kids[1].signal("go", 7);
kids[0].result() + kids[1].result()
"#;

fn family() -> Home {
    let home = Home::new();
    home.file("leaf.rhai", LEAF).file("middle.rhai", MIDDLE).file("root.rhai", ROOT);
    home.durun(&["start", "middle.rhai", "--id", "older", "--record-only"]).out("older\n").check();
    let seen = ["\"id\":\"kid.0\",\"parent\":\"kid\"", "\"id\":\"leaf\"", "\"status\":\"completed\""];
    // The rows of waits are lazy: killed before they are written, the runs would stand as parked.
    home.executed_until_all(
        &["start", "root.rhai", "--id", "root"],
        &[("root", &seen), ("kid", &["\"kind\":\"child\""]), ("kid.0", &["\"kind\":\"wait_signal\""])],
    );
    home
}

#[test]
fn children_stand_below_their_parents() {
    let home = family();
    let listed = home.durun(&["list"]).stdout();
    let ids: Vec<&str> =
        listed.lines().skip(1).map(|line| line.split("  waiting").next().unwrap_or(line)).collect();
    let begins = ["root", "└ kid", "  └ kid.0", "└ leaf", "older"];
    assert_eq!(ids.len(), begins.len(), "{listed}");
    for (id, begin) in ids.iter().zip(begins) {
        assert!(id.starts_with(begin), "{begin}: {listed}");
    }
    let status = home.durun(&["status", "root"]).stdout();
    let tree = "  children  kid  waiting · child kid.0 · line 1 · waits for the end of its child, run kid.0 (waiting)\n            \
                └ kid.0  waiting · wait_signal go · line 1\n            leaf  completed\n";
    assert!(status.contains(tree), "{status}");
    let status = home.durun(&["status", "kid.0"]).stdout();
    assert!(status.contains("  parent    kid\n") && !status.contains("children"), "{status}");
    let json = home.durun(&["list", "-o", "jsonl"]).stdout();
    for part in ["\"id\":\"kid.0\"", "\"parent\":\"kid\"", "\"parent\":\"root\"", "\"parent\":null"] {
        assert!(json.contains(part), "{part}: {json}");
    }
}

#[test]
fn a_child_that_is_not_listed_with_its_parent_stands_for_itself() {
    let home = family();
    let listed = home.durun(&["list", "--script", "leaf.rhai"]).stdout();
    assert!(!listed.contains('└') && listed.contains("\nleaf ") && listed.contains("kid.0"), "{listed}");
}

#[test]
fn the_end_of_a_child_reaches_its_parent_and_the_tree_goes_on_to_its_end() {
    let home = family();
    home.durun(&["signal", "kid.0", "go", "35"]).check();
    home.durun(&["resume", "root"]).out("42\n").check();
    let status = home.durun(&["status", "root"]).stdout();
    assert!(status.contains("  children  kid  completed\n            └ kid.0  completed\n"), "{status}");
}
