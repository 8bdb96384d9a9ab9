//! The samples, run as a person does.

use crate::world::{World, begin, finish, kill, quiet};

#[test]
fn the_tour_shows_activities_a_retry_a_sleep_a_handler_and_a_result() {
    let world = World::new();
    let child = world.spawn(&["start", &World::sample("tour.rhai"), "--id", "tour"]);
    world.until_waits_for("tour", "sleep");
    world.good(&["signal", "tour", "hello", "\"Ada\""]);
    assert_eq!(world.good(&["query", "tour", "greeted"]), "[\"Ada\"]");
    let told = finish(child);
    assert_eq!(told.out.trim_end(), r#"{"greeted":["Ada"],"letters":20,"service":"up"}"#, "{told:?}");
    assert!(world.good(&["logs", "tour"]).contains("hello, Ada"));
}

#[test]
fn the_backup_waits_for_its_disk_through_a_kill_and_repeats_nothing() {
    let world = World::new();
    for folder in ["disk", "tmp"] {
        std::fs::create_dir(world.path(folder)).expect("a directory");
    }
    let source = format!("source={}", world.write("source", "precious"));
    let target = format!("target={}", world.path("disk").display());
    let script = World::sample("backup.rhai");
    let start = ["start", &script, "--id", "backup", "--env", "TMPDIR"];
    let input = ["-i", &source, "-i", &target, "-i", "first=100ms"];
    let child = begin(world.command(&[&start[..], &input].concat()).env("TMPDIR", world.path("tmp")));
    until_tried(&world, 2);
    let recorded = world.history("backup");
    assert!(kill(child), "it waits for its disk");
    let child = world.spawn(&["resume", "backup"]);
    until_tried(&world, 3);
    let folders = || std::fs::read_dir(world.path("tmp")).expect("is there").count();
    assert_eq!(folders(), 1, "one working directory: the first step is not repeated");
    world.write("disk/mounted", "");
    quiet(&finish(child));

    assert!(world.path("disk/backup.tar.gz").exists());
    assert_eq!(folders(), 0, "the last step has removed it");
    assert_eq!(world.history("backup")[..recorded.len()], recorded[..], "what was recorded stays");
    let attempts: Vec<u64> =
        world.completed("backup").iter().map(|entry| entry["attempts"].as_u64().expect("a number")).collect();
    assert_eq!((attempts.len(), &attempts[..4], attempts[5]), (6, &[1; 4][..], 1));
    assert!(attempts[4] >= 3, "failures before the kill count: {attempts:?}");
}

/// Waits until the copy has failed so often, for the reason that it should.
fn until_tried(world: &World, failures: u64) {
    world.until(&format!("{failures} failures"), |world| {
        let wait = world.status("backup")["waits_for"][0].clone();
        let told = wait["op"] == 4 && wait["last_error"].to_string().contains("is not mounted");
        (told && wait["attempt"].as_u64()? > failures).then_some(())
    });
}

#[test]
fn an_approval_that_nobody_gives_fails() {
    let world = World::new();
    let script = World::sample("approval.rhai");
    let told = world.run(&["start", &script, "--id", "ok", "-i", "day=50ms", "-i", "reminders:=2"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let title = "error[D0101]: run ok failed: nobody decided after 2 reminders: May we go on?\n";
    assert!(told.err.starts_with(title), "{}", told.err);
    assert_eq!(world.completed("ok").len(), 2, "two reminders");
}

#[test]
fn the_approval_reminds_and_takes_the_decision() {
    let world = World::new();
    let arguments =
        ["start", &World::sample("approval.rhai"), "--id", "ok", "-i", "day=200ms", "-i", "reminders:=1000"];
    let child = world.spawn(&arguments);
    world.until("a reminder", |world| world.run(&["logs", "ok"]).out.contains("reminder 2").then_some(()));
    world.good(&["signal", "ok", "decision", r#"{"ok": true, "by": "Ada"}"#]);
    let told = finish(child);
    assert_eq!(told.out.trim_end(), r#"{"by":"Ada","ok":true}"#, "{told:?}");
}

#[test]
fn the_release_waits_for_a_go() {
    let world = World::new();
    let child = world.spawn(&["start", &World::sample("release.rhai"), "--id", "rel", "-i", "version=7"]);
    world.until_waits_for("rel", "wait_signal");
    assert_eq!(world.good(&["query", "rel", "state"]), "waiting for a go");
    world.good(&["signal", "rel", "go"]);
    world.until_waits_for("rel", "sleep");
    world.good(&["terminate", "rel"]);
    assert_eq!(finish(child).code, Some(5));
}
