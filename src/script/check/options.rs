//! Which options a call takes, and in which of its arguments.

use super::super::calls::{OF_ALL, OF_DEFAULTS, OF_HTTP, OF_PROCESS, of_effect};

/// The options of `retry: #{…}`.
pub(super) const OF_RETRY: &[&str] =
    &["first", "factor", "max", "jitter", "attempts", "except", "only", "retry_after"];

/// The place of the options among so many arguments, and what may stand there.
pub(super) fn of(name: &str, arguments: usize) -> Option<(usize, Vec<&'static str>)> {
    let (place, known) = match (name, arguments) {
        ("activity" | "start_activity", 3) => (2, of_effect(&[])),
        ("step", 3) => (1, of_effect(&[])),
        ("exec", 2) => (1, of_effect(OF_PROCESS)),
        ("sh", 2 | 3) => (arguments - 1, of_effect(OF_PROCESS)),
        ("http", 1) => (0, of_effect(OF_HTTP)),
        ("http_get", 2) => (1, of_effect(OF_HTTP)),
        ("http_post", 3) => (2, of_effect(OF_HTTP)),
        ("wait_signal" | "start_wait_signal" | "wait_token", 2) => (1, vec!["timeout", "otherwise"]),
        ("ask", 2) => (1, vec!["choices", "name", "timeout", "otherwise", "show", "notify", "remind"]),
        ("poll", 3) => (1, vec!["every", "factor", "max", "timeout"]),
        ("parallel", 3) => (2, vec!["max", "rate", "name", "on_error"]),
        ("child" | "start_child", 3) => (2, vec!["id", "on_parent_close", "timeout"]),
        ("on_update", 3) => (2, vec!["validate"]),
        ("with_lock", 3) => (1, vec!["timeout"]),
        ("defaults", 1) => (0, OF_DEFAULTS.to_vec()),
        _ => return None,
    };
    Some((place, known))
}

/// Whether a call takes the options of effects.
pub(super) fn is_effect(name: &str) -> bool {
    const EFFECTS: &[&str] =
        &["activity", "start_activity", "step", "exec", "sh", "http", "http_get", "http_post", "defaults"];
    EFFECTS.contains(&name)
}

/// Whether every name is that of an option of all activities, and there is one.
pub(super) fn are_options<'n>(mut names: impl Iterator<Item = &'n str>) -> bool {
    let first = names.next();
    first.into_iter().chain(names).all(|name| OF_ALL.contains(&name)) && first.is_some()
}
