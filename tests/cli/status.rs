//! `durun status`: for people and for programs.

use crate::harness::Home;

#[test]
fn a_run_that_nobody_executes_says_how_to_go_on() {
    let home = Home::recorded("one");
    home.durun(&["status", "one"])
        .out(
            "one  parked: it could go on at once, and nobody executes it\n  \
             script    ~/order.rhai\n  \
             started   TIME (now)\n  \
             last      TIME (now), 0 entries\n  \
             executor  nobody executes it: durun resume one\n",
        )
        .check();
    home.durun(&["status", "one", "--exit-code", "-o", "jsonl"])
        .exit(3)
        .out(
            "{\"cancel_requested_at\":null,\"children\":[],\"edits\":[],\"entries\":0,\"error\":null,\"executor\":null,\"generation\":0,\"id\":\"one\",\
             \"locks\":[],\"parent\":null,\"progress\":null,\"published\":{},\"result\":null,\"schedule\":null,\"schema\":1,\"script\":\"~/order.rhai\",\"skipped_starts\":{\"count\":0,\"latest\":[]},\"started_at\":\"TIME\",\
             \"status\":\"parked\",\"summary\":null,\"unread\":[],\"unread_signals\":0,\"updated_at\":\"TIME\",\"waits_for\":[],\
             \"woken_by\":\"nobody\"}\n",
        )
        .check();
}

#[test]
fn a_reason_cannot_command_the_terminal() {
    let home = Home::recorded("one");
    home.durun(&["terminate", "one", "--reason", "\u{1b}[2Jgone\nforged: line"]).check();
    home.durun(&["status", "one"])
        .out(
            "one  terminated\n  \
             script    ~/order.rhai\n  \
             started   TIME (now)\n  \
             last      TIME (now), 1 entry\n  \
             reason    \\x1b[2Jgone\\nforged: line\n",
        )
        .check();
    home.durun(&["result", "one"])
        .exit(5)
        .err("error[D0103]: run one was terminated: \\x1b[2Jgone\\nforged: line\n |\n = help: durun history one tells how far it came\n")
        .check();
}

#[test]
fn watching_an_ended_run_ends() {
    let home = Home::recorded("one");
    home.durun(&["terminate", "one"]).check();
    let out = home.durun(&["status", "one", "--watch", "--exit-code", "-o", "json"]).exit(5).stdout();
    assert_eq!(out.lines().count(), 1, "{out}");
}

const WAITS: &str = r#"let order = #{ id: 7, items: ["a", "b"] };
fn wait_for(name, most) {
    let tries = 3;
    wait_signal(name, most)
}
let key = "Bearer " + secret("KEY");
let state = "paid";
on_query("state", || state);
step("one", || 1);
let long = "x".repeat_it(500);
wait_for("go", "1 day");
"#;

#[test]
fn the_variables_where_a_run_waits_are_shown_of_each_call_that_led_there() {
    let script = WAITS.replace("\"x\".repeat_it(500)", "\"\"; for i in 0..500 { long += \"x\"; }");
    let home = Home::killed_at("one", &script, &["\"kind\":\"wait_signal\""]);
    let status = home.durun(&["status", "one"]).stdout();
    let lines: Vec<&str> =
        status.lines().map(str::trim).skip_while(|line| !line.starts_with("variables ")).collect();
    let known =
        ["variables line 11:", "order = {\"id\":7,\"items\":[\"a\",\"b\"]}", "key = \"Bearer ⟦secret:KEY⟧\""];
    assert_eq!(lines.get(..3), Some(&known[..]), "{status}");
    let rest = ["line 4:", "name = \"go\"", "most = \"1 day\"", "tries = 3"];
    assert_eq!(lines.get(5..), Some(&rest[..]), "{status}");
    assert!(
        lines[3] == "state = \"paid\"" && lines[4].starts_with("long = \"xxx") && lines[4].ends_with('…'),
        "{status}"
    );
    let before = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    let document = home.durun(&["status", "one", "-o", "jsonl", "--variables"]).stdout();
    assert!(document.contains("\"frames\":[{\"line\":11,") && document.contains("\"tries\":3"), "{document}");
    assert_eq!(home.durun(&["history", "one", "-o", "jsonl"]).stdout(), before, "looking changes nothing");
    assert!(!home.durun(&["status", "one", "-o", "jsonl"]).stdout().contains("\"variables\""));
}

#[test]
fn each_strand_has_its_variables_while_another_process_executes_them() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "let hosts = [\"x\", \"y\"];\nlet left = 2;\nparallel(hosts, |host| { let n = 1; wait_signal(host); }, #{ name: |h| h });\n",
    );
    home.while_executed(&["start", "s.rhai", "--id", "one"], "one", &["\"name\":\"y\""], |_| {
        let status = home.durun(&["status", "one"]).stdout();
        for shown in
            ["hosts = [\"x\",\"y\"]", "left = 2", "x, line 3:", "y, line 3:", "host = \"y\"", "n = 1"]
        {
            assert!(status.contains(shown), "{shown}: {status}");
        }
    });
}

#[test]
fn a_variable_that_another_strand_changes_is_shown_as_it_is_now() {
    let home = Home::new();
    home.file("s.rhai", "let left = 2;\nparallel([1, 2], |n| { left -= 1; wait_signal(`${n}`); });\n");
    home.durun(&["start", "s.rhai", "--id", "one", "--park-after", "0s"]).exit(3).failure();
    let status = home.durun(&["status", "one"]).stdout();
    assert_eq!((status.matches("left = 0").count(), status.matches("left = ").count()), (3, 3), "{status}");
}

#[test]
fn the_line_of_a_question_is_shown_once_whatever_reminds_of_it() {
    let home = Home::new();
    home.file("s.rhai", "ask(\"Go?\", #{ remind: \"1h\" });\n");
    home.durun(&["start", "s.rhai", "--id", "one", "--park-after", "0s"]).exit(3).failure();
    let status = home.durun(&["status", "one"]).stdout();
    assert_eq!(
        (status.matches("1 | ask(").count(), status.matches("remind · line 1").count()),
        (1, 1),
        "{status}"
    );
}

#[test]
fn a_script_that_cannot_go_on_shows_what_it_had_read_by_then() {
    let home = Home::new();
    for (id, text, shown) in [
        (
            "parse",
            "let n = sh(\"echo seven\").stdout;\nlet k = parse_int(n);\n",
            "line 2:\n              n = \"seven\"\n",
        ),
        (
            "called",
            "fn second(x) {\n  let all = [x];\n  all[1]\n}\nlet n = sh(\"echo 7\").stdout;\nsecond(n);\n",
            "line 6:\n              n = \"7\"\n            line 3:\n              x = \"7\"\n              all = [\"7\"]\n",
        ),
        (
            "returned",
            "fn first(x) { sh(\"true\"); let own = x; own + 1 }\nlet a = first(1);\na.none\n",
            "line 3:\n              a = 2\n",
        ),
        (
            "thrown",
            "let a = 1;\non_undo(|| { let b = 3; sh(`echo ${b}`); });\nlet c = a + 1;\nthrow `${c}`;\n",
            "line 4:\n              a = 1\n              c = 2\n",
        ),
        (
            "item",
            "parallel(1..=3, |i| {\n  sh(\"test $1 != 2 || exit 64; sleep 1\", [i], #{ retry: false });\n});\n",
            "line 2:\n              i = 2\n",
        ),
        ("step", "let a = 1;\nsh(\"exit 3\", [], #{ retry: false });\n", "line 2:\n              a = 1\n"),
    ] {
        home.file("s.rhai", text);
        drop(home.durun(&["start", "s.rhai", "--id", id]).make());
        let status = home.durun(&["status", id]).stdout();
        let variables = status.split_once("  variables ").map(|(_, variables)| variables);
        assert_eq!(variables, Some(shown), "{id}: {status}");
    }
}

#[test]
fn strands_that_are_not_shown_are_counted() {
    let home = Home::new();
    let items: Vec<u32> = (0..30).collect();
    home.file("s.rhai", format!("parallel({items:?}, |n| wait_signal(`go ${{n}}`), #{{ max: 30 }});\n"));
    home.durun(&["start", "s.rhai", "--id", "one", "--park-after", "0s"]).exit(3).failure();
    let status = home.durun(&["status", "one"]).stdout();
    assert_eq!(status.matches("n = ").count(), 19, "{status}");
    assert!(status.ends_with("… and of 11 more strands: -o json --variables\n"), "{status}");
    let document = home.durun(&["status", "one", "-o", "json", "--variables"]).stdout();
    assert_eq!(document.matches("\"n\":").count(), 30, "{document}");
}

#[test]
fn what_is_the_same_in_all_of_the_script_is_no_variable_of_each_strand() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "parallel([1, 2], |n| {\n  let all = run.id + input.who;\n  wait_signal(`${n}`);\n});\nlet input = 7;\n",
    );
    let words = ["start", "s.rhai", "--id", "one", "-i", "who=ada", "--park-after", "0s"];
    home.durun(&words).exit(3).failure();
    let status = home.durun(&["status", "one"]).stdout();
    let (_, shown) = status.split_once("variables ").expect("variables");
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    let of = |n: &str| [format!("{n}, line 3:"), format!("n = {n}"), "all = \"oneada\"".to_owned()];
    let strands = [of("1"), of("2")].concat();
    assert_eq!(lines, strands, "a place without variables is passed over: {status}");
    // What a script calls so itself is its own.
    home.file("own.rhai", "let input = 7;\nwait_signal(\"go\");\n");
    home.durun(&["start", "own.rhai", "--id", "own", "--park-after", "0s"]).exit(3).failure();
    let status = home.durun(&["status", "own"]).stdout();
    assert!(status.ends_with("variables line 2:\n              input = 7\n"), "{status}");
    home.file("none.rhai", "strand(|| wait_signal(\"go\"));\nwait_signal(\"on\");\n");
    home.durun(&["start", "none.rhai", "--id", "none", "--park-after", "0s"]).exit(3).failure();
    let status = home.durun(&["status", "none"]).stdout();
    assert!(status.ends_with("\n  variables none\n"), "{status}");
    home.file("below.rhai", "let a = 1;\nparallel([1],\n  |n| {\n    wait_signal(\"go\");\n  });\n");
    home.durun(&["start", "below.rhai", "--id", "below", "--park-after", "0s"]).exit(3).failure();
    let status = home.durun(&["status", "below"]).stdout();
    assert!(status.contains("  variables line 2, as they were last seen in line 4:\n"), "{status}");
}

#[test]
fn a_run_that_is_stuck_or_has_failed_shows_what_it_knew() {
    let home = Home::new();
    home.file("s.rhai", "let n = 1;\nlet m = step(\"two\", || 2);\nstep(\"three\", || nonsense(m));\n");
    home.durun(&["start", "--unchecked", "s.rhai", "--id", "stuck"]).exit(8).failure();
    let status = home.durun(&["status", "stuck"]).stdout();
    assert!(status.contains("variables line 3:\n") && status.contains("  m = 2\n"), "{status}");
    home.file(
        "t.rhai",
        "let n = 1;\nlet m = step(\"two\", || 2);\nm += 1;\nexec([\"false\"], #{ retry: 1 });\n",
    );
    home.durun(&["start", "t.rhai", "--id", "failed"]).exit(1).failure();
    let status = home.durun(&["status", "failed"]).stdout();
    assert!(status.contains("variables line 4:\n") && status.contains("  m = 3\n"), "{status}");
    // What takes back and tells comes behind it.
    home.file(
        "v.rhai",
        "on_failure(|e| step(\"told\", || e.message));\nfn pay(sum) {\n    exec([\"false\"], #{ retry: 1 });\n}\n\
         on_undo(|| step(\"back\", || 1));\npay(7);\n",
    );
    home.durun(&["start", "v.rhai", "--id", "told"]).exit(1).failure();
    let status = home.durun(&["status", "told"]).stdout();
    assert!(status.contains("line 3:\n              sum = 7\n") && !status.contains("  e = "), "{status}");
    home.file("u.rhai", "let n = 1;\nsleep(0);\nlet m = n + 1;\nnonsense(m);\n");
    home.durun(&["start", "--unchecked", "u.rhai", "--id", "fault"]).exit(8).failure();
    let status = home.durun(&["status", "fault"]).stdout();
    assert!(status.ends_with("variables line 4:\n              n = 1\n              m = 2\n"), "{status}");
}

#[test]
fn what_a_call_of_a_service_wrote_is_not_offered() {
    let home = Home::new();
    home.file("s.rhai", "http_get(\"http://127.0.0.1:1/\", #{ retry: 1 });\n");
    let told = home.durun(&["start", "s.rhai", "--id", "r"]).exit(1).failure();
    assert!(told.contains("durun history r tells what happened\n"), "{told}");
}

#[test]
fn a_script_that_computes_for_long_does_not_hang_its_status() {
    let script = "let n = 0;\nfor i in 0..3_000_000 { n += i; }\nwait_signal(\"go\");\n";
    let home = Home::killed_at("one", script, &["\"kind\":\"wait_signal\""]);
    let status = home.durun(&["status", "one"]).stdout();
    assert!(
        status.ends_with("  variables not shown: its script computes for longer than a look takes\n"),
        "{status}"
    );
}

#[test]
fn a_function_that_has_called_many_times_is_seen_with_whoever_called_it() {
    let script = "fn all(most) {\n    for i in 0..most { step(`s${i}`, || i); }\n    wait_signal(\"go\")\n}\nlet outer = 1;\nall(30);\n";
    let home = Home::killed_at("one", script, &["\"kind\":\"wait_signal\""]);
    let status = home.durun(&["status", "one"]).stdout();
    let (_, shown) = status.split_once("variables ").expect("variables");
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    assert_eq!(lines, ["line 6:", "outer = 1", "line 3:", "most = 30"], "{status}");
}

#[test]
fn a_stuck_run_waits_for_nothing_and_commands_name_the_store() {
    let home = Home::new();
    home.file("s.rhai", "let s = 1;\nwait_signal(\"a\");\nlet z = [1][4];\n");
    home.durun(&["start", "s.rhai", "--id", "r", "--park-after", "0s"]).exit(3).make();
    home.durun(&["signal", "r", "a"]).check();
    home.durun(&["resume", "r"]).exit(8).failure();
    let status = home.durun(&["status", "r"]).stdout();
    assert!(status.contains("stuck     line 3") && !status.contains("waits for"), "{status}");
    let (_, told, _) = home.durun(&["-v", "signal", "r", "a", "2"]).make();
    assert!(told.contains("run r is stuck and takes nothing before it is mended: durun why r"), "{told}");
    // Named on the command line, the store is in every command that is suggested.
    home.durun(&["--store", "other", "start", "s.rhai", "--id", "q", "--park-after", "0s"]).exit(3).make();
    home.durun(&["--store", "other", "signal", "q", "a"]).check();
    let error = home.durun(&["--store", "other", "resume", "q"]).exit(8).failure();
    assert!(error.contains("durun --store other upgrade q --script"), "{error}");
    assert!(error.contains("&& durun --store other resume q"), "{error}");
    let status = home.durun(&["--store", "other", "status", "q"]).stdout();
    assert!(status.contains("durun --store other upgrade q --script"), "{status}");
}

#[test]
fn what_a_kill_has_cut_off_is_said_to_begin_again_and_what_is_waited_for_is_not() {
    let script = "parallel([1, 2], |n| { if n == 1 { sh(\"sleep 600\") } else { wait_signal(\"go\") } });\n";
    let home = Home::killed_at("r", script, &["sleep 600", "\"name\":\"go\""]);
    let status = home.durun(&["status", "r"]).stdout();
    assert!(
        status.contains("  cut off   sh sleep 600 · 1 · line 1 · begins again when the run goes on\n"),
        "{status}"
    );
    assert!(status.contains("  waits for wait_signal go · 2 · line 1\n"), "{status}");
    let why = home.durun(&["why", "r"]).stdout();
    assert!(why.contains("; attempt 1 of 5 was cut off, and begins again when the run goes on."), "{why}");
    let list = home.durun(&["list"]).stdout();
    assert!(list.contains("cut off: sh sleep 600"), "{list}");
    // While somebody executes it, it is under way.
    home.while_executed(&["resume", "r"], "r", &["sleep 600"], |_| {
        let status = home.durun(&["status", "r"]).stdout();
        assert!(status.contains("  waits for sh sleep 600 · 1 · line 1\n"), "{status}");
    });
}

#[test]
fn of_a_run_that_was_killed_one_command_is_offered_that_goes_on_with_all_of_it() {
    let script = "parallel([\"a\", \"b\"], |n| exec([\"sh\", \"-c\", `test ${n} = b && sleep 600`], #{ retry: #{ first: \"1h\" } }))\n";
    let home = Home::killed_at("fan", script, &["\"attempt\":2"]);
    for words in [&["status", "fan"][..], &["why", "fan"], &[]] {
        let shown = home.durun(words).stdout();
        assert!(shown.contains("durun retry fan") && !shown.contains("durun resume"), "{shown}");
    }
}
