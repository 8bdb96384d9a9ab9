//! The soak: kills while recovering, races, a full disk, leaks. Short at every push; `DURUN_SOAK=full` plays the long figures.

use crate::world::{Chance, Told, World, begin, figure, finish, kill, told};
use durun::timer::{Clock as _, SystemClock};
use std::collections::BTreeMap;
use std::process::{Child, Command};
use std::time::Duration;

/// Each step appends its op to the ledger.
const STEPS: &str = r#"
    let sum = 0;
    for n in 0..6 { sum += parse_int(sh("echo $DURUN_OP >>$LEDGER; echo $1", [`${n}`]).stdout); }
    sum
"#;

/// How often each op stands in the ledger.
fn effects(world: &World) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in world.lines("ledger") {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

/// The ops of the steps that are recorded.
fn recorded(world: &World) -> Vec<String> {
    world.completed("r").iter().map(|entry| entry["op"].to_string()).collect()
}

/// R3: whoever recovers is killed while he does, three deep, before anybody comes to the end.
#[test]
fn kills_while_recovering_repeat_nothing_that_was_recorded() {
    let mut chance = Chance::new(33);
    let mut kills = 0;
    let whole = {
        let world = World::new();
        let script = world.write("s.rhai", STEPS);
        let began = SystemClock.monotonic();
        world.good(&["start", &script, "--env", "LEDGER"]);
        u64::try_from(SystemClock.monotonic().saturating_sub(began).as_micros()).expect("short")
    };
    for _ in 0..figure(50, 500) {
        let world = World::new();
        let script = world.write("s.rhai", STEPS);
        let start = ["start", &script, "--id", "r", "--env", "LEDGER"];
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut done = 0;
        for depth in 0..4 {
            let words: &[&str] = if depth == 0 || done == 0 { &start } else { &["resume", "r"] };
            let child = world.spawn(words);
            // The first is to come somewhere; the others are killed while they open the store, replay, or have just begun.
            let most = if depth == 0 { whole } else { whole / 2 };
            SystemClock.pause(Duration::from_micros(chance.below(most)));
            kills += usize::from(kill(child));
            let ops = recorded(&world);
            assert!(ops.len() >= done, "a recorded step is gone");
            let effects = effects(&world);
            for (op, times) in &known {
                assert_eq!(effects.get(op), Some(times), "op {op} ran again though it was recorded");
            }
            known = ops.iter().map(|op| (op.clone(), effects[op])).collect();
            done = ops.len();
        }
        assert_eq!(world.good(&start).as_str(), "15");
        for (op, times) in effects(&world) {
            let before = known.get(&op).copied();
            assert!(times <= before.unwrap_or(5), "op {op} ran {times} times");
        }
    }
    assert!(kills > figure(50, 500), "only {kills}: most were faster than the kills");
}

/// R8: many processes start the same run at once, or go on with it at once: each step is done once, whoever is told a result is told the same,
/// and the others are told who executes it.
#[test]
fn processes_that_race_for_a_run_do_each_step_once() {
    for race in 0..figure(200, 5_000) {
        let world = World::new();
        let script = world.write("s.rhai", STEPS);
        let start = ["start", &script, "--id", "r", "--env", "LEDGER"];
        let resumes = race % 2 == 1;
        if resumes {
            world.good(&[start.as_slice(), &["--record-only"]].concat());
        }
        let words: &[&str] = if resumes { &["resume", "r"] } else { &start };
        let racers: Vec<Child> = (0..2 + race % 15).map(|_| world.spawn(words)).collect();
        let mut results = 0;
        for racer in racers {
            let told = finish(racer);
            if resumes && told.code == Some(75) {
                assert!(told.err.contains("is executed by process"), "race {race}: {told:?}");
                continue;
            }
            assert_eq!((told.code, told.out.trim_end()), (Some(0), "15"), "race {race}: {told:?}");
            results += 1;
        }
        assert!(results > 0, "race {race}: nobody executed it");
        let ops: Vec<(String, usize)> = (0..6).map(|op| (op.to_string(), 1)).collect();
        assert_eq!(effects(&world).into_iter().collect::<Vec<_>>(), ops, "race {race}");
    }
}

/// A file system of its own, of a few megabytes; gone when it is dropped.
struct SmallDisk<'w> {
    world: &'w World,
}

impl<'w> SmallDisk<'w> {
    /// Nothing where the system does not permit it.
    #[expect(clippy::print_stderr, reason = "that nothing was tested is to be seen")]
    fn on(world: &'w World) -> Option<Self> {
        let place = world.path("disk");
        std::fs::create_dir(&place).expect("a directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"])
            .arg(&place)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("skipped: this user may not mount");
        }
        mounted.then_some(Self { world })
    }

    /// Makes it read-only (`ro`), writable (`rw`), or larger (`size=64m`): once whoever wrote last has closed his files.
    fn remount(&self, how: &str) {
        let place = self.world.path("disk");
        self.world.until("it is mounted anew", |_| {
            let output = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&place).output();
            output.is_ok_and(|output| output.status.success()).then_some(())
        });
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // Whoever may mount may unmount; lazily, for a process that was killed may not be quite gone.
        let _output = Command::new("umount").arg("-l").arg(self.world.path("disk")).output();
    }
}

/// R9 on a real file system: full is told with exit code 74, nothing recorded is lost or done again, and with room again the run comes to
/// its end.
#[test]
fn a_full_disk_parks_the_run_and_room_lets_it_go_on() {
    for round in 0..figure(1, 20) {
        let world = World::new();
        // Without the right to mount, the same is played on a backend: tests/simulation/store_faults.rs.
        let Some(disk) = SmallDisk::on(&world) else { return };
        let ballast = world.path("disk/ballast");
        std::fs::write(&ballast, vec![7; (4 << 20) + round * 4096]).expect("room for it");
        let script = world.write(
            "s.rhai",
            r#"let sum = 0;
            for n in 0..60 { sum += sh("echo $DURUN_OP >>$LEDGER; head -c 70000 /dev/zero | tr '\\0' x").stdout.len(); }
            sum"#,
        );
        let run = |words: &[&str]| -> Told {
            let mut command = world.command(words);
            told(&command.env("DURUN_STORE", world.path("disk/store")).output().expect("runs"))
        };
        let start = ["start", &script, "--id", "r", "--env", "LEDGER"];
        let full = run(&start);
        assert_eq!(full.code, Some(74), "{full:?}");
        assert!(!full.err.contains("panicked"), "{full:?}");
        // Whichever needed room first: the store's file, or the note of a process beside it.
        assert!(full.err.contains("error[D0611]") && full.err.contains("disk/store/"), "{full:?}");
        // Those that only read need no room; what is recorded is there, and does not run again.
        let known: Vec<String> = run(&["history", "r", "-o", "jsonl"])
            .out
            .lines()
            .filter_map(|line| {
                let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
                (entry["kind"] == "ActivityCompleted").then(|| entry["op"].to_string())
            })
            .collect();
        let ran = effects(&world);
        assert!(known.len() > 2 && known.len() < 60, "{known:?}");
        let doctor = run(&["doctor"]);
        assert_eq!(doctor.code, Some(1), "{doctor:?}");
        assert!(doctor.out.contains("are free: where nothing more can be written"), "{doctor:?}");
        std::fs::remove_file(&ballast).expect("removes");
        // A little room, and it is full once more; then there is enough.
        let again = run(&["resume", "r"]);
        assert_eq!(again.code, Some(74), "{again:?}");
        disk.remount("size=64m");
        let end = run(&["resume", "r"]);
        assert_eq!((end.code, end.out.trim_end()), (Some(0), "4200000"), "{end:?}");
        let effects = effects(&world);
        assert_eq!(effects.len(), 60, "{effects:?}");
        for op in &known {
            assert_eq!(effects.get(op), ran.get(op), "op {op} ran again though it was recorded");
        }
        let twice = effects.values().filter(|times| **times > 1).count();
        assert!(twice <= 2, "more ran again than what was under way: {effects:?}");
        drop(disk);
    }
}

/// R10: a file system that has become read-only is told by everybody with exit code 74, the file and the next step; mounted for
/// writing again, nothing is lost and the run goes on.
#[test]
fn a_read_only_file_system_is_told_and_loses_nothing() {
    let world = World::new();
    let Some(disk) = SmallDisk::on(&world) else { return };
    let script = world.write(
        "s.rhai",
        r#"fn step(text) { sh("echo $DURUN_OP >>$LEDGER; echo $1", [text]).stdout }
        let a = step("one"); let b = wait_signal("go"); `${a} ${b} ${step("two")}`"#,
    );
    let run = |words: &[&str], store: &str| -> Told {
        let mut command = world.command(words);
        told(&command.env("DURUN_STORE", world.path(store)).output().expect("runs"))
    };
    let good = |words: &[&str]| -> String {
        let told = run(words, "disk/store");
        assert_eq!(told.code, Some(0), "{words:?}: {told:?}");
        told.out.trim_end().to_owned()
    };
    let start = ["start", &script, "--id", "r", "--env", "LEDGER"];
    let mut first = world.command(&start);
    let first = begin(first.env("DURUN_STORE", world.path("disk/store")));
    world.until("it waits", |_| run(&["status", "r"], "disk/store").out.contains("waiting").then_some(()));
    assert!(kill(first), "it waits for a signal");
    let before = good(&["history", "r"]);
    disk.remount("ro");
    let commands: [&[&str]; 5] = [
        &["start", &script, "--id", "q", "--env", "LEDGER"],
        &["start", &script, "--id", "r", "--env", "LEDGER"],
        &["resume", "r"],
        &["signal", "r", "go", "5"],
        &["cancel", "r"],
    ];
    for words in commands {
        let told = run(words, "disk/store");
        assert_eq!((told.code, told.out.as_str()), (Some(74), ""), "{words:?}: {told:?}");
        let place = world.path("disk/store").display().to_string();
        for part in ["error[D0613]", &place, "Read-only file system", "mount it for writing", " resume --all"]
        {
            assert!(told.err.contains(part), "{words:?}: {part}: {told:?}");
        }
    }
    // It can be looked at all the same.
    assert_eq!(good(&["history", "r"]), before);
    assert!(good(&["status", "r"]).starts_with("r  waiting") && good(&["list"]).contains("waiting"));
    let told = run(&start, "disk/other");
    assert_eq!(told.code, Some(74), "{told:?}");
    assert!(told.err.contains("disk/other: Read-only file system"), "{told:?}");
    disk.remount("rw");
    assert_eq!(good(&["history", "r"]), before);
    assert_eq!(good(&["list"]).lines().count(), 2, "the other was never started");
    good(&["signal", "r", "go", "5"]);
    assert_eq!(good(&["resume", "r"]), "one 5 two");
    assert_eq!(effects(&world).values().collect::<Vec<_>>(), [&1, &1]);
}

/// What a process has: descriptors, threads, resident kilobytes.
fn has(pid: u32) -> (usize, usize, usize) {
    let count = |what: &str| std::fs::read_dir(format!("/proc/{pid}/{what}")).map_or(0, Iterator::count);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
    let kilobytes = line.trim().trim_end_matches(" kB").parse().expect("a number");
    (count("fd"), count("task"), kilobytes)
}

/// R15: a server that executes run after run has as many descriptors and threads as before, no zombies, and no memory that only grows.
#[test]
fn a_server_leaks_nothing_over_many_runs() {
    let world = World::new();
    world.write("kid.rhai", "sh(\"true\"); step(\"s\", || input + 1)");
    let script = world.write(
        "parent.rhai",
        "let all = []; for n in 0..input.runs { all.push(n); } parallel(all, |n| child(\"kid.rhai\", n), #{ max: 8 }).len()",
    );
    let server = begin(&mut world.command(&["serve"]));
    let (batches, runs) = (figure(10, 20), figure(100, 500));
    let mut sizes = Vec::new();
    for batch in 0..batches {
        let id = format!("p{batch}");
        world.good(&["start", &script, "--id", &id, "--record-only", "-i", &format!("runs:={runs}")]);
        assert_eq!(world.good(&["wait", &id]), runs.to_string());
        // Whoever has just asked may not be quite gone.
        sizes.push(world.until("all but the server is gone", |_| {
            let size = has(server.id());
            let first = sizes.first().copied().unwrap_or(size);
            (size.0 <= first.0 + 4 && size.1 <= first.1 + 4).then_some(size)
        }));
        let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let ours = format!(" Z {} ", server.id());
        let zombies = std::fs::read_dir("/proc").expect("processes").flatten();
        let zombies = zombies.filter(|it| stat(&it.file_name().to_string_lossy()).contains(&ours)).count();
        assert!(zombies <= 1, "{zombies} zombies");
    }
    let (second, last) = (sizes[1].2, sizes[sizes.len() - 1].2);
    assert!(last < second + 64 * 1024, "from {second} kB to {last} kB: {sizes:?}");
    kill(server);
    // What stays: runs that have not begun, with what they were given.
    let (stay, given) = (40, "x".repeat(100_000));
    for n in 0..stay {
        let words =
            ["start", &script, "--record-only", "--id", &format!("stays{n}"), "-i", &format!("text={given}")];
        world.good(&words);
    }
    let live = u64::try_from(stay * given.len()).expect("small");
    let file = || std::fs::metadata(world.path("store/store.redb")).expect("a store").len();
    let before = file();
    world.good(&["prune", "--older-than", "0s", "--compact"]);
    assert!(file() <= before, "{before} bytes, then {}", file());
    assert!(file() <= 3 * live, "{} bytes for {live} of live data", file());
    assert_eq!(world.good(&["list", "-a", "-o", "jsonl"]).lines().count(), stay);
}
