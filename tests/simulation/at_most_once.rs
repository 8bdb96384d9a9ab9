//! At-most-once effects under a crash at every point: before the intent, between intent and effect, during it, after it.

use crate::engine_sweep::{Recording, open, record};
use crate::sample_world::{Sample, SampleWorld};
use durun::history::{Checksum, Fact, OpId, RunNo, Seq, kind};
use durun::store::crash::{CrashDisk, Faults};
use durun::store::{Answer, Request, Store};
use std::sync::Arc;

/// The effect is the second command of each script.
const EFFECT: OpId = OpId(1);

/// No probe: after a crash in the window the script is told that nobody knows.
const TOLD: &str = r#"
    activity("before");
    let told = attempt(|| activity("migrate", 7, #{ at_most_once: true }));
    activity("after");
    if told.ok { "known" } else { told.error.kind }
"#;

#[derive(Debug, Default)]
struct Seen {
    begun_after_the_crash: usize,
    unknown: usize,
    outcome_was_there: usize,
}

enum Outcome {
    None,
    Known,
    Unknown,
}

fn outcome(store: &dyn Store, run: RunNo) -> Outcome {
    let all = Request::History { run, from: Seq(0), until: Seq(u32::MAX) };
    let Ok(Answer::Records(records)) = store.ask(all) else { panic!("reads") };
    let mut before = Checksum::first(run);
    for record in records {
        let (entry, next) = record.open(before).expect("opens");
        before = next;
        match entry.fact {
            Fact::ActivityCompleted(done) if done.op == EFFECT => return Outcome::Known,
            Fact::ActivityFailed(failed) if failed.op == EFFECT => {
                assert_eq!(failed.failure.kind, kind::UNKNOWN_OUTCOME);
                return Outcome::Unknown;
            }
            _ => {}
        }
    }
    Outcome::None
}

/// Crashes everywhere; gives what the images came to.
fn sweep(sample: &Sample, recording: &Recording) -> Result<Seen, String> {
    let begun = recording.starts.iter().find(|(op, _)| *op == EFFECT).map(|(_, call)| *call);
    let begun = begun.ok_or("the effect never began")?;
    let mut seen = Seen::default();
    for crash in recording.disk.crashes(7) {
        // It begins when the call that wrote the intent has returned: from then on it may have happened.
        let may_have_begun = crash.acknowledged.is_some_and(|call| call >= begun);
        for image in crash.images {
            let mut world = SampleWorld::new(sample);
            let store = Arc::new(open(&CrashDisk::holding(image), &world.clock)?);
            let was_there = matches!(outcome(store.as_ref(), recording.run), Outcome::Known);
            // A run that has ended cannot be claimed; nothing begins in it.
            drop(world.drive(Arc::clone(&store), recording.run));
            let again = world.started().iter().filter(|op| **op == EFFECT).count();
            if again + usize::from(may_have_begun) > 1 {
                return Err(format!("{} at crash {}: it may have happened twice", sample.name, crash.point));
            }
            seen.outcome_was_there += usize::from(was_there);
            seen.begun_after_the_crash += again;
            match outcome(store.as_ref(), recording.run) {
                Outcome::Unknown => seen.unknown += 1,
                Outcome::Known => {}
                Outcome::None => return Err(format!("at crash {}: it has no outcome", crash.point)),
            }
        }
    }
    Ok(seen)
}

#[test]
fn a_crash_in_the_window_is_told_as_unknown_and_nothing_happens_twice() {
    let sample = Sample::inline("told", TOLD, "known");
    let recording = record(&sample, Faults::default());
    assert_eq!(sample.expected(&recording.end), Ok(()));
    let seen = sweep(&sample, &recording).expect("at most once");
    assert!(
        seen.begun_after_the_crash > 5 && seen.unknown > 2 && seen.outcome_was_there > 5,
        "every side of the window is seen: {seen:?}"
    );
}

#[test]
fn with_a_probe_a_crash_in_the_window_is_looked_into() {
    for (name, found) in [("it has happened", "true"), ("it has not happened", "false")] {
        let text: &'static str = Box::leak(
            format!(
                "activity(\"before\"); activity(\"migrate\", 7, #{{ at_most_once: true, probe: |key| {found} }}); 1"
            )
            .into_boxed_str(),
        );
        let sample = Sample::inline(name, text, "Int(1)");
        let recording = record(&sample, Faults::default());
        let swept = sweep(&sample, &recording);
        if found == "true" {
            let seen = swept.expect("what the probe found is believed");
            assert_eq!(seen.unknown, 0);
        } else {
            // A probe that says it has not happened is believed, too: the sweep sees the second beginning.
            assert!(swept.is_err(), "{swept:?}");
        }
    }
}

#[test]
fn a_planted_bug_an_intent_acknowledged_before_its_sync_is_found() {
    let sample = Sample::inline("told", TOLD, "known");
    let early = Faults { acknowledge_early: true, ..Faults::default() };
    assert!(sweep(&sample, &record(&sample, early)).is_err());
}
