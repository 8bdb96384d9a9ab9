//! Bugs that peers of durun had in their cores, each as a test with a name that says it; docs/internals/testing.md has the list.

use super::story::{Story, Told};
use crate::history::{CancelCause, Fact, MessageBody, Moment, OpId, Value};
use crate::run::Judged;

/// A timer came due for a run that did not expect it any more: an endless loop of panics.
#[test]
fn peer_bug_a_timer_that_fires_after_cancel_and_after_the_end_upsets_the_run() {
    let mut story =
        Story::of("try { sleep(\"1h\"); } catch (e) { log(e.kind); } activity(\"clean\"); \"done\"");
    story.begin();
    let fired = story.firing(0);
    story.cancel("enough");
    assert_eq!(story.waits(), ["1 activity \"clean\""]);
    story.tell(fired.clone()).expect("is dropped");
    assert_eq!(story.waits(), ["1 activity \"clean\""], "it wakes nobody");
    story.completes(1, Value::Null);
    let end = story.end().cloned();
    assert!(end.is_some());
    assert_eq!(story.logs, ["cancelled"]);
    assert_eq!(story.replayed(), Told::Same);
    let (kind, message) = story.breaks(fired);
    assert_eq!(
        (kind.as_str(), story.end().cloned()),
        ("nondeterminism", end),
        "after the end it is told: {message}"
    );
}

/// A second completion of one command in a history was taken for the outcome of something else.
#[test]
fn peer_bug_a_duplicate_outcome_in_a_history_is_delivered_twice() {
    let mut story =
        Story::of("let a = activity(\"a\"); log(`a ${a}`); let b = activity(\"b\"); log(`b ${b}`); b");
    story.begin();
    let twice = story.completion(0, Value::Int(1));
    story.tell(twice.clone()).expect("goes on");
    assert_eq!(
        (story.waits(), story.logs.clone()),
        (vec!["1 activity \"b\"".to_owned()], vec!["a 1".to_owned()])
    );
    story.tell(twice).expect("is dropped");
    assert_eq!(
        (story.waits(), story.logs.clone()),
        (vec!["1 activity \"b\"".to_owned()], vec!["a 1".to_owned()])
    );
    story.completes(1, Value::Int(2));
    assert_eq!(
        (story.logs.clone(), story.result()),
        (vec!["a 1".to_owned(), "b 2".to_owned()], &Value::Int(2))
    );
    assert_eq!(story.replayed(), Told::Same);
}

/// Time, chance and environment gave fresh values when a history was replayed.
#[test]
fn peer_bug_time_and_chance_are_fresh_on_replay() {
    let mut story = Story::of(
        "for n in 0..3 { log(`${now()} ${random()} ${random_int(1, 99)} ${uuid()} ${token()} ${today()}`); sleep(1); } \
         log(`${env(\"HOME\")} ${input} ${run.started_at}`)",
    );
    story.begin();
    for op in 0..3 {
        story.fires(op);
    }
    story.completes(3, "/home/ada".into());
    assert_eq!(story.logs.len(), 4);
    // The lines are part of what a replay is compared by.
    assert_eq!(story.replayed(), Told::Same);
}

/// An update was handled before an earlier completion when the history was replayed.
#[test]
fn peer_bug_an_update_overtakes_a_completion_on_replay() {
    let mut story = Story::of(
        r#"
        let seen = [];
        on_update("u", |x| { seen.push(`u${x}`); let got = activity("in", x); seen.push(`u${x} ${got}`); seen.len() });
        on_signal("s", |x| seen.push(`s${x}`));
        for n in 0..4 { let got = activity("step", n); seen.push(`step ${got}`); log(`${seen}`); }
        wait_until(|| seen.len() >= 16);
        `${seen}`
        "#,
    );
    story.begin();
    for number in 1..=4 {
        assert_eq!(story.updates("u", number.into()), Judged::Accepted);
        story.sends("s", number);
        // The step that is open, then the update's own activity: their outcomes cross.
        let ops = story.open_ops();
        let of = |story: &Story, name: &str| {
            story.waits().iter().position(|wait| wait.contains(name)).map(|place| ops[place].0)
        };
        let (step, inner) = (of(&story, "\"step\""), of(&story, "\"in\""));
        story.completes(step.expect("a step"), Value::Int(number - 1));
        story.completes(inner.expect("an update's"), Value::Int(number));
        story.records_answers();
    }
    assert!(story.end().is_some(), "{:?}", story.waits());
    assert_eq!(story.replayed(), Told::Same);
}

/// Children that were cancelled while they began made a replay ask for other commands.
#[test]
fn peer_bug_cancelled_children_are_not_deterministic() {
    for starts_before in 0..=3 {
        let mut story = Story::of(
            r#"
            let kids = [];
            for n in 0..3 { kids.push(strand(n, |n| { let kid = start_child("c.rhai", n); try { kid.result() } catch (e) { log(`${n} ${e.kind}`); activity("after", n); throw e; } })); }
            wait_signal("go");
            kids[1].cancel();
            try { join_all(kids); } catch (e) { log(e.kind); }
            activity("last")
            "#,
        );
        story.begin();
        let starts: Vec<OpId> =
            story.open_ops().into_iter().filter(|op| story.ends_by(*op) == Some(true)).collect();
        assert_eq!(starts.len(), 3, "{:?}", story.waits());
        let child =
            |op: OpId| Value::from([("run", Value::from(format!("story.{op}"))), ("op", Value::from(op.0))]);
        let facts: Vec<Fact> = starts.iter().map(|op| story.completion(op.0, child(*op))).collect();
        for (number, fact) in facts.into_iter().enumerate() {
            if number == starts_before {
                story.sends("go", 1);
                story.cancel("enough");
            }
            if story.end().is_none() {
                story.tell(fact).expect("is taken, or dropped where nobody waits for it any more");
            }
        }
        if starts_before == 3 {
            story.sends("go", 1);
            story.cancel("enough");
        }
        assert_eq!(story.replayed(), Told::Same, "{starts_before}");
        assert!(!story.logs.is_empty() || story.waits().len() > 1, "{starts_before}: {:?}", story.waits());
    }
}

/// A condition came true by what its own check did.
#[test]
fn peer_bug_a_condition_is_made_true_by_its_own_check() {
    let mut story = Story::of(
        r#"
        let n = 0;
        try { wait_until(|| { n += 1; n > 3 }); } catch (e) { log("it only looks"); }
        sleep(1);
        n
        "#,
    );
    story.begin();
    assert_eq!(story.logs, ["it only looks"]);
    story.fires(1);
    assert_eq!(*story.result(), Value::Int(0));
    assert_eq!(story.replayed(), Told::Same);
}

/// A value that was set and read again inside one step poisoned every replay.
#[test]
fn peer_bug_a_value_published_and_read_back_poisons_the_replay() {
    let mut story = Story::of(
        r#"
        let n = 1;
        on_query("n", || n);
        for round in 0..3 {
            publish("n", n);
            let got = step("grow", || { let mine = n; mine += 1; n += 100; mine });
            n = got;
            publish("n", n);
            log(`${n}`);
        }
        n
        "#,
    );
    story.begin();
    for (op, grown) in [(0, 2), (1, 3), (2, 4)] {
        assert_eq!(story.asks("n"), Ok(Value::Int(grown - 1)), "what a step does to its copy is not seen");
        story.completes(op, Value::Int(grown));
    }
    assert_eq!((story.logs.join(" "), story.result()), ("2 3 4".to_owned(), &Value::Int(4)));
    assert_eq!(story.replayed(), Told::Same);
}

/// The optimizer of the script's language left statements with effects away.
#[test]
fn peer_bug_the_optimizer_drops_a_call_whose_value_nobody_uses() {
    let mut story = Story::of(
        r#"
        const YES = true;
        if YES && activity("a") == 1 { } else { }
        let unused = activity("b");
        switch activity("c") { 1 => (), _ => () }
        while activity("d") != 1 { }
        [activity("e")];
        #{ x: activity("f") };
        activity("g") + 0;
        ()
        "#,
    );
    story.begin();
    for (op, name) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
        let op = u32::try_from(op).expect("few");
        assert_eq!(story.waits(), [format!("{op} activity \"{name}\"")]);
        story.completes(op, Value::Int(1));
    }
    assert!(story.end().is_some());
    assert_eq!(story.replayed(), Told::Same);
}

/// A run that was suspended while its own step was still to be produced was never woken; one between two finished steps was pending for ever.
#[test]
fn peer_bug_a_run_rests_with_nothing_that_could_wake_it() {
    let mut story = Story::of(
        r#"
        let got = [];
        let hs = [start_activity("a"), strand(|| { got.push(activity("b")); })];
        on_signal("s", |x| { got.push(activity("c")); });
        select(hs);
        join_all(hs);
        wait_until(|| got.len() > 0);
        got
        "#,
    );
    story.begin();
    story.sends("s", 1);
    while story.end().is_none() {
        let op = *story.open_ops().first().expect("an open run waits for something");
        assert_eq!(story.ends_by(op).map(|_| ()), Some(()), "{:?}", story.waits());
        story.completes(op.0, Value::Int(1));
    }
    assert_eq!(story.replayed(), Told::Same);
}

/// A command was sent twice in one activation.
#[test]
fn peer_bug_a_command_is_issued_twice_in_one_stretch() {
    let mut story = Story::of(
        r#"
        let hs = parallel([1, 2, 3], |x| activity("p", x));
        let all = [start_activity("a"), start_activity("a"), timer(5)];
        try { select(all); } catch (e) { }
        all[1].cancel();
        activity("a")
        "#,
    );
    story.begin();
    let mut seen = std::collections::BTreeSet::new();
    let mut note = |story: &Story| seen.extend(story.open_ops());
    note(&story);
    while story.end().is_none() {
        let op = story.open_ops().into_iter().find(|op| story.ends_by(*op) == Some(true)).expect("an effect");
        story.completes(op.0, Value::Int(1));
        note(&story);
    }
    let numbers: Vec<OpId> = (0..7).map(OpId).collect();
    assert!(seen.iter().eq(&numbers), "each number is one command: {seen:?}");
    assert_eq!(story.replayed(), Told::Same);
}

/// What came before the first entry of a run was lost.
#[test]
fn peer_bug_a_message_from_before_the_beginning_is_lost() {
    let mut story = Story::of("let got = wait_signal(\"early\"); [got, 1]");
    let early = story.signalled("early", 7.into());
    story.begin();
    story.tell(Fact::of_message(&early)).expect("is taken");
    assert!(early.accepted_at < Moment(story.now));
    assert!(story.end().is_some(), "{:?}", story.waits());
    assert_eq!(story.replayed(), Told::Same);
}

/// A refund was paid twice, for undos were not recorded: one that has completed is not asked for again at any cut of the history.
#[test]
fn peer_bug_an_undo_is_not_recorded_and_pays_twice() {
    let mut story = Story::of(
        "activity(\"pay\", 1, #{ undo: |it| activity(\"refund\", it) }); \
         activity(\"book\", 2, #{ undo: |it| activity(\"unbook\", it) }); wait_signal(\"never\")",
    );
    story.begin();
    story.completes(0, Value::from("P"));
    story.completes(1, Value::from("B"));
    let message = story.message(MessageBody::Cancel { cause: CancelCause::Request, reason: "no".into() });
    story.tell(Fact::of_message(&message)).expect("is taken");
    assert_eq!(story.waits(), ["3 activity \"unbook\""]);
    story.completes(3, Value::Null);
    assert_eq!(story.waits(), ["4 activity \"refund\""]);
    // A crash here: the replay asks for the refund that is open, and not for what was recorded.
    assert_eq!(story.replayed(), Told::Same);
    story.completes(4, Value::Null);
    assert!(story.end().is_some() && story.open_ops().is_empty());
    assert_eq!(story.replayed(), Told::Same);
}
