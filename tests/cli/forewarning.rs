//! What `durun check` finds, told by what begins or records a run: to a person, and to no crontab.

use crate::harness::Home;
use crate::terminal::Terminal;

/// Four warnings, and an error in a line that no run comes to.
const FAULTY: &str = "\
let a = \" x\".trim();
let b = \" x\".trim();
let c = \" x\".trim();
let d = \" x\".trim();
if input == 7 { slep(1); }
1
";

#[test]
fn a_crontab_is_told_nothing_and_whoever_asks_one_line() {
    let home = Home::new();
    home.file("faulty.rhai", FAULTY).file("fine.rhai", "1");
    let note = "note: 1 error and 4 warnings found by durun check faulty.rhai\n";
    home.durun(&["start", "faulty.rhai"]).out("1\n").check();
    home.durun(&["-v", "start", "faulty.rhai", "--id", "a"])
        .out("1\n")
        .err(&format!("{note}run a\n"))
        .check();
    home.durun(&["-v", "start", "faulty.rhai", "--record-only", "--id", "b"]).out("b\n").err(note).check();
    home.durun(&["-v", "start", "fine.rhai", "--id", "c"]).out("1\n").err("run c\n").check();
    // A run that is there is no news.
    let (_, err) = home.durun(&["-v", "start", "faulty.rhai", "--id", "a"]).both();
    assert!(!err.contains("durun check"), "{err}");
    home.durun(&["schedule", "add", "daily", "@daily", "faulty.rhai"]).check();
    let err = home.durun(&["-v", "schedule", "add", "daily", "@daily", "faulty.rhai"]).spoken();
    assert!(err.starts_with(note), "{err}");
    let (_, err) = home.durun(&["-v", "signal", "d", "go", "--start", "faulty.rhai", "--record-only"]).both();
    assert!(err.starts_with(note), "{err}");
}

#[test]
fn a_person_sees_the_worst_of_it_as_check_shows_it() {
    let home = Home::new();
    home.file("faulty.rhai", FAULTY).file("fine.rhai", "1");
    for (words, seen) in [
        (&["start", "faulty.rhai"][..], true),
        (&["run", "faulty.rhai"], true),
        (&["faulty.rhai"], true),
        (&["schedule", "add", "daily", "@daily", "faulty.rhai"], true),
        (&["-q", "start", "faulty.rhai"], false),
        (&["start", "fine.rhai"], false),
    ] {
        let Some(terminal) = Terminal::open(&home, 80, words, &[("NO_COLOR", "1")]) else { return };
        let ended = terminal.end();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.screen);
        let shown = ended.bytes.replace("\r\n", "\n");
        let block = "error[D1310]: there is no function slep\n --> faulty.rhai:5:17\n";
        assert_eq!(shown.starts_with(block), seen, "{words:?}: {shown}");
        assert_eq!(shown.matches("warning[").count(), if seen { 2 } else { 0 }, "{words:?}: {shown}");
        assert_eq!(
            shown.contains("1 error and 4 warnings found by durun check faulty.rhai"),
            seen,
            "{shown}"
        );
    }
}
