//! Replay: entries a second of one core, and what a long history takes.

use super::steps::steps;
use super::yard::{Yard, median, round, timed};
use durun::history::{ActivityCompleted, Entry, Fact, Moment, Value};
use durun::run::{Charter, Replayed, Run, Stepped, replay_whole};
use durun::script::{Interpreter, Script, Source};
use serde_json::json;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A history of 1 M entries, delivered.
pub(crate) fn rate(yard: &Yard) {
    let entries = yard.scaled(1_000_000);
    let (interpreter, script) = script(entries);
    let history = history(&interpreter, &script, entries);
    let rounds = yard.rounds(5, || {
        let mut run = fresh(&interpreter, &script);
        let (seconds, ()) =
            timed(|| replay_whole(&mut run, &mut Replayed::default(), &history).expect("fits"));
        vec![("replay", seconds)]
    });
    let seconds = median(&rounds["replay"]);
    yard.tell(
        &format!("a history of {entries} entries"),
        &json!({ "ms": round(seconds * 1e3), "entries_per_second": (history.len() as f64 / seconds).round() }),
    );
}

fn script(entries: u64) -> (Interpreter, Rc<Script>) {
    let interpreter = Interpreter::new();
    let source = Source { path: "/bench.rhai".to_owned(), main: steps(entries).0, modules: BTreeMap::new() };
    let script = Script::compile(&interpreter, source).expect("a script");
    (interpreter, script)
}

fn fresh(interpreter: &Interpreter, script: &Rc<Script>) -> Run {
    let charter = Charter {
        id: "bench".to_owned(),
        generation: 0,
        input: Value::Null,
        timeout_ms: None,
        secret: [7; 16],
        ..Charter::default()
    };
    Run::new(interpreter, Rc::clone(script), charter)
}

/// The history that the script has when each step gave null.
fn history(interpreter: &Interpreter, script: &Rc<Script>, steps: u64) -> Vec<Entry> {
    let mut run = fresh(interpreter, script);
    let mut history = vec![Entry { at: Moment(0), fact: Fact::RunBegan { seed: 1 } }];
    for _ in 0..=steps {
        let entry = history.last().expect("one");
        let mut stepped = run.deliver(entry);
        let stretch = loop {
            match stepped {
                Stepped::Sliced => stepped = run.go_on(),
                Stepped::Blocked(stretch) => break stretch,
                Stepped::Stuck(stuck) => panic!("{stuck:?}"),
                Stepped::NoMemory(why) => panic!("{why}"),
            }
        };
        if let Some(command) = stretch.commands.into_iter().next() {
            let at = Moment(i64::try_from(history.len()).expect("fits"));
            let done = ActivityCompleted {
                op: command.op,
                label: command.label,
                input: Value::Null,
                result: Value::Null,
                attempts: 1,
                scheduled_at: at,
                ended_at: at,
            };
            history.push(Entry { at, fact: Fact::ActivityCompleted(Box::new(done)) });
        }
    }
    history
}
