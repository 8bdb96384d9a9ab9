//! A program with durun inside, killed in the middle of a function: this very test program, begun again as one.

use super::world::{World, begin, kill};
use durun::{Activities, Durun, Start, Value};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command};

/// Names the directory of the embedding program; set for that alone.
const PLACE: &str = "DURUN_TEST_EMBEDDING";
/// In that directory: what functions did, a line for each attempt.
const LEDGER: &str = "ledger";

const SCRIPT: &str = "
    let receipt = activity(\"charge\", 7);
    let parcel = ();
    try {
        parcel = activity(\"ship\", receipt, #{ at_most_once: input });
    } catch (err) {
        parcel = err.kind;
    }
    activity(\"mail\", parcel)
";

/// Writes what it does; the first attempt of `ship` then never returns.
fn functions(place: &Path) -> Activities {
    let mut activities = Activities::new();
    for name in ["charge", "ship", "mail"] {
        let place = place.to_owned();
        activities = activities.with(name, move |context, input| {
            let ledger = place.join(LEDGER);
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&ledger)?;
            writeln!(file, "{name} {} {}", context.attempt(), context.key())?;
            drop(file);
            let shipped =
                std::fs::read_to_string(&ledger)?.lines().filter(|it| it.starts_with("ship")).count();
            if name == "ship" && shipped == 1 {
                loop {
                    std::thread::park();
                }
            }
            Ok(input)
        });
    }
    activities
}

/// No test: the program with durun inside, where it is begun as one.
#[test]
fn the_embedding_program() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let place = Path::new(&place);
    let opened = Durun::builder(place.join("store")).working_directory(place).activities(functions(place));
    let durun = opened.open().expect("opens");
    let once = place.join("once").exists();
    let run = durun.start(Start::text("order.rhai", SCRIPT).id("order-1").input(once)).expect("starts");
    let result = run.result().expect("completes");
    std::fs::write(place.join("result"), result.to_string()).expect("written");
}

fn embedding(world: &World) -> Child {
    let mut program = Command::new(std::env::current_exe().expect("this program"));
    program.args(["library::the_embedding_program", "--exact"]).env(PLACE, world.path("."));
    begin(&mut program)
}

/// Begins it, kills it while it ships, begins it again; what its functions did: name, attempt, key.
fn killed_while_it_ships(world: &World) -> Vec<Vec<String>> {
    let first = embedding(world);
    world.until("the parcel is on its way", |world| {
        world.lines(LEDGER).iter().any(|line| line.starts_with("ship")).then_some(())
    });
    // The command line looks beside it, and does not take up what is not its own.
    assert_eq!(world.status("order-1")["status"], "running");
    assert!(kill(first), "it lived until then");
    let told = world.run(&["resume", "order-1"]);
    assert_eq!(told.code, Some(78), "{told:?}");
    assert!(told.err.contains("D1440") && told.err.contains("charge"), "{told:?}");
    let mut second = embedding(world);
    world.until("it is over", |_| second.try_wait().expect("waits"));
    assert_eq!(world.completed("order-1").len(), world.history("order-1").len() - 2 - failed(world));
    assert_eq!(world.status("order-1")["status"], "completed");
    world.lines(LEDGER).iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn failed(world: &World) -> usize {
    world.history("order-1").iter().filter(|entry| entry["kind"] == "ActivityFailed").count()
}

fn names(lines: &[Vec<String>]) -> Vec<&str> {
    lines.iter().map(|words| words[0].as_str()).collect()
}

#[test]
fn a_program_that_is_killed_in_a_function_goes_on_with_the_same_key_and_repeats_no_other() {
    let world = World::new();
    let lines = killed_while_it_ships(&world);
    assert_eq!(names(&lines), ["charge", "ship", "ship", "mail"], "{lines:?}");
    assert_eq!(lines[1][1..], lines[2][1..], "a crash is no failure, and the key is the same");
    assert_ne!(lines[0][2], lines[1][2]);
    assert_eq!((failed(&world), world.lines("result")), (0, vec!["7".to_owned()]));
}

#[test]
fn what_is_to_be_done_at_most_once_is_not_done_again_after_a_kill() {
    let world = World::new();
    world.write("once", "");
    let lines = killed_while_it_ships(&world);
    assert_eq!(names(&lines), ["charge", "ship", "mail"], "{lines:?}");
    assert_eq!((failed(&world), world.lines("result")), (1, vec!["\"unknown_outcome\"".to_owned()]));
}

#[test]
fn the_command_line_asks_and_tells_the_runs_of_a_program_with_durun_inside() {
    let world = World::new();
    let script = world.write("wait.rhai", "let a = exec([\"echo\", \"hi\"]).stdout; wait_signal(\"go\"); a");
    let place = world.path("store");
    let durun = Durun::builder(&place).working_directory(world.path(".")).open().expect("opens");
    let run = durun.start(Start::file(script).id("one")).expect("starts");
    assert_eq!(world.good(&["query", "one"]), "");
    world.good(&["signal", "one", "go"]);
    assert_eq!(run.result(), Ok(Value::from("hi")));
    drop((run, durun));
    assert_eq!(world.good(&["result", "one"]), "hi");
}
