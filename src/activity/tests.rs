//! Real processes: ended whole, never blocked, never kept in memory without bound.

use super::*;
use crate::history::{CommandKind, CommandLabel, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;

fn shell(text: &str) -> ProcessSpec {
    ProcessSpec {
        argv: ["sh", "-c", text].map(str::to_owned).to_vec(),
        directory: PathBuf::from("/"),
        environment: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        stdin: Vec::new(),
        timeout: Some(Duration::from_secs(20)),
        grace: Duration::from_millis(200),
        note: None,
    }
}

fn run_now(spec: ProcessSpec) -> ProcessOutput {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (_halt, asked) = watch::channel(Halt::No);
    runtime.block_on(run(spec, asked))
}

fn judged(kind: CommandKind, spec: ProcessSpec) -> Result<Done, Failed> {
    let label = CommandLabel { kind, name: "it".to_owned() };
    let timeout_ms = spec.timeout.map(|limit| i64::try_from(limit.as_millis()).expect("short"));
    judge(&label, run_now(spec), &[0], timeout_ms)
}

fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn an_activity_gives_json_or_text_and_exec_gives_a_map() {
    let value = |kind, text| judged(kind, shell(text)).expect("is done").value;
    assert_eq!(value(CommandKind::Activity, "echo '{\"a\": 1}'"), Value::from([("a", Value::Int(1))]));
    assert_eq!(value(CommandKind::Activity, "echo plain words"), "plain words".into());
    assert_eq!(value(CommandKind::Activity, "true"), Value::Null);
    let exec = value(CommandKind::Exec, "echo out; echo; echo err >&2");
    assert_eq!(exec.get("stdout"), Some(&"out".into()));
    assert_eq!(exec.get("stderr"), Some(&"err".into()));
    assert_eq!(exec.get("code"), Some(&Value::Int(0)));
}

#[test]
fn exit_codes_decide_whether_another_attempt_makes_sense() {
    for (code, permanent) in [
        (1, false),
        (63, false),
        (64, true),
        (68, true),
        (69, false),
        (75, false),
        (78, true),
        (126, true),
        (127, true),
        (255, false),
    ] {
        let failed = judged(CommandKind::Activity, shell(&format!("echo broken >&2; exit {code}")))
            .expect_err("fails");
        assert_eq!(failed.permanent, permanent, "exit code {code}");
        assert_eq!(failed.failure.message, format!("exit code {code}: broken"));
        assert_eq!(failed.failure.data.get("exit_code"), Some(&Value::Int(code)));
    }
}

#[test]
fn a_program_may_say_more_in_json() {
    let text = r#"echo '{"error": {"type": "card_declined", "message": "no money", "retryable": false, "retry_after": "30s"}}'; exit 1"#;
    let failed = judged(CommandKind::Activity, shell(text)).expect_err("fails");
    assert!(failed.permanent);
    assert_eq!(failed.retry_after_ms, Some(30_000));
    assert_eq!(failed.failure.message, "no money");
    assert_eq!(failed.failure.data.get("type"), Some(&"card_declined".into()));
}

#[test]
fn a_time_out_ends_the_whole_group_even_one_that_ignores_term() {
    let spec = ProcessSpec {
        timeout: Some(Duration::from_millis(200)),
        ..shell("trap '' TERM; sleep 60 & echo $!; while :; do sleep 0.05; done")
    };
    let output = run_now(spec);
    assert!(matches!(output.end, ProcessEnd::TimedOut));
    let grandchild = String::from_utf8(output.stdout).expect("a pid");
    assert!(!lives(&grandchild), "the grandchild {grandchild} lives");
}

#[test]
fn a_grandchild_in_the_background_holds_nothing_up_and_is_ended() {
    let output = run_now(shell("sleep 60 & echo $!"));
    assert!(matches!(output.end, ProcessEnd::Ended(status) if status.success()));
    std::thread::yield_now();
    let grandchild = String::from_utf8(output.stdout).expect("a pid");
    assert!(!lives(&grandchild), "the grandchild {grandchild} lives");
}

#[test]
fn a_flood_of_output_is_drained_and_refused_for_good() {
    let failed = judged(CommandKind::Exec, shell("head -c 100000000 /dev/zero")).expect_err("too large");
    assert!(failed.permanent);
    assert_eq!(failed.failure.data.get("type"), Some(&"too_large".into()));
    let output = run_now(shell("head -c 10000000 /dev/zero >&2"));
    assert_eq!(output.stderr.len(), STDERR_BYTES);
}

#[test]
fn a_child_that_never_reads_does_not_block_us() {
    let spec = ProcessSpec { stdin: vec![b'x'; 8 * 1024 * 1024], ..shell("exit 0") };
    assert!(matches!(run_now(spec).end, ProcessEnd::Ended(status) if status.success()));
    let spec = ProcessSpec { stdin: b"hello".to_vec(), ..shell("cat") };
    assert_eq!(run_now(spec).stdout, b"hello");
}

#[test]
fn a_program_that_does_not_exist_is_for_good_and_names_the_path() {
    let spec = ProcessSpec { argv: vec!["no-such-program".to_owned()], ..shell("") };
    let failed = judged(CommandKind::Exec, spec).expect_err("fails");
    assert!(failed.permanent);
    assert!(failed.failure.message.contains("no program no-such-program in PATH (/usr/bin:/bin)"));
}

#[test]
fn nothing_is_inherited_and_the_note_names_the_child_while_it_runs() {
    let place = tempfile::tempdir().expect("a directory");
    let note = note_path(place.path(), 3, 7);
    let spec = ProcessSpec { note: Some(note.clone()), ..shell("env | sort; cat \"$NOTE\"; echo $$") };
    let mut spec = spec;
    spec.environment.insert("NOTE".to_owned(), note.display().to_string());
    let output = run_now(spec);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(!text.contains("HOME="), "{text}");
    let pid = text.lines().last().expect("a pid");
    assert!(
        text.lines()
            .any(|line| line.starts_with(&format!("{pid} (sh)")) || line.starts_with(&format!("{pid} ("))),
        "{text}"
    );
    assert!(!note.exists(), "the note goes with the child");
}

#[test]
fn the_launcher_stops_what_runs_and_leaves_no_zombie() {
    let launcher = Launcher::start().expect("starts");
    let (sender, outputs) = std::sync::mpsc::channel();
    for id in 0..5 {
        let sender = sender.clone();
        let after = Box::new(move |output: ProcessOutput| drop(sender.send(output)));
        launcher.launch(id, shell("echo $$; sleep 60"), Box::new(|| Ok(())), after);
    }
    launcher.stop(0);
    assert!(matches!(outputs.recv().expect("an output").end, ProcessEnd::Stopped));
    launcher.stop_all(true);
    let rest: Vec<ProcessOutput> = outputs.try_iter().collect();
    assert_eq!(rest.len(), 4);
    for output in rest {
        assert!(matches!(output.end, ProcessEnd::Stopped));
        let pid = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(pid.is_empty() || std::fs::metadata(format!("/proc/{pid}")).is_err(), "{pid} is still there");
    }
}
