//! Hostile bytes: each target of fuzzing over its committed corpus, over every beginning of each of its files, and over seeded mutations.
//!
//! `DURUN_FUZZ_SECONDS=60` mutates scripts for so long, and the bytes of the other four targets for as long together; `DURUN_SEED=N` plays one mutation alone, as a failure names it.

#![expect(clippy::indexing_slicing, reason = "a test takes bytes apart at places that it has just counted")]

use crate::workload::calls;
use durun::history::{
    ActivityCompleted, ChildEnded, ChildOutcome, Choice, CommandKind, Entry, Fact, Message, MessageBody,
    MessageId, MessageNo, Moment, Record, Resolution, RunEnd, RunId, RunNo, Token, Value,
};
use durun::history::{CancelCause, Checksum};
use durun::run::{Command, Replayed, Run, Work, replay};
use durun::script::Interpreter;
use durun::store::crash::Chance;
use durun::store::wire;
use durun::timer::{Clock as _, SystemClock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[path = "../fuzz/targets.rs"]
mod targets;

/// How many targets share the seconds of those that are no scripts.
const OTHERS: u32 = 4;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target)
}

fn files(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(corpus(target)).expect("the corpus");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| (path.display().to_string(), std::fs::read(path).expect("reads"));
    paths.iter().map(read).collect()
}

/// Hands bytes to a target; a panic of it is told with what it was given.
fn play(target: fn(&[u8]), what: &dyn Fn() -> String, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned();
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something");
        panic!("{}: {said}\n{shown:?}", what());
    }
}

/// Words that parsers trip over.
const WORDS: &[&str] = &[
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "ä",
    "🧭",
    "9223372036854775807",
    "-9223372036854775808",
    "1e999",
    "NaN",
    "${",
    "}",
    "(((((((((",
    "[[[[[[[[[",
    "{{{{{{{{{",
    "\"",
    "`",
    "/*",
    "*/",
    "//",
    "|x|",
    "loop {",
    "fn f(",
    "||",
    "activity(\"a\", ",
    "strand(|| ",
    "select(",
    "parallel([1, 2], |x| ",
    "step(\"s\", || ",
    "try {",
    "catch (e)",
    ":=",
    "=",
    "@",
    "--input ",
    "ms",
    " weeks",
    "*/",
    "L",
    "#",
    "1h",
    "-",
];

/// Bytes made of a file of the corpus, and now and then of another one.
fn mutated(chance: &mut Chance, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = files[chance.below(files.len())].1.clone();
    if chance.below(3) == 0 {
        let other = &files[chance.below(files.len())].1;
        let (cut, from) = (chance.below(bytes.len() + 1), chance.below(other.len() + 1));
        bytes.truncate(cut);
        bytes.extend_from_slice(&other[from..]);
    }
    for _ in 0..=chance.below(6) {
        let (at, end) = {
            let (one, two) = (chance.below(bytes.len() + 1), chance.below(bytes.len() + 1));
            (one.min(two), one.max(two).min(one.min(two) + 60))
        };
        match chance.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 if at < bytes.len() => bytes[at] = [0, 0xff, 0x7f, 0x80, 0xc1, 0xdf][chance.below(6)],
            2 => drop(bytes.drain(at..end)),
            3 => {
                let twice = bytes[at..end].repeat(1 + chance.below(4));
                drop(bytes.splice(at..at, twice));
            }
            4 | 5 => {
                let word = WORDS[chance.below(WORDS.len())].as_bytes();
                drop(bytes.splice(at..at, word.repeat(1 + chance.below(3))));
            }
            _ => bytes.truncate(end),
        }
    }
    bytes
}

/// The corpus, so many of each file's beginnings (all, where it is short), and so many mutations where no time is given.
fn withstands(name: &str, target: fn(&[u8]), cuts: usize, mutations: u64) {
    let files = files(name);
    assert!(files.len() > 10, "only {} files for {name}", files.len());
    for (path, bytes) in &files {
        play(target, &|| path.clone(), bytes);
        let step = bytes.len().div_ceil(cuts).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            play(target, &|| format!("the first {cut} bytes of {path}"), &bytes[..cut]);
        }
    }
    let number = |name: &str| std::env::var_os(name).and_then(|text| text.to_str()?.parse::<u64>().ok());
    let one = |seed: u64| {
        let bytes = mutated(&mut Chance::from(seed.wrapping_mul(0x9e37_79b9)), &files);
        play(target, &|| format!("DURUN_SEED={seed} of {name}"), &bytes);
    };
    match (number("DURUN_SEED"), number("DURUN_FUZZ_SECONDS")) {
        (Some(seed), _) => one(seed),
        (None, None) => (0..mutations).for_each(one),
        (None, Some(seconds)) => {
            let (began, most) = (
                SystemClock.monotonic(),
                Duration::from_secs(seconds) / if name == "script" { 1 } else { OTHERS },
            );
            let mut seed = 0;
            while SystemClock.monotonic().saturating_sub(began) < most {
                one(seed);
                seed += 1;
            }
            assert!(seed > 0, "not one mutation in {seconds} seconds");
        }
    }
}

#[test]
fn any_text_as_a_script() {
    withstands("script", targets::script, 40, 500);
}

#[test]
fn any_bytes_as_a_history() {
    withstands("history", targets::history, 60, 800);
}

#[test]
fn any_bytes_on_the_socket() {
    withstands("frames", targets::frames, 300, 4_000);
}

#[test]
fn anything_typed_as_input() {
    withstands("input", targets::input, 300, 4_000);
}

#[test]
fn anything_typed_as_a_duration_an_instant_or_a_schedule() {
    withstands("duration", targets::duration, 300, 4_000);
}

/// The valid bytes that hostile ones are made of, by target and name.
fn valid() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut frames = wire::hello(Token(7), vec![RunNo(1)]).expect("a frame");
    for (number, requests) in calls(5, 24).into_iter().enumerate() {
        let call = wire::call(u64::try_from(number).expect("few"), requests).expect("a frame");
        all.push(("frames", format!("call-{number:02}"), call.clone()));
        frames.extend(call);
    }
    all.push(("frames", "session".into(), frames));
    for seed in 0..6 {
        all.push(("history", format!("historian-{seed}"), historian(seed)));
    }
    for name in
        ["huge-length", "nothing-but-a-length", "longer-than-said", "shorter-than-said", "never-used-byte"]
    {
        let bytes: &[u8] = match name {
            "huge-length" => &[0xff, 0xff, 0xff, 0xff, 1],
            "nothing-but-a-length" => &[0, 0xff, 0xff, 0xff],
            "longer-than-said" => &[0, 0, 0, 1, 0xc0, 0xc0, 0xc0],
            "shorter-than-said" => &[0, 0, 0, 9, 0xc0],
            _ => &[0, 2, 0xc1, 0xc1],
        };
        for target in ["frames", "history"] {
            all.push((target, name.into(), bytes.to_vec()));
        }
    }
    // MessagePack that says it goes on: arrays, maps, texts of 4 GiB, and arrays in arrays.
    for (number, body) in [
        vec![0xdd, 0xff, 0xff, 0xff, 0xff],
        vec![0xdf, 0xff, 0xff, 0xff, 0xff],
        vec![0xdb, 0xff, 0xff, 0xff, 0xff],
        vec![0x91; 5_000],
    ]
    .into_iter()
    .enumerate()
    {
        let length = u32::try_from(body.len()).expect("short");
        all.push(("frames", format!("goes-on-{number}"), [&length.to_be_bytes()[..], &body].concat()));
        for code in [2_u8, 5, 50] {
            let entry = [&[0, code], &[0; 8][..], &body].concat();
            let began = [&[0, 1], &[0; 8][..], &[0x81, 0xa4, b's', b'e', b'e', b'd', 1]].concat();
            let bytes = [began, entry].map(|body| sized(&body)).concat();
            all.push(("history", format!("goes-on-{number}-{code}"), bytes));
        }
    }
    all
}

fn sized(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a short entry");
    [&length.to_be_bytes()[..], body].concat()
}

/// A history of the historian, as the target takes it: in the order that chance gives.
fn historian(seed: u64) -> Vec<u8> {
    let interpreter = Interpreter::new();
    let (mut run, mut state) =
        (Run::new(&interpreter, targets::compiled(), targets::charter()), Replayed::default());
    let (mut chance, mut bytes, mut before) = (Chance::from(seed), Vec::new(), Checksum::first(RunNo(1)));
    let mut fact = Fact::RunBegan { seed };
    for number in 1..40 {
        let entry = Entry { at: Moment(i64::from(number) * 1_000), fact };
        let (record, after) = Record::seal(&entry, before).expect("is sealed");
        before = after;
        bytes.extend(sized(&record.as_bytes()[1..record.as_bytes().len() - 8]));
        replay(&mut run, &mut state, &[entry], |_, _| ()).expect("fits");
        let open: Vec<&Command> = state.open.values().map(AsRef::as_ref).collect();
        if state.end.is_some() || state.restart.is_some() || open.is_empty() {
            break;
        }
        fact = if chance.below(6) == 0 {
            message(number, MessageBody::Update { name: "u".into(), argument: Value::Int(1) })
        } else {
            ending(number, open[chance.below(open.len())], &state)
        };
    }
    bytes
}

fn message(number: u32, body: MessageBody) -> Fact {
    let no = MessageNo(u64::from(number));
    Fact::of_message(&Message { no, id: MessageId([7; 16]), accepted_at: Moment(0), body })
}

/// A fact that ends a command.
fn ending(number: u32, command: &Command, state: &Replayed) -> Fact {
    let (op, name) = (command.op, command.label.name.clone());
    match &command.work {
        Work::Effect { .. } | Work::Dispatch(_) => Fact::ActivityCompleted(Box::new(ActivityCompleted {
            op,
            label: command.label.clone(),
            input: Value::Null,
            result: Value::Int(1),
            attempts: 1,
            scheduled_at: command.scheduled_at,
            ended_at: Moment(0),
        })),
        Work::Timer { due, .. } => Fact::of_timer(op, &command.label, *due),
        Work::Lock { .. } => message(number, MessageBody::Grant { op, name }),
        Work::Wait if command.label.kind == CommandKind::Ask => {
            let choice =
                Choice { choice: "yes".into(), who: "ada".into(), note: String::new(), asked: String::new() };
            message(number, MessageBody::Answer { question: op, choice })
        }
        Work::Wait if command.label.kind == CommandKind::WaitToken => message(
            number,
            MessageBody::Resolve { token: name, resolution: Resolution::Resolved(Value::Int(1)) },
        ),
        Work::Wait if command.label.kind == CommandKind::Child => Fact::ChildEnded(Box::new(ChildEnded {
            message_no: MessageNo(u64::from(number)),
            message_id: MessageId::default(),
            op,
            child: RunId::parse("h.3").expect("an id"),
            outcome: ChildOutcome::Ended(RunEnd::Completed { result: Value::Int(1) }),
            accepted_at: Moment(0),
        })),
        Work::Wait if state.entries > 30 => {
            message(number, MessageBody::Cancel { cause: CancelCause::Request, reason: "enough".into() })
        }
        Work::Wait => {
            let name = if number.is_multiple_of(2) { "s" } else { "t" };
            message(number, MessageBody::Signal { name: name.into(), payload: Value::Int(i64::from(number)) })
        }
    }
}

/// The valid files of the corpus are what this version reads: hostile ones are made of them, and would else be refused at the door.
#[test]
fn the_valid_bytes_of_the_corpus_are_valid() {
    for (target, name, bytes) in valid() {
        let path = corpus(target).join(name);
        if std::env::var_os("DURUN_BLESS").is_some() {
            std::fs::write(&path, &bytes).expect("writes");
        }
        let kept = std::fs::read(&path).expect("DURUN_BLESS=1 writes it");
        if target == "frames" {
            assert_eq!(wire::read(&kept).is_ok(), wire::read(&bytes).is_ok(), "{}", path.display());
        } else {
            assert!(kept == bytes, "{} is not what it was; DURUN_BLESS=1 writes it anew", path.display());
        }
    }
}
