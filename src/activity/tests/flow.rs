//! What goes in and out of a process: nothing blocks it or us, and memory stays flat.

use super::*;
use crate::history::Value;
use std::sync::{Arc, Mutex};

#[test]
fn a_process_reads_its_input_and_what_it_writes_is_kept() {
    let spec = ProcessSpec { stdin: b"hello".to_vec(), ..shell("cat; echo err >&2") };
    let output = run_now(spec);
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("hello".to_owned(), "err\n".to_owned()));
    assert_eq!(text(&run_now(shell("cat; echo end")).stdout), "end\n", "no input is an empty one");
}

#[test]
fn more_than_a_pipe_holds_goes_in_and_out_at_once() {
    let big = vec![b'x'; 1_000_000];
    let output = run_now(ProcessSpec { stdin: big.clone(), ..shell("cat") });
    assert!(output.stdout == big && !output.overflowed);
}

#[test]
fn a_child_that_never_reads_blocks_nobody() {
    let big = vec![b'x'; 8 * 1024 * 1024];
    let output = run_now(ProcessSpec { stdin: big.clone(), ..shell("echo done") });
    assert!(matches!(output.end, ProcessEnd::Ended(status) if status.success()));
    assert_eq!(text(&output.stdout), "done\n");
    let timeout = Some(Duration::from_millis(100));
    let output = run_now(ProcessSpec { stdin: big, timeout, ..shell(&format!("sleep {FOREVER}")) });
    assert!(matches!(output.end, ProcessEnd::TimedOut));
}

/// How much memory the process has in use, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("statm");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("pages") * 4096
}

#[test]
fn a_flood_of_output_is_drained_and_memory_stays_flat() {
    let before = resident();
    let output = run_now(shell("yes | head -c 200000000; echo end >&2"));
    assert!(matches!(output.end, ProcessEnd::Ended(status) if status.success()));
    assert_eq!(text(&output.stderr), "end\n", "it was drained to its end");
    assert!(output.overflowed);
    assert_eq!(output.stdout.len(), STDOUT_BYTES);
    // Other tests run beside this one, so the bound is loose; a fifth of the flood would still break it.
    assert!(resident().saturating_sub(before) < 40_000_000);
}

#[test]
fn of_a_flood_of_errors_the_end_is_kept() {
    let output = run_now(shell("yes | head -c 20000000 >&2; echo last words >&2"));
    assert_eq!(output.stderr.len(), STDERR_BYTES);
    assert!(output.stderr.ends_with(b"last words\n"));
}

#[test]
fn the_limit_of_stdout_is_the_callers() {
    let output = run_now(ProcessSpec { stdout_bytes: 3, ..shell("echo abc") });
    assert_eq!((text(&output.stdout), output.overflowed), ("abc".to_owned(), true));
    let output = run_now(ProcessSpec { stdout_bytes: 4, ..shell("echo abc") });
    assert!(!output.overflowed);
}

#[test]
fn lines_are_heard_while_the_process_runs() {
    let place = tempfile::tempdir().expect("a directory");
    let go = place.path().join("go");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (ear, signal) = (Arc::clone(&heard), go.clone());
    let on_line: LineSink = Arc::new(move |stream, line| {
        ear.lock().expect("a list").push((stream, line.to_owned()));
        // The process ends only because its line was heard.
        std::fs::write(&signal, "").expect("a file");
    });
    let script = format!("echo first >&2; while ! [ -e {} ]; do sleep 0.01; done; printf last", go.display());
    let output = run_now(ProcessSpec { on_line: Some(on_line), ..shell(&script) });
    assert!(matches!(output.end, ProcessEnd::Ended(status) if status.success()));
    let expected = [(Stream::Stderr, "first".to_owned()), (Stream::Stdout, "last".to_owned())];
    assert_eq!(*heard.lock().expect("a list"), expected);
}

#[test]
fn a_result_over_the_limit_is_refused_for_good() {
    for kind in [CommandKind::Activity, CommandKind::Exec, CommandKind::Sh] {
        for bytes in [1_048_576, 3_000_000] {
            let failed = judged(kind, shell(&format!("yes | head -c {bytes}"))).expect_err("too large");
            assert!(failed.permanent);
            assert_eq!(failed.failure.data.get("type"), Some(&Value::from("too_large")), "{kind} {bytes}");
            assert!(failed.failure.message.contains("1 MiB"), "{}", failed.failure.message);
        }
        assert!(judged(kind, shell("yes | head -c 1000000")).is_ok());
    }
    // Of what remains when the newlines at its end are dropped, nothing is known to be all.
    assert!(judged(CommandKind::Exec, shell("yes '' | head -c 3000000")).is_err());
    let failed = judged(CommandKind::Sh, shell("yes | head -c 3000000")).expect_err("too large");
    assert!(failed.failure.message.contains("stdout: FILE"), "{}", failed.failure.message);
}
