//! Ruling 14 and chance: the same at each replay.

use super::story::{Story, Told};
use crate::history::{Fact, RunEnd, Value};
use crate::run::Charter;
use proptest::prelude::*;

fn ended(seed: u64) -> Value {
    let mut story = Story::of(
        "let a = [random(), random_int(1, 6), uuid(), now().unix_ms]; sleep(\"2s\"); [a, random_int(1, 1000000), now().unix_ms, run.started_at.unix_ms]",
    );
    story.tell(Fact::RunBegan { seed }).expect("begins");
    story.fires(0);
    assert_eq!(story.replayed(), Told::Same);
    match story.end() {
        Some(RunEnd::Completed { result }) => result.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn chance_and_time_come_from_the_history() {
    assert_eq!(ended(5), ended(5));
    assert_ne!(ended(5), ended(6));
}

#[test]
fn ruling_14_time_never_decreases_and_a_timer_is_due_by_the_runs_own_time() {
    let mut story = Story::of("let a = now(); sleep(0); let b = now(); sleep(0); [b >= a, now() >= b]");
    story.begin();
    // A clock that was set back does not set the run back.
    story.now -= 500_000;
    let fact = story_fires_at_once(&story, 0);
    story.tell(fact).expect("fires");
    let fact = story_fires_at_once(&story, 1);
    story.tell(fact).expect("fires");
    assert_eq!(story.end(), Some(&RunEnd::Completed { result: Value::List(vec![true.into(), true.into()]) }));
}

fn story_fires_at_once(story: &Story, op: u32) -> Fact {
    let label =
        crate::history::CommandLabel { kind: crate::history::CommandKind::Sleep, name: String::new() };
    Fact::of_timer(crate::history::OpId(op), &label, story.run().now())
}

const SCRIPTS: [&str; 4] = [
    "fn slow() { sleep(1); this.push(activity(\"m\")); } let l = []; let flag = false; on_query(\"q\", || l); on_signal(\"b\", |d| { flag = true; l.push(d); log(`b ${l}`); }); on_signal(\"a\", |d| { try { l.push(wait_until(|| flag && l.len() > 1, 9)); } catch (e) { sleep(1); log(`tidy ${e.kind}`); } }); try { for n in 0..4 { l.slow(); publish(\"l\", l); } } catch (e) { log(e.message); activity(\"tidy\"); sleep(9); throw e; } l",
    "let seen = []; on_query(\"q\", || seen); on_signal(\"a\", |d| { seen.push(activity(\"h\", d)); }); on_signal(\"b\", |d| { seen.push(d); }); for n in 0..6 { seen.push(activity(\"m\", n)); } seen",
    "let n = 0; on_signal(\"a\", |d| { n += 1; sleep(1); n += 1; }); let got = wait_until(|| n >= 3, \"20s\"); [got, n, wait_signal([\"b\", \"c\"], 5), random_int(0, 9)]",
    "let all = [1, 2, 3].map(|x| { on_signal(\"a\", |d| { step(\"s\", || d); }); activity(\"m\", x) }); sleep(3); try { activity(\"x\"); } catch (e) { all.push(e.message); } all",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn live_and_replayed_stand_alike_after_every_entry(which in 0..4_usize, choices in prop::collection::vec((0..24_u8, 0..8_usize), 0..24)) {
        let charter = Charter { id: "p".into(), generation: 0, input: Value::Null, timeout_ms: None, secret: [7; 16], ..Default::default() };
        let mut story = Story::with(SCRIPTS[which], charter);
        story.begin();
        for (what, place) in choices {
            if story.end().is_some() {
                break;
            }
            let open = story.open();
            match what {
                23 => story.cancel("chance"),
                0 | 6 | 12 if story.run().takes_signals() => story.signal("a", 1.into()),
                1 | 7 | 13 if story.run().takes_signals() => story.signal("b", 2.into()),
                _ => {
                    let Some(chosen) = open.get(place % open.len().max(1)) else { continue };
                    let op: u32 = chosen.split(' ').next().expect("an op").parse().expect("a number");
                    if chosen.contains("activity") || chosen.contains("step") {
                        if what % 6 == 5 {
                            story.fails(op, crate::history::Failure::new("activity", "no"));
                        } else {
                            story.completes(op, Value::Int(i64::from(op)));
                        }
                    } else if chosen.contains("sleep") || chosen.contains("wait") || chosen.contains("grace") {
                        story.fires(op);
                    }
                }
            }
        }
        prop_assert_eq!(story.replayed(), Told::Same);
    }
}
