//! What is promised of the processes that a script starts.

use crate::world::{Told, World, finish, kill};
use durun::timer::{Clock, SystemClock};
use std::time::Duration;

/// Whether a process is there and still runs.
fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Starts a run of this text, with `$LEDGER` for its processes, and executes it to its end.
fn executed(world: &World, text: &str) -> Told {
    let script = world.write("s.rhai", text);
    world.run(&["start", &script, "--id", "r", "--env", "LEDGER"])
}

#[test]
fn a_pid_that_cannot_be_noted_is_a_failure_of_the_store_and_none_of_the_step() {
    let world = World::new();
    let ended = executed(&world, "1");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let children = world.path("store/children");
    let _none = std::fs::remove_dir_all(&children);
    std::fs::write(&children, "no directory").expect("a file in its place");
    let script = world.write("t.rhai", "sh(\"echo x >>$LEDGER; echo done\").stdout");
    let parked = world.run(&["start", &script, "--id", "t", "--env", "LEDGER"]);
    assert_eq!(parked.code, Some(74), "{parked:?}");
    assert!(parked.err.contains("store/children/"), "{parked:?}");
    assert_eq!((world.history("t").len(), world.lines("ledger").len()), (1, 0), "no attempt was made");
    std::fs::remove_file(&children).expect("removes");
    let done = world.run(&["resume", "t"]);
    assert_eq!((done.code, done.out.trim_end()), (Some(0), "done"), "{done:?}");
    assert_eq!(world.lines("ledger").len(), 1);
}

fn begun(world: &World, text: &str, lines: usize) -> std::process::Child {
    let script = world.write("s.rhai", text);
    let child = world.spawn(&["start", &script, "--id", "r", "--env", "LEDGER"]);
    world.until("the child", |world| (world.lines("ledger").len() >= lines).then_some(()));
    child
}

fn no_child_is_left(world: &World) {
    let left = std::fs::read_dir(world.path("store/children")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "the child is gone, and so is its note");
    for pid in world.lines("ledger").iter().filter(|line| line.parse::<u32>().is_ok()) {
        assert!(!lives(pid), "{pid} of {:?}", world.lines("ledger"));
    }
}

#[test]
fn a_cancel_ends_the_child_with_its_grandchildren_and_lets_the_script_clean_up() {
    let world = World::new();
    let text = r#"
        try { sh("sleep 600 & echo $! >>$LEDGER; echo $$ >>$LEDGER; wait"); }
        catch (err) { log(err.kind); sh("echo cleaned >>$LEDGER"); sleep("100ms"); throw err; }
    "#;
    let child = begun(&world, text, 2);
    world.good(&["cancel", "r", "--reason", "enough"]);
    let told = finish(child);
    assert_eq!(told.code, Some(5), "{told:?}");
    assert_eq!(world.lines("ledger").last().map(String::as_str), Some("cleaned"));
    assert_eq!(world.good(&["logs", "r"]).matches("cancelled").count(), 1, "it is raised once");
    no_child_is_left(&world);
}

#[test]
fn the_clean_up_begins_when_nothing_of_what_was_cancelled_is_left() {
    let world = World::new();
    let text = r#"
        try { sh("trap 'sleep 0.5; echo saved >>$LEDGER; exit' TERM; echo up >>$LEDGER; while :; do sleep 0.05; done"); }
        catch (err) { step("clean", || sh("echo cleaned >>$LEDGER")); throw err; }
    "#;
    let child = begun(&world, text, 1);
    world.good(&["cancel", "r"]);
    let told = finish(child);
    assert_eq!(told.code, Some(5), "{told:?}");
    assert_eq!(world.lines("ledger"), ["up", "saved", "cleaned"]);
}

#[test]
fn a_child_that_ignores_term_is_killed_after_its_grace() {
    let world = World::new();
    let text = r#"sh("trap '' TERM; echo $$ >>$LEDGER; while :; do sleep 0.1; done")"#;
    let child = begun(&world, text, 1);
    let began = SystemClock.monotonic();
    world.good(&["cancel", "r"]);
    let told = finish(child);
    let took = SystemClock.monotonic().saturating_sub(began);
    assert_eq!(told.code, Some(5), "{told:?}");
    assert!(took > Duration::from_secs(9) && took < Duration::from_mins(1), "{took:?}");
    no_child_is_left(&world);
}

#[test]
fn the_time_out_of_a_run_ends_its_child() {
    let world = World::new();
    let script = world.write("s.rhai", "sh(\"echo $$ >>$LEDGER; exec sleep 600\")");
    let told = world.run(&["start", &script, "--id", "r", "--env", "LEDGER", "--timeout", "1s"]);
    assert_eq!(told.code, Some(6), "{told:?}");
    assert_eq!(world.lines("ledger").len(), 1);
    no_child_is_left(&world);
}

#[test]
fn the_time_out_of_a_process_ends_its_group_and_says_so() {
    let world = World::new();
    let text = r#"
        let told = attempt(|| sh("sleep 600 & echo $! >>$LEDGER; echo $$ >>$LEDGER; wait", [], #{ timeout: "300ms", retry: false }));
        [told.error.kind, told.error.limit, told.error.message]
    "#;
    let told = executed(&world, text);
    assert!(
        told.out.starts_with("[\"timeout\",\"timeout\",\"took longer than its timeout of 300ms\""),
        "{told:?}"
    );
    assert_eq!(world.lines("ledger").len(), 2);
    no_child_is_left(&world);
}

#[test]
fn what_outlived_a_killed_durun_is_ended_before_the_step_is_tried_again() {
    let world = World::new();
    // The group outlives the death of its leader; a lock shows whether two are ever there side by side.
    let text = r#"
        sh(`mkdir $LEDGER.lock || echo side by side >>$LEDGER
            (trap 'rmdir $LEDGER.lock; exit' TERM; echo up >>$LEDGER; while [ ! -e $LEDGER.go ]; do sleep 0.05; done; rmdir $LEDGER.lock) 2>/dev/null &
            wait`, [], #{ retry: false });
        "done"
    "#;
    let child = begun(&world, text, 1);
    assert!(kill(child));
    assert!(world.path("ledger.lock").exists(), "the grandchild lives on");
    let child = world.spawn(&["resume", "r"]);
    world.until("the next attempt", |world| (world.lines("ledger").len() >= 2).then_some(()));
    world.write("ledger.go", "");
    let told = finish(child);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "done"), "{told:?}");
    assert_eq!(world.lines("ledger"), ["up", "up"]);
}

#[test]
fn a_gigabyte_of_stdout_is_refused_with_a_hint_and_costs_no_memory() {
    let world = World::new();
    let text = r#"
        let told = attempt(|| sh("head -c 1G /dev/zero; grep -h VmHWM /proc/$PPID/status >>$LEDGER"));
        [told.error.type, told.error.message, told.error.attempts]
    "#;
    let told = executed(&world, text);
    let wanted = "[\"too_large\",\"wrote more than 1048576 bytes (1 MiB) on stdout; give stdout: FILE\",1]";
    assert_eq!(told.out.trim_end(), wanted, "{told:?}");
    let peak: u64 =
        world.lines("ledger")[0].split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a size");
    assert!(peak < 200_000, "{peak} kB");
    let kept = std::fs::metadata(world.path("store/output/1/0-1")).expect("a transcript").len();
    assert!(kept < 34 << 20, "{kept} bytes are kept");
    assert!(world.good(&["logs", "r", "-o", "jsonl"]).contains("bytes are left out"));
}

#[test]
fn a_child_that_closes_its_pipes_and_lives_on_is_waited_for() {
    let world = World::new();
    let told =
        executed(&world, r#"sh("echo said; exec >&- 2>&- 3>&-; sleep 0.5; echo after >>$LEDGER").stdout"#);
    assert_eq!((told.out.trim_end(), world.lines("ledger")), ("said", vec!["after".to_owned()]), "{told:?}");
}

#[test]
fn place_environment_and_input_are_those_of_the_start_wherever_it_is_resumed() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"wait_signal("go"); sh("cat; echo $PWD $GIVEN $OTHER $1", ["a b"], #{ stdin: "in ", env: #{ OTHER: 7 } }).stdout"#,
    );
    let mut command = world.command(&["start", &script, "--id", "r", "--env", "GIVEN"]);
    let child = crate::world::begin(command.env("GIVEN", "then"));
    world.until_waits_for("r", "wait_signal");
    assert!(kill(child));
    world.good(&["signal", "r", "go"]);
    let mut command = world.command(&["resume", "r"]);
    let told = crate::world::told(&command.current_dir("/").env("GIVEN", "now").output().expect("runs"));
    assert_eq!(
        told.out.trim_end(),
        format!("in {} then 7 a b", world.path("").display().to_string().trim_end_matches('/')),
        "{told:?}"
    );
}

#[test]
fn a_program_that_does_not_exist_is_an_error_for_good_that_names_where_it_was_looked_for() {
    let world = World::new();
    let text = r#"let told = attempt(|| exec(["no-such-program"])).error; [told.attempts, told.message]"#;
    let told = executed(&world, text);
    assert_eq!(
        told.out.trim_end(),
        "[1,\"there is no program \\\"no-such-program\\\" in PATH (/usr/bin:/bin)\"]"
    );
}

#[test]
fn a_file_takes_stdout_on_success_only_and_whole() {
    let world = World::new();
    let text = r#"
        let good = sh("seq 100000; echo told >&2", [], #{ stdout: "out/dump.sql", cwd: "work" });
        let bad = attempt(|| sh("echo half; exit 3", [], #{ stdout: "work/out/dump.sql", retry: false }));
        let folder = attempt(|| exec(["true"], #{ stdout: "work" }));
        [good.keys(), good.stdout_bytes, good.stdout_sha256, bad.error.exit_code, folder.error.message, folder.error.attempts,
            attempt(|| good.json).error.type]
    "#;
    std::fs::create_dir_all(world.path("work/out")).expect("a folder");
    let told = executed(&world, text);
    let sum =
        std::process::Command::new("sha256sum").arg(world.path("work/out/dump.sql")).output().expect("a sum");
    let sum = String::from_utf8_lossy(&sum.stdout).split(' ').next().unwrap_or_default().to_owned();
    let folder = world.path("work").display().to_string();
    let wanted = format!(
        "[[\"code\",\"stderr\",\"stdout_bytes\",\"stdout_sha256\"],588895,\"{sum}\",3,\"stdout: {folder} is a directory, not a file\",1,\"no_stdout\"]"
    );
    assert_eq!(told.out.trim_end(), wanted, "{told:?}");
    let left: Vec<_> = std::fs::read_dir(world.path("work/out")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "no temporary file: {left:?}");
}

#[test]
fn the_temporary_file_of_a_killed_attempt_is_replaced_by_the_next() {
    let world = World::new();
    let text = r#"sh("echo $$ >>$LEDGER; echo part; [ -e $LEDGER.go ] || exec sleep 600", [], #{ stdout: "dump" }).stdout_bytes"#;
    let child = begun(&world, text, 1);
    assert!(kill(child));
    let parts = |world: &World| {
        let files = std::fs::read_dir(world.path("")).expect("a folder").flatten();
        files.filter(|file| file.file_name().to_string_lossy().ends_with(".part")).count()
    };
    assert_eq!((parts(&world), world.path("dump").exists()), (1, false));
    world.write("ledger.go", "");
    assert_eq!(world.quiet(&["resume", "r"]), "5");
    assert_eq!((parts(&world), world.lines("dump")), (0, vec!["part".to_owned()]));
}

#[test]
fn output_is_read_as_lines_json_and_csv_and_what_it_is_not_is_an_error_for_good() {
    let world = World::new();
    let text = r#"
        let r = sh("echo 'name,town\nAda,\"Lon\ndon\"\nBob,Rome'");
        let bad = attempt(|| exec(["echo", "no JSON at all"]).json).error;
        let ragged = attempt(|| exec(["printf", "a,b\\n1\\n"]).csv).error;
        let inside = attempt(|| step("s", || { sh("echo again >>$LEDGER"); exec(["echo", "{"]).json })).error;
        [exec(["true"]).lines, r.lines.len(), r.csv, exec(["echo", "[1, {\"a\": 2}]"]).json[1].a, bad.type, bad.message, ragged.type, inside.message]
    "#;
    let told = executed(&world, text);
    let wanted = concat!(
        r#"[[],4,[{"name":"Ada","town":"Lon\ndon"},{"name":"Bob","town":"Rome"}],2,"bad_json","#,
        r#""the text cannot be read as JSON: not valid JSON: expected ident at line 1 column 2; it begins: no JSON at all","#,
        r#""bad_csv","the text cannot be read as JSON: not valid JSON: EOF while parsing an object at line 1 column 1; it begins: {"]"#
    );
    assert_eq!(told.out.trim_end(), wanted, "{told:?}");
    assert_eq!(world.lines("ledger"), ["again"], "it is not tried again");
}

#[test]
fn ten_thousand_maps_are_read_looped_filtered_and_pushed_in_a_moment() {
    let world = World::new();
    let maps: Vec<String> = (0..10_000)
        .map(|n| {
            format!(
                "{{\"id\":{n},\"name\":\"customer {n}\",\"town\":\"Rome\",\"open\":{},\"sum\":{n}.5}}",
                n % 2 == 0
            )
        })
        .collect();
    world.write("data.json", &format!("[{}]", maps.join(",")));
    let text = r#"
        let r = exec(["cat", "data.json"]);
        let open = r.json.filter(|c| c.open);
        let names = [];
        for c in r.json { if c.sum > 100.0 { names.push(c); } }
        let sum = 0;
        for i in 0..r.json.len() { sum += r.json[i].id; }
        [open.len(), names.len(), sum]
    "#;
    let began = SystemClock.monotonic();
    let told = executed(&world, text);
    let took = SystemClock.monotonic().saturating_sub(began);
    assert_eq!(told.out.trim_end(), "[5000,9900,49995000]", "{told:?}");
    // A second without optimisation; what copies the whole for each element takes many minutes.
    assert!(took < Duration::from_mins(1), "{took:?}");
}

#[test]
fn a_heartbeat_of_a_process_is_a_cursor_for_the_next_attempt() {
    let world = World::new();
    let text = r#"
        sh(`echo "after $DURUN_LAST_HEARTBEAT" >>$LEDGER
            for i in 1 2 3; do echo "{\"file\": $i}" >&$DURUN_HEARTBEAT; done
            sleep 0.3; [ $DURUN_ATTEMPT = 3 ] || exit 1`, [], #{ retry: #{ first: "1ms" }, heartbeat: "20s" });
        step("again", #{ retry: #{ first: "1ms" } }, || {
            let last = last_heartbeat();
            heartbeat((last ?? 0) + 10);
            if attempt_number() < 3 { exec(["false"]); }
            let mine = last_heartbeat();
            sh("echo last >&3; sleep 0.1");
            [last, mine, last_heartbeat()]
        })
    "#;
    let told = executed(&world, text);
    assert_eq!(told.out.trim_end(), "[20,30,\"last\"]", "{told:?}");
    assert_eq!(world.lines("ledger"), ["after ", r#"after {"file":3}"#, r#"after {"file":3}"#]);
}

#[test]
fn a_process_that_is_silent_longer_than_its_heartbeat_is_ended_and_one_that_speaks_is_not() {
    let world = World::new();
    let text = r#"
        let quiet = attempt(|| sh("echo $$ >>$LEDGER; exec sleep 600", [], #{ heartbeat: "400ms", retry: false }));
        sh("for i in 1 2 3 4 5 6 7 8 9 10; do echo >&3; sleep 0.2; done", [], #{ heartbeat: "1500ms", retry: false });
        [quiet.error.kind, quiet.error.limit]
    "#;
    let told = executed(&world, text);
    assert_eq!(told.out.trim_end(), "[\"timeout\",\"heartbeat\"]", "{told:?}");
    no_child_is_left(&world);
}

#[test]
fn what_attempts_write_is_followed_from_another_terminal_and_stays_after_a_kill() {
    let world = World::new();
    let text = r#"log("begins"); sh("echo one; echo two >&2; echo x >>$LEDGER; while [ ! -e $LEDGER.go ]; do sleep 0.05; done; sleep 0.3; echo three; sleep 0.7"); exec(["echo", "other"])"#;
    let child = begun(&world, text, 1);
    let words = |told: &str| -> Vec<String> {
        let lines = told.lines().map(|line| line.split_whitespace().skip(2).collect::<Vec<_>>().join(" "));
        lines.collect()
    };
    // A step is called by its name until it has an entry, whose number history shows.
    let out = |text: &str| format!("out {} attempt 1: {text}", "echo one; echo two >&2; echo x …,");
    let first = ["info begins".to_owned(), out("one"), out("two").replacen("out", "err", 1)];
    world.until("the log", |world| (words(&world.good(&["logs", "r"])) == first).then_some(()));
    let follower = world.spawn(&["logs", "r", "-f"]);
    assert!(kill(child));
    assert_eq!(words(&world.good(&["logs", "r"])), first, "killed, and still there");
    world.write("ledger.go", "");
    assert_eq!(world.run(&["resume", "r"]).code, Some(0));
    let all = words(&finish(follower).out);
    let told = [&first[..], &first[1..], &[out("three")]].concat();
    assert_eq!(all.get(..told.len()), Some(told.as_slice()));
    assert!(all.last().is_some_and(|line| line.ends_with("echo, attempt 1: other")), "{all:?}");
    assert_eq!(words(&world.good(&["logs", "r", "2"])), ["out #2 echo, attempt 1: other"]);
    assert!(
        world
            .good(&["history", "r"])
            .lines()
            .any(|line| line.trim_start().starts_with("2 ") && line.contains("exec echo"))
    );
    assert_eq!(words(&world.good(&["logs", "r", "echo"])), ["out #2 echo, attempt 1: other"]);
    // Without the files the store has the end of what was said on stderr; what was said on stdout is the result.
    std::fs::remove_dir_all(world.path("store/output")).expect("removed");
    let first = out("two").replacen("out ", "err #1 ", 1);
    assert_eq!(words(&world.good(&["logs", "r", "1"])), [first]);
}
