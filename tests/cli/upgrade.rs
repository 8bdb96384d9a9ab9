//! `durun upgrade`: a stuck run goes on under a mended script, and nothing recorded is done again.

use crate::harness::Home;

const BROKEN: &str = "log(\"one\");\nlet a = step(\"one\", || { log(\"step\"); 1 });\nlet b = a + missing(2);\nstep(\"two\", || b)\n";

fn stuck() -> Home {
    let home = Home::new();
    home.file("s.rhai", BROKEN);
    let error = home.durun(&["start", "--unchecked", "s.rhai", "--id", "r"]).exit(8).failure();
    assert!(error.contains("durun upgrade r --script ~/s.rhai && durun resume r"), "{error}");
    home
}

#[test]
fn a_stuck_run_goes_on_under_the_mended_script() {
    let home = stuck();
    home.file("s.rhai", BROKEN.replace("missing(2)", "2"));
    let tried = ["upgrade", "r", "--script", "s.rhai", "--dry-run"];
    home.durun(&tried).out("run r would go on under s.rhai: 2 entries fit\n").check();
    let document = home.durun(&[&tried[..], &["-o", "jsonl"]].concat()).stdout();
    assert!(document.contains("\"verdict\":\"fits\"") && document.contains("\"id\":\"r\""), "{document}");
    home.durun(&["status", "r", "--exit-code"]).exit(8).stdout();
    home.durun(&["-v", "upgrade", "r", "--script", "s.rhai"])
        .err("run r goes on under s.rhai, 2 entries replayed: durun resume r\n")
        .check();
    let (out, err, _) = home.durun(&["-v", "resume", "r"]).make();
    assert_eq!(out, "3\n");
    assert!(err.contains("1 step known from the record"), "{err}");
    assert!(!err.contains("begins again"), "the second step was never begun: {err}");
    assert_eq!(home.durun(&["logs", "r"]).stdout().matches("step").count(), 1, "nothing is done again");
    home.durun(&["upgrade", "r", "--script", "s.rhai"])
        .exit(7)
        .err(
            "error[D0709]: run r has ended: completed\n |\n = note: it keeps the text that it had\n \
             = help: durun result r prints its result\n",
        )
        .check();
}

/// Milliseconds.
fn instant(at: &serde_json::Value) -> i64 {
    at.as_str().and_then(durun::timer::parse_moment).expect("an instant").0
}

#[test]
fn a_step_that_was_stuck_is_counted_from_the_upgrade() {
    let home = Home::new();
    home.file("s.rhai", "step(\"one\", || missing(2))\n");
    home.durun(&["start", "--unchecked", "s.rhai", "--id", "r"]).exit(8).failure();
    home.file("s.rhai", "step(\"one\", || 2)\n");
    home.durun(&["upgrade", "r", "--script", "s.rhai"]).check();
    home.durun(&["resume", "r"]).out("2\n").check();
    let told = |what: &str| -> serde_json::Value {
        serde_json::from_slice(&home.durun(&[what, "r", "-o", "json"]).bytes()).expect("JSON")
    };
    let (history, status) = (told("history"), told("status"));
    let (asked, ended) = (instant(&history[1]["scheduled_at"]), instant(&history[1]["ended_at"]));
    let upgraded = instant(&status["edits"][0]["at"]);
    assert!(asked < upgraded, "{history}");
    assert_eq!(history[1]["took_ms"], ended - upgraded, "{history}");
}

#[test]
fn a_text_that_asks_for_something_else_is_refused_with_the_first_difference() {
    let home = stuck();
    home.file("other.rhai", BROKEN.replace("missing(2)", "2").replace("\"one\", ||", "\"uno\", ||"));
    home.durun(&["upgrade", "r", "--script", "other.rhai"])
        .exit(8)
        .err(
            "\
error[D0710]: run r cannot go on under that script: at entry 1: op 0: the history has step \"one\", the script now asks for step \"uno\"
 --> ~/other.rhai:2:1
  |
2 | let a = step(\"uno\", || { log(\"step\"); 1 });
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ asked for now
  |
  = note: recorded by line 2 of the text that it has: let a = step(\"one\", || { log(\"step\"); 1 });
  = note: nothing was changed
  = help: what is recorded has to be asked for again, in the same order; durun history r shows it; what is new stands behind it, or under if patched(\"NAME\")
  = help: to go on under the new text from entry 0, the last that fits it (the entry after it is set aside; done once more where the script asks for it, under another key, whatever at_most_once says: step \"one\"): durun rewind r --to 0 && durun upgrade r --script ~/other.rhai && durun resume r
",
        )
        .check();
    let status = home.durun(&["status", "r"]).stdout();
    assert!(status.contains("stuck") && status.contains("~/s.rhai"), "it stands as it stood: {status}");
}

/// Types the commands that the last line of a report recommends.
fn follow(home: &Home, told: &str) -> String {
    let way = told
        .trim_end()
        .rsplit("): durun ")
        .next()
        .expect("a way on")
        .replace('~', &home.path().to_string_lossy());
    let outs: Vec<String> = way
        .split(" && durun ")
        .map(|words| home.durun(&words.split(' ').collect::<Vec<_>>()).stdout())
        .collect();
    outs.concat()
}

#[test]
fn the_way_on_under_a_text_that_changes_a_recorded_step_goes_on_from_the_entry_before_it() {
    let home = Home::new();
    let script = "step(\"one\", || 1);\nstep(\"two\", || 2);\nstep(\"three\", || 3);\nmissing(4)\n";
    home.file("s.rhai", script);
    home.durun(&["start", "--unchecked", "s.rhai", "--id", "r"]).exit(8).failure();
    home.file("s.rhai", script.replace("\"two\"", "\"deux\"").replace("missing(4)", "4"));
    let upgraded = home.durun(&["upgrade", "r", "--script", "s.rhai"]).exit(8).failure();
    let resumed = home.durun(&["resume", "r"]).exit(8).failure();
    let way = "(the 2 entries after it are set aside; done once more where the script asks for it, under another key, whatever \
               at_most_once says: step \"two\", step \"three\"): \
               durun rewind r --to 1 && durun upgrade r --script ~/s.rhai && durun resume r\n";
    for told in [&upgraded, &resumed] {
        assert!(told.ends_with(way), "{told}");
    }
    let told = home.durun(&["status", "r"]).stdout();
    assert!(told.contains("what is recorded fits it up to entry 1 only: at entry 2: "), "{told}");
    assert!(
        told.contains("  durun rewind r --to 1 && durun upgrade r --script ~/s.rhai && durun resume r\n"),
        "{told}"
    );
    let told = home.durun(&["why", "r"]).stdout();
    assert!(
        told.contains("  durun rewind r --to 1\n  durun upgrade r --script ~/s.rhai\n  durun resume r\n"),
        "{told}"
    );
    assert_eq!(follow(&home, &resumed), "4\n");
}

#[test]
fn the_way_on_where_a_wait_has_changed_goes_back_to_before_it_was_asked_for() {
    let home = Home::new();
    let script = "step(\"one\", || 1);\nstep(\"two\", || 2);\nwait_signal(\"go\");\n3\n";
    home.file("s.rhai", script);
    home.durun(&["start", "s.rhai", "--id", "r", "--park-after", "0s"]).make();
    home.file("s.rhai", script.replace("wait_signal(\"go\")", "sleep(1)"));
    let told = home.durun(&["upgrade", "r", "--script", "s.rhai"]).exit(8).failure();
    assert!(
        told.contains("from entry 1, the last that fits it (the entry after it is set aside; done once more")
            && told.contains("at_most_once says: step \"two\")"),
        "{told}"
    );
    assert_eq!(follow(&home, &told), "3\n");
}

#[test]
fn what_is_no_script_or_no_run_changes_nothing() {
    let home = stuck();
    home.file("bad.rhai", "let = 1");
    home.durun(&["upgrade", "r", "--script", "bad.rhai"]).exit(2).failure();
    home.durun(&["upgrade", "r", "--script", "none.rhai"]).exit(4).failure();
    home.durun(&["upgrade", "nobody", "--script", "s.rhai"]).exit(4).failure();
    home.durun(&["upgrade", "r"]).exit(2).failure();
}

/// Three runs of one script: `a` waits behind step one, `b` too, `c` has ended.
fn three() -> Home {
    let home = Home::new();
    let script =
        "let kind = input.kind;\nstep(kind, || 1);\nif kind != \"ends\" { wait_signal(\"go\"); }\n1\n";
    home.file("s.rhai", script);
    for (id, kind) in [("a", "one"), ("b", "two"), ("c", "ends")] {
        home.durun(&["start", "s.rhai", "--id", id, "-i", &format!("kind={kind}"), "--park-after", "0s"])
            .make();
    }
    home
}

#[test]
fn all_open_runs_go_on_under_a_text_and_one_that_does_not_fit_keeps_its_own() {
    let home = three();
    let mended = "let kind = input.kind;\nlet name = if kind == \"one\" { kind } else { \"2\" };\nstep(name, || 1);\n\
                  wait_signal(\"go\");\n2\n";
    home.file("s.rhai", mended);
    let table = |good: &str| {
        format!(
            "ID  STATUS   ENTRIES  VERDICT\n\
             b   waiting  2        differs at entry 1: step \"two\" (line 2) is recorded, step \"2\" (line 3) asked for\n\
             a   waiting  2        {good}\n"
        )
    };
    let all = ["upgrade", "--all", "--script", "s.rhai"];
    home.durun(&[&all[..], &["--dry-run"]].concat()).exit(8).out(&table("would go on under it")).check();
    home.durun(&["-v", "upgrade", "--all", "--script", "s.rhai"])
        .exit(8)
        .out(&table("goes on under it"))
        .err("durun resume --all\n")
        .check();
    let shown = home.durun(&[&all[..], &["-o", "jsonl"]].concat()).exit(8).stdout();
    assert!(shown.contains("\"verdict\":\"same\"") && shown.contains("\"old_line\":2"), "{shown}");
    for id in ["a", "b"] {
        home.durun(&["signal", id, "go"]).make();
    }
    home.durun(&["resume", "a"]).out("2\n").check();
    let (out, err) = home.durun(&["resume", "b"]).both();
    assert_eq!(out, "1\n");
    let said = "note: ~/s.rhai was edited since; run b goes on under the text it was started with, and could not go on under the new one";
    assert!(err.starts_with(said), "{err}");
    home.durun(&["-v", "upgrade", "--all", "--script", "s.rhai"])
        .err("no open runs of that script\n")
        .check();
    home.durun(&["upgrade", "a", "--all", "--script", "s.rhai"]).exit(2).failure();
}

#[test]
fn a_run_that_a_process_executes_is_not_upgraded_with_the_others() {
    let home = three();
    let text = std::fs::read_to_string(home.path().join("s.rhai")).expect("read");
    home.file("s.rhai", format!("{text}// mended\n"));
    home.while_executed(&["resume", "a"], "a", &[], |pid| {
        let (out, _) = home.durun(&["upgrade", "--all", "--script", "s.rhai"]).exit(75).both();
        assert!(out.contains(&format!("process {pid} executes it: put it down first")), "{out}");
        assert!(out.contains("b   waiting  2        goes on under it"), "{out}");
    });
}

#[test]
fn the_line_in_which_it_waits_is_that_of_the_new_text() {
    let script = "let a = 1;\nwait_signal(\"packed\");\na\n";
    let home = Home::killed_at("r", script, &["\"kind\":\"wait_signal\""]);
    home.file("new.rhai", format!("// One line\n// and another.\n{script}"));
    home.durun(&["upgrade", "r", "--script", "new.rhai"]).check();
    let status = home.durun(&["status", "r"]).stdout();
    assert!(
        status.contains("wait_signal packed · line 4\n")
            && status.contains(" 4 | wait_signal(\"packed\");\n"),
        "{status}"
    );
    let why = home.durun(&["why", "r"]).stdout();
    assert!(
        why.contains("waits in line 4 for the signal") && why.contains(" 4 | wait_signal(\"packed\");\n"),
        "{why}"
    );
    let told: serde_json::Value =
        serde_json::from_slice(&home.durun(&["status", "r", "-o", "json"]).bytes()).expect("JSON");
    assert_eq!(told["waits_for"][0]["line"], 4, "{told}");
    home.durun(&["signal", "r", "packed"]).check();
    home.durun(&["resume", "r"]).out("1\n").check();
}

#[test]
fn what_it_waits_for_is_shown_and_answered_as_the_new_text_asks() {
    let script =
        "let told = ask(\"Pay 5?\", #{ name: \"pay\", choices: [\"yes\", \"no\"] });\nsleep(\"1h\");\ntold\n";
    let home = Home::new();
    home.file("s.rhai", script);
    home.durun(&["start", "s.rhai", "--id", "r", "--park-after", "0s"]).make();
    let mended = script.replace('5', "6").replace("\"no\"", "\"later\"");
    home.file("s.rhai", &mended);
    home.durun(&["upgrade", "r", "--script", "s.rhai"]).check();
    for words in [&["status", "r"][..], &["list"], &["why", "r"]] {
        let shown = home.durun(words).stdout();
        assert!(shown.contains("Pay 6?") && !shown.contains("Pay 5?"), "{shown}");
    }
    let told = home.durun(&["answer", "r", "no"]).exit(2).failure();
    assert!(told.contains("\"no\" is no answer to \"pay: Pay 6?\""), "{told}");
    home.durun(&["answer", "r", "later"]).spoken();
    home.durun(&["resume", "r", "--park-after", "0s"]).make();
    // A time is what the new text says too, from when it was asked for.
    home.file("s.rhai", mended.replace("1h", "1ms"));
    home.durun(&["upgrade", "r", "--script", "s.rhai"]).check();
    let shown = home.durun(&["status", "r"]).stdout();
    assert!(shown.contains("sleep · line 2 · due\n"), "{shown}");
    home.durun(&["resume", "r"]).out("later\n").check();
}

#[test]
fn an_open_run_whose_file_was_edited_says_so_and_what_gives_it_the_new_text() {
    let home = Home::recorded("one");
    let told = |home: &Home| [home.durun(&["status", "one"]).stdout(), home.durun(&["why", "one"]).stdout()];
    let said = "he script's file has changed since; the run keeps its text until it is given the new one";
    let command = "durun upgrade one --script ~/order.rhai";
    assert!(
        told(&home).iter().all(|told| !told.contains(said) && !told.contains(command)),
        "{:?}",
        told(&home)
    );
    home.file("order.rhai", "on_signal(\"paid\", |data| data);\nwait_signal(\"picked\") + 1\n");
    assert!(
        told(&home).iter().all(|told| told.contains(said) && told.contains(command)),
        "{:?}",
        told(&home)
    );
    home.durun(&["signal", "one", "picked", "1"]).spoken();
    let (out, err) = home.durun(&["resume", "one"]).both();
    assert_eq!(out, "1\n", "it keeps its text");
    assert_eq!(
        err,
        "note: ~/order.rhai was edited since; run one goes on under the text it was started with; under the new one, once it is \
         parked (Ctrl-C, or kill): durun upgrade one --script ~/order.rhai && durun resume one\n"
    );
}

#[test]
fn a_text_under_which_each_run_would_be_stuck_is_refused() {
    let home = Home::new();
    home.file("s.rhai", "wait_signal(\"go\");\n1\n");
    home.durun(&["start", "s.rhai", "--id", "r", "--park-after", "0s"]).exit(3).failure();
    home.file("s.rhai", "wait_signal(\"go\");\nmissing(1)\n");
    for words in [["upgrade", "r", "--script", "s.rhai"], ["upgrade", "--all", "--script", "s.rhai"]] {
        let refused = home.durun(&words).exit(2).failure();
        assert!(refused.contains("nothing was changed: each run comes to this line"), "{refused}");
        assert!(refused.contains("--unchecked upgrades all the same"), "{refused}");
    }
    home.durun(&["signal", "r", "go"]).check();
    home.durun(&["-q", "resume", "r"]).out("1\n").check();
}

#[test]
fn an_edited_run_that_a_process_executes_is_to_be_parked_first() {
    let home = Home::new();
    home.file("s.rhai", "wait_signal(\"go\");\n1\n");
    home.while_executed(&["start", "s.rhai", "--id", "r"], "r", &["\"kind\":\"wait_signal\""], |_| {
        home.file("s.rhai", "wait_signal(\"go\");\n2\n");
        for word in ["status", "why"] {
            let told = home.durun(&[word, "r"]).stdout();
            assert!(told.contains("the new one, once it is parked (Ctrl-C, or kill "), "{told}");
        }
    });
}

#[test]
fn a_new_text_is_recommended_to_a_run_that_waits_where_its_history_fits_it_alone() {
    let home = Home::new();
    let text = |said: &str, then: &str| format!("sh(\"echo {said}\");\nwait_signal(\"go\");\n{then}");
    home.file("s.rhai", text("one", ""));
    home.durun(&["start", "s.rhai", "--id", "one", "--park-after", "0s"]).exit(3).failure();
    let said = || ["why", "status"].map(|word| home.durun(&[word, "one"]).stdout());
    let upgrade = "durun upgrade one --script ~/s.rhai";
    home.file("s.rhai", text("one", "sh(\"echo more\");\n"));
    for told in said() {
        assert!(told.contains(upgrade) && !told.contains("--dry-run"), "{told}");
    }
    let [why, _] = said();
    assert!(why.ends_with(&format!("  durun signal one go\n  {upgrade}\n  durun resume one\n")), "{why}");
    home.file("s.rhai", text("two", ""));
    for told in said() {
        assert!(
            told.contains("fits it up to entry 0 only") && told.contains("goes on under its own text"),
            "{told}"
        );
        assert_eq!(
            told.matches(upgrade).count(),
            told.matches(&format!("{upgrade} --dry-run")).count(),
            "{told}"
        );
    }
    let (_, told, _) = home.durun(&["upgrade", "one", "--script", "s.rhai", "--dry-run"]).exit(8).make();
    assert!(told.contains("durun rewind one --to 0 && durun upgrade one"), "{told}");
}

#[test]
fn a_run_that_is_stuck_over_what_a_step_gave_has_it_done_once_more() {
    let home = Home::new();
    home.file("data", "seven\n").file("s.rhai", "let n = sh(\"cat data\").stdout;\nparse_int(n)\n");
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).exit(8).failure();
    let redo = ["durun rewind one --to 0", "durun resume one"];
    assert!(told.contains("have the step done once more. If it was the last, sh \"cat data\": "), "{told}");
    assert!(told.contains(&redo.join(" && ")), "{told}");
    let why = home.durun(&["why", "one"]).stdout();
    assert!(why.ends_with(&format!("  {}\n  {}\n", redo[0], redo[1])), "{why}");
    // The same text again is no cure, and says so.
    let told = home.durun(&["upgrade", "one", "--script", "s.rhai"]).exit(8).failure();
    assert!(told.contains("durun why one says how") && !told.contains("patched"), "{told}");
    home.file("data", "7\n");
    home.durun(&["rewind", "one", "--to", "0"]).check();
    home.durun(&["resume", "one"]).out("7\n").check();
}

#[test]
fn a_step_is_not_done_once_more_for_what_no_value_can_cause() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "sh(\"echo paid >>paid\");\nfor f in [\"a\"] { activity(\"x\", f, #{ retries: 3 }); }\n",
    );
    let told = home.durun(&["start", "s.rhai", "--id", "one", "--unchecked"]).exit(8).failure();
    assert!(told.contains("there is no option") && !told.contains("done once more"), "{told}");
}

#[test]
fn a_step_is_not_done_once_more_where_undos_have_begun() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "sh(\"true\", [], #{ undo: |r| { let n = sh(\"echo x\").stdout; parse_int(n) } });\nthrow \"no\";\n",
    );
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).exit(8).failure();
    assert!(!told.contains("done once more"), "{told}");
}
