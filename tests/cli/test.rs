//! `durun test`: the samples' own tests, what a failure looks like, the formats, the exit codes, crashes everywhere.

use crate::harness::Home;

/// The folder of the sample scripts.
fn samples() -> String {
    format!("{}/scripts", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_tests_of_the_samples_pass() {
    let (out, err, code) = Home::new().durun(&["test", &samples()]).make();
    assert_eq!((err.as_str(), code), ("", 0), "{out}");
    let files = out.lines().filter(|line| line.ends_with("_test.rhai")).count();
    assert!(files >= 14 && out.ends_with(" passed\n"), "{out}");
}

#[test]
fn the_tests_of_the_samples_pass_with_a_crash_after_each_entry() {
    for file in ["order", "trip", "migrate"] {
        let path = format!("{}/{file}_test.rhai", samples());
        let (out, err, code) = Home::new().durun(&["test", "--kill-everywhere", &path]).make();
        assert_eq!((err.as_str(), code), ("", 0), "{out}");
        assert!(out.contains("crashes survived"), "{out}");
    }
}

#[test]
fn a_failure_shows_the_line_and_the_difference() {
    let home = Home::new();
    home.file("a.rhai", "activity(\"charge\", 7)").file(
        "a_test.rhai",
        "mock(\"charge\", |n| #{ got: n, ok: true });\ntest(\"it charges\", || {\n    let a = run();\n    print(a.status);\n    assert_eq(a.result, #{ got: 8, ok: true });\n});\n",
    );
    home.durun(&["test"])
        .exit(1)
        .out(
            "\
a_test.rhai
  FAIL  it charges
        completed
error[D1401]: the values differ
 --> a_test.rhai:5:5
  |
5 |     assert_eq(a.result, #{ got: 8, ok: true });
  |     ^^^^^^^^^
  |
  = note: - expected, + found
            {
          -   \"got\": 8,
          +   \"got\": 7,
              \"ok\": true
            }
  = note: what the mocks answered, in order:
          charge: mock(\"charge\") in line 1 gave {\"got\":7,\"ok\":true}

0 passed, 1 failed
",
        )
        .check();
}

#[test]
fn what_nothing_stands_in_for_is_told_at_the_line_of_the_script() {
    let home = Home::new();
    home.file("a.rhai", "let x = 1;\nexec([\"tar\", \"x\"]);\n")
        .file("a_test.rhai", "test(\"t\", || { run(); });\n");
    home.durun(&["test", "a_test.rhai"])
        .exit(1)
        .out(
            "\
a_test.rhai
  FAIL  t
error[D1402]: nothing stands in for exec tar
 --> a.rhai:2:1
  |
2 | exec([\"tar\", \"x\"]);
  | ^^^^^^^^^^^^^^^^^^^
  |
  = help: mock(\"exec tar\", …) says what it gives

0 passed, 1 failed
",
        )
        .check();
}

#[test]
fn mistakes_of_a_test_are_told_with_what_was_meant() {
    for (body, code, told) in [
        ("rn();", "D1403", "did you mean run?"),
        ("assert_equals(1, 1);", "D1403", "did you mean assert_eq?"),
        ("assert_eq(\"5\", 5);", "D1401", "what was found is text"),
        ("assert_eq(5, \"5\");", "D1401", "what was expected is text"),
        ("run(\"ordr.rhai\");", "D1406", "did you mean order.rhai?"),
        ("let o = run(); o.resul", "D1403", "did you mean \"result\"?"),
        ("run(#{}, #{ stop_t: \"1h\" });", "D1403", "did you mean \"stop_at\"?"),
        ("let o = run(); o.signal(\"x\");", "D1407", "has ended"),
        ("let o = run(); o.query(\"x\")", "D1407", "no query \"x\""),
        ("run(\"stuck.rhai\");", "D1408", "the run is stuck"),
        ("run(\"endless.rhai\");", "D1405", "comes to no end"),
        (
            "let o = run(\"asks.rhai\"); o.answer(\"aprove\")",
            "D1407",
            "did you mean approve? its choices are approve, reject",
        ),
        ("let o = run(\"asks.rhai\"); o.answer(\"x\")", "D1407", "its choices are approve, reject"),
        ("run(\"takes.rhai\", #{ hots: 1 })", "D1406", "did you mean host?"),
        ("throw \"oh\";", "D1403", "an error left the test: oh"),
        ("assert_throws(|| 1);", "D1401", "nothing was thrown"),
        ("assert(1 == 2, \"no\");", "D1401", "no"),
        ("mock(\"a\", || assert_eq(1, 2)); run(\"calls.rhai\");", "D1401", "the values differ"),
        ("at(\"0s\", |o| assert_eq(o.status, \"x\")); run(\"waits.rhai\");", "D1401", "the values differ"),
    ] {
        let home = Home::new();
        home.file("order.rhai", "1")
            .file("stuck.rhai", "no_such()")
            .file("asks.rhai", "ask(\"ok?\", #{ choices: [\"approve\", \"reject\"] })")
            .file("takes.rhai", "params(#{ host: 1 })")
            .file("endless.rhai", "loop { sleep(1); }")
            .file("calls.rhai", "activity(\"a\")")
            .file("waits.rhai", "wait_signal(\"s\")")
            .file("order_test.rhai", format!("test(\"t\", || {{ {body} }});\n"));
        let (out, err, exit) = home.durun(&["test"]).make();
        assert_eq!((err.as_str(), exit), ("", 1), "{body}: {out}");
        assert!(out.contains(&format!("error[{code}]")) && out.contains(told), "{body}: {out}");
    }
}

#[test]
fn a_test_without_an_end_of_its_own_is_stopped() {
    let home = Home::new();
    home.file("a_test.rhai", "test(\"t\", || { loop { } });\n");
    let (out, _, exit) = home.durun(&["test"]).make();
    assert!(exit == 1 && out.contains("the test computes without end"), "{out}");
}

#[test]
fn a_test_that_failed_says_which_mock_answered_what() {
    let home = Home::new();
    home.file(
        "a.rhai",
        "let n = activity(\"charge\", 1, #{ retry: #{ first: \"1s\" } });\n\
         for i in 0..2 { sh(\"true\"); }\n\
         #{ n: n, items: [#{ name: \"a\", price: 5 }, #{ name: \"b\", price: 7 }] }\n",
    )
    .file(
        "a_test.rhai",
        "mock(\"charge*\", answers([fails(\"busy\"), 7]));\nmock(\"sh\", \"\");\n\
         test(\"t\", || {\n  let r = run().result;\n  \
         assert_eq(r, #{ n: 7, items: [#{ name: \"a\", price: 5 }, #{ name: \"b\", price: 8 }] });\n});\n\
         test(\"good\", || assert_eq(run().result.n, 7));\n",
    );
    let out = home.durun(&["test"]).exit(1).both().0;
    let told = "  = note: what differs:\n          .items[1].price: expected 8, found 7\n  \
                = note: what the mocks answered, in order:\n          \
                charge: mock(\"charge*\") in line 1 gave fails: busy\n          \
                charge, attempt 2: mock(\"charge*\") in line 1 gave 7\n          \
                sh true: mock(\"sh\") in line 2 gave \"\" (2 times)\n";
    assert!(out.contains(told), "{out}");
    assert_eq!(out.matches("what the mocks answered").count(), 1, "only where a test failed: {out}");
    let (out, _, _) = home.durun(&["test", "-o", "json"]).make();
    let all: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(all["tests"][0]["answered"].as_array().map(Vec::len), Some(3), "{out}");
}

#[test]
fn a_file_that_declares_no_test_is_no_success() {
    let home = Home::new();
    home.file("a.rhai", "1")
        .file("a_test.rhai", "test(\"t\", || assert_eq(run().result, 1));\n")
        .file("sub/b_test.rhai", "fn test_b() { assert_eq(1, 2); }\n")
        .file("sub/c_test.rhai", "");
    for words in [&["test"][..], &["test", "--list"], &["test", "-o", "junit"]] {
        let (out, err, exit) = home.durun(words).make();
        assert_eq!(exit, 4, "{words:?}: {out}{err}");
        assert!(
            err.starts_with("error[D1400]: in ")
                && err.contains("sub/b_test.rhai, ")
                && err.contains("are no tests"),
            "{words:?}: {err}"
        );
    }
    home.durun(&["test", "sub/c_test.rhai"])
        .exit(4)
        .err(
            "error[D1400]: in sub/c_test.rhai are no tests\n |\n \
             = help: tests are in files *_test.rhai: test(\"…\", || { … }); durun test --list shows them\n",
        )
        .check();
    // What was looked for by name is found elsewhere.
    home.durun(&["test", "-k", "t"]).stdout();
    // A failure says more.
    home.file("a.rhai", "2");
    assert_eq!(home.durun(&["test"]).make().2, 1);
}

#[test]
fn formats_are_for_programs_and_for_ci() {
    let home = Home::new();
    home.file("a.rhai", "1").file(
        "a_test.rhai",
        "test(\"good\", || { assert_eq(run().result, 1); });\ntest(\"<bad>\", || { fail(\"a & b\"); });\n",
    );
    let (out, _, exit) = home.durun(&["test", "-o", "jsonl"]).make();
    assert_eq!(exit, 1);
    let lines: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines[0]["passed"].as_bool(), lines[0]["asserts"].as_u64()), (Some(true), Some(1)));
    assert_eq!(
        (lines[1]["error"]["code"].as_str(), lines[1]["error"]["line"].as_u64()),
        (Some("D1403"), Some(2))
    );
    let (out, _, exit) = home.durun(&["test", "-o", "junit"]).make();
    assert_eq!(exit, 1);
    assert!(out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"durun\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\""), "{out}");
    assert!(out.contains("name=\"&lt;bad&gt;\"") && out.contains("a &amp; b"), "{out}");
    let (_, err, exit) = home.durun(&["list", "-o", "junit"]).make();
    assert!(exit == 2 && err.contains("invalid value 'junit'"), "{err}");
}

#[test]
fn a_file_that_is_no_script_is_one_failure_and_the_others_are_performed() {
    let home = Home::new();
    home.file("a_test.rhai", "test(\"x\", || {\n  nope(\n")
        .file("b_test.rhai", "test(\"y\", || assert(true));\n");
    let (out, err, exit) = home.durun(&["test"]).make();
    let told = "a_test.rhai\nerror[D0406]: a_test.rhai is no valid script: Expecting ')' to close the arguments list of this function call 'nope'\n --> a_test.rhai:2:";
    assert!(exit == 1 && err.is_empty() && out.starts_with(told), "{out}{err}");
    assert!(out.ends_with("b_test.rhai\n  ok    y  0ms played, 0 entries\n1 passed, 1 failed\n"), "{out}");
    let (out, _, exit) = home.durun(&["test", "-o", "junit"]).make();
    let failure = "<testcase classname=\"a_test.rhai\" name=\"(the file)\" file=\"a_test.rhai\" time=\"0.000\">\n      <failure type=\"D0406\" message=\"a_test.rhai is no valid script: ";
    assert!(exit == 1 && out.contains("tests=\"2\" failures=\"1\"") && out.contains(failure), "{out}");
    let (out, err, exit) = home.durun(&["test", "--list"]).make();
    assert!(
        exit == 1 && out == "b_test.rhai:1: y\n" && err.starts_with("error[D0406]: a_test.rhai is"),
        "{out}{err}"
    );
}

#[test]
fn what_a_file_that_is_no_script_should_say_is_told_as_of_a_script() {
    let home = Home::new();
    home.file("a_test.rhai", "mock(\"pay\", |call| 1);\n");
    let (out, _, _) = home.durun(&["test"]).make();
    assert!(out.contains("\n  = help: the word belongs to the language: take another name\n"), "{out}");
}

#[test]
fn tests_are_found_filtered_and_listed() {
    let home = Home::new();
    home.file("a/one_test.rhai", "test(\"first\", || {});\ntest(\"second\", || {});\n")
        .file("b_test.rhai", "test(\"third\", || {});\n")
        .file(".hidden/c_test.rhai", "test(\"fourth\", || {});\n");
    home.durun(&["test", "--list"])
        .out("a/one_test.rhai:1: first\na/one_test.rhai:2: second\nb_test.rhai:1: third\n")
        .check();
    home.durun(&["test", "-k", "second"])
        .out("a/one_test.rhai\n  ok    second  0ms played, 0 entries, it asserts nothing\n1 passed\n")
        .check();
    let (_, err, exit) = home.durun(&["test", "-k", "fifth"]).make();
    assert!(exit == 4 && err.contains("error[D1400]") && err.contains("contains \"fifth\""), "{err}");
    let (_, err, exit) = Home::new().durun(&["test"]).make();
    assert!(exit == 4 && err.contains("in this folder are no tests"), "{err}");
}

#[test]
fn a_crash_that_changes_the_end_is_told() {
    let home = Home::new();
    home.file("a.rhai", "activity(\"charge\", 1, #{ at_most_once: true })")
        .file("a_test.rhai", "mock(\"charge\", \"paid\");\ntest(\"t\", || { run(); });\n");
    home.durun(&["test"])
        .out("a_test.rhai\n  ok    t  0ms played, 3 entries, it asserts nothing\n1 passed\n")
        .check();
    let (out, _, exit) = home.durun(&["test", "--kill-everywhere"]).make();
    assert!(exit == 1 && out.contains("error[D1404]: a run comes to another end after a crash"), "{out}");
    assert!(
        out.contains("unknown_outcome") && out.contains("killed after entry 1, when all had begun"),
        "{out}"
    );
}

#[test]
fn of_a_long_run_each_nth_entry_and_the_last_are_crashed_after() {
    let home = Home::new();
    home.file("a.rhai", "for n in 0..5 { step(`s${n}`, || n) }")
        .file("a_test.rhai", "test(\"t\", || { assert_eq(run().status, \"completed\"); });\n");
    let crashes = |words: &[&str]| {
        let told = home.durun(&[&["test", "-o", "jsonl"], words].concat()).stdout();
        let told: serde_json::Value = serde_json::from_str(told.trim()).expect("JSON");
        (told["entries"].as_u64().expect("a number"), told["crashes"].as_u64().expect("a number"))
    };
    // The beginning, five steps, the end.
    assert_eq!(crashes(&[]), (7, 0));
    for (every, entries) in [("1", 7), ("2", 4), ("3", 3), ("7", 1), ("100", 1)] {
        assert_eq!(crashes(&["--kill-every", every]), (7, 2 * entries), "{every}");
    }
    assert_eq!(crashes(&["--kill-everywhere"]), (7, 14));
    home.durun(&["test", "--kill-every", "0"]).exit(2).failure();
    home.durun(&["test", "--kill-every", "2", "--kill-everywhere"]).exit(2).failure();
}

#[test]
fn a_test_that_fails_says_why_its_run_did_and_which_mock_is_misspelt() {
    let home = Home::new();
    home.file("a.rhai", "activity(\"charge\");\nexec([\"backup\"]);\nif input.sour { throw \"it is sour\" }").file(
        "a_test.rhai",
        "mock(\"charge\", ());\nmock(\"refund\", ());\n\
         test(\"one\", || {\n  mock(\"backup\", fails(\"disk full\", #{ permanent: true }));\n  assert_eq(run(#{ sour: false }).status, \"completed\");\n});\n\
         test(\"two\", || {\n  mock(\"exec backup\", \"\");\n  assert_eq(run(#{ sour: true }).result, 1);\n});\n\
         test(\"three\", || {\n  mock(\"bakcup\", \"\");\n  run(#{ sour: false });\n});\n\
         test(\"four\", || {\n  mock(\"exec backup\", 1);\n  mock(\"chrage\", 1);\n  assert_eq(run(#{ sour: false }).calls(\"chrage\").len(), 1);\n});\n",
    );
    let told = |test: &str| home.durun(&["test", "-k", test]).exit(1).make().0;
    let one = told("one");
    assert!(one.contains("  = note: run-1 failed in line 2 of its script: disk full (exec)\n"), "{one}");
    assert!(!one.contains("stood in for nothing"), "a mock that others need is no mistake: {one}");
    let two = told("two");
    assert!(two.contains("  = note: run-1 failed in line 3 of its script: it is sour\n"), "{two}");
    let three = told("three");
    assert!(
        three.contains(
            "  = note: mock(\"bakcup\") in line 12 stood in for nothing: did you mean \"backup\"?\n"
        ),
        "{three}"
    );
    let four = told("four");
    assert!(
        four.contains("mock(\"chrage\") in line 17 stood in for nothing: did you mean \"charge\"?\n"),
        "{four}"
    );
    assert!(!four.contains("run-1 "), "it completed: {four}");
}

#[test]
fn a_mock_of_what_the_script_has_and_did_not_come_to_is_not_misspelt() {
    let home = Home::new();
    home.file("a.rhai", "exec([\"charge\"], #{ at_most_once: true, probe: |key| exec([\"charges\", key]) });\n").file(
        "a_test.rhai",
        "test(\"pays\", || {\n  mock(\"exec charge\", 1);\n  mock(\"exec charges\", 1);\n  assert_eq(run().result, 2);\n});\n",
    );
    let (out, _, _) = home.durun(&["test"]).exit(1).make();
    assert!(out.contains("the values differ") && !out.contains("stood in for nothing"), "{out}");
}

#[test]
fn nothing_that_a_test_changes_is_seen_by_the_next() {
    let home = Home::new();
    home.file("lib.rhai", "fn one() { 1 }").file("a.rhai", "activity(\"x\")").file(
        "a_test.rhai",
        "import \"lib\" as lib;\nlet n = 0;\nmock(\"x\", lib::one());\n\
         test(\"first\", || { n += 1; mock(\"x\", 2); assert_eq(run().result, 2); });\n\
         test(\"second\", || { assert_eq(n, 0); assert_eq(run().result, 1); });\n",
    );
    let (out, err, exit) = home.durun(&["test"]).make();
    assert_eq!((err.as_str(), exit), ("", 0), "{out}");
}

#[test]
fn each_word_of_tests_is_in_the_guide() {
    let path = format!("{}/docs/guides/testing.md", env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(path).expect("the guide");
    for word in durun::script::trial_words() {
        assert!(
            guide.contains(&format!("`{word}("))
                || guide.contains(&format!(".{word}("))
                || guide.contains(&format!("{word}()")),
            "{word} is not in the guide"
        );
    }
}

#[test]
fn a_mock_is_given_what_each_kind_of_call_asks_for() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "exec([\"tar\", \"-c\"], #{ name: \"pack\", cwd: \"/d\" }); sh(\"echo $1\", [\"a\"]); read_file(\"/f\"); env(\"X\");\n\
         http_post(\"http://h/p\", #{ n: 1 }); activity(\"charge\", #{ n: 2 }); sleep(\"90s\"); 1",
    );
    home.file(
        "s_test.rhai",
        "mock(\"*\", \"ok\"); mock(\"exec pack\", \"ok\");\n\
         test(\"all\", || {\n\
             let r = run();\n\
             let of = |name| r.calls(name)[0].input;\n\
             assert_eq(of.call(\"exec pack\"), #{ argv: [\"tar\", \"-c\"], cwd: \"/d\" });\n\
             assert_eq(of.call(\"sh\"), #{ text: \"echo $1\", args: [\"a\"] });\n\
             assert_eq(of.call(\"read_file /f\"), #{ path: \"/f\" });\n\
             assert_eq(of.call(\"env X\"), #{ name: \"X\" });\n\
             assert_eq(of.call(\"http\"), #{ method: \"POST\", url: \"http://h/p\", json: #{ n: 1 } });\n\
             assert_eq(of.call(\"charge\"), #{ n: 2 });\n\
             assert_eq(r.took_ms, 90000);\n\
             assert_eq(r.took, \"1m 30s\");\n\
         });\n",
    );
    let told = home.durun(&["test"]).stdout();
    assert!(told.contains("1 passed"), "{told}");
}

#[test]
fn a_script_is_no_file_of_tests_and_the_one_beside_it_is_named() {
    let home = Home::new();
    home.file("rotate.rhai", "input.x")
        .file("rotate_test.rhai", "test(\"a\", || {})")
        .file("other.rhai", "1");
    home.durun(&["test", "rotate.rhai"])
        .exit(4)
        .err(
            "error[D1400]: rotate.rhai is no file of tests: its name does not end in _test.rhai\n |\n \
             = help: durun test rotate_test.rhai\n",
        )
        .check();
    let err = home.durun(&["test", "other.rhai"]).exit(4).failure();
    assert!(err.contains("other.rhai is no file of tests") && !err.contains("other_test.rhai"), "{err}");
}
