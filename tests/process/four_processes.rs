//! Four processes with fifty runs each on one store, every second one killed and started again.

use crate::world::{Chance, World, finish, send};
use durun::timer::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::process::Child;
use std::time::Duration;

const SCRIPT: &str = r#"
for n in 0..3 {
    sh("echo \"begin $DURUN_RUN_ID $DURUN_OP $$\" >>\"$1\"; sleep 0.02; echo \"end $DURUN_RUN_ID $DURUN_OP $$\" >>\"$1\"", [input.out]);
    sleep(0.01);
}
"ok"
"#;

#[test]
fn all_runs_complete_and_none_is_executed_by_two_processes_at_once() {
    let mut chance = Chance::new(99);
    let world = World::new();
    let script = world.write("many.rhai", SCRIPT);
    let out = format!("out={}", world.path("out").display());
    let names: Vec<Vec<String>> =
        (0..4).map(|process| (0..50).map(|run| format!("p{process}-r{run}")).collect()).collect();
    for name in names.iter().flatten() {
        world.good(&["start", &script, "--id", name, "-i", &out, "--record-only"]);
    }
    let mut processes: Vec<Child> = names
        .iter()
        .map(|names| {
            let mut arguments = vec!["resume"];
            arguments.extend(names.iter().map(String::as_str));
            world.spawn(&arguments)
        })
        .collect();
    for _ in 0..12 {
        SystemClock.pause(Duration::from_millis(50 + chance.below(300)));
        let victim = usize::try_from(chance.below(2) * 2).expect("small");
        send(&processes[victim], rustix::process::Signal::KILL);
        let next = world.spawn(&["resume", "--all"]);
        drop(finish(std::mem::replace(&mut processes[victim], next)));
    }
    for (number, process) in processes.into_iter().enumerate() {
        let told = finish(process);
        // The second and fourth were never killed: nothing may show on their screens but what was said on purpose.
        assert!(number % 2 == 0 || !told.err.contains("error"), "process {number}: {told:?}");
    }
    drop(world.run(&["resume", "--all"]));
    let list: serde_json::Value =
        serde_json::from_str(&world.good(&["list", "-a", "-o", "json"])).expect("JSON");
    let runs = list.as_array().cloned().unwrap_or_else(|| list["runs"].as_array().cloned().expect("runs"));
    assert_eq!(runs.len(), 200);
    assert!(runs.iter().all(|run| run["status"] == "completed"), "{list}");
    no_step_overlaps(&world);
}

/// Two processes on one step would show as a beginning between the beginning and end of another.
fn no_step_overlaps(world: &World) {
    let mut steps: BTreeMap<(String, String), Vec<(String, String)>> = BTreeMap::new();
    for line in world.lines("out") {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, run, op, pid] = words.as_slice() else { panic!("{line}") };
        steps
            .entry(((*run).to_owned(), (*op).to_owned()))
            .or_default()
            .push(((*what).to_owned(), (*pid).to_owned()));
    }
    assert_eq!(steps.len(), 600);
    for (step, events) in steps {
        for (place, (what, pid)) in events.iter().enumerate() {
            if what == "end" {
                let before = place.checked_sub(1).map(|before| &events[before]);
                assert_eq!(before, Some(&("begin".to_owned(), pid.clone())), "{step:?}: {events:?}");
            }
        }
    }
}
