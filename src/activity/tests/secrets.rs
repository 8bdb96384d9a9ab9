//! Secrets of real processes: they reach the environment and stdin, and nothing else.

use super::meaning::{start, told};
use super::*;
use crate::config::{Config, parse};
use crate::history::{Placeholder, RunStart, Value};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

fn nowhere() -> RunStart {
    start(Path::new("/nowhere/s.rhai"))
}

/// The process of a job with its secrets in place.
fn placed(label: &CommandLabel, input: &Value, config: &Config) -> Result<(ProcessSpec, Vec<i64>), Failed> {
    let start = nowhere();
    let variables: Variables = Arc::new(|name| (name == "KEY").then(|| "hunter2".to_owned()));
    let secrets = Secrets::new(start.secret, Arc::new(config.clone()), variables, BTreeSet::new());
    let secrets = Arc::new(secrets.with_those_in(input));
    let told = Circumstances { config, secrets: &secrets, ..told() };
    let (mut spec, ok_codes) = process_of(label, input, &start, told)?;
    spec.place_secrets().map_err(|error| secret_failed(&error, label))?;
    Ok((spec, ok_codes))
}

fn placeholder(name: &str) -> Value {
    Placeholder::text(nowhere().secret, name).into()
}

fn label(kind: CommandKind, name: &str) -> CommandLabel {
    CommandLabel { kind, name: name.to_owned() }
}

#[test]
fn a_configured_activity_gets_its_secrets_and_gives_them_to_nobody() {
    let config = parse(
        Path::new("/p/durun.toml"),
        "[activity.charge]\ncmd = [\"sh\", \"-c\", \"cat; echo $A-$B >&2; echo $B >&3; exit 3\"]\n\
         env = { A = \"recorded no more\", B = { secret = \"KEY\" } }",
    )
    .expect("a configuration");
    let charge = label(CommandKind::Activity, "charge");
    let input = Value::from([("key", placeholder("KEY"))]);
    let (mut spec, ok_codes) = placed(&charge, &input, &config).expect("a process");
    assert_eq!(spec.stdin, b"{\"key\":\"hunter2\"}");
    assert_eq!(spec.environment["B"], "hunter2");
    let beats = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&beats);
    spec.on_heartbeat = Some(Arc::new(move |details| ear.lock().expect("a list").push(details)));
    let output = run_now(spec);
    assert_eq!(text(&output.stdout), "{\"key\":\"⟦secret:KEY⟧\"}");
    assert_eq!(*beats.lock().expect("a list"), [Value::from("⟦secret:KEY⟧")]);
    let failed = judge(&charge, output, &ok_codes, None).expect_err("fails");
    assert_eq!(failed.failure.message, "exit code 3: recorded no more-⟦secret:KEY⟧");
}

#[test]
fn what_a_process_writes_in_pieces_is_masked_in_its_result_its_lines_and_its_transcript() {
    let folder = tempfile::tempdir().expect("a directory");
    let script = "printf 'a hunt'; sleep 0.2; printf 'er2 b hunt'; printf %s $B >&2; exec 1>&-; sleep 0.1";
    let input = Value::from([("text", script.into()), ("env", Value::from([("B", placeholder("KEY"))]))]);
    let sh = label(CommandKind::Sh, "it");
    let (mut spec, ok_codes) = placed(&sh, &input, &Config::default()).expect("a process");
    let path = folder.path().join("transcript");
    let clock = Arc::new(crate::timer::ManualClock::default());
    spec.transcript = Some(TranscriptPlace { path: path.clone(), clock });
    let lines = Arc::new(Mutex::new(String::new()));
    let ear = Arc::clone(&lines);
    spec.on_line = Some(Arc::new(move |_, line| ear.lock().expect("a text").push_str(line)));
    let done = judge(&sh, run_now(spec), &ok_codes, None).expect("is done");
    assert_eq!(done.value.get("stdout"), Some(&"a ⟦secret:KEY⟧ b hunt".into()));
    assert_eq!(done.value.get("stderr"), Some(&"⟦secret:KEY⟧".into()));
    let transcript = std::fs::read_to_string(path).expect("a transcript");
    for told in [transcript, lines.lock().expect("a text").clone()] {
        assert!(told.contains("a ⟦secret:KEY⟧ b hunt") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn what_was_held_back_is_not_lost_where_the_pipes_are_left_open() {
    let input = Value::from([
        // The one in the background leaves the group and holds the pipes.
        ("text", "setsid sleep 5 & printf 'and hunt'".into()),
        ("env", Value::from([("B", placeholder("KEY"))])),
    ]);
    let sh = label(CommandKind::Sh, "it");
    let (spec, ok_codes) = placed(&sh, &input, &Config::default()).expect("a process");
    let done = judge(&sh, run_now(spec), &ok_codes, None).expect("is done");
    assert_eq!(done.value.get("stdout"), Some(&"and hunt".into()));
}

#[test]
fn a_secret_in_an_argument_or_from_nowhere_fails_for_good() {
    let failed = |label: &CommandLabel, input: Value| {
        let failed = placed(label, &input, &Config::default()).err().expect("refused");
        assert!(failed.permanent, "{failed:?}");
        failed.failure
    };
    let argv = |last: Value| ("argv", vec!["curl".into(), last].into());
    let exec = label(CommandKind::Exec, "curl");
    let seen = failed(&exec, Value::from([argv(placeholder("KEY"))]));
    assert_eq!(seen.kind, "exec");
    assert!(seen.message.contains("visible in `ps`; use env"), "{}", seen.message);
    let text = format!("curl -H '{}' h", placeholder("KEY").as_text().expect("text"));
    let sh = label(CommandKind::Sh, "it");
    assert!(failed(&sh, Value::from([("text", text.into())])).message.contains("visible in `ps`"));
    let env = ("env", Value::from([("A", placeholder("NO_SUCH"))]));
    let missing = failed(&exec, Value::from([argv("x".into()), env]));
    assert_eq!(missing.kind, "secret_missing");
    assert!(missing.message.contains("no environment variable NO_SUCH"), "{}", missing.message);
}
