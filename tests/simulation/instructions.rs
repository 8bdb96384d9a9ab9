//! Instructions, counted by callgrind: what a time cannot tell on a machine that has other work. Single-threaded work alone, which takes
//! the same each time.

use crate::counted::Counted;
use durun::history::{ActivityCompleted, Checksum, Entry, Fact, Moment, Record, RunNo, Value};
use durun::run::{Charter, Replayed, Run, Stepped, replay_whole};
use durun::script::{Backing, Interpreter, Script, Source, check};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::Command;
use std::rc::Rc;

/// Names a piece of work and how often it is done, in a process of this program that is counted.
const ROLE: &str = "DURUN_COUNTED_WORK";
/// The entries of the history that is replayed, and the steps of the run that is executed.
const ENTRIES: u32 = 100;
/// How much more than on 2026-11-29 is let through, in hundredths.
const ROOM: u64 = 125;

/// The work of this process, where it is one that is counted: its name, and how often it is to be done.
#[expect(clippy::disallowed_methods, reason = "a process is told by its environment what to do")]
fn role() -> Option<(String, u32)> {
    let role = std::env::var(ROLE).ok()?;
    let (work, times) = role.split_once(' ')?;
    Some((work.to_owned(), times.parse().ok()?))
}

/// The instructions of one more time of some work, by the test that does it; nothing where there is no valgrind.
#[expect(clippy::print_stderr, reason = "that nothing was tested is to be seen")]
fn instructions(test: &str) -> Option<u64> {
    let counted = |times: u32| {
        let program = std::env::current_exe().expect("this program");
        let counted = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args(["--exact", &format!("instructions::{test}"), "--test-threads=1"])
            .env(ROLE, format!("{test} {times}"))
            .output();
        let output = match counted {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => panic!("valgrind: {error}"),
        };
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        let collected = told.lines().find_map(|line| line.split_once("Collected : "));
        Some(collected.and_then(|(_, count)| count.trim().parse::<u64>().ok()).expect("a count"))
    };
    let (Some(once), Some(twice)) = (counted(1), counted(2)) else {
        eprintln!("skipped: there is no valgrind to count instructions with");
        return None;
    };
    Some(twice - once)
}

/// Does the work where this process is there for it; else has it counted and compares it with what it once took.
fn at_most(test: &str, once: u64, work: impl Fn()) {
    match role() {
        Some((name, times)) if name == test => (0..times).for_each(|_| work()),
        Some(_) => {}
        None => {
            let Some(each) = instructions(test).map(|all| all / u64::from(ENTRIES)) else { return };
            let most = once * ROOM / 100;
            assert!(each <= most, "{each} instructions each, more than {most}; they were {once}");
        }
    }
}

fn text() -> String {
    format!("for n in 0..{ENTRIES} {{ step(\"s\", || n); }}")
}

fn script(text: String) -> (Interpreter, Rc<Script>) {
    let interpreter = Interpreter::new();
    let source = Source { path: "/counted.rhai".to_owned(), main: text, modules: BTreeMap::new() };
    let script = Script::compile(&interpreter, source).expect("a script");
    (interpreter, script)
}

fn fresh(interpreter: &Interpreter, script: &Rc<Script>) -> Run {
    Run::new(interpreter, Rc::clone(script), Charter { id: "counted".into(), ..Charter::default() })
}

/// The history that the script has when each step gave its number, as it is stored.
fn history(interpreter: &Interpreter, script: &Rc<Script>) -> Vec<Record> {
    let mut run = fresh(interpreter, script);
    let mut entry = Entry { at: Moment(0), fact: Fact::RunBegan { seed: 1 } };
    let (mut records, mut checksum) = (Vec::new(), Checksum::first(RunNo(1)));
    loop {
        let (record, next) = Record::seal(&entry, checksum).expect("encodes");
        checksum = next;
        records.push(record);
        let Stepped::Blocked(stretch) = run.deliver(&entry) else { panic!("not blocked") };
        let Some(command) = stretch.commands.into_iter().next() else { return records };
        let at = Moment(i64::from(command.op.0) + 1);
        let done = ActivityCompleted {
            op: command.op,
            label: command.label,
            input: Value::Null,
            result: Value::Int(i64::from(command.op.0)),
            attempts: 1,
            scheduled_at: at,
            ended_at: at,
        };
        entry = Entry { at, fact: Fact::ActivityCompleted(Box::new(done)) };
    }
}

/// A script, and the history that it has.
struct Made {
    interpreter: Interpreter,
    script: Rc<Script>,
    records: Vec<Record>,
}

impl Made {
    fn new() -> Self {
        let (interpreter, script) = script(text());
        let records = history(&interpreter, &script);
        Self { interpreter, script, records }
    }

    fn entries(&self) -> Vec<Entry> {
        let mut checksum = Checksum::first(RunNo(1));
        let opened = self.records.iter().map(|record| {
            let (entry, next) = record.open(checksum).expect("opens");
            checksum = next;
            entry
        });
        opened.collect()
    }
}

#[test]
fn an_entry_that_is_read_and_verified() {
    at_most("an_entry_that_is_read_and_verified", 11_960, || {
        thread_local! {
            static MADE: Made = Made::new();
        }
        assert_eq!(MADE.with(Made::entries).len(), 101);
    });
}

#[test]
fn an_entry_that_is_replayed() {
    at_most("an_entry_that_is_replayed", 29_250, || {
        thread_local! {
            static MADE: (Made, Vec<Entry>) = {
                let made = Made::new();
                let entries = made.entries();
                (made, entries)
            };
        }
        MADE.with(|(made, entries)| {
            let (mut run, mut replayed) = (fresh(&made.interpreter, &made.script), Replayed::default());
            replay_whole(&mut run, &mut replayed, entries).expect("fits");
            assert!(replayed.end.is_some() && replayed.steps == ENTRIES);
        });
    });
}

#[test]
fn a_line_that_is_looked_through_before_its_start() {
    at_most("a_line_that_is_looked_through_before_its_start", 160_500, || {
        thread_local! {
            static MADE: (Interpreter, Source) = {
                let main = "step(\"s\", || 1);\n".repeat(usize::try_from(ENTRIES).expect("few"));
                let source = Source { path: "/counted.rhai".to_owned(), main, modules: BTreeMap::new() };
                (Interpreter::new(), source)
            };
        }
        MADE.with(|(interpreter, source)| {
            let found = check(interpreter, source, &|_| Backing::Yes).expect("a script");
            assert!(found.is_empty(), "{found:?}");
        });
    });
}

#[test]
fn a_script_that_comes_to_a_sleep_and_is_put_down() {
    at_most("a_script_that_comes_to_a_sleep_and_is_put_down", 59_400, || {
        thread_local! {
            static MADE: (Interpreter, Rc<Script>) = script("sleep(\"1h\");".to_owned());
        }
        MADE.with(|(interpreter, script)| {
            for _ in 0..ENTRIES {
                let mut run = fresh(interpreter, script);
                let began = Entry { at: Moment(0), fact: Fact::RunBegan { seed: 1 } };
                assert!(matches!(run.deliver(&began), Stepped::Blocked(_)));
            }
        });
    });
}

#[test]
fn a_step_of_one_run_with_its_commit() {
    at_most("a_step_of_one_run_with_its_commit", 267_500, || {
        thread_local! {
            static MADE: RefCell<Counted> = RefCell::new(Counted::new());
        }
        MADE.with_borrow_mut(|world| world.complete(&text(), 1));
    });
}
