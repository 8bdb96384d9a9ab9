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
