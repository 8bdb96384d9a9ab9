//! Queues: a run begins when its queue lets it, and says what it waits for.

use crate::harness::Home;
use crate::tick_install;

#[test]
fn a_run_waits_in_its_queue_until_another_has_ended() {
    let home = Home::new();
    home.file("durun.toml", "[queue.reports]\nmax_concurrent = 1\n");
    home.file("hold.rhai", "wait_signal(\"go\")\n").file("work.rhai", "7\n");
    let start = |script: &str, id: &str| {
        home.durun(&["start", script, "--queue", "reports", "--id", id, "--detach"])
            .out(&format!("{id}\n"))
            .check();
    };
    let until = |words: &[&str], piece: &str| {
        for _ in 0..500 {
            let said = home.durun(words).stdout();
            if said.contains(piece) {
                return said;
            }
        }
        panic!("never \"{piece}\": {}", home.durun(words).stdout())
    };
    start("hold.rhai", "first");
    until(&["status", "first"], "wait_signal go");
    start("work.rhai", "second");
    let why = until(&["why", "second"], "executes it");
    assert!(
        why.contains("it waits for its turn before it begins: queue reports, 1 of 1 busy (first)."),
        "{why}"
    );
    assert!(why.contains("\n  durun why first\n") && !why.contains("terminate"), "{why}");
    for words in [["status", "second"].as_slice(), &["list"], &["status", "second", "-o", "json"]] {
        let said = home.durun(words).stdout();
        assert!(said.contains("queue reports, 1 of 1 busy (first)"), "{said}");
    }
    home.durun(&["signal", "first", "go"]).check();
    home.durun(&["wait", "second"]).out("7\n").check();
}

#[test]
fn in_the_foreground_it_says_what_it_waits_for() {
    let home = Home::new();
    home.file("durun.toml", "[queue.reports]\nmax_concurrent = 1\n");
    home.file("stuck.rhai", "no_such_thing()\n").file("work.rhai", "7\n");
    let stuck = home
        .durun(&["start", "--unchecked", "stuck.rhai", "--queue", "reports", "--id", "first"])
        .exit(8)
        .failure();
    assert!(stuck.contains("no_such_thing"), "{stuck}");
    // What is stuck occupies its place until somebody ends it.
    let script = home.path().join("end.sh");
    std::fs::write(
        &script,
        "until \"$1\" status second 2>/dev/null | grep -q busy; do :; done; exec \"$1\" terminate first\n",
    )
    .expect("writes");
    let mut ender = std::process::Command::new("/bin/sh")
        .args([script.as_os_str(), env!("CARGO_BIN_EXE_durun").as_ref()])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .spawn()
        .expect("starts");
    let told = home.durun(&["-v", "start", "work.rhai", "--queue", "reports", "--id", "second"]).spoken();
    assert!(ender.wait().expect("ends").success());
    assert!(told.contains("waits for queue reports, 1 of 1 busy (first is stuck)"), "{told}");
    assert_eq!(told.matches("durun terminate first ends it").count(), 1, "{told}");
    home.durun(&["result", "second"]).out("7\n").check();
}

#[test]
fn a_queue_that_is_not_declared_is_told() {
    let home = Home::new();
    home.file("work.rhai", "7\n");
    let refused = home.durun(&["start", "work.rhai", "--queue", "reports"]).exit(78).failure();
    assert!(refused.contains("there is no queue \"reports\""), "{refused}");
    home.file("durun.toml", "[queue.reports]\nmax = 1\n");
    let refused = home.durun(&["start", "work.rhai", "--queue", "reports"]).exit(78).failure();
    assert!(refused.contains("durun.toml:2: there is no key \"max\" in [queue.reports]"), "{refused}");
    home.durun(&["list"]).stdout();
}

#[test]
fn who_waits_for_a_run_that_is_left_to_a_tick_is_told_once() {
    let (home, path) = tick_install::home();
    home.durun(&["tick", "--install"]).env("PATH", &path).stdout();
    home.file("work.rhai", "wait_signal(\"go\")");
    let start = ["start", "work.rhai", "--overlap", "queue", "--id"];
    home.durun(&[&start[..], &["first", "--park-after", "0s"]].concat()).exit(3).check();
    let told = home.while_told(&[&start[..], &["second"]].concat(), |home| {
        home.until("second", &["first is left to the next durun tick"]);
    });
    let said = "! run second does not begin before run first has ended, and nobody executes that: durun resume first goes on with it\n";
    assert_eq!(told, said);
}
