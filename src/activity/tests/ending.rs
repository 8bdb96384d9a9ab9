//! How a process ends: by itself, at its time-out, at our wish; its whole group with it, and no zombie stays.

use super::*;
use crate::timer::{Clock, SystemClock};
use std::sync::mpsc;
use std::time::Duration;

fn timed(ms: u64, text: &str) -> ProcessSpec {
    ProcessSpec { timeout: Some(Duration::from_millis(ms)), ..shell(text) }
}

#[test]
fn a_time_out_ends_the_whole_group_even_one_that_ignores_term() {
    let output = run_now(timed(
        100,
        &format!("trap '' TERM; sleep {FOREVER} & echo $!; echo $$; while :; do sleep 0.05; done"),
    ));
    assert!(matches!(output.end, ProcessEnd::TimedOut));
    let pids = text(&output.stdout);
    assert_eq!(pids.lines().count(), 2, "{pids}");
    assert!(pids.lines().all(|pid| !lives(pid)), "{pids}");
}

#[test]
fn what_a_process_says_in_its_grace_is_kept() {
    let script = format!("trap 'echo cleaned; exit 0' TERM; echo begun; sleep {FOREVER} & wait");
    let output = run_now(ProcessSpec { grace: Duration::from_secs(20), ..timed(200, &script) });
    assert!(matches!(output.end, ProcessEnd::TimedOut), "however it then exits");
    assert_eq!(text(&output.stdout), "begun\ncleaned\n");
}

#[test]
fn those_whom_it_started_have_the_same_grace() {
    // The leader dies of TERM at once; its child needs a moment longer.
    let script = "sh -c 'trap \"sleep 0.4; echo cleaned; exit\" TERM; echo begun; while :; do sleep 0.02; done' & wait";
    let output = run_now(ProcessSpec { grace: Duration::from_secs(20), ..timed(200, script) });
    assert_eq!(text(&output.stdout), "begun\ncleaned\n");
}

#[test]
fn a_grandchild_that_holds_the_pipes_holds_nothing_up_and_is_ended() {
    let output = run_now(shell(&format!("sleep {FOREVER} & echo $!")));
    assert!(matches!(output.end, ProcessEnd::Ended(status) if status.success()));
    assert!(!lives(&text(&output.stdout)));
}

#[test]
fn what_a_grandchild_says_right_after_the_end_is_kept() {
    assert_eq!(text(&run_now(shell("(sleep 0.03; echo late) & echo early")).stdout), "early\nlate\n");
}

#[test]
fn a_grandchild_without_pipes_is_ended_too() {
    let output = run_now(shell(&format!("sleep {FOREVER} <&- >&- 2>&- & echo $!")));
    assert!(!lives(&text(&output.stdout)));
}

#[test]
fn output_is_not_lost_where_a_stranger_to_the_group_holds_the_pipes() {
    let output = run_now(shell("echo result; setsid sh -c 'echo $$; sleep 3' & wait_a_bit=$(sleep 0.1)"));
    assert!(matches!(output.end, ProcessEnd::Ended(status) if status.success()));
    let said = text(&output.stdout);
    assert!(said.contains("result\n"), "{said}");
    let stranger = said.lines().find_map(|line| line.parse::<i32>().ok()).expect("a pid");
    assert!(lives(&stranger.to_string()), "who left the group is not ours to end");
    let stranger = rustix::process::Pid::from_raw(stranger).expect("a pid");
    rustix::process::kill_process_group(stranger, rustix::process::Signal::KILL).expect("it lives");
}

#[test]
fn a_child_that_closes_its_pipes_and_lives_on_is_waited_for() {
    let output = run_now(shell("echo said; exec >&- 2>&-; sleep 0.3; exit 7"));
    assert_eq!(text(&output.stdout), "said\n");
    assert!(matches!(output.end, ProcessEnd::Ended(status) if status.code() == Some(7)));
}

#[test]
fn one_that_is_to_be_stopped_before_it_began_never_begins() {
    let place = tempfile::tempdir().expect("a directory");
    let trace = place.path().join("trace");
    let (_halt, asked) = watch::channel(Halt::Gently);
    let output = run_until(shell(&format!("echo > {}", trace.display())), asked);
    assert!(matches!(output.end, ProcessEnd::Stopped));
    assert!(!trace.exists());
}

/// Launches `count` of these and gives their outputs as they come, when each has said something.
fn launched(launcher: &Launcher, count: u64, spec: &ProcessSpec) -> mpsc::Receiver<ProcessOutput> {
    let (sender, outputs) = mpsc::channel();
    let (said, began) = mpsc::channel();
    for id in 0..count {
        let (sender, said) = (sender.clone(), said.clone());
        let on_line: LineSink = std::sync::Arc::new(move |_, _| {
            // The shell may have more to say when it is ended, and nobody counts any more.
            let _gone = said.send(());
        });
        let after = Box::new(move |output: ProcessOutput| drop(sender.send(output)));
        launcher.launch(
            id,
            ProcessSpec { on_line: Some(on_line), ..spec.clone() },
            Box::new(|| Ok(())),
            after,
        );
    }
    (0..count).for_each(|_| began.recv().expect("a line"));
    outputs
}

fn all_are_gone(outputs: impl IntoIterator<Item = ProcessOutput>) -> usize {
    let mut count = 0;
    for output in outputs {
        assert!(matches!(output.end, ProcessEnd::Stopped), "{output:?}");
        let pid = text(&output.stdout);
        assert!(!is_there(&pid), "{pid} is still there, alive or as a zombie");
        count += 1;
    }
    count
}

#[test]
fn the_launcher_stops_one_or_all_and_leaves_no_zombie() {
    let launcher = Launcher::start().expect("starts");
    let outputs = launched(&launcher, 10, &shell(&format!("echo $$; exec sleep {FOREVER}")));
    launcher.stop(3);
    assert_eq!(all_are_gone(outputs.recv()), 1);
    assert!(outputs.try_recv().is_err(), "the others go on");
    launcher.stop_all(true);
    assert_eq!(all_are_gone(outputs.try_iter()), 9, "all have ended when stop_all returns");
}

#[test]
fn impatience_needs_no_grace_and_may_come_later() {
    let launcher = Launcher::start().expect("starts");
    let long = ProcessSpec {
        grace: Duration::from_secs(20),
        ..shell("trap '' TERM; echo $$; while :; do sleep 0.02; done")
    };
    let outputs = launched(&launcher, 2, &long);
    std::thread::scope(|scope| {
        scope.spawn(|| launcher.stop_all(true));
        launcher.stop(0);
        launcher.stop_all(false);
    });
    assert_eq!(all_are_gone(outputs.try_iter()), 2);
}

#[test]
fn dropping_the_launcher_ends_its_children_gently() {
    let launcher = Launcher::start().expect("starts");
    let script = "trap 'exit 0' TERM; echo $$; while :; do sleep 0.02; done";
    let outputs = launched(&launcher, 2, &ProcessSpec { grace: Duration::from_secs(20), ..shell(script) });
    drop(launcher);
    assert_eq!(all_are_gone(outputs.try_iter()), 2);
}

#[test]
fn a_launcher_that_is_dropped_by_its_own_thread_does_not_wait_for_itself() {
    let launcher = Launcher::start().expect("starts");
    let (hand_over, taken) = mpsc::channel::<Launcher>();
    let (sender, dropped) = mpsc::channel();
    let after = Box::new(move |_: ProcessOutput| {
        drop(taken.recv().expect("the launcher"));
        sender.send(()).expect("somebody waits");
    });
    launcher.launch(1, shell("true"), Box::new(|| Ok(())), after);
    hand_over.send(launcher).expect("its thread waits");
    dropped.recv_timeout(Duration::from_secs(10)).expect("it came to its end");
}

#[test]
fn a_line_sink_that_panics_costs_the_attempt_and_leaves_nothing() {
    let launcher = Launcher::start().expect("starts");
    let (sender, outputs) = mpsc::channel();
    let (said, lines) = mpsc::channel();
    let on_line: LineSink = std::sync::Arc::new(move |_, line| {
        said.send(line.to_owned()).expect("somebody reads");
        panic!("on purpose")
    });
    let spec = ProcessSpec { on_line: Some(on_line), ..shell(&format!("sleep {FOREVER} & echo $!; wait")) };
    let after = Box::new(move |output: ProcessOutput| sender.send(output).expect("somebody waits"));
    launcher.launch(1, spec, Box::new(|| Ok(())), after);
    assert!(matches!(outputs.recv().expect("an output").end, ProcessEnd::Lost));
    let grandchild = lines.recv().expect("a pid");
    let began = SystemClock.monotonic();
    while lives(&grandchild) {
        assert!(SystemClock.monotonic().saturating_sub(began) < Duration::from_secs(30), "it goes on alone");
        SystemClock.pause(Duration::from_millis(2));
    }
}
