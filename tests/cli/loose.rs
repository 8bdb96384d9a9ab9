//! What a run left behind is told with its end: effects that were cut off, and what nobody joined.

use crate::harness::Home;

/// Two items of which the first fails once the second has begun, and the second would take a minute.
const PAYMENTS: &str = "\
sh(\"true\", #{ undo: || sh(\"true\") });
parallel([1, 2], |i| {
    if i == 1 { sh(\"until [ -e paid ]; do sleep 0.02; done; exit 1\", #{ retry: 1 }) }
    else { sh(\"touch paid; sleep 60\", #{ undo: || sh(\"touch back\") }) }
});
";
const CUT_OFF: &str = "cut off, outcome not known: sh \"touch paid; sleep 60\" in line 4, strand 2";

#[test]
fn an_effect_that_was_cut_off_is_told_with_the_end_wherever_that_is_shown() {
    let home = Home::new();
    home.file("pay.rhai", PAYMENTS);
    let told = home.durun(&["start", "pay.rhai", "--id", "one"]).exit(1).failure();
    assert!(told.contains(&format!("\n  = note: {CUT_OFF}\n")), "{told}");
    let why = home.durun(&["why", "one"]).stdout();
    let said = "After the failure it did sh \"true\", and took back what is known to be done. Cut off, outcome not known: sh";
    assert!(why.contains(said), "{why}");
    assert!(home.durun(&["status", "one"]).stdout().contains(&format!("\n  left      {CUT_OFF}\n")));
    assert!(home.durun(&["history", "one"]).stdout().contains(&format!("{CUT_OFF}\n")));
    for words in [["history", "one", "-o", "jsonl"], ["status", "one", "-o", "jsonl"]] {
        let document = home.durun(&words).stdout();
        assert!(document.contains("\"cut_off\":1"), "{document}");
        assert!(
            document.contains("\"name\":\"touch paid; sleep 60\",\"op\":2,\"strand\":\"2\""),
            "{document}"
        );
    }
}

#[test]
fn what_was_cut_off_is_known_also_to_the_process_that_goes_on_after_a_crash() {
    let home = Home::new();
    let script = format!("try {{ {PAYMENTS} }} catch {{ }}\nwait_signal(\"go\");\nfail(\"no\")\n");
    home.file("pay.rhai", script);
    home.executed_until(&["start", "pay.rhai", "--id", "one"], "one", &["wait_signal"]);
    home.durun(&["signal", "one", "go"]).check();
    let told = home.durun(&["resume", "one"]).exit(1).failure();
    assert!(told.contains(&format!("\n  = note: {CUT_OFF}\n")), "{told}");
}

#[test]
fn what_nobody_joined_is_told_where_a_run_completes_without_it() {
    let home = Home::new();
    home.file("drop.rhai", "for i in 1..=3 { strand(|| sh(\"touch done\")); }\n()\n");
    let left = "3 strands or activities were never joined, and were cancelled with its end: keep the handles, and join_all(handles)";
    home.durun(&["start", "drop.rhai", "--id", "one"]).err(&format!("run one: {left}\n")).check();
    assert!(home.durun(&["status", "one"]).stdout().contains(&format!("\n  left      {left}\n")));
    assert!(home.durun(&["why", "one"]).stdout().contains(&format!("It completed. {left}.\n")));
    home.durun(&["-q", "start", "drop.rhai", "--id", "two"]).check();
    // A race that was lost, a cancel, and a timer that is not needed any more are meant so.
    home.file(
        "kept.rhai",
        "let slow = strand(|| sleep(60)); select([slow, strand(|| 1)]);\nlet idle = strand(|| sleep(60)); idle.cancel();\nlet t = timer(60);\n()\n",
    );
    home.durun(&["start", "kept.rhai", "--id", "three"]).check();
    assert!(!home.durun(&["status", "three"]).stdout().contains("  left "));
}
