//! How a run ends or rests: faults, an edited script, interruption, detaching, time-outs, cancels.

use crate::world::{World, finish, kill, quiet, send};
use rustix::process::Signal;

#[test]
fn a_fault_at_step_five_is_stuck_with_line_and_caret() {
    let world = World::new();
    let text = "for n in 0..4 { step(\"s\", || n); }\nlet x = 1;\nstep(\"five\", || nowhere(x));\n";
    let script = world.write("fault.rhai", text);
    let told = world.run(&["start", "--unchecked", &script, "--id", "f"]);
    assert_eq!(told.code, Some(8), "{told:?}");
    assert!(told.err.contains("there is no function nowhere"), "{}", told.err);
    assert!(
        told.err.contains("fault.rhai:3:") && told.err.contains("3 | step(\"five\", || nowhere(x));"),
        "{}",
        told.err
    );
    assert!(told.err.contains('^'), "{}", told.err);
    assert_eq!(world.status("f")["status"], "stuck");
    assert_eq!(world.history("f").len(), 5, "the four steps are kept");
}

#[test]
fn an_edited_script_changes_nothing_for_a_run_under_way() {
    let world = World::new();
    let script = world
        .write("s.rhai", "let a = sh(\"echo old\").stdout; wait_signal(\"go\"); a + sh(\"echo old\").stdout");
    let child = world.spawn(&["start", &script, "--id", "s"]);
    world.until_waits_for("s", "wait_signal");
    send(&child, Signal::KILL);
    drop(finish(child));
    world.write("s.rhai", "this is no script any more");
    world.good(&["signal", "s", "go"]);
    assert_eq!(world.good(&["resume", "s"]), "oldold");
}

#[test]
fn an_interrupted_run_is_parked_and_says_how_to_go_on() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let world = World::new();
        let script = world.write("s.rhai", "sh(\"sleep 30\"); 1");
        let child = world.spawn(&["start", &script, "--id", "s"]);
        world.until("its child runs", |world| (world.status("s")["status"] == "running").then_some(()));
        world.until("its child is noted", |world| {
            std::fs::read_dir(world.path("store").join("children")).ok()?.next().map(|_| ())
        });
        let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("is there");
        let told = finish(child);
        assert_eq!(told.code, Some(code), "{told:?}");
        assert!(told.err.contains(" resume s\n"), "{}", told.err);
        assert_eq!(world.status("s")["status"], "parked");
        assert!(std::fs::read_dir(world.path("store").join("children")).expect("is there").next().is_none());
    }
}

#[test]
fn a_detached_run_prints_its_id_and_goes_on() {
    let world = World::new();
    let script = world.write("s.rhai", "sh(\"sleep 0.3; echo late\").stdout");
    assert_eq!(world.quiet(&["start", &script, "--id", "d", "--detach"]), "d");
    assert_eq!(world.good(&["wait", "d"]), "late");
}

#[test]
fn a_run_that_exceeds_its_time_out_cleans_up_and_exits_six() {
    let world = World::new();
    let text = "try { sleep(\"1h\"); } catch (err) { sh(\"echo cleaned\"); throw err; }";
    let script = world.write("s.rhai", text);
    let told = world.run(&["start", &script, "--id", "t", "--timeout", "300ms"]);
    assert_eq!(told.code, Some(6), "{told:?}");
    assert_eq!(world.status("t")["status"], "timed_out");
    assert!(world.history("t").iter().any(|entry| entry["name"] == "echo cleaned"));
}

#[test]
fn a_cancel_reaches_the_child_and_lets_the_script_clean_up() {
    let world = World::new();
    let text = "try { sh(\"sleep 60\"); } catch (err) { sh(\"echo cleaned\"); throw err; }";
    let script = world.write("s.rhai", text);
    let child = world.spawn(&["start", &script, "--id", "c"]);
    world.until("its child is noted", |world| {
        std::fs::read_dir(world.path("store").join("children")).ok()?.next().map(|_| ())
    });
    world.good(&["cancel", "c", "--reason", "enough"]);
    let told = finish(child);
    assert_eq!(told.code, Some(5), "{told:?}");
    assert!(world.history("c").iter().any(|entry| entry["name"] == "echo cleaned"));
    assert_eq!(world.status("c")["status"], "cancelled");
}

#[test]
fn an_edit_during_a_sleep_is_not_seen_by_the_living_run() {
    let world = World::new();
    let text = "wait_signal(\"go\"); let n = sh(\"echo old\").stdout; sleep(\"300ms\"); n";
    let script = world.write("s.rhai", text);
    let child = world.spawn(&["start", &script, "--id", "s"]);
    world.until_waits_for("s", "wait_signal");
    world.write("s.rhai", &text.replace("old", "new"));
    world.quiet(&["signal", "s", "go"]);
    assert_eq!(quiet(&finish(child)), "old");
    let again = world.run(&["start", &script, "--id", "s", "-v"]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), "old\n"), "{again:?}");
    assert!(again.err.contains("was edited since run s"), "{}", again.err);
}

#[test]
fn a_stuck_run_answers_and_stays_stuck() {
    let world = World::new();
    let text = "let n = 0;\non_query(\"n\", || n);\nfor i in 1..5 { sh(\"true\"); n = i; }\nlet list = [];\nsh(list[7]);\n";
    let script = world.write("s.rhai", text);
    let told = world.run(&["start", &script, "--id", "s"]);
    assert_eq!((told.code, told.out.as_str()), (Some(8), ""), "{told:?}");
    assert!(told.err.starts_with("error[D0105]: run s is stuck: "), "{}", told.err);
    assert!(told.err.contains("5 | sh(list[7]);") && told.err.contains('^'), "{}", told.err);
    assert_eq!(world.status("s")["error"]["line"], 5);
    assert_eq!(world.quiet(&["query", "s", "n"]), "3", "from the last good step");
    for command in [&["resume", "s"][..], &["start", &script, "--id", "s"], &["result", "s"], &["wait", "s"]]
    {
        let told = world.run(command);
        assert_eq!(told.code, Some(8), "{command:?}: {told:?}");
    }
    assert_eq!(world.completed("s").len(), 4, "nothing ran again");
}

#[test]
fn an_interrupted_run_goes_on_with_the_rest_of_its_sleep() {
    let world = World::new();
    let script = world.write("s.rhai", "sh(\"echo x >>ran\"); sleep(\"2s\"); \"done\"");
    let child = world.spawn(&["start", &script, "--id", "s"]);
    world.until_waits_for("s", "sleep");
    let due = world.status("s")["waits_for"][0]["due"].clone();
    send(&child, Signal::INT);
    assert_eq!(finish(child).code, Some(130));
    assert_eq!(world.status("s")["waits_for"][0]["due"], due);
    assert_eq!(world.quiet(&["resume"]), "done");
    assert_eq!(world.lines("ran"), ["x"]);
    let fired = world.history("s").into_iter().find(|entry| entry["kind"] == "TimerFired");
    assert_eq!(fired.expect("a timer")["due"], due, "the sleep did not begin anew");
}

#[test]
fn a_cancel_of_a_run_that_nobody_executes_is_told_at_its_next_execution() {
    let world = World::new();
    let text = "try { wait_signal(\"never\"); } catch (err) { sh(\"echo cleaned >>ran\"); throw err; }";
    let script = world.write("s.rhai", text);
    let child = world.spawn(&["start", &script, "--id", "s"]);
    world.until_waits_for("s", "wait_signal");
    assert!(kill(child));
    world.good(&["cancel", "s", "--reason", "enough"]);
    assert_eq!(world.lines("ran"), [""; 0]);
    assert!(world.status("s")["cancel_requested_at"].is_string());
    let told = world.run(&["resume", "s"]);
    assert_eq!(told.code, Some(5), "{told:?}");
    assert!(told.err.starts_with("error[D0102]: run s was cancelled: enough\n"), "{}", told.err);
    assert_eq!(world.lines("ran"), ["cleaned"]);
}
