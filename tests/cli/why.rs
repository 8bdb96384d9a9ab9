//! `durun why`: one paragraph, and a command to paste.

use crate::harness::Home;

fn why(script: &str, seen: &str) -> String {
    let home = Home::killed_at("one", script, &[seen]);
    home.durun(&["why", "one"]).stdout()
}

#[test]
fn each_wait_is_told_with_what_unblocks_it() {
    assert_eq!(
        why("wait_signal([\"paid\", \"given up\"], \"2 days\")", "\"kind\":\"wait_signal\""),
        "Run one is waiting. Since TIME (now) it waits in line 1 for the signal paid, given up, 2d at most. \
         Nobody executes it.\n   1 | wait_signal([\"paid\", \"given up\"], \"2 days\")\n  durun signal one paid\n  durun signal one 'given up'\n  durun resume one\n"
    );
    assert_eq!(
        why("sleep_until(\"2099-01-01T00:00:00Z\")", "\"kind\":\"sleep\"").split(" (in ").next(),
        Some("Run one is waiting. Since TIME (now) it sleeps in line 1 until TIME")
    );
    assert_eq!(
        why("ask(\"Go?\")", "\"kind\":\"ask\""),
        "Run one is waiting. Since TIME (now) it asks in line 1: Go? (yes, no). Nobody executes it.\n   1 | ask(\"Go?\")\n  \
         durun answer one yes\n  durun answer one no\n  durun resume one\n"
    );
    assert_eq!(
        why("exec([\"false\"], #{ retry: #{ first: \"1h\", jitter: 0 } })", "\"attempt\":2"),
        "Run one is waiting. Since TIME (now) it does exec false in line 1; attempt 1 of 5 failed: exit code 1; \
         the next try is in 1h. Nobody executes it.\n   1 | exec([\"false\"], #{ retry: #{ first: \"1h\", jitter: 0 } })\n  \
         durun retry one\n"
    );
    assert_eq!(
        why("poll(\"issued\", #{ every: \"1h\" }, || false)", "\"attempt\":2"),
        "Run one is waiting. Since TIME (now) it does poll issued in line 1; 1 try so far gave nothing; \
         the next try is in 1h. Nobody executes it.\n   1 | poll(\"issued\", #{ every: \"1h\" }, || false)\n  \
         durun retry one\n"
    );
    let token = why("wait_token(token())", "\"kind\":\"wait_token\"");
    assert!(token.contains("for somebody to resolve the token one."), "{token}");
    assert!(token.contains("\n  durun resolve one.") && token.contains(" '<json>'\n"), "{token}");
}

#[test]
fn a_run_that_never_began_is_stuck_or_has_ended_says_so() {
    let home = Home::recorded("one");
    home.durun(&["signal", "one", "paid"]).check();
    home.durun(&["why", "one"])
        .out(
            "Run one is parked. It has not been executed so far, or was put down while it ran. \
             1 message waits in its inbox: signal paid. Nobody executes it.\n  durun resume one\n",
        )
        .check();
    home.durun(&["terminate", "one", "--reason", "en\u{1b}ough"]).check();
    home.durun(&["why", "one"])
        .out("Run one waits for nothing: it has ended (now). It was terminated: en\\x1bough. 1 message was never told to its script: signal paid (now).\n  durun history one\n")
        .check();
    home.file("bad.rhai", "nonsense(1)");
    home.durun(&["start", "--unchecked", "bad.rhai", "--id", "two"]).exit(8).failure();
    let told = home.durun(&["why", "two"]).stdout();
    assert!(told.starts_with("Since TIME (now) run two is stuck in line 1 (fault): "), "{told}");
    let ends = "Nobody executes it.\n   1 | nonsense(1)\n  durun upgrade two --script ~/bad.rhai\n  durun resume two\n";
    assert!(told.ends_with(ends), "{told}");
    let status = home.durun(&["status", "two"]).stdout();
    let ends = "               1 | nonsense(1)\n              durun upgrade two --script ~/bad.rhai && durun resume two\n";
    assert!(status.ends_with(ends), "{status}");
}

#[test]
fn programs_get_the_same_as_a_document() {
    let home = Home::killed_at("one", "ask(\"Go?\")", &["\"kind\":\"ask\""]);
    let store = home.store().display().to_string();
    let document = home.durun(&["why", "one", "-o", "jsonl", "--store", &store]).stdout();
    assert!(document.contains("\"schema\":1") && document.contains("\"status\":\"waiting\""), "{document}");
    let command = "\"commands\":[\"durun --store ~/.local/state/durun answer one yes\"";
    assert!(document.contains(command), "the command means the same store: {document}");
}

#[test]
fn a_failed_run_says_what_failed_how_often_and_what_goes_on() {
    let home = Home::new();
    home.file("s.rhai", "\non_undo(|| step(\"undo\", || 1));\nexec([\"false\"], #{ retry: 1 });\n");
    home.durun(&["start", "s.rhai", "--id", "undone"]).exit(1).failure();
    let told = home.durun(&["why", "undone"]).stdout();
    let ends = "It failed in line 3: exit code 1 (exec false, attempts: 1). After the failure it did step \"undo\", and \
                took back what it had done.\n   3 | exec([\"false\"], #{ retry: 1 });\n  durun history undone\n";
    assert!(told.ends_with(ends), "{told}");
    home.file("t.rhai", "exec([\"false\"], #{ retry: 1 })");
    home.durun(&["start", "t.rhai", "--id", "plain"]).exit(1).failure();
    assert!(home.durun(&["why", "plain"]).stdout().ends_with("\n  durun retry plain\n"));
    assert!(home.durun(&["status", "plain"]).stdout().contains("\n              durun retry plain\n"));
}

#[test]
fn a_fan_out_is_told_once_with_the_names_of_its_items() {
    let script = "[\"ash\", #{ host: \"elm\" }, 7].parallel(|it| wait_signal(\"go\"))\n";
    let names = ["ash", "item 1", "7"].map(|name| format!("\"strand\":\"{name}\""));
    let home = Home::killed_at("one", script, &names.each_ref().map(String::as_str));
    home.durun(&["why", "one"])
        .out(
            "Run one is waiting. 3 strands stand in line 1 at wait_signal go: ash, item 1, 7. Of them ash is next: since TIME \
             (now) it waits in line 1 for the signal go. Nobody executes it.\n   1 | [\"ash\", #{ host: \"elm\" }, \
             7].parallel(|it| wait_signal(\"go\"))\n  durun signal one go\n  durun resume one\n",
        )
        .check();
    let status = home.durun(&["status", "one"]).stdout();
    assert!(
        status.contains("waits for wait_signal go · ash · line 1\n            wait_signal go · item 1"),
        "{status}"
    );
    assert_eq!(status.matches("durun signal one go").count(), 1, "{status}");
}

#[test]
fn a_fan_out_whose_strands_fare_differently_is_counted_whole() {
    let script =
        "[1, 2, 3, 4, 5, 6].parallel(|n| sh(`exit ${n}`, #{ retry: #{ first: \"1h\", jitter: 0 } }))\n";
    let failed: Vec<String> = (1..=6).map(|n| format!("exit code {n}")).collect();
    let home = Home::killed_at("one", script, &failed.iter().map(String::as_str).collect::<Vec<_>>());
    let told = home.durun(&["why", "one"]).stdout();
    assert!(told.contains("6 strands stand in line 1 at sh: 1, 2, 3, 4, 5, 6. Of them "), "{told}");
    assert!(!told.contains("more") && !told.contains("at once"), "all are told: {told}");
    let script = "for n in [\"a\", \"b\", \"c\", \"d\", \"e\"] { let q = strand(|| ask(`${n}?`)); }\nwait_signal(\"x\")\n";
    let home = Home::killed_at("two", script, &["a?", "b?", "c?", "d?", "e?", "wait_signal"]);
    let told = home.durun(&["why", "two"]).stdout();
    assert!(
        told.contains(" It waits for 6 commands at once. ")
            && told.contains(" The other 3 are in durun status two. "),
        "{told}"
    );
}

#[test]
fn of_a_run_whose_time_was_over_all_say_what_was_under_way() {
    let home = Home::new();
    home.file("durun.toml", "[notify]\non_failure = \"cat >>told\"\n");
    home.file("hang.rhai", "sh(\"true\");\nsh(\"sleep 60\");\n").file("wait.rhai", "wait_signal(\"go\")");
    let start = ["start", "hang.rhai", "--id", "hang", "--timeout", "500ms"];
    let said = home.durun(&start).exit(6).failure();
    let during = "timeout during sh \"sleep 60\" (line 2, attempt 1)";
    assert!(said.starts_with(&format!("error[D0104]: run hang timed out: {during}\n")), "{said}");
    for words in ["why", "status", "history"] {
        let shown = home.durun(&[words, "hang"]).stdout();
        assert!(shown.contains(during), "{words}: {shown}");
    }
    let told = std::fs::read_to_string(home.path().join("told")).expect("it was told");
    assert!(told.contains(during.replace('"', "\\\"").as_str()), "{told}");
    assert!(told.contains("\"name\":\"sleep 60\"") && told.contains("\"attempts\":null"), "{told}");
    let said = home.durun(&["start", "wait.rhai", "--id", "w", "--timeout", "100ms"]).exit(6).failure();
    assert!(said.contains("run w timed out: timeout during wait_signal \"go\" (line 1)\n"), "{said}");
}

#[test]
fn the_item_of_a_parallel_that_failed_is_named() {
    let home = Home::new();
    home.file("a.rhai", "parallel([\"a\", \"b\"], |h| if h == \"b\" { fail(\"bad\") })")
        .file("b.rhai", "parallel([1, #{ name: \"a name that is long enough to be left out here\" }], |h| if h != 1 { exec([\"false\"], #{ retry: 1 }) })");
    for (file, item) in [("a.rhai", "the item of parallel is \"b\""), ("b.rhai", "item 1 of parallel")] {
        let said = home.durun(&["start", file, "--id", file]).exit(1).failure();
        assert!(said.contains(&format!("  = note: {item}\n")), "{said}");
        let why = home.durun(&["why", file]).stdout();
        assert!(why.contains(&format!(" ({item}).")), "{why}");
    }
}

#[test]
fn a_run_that_takes_back_what_it_did_says_so() {
    let script = "step(\"a\", || 1);\non_undo(|| exec([\"sleep\", \"600\"]));\nfail(\"no\")";
    let home = Home::killed_at("one", script, &["\"strand\":\"undoing"]);
    let why = home.durun(&["why", "one"]).stdout();
    assert!(why.contains(" It takes back what it did: undoing 1 of 1: on_undo of line 2. "), "{why}");
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains(" · undoing 1 of 1: on_undo of line 2 · begins again"), "{status}");
}
