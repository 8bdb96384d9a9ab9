//! The host calls: one file each, registered from one list.

mod activity;
mod ask;
mod attempt;
mod child;
mod defaults;
mod exec;
mod fail;
mod files;
mod heartbeat;
mod http;
mod in_body;
mod join;
mod log;
mod now;
mod on_failure;
mod on_query;
mod on_signal;
mod on_undo;
mod on_update;
mod options;
mod parallel;
pub(super) mod params;
mod patched;
mod poll;
mod progress;
mod publish;
pub(super) mod question;
mod random;
mod restart_with;
mod secret;
mod set_summary;
mod sh;
mod shielded;
mod signal_run;
mod sleep;
mod start;
mod step;
mod strand;
mod token;
mod wait_signal;
mod wait_token;
mod wait_until;
mod with_lock;

pub(super) use activity::too_many;
pub(super) use http::{NO_HEARTBEATS, OWN as OF_HTTP, SILENCE};
pub(super) use log::{LEVELS, no_level};
pub(super) use options::{OF_ALL, OF_DEFAULTS, OF_PROCESS, check_value, check_word, choices_of, unknown};

use crate::history::{CommandKind, Value};
use rhai::{Dynamic, Engine};

/// The options of an effect that has these besides. A call of a service gives no sign of life before its end.
pub(super) fn of_effect(own: &[&'static str]) -> Vec<&'static str> {
    let mut all: Vec<&str> = own.iter().chain(OF_ALL).copied().collect();
    if own == OF_HTTP {
        all.retain(|option| *option != SILENCE);
    }
    all
}

/// Whether an option of a call that is no effect takes a value; nothing where that is not known here.
pub(super) fn check_named(call: &str, name: &str, value: &Dynamic) -> Option<Result<(), String>> {
    match (call, name) {
        ("ask", "choices" | "name" | "notify") => Some(question::check_option(name, value)),
        ("child" | "start_child", "id") => Some(child::check_id(value)),
        ("poll", "factor") => Some(poll::check_factor(value)),
        _ => None,
    }
}

/// A host call: its names, and how it is made known to the engine.
struct HostCall {
    names: &'static [&'static str],
    register: fn(&mut Engine),
}

/// All host calls. A new one is a new file and a line here.
const ALL: &[HostCall] = &[
    HostCall { names: &["activity"], register: activity::register },
    HostCall { names: &["ask"], register: question::register },
    HostCall { names: &["attempt"], register: attempt::register },
    HostCall { names: &["child", "start_child", "result", "signal"], register: child::register },
    HostCall { names: &["defaults"], register: defaults::register },
    HostCall { names: &["exec"], register: exec::register },
    HostCall { names: &["fail"], register: fail::register },
    HostCall { names: &["read_file", "write_file", "glob", "env"], register: files::register },
    HostCall { names: &["http", "http_get", "http_post"], register: http::register },
    HostCall { names: &["heartbeat", "last_heartbeat"], register: heartbeat::register },
    HostCall { names: &["attempt_number", "idempotency_key"], register: in_body::register },
    HostCall { names: &["join", "done", "cancel", "join_all", "select"], register: join::register },
    HostCall { names: &["log"], register: log::register },
    HostCall { names: &["now", "today"], register: now::register },
    HostCall { names: &["on_failure"], register: on_failure::register },
    HostCall { names: &["on_query"], register: on_query::register },
    HostCall { names: &["on_signal"], register: on_signal::register },
    HostCall { names: &["on_undo", "undo"], register: on_undo::register },
    HostCall { names: &["on_update"], register: on_update::register },
    HostCall { names: &["parallel"], register: parallel::register },
    HostCall { names: &["params"], register: params::register },
    HostCall { names: &["patched"], register: patched::register },
    HostCall { names: &["poll"], register: poll::register },
    HostCall { names: &["progress"], register: progress::register },
    HostCall { names: &["publish"], register: publish::register },
    HostCall { names: &["random", "random_int", "uuid"], register: random::register },
    HostCall { names: &["restart_with"], register: restart_with::register },
    HostCall { names: &["secret"], register: secret::register },
    HostCall { names: &["set_summary"], register: set_summary::register },
    HostCall { names: &["sh"], register: sh::register },
    HostCall { names: &["shielded"], register: shielded::register },
    HostCall { names: &["signal_run"], register: signal_run::register },
    HostCall { names: &["sleep", "sleep_until"], register: sleep::register },
    HostCall {
        names: &["start_activity", "timer", "timer_until", "start_wait_signal"],
        register: start::register,
    },
    HostCall { names: &["step"], register: step::register },
    HostCall { names: &["strand"], register: strand::register },
    HostCall { names: &["token"], register: token::register },
    HostCall { names: &["wait_signal"], register: wait_signal::register },
    HostCall { names: &["wait_token"], register: wait_token::register },
    HostCall { names: &["wait_until"], register: wait_until::register },
    HostCall { names: &["with_lock"], register: with_lock::register },
];

/// The names of all host calls, for "did you mean" and for the tests that want each written up.
pub fn names() -> impl Iterator<Item = &'static str> {
    // `print` is the engine's own; it goes to the run's log.
    ALL.iter().flat_map(|call| call.names.iter().copied()).chain(["print"])
}

/// What a script is given for the recorded result of an effect.
pub(super) fn given(kind: CommandKind, result: &Value) -> Dynamic {
    let given = super::convert::to_dynamic(result);
    match kind {
        CommandKind::Exec | CommandKind::Sh | CommandKind::Http => exec::result(given),
        CommandKind::Activity
        | CommandKind::Step
        | CommandKind::Poll
        | CommandKind::ReadFile
        | CommandKind::WriteFile
        | CommandKind::Glob
        | CommandKind::Env
        | CommandKind::Sleep
        | CommandKind::WaitSignal
        | CommandKind::WaitUntil
        | CommandKind::WaitToken
        | CommandKind::Ask
        | CommandKind::SignalRun
        | CommandKind::StartChild
        | CommandKind::Child
        | CommandKind::CancelChild
        | CommandKind::WithLock
        | CommandKind::Queue
        | CommandKind::Remind
        | CommandKind::RunTimeout
        | CommandKind::Grace => given,
    }
}

/// Makes all host calls known.
pub(super) fn register(engine: &mut Engine) {
    for call in ALL {
        (call.register)(engine);
    }
}
