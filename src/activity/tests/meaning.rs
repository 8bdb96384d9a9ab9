//! What an end means: values, failures that pass and failures for good; and what a process is given.

use super::*;
use crate::history::{Program, RunStart, ScriptHash, Value};
use std::os::unix::fs::PermissionsExt;

#[test]
fn an_activity_gives_json_or_text_or_bytes() {
    let gives = |script: &str| judged(CommandKind::Activity, shell(script)).expect("is done").value;
    assert_eq!(
        gives("echo '{\"a\": [1, 2.5, null]}'"),
        Value::from([("a", vec![1.into_value(), 2.5.into_value(), Value::Null].into())])
    );
    assert_eq!(gives("echo 17"), Value::Int(17));
    assert_eq!(gives("printf 'plain words\\n\\n'"), "plain words\n".into());
    assert_eq!(gives("true"), Value::Null);
    assert_eq!(gives("echo"), Value::Null);
    assert_eq!(gives("echo 123456789012345678901234567890"), "123456789012345678901234567890".into());
    assert_eq!(gives("printf '\\377'"), Value::Bytes(vec![0xff]));
}

trait IntoValue {
    fn into_value(self) -> Value;
}
impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::Int(self)
    }
}
impl IntoValue for f64 {
    fn into_value(self) -> Value {
        Value::Float(self)
    }
}

#[test]
fn a_result_that_cannot_be_recorded_fails_for_good() {
    for script in
        ["echo '{\"id\": 18446744073709551615}'", "printf '[%.0s' $(seq 70); printf ']%.0s' $(seq 70)"]
    {
        let failed = judged(CommandKind::Activity, shell(script)).expect_err("fails");
        assert!(failed.permanent);
        // Not of the kind that means a mistake of the script: that would make the run stuck for ever.
        assert_eq!(failed.failure.kind, "activity");
        assert_eq!(failed.failure.data.get("type"), Some(&"bad_value".into()), "{failed:?}");
    }
}

#[test]
fn exec_gives_what_it_wrote_and_its_code() {
    let done = judged(CommandKind::Exec, shell("echo out; echo; echo err >&2")).expect("is done");
    assert_eq!(
        done.value,
        Value::from([("stdout", "out".into()), ("stderr", "err".into()), ("code", Value::Int(0))])
    );
    assert_eq!(done.stderr, "err\n");
    let label = CommandLabel { kind: CommandKind::Sh, name: "it".to_owned() };
    let done = judge(&label, run_now(shell("exit 3")), &[0, 3], None).expect("3 is no error");
    assert_eq!(done.value.get("code"), Some(&Value::Int(3)));
    assert!(judge(&label, run_now(shell("true")), &[3], None).is_err(), "0 is one where it is not listed");
}

#[test]
fn exit_codes_decide_whether_another_attempt_makes_sense() {
    let label = |kind| CommandLabel { kind, name: "it".to_owned() };
    for code in 1..=255_i64 {
        let permanent = [64, 65, 66, 67, 68, 76, 77, 78, 126, 127].contains(&code);
        for (kind, word) in
            [(CommandKind::Activity, "activity"), (CommandKind::Exec, "exec"), (CommandKind::Sh, "exec")]
        {
            let status =
                std::os::unix::process::ExitStatusExt::from_raw(i32::try_from(code << 8).expect("small"));
            let output = ProcessOutput {
                end: ProcessEnd::Ended(status),
                stdout: Vec::new(),
                overflowed: false,
                stdout_end: Vec::new(),
                stderr: b"first\nbroken\n\n".to_vec(),
                file: None,
            };
            let failed = judge(&label(kind), output, &[0], None).expect_err("fails");
            assert_eq!(
                (failed.permanent, failed.failure.kind.as_str()),
                (permanent, word),
                "exit code {code}"
            );
            assert_eq!(failed.failure.message, format!("exit code {code}: broken"));
            assert_eq!(failed.failure.data.get("exit_code"), Some(&Value::Int(code)));
            assert_eq!(failed.failure.data.get("name"), Some(&"it".into()));
            assert_eq!(failed.failure.data.get("stderr"), Some(&"first\nbroken\n\n".into()));
        }
    }
    assert!(judged(CommandKind::Sh, shell("exit 127")).expect_err("fails").permanent);
    assert_eq!(judged(CommandKind::Sh, shell("exit 9")).expect_err("fails").failure.message, "exit code 9");
}

#[test]
fn an_activity_may_say_more_in_json() {
    let said = |kind, error: &str, code: i32| {
        judged(kind, shell(&format!("echo '{{\"error\": {error}}}'; exit {code}"))).expect_err("fails")
    };
    let full =
        r#"{"type": "card_declined", "message": "no money", "retryable": false, "retry_after": "30s"}"#;
    let failed = said(CommandKind::Activity, full, 1);
    assert!(failed.permanent);
    assert_eq!(failed.retry_after_ms, Some(30_000));
    assert_eq!((failed.failure.kind.as_str(), failed.failure.message.as_str()), ("activity", "no money"));
    assert_eq!(failed.failure.data.get("type"), Some(&"card_declined".into()));
    assert!(
        !said(CommandKind::Activity, r#"{"retryable": true}"#, 64).permanent,
        "its word goes before its code"
    );
    assert_eq!(said(CommandKind::Activity, r#"{"retry_after": 5}"#, 1).retry_after_ms, Some(5_000));
    for nonsense in [r#"{"retry_after": "soon"}"#, r#"{"retry_after": []}"#, "7", "null", "[]"] {
        let failed = said(CommandKind::Activity, nonsense, 1);
        assert_eq!((failed.permanent, failed.retry_after_ms), (false, None), "{nonsense}");
        assert_eq!(failed.failure.message, "exit code 1", "{nonsense}");
    }
    assert_eq!(said(CommandKind::Activity, "\"down\"", 1).failure.message, "down");
    assert!(!said(CommandKind::Sh, full, 1).permanent, "what any program prints is no contract");
}

#[test]
fn a_signal_and_a_time_out_pass() {
    let failed = judged(CommandKind::Activity, shell("kill -KILL $$")).expect_err("fails");
    assert!(!failed.permanent);
    assert!(failed.failure.message.contains("signal 9 (KILL"), "{}", failed.failure.message);
    assert_eq!(failed.failure.data.get("signal"), Some(&Value::Int(9)));
    let late = ProcessSpec { timeout: Some(Duration::from_millis(50)), ..shell("echo why >&2; sleep 60") };
    let failed = judged(CommandKind::Activity, late).expect_err("fails");
    assert_eq!((failed.permanent, failed.failure.kind.as_str()), (false, "timeout"));
    assert_eq!(failed.failure.message, "took longer than its timeout of 50ms");
}

#[test]
fn of_a_long_stderr_the_end_goes_into_the_failure_at_a_character() {
    let failed = judged(CommandKind::Exec, shell("yes ä | head -c 30000 >&2; echo end >&2; exit 1"));
    let failure = failed.expect_err("fails").failure;
    let stderr = failure.data.get("stderr").and_then(Value::as_text).expect("text");
    assert!(stderr.len() <= 4096 && stderr.len() > 4090 && stderr.ends_with("end\n"), "{}", stderr.len());
}

pub(super) fn start(script: &std::path::Path) -> RunStart {
    RunStart {
        program: Program {
            path: script.display().to_string(),
            main: ScriptHash::of(""),
            modules: BTreeMap::default(),
        },
        input: Value::Null,
        directory: "/tmp".to_owned(),
        environment: [("PATH", "/usr/bin:/bin"), ("A", "recorded"), ("DURUN_OP", "forged")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        timeout_ms: None,
        secret: [7; 16],
        patches: crate::history::Patches::default(),
    }
}

pub(super) fn told() -> Circumstances<'static> {
    Circumstances {
        config: nothing_configured(),
        functions: &[],
        run_id: "order-1",
        op: 4,
        attempt: 2,
        idempotency_key: "u/1/0/4/abc",
        timeout_ms: Some(5_000),
        last_heartbeat: None,
        note: None,
        transcript: None,
        secrets: no_secrets(),
    }
}

fn output_of(label: &CommandLabel, input: &Value, start: &RunStart) -> Value {
    let (spec, ok_codes) = process_of(label, input, start, told()).expect("a process");
    assert_eq!(spec.timeout, Some(Duration::from_secs(5)));
    judge(label, run_now(spec), &ok_codes, None).expect("is done").value
}

#[test]
fn an_activity_is_given_its_input_and_its_circumstances() {
    let place = tempfile::tempdir().expect("a directory");
    let program = place.path().join("activities/charge");
    std::fs::create_dir(place.path().join("activities")).expect("a folder");
    let script = "#!/bin/sh\nread input\necho \"$PWD $A $DURUN_RUN_ID $DURUN_OP $DURUN_ATTEMPT $DURUN_IDEMPOTENCY_KEY $input\"\n";
    std::fs::write(&program, script).expect("a file");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("rights");
    let label = CommandLabel { kind: CommandKind::Activity, name: "charge".to_owned() };
    let start = start(&place.path().join("s.rhai"));
    // The words of exec's options mean nothing in an activity's input.
    let input = Value::from([("cwd", "/".into()), ("env", Value::from([("A", "changed".into())]))]);
    let said = output_of(&label, &input, &start);
    let expected = "/tmp recorded order-1 4 2 u/1/0/4/abc {\"cwd\":\"/\",\"env\":{\"A\":\"changed\"}}";
    assert_eq!(said, expected.into());
    let missing = CommandLabel { name: "refund".to_owned(), ..label };
    assert!(process_of(&missing, &Value::Null, &start, told()).is_err_and(|failed| failed.permanent));
}

#[test]
fn exec_and_sh_take_their_options_and_paste_nothing() {
    let start = start(std::path::Path::new("/tmp/s.rhai"));
    let sh = CommandLabel { kind: CommandKind::Sh, name: "it".to_owned() };
    let input = Value::from([
        ("text", "cat; echo \"$A $DURUN_OP $PWD [$1] [$2]\"; exit 4".into()),
        ("args", vec!["; rm x".into(), Value::Int(7)].into()),
        ("cwd", "/usr".into()),
        ("env", Value::from([("A", "changed".into()), ("DURUN_OP", "forged".into())])),
        ("stdin", "in ".into()),
        ("ok_codes", vec![Value::Int(4)].into()),
    ]);
    assert_eq!(output_of(&sh, &input, &start).get("stdout"), Some(&"in changed 4 /usr [; rm x] [7]".into()));
    let exec = CommandLabel { kind: CommandKind::Exec, name: "echo".to_owned() };
    let input = Value::from([("argv", vec!["echo".into(), "$A".into(), "b c".into()].into())]);
    assert_eq!(output_of(&exec, &input, &start).get("stdout"), Some(&"$A b c".into()));
    let sleep = CommandLabel { kind: CommandKind::Sleep, name: String::new() };
    assert!(process_of(&sleep, &Value::Null, &start, told()).is_err_and(|failed| failed.permanent));
}

fn no_secrets() -> &'static std::sync::Arc<Secrets> {
    static NONE: std::sync::LazyLock<std::sync::Arc<Secrets>> =
        std::sync::LazyLock::new(|| std::sync::Arc::new(Secrets::none()));
    &NONE
}

/// Of a script without a `durun.toml`.
fn nothing_configured() -> &'static crate::config::Config {
    static NOTHING: std::sync::LazyLock<crate::config::Config> = std::sync::LazyLock::new(Default::default);
    &NOTHING
}
