//! What the scripts make of what is recorded, said once more in another language.

use super::texts::Under;
use durun::history::{ActivityCompleted, ChildOutcome, Fact, Failure, OnParentClose, RunEnd, Value};

/// What it hands on where it begins anew: what it heard before, and in this generation.
pub(super) fn handed_on(facts: &[&Fact], input: &Value) -> Value {
    let (mut said, mut steps) = (list_of(input, "heard"), 0_i64);
    said.extend(facts.iter().filter_map(|fact| heard(fact, &mut steps)).map(Value::Text));
    let rounds =
        input.get("rounds").map_or(0, |rounds| if let Value::Int(rounds) = rounds { *rounds } else { 0 });
    let same = |name: &'static str| (name, input.get(name).cloned().unwrap_or(Value::Null));
    Value::from([
        ("rounds", Value::Int(rounds - 1)),
        ("heard", Value::List(said)),
        same("steps"),
        same("nap"),
        same("kid"),
    ])
}

fn list_of(input: &Value, name: &str) -> Vec<Value> {
    if let Some(Value::List(all)) = input.get(name) { all.clone() } else { Vec::new() }
}

/// What it notes of a fact, after so many steps.
fn heard(fact: &Fact, steps: &mut i64) -> Option<String> {
    match fact {
        Fact::ActivityCompleted(done) if done.label.name == "locked" => Some(format!("l{}", done.result)),
        Fact::ActivityCompleted(done) if done.label.name == "step" => {
            *steps += 1;
            Some(format!("a{}", done.result))
        }
        Fact::ActivityFailed(failed) if failed.label.name == "step" => {
            *steps += 1;
            Some(format!("f{}", *steps - 1))
        }
        Fact::TimerFired(_) => Some("t".to_owned()),
        Fact::SignalReceived(signal) if signal.name == "note" => Some(format!("n{}", signal.payload)),
        _ => None,
    }
}

/// What the script makes of these facts of its last generation under its last text.
pub(super) fn expected_end(
    facts: &[&Fact],
    input: &Value,
    under: Under,
    its: Option<OnParentClose>,
) -> RunEnd {
    let (mut steps, mut last, mut fails) = (0_i64, None::<String>, false);
    let text = |value| if let Value::Text(text) = value { text } else { "no text".to_owned() };
    let mut said: Vec<String> = list_of(input, "heard").into_iter().map(text).collect();
    let child = its.filter(|on_close| *on_close == OnParentClose::Cancel).and_then(|_| child_said(facts));
    let behind = behind_the_end(facts, child.as_ref().map(|(place, _)| *place));
    let has_all =
        completed(facts, "side").count() == 3 && (child.is_some() || its != Some(OnParentClose::Cancel));
    let child = child.map(|(_, said)| said).unwrap_or_default();
    // A child that nobody joined and that did not complete fails who started it, unless it was let go.
    let lost = |fact: &&Fact| {
        matches!(fact, Fact::ChildEnded(ended)
            if !matches!(ended.outcome, ChildOutcome::Ended(RunEnd::Completed { .. })))
    };
    let begins_anew = input.get("rounds") != Some(&Value::Int(0));
    let joins = its == Some(OnParentClose::Cancel) && !begins_anew;
    let is_its_own = its.is_some_and(|on_close| on_close != OnParentClose::Abandon) && !joins;
    let had_lost_it = |place: usize| {
        let before = facts.get(..place - 1).expect("a place");
        let is_over = if begins_anew {
            has_gone_through(before, input)
        } else {
            let is_told =
                before.iter().any(|fact| matches!(fact, Fact::SignalReceived(it) if it.name == "end"));
            let has_more = !under.has_more(behind) || completed(before, "more").next().is_some();
            has_all && place > behind && is_told && has_more
        };
        is_its_own && is_over && before.iter().any(lost)
    };
    for (fact, place) in facts.iter().zip(1..) {
        match fact {
            Fact::SignalReceived(signal) if signal.name == "note" => said.extend(heard(fact, &mut steps)),
            Fact::SignalReceived(signal) if signal.payload == Value::Int(1) => fails = true,
            Fact::SignalReceived(signal) => last = last.or(Some(format!("e{}", signal.payload))),
            // It had failed, and was taking back what it had done.
            Fact::CancelRequested(_) if fails && has_all && place > behind => {}
            Fact::CancelRequested(_) if had_lost_it(place) => {}
            Fact::CancelRequested(request) => return RunEnd::Cancelled { reason: request.reason.clone() },
            fact => said.extend(heard(fact, &mut steps)),
        }
        said.extend(last.take_if(|_| place == behind).map(|end| end + child.as_str()));
    }
    if fails && let Some(Fact::RunEnded(ended)) = facts.last() {
        let is_it = |failure: &Failure| failure.message == "enough";
        if matches!(&ended.end, RunEnd::Failed { failure } if is_it(failure)) {
            return ended.end.clone();
        }
    }
    if is_its_own && facts.iter().any(lost) {
        let found = match facts.last() {
            Some(Fact::RunEnded(ended)) => match &ended.end {
                RunEnd::Failed { failure } if failure.kind == "child" => Some(ended.end.clone()),
                _ => None,
            },
            _ => None,
        };
        let failure = Failure::new("child", "nobody joined it");
        return found.unwrap_or(RunEnd::Failed { failure });
    }
    if begins_anew {
        said.push(format!("and {:?} rounds more", input.get("rounds")));
    }
    if under.has_more(behind) {
        let more = completed(facts, "more").next();
        said.push(more.map_or("and more".to_owned(), |done| format!("p{}", done.result)));
    }
    if under.text > 0 {
        said.push(format!("v{}", under.text));
    }
    RunEnd::Completed { result: Value::List(said.into_iter().map(Value::Text).collect()) }
}

/// Whether a script that begins anew had done all that comes before.
fn has_gone_through(facts: &[&Fact], input: &Value) -> bool {
    let Some(Value::Int(all)) = input.get("steps") else { return false };
    let failed = |fact: &&&Fact| matches!(fact, Fact::ActivityFailed(failed) if failed.label.name == "step");
    let steps = completed(facts, "step").count() + facts.iter().filter(failed).count();
    let slept = facts.iter().filter(|fact| matches!(fact, Fact::TimerFired(_))).count();
    let all = usize::try_from(*all).expect("small");
    steps == all && slept == all / 2 && (all <= 2 || completed(facts, "locked").next().is_some())
}

fn completed<'f>(facts: &'f [&Fact], name: &'f str) -> impl Iterator<Item = &'f ActivityCompleted> {
    facts.iter().filter_map(move |fact| match fact {
        Fact::ActivityCompleted(done) if done.label.name == name => Some(done.as_ref()),
        _ => None,
    })
}

/// How many entries were delivered when the script had all its steps and was told to end.
fn behind_the_end(facts: &[&Fact], child: Option<usize>) -> usize {
    let side = |fact: &&Fact| matches!(fact, Fact::ActivityCompleted(done) if done.label.name == "side");
    let end = |fact: &&Fact| matches!(fact, Fact::SignalReceived(signal) if signal.name == "end");
    let last = facts.iter().rposition(side).max(facts.iter().position(end)).max(child);
    last.map_or(0, |place| place + 1)
}

/// What a script hears of the child that it waits for, and with which entry.
fn child_said(facts: &[&Fact]) -> Option<(usize, String)> {
    facts.iter().enumerate().find_map(|(place, fact)| match fact {
        Fact::ChildEnded(ended) => Some((place, said_of(&ended.outcome))),
        _ => None,
    })
}

fn said_of(outcome: &ChildOutcome) -> String {
    match outcome {
        ChildOutcome::Ended(RunEnd::Completed { result: Value::Text(said) }) => said.clone(),
        ChildOutcome::Ended(end) => end.status().word().to_owned(),
        ChildOutcome::Stuck(_) => "stuck".to_owned(),
    }
}

/// What a child makes of these facts.
pub(super) fn expected_of_child(
    facts: &[&Fact],
    on_close: OnParentClose,
    is_over: bool,
    under: Under,
) -> RunEnd {
    // Its parent may end while it cleans up after a cancel.
    if let Some(Fact::RunEnded(ended)) = facts.last()
        && let RunEnd::Terminated { reason } = &ended.end
    {
        let by_close = reason.ends_with("has ended") || reason.ends_with("began anew");
        if (by_close && on_close == OnParentClose::Terminate)
            || (is_over && reason.ends_with("before it began"))
        {
            return ended.end.clone();
        }
    }
    let (mut got, mut done, mut behind) = (None, None, 0);
    for (fact, place) in facts.iter().zip(1..) {
        match fact {
            Fact::SignalReceived(signal) if signal.name == "go" => got = got.or(Some(&signal.payload)),
            Fact::ActivityCompleted(work) if work.label.name == "work" => {
                (done, behind) = (Some(&work.result), place);
            }
            Fact::CancelRequested(request) => {
                let by_close = (request.reason.ends_with("has ended")
                    || request.reason.ends_with("began anew"))
                    && on_close != OnParentClose::Cancel;
                let by_parent =
                    request.reason.starts_with("its parent") && on_close == OnParentClose::Abandon;
                if by_close || by_parent {
                    return RunEnd::Cancelled {
                        reason: "nobody: it is not to be asked by its parent".into(),
                    };
                }
                return RunEnd::Cancelled { reason: request.reason.clone() };
            }
            _ => {}
        }
    }
    let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    let mut said = format!(" {} {}", shown(got), shown(done));
    if under.text > 0 {
        let more = completed(facts, "more").next().map(|done| &done.result);
        let more = if under.has_more(behind) { shown(more) } else { "-".to_owned() };
        said = format!("{said} {more} v{}", under.text);
    }
    RunEnd::Completed { result: Value::Text(said) }
}

/// A run that did not complete has taken back every other step that it began, the newest first, each once; one that did has taken back
/// nothing.
pub(super) fn undone(facts: &[&Fact], end: &RunEnd) -> Result<(), String> {
    let is_step = |fact: &&&Fact| matches!(fact, Fact::ActivityFailed(failed) if failed.label.name == "step");
    let given_up = facts.iter().filter(is_step).count();
    let steps = completed(facts, "step").count() + given_up;
    let backs: Vec<Value> = completed(facts, "back").map(|done| done.input.clone()).collect();
    if matches!(end, RunEnd::Completed { .. }) {
        return if backs.is_empty() { Ok(()) } else { Err(format!("it completed and took back {backs:?}")) };
    }
    let newest_first = (0..backs.len()).rev().map(|n| Value::from(u32::try_from(2 * n).expect("small")));
    let begun = steps.div_ceil(2)..=steps / 2 + 1;
    if backs.iter().cloned().eq(newest_first) && begun.contains(&backs.len()) {
        return Ok(());
    }
    Err(format!("after {steps} steps it took back {backs:?}"))
}
