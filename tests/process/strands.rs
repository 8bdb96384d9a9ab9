//! Strands and handles under kill -9: a race goes on with the same clock, `stop` cancels and joins, nothing recorded is repeated.

use crate::world::{World, finish, kill, quiet};
use std::collections::BTreeMap;

const RACE: &str = r#"
fn slow() { sh("echo $$ >>$LEDGER; exec sleep 600"); }
fn quick(n) { sh("echo quick $1 >>$LEDGER", [`${n}`]); n }
let work = start_activity("slow");
let limit = timer("1h");
let first = select([work, limit, start_wait_signal("word")]);
let second = select([work, timer("1s")]);
work.cancel();
let third = join_all([start_activity("quick", 3), timer("10ms")]);
[first.index, first.value, second.index, third[0], limit.done()]
"#;

fn attempts(world: &World) -> usize {
    world.lines("ledger").iter().filter(|line| line.parse::<u32>().is_ok()).count()
}

#[test]
fn a_race_that_is_killed_goes_on_with_the_same_clock_and_the_loser_is_ended() {
    let world = World::new();
    let script = world.write("s.rhai", RACE);
    let child = world.spawn(&["start", &script, "--id", "r", "--env", "LEDGER"]);
    world.until("the work", |world| (attempts(world) == 1).then_some(()));
    world.until_waits_for("r", "wait_signal");
    let due = |world: &World| -> Vec<String> {
        let waits = world.status("r")["waits_for"].as_array().cloned().unwrap_or_default();
        waits.iter().filter_map(|wait| wait["due"].as_str().map(str::to_owned)).collect()
    };
    let before = due(&world);
    assert_eq!(before.len(), 1, "the timer of an hour");
    assert!(kill(child), "nobody has won");
    assert_eq!(due(&world), before);
    // Said while nobody executes it; the timer of a second begins with it, and passes while the work goes on.
    world.good(&["signal", "r", "word", "\"now\""]);
    let child = world.spawn(&["resume", "r"]);
    world.until("the work again", |world| (attempts(world) >= 2).then_some(()));
    assert!(kill(child) || world.status("r")["status"] == "completed", "it races");
    let told = world.run(&["resume", "r"]);
    let told = if told.code == Some(0) { told } else { world.run(&["result", "r"]) };
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "[2,\"now\",1,3,false]"), "{told:?}");
    let lines = world.lines("ledger");
    assert_eq!(lines.iter().filter(|line| *line == "quick 3").count(), 1, "{lines:?}");
    for pid in lines.iter().filter(|line| line.parse::<u32>().is_ok()) {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(!stat.contains("(sleep) S"), "{pid} is left: {stat}");
    }
}

const STOP: &str = r#"
try {
    parallel(["a", "b", "c", "d"], |x| {
        try {
            sh("echo begin $1 >>$LEDGER", [x]);
            if x == "b" {
                sh("while [ ! -e $LEDGER.fail ]; do sleep 0.05; done");
                fail("b is broken");
            }
            sh("sleep 600");
        } catch (err) {
            sh("echo tidy $1 >>$LEDGER; while [ ! -e $LEDGER.$1 ]; do sleep 0.05; done; echo tidied $1 >>$LEDGER", [x]);
            throw err;
        }
    }, #{ max: 3 });
} catch (err) {
    sh("echo $1 >>$LEDGER", [`caught ${err.item}`]);
}
"#;

#[test]
fn stop_waits_for_the_clean_up_of_the_others_though_it_is_killed_in_the_middle() {
    let world = World::new();
    let script = world.write("s.rhai", STOP);
    let count = |world: &World, line: &str| world.lines("ledger").iter().filter(|l| *l == line).count();
    let child = world.spawn(&["start", &script, "--id", "r", "--env", "LEDGER"]);
    world.until("three have begun", |world| (world.completed("r").len() == 3).then_some(()));
    world.write("ledger.fail", "");
    world.write("ledger.b", "");
    world.until("they tidy up", |world| {
        (count(world, "tidy a") == 1 && count(world, "tidy c") == 1 && count(world, "tidied b") == 1)
            .then_some(())
    });
    assert!(kill(child), "two tidy up");
    let child = world.spawn(&["resume", "r"]);
    world.until("they tidy up again", |world| {
        (count(world, "tidy a") == 2 && count(world, "tidy c") == 2).then_some(())
    });
    world.write("ledger.c", "");
    world.until("one is done", |world| (count(world, "tidied c") == 1).then_some(()));
    assert_eq!(count(&world, "caught b"), 0, "not before all have ended");
    world.write("ledger.a", "");
    quiet(&finish(child));
    let lines = world.lines("ledger");
    assert_eq!(lines.last().map(String::as_str), Some("caught b"), "{lines:?}");
    assert_eq!(count(&world, "begin d"), 0, "nothing new is begun: {lines:?}");
    for line in ["begin a", "begin b", "begin c", "tidied a", "tidied b", "tidied c"] {
        let most = 1 + usize::from(line == "tidied b");
        assert!((1..=most).contains(&count(&world, line)), "{line}: {lines:?}");
    }
}

const STRANDS: &str = r#"
let all = [];
for name in ["x", "y", "z"] {
    all.push(strand(|| {
        let sum = 0;
        for n in 1..=8 {
            sh("echo $1 $2 >>$LEDGER; while [ $2 = 3 -o $2 = 6 ] && [ ! -e $LEDGER.$2 ]; do sleep 0.05; done", [name, `${n}`]);
            sum += n;
            sleep("5ms");
        }
        `${name}${sum}`
    }));
}
let told = parallel([1, 2, 3, 4, 5, 6], |n| {
    sh("echo $1 >>$LEDGER", [`item ${n}`]);
    if n % 3 == 0 { fail(`no ${n}`) }
    n * 10
}, #{ max: 2, on_error: "collect" });
#{ strands: join_all(all), values: told.values, failed: told.failed.map(|failed| failed.item) }
"#;

#[test]
fn strands_that_are_killed_again_and_again_repeat_only_what_was_under_way() {
    let world = World::new();
    let script = world.write("s.rhai", STRANDS);
    world.good(&["start", &script, "--id", "r", "--env", "LEDGER", "--record-only"]);
    let counted = |world: &World| {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for line in world.lines("ledger") {
            *counted.entry(line).or_default() += 1;
        }
        counted
    };
    // Twice where each strand is at its third step, twice at its sixth; the items are recorded by then.
    for (gate, recorded) in [("3", 12), ("6", 21)] {
        for times in 1..=2 {
            let child = world.spawn(&["resume", "r"]);
            world.until("all strands at the gate", |world| {
                let counted = counted(world);
                let here = |name: &str| counted.get(&format!("{name} {gate}")).is_some_and(|n| *n >= times);
                (["x", "y", "z"].into_iter().all(here) && world.completed("r").len() == recorded)
                    .then_some(())
            });
            assert!(kill(child), "it waits at the gate");
        }
        world.write(&format!("ledger.{gate}"), "");
    }
    let told = world.run(&["resume", "r"]);
    let expected = r#"{"failed":[3,6],"strands":["x36","y36","z36"],"values":[10,20,40,50]}"#;
    assert_eq!((told.code, told.out.trim_end()), (Some(0), expected), "{told:?}");
    let counted = counted(&world);
    assert_eq!(counted.len(), 30, "{counted:?}");
    for (line, times) in &counted {
        let expected = if line.ends_with(" 3") || line.ends_with(" 6") { 3 } else { 1 };
        let expected = if line.starts_with("item") { 1 } else { expected };
        assert_eq!(*times, expected, "{line}: {counted:?}");
    }
}
