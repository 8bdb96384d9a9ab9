//! Updates across processes: asked of a run that another executes, and through kill -9 at any moment.

use crate::world::{Chance, World, finish, kill};

const COUNTER: &str = r#"
let n = 0;
on_update("add", |by| {
    sh("echo \"$1\" >>\"$2\"; sleep 0.2", [`${by}`, input.journal], #{ key: `add-${by}` });
    n += by;
    sleep("50ms");
    n
}, #{ validate: |by| by > 0 });
wait_signal("done");
n
"#;

fn counter() -> (World, String) {
    let world = World::new();
    let script = world.write("s.rhai", COUNTER);
    let journal = format!("journal={}", world.path("journal").display());
    world.good(&["start", &script, "--id", "r", "-i", &journal, "--record-only"]);
    (world, journal)
}

#[test]
fn a_run_that_another_process_executes_answers_and_refuses() {
    let (world, _) = counter();
    let child = world.spawn(&["resume", "r"]);
    world.until_waits_for("r", "wait_signal");
    assert_eq!(world.quiet(&["update", "r", "add", "2"]), "2");
    let told = world.run(&["update", "r", "add", "0"]);
    assert_eq!(told.code, Some(7), "{told:?}");
    let both = [
        world.spawn(&["update", "r", "add", "3", "--key", "k"]),
        world.spawn(&["update", "r", "add", "3", "--key", "k"]),
    ];
    for asked in both {
        let told = finish(asked);
        assert_eq!((told.code, told.out.trim_end()), (Some(0), "5"), "{told:?}");
    }
    world.good(&["signal", "r", "done"]);
    let told = finish(child);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "5"), "{told:?}");
    assert_eq!(world.lines("journal"), ["2", "3"]);
}

#[test]
fn whoever_asks_and_is_killed_asks_again_under_the_same_key_and_it_was_done_once() {
    let (world, _) = counter();
    let mut chance = Chance::new(17);
    let (mut killed, mut sum) = (0, 0);
    for by in 1..=8_u64 {
        let ask = ["update", "r", "add", &by.to_string(), "--key", &format!("k{by}")].map(str::to_owned);
        let ask: Vec<&str> = ask.iter().map(String::as_str).collect();
        let child = world.spawn(&ask);
        // From the message to the answer, and a little beyond.
        durun::timer::Clock::pause(
            &durun::timer::SystemClock,
            std::time::Duration::from_millis(10 + chance.below(360)),
        );
        killed += u32::from(kill(child));
        let told = world.run(&ask);
        let told = if told.code == Some(0) { told } else { world.run(&ask) };
        sum += by;
        assert_eq!((told.code, told.out.trim_end()), (Some(0), sum.to_string().as_str()), "{told:?}");
        assert_eq!(world.quiet(&ask), sum.to_string(), "the same answer again");
    }
    assert!(killed >= 4, "{killed} were killed");
    world.good(&["signal", "r", "done"]);
    assert_eq!(world.quiet(&["resume", "r"]), sum.to_string());
    let history = world.history("r");
    let count = |kind: &str| history.iter().filter(|entry| entry["kind"] == kind).count();
    assert_eq!((count("UpdateAccepted"), count("UpdateCompleted")), (8, 8));
}
