//! How a run ends or rests: faults, an edited script, interruption, detaching, time-outs, cancels.

use crate::world::{World, finish, send};
use rustix::process::Signal;

#[test]
fn a_fault_at_step_five_is_stuck_with_line_and_caret() {
    let world = World::new();
    let text = "for n in 0..4 { step(\"s\", || n); }\nlet x = 1;\nstep(\"five\", || nowhere(x));\n";
    let script = world.write("fault.rhai", text);
    let told = world.run(&["start", &script, "--id", "f"]);
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
        assert!(told.err.contains("durun resume s"), "{}", told.err);
        assert_eq!(world.status("s")["status"], "parked");
        assert!(std::fs::read_dir(world.path("store").join("children")).expect("is there").next().is_none());
    }
}

#[test]
fn a_detached_run_prints_its_id_and_goes_on() {
    let world = World::new();
    let script = world.write("s.rhai", "sh(\"sleep 0.3; echo late\").stdout");
    assert_eq!(world.good(&["start", &script, "--id", "d", "--detach"]), "d");
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
