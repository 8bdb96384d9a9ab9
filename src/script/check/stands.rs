//! Where a host call may stand: in the script, in the body of an activity or step, in what only looks.

use super::Rule;
use super::calls::Called;
use super::walk::{Place, Walker};

/// Calls that belong to the script: in no body, in nothing that only looks.
const COMMANDS: &[&str] = &[
    "activity",
    "ask",
    "child",
    "defaults",
    "join_all",
    "on_failure",
    "on_query",
    "on_signal",
    "on_undo",
    "parallel",
    "params",
    "poll",
    "publish",
    "restart_with",
    "select",
    "set_summary",
    "shielded",
    "signal_run",
    "sleep",
    "sleep_until",
    "start_activity",
    "start_child",
    "start_wait_signal",
    "step",
    "strand",
    "timer",
    "timer_until",
    "token",
    "wait_signal",
    "wait_token",
    "wait_until",
    "with_lock",
];
/// Calls that touch the outside or move on what replay repeats: also in bodies, but in nothing that only looks.
const EFFECTS: &[&str] = &[
    "env",
    "exec",
    "glob",
    "http",
    "http_get",
    "http_post",
    "progress",
    "random",
    "random_int",
    "read_file",
    "sh",
    "uuid",
    "write_file",
];

/// Calls that ask of an attempt, which there is in a body only.
const OF_ATTEMPT: &[&str] = &["attempt_number", "heartbeat", "idempotency_key", "last_heartbeat"];

/// Whether a call suspends the script until something from outside has come.
pub(super) fn suspends(name: &str) -> bool {
    const QUICK: &[&str] = &[
        "defaults",
        "on_failure",
        "on_query",
        "on_signal",
        "on_undo",
        "params",
        "progress",
        "publish",
        "random",
        "random_int",
        "set_summary",
        "start_activity",
        "start_child",
        "start_wait_signal",
        "strand",
        "timer",
        "timer_until",
        "token",
        "uuid",
    ];
    (COMMANDS.contains(&name) || EFFECTS.contains(&name)) && !QUICK.contains(&name)
}

impl Walker<'_> {
    /// Whether a host call may stand where it stands.
    pub(super) fn stands(&mut self, called: &Called<'_>) {
        let name = called.name();
        let command = COMMANDS.contains(&name);
        let (place, hint) = match self.place {
            Place::Trial(place) if command => (place, "use exec, sh or http, which may stand there"),
            Place::Body(place) if command => (place, "do it in the script, before or after"),
            Place::Look(place) if command || EFFECTS.contains(&name) => {
                (place, "it only looks: do it in the script and leave the result in a variable")
            }
            Place::Script | Place::Look(_) if OF_ATTEMPT.contains(&name) && !self.is_kept => {
                return self.without_attempt(called);
            }
            Place::Script | Place::Body(_) | Place::Trial(_) | Place::Look(_) => return,
        };
        self.tell(
            Rule::Command,
            called.position,
            format!("{name} may not stand in {place}"),
            Some(hint.to_owned()),
        );
    }

    /// A call that asks of an attempt where there is none.
    fn without_attempt(&mut self, called: &Called<'_>) {
        let name = called.name();
        let hint = match name {
            "idempotency_key" => {
                "step(\"pay\", || { let key = idempotency_key(); … }); run.id names the whole run".to_owned()
            }
            _ => format!("call it where the work is done: step(\"work\", || {{ {name}(); … }})"),
        };
        self.tell(
            Rule::Command,
            called.position,
            format!("{name} exists only inside an activity or step"),
            Some(hint),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, fine};
    use super::super::{Backing, check};
    use crate::script::{Interpreter, Source};
    use std::collections::BTreeMap;

    #[test]
    fn in_a_probe_and_in_what_poll_tries_the_way_is_an_effect_that_may_stand_there() {
        let probe = "exec([\"a\"], #{ at_most_once: true, probe: || activity(\"charge\") })";
        let poll = "poll(\"a\", || activity(\"charge\"))";
        let step = "step(\"a\", || activity(\"charge\"))";
        for (main, place, way) in [
            (probe, "a probe", "use exec, sh or http, which may stand there"),
            (poll, "what poll tries", "use exec, sh or http, which may stand there"),
            (step, "a step", "do it in the script, before or after"),
        ] {
            let source =
                Source { path: "a.rhai".to_owned(), main: main.to_owned(), modules: BTreeMap::new() };
            let found = check(&Interpreter::new(), &source, &|_| Backing::Yes).expect("a script");
            let told: Vec<_> =
                found.iter().map(|finding| (finding.message.as_str(), finding.hint.as_deref())).collect();
            let message = format!("activity may not stand in {place}");
            assert_eq!(told, [(message.as_str(), Some(way))], "{main}");
        }
        fine(&probe.replace("activity(\"charge\")", "exec([\"b\"])"));
        fine(&poll.replace("activity(\"charge\")", "sh(\"true\")"));
    }

    #[test]
    fn what_asks_of_an_attempt_outside_of_any() {
        for (call, name) in [
            ("idempotency_key()", "idempotency_key"),
            ("attempt_number()", "attempt_number"),
            ("heartbeat(1)", "heartbeat"),
            ("heartbeat()", "heartbeat"),
            ("last_heartbeat()", "last_heartbeat"),
        ] {
            let place = "exists only inside an activity or step";
            finds(&format!("let k = {call};"), &format!("Command (1, 9) {name} {place}"));
            finds(&format!("fn own() {{ {call} }} own()"), &format!("Command (1, 12) {name} {place}"));
            finds(&format!("on_query(\"q\", |_a| {call})"), &format!("Command (1, 20) {name} {place}"));
            fine(&format!("step(\"s\", || {call}); fn charge(x) {{ {call} }} activity(\"charge\", 1);"));
            // Who calls it is not seen here.
            fine(&format!("fn own() {{ {call} }} step(\"s\", || own()); fn unused() {{ {call} }}"));
            fine(&format!("let body = || {call}; step(\"s\", body);"));
            fine(&format!("fn tried(body) {{ step(\"s\", body) }} tried(|| {call});"));
        }
    }
}
