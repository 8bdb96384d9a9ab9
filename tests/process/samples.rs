//! The samples, run as a person does.

use crate::world::{World, finish};

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
fn the_backup_waits_for_its_disk_and_repeats_nothing() {
    let world = World::new();
    let source = world.write("source", "data");
    std::fs::create_dir(world.path("disk")).expect("a directory");
    let (source, target) = (format!("source={source}"), format!("target={}", world.path("disk").display()));
    let arguments = [
        "start",
        &World::sample("backup.rhai"),
        "--id",
        "backup",
        "-i",
        &source,
        "-i",
        &target,
        "-i",
        "first=100ms",
    ];
    let child = world.spawn(&arguments);
    world.until("an attempt has failed", |world| {
        let status = world.status("backup");
        let wait = status["waits_for"].as_array()?.first()?.clone();
        (wait["attempt"].as_u64()? >= 2).then_some(())
    });
    world.write("disk/mounted", "");
    let told = finish(child);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(world.path("disk/backup.tar.gz").exists());
    let history = world.history("backup");
    let steps: Vec<u64> = history
        .iter()
        .filter(|entry| entry["command"] == "sh")
        .filter_map(|entry| entry["attempts"].as_u64())
        .collect();
    assert_eq!(steps.len(), 6);
    assert!(steps[..4].iter().all(|attempts| *attempts == 1) && steps[4] >= 2, "{steps:?}");
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
