//! `durun rewind`: a run goes on from an earlier entry, and nothing of what came after it is lost.

use crate::harness::Home;

const STEPS: &str = r#"
let a = step("one", || 1);
let b = exec(["sh", "-c", "echo $DURUN_IDEMPOTENCY_KEY >>keys; echo 2"]);
wait_signal("go");
let c = step("three", || 3);
`${a} ${b.stdout} ${c}`
"#;

/// A completed run of that script: entry 0 begins it, 1 and 2 are steps, 3 the signal, 4 the last step, 5 the end.
fn completed() -> Home {
    let home = Home::new();
    home.file("s.rhai", STEPS);
    home.executed_until(&["start", "s.rhai", "--id", "r"], "r", &["\"kind\":\"wait_signal\""]);
    home.durun(&["signal", "r", "go"]).check();
    home.durun(&["resume", "r"]).out("1 2 3\n").check();
    home
}

fn keys(home: &Home) -> Vec<String> {
    let text = std::fs::read_to_string(home.path().join("keys")).expect("keys");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn what_comes_after_the_entry_is_done_again_under_a_new_key_and_the_rest_is_kept() {
    let home = completed();
    let plan = home.durun(&["rewind", "r", "--to", "1", "--dry-run"]).stdout();
    assert!(plan.starts_with("4 entries are set aside, 2 effects among them, done again"), "{plan}");
    assert!(plan.ends_with("run r would go on behind entry 1; nothing was changed\n"), "{plan}");
    assert!(plan.contains("   2  ") && plan.contains("exec sh") && plan.contains("step three"), "{plan}");
    home.durun(&["status", "r", "--exit-code"]).stdout();
    assert_eq!(home.durun(&["rewind", "r", "--to", "1"]).stdout(), "", "success says nothing");
    home.durun(&["status", "r", "--exit-code"]).exit(3).stdout();
    // The signal is delivered once more.
    let (out, told, _) = home.durun(&["-v", "resume", "r"]).make();
    assert!(out == "1 2 3\n" && !told.contains("begins again"), "nothing was under way: {told}");
    let keys = keys(&home);
    assert!(keys.len() == 2 && keys[0] != keys[1], "{keys:?}");
    let all = home.durun(&["history", "r", "--all"]).stdout();
    let (aside, now) = all.split_once("as it is now:\n").expect("both");
    assert!(aside.starts_with("set aside by rewind TIME:\n   2  ") && aside.contains("✓ completed"), "{all}");
    assert!(now.contains("   0  ") && now.contains("   5  ") && now.contains("✓ completed"), "{all}");
    let documents = home.durun(&["history", "r", "--all", "-o", "jsonl"]).stdout();
    assert_eq!(documents.lines().filter(|line| line.contains("\"branch\":0")).count(), 4, "{documents}");
    assert_eq!(documents.lines().count(), 10, "{documents}");
}

#[test]
fn a_result_can_be_set_and_the_script_goes_on_with_it() {
    let home = completed();
    home.durun(&["rewind", "r", "--step", "1", "--set", "0=\"one\"", "--set", "1={\"stdout\": \"two\"}"])
        .check();
    home.durun(&["resume", "r"]).out("one two 3\n").check();
    assert_eq!(keys(&home).len(), 1, "what was set is not done");
    let aside = home.durun(&["history", "r", "--all"]).stdout();
    assert!(aside.contains("step one · ") && aside.contains("→ 1\n"), "the old results are kept: {aside}");
}

#[test]
fn behind_its_end_no_run_goes_on_but_with_another_result_all_else_may_stay() {
    let home = completed();
    home.durun(&["rewind", "r", "--to", "5", "--set", "0=\"one\""]).check();
    home.durun(&["resume", "r"]).out("one 2 3\n").check();
    assert_eq!(keys(&home).len(), 1, "what stays is not done again");
    let documents = home.durun(&["history", "r", "-o", "jsonl"]).stdout();
    assert_eq!(
        documents.lines().filter(|line| line.contains("\"kind\":\"RunCompleted\"")).count(),
        1,
        "{documents}"
    );
}

#[test]
fn the_beginning_and_an_earlier_branch_can_be_gone_back_to_again_and_again() {
    let home = completed();
    for times in 2..4 {
        home.durun(&["rewind", "r", "--to", "0"]).check();
        home.durun(&["resume", "r"]).out("1 2 3\n").check();
        let keys = keys(&home);
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!((keys.len(), distinct.len()), (times, times), "{keys:?}");
    }
    assert_eq!(home.durun(&["history", "r", "--all"]).stdout().matches("set aside by rewind").count(), 2);
}

#[test]
fn a_run_that_waits_is_rewound_and_its_children_begin_anew() {
    let home = Home::new();
    home.file("child.rhai", "wait_signal(\"stop\")");
    home.file("s.rhai", "step(\"one\", || 1);\nchild(\"child.rhai\")\n");
    home.executed_until(&["start", "s.rhai", "--id", "p"], "p", &["\"kind\":\"child\""]);
    home.durun(&["rewind", "p", "--to", "1"]).check();
    home.durun(&["status", "p.1", "--exit-code"]).exit(5).stdout();
    home.executed_until(&["resume", "p"], "p", &["\"kind\":\"child\""]);
    home.durun(&["signal", "p.r1.1", "stop", "7"]).check();
    home.durun(&["resume", "p"]).out("7\n").check();
}

#[test]
fn impossible_places_are_told_and_change_nothing() {
    let home = completed();
    let before = home.durun(&["history", "r", "-o", "jsonl"]).stdout();
    home.durun(&["rewind", "r", "--to", "99"])
        .exit(2)
        .err(
            "error[D1200]: run r has no entry 99: its history has the entries 0 to 5\n |\n = note: nothing was changed\n \
             = help: durun history r shows them\n",
        )
        .check();
    for (words, exit, code) in [
        (["--to", "5"].as_slice(), 2, "D1203"),
        (&["--step", "2"], 2, "D1202"),
        (&["--to", "2", "--set", "3=1"], 2, "D1204"),
        (&["--to", "2", "--set", "x=1"], 2, "D1208"),
        (&["--to", "2", "--set", "0={"], 2, "D0215"),
        (&["--to", "-1"], 2, "invalid value '-1'"),
        (&[], 2, "--to"),
    ] {
        let error = home.durun(&[&["rewind", "r"], words].concat()).exit(exit).failure();
        assert!(error.contains(code), "{words:?}: {error}");
    }
    home.durun(&["rewind", "nobody", "--to", "1"]).exit(4).failure();
    assert_eq!(home.durun(&["history", "r", "-o", "jsonl"]).stdout(), before);
    let new = Home::recorded("new");
    let error = new.durun(&["rewind", "new", "--to", "0"]).exit(2).failure();
    assert!(error.contains("D1201"), "{error}");
}

#[test]
fn a_run_that_is_executed_is_not_rewound() {
    let home = Home::new();
    home.file("s.rhai", "step(\"one\", || 1);\nwait_signal(\"go\");\nstep(\"two\", || 2)");
    home.durun(&["start", "s.rhai", "--id", "r", "--detach"]).out("r\n").check();
    home.until("r", &["\"kind\":\"wait_signal\""]);
    let error = home.durun(&["rewind", "r", "--to", "0"]).exit(75).failure();
    assert!(error.contains("process"), "{error}");
    home.durun(&["signal", "r", "go"]).check();
    home.durun(&["wait", "r", "--timeout", "1 min"]).out("2\n").check();
}

#[test]
fn a_lock_that_an_ended_run_held_is_not_believed() {
    let home = Home::new();
    home.file("s.rhai", "with_lock(\"db\", || { step(\"one\", || 1); step(\"two\", || 2) })");
    home.durun(&["start", "s.rhai", "--id", "r"]).out("2\n").check();
    let error = home.durun(&["rewind", "r", "--to", "2"]).exit(7).failure();
    assert!(error.contains("D1207"), "{error}");
    home.durun(&["rewind", "r", "--to", "0"]).check();
    home.durun(&["resume", "r"]).out("2\n").check();
}

#[test]
fn what_was_undone_and_stays_done_for_the_script_is_told() {
    let home = Home::new();
    home.file(
        "trip.rhai",
        "let flight = step(\"flight\", #{ undo: |f| step(\"give back\", || f) }, || 1);\n\
         step(\"hotel\", #{ undo: |h| step(\"leave\", || h) }, || 2);\n\
         on_undo(|| step(\"look\", || 3));\n\
         step(\"car\", || 4);\n\
         fail(\"no car\");\n",
    );
    home.durun(&["start", "trip.rhai", "--id", "t"]).exit(1).failure();
    let told_of = |to: &str| {
        let plan = home.durun(&["rewind", "t", "--to", to, "--dry-run"]).stdout();
        plan.split_once("warning: ").map(|(_, told)| told.replace("run t would go on behind entry ", ""))
    };
    let flight = "this was undone and stays done for the script, which does not do it again:\n   \
                  1  step \"flight\"\n\
                  durun rewind t --to 0 goes on before it, and the script does it again\n";
    assert_eq!(told_of("0"), None);
    assert_eq!(told_of("1").as_deref(), Some(format!("{flight}1; nothing was changed\n").as_str()));
    let all = told_of("2").expect("told");
    assert!(
        all.contains("\n      on_undo of line 3\n   2  step \"hotel\"\n   1  step \"flight\"\n"),
        "{all}"
    );
    assert!(all.contains("durun history t --all shows what was done\n"), "{all}");
    // From here on it is undone again in any case.
    assert_eq!(told_of("3"), None);
    home.durun(&["rewind", "t", "--to", "1"]).err(&format!("warning: {flight}")).check();
}

/// Waits of one second, and how an hour of each is ended before its time.
const WAITS: [(&str, Option<&[&str]>); 4] = [
    ("sleep(TIME); 7", None),
    ("wait_signal(\"go\", #{ timeout: TIME, otherwise: 7 })", Some(&["signal", "r", "go"])),
    ("ask(\"ok?\", #{ timeout: TIME, otherwise: 7, remind: \"2h\" })", Some(&["answer", "r", "yes"])),
    (
        "let got = 7; try { got = with_lock(\"l\", #{ timeout: TIME }, || true); } catch {} got",
        Some(&["terminate", "holder"]),
    ),
];

/// How long after its start the run goes on by itself, in milliseconds; it waits for that long since it asked.
fn patience(home: &Home, wait_ms: i64) -> i64 {
    let status = home.durun(&["status", "r", "-o", "json"]).bytes();
    let status: serde_json::Value = serde_json::from_slice(&status).expect("JSON");
    let instant = |place: &str| {
        let at = status.pointer(place).and_then(serde_json::Value::as_str);
        at.and_then(durun::timer::parse_moment).unwrap_or_else(|| panic!("no instant {place}: {status}")).0
    };
    assert_eq!(instant("/waits_for/0/due") - instant("/waits_for/0/scheduled_at"), wait_ms);
    instant("/waits_for/0/due") - instant("/started_at")
}

#[test]
fn the_time_of_a_wait_that_was_over_counts_from_the_rewind() {
    for (script, ends) in WAITS {
        let home = Home::new();
        home.file("holder.rhai", "with_lock(\"l\", || wait_signal(\"never\"))");
        home.durun(&["start", "holder.rhai", "--id", "holder", "--park-after", "0s"]).exit(3).failure();
        home.file("s.rhai", script.replace("TIME", "\"1s\""));
        home.durun(&["start", "s.rhai", "--id", "r"]).out("7\n").check();
        home.durun(&["rewind", "r", "--to", "0"]).check();
        let first = patience(&home, 1_000);
        assert!(first >= 2_000, "{first} ms of {script}");
        // The one that takes it up counts alike, and it is over once more.
        home.durun(&["resume", "r"]).out("7\n").check();
        home.durun(&["rewind", "r", "--to", "0"]).check();
        assert!(patience(&home, 1_000) >= first + 1_000, "{script}");
        home.file("s.rhai", script.replace("TIME", "\"1h\""));
        home.durun(&["upgrade", "r", "--script", "s.rhai"]).check();
        let longer = patience(&home, 3_600_000);
        assert!(longer >= 3_602_000, "{longer} ms of {script}");
        home.durun(&["resume", "r", "--park-after", "0s"]).exit(3).failure();
        assert_eq!(patience(&home, 3_600_000), longer, "{script}");
        if let Some(ends) = ends {
            home.durun(ends).check();
            let end = home.durun(&["resume", "r"]).bytes();
            assert_ne!(String::from_utf8_lossy(&end), "7\n", "{script}");
        }
    }
}

#[test]
fn a_sleep_until_an_instant_is_not_longer_for_a_rewind() {
    let home = Home::new();
    home.file("s.rhai", "sleep_until(now() + \"1s\"); let at = now(); sleep(\"1h\"); at");
    home.durun(&["start", "s.rhai", "--id", "r", "--park-after", "0s"]).exit(3).failure();
    let before = patience(&home, 1_000);
    home.until("r", &["\"status\":\"parked\""]);
    home.durun(&["tick"]).check();
    home.until("r", &["\"entries\":2", "\"status\":\"waiting\""]);
    home.durun(&["rewind", "r", "--to", "0"]).check();
    assert_eq!(patience(&home, 1_000), before);
}
