//! `durun exec`: one program, durably.

use crate::harness::Home;

#[test]
fn its_output_and_its_code_are_the_programs_own() {
    let home = Home::new();
    let exec = |words: &[&str]| {
        let words: Vec<&str> = ["exec", "--"].iter().chain(words).copied().collect();
        home.durun(&words)
    };
    exec(&["sh", "-c", "echo hello; echo aside >&2"]).out("hello\n").err("aside\n").check();
    exec(&["printf", "a\\n\\nno end"]).out("a\n\nno end").check();
    exec(&["true"]).check();
    let (out, err) = home
        .durun(&["exec", "--id", "three", "--", "sh", "-c", "echo so far; echo why >&2; exit 3"])
        .exit(3)
        .both();
    assert_eq!(out, "so far\n");
    let block = "why\n\
                 error[D0101]: run three failed: exit code 3: why\n |\n \
                 = help: durun history three tells what happened, durun logs three sh what it wrote\n \
                 = help: to go on at the failed step: durun retry three\n";
    assert_eq!(err, block);
    let err = exec(&["sh", "-c", "kill -9 $$"]).exit(137).failure();
    assert!(err.starts_with("error[D0101]: run ") && err.contains(" failed: "), "{err}");
    let told = exec(&["no-such-program"]).exit(127).failure();
    assert!(told.starts_with("error[D0101]") && told.contains("no-such-program"), "{told}");
    assert!(!told.contains("-->"), "its script is no file of anybody's: {told}");
    assert!(told.contains("or name it with its path: durun exec -- /PATH/PROGRAM"), "{told}");
    let told = exec(&["echo a | cat"]).exit(127).failure();
    assert!(told.contains("a line for the shell is durun exec -- sh -c 'echo a | cat'"), "{told}");
    home.file("plain", "");
    assert!(exec(&["./plain"]).exit(126).failure().contains("chmod +x"));
    let late = ["exec", "--timeout", "200ms", "--", "sh", "-c", "echo begun; exec sleep 60"];
    let (out, err) = home.durun(&late).exit(124).both();
    assert!(out == "begun\n" && err.contains("took longer than its timeout of 200ms"), "{out}{err}");
    home.durun(&["exec"]).exit(2).failure();
    home.durun(&["exec", "--retry", "0", "--", "true"]).exit(2).failure();
    home.durun(&["exec", "--id", "a/b", "--", "true"]).exit(2).failure();
}

#[test]
fn what_it_writes_may_be_long_and_no_text() {
    let home = Home::new();
    let long = "yes 0123456789 | head -c 3000000; printf '\\377\\000'";
    let out = home.durun(&["exec", "--id", "long", "--", "sh", "-c", long]).bytes();
    assert_eq!(out.len(), 3_000_002);
    assert!(out.starts_with(b"0123456789\n") && out.ends_with(&[0xff, 0]));
    assert_eq!(home.durun(&["result", "long"]).bytes(), out, "the same from durun result");
    let json = home.durun(&["result", "long", "-o", "json"]).stdout();
    assert!(json.contains("\"stdout_bytes\": 3000002"), "{json}");
}

#[test]
fn of_several_attempts_stdout_is_that_of_the_last_and_a_repeated_id_tells_all_again() {
    let home = Home::new();
    let program = "echo x >>tries; n=$(wc -l <tries); echo out $n; echo err $n >&2; exit 4";
    let words = ["exec", "--retry", "2", "--id", "two", "--", "sh", "-c", program];
    for _ in 0..2 {
        let (out, err) = home.durun(&words).exit(4).both();
        let block =
            "err 1\nerr 2\nerror[D0101]: run two failed: exit code 4: err 2\n |\n = note: attempts: 2\n";
        assert!(out == "out 2\n" && err.starts_with(block), "{out}{err}");
        assert!(err.ends_with("go on at the failed step: durun retry two\n"), "{err}");
    }
    assert_eq!(std::fs::read_to_string(home.path().join("tries")).expect("tries"), "x\nx\n");
    for command in ["result", "wait"] {
        let (out, err) = home.durun(&[command, "two"]).exit(4).both();
        assert!(out == "out 2\n" && err.matches("error[D0101]").count() == 1, "{out}{err}");
    }
    let list = home.durun(&["list", "-a"]).stdout();
    assert!(
        list.contains("failed") && list.contains("  sh -c echo x >>tries; "),
        "it says which program: {list}"
    );
}

#[test]
fn it_goes_on_after_a_kill() {
    let home = Home::new();
    let program = "echo x >>tries; test -e go && echo done || exec sleep 60";
    let words = ["exec", "--id", "one", "--", "sh", "-c", program];
    home.executed_until(&words, "one", &["\"kind\":\"exec\""]);
    home.file("go", "");
    home.durun(&["resume", "one"]).out("done\n").check();
    home.durun(&words).out("done\n").check();
}

#[test]
fn it_is_tried_again_and_a_repeated_id_reports_how_it_ended() {
    let home = Home::new();
    let program = "echo x >>tries; test $(wc -l <tries) -ge 2 && echo done";
    let words = ["exec", "--retry", "3", "--id", "one", "--", "sh", "-c", program];
    home.durun(&words).out("done\n").check();
    home.durun(&words).out("done\n").check();
    assert_eq!(std::fs::read_to_string(home.path().join("tries")).expect("tries"), "x\nx\n");
    let history = home.durun(&["history", "one"]).stdout();
    assert!(history.contains("2 attempts"), "{history}");
    let other = home.durun(&["exec", "--id", "one", "--", "true"]).exit(7).failure();
    assert!(other.contains("another input"), "{other}");
}

#[test]
fn what_is_piped_in_for_a_program_that_has_no_stdin_is_refused() {
    let home = Home::new();
    let exec = || home.durun(&["exec", "--", "cat"]);
    let err = exec().stdin("some data").exit(2).failure();
    assert!(err.starts_with("error[D0221]: stdin holds something"), "{err}");
    assert!(err.contains("durun exec -- sh -c 'PROGRAM <FILE'") && err.contains("</dev/null"), "{err}");
    assert!(!home.store().exists(), "nothing was recorded");
    exec().check();
    // A file is meant for the program, and the rest of one that a loop reads is not.
    home.file("data", "one\ntwo\nthree\n");
    let shell = |line: &str| {
        let line = line.replace("durun", env!("CARGO_BIN_EXE_durun"));
        let words = ["-c", line.as_str()];
        let output = std::process::Command::new("sh")
            .args(words)
            .current_dir(home.path())
            .env("HOME", home.path())
            .output();
        let output = output.expect("a shell");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(shell("durun exec -- cat <data"), (Some(2), String::new()));
    assert_eq!(
        shell("while read -r it; do durun exec -- echo $it; done <data"),
        (Some(0), "one\ntwo\nthree\n".to_owned())
    );
    assert_eq!(shell("durun exec -- echo so </dev/null"), (Some(0), "so\n".to_owned()));
    let late = "(sleep 0.5; echo late) | { durun exec -- sleep 1; } 2>&1";
    let (code, said) = shell(late);
    assert!(code == Some(0) && said.starts_with("note: what came on stdin meanwhile was not read"), "{said}");
}
