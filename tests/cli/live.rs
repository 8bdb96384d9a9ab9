//! The live tree of `start`, `status --watch` and the pager, as a person at a terminal sees them.

use crate::harness::Home;
use crate::terminal::{Ended, Terminal};

/// Two strands, one of which fails and waits for its next try; a bar, a log line, a long wait.
const SCRIPT: &str = r#"
log("the building begins");
step("plan", || 1);
strand(0, #{ name: "build" }, |n| { step("compile", || 2); wait_signal("tested"); });
strand(0, #{ name: "fetch" }, |n| { exec(["false"], #{ retry: #{ first: "1h", jitter: 0 } }); });
progress(3, 10);
sleep("1 hour");
"#;

/// What is drawn of it at the foot of the screen.
const TREE: &[&str] = &[
    "━━━╌╌╌╌╌╌╌ 3/10",
    "sleep · ",
    " left",
    "build  wait_signal tested",
    "fetch  exec false · next try in ",
];

fn home() -> Home {
    let home = Home::new();
    home.file("house.rhai", SCRIPT);
    home
}

fn started(home: &Home, columns: u16, env: &[(&str, &str)]) -> Option<Terminal> {
    Terminal::open(home, columns, &["start", "house.rhai", "--id", "house"], env)
}

/// The escape sequences that move the cursor or take away what is drawn.
fn moves(bytes: &str) -> bool {
    bytes.split("\u{1b}[").skip(1).any(|rest| {
        let end = rest.find(|letter: char| letter.is_ascii_alphabetic()).and_then(|end| rest.get(end..=end));
        end != Some("m")
    }) || bytes.replace("\r\n", "\n").contains('\r')
}

/// Whether there are colours in it.
fn paints(bytes: &str) -> bool {
    bytes.split("\u{1b}[").skip(1).any(|rest| {
        rest.find(|letter: char| letter.is_ascii_alphabetic()).and_then(|end| rest.get(end..=end))
            == Some("m")
    })
}

fn interrupted(mut terminal: Terminal) -> Ended {
    terminal.keys("\u{3}");
    let ended = terminal.end();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.screen);
    ended
}

#[test]
fn what_goes_on_is_a_tree_and_what_is_done_stays_above_it() {
    let home = home();
    for columns in [200, 80] {
        let Some(terminal) =
            Terminal::open(&home, columns, &["start", "house.rhai", "--id", &format!("house{columns}")], &[])
        else {
            return;
        };
        let screen = terminal.until(TREE);
        let lines: Vec<&str> = screen.lines().collect();
        let place = |text: &str| {
            lines
                .iter()
                .position(|line| line.contains(text))
                .unwrap_or_else(|| panic!("no {text}:\n{screen}"))
        };
        assert!(place("│ the building begins") < place("✓ step plan"), "{screen}");
        assert!(place("✓ step plan") < place("✓ step compile"), "{screen}");
        assert!(place("✓ step compile") < place("3/10"), "{screen}");
        assert!(screen.contains("failed: exit code 1 · attempt 1 of 5"), "{screen}");
        let ended = interrupted(terminal);
        assert!(ended.shows_cursor, "the cursor is hidden");
        for text in TREE {
            assert!(!ended.screen.contains(text), "{text} is still there:\n{}", ended.screen);
        }
        assert!(ended.screen.contains("✓ step compile"), "{}", ended.screen);
        let parted = format!("run house{columns} is parked, nothing is lost; go on with: durun resume");
        assert!(ended.screen.contains(&parted), "{}", ended.screen);
    }
}

#[test]
fn what_a_program_writes_is_seen_while_it_runs() {
    let home = Home::new();
    home.file("s.rhai", "sh(\"echo one; echo two >&2; sleep 60\", #{ name: \"build\" });\n");
    let Some(terminal) = Terminal::open(&home, 80, &["start", "s.rhai", "--id", "s"], &[]) else { return };
    terminal.until_it("its last line", |screen| {
        let line = screen.lines().find(|line| line.contains("sh build · "));
        line.is_some_and(|line| line.ends_with(" · one") || line.ends_with(" · two"))
    });
    interrupted(terminal);
}

#[test]
fn a_stop_that_is_not_over_at_once_says_what_ctrl_c_does_then() {
    let home = Home::new();
    home.file(
        "deaf.rhai",
        "sh(\"trap '' TERM; echo here >here; while :; do sleep 1; done\", #{ name: \"deaf\" });\n",
    );
    home.file("quick.rhai", "sh(\"echo here >there; sleep 60\");\n");
    let started = |script, file: &str| {
        let terminal = Terminal::open(&home, 80, &["start", script, "--id", script], &[])?;
        terminal.until_it(file, |_| home.path().join(file).exists());
        Some(terminal)
    };
    let Some(mut terminal) = started("deaf.rhai", "here") else { return };
    terminal.keys("\u{3}");
    terminal
        .until(&["stopping …: what is under way has ten seconds to end; Ctrl-C again kills it", "sh deaf"]);
    let ended = interrupted(terminal);
    assert!(ended.screen.contains("run deaf.rhai is parked, nothing is lost"), "{}", ended.screen);
    let Some(terminal) = started("quick.rhai", "there") else { return };
    let ended = interrupted(terminal);
    assert!(!ended.screen.contains("stopping"), "{}", ended.screen);
}

#[test]
fn a_terminal_that_cuts_lines_when_it_is_made_narrower_loses_none_that_stays() {
    let home = home();
    let Some(terminal) = started(&home, 200, &[("TERM", "linux")]) else { return };
    terminal.until(TREE);
    for columns in [80, 40] {
        terminal.resize(columns);
        // Drawn anew: the long line is cut to fit.
        let screen = terminal.until_it("a line with an ellipsis", |screen| {
            let fetch = screen.lines().find(|line| line.contains("fetch "));
            fetch.is_some_and(|line| columns == 80 || line.ends_with('…'))
        });
        assert_eq!(screen.matches("sleep ·").count(), 1, "{screen}");
        assert_eq!(screen.matches("✓ step").count(), 2, "{screen}");
    }
    terminal.resize(200);
    let screen = terminal.until(TREE);
    assert_eq!(screen.matches("sleep ·").count(), 1, "{screen}");
    interrupted(terminal);
}

#[test]
fn a_resumed_run_counts_down_to_the_next_attempt_of_what_has_failed_before() {
    let home = home();
    home.executed_until(
        &["start", "house.rhai", "--id", "house"],
        "house",
        &["\"next_try\":\"", "\"kind\":\"sleep\""],
    );
    let Some(terminal) = Terminal::open(&home, 200, &["resume", "house"], &[]) else { return };
    let screen = terminal.until(TREE);
    assert!(screen.contains("failed: exit code 1 · attempt 1 of 5"), "{screen}");
    interrupted(terminal);
}

#[test]
fn colours_are_as_wanted_and_a_dumb_terminal_or_a_log_of_ci_gets_plain_lines() {
    let home = home();
    let told = |number: usize, words: &[&str], env: &[(&str, &str)]| {
        let id = format!("run{number}");
        let words = [words, &["start", "house.rhai", "--id", &id]].concat();
        let terminal = Terminal::open(&home, 80, &words, env)?;
        terminal.until(&["✓ step compile"]);
        home.until(&id, &["\"next_try\":\"", "\"kind\":\"sleep\""]);
        Some(interrupted(terminal).bytes)
    };
    let green = "\u{1b}[32m✓\u{1b}[0m";
    for (number, (words, env, colored, moving)) in [
        (&[][..], &[][..], true, true),
        (&[], &[("NO_COLOR", "1")], false, true),
        (&["--color", "never"], &[], false, true),
        (&["--color", "auto"], &[("NO_COLOR", "1")], false, true),
        (&["--color", "always"], &[("NO_COLOR", "1")], true, true),
        (&[], &[("TERM", "dumb")], false, false),
        (&["--color", "always"], &[("TERM", "dumb")], true, false),
        (&[], &[("CI", "1")], true, false),
    ]
    .into_iter()
    .enumerate()
    {
        let Some(bytes) = told(number, words, env) else { return };
        assert_eq!(bytes.contains(green), colored, "{words:?} {env:?}: {bytes:?}");
        assert!(colored || !paints(&bytes), "{words:?} {env:?}: {bytes:?}");
        assert_eq!(moves(&bytes), moving, "{words:?} {env:?}: {bytes:?}");
    }
}

#[test]
fn a_status_that_is_watched_is_drawn_in_its_place_until_the_end() {
    let home = Home::new();
    home.file(
        "wait.rhai",
        "step(\"first\", || 1); wait_signal(\"go\"); step(\"last\", || 2); \"all is done\"\n",
    );
    home.while_executed(&["start", "wait.rhai", "--id", "one"], "one", &["\"kind\":\"wait_signal\""], |_| {
        let Some(terminal) = Terminal::open(&home, 80, &["status", "one", "--watch"], &[]) else { return };
        let screen = terminal.until(&["step first", "one  waiting", "durun signal one go"]);
        assert_eq!(screen.matches("one  waiting").count(), 1, "{screen}");
        home.durun(&["signal", "one", "go"]).check();
        let ended = terminal.end();
        assert_eq!(ended.status.code(), Some(0), "{}", ended.screen);
        for (text, count) in [
            ("one  waiting", 0),
            ("one  completed", 1),
            ("step first", 1),
            ("step last", 1),
            ("all is done", 2),
        ] {
            assert_eq!(ended.screen.matches(text).count(), count, "{text}:\n{}", ended.screen);
        }
        assert!(ended.shows_cursor);
    });
}

#[test]
fn the_steps_of_a_loop_are_told_apart_by_what_they_were_given() {
    let home = Home::new();
    home.file(
        "loop.rhai",
        "for host in [\"a\", \"b\"] { exec([\"echo\", `https://host/${host}/a/path/that/is/longer/than/most`]); }\n\
         exec([\"sh\", \"-c\", \"test $T\"], #{ env: #{ T: secret(\"TOKEN\") } });\n\
         step(\"last\", || 1);\n",
    );
    home.durun(&["start", "loop.rhai", "--id", "one"]).env("TOKEN", "sesame").both();
    for (columns, given) in
        [(80, "https://host/@/a/path/tha…"), (200, "https://host/@/a/path/that/is/longer/th…")]
    {
        let words = ["history", "one", "--no-pager"];
        let Some(terminal) = Terminal::open(&home, columns, &words, &[]) else { return };
        let ended = terminal.end();
        for host in ["a", "b"] {
            let line = format!("✓ exec echo {} · ", given.replace('@', host));
            assert_eq!(ended.screen.matches(&line).count(), 1, "{columns}: {line}\n{}", ended.screen);
        }
        assert!(ended.screen.contains("✓ exec sh -c 'test $T' · "), "{}", ended.screen);
        assert!(!ended.screen.contains("sesame"), "{}", ended.screen);
        // No line is broken into two.
        assert_eq!(ended.screen.lines().count(), 6, "{}", ended.screen);
        assert!(ended.screen.contains("→ {\"code\":0"), "what it gave is there still: {}", ended.screen);
    }
}

#[test]
fn a_history_is_read_in_the_pager_at_a_terminal_only_and_no_line_is_wider_than_that() {
    let home = Home::new();
    home.file(
        "long.rhai",
        "let y = \"\"; for i in 0..300 { y += \"y\"; }\nfor i in 0..40 { step(`number ${i}`, || y); }\n",
    );
    home.durun(&["start", "long.rhai", "--id", "one"]).check();
    let words = ["history", "one"];
    let plain = home.durun(&words).env("PAGER", "tr a-z A-Z").env("TERM", "xterm-256color").stdout();
    assert!(plain.contains("✓ step number 39"), "{plain}");
    let all = |env: &[(&str, &str)]| Some(Terminal::open(&home, 80, &words, env)?.end());
    let Some(paged) = all(&[("PAGER", "tr a-z A-Z")]) else { return };
    assert!(paged.bytes.contains("STEP NUMBER 39") && !paged.bytes.contains("step"), "{}", paged.bytes);
    for env in [("PAGER", "cat"), ("PAGER", ""), ("TERM", "dumb"), ("CI", "1")] {
        let told = all(&[env]).expect("a terminal");
        assert!(told.bytes.contains("step number 39"), "{env:?}: {}", told.bytes);
        assert_eq!(told.bytes.lines().count(), 42, "{env:?}: {}", told.bytes);
        // A line that is too wide takes two of the screen: then the first of the last 23 would be another.
        assert!(
            told.screen.starts_with("  18  ") || told.screen.starts_with("  19  "),
            "{env:?}:\n{}",
            told.screen
        );
    }
    let told = all(&[("PAGER", "nopager")]).expect("a terminal");
    let (complaint, story) = told.bytes.split_once('\n').expect("lines");
    assert!(complaint.contains("not found") && story.lines().count() == 42, "{}", told.bytes);
}
