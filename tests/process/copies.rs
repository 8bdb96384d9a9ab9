//! `copy.rhai`: a heartbeat is a cursor that survives kill -9.

use crate::world::{World, begin, finish, kill};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const FILES: usize = 40;

/// `cp` takes its time, and writes down what it copies.
fn with_slow_copies(world: &World, command: &mut Command) {
    let tools = world.path("tools");
    std::fs::create_dir_all(&tools).expect("a folder");
    let journal = world.path("journal");
    let text = format!(
        "#!/bin/sh\nfor name; do [ \"$name\" = -- ] || [ \"$name\" = -Rp ] || break; done\necho \"$3\" >>{}\nsleep 0.03\nexec /bin/cp \"$@\"\n",
        journal.display()
    );
    std::fs::write(tools.join("cp"), text).expect("a tool");
    std::fs::set_permissions(tools.join("cp"), PermissionsExt::from_mode(0o755)).expect("rights");
    command.env("PATH", format!("{}:/usr/bin:/bin", tools.display()));
}

#[test]
fn a_copy_that_is_killed_goes_on_at_the_file_where_it_was() {
    let world = World::new();
    let from = world.path("from");
    std::fs::create_dir(&from).expect("a folder");
    for file in 0..FILES {
        std::fs::write(from.join(format!("file {file:03}")), format!("content {file}")).expect("a file");
    }
    let script = World::sample("copy.rhai");
    let (from_word, to_word) =
        (format!("from={}", from.display()), format!("to={}", world.path("to").display()));
    let mut command = world.command(&["start", &script, "--id", "copy", "-i", &from_word, "-i", &to_word]);
    with_slow_copies(&world, &mut command);
    let mut child = begin(&mut command);
    let mut kills = 0;
    for least in [8, 16, 24] {
        world.until("some are copied", |world| (world.lines("journal").len() >= least).then_some(()));
        kills += usize::from(kill(child));
        child = world.spawn(&["resume", "copy"]);
    }
    let told = finish(child);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), &*format!("{{\"files\":{FILES}}}")), "{told:?}");
    assert_eq!(kills, 3);
    for file in 0..FILES {
        let copy = std::fs::read_to_string(world.path("to").join(format!("file {file:03}"))).expect("a copy");
        assert_eq!(copy, format!("content {file}"));
    }
    assert_eq!(std::fs::read_dir(world.path("to")).expect("a folder").count(), FILES, "nothing half made");
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for name in world.lines("journal") {
        *times.entry(name).or_default() += 1;
    }
    assert_eq!(times.len(), FILES);
    let again: usize = times.values().map(|count| count - 1).sum();
    // Those whose heartbeat was not on disk yet: 50 ms and what the machine takes for it. Whoever began at the first
    // file again after each kill would copy 48 a second time.
    assert!(again <= kills * 10, "{again} were copied again: {times:?}");
    assert!(world.good(&["logs", "copy"]).contains("goes on after file 0"));
}
