//! What unblocks a pending command, as words behind `durun`.

use crate::cli::escape::shell;
use crate::client::open_question;
use crate::history::{CommandKind, Moment, Pending, RunId, Value};

/// The commands that would let the run go on; `alone` where it asks no other question.
pub(crate) fn commands(id: &RunId, pending: &Pending, alone: bool, now: Moment) -> Vec<String> {
    let name = &pending.label.name;
    match pending.label.kind {
        CommandKind::Ask => {
            // It is answered, or its time is over.
            if pending.waits_for.is_some() {
                return vec![format!("resume {id}")];
            }
            let Some(question) = open_question(pending) else { return Vec::new() };
            let which = if alone { String::new() } else { format!(" --question {}", question.op) };
            let answer = |choice: &String| format!("answer {id} {}{which}", shell(choice));
            question.choices.iter().map(answer).collect()
        }
        // What comes now comes too late for it.
        CommandKind::WaitToken | CommandKind::WaitSignal if pending.due.is_some_and(|due| due < now) => {
            vec![format!("resume {id}")]
        }
        CommandKind::WaitToken => vec![format!("resolve {} '<json>'", shell(name))],
        CommandKind::WaitSignal => {
            // Names are joined by commas; each of them would do.
            name.split(", ").map(|name| format!("signal {id} {}", shell(name))).collect()
        }
        CommandKind::Activity
        | CommandKind::Step
        | CommandKind::Exec
        | CommandKind::Sh
        | CommandKind::Http
        | CommandKind::ReadFile
        | CommandKind::WriteFile
        | CommandKind::Glob
        | CommandKind::Env
        | CommandKind::Poll => {
            if is_put_off(pending, now) {
                vec![format!("retry {id}")]
            } else {
                Vec::new()
            }
        }
        CommandKind::Queue => {
            let stuck: Vec<&str> = named(pending, "stuck").collect();
            let why = named(pending, "busy").map(|busy| format!("why {busy}"));
            let idle = named(pending, "idle").map(|idle| format!("resume {idle}"));
            why.chain(idle).chain(stuck.iter().map(|stuck| format!("terminate {stuck}"))).collect()
        }
        CommandKind::Child => vec![format!("why {}", pending.label.name)],
        CommandKind::Sleep
        | CommandKind::WaitUntil
        | CommandKind::SignalRun
        | CommandKind::StartChild
        | CommandKind::CancelChild
        | CommandKind::WithLock
        | CommandKind::Remind
        | CommandKind::RunTimeout
        | CommandKind::Grace => Vec::new(),
    }
}

/// Whether the next attempt of an effect is still to come.
pub(crate) fn is_put_off(pending: &Pending, now: Moment) -> bool {
    pending.label.kind.is_effect() && pending.next_try.is_some_and(|at| at > now)
}

/// The runs that a run in a queue waits for, by how they stand.
fn named<'a>(pending: &'a Pending, which: &str) -> impl Iterator<Item = &'a str> {
    let runs = match pending.input.get(which) {
        Some(Value::List(runs)) => runs.as_slice(),
        Some(_) | None => &[],
    };
    runs.iter().filter_map(Value::as_text)
}

/// Whether a run's pending rows hold one question at most.
pub(crate) fn asks_once(pending: &[Pending]) -> bool {
    pending.iter().filter(|row| row.label.kind == CommandKind::Ask).count() < 2
}
