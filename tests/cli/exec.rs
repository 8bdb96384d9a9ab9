//! `durun exec`: one program, durably.

use crate::harness::Home;

#[test]
fn its_output_and_its_code_are_the_programs_own() {
    let home = Home::new();
    home.durun(&["exec", "--", "sh", "-c", "echo hello; echo aside >&2"]).out("hello\n").check();
    let told =
        home.durun(&["exec", "--id", "three", "--", "sh", "-c", "echo why >&2; exit 3"]).exit(3).failure();
    assert!(told.contains("run three failed") && told.contains("why"), "{told}");
    home.durun(&["exec", "--", "sh", "-c", "kill -9 $$"]).exit(137).failure();
    home.durun(&["exec", "--", "no-such-program"]).exit(127).failure();
    home.durun(&["exec", "--timeout", "100ms", "--", "sleep", "60"]).exit(124).failure();
    home.durun(&["exec"]).exit(2).failure();
    home.durun(&["exec", "--retry", "0", "--", "true"]).exit(2).failure();
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
