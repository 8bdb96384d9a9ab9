//! Clean-up under kill -9: what is shielded goes through to its end, whoever asks and whoever is killed meanwhile.

use crate::world::{World, finish, kill};

const SCRIPT: &str = r#"
try {
    sh("echo begin >>$LEDGER; sleep 600");
} catch (err) {
    shielded(|| {
        sh("echo one >>$LEDGER");
        sh("echo two >>$LEDGER; while [ ! -e $LEDGER.go ]; do sleep 0.05; done; echo two done >>$LEDGER");
        parallel([1, 2], |n| sh(`echo three >>$LEDGER`));
    });
    sh("echo not shielded >>$LEDGER");
    throw err;
}
"#;

#[test]
fn a_shielded_clean_up_outlives_a_kill_and_two_more_cancels() {
    let world = World::new();
    let script = world.write("s.rhai", SCRIPT);
    let until = |line: &str, times: usize| {
        world.until(line, |world| {
            (world.lines("ledger").iter().filter(|other| *other == line).count() >= times).then_some(())
        });
    };
    let child = world.spawn(&["start", &script, "--id", "r", "--env", "LEDGER"]);
    until("begin", 1);
    world.good(&["cancel", "r"]);
    until("two", 1);
    world.good(&["cancel", "r", "--reason", "really"]);
    assert!(kill(child), "its clean-up waits");
    let child = world.spawn(&["resume", "r"]);
    until("two", 2);
    world.good(&["cancel", "r", "--reason", "at once"]);
    world.write("ledger.go", "");
    let told = finish(child);
    assert_eq!(told.code, Some(5), "{told:?}");
    assert_eq!(world.lines("ledger"), ["begin", "one", "two", "two", "two done", "three", "three"]);
    assert_eq!(world.status("r")["status"], "cancelled");
}

const LAST_WORD: &str = r#"
on_failure(|err| {
    sh("echo one >>$LEDGER");
    sh("echo two >>$LEDGER; while [ ! -e $LEDGER.go ]; do sleep 0.05; done; echo two done >>$LEDGER");
    sh("cat >>$LEDGER.report", [], #{ stdin: err.report });
});
on_undo(|| sh("echo back >>$LEDGER"));
sh("echo work >>$LEDGER");
fail("no more");
"#;

#[test]
fn the_last_word_is_spoken_once_after_the_undos_though_it_is_killed_in_the_middle() {
    let world = World::new();
    let script = world.write("s.rhai", LAST_WORD);
    let until_two = |times: usize| {
        world.until("two", |world| {
            (world.lines("ledger").iter().filter(|line| *line == "two").count() >= times).then_some(())
        });
    };
    let mut child = world.spawn(&["start", &script, "--id", "r", "--env", "LEDGER"]);
    for times in 1..=2 {
        until_two(times);
        assert!(kill(child), "its last word waits");
        child = world.spawn(&["resume", "r"]);
    }
    until_two(3);
    world.write("ledger.go", "");
    let told = finish(child);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("no more"), "{told:?}");
    assert_eq!(world.lines("ledger"), ["work", "back", "one", "two", "two", "two", "two done"]);
    let report = world.lines("ledger.report").join("\n");
    assert_eq!(report.matches("run r failed: no more").count(), 1, "{report}");
    assert!(report.contains("s.rhai:9"), "{report}");
}

/// A program that takes half a second to end when it is told to, and writes a line when it begins and when it is over.
const SLOW: &str = r#"trap 'sleep 0.5; echo "$1 over" >>LOG; exit 1' TERM; echo "$1 on" >>LOG; while :; do sleep 0.05; done"#;

/// What was written, once there are so many lines.
fn written(world: &World, lines: usize) -> Vec<String> {
    world.until("the lines", |world| Some(world.lines("log")).filter(|log| log.len() >= lines))
}

fn slow(world: &World) -> String {
    format!("{:?}", SLOW.replace("LOG", &world.path("log").display().to_string()))
}

#[test]
fn what_was_cut_off_is_over_before_anything_else_of_the_run_begins() {
    let world = World::new();
    let after = format!("sh({:?})", format!("echo after >>{}", world.path("log").display()));
    let text = format!(
        "try {{ parallel([1, 2], |i| {{ if i == 2 {{ sh(\"until grep -q on {log} 2>&1; do sleep 0.01; done; exit 64\"); }} \
         sh({slow}, [i]); }}); }} catch {{ {after}; }}",
        log = world.path("log").display(),
        slow = slow(&world),
    );
    let script = world.write("stop.rhai", &text);
    world.good(&["start", &script, "--id", "stop"]);
    assert_eq!(world.lines("log"), ["1 on", "1 over", "after"]);
}

#[test]
fn a_run_has_not_ended_and_its_lock_is_not_free_before_its_programs_are_over() {
    let world = World::new();
    let text = format!("with_lock(\"disk\", || sh({}, [run.id]));", slow(&world));
    let script = world.write("lock.rhai", &text);
    let first = world.spawn(&["start", &script, "--id", "a"]);
    written(&world, 1);
    let second = world.spawn(&["start", &script, "--id", "b"]);
    world.until_waits_for("b", "with_lock");
    world.good(&["cancel", "a"]);
    assert_eq!(written(&world, 3)[..3], ["a on", "a over", "b on"]);
    assert_eq!(finish(first).code, Some(5));
    // The same where a newer run takes its place.
    let third = world.spawn(&["start", &script, "--id", "c", "--overlap", "cancel"]);
    assert_eq!(written(&world, 5)[3..5], ["b over", "c on"]);
    assert_eq!(finish(second).code, Some(5));
    world.good(&["cancel", "c"]);
    assert_eq!(finish(third).code, Some(5));
    assert_eq!(world.lines("log").last().map(String::as_str), Some("c over"));
}
