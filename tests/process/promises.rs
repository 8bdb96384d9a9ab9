//! What is promised of effects, under kill -9: at most once, deadlines, shared results.

use crate::world::{Chance, World, finish, kill};
use std::time::Duration;

/// A pause of the test itself.
fn pause(ms: u64) {
    durun::timer::Clock::pause(&durun::timer::SystemClock, Duration::from_millis(ms));
}

#[test]
fn a_migration_killed_in_its_window_happens_at_most_once_and_its_probe_finds_it() {
    let mut chance = Chance::new(41);
    let (mut killed, mut probed) = (0, 0);
    for round in 0..12 {
        let world = World::new();
        let journal = world.write("journal", "");
        let script = World::sample("migrate.rhai");
        let arguments = [
            "start",
            &script,
            "--id",
            "m",
            "-i",
            &format!("journal={journal}"),
            "-i",
            "to=7",
            "-i",
            "pause=0.3",
        ];
        let child = world.spawn(&arguments);
        if round % 3 == 0 {
            // In the window for sure: it is done, and durun has not heard of it.
            world.until("the migration", |world| (world.lines("journal").len() == 1).then_some(()));
        } else {
            // Round by round over the whole life of the run.
            pause(60 + chance.below(440));
        }
        killed += u32::from(kill(child));
        pause(if round % 2 == 0 { 0 } else { 350 });
        let told = world.run(&["resume", "m"]);
        let told = if told.code == Some(0) { told } else { world.run(&arguments) };
        assert_eq!((told.code, told.out.trim_end()), (Some(0), "7"), "{told:?}");
        assert_eq!(world.lines("journal").len(), 1, "once and only once: {:?}", world.lines("journal"));
        let done = &world.completed("m")[1];
        probed += u32::from(done["result"].get("code").is_none());
    }
    assert!(killed >= 6 && probed >= 1, "{killed} killed, {probed} decided by the probe");
}

#[test]
fn without_a_probe_a_kill_in_the_window_is_told_and_nothing_is_done_again() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"
        let told = attempt(|| sh("echo done >>\"$1\"; sleep 60", [input.ledger], #{ at_most_once: true }));
        told.error.kind
        "#,
    );
    let ledger = format!("ledger={}", world.path("ledger").display());
    let child = world.spawn(&["start", &script, "--id", "r", "-i", &ledger]);
    world.until("the effect", |world| (world.lines("ledger").len() == 1).then_some(()));
    assert_eq!(world.status("r")["waits_for"][0]["begun"], true);
    assert!(kill(child));
    assert_eq!(world.quiet(&["resume", "r"]), "unknown_outcome");
    assert_eq!(world.lines("ledger").len(), 1);
}

#[test]
fn a_deadline_and_the_count_of_failures_survive_kills() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"exec(["false"], #{ deadline: "4s", retry: #{ first: "300ms", factor: 1, jitter: 0, attempts: 1000 } })"#,
    );
    let child = world.spawn(&["start", &script, "--id", "r"]);
    let failures = |world: &World| world.status("r")["waits_for"][0]["attempt"].as_u64();
    world.until("two failures", |world| failures(world).filter(|attempt| *attempt > 2));
    let deadline = world.status("r")["waits_for"][0]["deadline"].clone();
    assert!(kill(child));
    let before = failures(&world).expect("waits");
    let child = world.spawn(&["resume", "r"]);
    world.until("another failure", |world| failures(world).filter(|attempt| *attempt > before));
    assert_eq!(world.status("r")["waits_for"][0]["deadline"], deadline);
    let told = finish(child);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("by its deadline"), "{}", told.err);
}

#[test]
fn who_waits_for_a_slot_says_so() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"on_signal("go", |_d| sh("sleep 60", [], #{ max_concurrent: 1 })); sh("sleep 60", [], #{ max_concurrent: 1 });"#,
    );
    let child = world.spawn(&["start", &script, "--id", "r"]);
    world.until_waits_for("r", "sh");
    world.good(&["signal", "r", "go"]);
    let says = world.until("a wait for a slot", |world| {
        let status = world.status("r");
        let waits = status["waits_for"].as_array()?.clone();
        waits.iter().find_map(|wait| wait["waits_for"].as_str().map(str::to_owned))
    });
    assert_eq!(says, "a slot: 1 of 1 \"sleep 60\" are under way");
    assert!(world.good(&["status", "r"]).contains("waits for a slot: 1 of 1"));
    assert!(kill(child));
}

#[test]
fn a_long_struggle_is_one_line_on_stderr_for_cron_to_mail_and_not_told_again() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"sh("test -e \"$1\" || { echo the disk is missing >&2; exit 1; }", [input.file],
            #{ warn_after: "400ms", retry: #{ first: "100ms", factor: 1, jitter: 0, attempts: 100000 } });"#,
    );
    let file = format!("file={}", world.path("mounted").display());
    let child = world.spawn(&["start", &script, "--id", "r", "-i", &file]);
    let failures = |world: &World| world.status("r")["waits_for"][0]["attempt"].as_u64();
    world.until("many failures", |world| failures(world).filter(|attempt| *attempt > 9));
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid"),
        rustix::process::Signal::TERM,
    )
    .expect("it lives");
    let told = finish(child);
    let lines: Vec<&str> = told.err.lines().filter(|line| line.starts_with("! run r: sh")).collect();
    let [line] = lines.as_slice() else { panic!("{told:?}") };
    assert!(line.contains("has been failing for") && line.contains("the disk is missing"), "{line}");
    assert!(line.ends_with("/store status r"), "{line}");

    let child = world.spawn(&["resume", "r"]);
    let before = failures(&world).expect("waits");
    world.until("more failures", |world| failures(world).filter(|attempt| *attempt > before + 2));
    world.write("mounted", "");
    let told = finish(child);
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{told:?}");
}

#[test]
fn one_program_without_a_script_goes_on_after_a_kill_with_its_key() {
    let world = World::new();
    let program = "echo $DURUN_IDEMPOTENCY_KEY $DURUN_ATTEMPT >>\"$LEDGER\"; test -e \"$LEDGER.go\" || sleep 600; echo done; exit 3";
    let words = ["exec", "--id", "r", "--env", "LEDGER", "--", "sh", "-c", program];
    let child = world.spawn(&words);
    world.until("the program", |world| (world.lines("ledger").len() == 1).then_some(()));
    assert!(kill(child));
    world.write("ledger.go", "");
    let told = world.run(&words);
    assert_eq!(told.code, Some(3), "{told:?}");
    let lines = world.lines("ledger");
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], lines[1], "the same key, and an attempt that a kill cut off is no failure");
    assert_eq!(world.run(&words).code, Some(3), "repeated, it reports how it ended");
    assert_eq!(world.lines("ledger").len(), 2);
}
