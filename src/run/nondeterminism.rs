//! Nondeterminism told: what the history has, what the script asks now, and where.

use crate::history::{CommandLabel, OpId, Stuck};

/// The state of a run whose script no longer fits its history.
fn stuck(message: String, file: &str, line: Option<u32>) -> Box<Stuck> {
    Box::new(Stuck {
        kind: "nondeterminism".to_owned(),
        message,
        file: Some(file.to_owned()),
        line,
        column: None,
        calls: Vec::new(),
        hint: Some(
            "a run goes on only with a script that asks the same in the same order; nothing is lost"
                .to_owned(),
        ),
    })
}

/// Op `op` is recorded as one thing and asked as another.
pub(super) fn differs(
    op: OpId,
    recorded: &CommandLabel,
    asked: &CommandLabel,
    file: &str,
    line: Option<u32>,
) -> Box<Stuck> {
    stuck(format!("op {op}: the history has {recorded}, the script now asks for {asked}"), file, line)
}

/// Op `op` is recorded and the script has not asked for it.
pub(super) fn never_asked(op: OpId, recorded: &CommandLabel, file: &str) -> Box<Stuck> {
    stuck(format!("op {op}: the history has {recorded}, the script does not ask for it now"), file, None)
}

/// The script has ended and the history goes on.
pub(super) fn goes_on(fact: &str, file: &str) -> Box<Stuck> {
    stuck(format!("the script ends here, the history goes on with {fact}"), file, None)
}

/// A history that does not begin with `RunBegan`, or has it again.
pub(super) fn out_of_place(fact: &str, file: &str) -> Box<Stuck> {
    stuck(format!("{fact} stands where it cannot"), file, None)
}

/// An update was let in and the script has no handler for it.
pub(super) fn no_update(name: &str, file: &str) -> Box<Stuck> {
    stuck(
        format!("the history lets the update \"{name}\" in, the script has no on_update for it now"),
        file,
        None,
    )
}

/// An update was answered and the script has not answered it.
pub(super) fn not_answered(name: &str, file: &str) -> Box<Stuck> {
    stuck(
        format!("the history answers the update \"{name}\", the script has not answered it now"),
        file,
        None,
    )
}

/// An entry that a later version wrote.
pub(super) fn newer(code: u16, file: &str) -> Box<Stuck> {
    let mut stuck = stuck(format!("entry kind {code} was written by a newer durun"), file, None);
    stuck.hint = Some("continue the run with the version of durun that wrote it, or a later one".to_owned());
    stuck
}
