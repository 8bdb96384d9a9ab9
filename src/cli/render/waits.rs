//! What a pending command waits for, in words.

use super::when::left;
use crate::cli::escape;
use crate::history::{CommandKind, Moment, Pending};

/// The name of a command as shown: `activity charge`, `sleep`.
pub(crate) fn name(kind: CommandKind, name: &str) -> String {
    if name.is_empty() { kind.word().to_owned() } else { format!("{kind} {}", escape::line(name)) }
}

/// `attempt 2 of 5`.
pub(crate) fn attempt(attempt: u32, attempts: Option<u32>) -> String {
    attempts.map_or_else(|| format!("attempt {attempt}"), |most| format!("attempt {attempt} of {most}"))
}

/// One command: what it is, where in the script, what has to happen.
pub(crate) fn sentence(pending: &Pending, now: Moment) -> String {
    let mut parts = vec![name(pending.label.kind, &pending.label.name)];
    if let Some(line) = pending.line {
        parts.push(format!("line {line}"));
    }
    if let Some(failure) = &pending.last_failure {
        let message = escape::line(&failure.message);
        parts.push(format!("{} failed: {message}", attempt(pending.failures.max(1), pending.attempts)));
    }
    match (pending.next_try, pending.due) {
        (Some(next), _) if next > now => parts.push(format!("next try in {}", left(next, now))),
        (Some(_), _) => parts.push("next try is due".to_owned()),
        (None, Some(due)) if due > now => parts.push(format!("{} left", left(due, now))),
        (None, Some(_)) => parts.push("due".to_owned()),
        (None, None) => {}
    }
    if let Some(waits_for) = &pending.waits_for {
        parts.push(format!("waits for {}", escape::line(waits_for)));
    }
    if let Some(details) = &pending.heartbeat {
        parts.push(format!("last heartbeat: {}", escape::line(&details.to_string())));
    }
    if let Some(deadline) = pending.deadline {
        parts.push(format!("deadline in {}", left(deadline, now)));
    }
    if pending.begun {
        parts.push("at most once, and begun".to_owned());
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{CommandLabel, Failure, OpId};

    #[test]
    fn a_command_tells_where_it_is_and_what_it_waits_for() {
        let label = CommandLabel { kind: CommandKind::Activity, name: "charge".to_owned() };
        let mut pending = Pending {
            line: Some(11),
            failures: 2,
            attempts: Some(5),
            next_try: Some(Moment(3_500)),
            last_failure: Some(Failure::new("activity", "card\ndeclined")),
            ..Pending::new(OpId(2), label, Moment(0))
        };
        assert_eq!(
            sentence(&pending, Moment(0)),
            "activity charge · line 11 · attempt 2 of 5 failed: card\\ndeclined · next try in 4s"
        );
        pending = Pending {
            label: CommandLabel { kind: CommandKind::Sleep, name: String::new() },
            line: None,
            next_try: None,
            last_failure: None,
            due: Some(Moment(60_000)),
            ..pending
        };
        assert_eq!(sentence(&pending, Moment(0)), "sleep · 1m left");
        assert_eq!(sentence(&pending, Moment(60_000)), "sleep · due");
        let label = CommandLabel { kind: CommandKind::Exec, name: "copy".to_owned() };
        pending = Pending {
            waits_for: Some("a slot: 2 of 2 \"copy\" are under way".to_owned()),
            heartbeat: Some(600_i64.into()),
            deadline: Some(Moment(3_600_000)),
            begun: true,
            ..Pending::new(OpId(3), label, Moment(0))
        };
        assert_eq!(
            sentence(&pending, Moment(0)),
            "exec copy · waits for a slot: 2 of 2 \"copy\" are under way · last heartbeat: 600 · deadline in 1h · at most \
             once, and begun"
        );
    }
}
