//! Closures that take more than they are given.

use super::super::reference::headings;
use super::Rule;
use super::calls::Called;
use super::known::closure;
use super::walk::Walker;
use rhai::{Expr, FnCallExpr};

/// Methods of lists, and how much they hand over to a closure at most.
const OF_LISTS: &[(&str, usize)] = &[
    ("all", 2),
    ("filter", 2),
    ("find", 2),
    ("find_map", 2),
    ("map", 2),
    ("reduce", 3),
    ("retain", 2),
    ("some", 2),
    ("sort", 2),
];
/// The same of host calls.
const OF_HOST: &[(&str, usize)] = &[
    ("attempt", 0),
    ("on_failure", 1),
    ("on_query", 1),
    ("on_signal", 1),
    ("on_undo", 0),
    ("on_update", 1),
    ("parallel", 1),
    ("poll", 0),
    ("shielded", 0),
    ("step", 0),
    ("strand", 0),
    ("wait_until", 0),
    ("with_lock", 0),
];
/// The options that are closures: each is handed one value.
const OPTIONS: &[&str] = &["name", "probe", "undo", "validate"];

/// `list.map(|a, b, c| …)`.
pub(super) fn to_method(walker: &mut Walker<'_>, call: &FnCallExpr) {
    let Some((name, most)) = OF_LISTS.iter().find(|(name, _)| call.name == *name) else { return };
    let Some(argument) = call.args.first() else { return };
    let Some(takes) = takes(walker, argument).filter(|takes| takes > most) else { return };
    let message = format!("{name} hands over {most} values at most, and this closure takes {takes}");
    let hint = super::super::foreign::CLOSURES.to_owned();
    walker.tell(Rule::Arguments, argument.start_position(), message, Some(hint));
}

/// `on_signal("go", |a, b| …)`: a run is stuck when the closure is called, which need not come.
pub(super) fn to_host(walker: &mut Walker<'_>, called: &Called<'_>) {
    let Some((name, most)) = OF_HOST.iter().find(|(name, _)| called.name() == *name) else { return };
    // What a strand is begun with it hands over.
    if *name == "strand" && called.call.args.len() > 1 {
        return;
    }
    let gives = if *most == 0 { "nothing" } else { "one value" };
    for argument in &called.call.args {
        let Some(takes) = takes(walker, argument).filter(|takes| takes > most) else { continue };
        let message = format!("{name} hands over {gives} to its closure, which takes {takes}");
        let hint = format!("it is written {}", headings(name).join(" or "));
        walker.perhaps(|walker| {
            walker.tell(Rule::Arguments, argument.start_position(), message, Some(hint));
        });
    }
}

/// `#{ undo: |a, b| … }`.
pub(super) fn to_option(walker: &mut Walker<'_>, option: &str, value: &Expr) {
    if let Some(takes) = takes(walker, value).filter(|takes| *takes > 1 && OPTIONS.contains(&option)) {
        let message = format!("{option} hands over one value to its closure, which takes {takes}");
        let hint = format!("it is written {option}: |value| …");
        walker.perhaps(|walker| walker.tell(Rule::Arguments, value.start_position(), message, Some(hint)));
    }
}

/// How much a closure that is written out takes beside what it captures.
fn takes(walker: &Walker<'_>, argument: &Expr) -> Option<usize> {
    let written = closure(argument)?;
    let captured = written.captures.len();
    walker.text.definitions(&written.name).map(|(params, _)| params.len().saturating_sub(captured)).min()
}
