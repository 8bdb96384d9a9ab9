//! The deploy: two hosts at a time, rolled back when one stays sick or somebody says back, killed in the middle of the way back.

use crate::world::{World, finish, kill};

/// What each host runs.
fn versions(world: &World) -> Vec<String> {
    (0..12).map(|n| world.lines(&format!("web{n}")).join(",")).collect()
}

fn begun(world: &World, id: &str, patience: &str) -> std::process::Child {
    for n in 0..12 {
        world.write(&format!("web{n}"), "6\n");
    }
    let state = format!("state={}", world.path("").display());
    let patience = format!("patience={patience}");
    let script = World::sample("deploy.rhai");
    world.spawn(&["start", &script, "--id", id, "-i", "version=7", "-i", &state, "-i", &patience])
}

#[test]
fn a_deploy_that_is_kept_reaches_every_host() {
    let world = World::new();
    let child = begun(&world, "deploy", "1 min");
    world.until_waits_for("deploy", "ask");
    assert_eq!(versions(&world), ["7"; 12]);
    world.good(&["answer", "deploy", "keep"]);
    let told = finish(child);
    assert_eq!(told.out.trim_end(), r#"{"hosts":12,"version":"7"}"#, "{told:?}");
}

#[test]
fn somebody_says_back_and_every_host_has_what_it_had_though_it_is_killed_on_the_way() {
    let world = World::new();
    let child = begun(&world, "deploy", "1 min");
    world.until_waits_for("deploy", "ask");
    world.good(&["answer", "deploy", "back"]);
    let old = |world: &World| versions(world).iter().filter(|version| *version == "6").count();
    world.until("some have gone back", |world| (old(world) > 3).then_some(()));
    kill(child);
    let next = World::sample("deploy.rhai");
    let told = world.run(&["resume", "deploy"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("version 7 was not kept"), "{told:?}");
    assert_eq!(versions(&world), ["6"; 12]);
    // The lock is free again.
    let state = format!("state={}", world.path("").display());
    let child = world.spawn(&["start", &next, "--id", "next", "-i", "version=8", "-i", &state]);
    world.until_waits_for("next", "ask");
    world.good(&["terminate", "next"]);
    finish(child);
}

#[test]
fn one_sick_host_takes_back_those_that_were_touched_and_no_others() {
    let world = World::new();
    // Two at a time: both strands wait for a sick one, and nobody goes on to the others meanwhile.
    world.write("web4.sick", "");
    world.write("web5.sick", "");
    let told = finish(begun(&world, "deploy", "300 ms"));
    assert_eq!(told.code, Some(1), "{told:?}");
    assert_eq!(versions(&world), ["6"; 12]);
    let shipped = world.lines("ledger");
    let touched: Vec<&String> = shipped.iter().filter(|line| line.ends_with(" 7")).collect();
    let back = shipped.iter().filter(|line| line.ends_with(" 6")).count();
    assert_eq!(back, touched.len(), "{shipped:?}");
    assert!(touched.len() < 12, "it stopped at the sick one: {shipped:?}");
}
