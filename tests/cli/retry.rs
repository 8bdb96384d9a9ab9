//! `durun retry`: the wait for another attempt is cut short, its count is kept.

use crate::harness::Home;

const FLAKY: &str = r#"
exec(["sh", "-c", "echo try >>tries; test -e up"], #{ retry: #{ first: "10 min", attempts: 3, jitter: 0 } });
"done"
"#;
const WAITS: &[&str] = &["\"next_try\":\"TIME\""];

#[test]
fn a_run_that_nobody_executes_is_tried_here_and_its_failures_count_on() {
    let home = Home::killed_at("one", FLAKY, WAITS);
    home.executed_until(&["retry", "one"], "one", &["\"attempt\":3"]);
    home.file("up", "");
    home.durun(&["retry", "one"]).out("done\n").check();
    let history = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    assert!(history.contains("\"attempts\":3"), "{history}");
}

#[test]
fn the_last_attempt_is_the_last_also_when_it_comes_early() {
    let home = Home::killed_at("one", FLAKY, WAITS);
    home.executed_until(&["retry", "one"], "one", &["\"attempt\":3"]);
    let told = home.durun(&["retry", "one"]).exit(1).failure();
    assert!(told.contains("run one failed: exit code 1"), "{told}");
    // It has failed for good, and is opened again.
    home.file("up", "");
    home.durun(&["retry", "one"]).out("done\n").check();
    home.durun(&["retry", "one"])
        .exit(7)
        .err(
            "error[D0728]: run one has ended: completed\n |\n \
             = note: retry tries the failed step of a run again; this one ended without a failure\n \
             = help: durun result one prints its result\n",
        )
        .check();
}

#[test]
fn a_live_executor_is_told() {
    let home = Home::new();
    home.file("script.rhai", FLAKY);
    home.durun(&["start", "script.rhai", "--id", "one", "--detach"]).out("one\n").check();
    home.until("one", &["\"attempt\":2", "\"next_try\":\"TIME\""]);
    home.file("up", "");
    home.durun(&["retry", "one"]).check();
    home.durun(&["wait", "one", "--timeout", "1 min"]).out("done\n").check();
    let tries = std::fs::read_to_string(home.path().join("tries")).expect("tries");
    assert_eq!(tries, "try\ntry\n");
}

#[test]
fn a_run_that_waits_for_something_else_is_told_so() {
    let home = Home::killed_at("one", "sleep(\"1h\")", &["\"kind\":\"sleep\""]);
    home.durun(&["retry", "one"])
        .exit(2)
        .err(
            "error[D0729]: run one waits for no other attempt\n |\n \
             = help: durun why one says what it waits for and what unblocks it\n",
        )
        .check();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["retry", "one"]).exit(7).failure();
}

#[test]
fn a_stuck_run_is_not_tried_again() {
    let home = Home::new();
    home.file("script.rhai", "nonsense(1)");
    home.durun(&["start", "--unchecked", "script.rhai", "--id", "one"]).exit(8).failure();
    let told = home.durun(&["retry", "one"]).exit(8).failure();
    assert!(told.contains("nonsense"), "{told}");
}

#[test]
fn impossible_retries_are_told() {
    let home = Home::new();
    for (retry, message) in [
        ("0", "retry is a whole number, 1 or more"),
        ("-1", "retry is a whole number, 1 or more"),
        ("#{ attemps: 3 }", "did you mean \"attempts\"?"),
        ("#{ first: \"3 months\" }", "retry.first: "),
        ("true", "retry: true says nothing; write how often, for example retry: 5"),
    ] {
        home.file("script.rhai", format!("exec([\"true\"], #{{ retry: {retry} }})"));
        let told = home.durun(&["start", "--unchecked", "script.rhai"]).exit(8).failure();
        assert!(told.contains(message), "{told}");
    }
}

const FAILS: &str = r#"
step("one", || { log("one"); 1 });
exec(["sh", "-c", "echo $DURUN_IDEMPOTENCY_KEY >>keys; test -e up"], #{ retry: 1 });
"done"
"#;

#[test]
fn a_failed_run_goes_on_at_its_failed_step_under_the_same_key() {
    let home = Home::new();
    home.file("s.rhai", FAILS);
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    assert!(told.ends_with(" = help: to go on at the failed step: durun retry one\n"), "{told}");
    let plan = home.durun(&["retry", "one", "--dry-run"]).stdout();
    assert!(plan.starts_with("2 entries are set aside, 1 effect among them"), "{plan}");
    home.durun(&["retry", "one"]).exit(1).failure();
    home.file("up", "");
    home.durun(&["retry", "one"]).out("done\n").check();
    let keys = std::fs::read_to_string(home.path().join("keys")).expect("keys");
    let distinct: std::collections::BTreeSet<&str> = keys.lines().collect();
    assert_eq!((keys.lines().count(), distinct.len()), (3, 1), "{keys}");
    assert_eq!(
        home.durun(&["logs", "one"]).stdout().matches("  one\n").count(),
        1,
        "step one was not done again"
    );
    assert_eq!(home.durun(&["history", "one", "--all"]).stdout().matches("set aside by retry").count(), 2);
}

#[test]
fn a_failed_run_goes_on_under_a_mended_script_that_fits() {
    let home = Home::new();
    home.file("s.rhai", FAILS);
    home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    home.file("other.rhai", FAILS.replace("step(\"one\"", "step(\"uno\""));
    let error = home.durun(&["retry", "one", "--script", "other.rhai"]).exit(8).failure();
    assert!(error.contains("D0710"), "{error}");
    home.file("s.rhai", FAILS.replace("test -e up", "true"));
    home.durun(&["retry", "one", "--script", "s.rhai"]).out("done\n").check();
}

#[test]
fn a_run_that_timed_out_has_its_time_again() {
    let home = Home::new();
    home.file("s.rhai", "wait_signal(\"go\")");
    home.durun(&["start", "s.rhai", "--id", "one", "--timeout", "100 ms"]).exit(6).failure();
    for branches in 1..3 {
        home.durun(&["retry", "one"]).exit(6).failure();
        let all = home.durun(&["history", "one", "--all"]).stdout();
        assert_eq!(all.matches("set aside by retry").count(), branches, "{all}");
    }
    // It had the time that it has been away, and its own.
    let history = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    assert_eq!(history.lines().count(), 3, "{history}");
}

#[test]
fn what_was_done_after_the_failure_is_not_ignored() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "try { exec([\"false\"], #{ retry: 1 }); } catch (err) { step(\"sorry\", || 1); throw err; }",
    );
    home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    home.durun(&["retry", "one"])
        .exit(7)
        .err(
            "error[D1205]: run one did step \"sorry\" after exec \"false\" had failed\n |\n = note: nothing was changed\n \
             = note: entry 2 says so: trying the step again might repeat it, or make it untrue\n \
             = help: if that is what you want: durun rewind one --to 0 && durun resume one\n",
        )
        .check();
    home.file("s.rhai", "fail(\"enough\")");
    home.durun(&["start", "s.rhai", "--id", "two"]).exit(1).failure();
    let error = home.durun(&["retry", "two"]).exit(7).failure();
    assert!(
        error.contains("D1206") && error.contains("durun rewind two --to 0 && durun resume two"),
        "{error}"
    );
}

#[test]
fn a_wait_for_a_lock_that_was_too_long_is_waited_for_again() {
    let home =
        Home::killed_at("hold", "with_lock(\"db\", || wait_signal(\"end\"))", &["\"kind\":\"wait_signal\""]);
    home.file(
        "want.rhai",
        "step(\"a\", || 1);\nwith_lock(\"own\", || with_lock(\"db\", #{timeout: \"2s\"}, || \"had it\"))",
    );
    let block = home.durun(&["start", "want.rhai", "--id", "want"]).exit(1).failure();
    let hint = "a time-out that its script did not catch ended it; to go on from before its last step, with_lock \"db\", of which the \
                time was over: durun rewind want --to 1 && durun resume want\n";
    assert!(block.contains(hint), "{block}");
    let why = home.durun(&["why", "want"]).stdout();
    assert!(why.contains("A time-out that its script did not catch ended it; the last"), "{why}");
    let held = home.durun(&["rewind", "want", "--to", "2"]).exit(7).failure();
    assert!(held.contains("error[D1207]") && held.contains("durun rewind want --to 1\n"), "{held}");
    home.durun(&["terminate", "hold"]).check();
    home.durun(&["rewind", "want", "--to", "1"]).check();
    home.durun(&["resume", "want"]).out("had it\n").check();
}

#[test]
fn a_run_that_only_waited_goes_on_from_its_beginning() {
    let home = Home::new();
    home.file("s.rhai", "sleep(\"1ms\"); fail(\"no\")");
    let block = home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    let hint =
        "its script ended it; to go on from its beginning: durun rewind one --to 0 && durun resume one\n";
    assert!(block.contains(hint), "{block}");
}

#[test]
fn a_step_that_failed_under_a_lock_is_done_again_from_before_the_lock() {
    let home = Home::new();
    home.file("s.rhai", "step(\"a\", || 1);\nwith_lock(\"db\", || sh(\"test -e go\", #{retry: false}))");
    let block = home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    let hint = "it held a lock, which it gave up when it ended; to go on from before the lock was granted: durun rewind one --to 1 && \
                durun resume one\n";
    assert!(block.contains(hint), "{block}");
    home.file("go", "");
    home.durun(&["rewind", "one", "--to", "1"]).check();
    home.durun(&["resume", "one"]).spoken();
}

#[test]
fn an_attempt_that_was_a_retry_and_was_cut_off_is_told_where_the_run_is_resumed() {
    // The second attempt is under way when its process is killed; the one after that is good.
    let script = "exec([\"sh\", \"-c\", \"test -e gone && exit 0; test -e tried || { touch tried; exit 1; }; sleep 300\"], \
                  #{ retry: #{ attempts: 3, first: \"100ms\", jitter: 0 } })";
    let home = Home::new();
    home.file("script.rhai", script);
    let under_way = &["\"attempt\":2", "\"next_try\":null", "\"last_error\":\"exit code 1\""];
    home.executed_until(&["start", "script.rhai", "--id", "one"], "one", under_way);
    home.file("gone", "");
    let (_, told, code) = home.durun(&["-v", "resume", "one"]).make();
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("↻ exec sh begins again, attempt 2: no outcome of it was recorded\n"), "{told}");
}

#[test]
fn a_stuck_run_is_retried_under_the_mended_script() {
    let home = Home::new();
    home.file("s.rhai", "step(\"one\", || 1);\nnonsense(1)");
    home.durun(&["start", "--unchecked", "s.rhai", "--id", "one"]).exit(8).failure();
    let note = "s.rhai has changed since; the run keeps its text until it is given the new one\n";
    let told = home.durun(&["resume", "one"]).exit(8).failure();
    assert!(!told.contains("has changed") && told.contains("mend the script, then: "), "{told}");
    // What is no script, or comes to the same end, is not recommended.
    for text in ["let half = ;", "step(\"one\", || 1);\nnonsense(2)"] {
        home.file("s.rhai", text);
        let told = home.durun(&["resume", "one"]).exit(8).failure();
        assert!(told.contains("s.rhai has changed since, and the run cannot go on under it: "), "{told}");
        assert!(
            told.ends_with(
                "mend the script, then: durun upgrade one --script ~/s.rhai && durun resume one\n"
            ),
            "{told}"
        );
        for command in ["status", "why"] {
            let told = home.durun(&[command, "one"]).stdout();
            assert!(
                told.contains("he script's file has changed since, and the run cannot go on under it: "),
                "{command}: {told}"
            );
            assert!(!told.contains("durun retry"), "{command}: {told}");
        }
    }
    home.file("s.rhai", "step(\"one\", || 1) + 1");
    let told = home.durun(&["resume", "one"]).exit(8).failure();
    assert!(told.contains(note), "{told}");
    assert!(told.ends_with("that the file has now: durun retry one --script ~/s.rhai\n"), "{told}");
    let note = "he script's file has changed since; the run keeps its text until it is given the new one";
    for command in ["status", "why"] {
        let told = home.durun(&[command, "one"]).stdout();
        assert!(told.contains(note), "{command}: {told}");
        assert!(told.contains("  durun retry one --script ~/s.rhai\n"), "{command}: {told}");
        assert!(!told.contains("durun upgrade"), "{command}: {told}");
    }
    let plan = home.durun(&["retry", "one", "--script", "s.rhai", "--dry-run"]).stdout();
    assert!(plan.contains("run one ") && plan.ends_with("again; nothing was changed\n"), "{plan}");
    home.durun(&["retry", "one", "--script", "s.rhai"]).out("2\n").check();
}

const HANDLED: &str = r#"
on_failure(|err| { sh("echo $DURUN_IDEMPOTENCY_KEY >>told"); exec(["false"], #{ retry: 1 }); });
exec(["sh", "-c", "echo $DURUN_IDEMPOTENCY_KEY >>keys; test -e up"], #{ retry: 1 });
sh("echo $DURUN_IDEMPOTENCY_KEY >>told");
"done"
"#;

#[test]
fn what_the_handler_of_the_failure_did_is_set_aside_with_it_and_its_place_is_new() {
    let home = Home::new();
    home.file("s.rhai", HANDLED);
    let lines = |name: &str| {
        let text = std::fs::read_to_string(home.path().join(name)).expect("lines");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    assert!(told.ends_with(" = help: to go on at the failed step: durun retry one\n"), "{told}");
    home.durun(&["retry", "one"]).exit(1).failure();
    home.file("up", "");
    home.durun(&["retry", "one"]).out("done\n").check();
    let (keys, told) = (lines("keys"), lines("told"));
    let distinct = |lines: &[String]| lines.iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!((keys.len(), distinct(&keys)), (3, 1), "the step is tried again as what it was: {keys:?}");
    assert_eq!((told.len(), distinct(&told)), (3, 3), "what stands behind it is new: {told:?}");
    assert_eq!(home.durun(&["history", "one", "--all"]).stdout().matches("set aside by retry").count(), 2);
}

#[test]
fn where_an_undo_came_after_the_failure_no_command_goes_on_as_if_nothing_had_been_taken_back() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "step(\"one\", || 1);\non_undo(|| step(\"undo\", || 1));\non_failure(|err| step(\"mail\", || 1));\n\
         exec([\"sh\", \"-c\", \"test -e up\"], #{ retry: 1 });\n\"done\"\n",
    );
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    let hint = " = help: step \"undo\" came after the failure, and what was done before has been taken back: going on from there \
                would count it as done. Start a new run; or see what going back to before all that would set aside: durun \
                rewind one --to 0 --dry-run\n";
    assert!(told.ends_with(hint), "{told}");
    let refused = home.durun(&["retry", "one"]).exit(7).failure();
    assert!(refused.ends_with(hint), "{refused}");
    for words in [["why", "one"], ["status", "one"]] {
        let told = home.durun(&words).stdout();
        assert!(told.contains("durun history one") && !told.contains("durun rewind"), "{told}");
    }
    // Of a step that is taken back the entry before it is named.
    let booked = "step(\"one\", || 1);\nstep(\"book\", #{ undo: |n| step(\"cancel\", || n) }, || 2);\n";
    home.file("b.rhai", format!("{booked}exec([\"false\"], #{{ retry: 1 }})"));
    let told = home.durun(&["start", "b.rhai", "--id", "two"]).exit(1).failure();
    assert!(told.ends_with("would set aside: durun rewind two --to 1 --dry-run\n"), "{told}");
    let plan = home.durun(&["rewind", "two", "--to", "1", "--dry-run"]).stdout();
    assert!(plan.contains("book") && !plan.contains("was undone and stays"), "{plan}");
    // Whoever knows better still can.
    home.file("up", "");
    home.durun(&["-v", "rewind", "one", "--to", "1"]).spoken();
    home.durun(&["resume", "one"]).out("done\n").check();
}

#[test]
fn where_undos_have_run_no_place_to_go_on_from_is_named() {
    let home = Home::new();
    home.file("u.rhai", "step(\"book\", || 1);\non_undo(|| step(\"cancel\", || 2));\nfail(\"no flight\")");
    let err = home.durun(&["start", "u.rhai", "--id", "u"]).exit(1).failure();
    assert!(err.contains("durun history u tells what happened") && !err.contains("rewind"), "{err}");
    let err = home.durun(&["retry", "u"]).exit(7).failure();
    assert!(err.contains("error[D1206]") && err.contains("durun rewind u --to 0 --dry-run"), "{err}");
}

#[test]
fn a_failed_run_whose_file_was_mended_names_the_way_under_the_new_text() {
    let home = Home::new();
    home.file("a.rhai", "exec([\"true\"]);\nexec([\"false\"], #{ retry: 1 });\n\"done\"");
    let told = home.durun(&["start", "a.rhai", "--id", "a"]).exit(1).failure();
    assert!(told.ends_with("  = help: to go on at the failed step: durun retry a\n"), "{told}");
    home.file("a.rhai", "exec([\"true\"]);\nexec([\"true\"], #{ retry: 1 });\n\"done\"");
    let told = home.durun(&["retry", "a"]).exit(1).failure();
    let script = "~/a.rhai";
    assert!(told.contains(&format!("durun retry a --script {script}\n")), "{told}");
    assert!(told.contains("has changed since; the run keeps its text"), "{told}");
    for command in ["status", "why"] {
        let told = home.durun(&[command, "a"]).stdout();
        assert!(told.contains(&format!("durun retry a --script {script}\n")), "{told}");
    }
    home.durun(&["retry", "a", "--script", "a.rhai"]).out("done\n").check();
    // One that does not fit is not named.
    home.file("b.rhai", "exec([\"true\"]);\nexec([\"false\"], #{ retry: 1 });");
    home.durun(&["start", "b.rhai", "--id", "b"]).exit(1).failure();
    home.file("b.rhai", "exec([\"ls\"]);\nexec([\"true\"], #{ retry: 1 });");
    let told = home.durun(&["retry", "b"]).exit(1).failure();
    assert!(told.ends_with("  = help: to go on at the failed step: durun retry b\n"), "{told}");
}

#[test]
fn a_run_that_its_script_ended_goes_on_under_the_text_that_was_mended_since() {
    let home = Home::new();
    let text =
        |end: &str| format!("let n = step(\"count\", || 3);\nlet sent = step(\"send\", || 4);\n{end}\n");
    home.file("s.rhai", text("fail(\"too few rows\")"));
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    assert!(told.ends_with("step \"send\": durun rewind one --to 1 && durun resume one\n"), "{told}");
    home.file("s.rhai", text("n + sent"));
    let line = "durun rewind one --to 1 && durun upgrade one --script ~/s.rhai && durun resume one\n";
    for (exit, words) in [
        (1, &["resume", "one"][..]),
        (7, &["upgrade", "one", "--script", "s.rhai"]),
        (7, &["retry", "one"]),
        (7, &["retry", "one", "--script", "s.rhai"]),
    ] {
        let told = home.durun(words).exit(exit).failure();
        assert!(told.ends_with(line) && told.contains("under the new text: "), "{words:?}: {told}");
    }
    let edited = "he script's file has changed since; the run keeps its text until it is given the new one";
    let indented = |told: &str| told.lines().map(str::trim).collect::<Vec<_>>().join("\n") + "\n";
    for words in [["why", "one"], ["status", "one"]] {
        let told = home.durun(&words).stdout();
        assert!(told.contains(edited), "{told}");
        assert!(indented(&told).contains(&line.replace(" && ", "\n")), "{told}");
    }
    home.durun(&["rewind", "one", "--to", "1"]).make();
    home.durun(&["upgrade", "one", "--script", "s.rhai"]).make();
    home.durun(&["resume", "one"]).out("7\n").check();
}

#[test]
fn a_text_that_does_not_fit_what_its_script_ended_is_refused_with_from_where_it_would() {
    let home = Home::new();
    home.file("s.rhai", "step(\"one\", || 1);\nstep(\"two\", || 2);\nthrow \"no\"");
    home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    home.file("s.rhai", "step(\"uno\", || 1)");
    let line = "durun rewind one --to 0 && durun upgrade one --script ~/s.rhai && durun resume one\n";
    for word in ["upgrade", "retry"] {
        let told = home.durun(&[word, "one", "--script", "s.rhai"]).exit(8).failure();
        assert!(told.contains("error[D0710]") && told.ends_with(line), "{told}");
    }
    for words in [["why", "one"], ["status", "one"]] {
        let told = home.durun(&words).stdout();
        assert!(
            told.contains("he script's file has changed since, and the run cannot go on under it: "),
            "{told}"
        );
    }
}

#[test]
fn what_was_done_after_a_failure_is_gone_back_behind_under_the_mended_text() {
    let home = Home::new();
    let step = "exec([\"sh\", \"-c\", \"test -e up\"], #{ retry: 1 });";
    let text =
        |end: &str| format!("try {{ {step} }} catch (err) {{ step(\"tell\", || 1); {end} }}\n\"done\"");
    home.file("s.rhai", text("throw err"));
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).exit(1).failure();
    assert!(told.ends_with("from before it: durun rewind one --to 0 && durun resume one\n"), "{told}");
    home.file("s.rhai", text("()"));
    let line = "durun rewind one --to 0 && durun upgrade one --script ~/s.rhai && durun resume one\n";
    for (exit, words) in
        [(1, &["resume", "one"][..]), (7, &["retry", "one"]), (7, &["upgrade", "one", "--script", "s.rhai"])]
    {
        let told = home.durun(words).exit(exit).failure();
        assert!(told.ends_with(line), "{words:?}: {told}");
    }
}
