//! Endless runs, really: killed around the ends of their generations, again and again.

use crate::world::{Chance, World, finish, kill, quiet};
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

/// Each generation does one thing, and hands on what it has heard.
const SCRIPT: &str = r#"
let n = input.n ?? 0;
let heard = input.heard ?? [];
let file = input.file;
exec(["sh", "-c", "echo \"$DURUN_IDEMPOTENCY_KEY $2\" >>\"$1\"; sleep 0.03", "-", file, n]);
let word = wait_signal("word", "0ms");
if word != () { heard.push(word); }
if n < 60 { restart_with(#{ n: n + 1, heard: heard, file: file }); }
heard
"#;

#[test]
fn kills_around_the_ends_of_generations_lose_no_mail_and_repeat_nothing_recorded() {
    let world = World::new();
    let script = world.write("endless.rhai", SCRIPT);
    let file = format!("file={}", world.path("done").display());
    world.good(&["start", &script, "--id", "endless", "-i", &file, "--record-only"]);
    let mut chance = Chance::new(20_261_123);
    let (mut kills, mut sent) = (0, Vec::new());
    let end = loop {
        let word = format!("\"{kills}\"");
        // A key is remembered over all generations: sent twice, it is heard once.
        if kills < 20 {
            sent.push(kills.to_string());
            for _ in 0..2 {
                world.good(&["signal", "endless", "word", &word, "--key", &word]);
            }
        }
        let process = world.spawn(&["resume", "endless"]);
        if kills >= 30 {
            break finish(process);
        }
        SystemClock.pause(Duration::from_micros(20_000 + chance.below(80_000)));
        if !kill(process) {
            break world.run(&["resume", "endless", "--quiet"]);
        }
        kills += 1;
    };
    let heard: Vec<String> = serde_json::from_str(&quiet(&end)).expect("JSON");
    assert_eq!(heard.iter().filter(|word| sent.contains(word)).count(), heard.len(), "{heard:?}");
    assert!(heard.len() + 1 >= sent.len(), "{heard:?} of {sent:?}");
    assert_eq!(heard, sent.get(..heard.len()).expect("no more than were sent"), "in order, each once");
    assert!(kills >= 5, "only {kills} kills");
    let status = world.status("endless");
    assert_eq!((status["generation"].as_u64(), status["entries"].as_u64()), (Some(60), Some(4)));
    // What was recorded ran once; what was running at a kill may have run again, under its own key.
    let lines = world.lines("done");
    let mut keys: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 61, "each generation has done its work under a key of its own");
    assert!(all <= keys.len() + kills, "{all} times");
    assert_eq!(world.run(&["history", "endless", "--generation", "59"]).code, Some(0));
    assert_eq!(world.run(&["history", "endless", "--generation", "58"]).code, Some(4));
}

#[test]
fn the_subscription_bills_each_period_once_through_kills() {
    let world = World::new();
    let script = World::sample("subscription.rhai");
    let start =
        ["start", &script, "--id", "ada", "-i", "customer=Ada", "-i", "cents:=900", "-i", "every=150ms"];
    let arguments = [&start[..], &["-i", "months:=6", "--env", "LEDGER"]].concat();
    let mut process = world.spawn(&arguments);
    for count in 1..4 {
        world.until("another bill", |world| (world.lines("ledger").len() > count).then_some(()));
        assert!(kill(process), "it is not over yet");
        if count == 2 {
            world.good(&["signal", "ada", "change", r#"{"cents": 1200}"#]);
        }
        process = world.spawn(&["resume", "ada"]);
    }
    let told = quiet(&finish(process));
    assert_eq!(told, r#"{"billed":6,"customer":"Ada"}"#);
    let keys: std::collections::BTreeSet<String> = world.lines("ledger").into_iter().collect();
    assert_eq!(keys.len(), 6, "{keys:?}");
    let billed = world.run(&["history", "ada", "--generation", "5", "-o", "jsonl"]).out;
    assert!(billed.contains(r#""amount":1200"#), "{billed}");
    // Started again with what it was started with first, it is that run.
    assert_eq!(world.run(&arguments).out.trim_end(), told);
}

#[test]
fn the_poller_tells_each_change_over_many_generations() {
    let world = World::new();
    let file = format!("file={}", world.write("watched", "0"));
    let script = World::sample("poller.rhai");
    let start = ["start", &script, "--id", "poll", "-i", &file, "-i", "every=10ms", "-i", "looks:=3"];
    let process = world.spawn(&[&start[..], &["-i", "enough:=3"]].concat());
    for number in 1..=3 {
        let before = world.status("poll")["generation"].as_u64().unwrap_or(0);
        world.until("another generation", |world| {
            (world.status("poll")["generation"].as_u64()? > before + 1).then_some(())
        });
        // In one move: a file that is read while it is written would be a change more.
        let next = world.write("next", &number.to_string());
        std::fs::rename(next, world.path("watched")).expect("is put in its place");
    }
    assert_eq!(quiet(&finish(process)), "3");
}
