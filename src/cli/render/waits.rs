//! What a pending command waits for, in words.

use super::when::{relative, until};
use crate::cli::escape;
use crate::client::{RunView, answered, open_question};
use crate::history::{CommandKind, Moment, Pending, StoredStatus};

/// So much of a name is shown, in columns, where there is more to say of its command.
const NAME: usize = 36;

/// The name of a command as shown: `activity charge`, `sleep`.
pub(crate) fn name(kind: CommandKind, name: &str) -> String {
    if name.is_empty() { kind.word().to_owned() } else { format!("{kind} {}", escape::line(name)) }
}

/// `attempt 2 of 5`.
pub(crate) fn attempt(attempt: u32, attempts: Option<u32>) -> String {
    attempts.map_or_else(|| format!("attempt {attempt}"), |most| format!("attempt {attempt} of {most}"))
}

/// Whether a name has these words for its last.
fn ends_with(name: Option<&str>, words: &str) -> bool {
    name.and_then(|name| name.strip_suffix(words)).is_some_and(|before| before.ends_with(' '))
}

/// `3 tries`.
pub(crate) fn tries(count: u32) -> String {
    if count == 1 { "1 try".to_owned() } else { format!("{count} tries") }
}

/// The attempt that comes next, or is under way: `attempt 3 of 5`, `try 3`.
pub(crate) fn next_attempt(pending: &Pending) -> String {
    let number = pending.failures.saturating_add(1);
    if pending.label.kind == CommandKind::Poll {
        format!("try {number}")
    } else {
        attempt(number, pending.attempts)
    }
}

/// Whether an attempt after a failed one is under way.
fn is_tried_again(pending: &Pending, executed: bool, now: Moment) -> bool {
    executed
        && pending.label.kind.is_effect()
        && pending.failures > 0
        && pending.waits_for.is_none()
        && pending.next_try.is_none_or(|next| next <= now)
}

/// Whether it was under way when nobody executed its run any more: it begins again when somebody does.
pub(crate) fn is_cut_off(pending: &Pending, view: &RunView) -> bool {
    view.executor.is_none()
        && matches!(view.row.status, StoredStatus::Open)
        && pending.label.kind.is_effect()
        && pending.next_try.is_none()
        && pending.waits_for.is_none()
        && !pending.begun
}

/// One command in the few words of a list: `retrying 3/5, next in 20s: exit code 1`, `asks: Go on? (yes, no)`.
pub(crate) fn short(pending: &Pending, executed: bool, now: Moment) -> String {
    if let Some(question) = open_question(pending) {
        if let Some(answer) = answered(pending) {
            return format!(
                "{}: answered {}, not yet taken",
                escape::line(&question.title()),
                escape::line(answer)
            );
        }
        if pending.waits_for.is_some() {
            return format!("{}: the time to answer is over", escape::line(&question.title()));
        }
        let choices = escape::line(&question.choices.join(", "));
        return format!("asks: {} ({choices})", escape::line(&question.title()));
    }
    let waits =
        pending.waits_for.is_none() && !pending.is_untouched() && !is_tried_again(pending, executed, now);
    let Some(next) = pending.next_try.filter(|_| waits) else { return sentence(pending, executed, now) };
    let when = if next > now { format!("next in {}", until(next, now)) } else { "next is due".to_owned() };
    let last = pending.last_failure.as_ref().map(|last| format!(": {}", escape::line(&last.message)));
    let last = last.unwrap_or_default();
    if pending.label.kind == CommandKind::Poll {
        return format!(
            "polling {}, {}, {when}{last}",
            escape::line(&pending.label.name),
            tries(pending.failures)
        );
    }
    let most = pending.attempts.map(|most| format!("/{most}")).unwrap_or_default();
    format!("retrying {}{most}, {when}{last}", pending.failures.saturating_add(1))
}

/// One command, of a run that a process executes or not: what it is, where in the script, what has to happen.
pub(crate) fn sentence(pending: &Pending, executed: bool, now: Moment) -> String {
    let question = open_question(pending);
    let mut parts = vec![match &question {
        Some(question) if answered(pending).is_some() => {
            format!("its script to take the answer to: {}", escape::line(&question.title()))
        }
        Some(question) if pending.waits_for.is_some() => {
            format!("asked: {}", escape::line(&question.title()))
        }
        Some(question) => format!("asks: {}", escape::line(&question.title())),
        // A token, say, is there to be copied.
        None if !pending.label.kind.is_effect() => name(pending.label.kind, &pending.label.name),
        None => escape::cut(&name(pending.label.kind, &pending.label.name), NAME),
    }];
    if let (CommandKind::Queue, Some(waits_for)) = (pending.label.kind, &pending.waits_for) {
        return escape::line(waits_for);
    }
    if let Some(strand) = &pending.strand {
        parts.push(escape::line(strand));
    }
    // The name of an undo ends with the line that asked for it.
    let line = pending.line.map(|line| format!("line {line}"));
    if let Some(line) = line.filter(|line| !ends_with(pending.strand.as_deref(), line)) {
        parts.push(line);
    }
    if question.is_some() {
        parts.push(format!("asked {}", relative(pending.scheduled_at, now)));
    }
    if pending.label.kind == CommandKind::Poll && pending.failures > 0 {
        parts.push(tries(pending.failures));
        parts.extend(
            pending.last_failure.as_ref().map(|last| format!("last error: {}", escape::line(&last.message))),
        );
    } else if let Some(failure) = &pending.last_failure {
        let message = escape::line(&failure.message);
        parts.push(format!("{} failed: {message}", attempt(pending.failures.max(1), pending.attempts)));
    }
    match (pending.next_try, pending.due) {
        (Some(next), _) if next > now => parts.push(format!("next try in {}", until(next, now))),
        (Some(_), _) if pending.waits_for.is_some() => {}
        _ if is_tried_again(pending, executed, now) => {
            parts.push(format!("{} is under way", next_attempt(pending)));
        }
        (Some(_), _) if pending.is_untouched() => parts.push("to be begun".to_owned()),
        (Some(_), _) => parts.push("next try is due".to_owned()),
        (None, Some(due)) if due > now => parts.push(format!("{} left", until(due, now))),
        (None, Some(_)) if matches!(pending.label.kind, CommandKind::WaitSignal | CommandKind::WaitToken) => {
            parts.push("its time is over".to_owned());
        }
        (None, Some(_)) => parts.push("due".to_owned()),
        (None, None) => {}
    }
    if let Some(answer) = answered(pending) {
        parts.push(format!("answered {}, not yet taken", escape::line(answer)));
    } else if let Some(waits_for) = &pending.waits_for {
        parts.push(format!("waits for {}", escape::line(waits_for)));
    }
    if let Some(details) = &pending.heartbeat {
        parts.push(format!("last heartbeat: {}", escape::line(&details.to_string())));
    }
    if let Some(deadline) = pending.deadline {
        parts.push(format!("deadline in {}", until(deadline, now)));
    }
    if pending.begun {
        parts.push("at most once, and begun".to_owned());
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{CommandLabel, Failure, OpId, Value};

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
            sentence(&pending, false, Moment(0)),
            "activity charge · line 11 · attempt 2 of 5 failed: card\\ndeclined · next try in 4s"
        );
        let tried = "activity charge · line 11 · attempt 2 of 5 failed: card\\ndeclined · attempt 3 of 5 is under way";
        for (next_try, now) in [(Some(Moment(3_500)), 3_500), (None, 0)] {
            pending.next_try = next_try;
            assert_eq!(sentence(&pending, true, Moment(now)), tried);
            assert_eq!(short(&pending, true, Moment(now)), tried);
            assert!(!sentence(&pending, false, Moment(now)).contains("under way"));
        }
        let long = "for i in 1 2 3; do echo line $i of $1; sleep 0.7; done";
        let sh = CommandLabel { kind: CommandKind::Sh, name: long.to_owned() };
        let shown = sentence(&Pending { label: sh, ..pending.clone() }, true, Moment(0));
        assert!(shown.starts_with("sh for i in 1 2 3; do echo line $i …"), "{shown}");
        let token = format!("scan-12.{}", "a".repeat(40));
        let waits = CommandLabel { kind: CommandKind::WaitToken, name: token.clone() };
        let shown = sentence(&Pending { label: waits, ..pending.clone() }, true, Moment(0));
        assert!(shown.starts_with(&format!("wait_token {token}")), "{shown}");
        pending.strand = Some("host\n7".to_owned());
        assert!(sentence(&pending, false, Moment(0)).starts_with("activity charge · host\\n7 · line 11 · "));
        pending = Pending {
            label: CommandLabel { kind: CommandKind::Sleep, name: String::new() },
            strand: None,
            line: None,
            next_try: None,
            last_failure: None,
            due: Some(Moment(60_000)),
            ..pending
        };
        assert_eq!(sentence(&pending, false, Moment(0)), "sleep · 1m left");
        assert_eq!(sentence(&pending, false, Moment(60_000)), "sleep · due");
    }

    #[test]
    fn a_list_says_in_few_words_how_retries_polls_and_questions_stand() {
        let label = |kind, name: &str| CommandLabel { kind, name: name.to_owned() };
        let mut pending = Pending {
            failures: 2,
            attempts: Some(5),
            next_try: Some(Moment(20_000)),
            last_failure: Some(Failure::new("exec", "exit code 1")),
            ..Pending::new(OpId(2), label(CommandKind::Exec, "curl"), Moment(0))
        };
        assert_eq!(short(&pending, false, Moment(0)), "retrying 3/5, next in 20s: exit code 1");
        pending.attempts = None;
        assert_eq!(short(&pending, false, Moment(20_000)), "retrying 3, next is due: exit code 1");
        pending.label = label(CommandKind::Poll, "issued");
        assert_eq!(short(&pending, false, Moment(0)), "polling issued, 2 tries, next in 20s: exit code 1");
        assert_eq!(
            sentence(&pending, false, Moment(0)),
            "poll issued · 2 tries · last error: exit code 1 · next try in 20s"
        );
        let choices = Value::List(vec!["yes".into(), "not\u{1b}yet".into()]);
        let asked = Pending {
            input: Value::from([("choices", choices)]),
            due: Some(Moment(60_000)),
            ..Pending::new(OpId(2), label(CommandKind::Ask, "Go on?"), Moment(0))
        };
        assert_eq!(short(&asked, false, Moment(0)), "asks: Go on? (yes, not\\x1byet)");
        assert_eq!(sentence(&asked, false, Moment(0)), "asks: Go on? · asked now · 1m left");
        let label = CommandLabel { kind: CommandKind::Exec, name: "copy".to_owned() };
        pending = Pending {
            waits_for: Some("a slot: 2 of 2 \"copy\" are under way".to_owned()),
            heartbeat: Some(600_i64.into()),
            deadline: Some(Moment(3_600_000)),
            begun: true,
            next_try: Some(Moment(0)),
            ..Pending::new(OpId(3), label, Moment(0))
        };
        assert_eq!(
            sentence(&pending, false, Moment(0)),
            "exec copy · waits for a slot: 2 of 2 \"copy\" are under way · last heartbeat: 600 · deadline in 1h · at most \
             once, and begun"
        );
    }
}
