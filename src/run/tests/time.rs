//! Ruling 14: time and chance come from the history alone.

use super::story::{Story, Told};
use crate::history::{Entry, Fact, Moment, Value};
use crate::run::{Replayed, Run, Work, replay};

const CHANCE: &str = r#"
    on_signal("s", |_d| log(`handler ${random()}`));
    let a = [random(), random_int(1, 1000000), uuid()];
    sleep(1);
    log(`main ${random()} ${uuid()}`);
    sleep(1);
    a
"#;

fn told(seed: u64) -> (Vec<String>, Value) {
    let mut story = Story::of(CHANCE);
    story.tell(Fact::RunBegan { seed }).expect("begins");
    story.sends("s", 1);
    story.fires(0);
    story.fires(1);
    assert_eq!(story.replayed(), Told::Same);
    (story.logs.clone(), story.result().clone())
}

#[test]
fn ruling_14_chance_is_the_same_at_replay_and_another_by_seed() {
    assert_eq!(told(7), told(7));
    assert_ne!(told(7), told(8));
    assert_ne!(told(7).1, told(8).1);
}

#[test]
fn ruling_14_chance_is_not_repeated_within_a_run() {
    let mut story = Story::of("[random() == random(), uuid() == uuid(), uuid().len()]");
    story.begin();
    assert_eq!(*story.result(), Value::List(vec![Value::Bool(false), Value::Bool(false), Value::Int(36)]));
}

#[test]
fn ruling_14_now_is_the_time_of_the_entry_last_delivered_and_equal_at_replay() {
    let mut story = Story::of(
        "let a = now(); sleep(60); let b = now(); log(`${a} ${b}`); [b - a, now() == b, a == run.started_at]",
    );
    story.begin();
    story.fires(0);
    let seconds = &story.result().to_string();
    assert!(seconds.contains("true, true") || seconds.contains("true,true"), "{seconds}");
    assert_eq!(story.replayed(), Told::Same);
    assert_eq!(story.run().now(), Moment(story.now));
    assert_eq!(story.run().started_at(), story.entries()[0].at);
}

#[test]
fn ruling_14_time_never_decreases() {
    let mut story = Story::of(
        "let last = now(); on_signal(\"s\", |_d| { log(`${now() >= last}`); last = now(); sleep(60); }); sleep(999); ",
    );
    story.begin();
    let began = story.run().now();
    for offset in [0, 500, -5_000, 700, -9_000_000, 600] {
        story.now = began.0 + offset - 1_000;
        story.sends("s", 1);
        assert!(story.run().now() >= began);
    }
    assert_eq!(story.logs, ["true"; 6]);
    assert_eq!(story.run().now(), Moment(began.0 + 700));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_14_due_is_now_plus_the_duration_so_a_lost_row_is_recomputed_exactly() {
    let story = Story::of("sleep(\"1h 30m\");");
    let due = |at: i64| {
        let mut run = Run::new(&story.interpreter, story.script.clone(), story.charter.clone());
        let mut state = Replayed::default();
        let entry = Entry { at: Moment(at), fact: Fact::RunBegan { seed: 1 } };
        replay(&mut run, &mut state, &[entry], |_, _| ()).expect("replays");
        crate::run::timers(&state.open).collect::<Vec<_>>()
    };
    assert_eq!(due(1_000), [(crate::history::OpId(0), Moment(1_000 + 5_400_000))]);
    assert_eq!(due(1_000), due(1_000));
}

#[test]
fn ruling_14_sleep_until_is_due_at_its_instant_even_one_in_the_past() {
    let mut story = Story::of("let begun = now(); sleep(60); sleep_until(begun + 30); now() - begun >= 60");
    story.begin();
    let begun = story.run().now();
    story.fires(0);
    let Fact::TimerFired(fired) = story.firing(1) else { panic!("a timer") };
    assert_eq!(fired.due, begun.plus_ms(30_000));
    story.fires(1);
    assert_eq!(*story.result(), Value::Bool(true));
    assert_eq!(story.replayed(), Told::Same);
}

#[test]
fn ruling_17_the_run_time_out_counts_from_run_began() {
    let mut charter = Story::of("1").charter;
    charter.timeout_ms = Some(5_000);
    let story = Story::with("sleep(1);", charter);
    let mut run = Run::new(&story.interpreter, story.script.clone(), story.charter.clone());
    let mut state = Replayed::default();
    let entry = Entry { at: Moment(70_000), fact: Fact::RunBegan { seed: 1 } };
    replay(&mut run, &mut state, &[entry], |_, _| ()).expect("replays");
    let work = &state.open[&crate::history::OpId::RUN_TIMEOUT].work;
    assert!(matches!(work, Work::Timer { due: Moment(75_000), .. }));
}
