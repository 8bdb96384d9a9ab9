//! `durun history`: entries as a story and as documents.

use crate::harness::Home;

#[test]
fn a_history_is_told_and_documented() {
    let home = Home::recorded("one");
    home.durun(&["history", "one"]).check();
    home.durun(&["history", "one", "-o", "json"]).out("[]\n").check();
    home.durun(&["terminate", "one", "--reason", "a\tb"]).check();
    home.durun(&["history", "one"]).out("   0  TIME  ✗ terminated · a\\tb\n").check();
    home.durun(&["history", "one", "--follow", "-o", "jsonl"])
        .out(
            "{\"at\":\"TIME\",\"kind\":\"RunTerminated\",\"reason\":\"a\\tb\",\"run\":\"one\",\"schema\":1,\"seq\":0}\n",
        )
        .check();
}

#[test]
fn that_the_script_was_changed_and_what_was_set_aside_is_told_at_its_place() {
    let home = Home::new();
    home.file("s.rhai", "step(\"one\", || 1);\nchrage(2)\n");
    home.durun(&["start", "--unchecked", "s.rhai", "--id", "r"]).exit(8).failure();
    home.file("s.rhai", "step(\"one\", || 1);\nstep(\"two\", || 2);\nfail(\"no\")\n");
    home.durun(&["upgrade", "r", "--script", "s.rhai"]).check();
    // The same again is no change.
    home.durun(&["upgrade", "r", "--script", "s.rhai"]).check();
    let story = home.durun(&["history", "r"]).stdout();
    let last = story.lines().last().expect("a line");
    assert!(story.lines().count() == 3 && last.contains("↻ the script was changed · "), "{story}");
    home.durun(&["resume", "r"]).exit(1).failure();
    home.durun(&["rewind", "r", "--to", "1"]).check();
    home.durun(&["resume", "r"]).exit(1).failure();
    let story = home.durun(&["history", "r"]).stdout();
    let told: Vec<&str> =
        story.lines().filter_map(|line| line.split_once(['▸', '✓', '✗', '↻'])).map(|it| it.1).collect();
    assert_eq!(told.len(), 6, "{story}");
    assert!(told[2].starts_with(" the script was changed · ") && told[2].contains(" → "), "{story}");
    assert_eq!(told[3], " entries 2 to 3 were set aside, history --all shows them");
    assert!(told[4].starts_with(" step two"), "{story}");
    let all = home.durun(&["history", "r", "--all"]).stdout();
    assert!(all.starts_with("set aside by rewind ") && all.ends_with(&story), "{all}");
    let edits = home.durun(&["status", "r", "-o", "jsonl"]).stdout();
    assert!(edits.contains("\"before_entry\":2") && edits.matches("\"from\":").count() == 1, "{edits}");
}

#[test]
fn reminders_name_their_question() {
    let script = "ask(\"Go on?\", #{remind: \"10ms\", timeout: \"50ms\", otherwise: \"no\"}); \
                  ask(\"Really?\", #{name: \"sure\", remind: \"10ms\", timeout: \"50ms\", otherwise: \"no\"})";
    let home = Home::new();
    home.file("s.rhai", script);
    home.durun(&["start", "s.rhai", "--id", "asks"]).out("no\n").check();
    let story = home.durun(&["history", "asks"]).stdout();
    for name in ["Go on?", "sure"] {
        assert!(story.contains(&format!("◷ remind {name} was due\n")), "{story}");
    }
    assert!(!story.contains("◷ remind was due"), "{story}");
}

#[test]
fn entries_of_a_fan_out_name_their_items() {
    let script = "parallel([\"a\", \"b\"], |n| { step(\"one\", || n); exec([\"false\"], #{retry: false}) }, \
                  #{name: |n| `host ${n}`, on_error: \"collect\"}); step(\"two\", || 1); sleep(\"1h\")";
    let home = Home::killed_at("fan", script, &["\"kind\":\"sleep\""]);
    let story = home.durun(&["history", "fan"]).stdout();
    for name in ["a", "b"] {
        assert_eq!(story.matches(&format!("✓ step one · host {name} · ")).count(), 1, "{story}");
        assert_eq!(story.matches(&format!("✗ exec false · host {name} · ")).count(), 1, "{story}");
    }
    let of_main = story.lines().find(|line| line.contains("step two")).expect("a line");
    assert!(!of_main.contains("host"), "{story}");
    // What the script does not do any more names nothing, and is told all the same.
    home.durun(&["terminate", "fan"]).check();
    let story = home.durun(&["history", "fan"]).stdout();
    assert!(story.contains("✓ step one · host a · ") && story.ends_with("terminated\n"), "{story}");
}
