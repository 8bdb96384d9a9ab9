//! The targets of fuzzing: each takes any bytes, and panics where a promise about them does not hold.

use durun::client::read_export;
use durun::history::{Checksum, Entry, HowFar, Moment, Record, RunNo, Value, decode};
use durun::run::{Charter, Replayed, Run, replay};
use durun::script::{
    Backing, Closure, Host, Input, Interpreter, Meter, Named, Params, Rest, RunFacts, Said, Script, Source,
    check,
};
use durun::timer::{Cron, Zone, parse_duration, parse_moment, show_duration};
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use twox_hash::XxHash3_64;

/// The longest script that is looked at, in bytes: what takes long takes longer when it is longer, and shows nothing new.
const LONGEST_SCRIPT: usize = 64 * 1024;
/// The operations that a script is given.
const OPERATIONS: u64 = 20_000;
/// The requests of a script that are answered.
const ANSWERS: usize = 40;
/// 100 years of 365 days, in milliseconds.
const LONGEST_MS: i64 = 100 * 365 * 86_400_000;

/// The script that histories are replayed under: it waits for some of everything.
const HISTORIAN: &str = include_str!("historian.rhai");

thread_local! {
    static COMPILED: Rc<Script> = {
        let source = Source { path: "h.rhai".into(), main: HISTORIAN.into(), modules: [].into() };
        Script::compile(&Interpreter::new(), source).expect("the historian compiles")
    };
}

/// Text as a script: its params, its findings, and what it does when it runs, under a host that answers everything with null.
pub(crate) fn script(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() > LONGEST_SCRIPT {
        return;
    }
    let interpreter = Interpreter::new();
    let params = Params::of_text(&interpreter, "f.rhai", text);
    let read = |_: &str| Err("there is none".to_owned());
    let Ok(source) = Source::gather(&interpreter, "f.rhai", text.to_owned(), &read) else { return };
    let answered = |(Named::Activity(name) | Named::Script(name)): Named<'_>| match name.len() {
        0..3 => Backing::Yes,
        3..5 => Backing::InTests,
        _ => Backing::No,
    };
    let findings = check(&interpreter, &source, &answered);
    for finding in findings.iter().flatten() {
        let lines = u32::try_from(text.lines().count()).expect("few lines");
        assert!((1..=lines.max(1) + 1).contains(&finding.line), "{finding:?} stands nowhere");
    }
    let Ok(script) = Script::compile(&interpreter, source) else { return };
    assert!(findings.is_ok(), "it compiles, and cannot be checked");
    drop(params);
    let Ok(mut strand) = interpreter.main(&script, Rc::new(Nobody), Meter::new(OPERATIONS)) else { return };
    let mut reply = Ok(Value::Null);
    for _ in 0..ANSWERS {
        match strand.resume(reply) {
            Rest::Ended(_) | Rest::OverLimit(_) => return,
            Rest::Sliced | Rest::Asked(_) => reply = Ok(Value::Null),
        }
    }
}

/// Bytes as what is stored of a run: as a record, as an exported file, and as the bodies of records with good checksums, which are replayed.
pub(crate) fn history(bytes: &[u8]) {
    let run = RunNo(1);
    drop(Record::from_bytes(bytes.to_vec()).open(Checksum::first(run)));
    drop(read_export(&mut &*bytes));
    drop(decode::<Value>(bytes));
    let (mut before, mut entries) = (Checksum::first(run), Vec::new());
    for body in bodies(bytes) {
        let mut sealed = vec![1];
        sealed.extend_from_slice(body);
        sealed.extend_from_slice(&XxHash3_64::oneshot_with_seed(before.0, &sealed).to_be_bytes());
        let Ok((entry, after)) = Record::from_bytes(sealed).open(before) else { break };
        let (again, _) = Record::seal(&entry, before).expect("what was read can be written");
        let (read, _) = again.open(before).expect("what was written can be read");
        // NaN alone differs from itself, and shows alike.
        assert_eq!(format!("{read:?}"), format!("{entry:?}"), "it comes back as another");
        before = after;
        entries.push(entry);
    }
    replay_twice(&entries);
}

/// A length of two bytes, then a body: code, instant, MessagePack; as often as there is something.
fn bodies(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (body, after) = rest.split_at(length);
        found.push(body);
        bytes = after;
        if found.len() == 64 {
            break;
        }
    }
    found
}

/// The historian, compiled once a thread.
pub(crate) fn compiled() -> Rc<Script> {
    COMPILED.with(Rc::clone)
}

/// What the historian is started with.
pub(crate) fn charter() -> Charter {
    Charter {
        id: "h".into(),
        generation: 0,
        input: Value::Null,
        timeout_ms: Some(1_000),
        secret: [7; 16],
        ..Charter::default()
    }
}

/// Whatever the entries are, a replay ends, with a run or with a word why not, and the same each time.
fn replay_twice(entries: &[Entry]) {
    let once = || {
        let (interpreter, script) = (Interpreter::new(), compiled());
        let mut run = Run::new(&interpreter, script, charter());
        let mut state = Replayed::default();
        let told = replay(&mut run, &mut state, entries, |_, _| ());
        let open: Vec<String> = state.open.keys().map(ToString::to_string).collect();
        format!("{told:?} {:?} {open:?} {:?}", state.entries, state.end)
    };
    assert_eq!(once(), once(), "two replays of the same entries");
}

/// Bytes as what comes over the owner's socket: what is read of it is written and read again as the same.
pub(crate) fn frames(bytes: &[u8]) {
    if let Ok(frames) = durun::store::wire::read(bytes) {
        let again = durun::store::wire::read(&frames.concat()).expect("what was written can be read");
        assert_eq!(again, frames, "a frame comes back as another");
    }
}

/// Lines as `-i` arguments; one that begins with `--input ` is the whole input.
pub(crate) fn input(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (wholes, pairs): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("--input "));
    // Files are the business of other tests, and some of them never end.
    let whole = wholes.first().map(|line| &line["--input ".len()..]).filter(|text| !text.starts_with('@'));
    let pairs: Vec<String> =
        pairs.iter().filter(|pair| !pair.contains("=@")).map(ToString::to_string).collect();
    if let Ok(value) = durun::cli::typed_input(&pairs, whole, Path::new("/nowhere")) {
        value.check().expect("what is taken is within the limits");
        let shown = value.to_string();
        let again = Value::from_json_text(&shown).expect("what is shown is JSON");
        assert_eq!(again.to_string(), shown, "the input comes back as another");
    }
}

/// Text as a duration, as an instant and as a schedule.
pub(crate) fn duration(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(ms) = parse_duration(&text) {
        assert!((0..=LONGEST_MS).contains(&ms), "{text}: {ms}");
        let shown = parse_duration(&show_duration(ms)).expect("what is shown is a duration");
        assert!(shown <= ms, "{text} is {ms}, and is shown as {shown}");
    }
    let _instant = parse_moment(&text);
    let noon = Moment(1_795_435_200_000);
    let zone = Zone::named("Europe/Berlin").expect("a zone");
    if let Ok(cron) = Cron::parse(&text, zone, noon) {
        let next = cron.next(noon).expect("what is taken fires");
        assert!(next > noon, "{text}: {next:?} is not after {noon:?}");
    }
}

/// A host that knows nothing.
struct Nobody;

impl Host for Nobody {
    fn now(&self) -> Moment {
        Moment(1_000)
    }
    fn random(&self) -> u64 {
        7
    }
    fn log(&self, _: Said) {}
    fn publish(&self, _: String, _: Value) {}
    fn set_summary(&self, _: String) {}
    fn progress(&self, _: HowFar) {}
    fn on_signal(&self, _: String, _: Closure) {}
    fn on_query(&self, _: String, _: Closure) {}
    fn on_failure(&self, _: Closure) {}
    fn input(&self) -> Input {
        Input::new(&Value::from([("n", Value::Int(3))]))
    }
    fn run_facts(&self) -> RunFacts {
        RunFacts {
            id: "f".into(),
            generation: 0,
            started_at: Moment(0),
            cancelled: false,
            answers: Vec::new(),
        }
    }
    fn blocked_lines(&self) -> BTreeSet<u32> {
        BTreeSet::new()
    }
    fn secret(&self, name: &str) -> String {
        format!("<{name}>")
    }
    fn attempt(&self) -> Option<(u32, String)> {
        None
    }
}
