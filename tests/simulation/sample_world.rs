//! The sample scripts in a world without processes: activities answer as told, signals come at their time.

use durun::activity::{Done, Failed};
use durun::history::{
    Choice, Claim, CommandKind, Failure, MessageBody, MessageId, Moment, OpId, Patches, Program, Resolution,
    RunEnd, RunId, RunNo, RunStart, ScriptHash, Seq, Token, UpdateAnswer, Value,
};
use durun::store::{Answer, NewMessage, NewRun, Request, Store, StoreError};
use durun::timer::ManualClock;
use durun::worker::{Effects, Finished, Input, Job, JobDone, JobKey, News, Settings, Worker};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A sample script, what it is started with, and what the world does to it.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    file: &'static str,
    input: &'static str,
    /// Signals: how many milliseconds after the beginning, name, payload; or a reply to what it then waits for.
    signals: &'static [(i64, &'static str, &'static str)],
    /// How often a named activity fails before it succeeds.
    failures: &'static [(&'static str, u32)],
    /// A piece of the end that is expected.
    ends: &'static str,
    /// The script itself, where it is no file.
    inline: Option<&'static str>,
    /// How many entries the run had when it came to its text by an upgrade.
    patched_at: u32,
}

/// In the place of a signal's name: the question that is open is answered by Ada.
const ANSWER: &str = "<answer>";
/// In the place of a signal's name: the token that is waited for is resolved.
const RESOLVE: &str = "<resolve>";
/// In the place of a signal's name: the token that is waited for is rejected.
const REJECT: &str = "<reject>";

/// Before a name in the place of a signal's name: an update of that name, with its payload as the key too.
const UPDATE: &str = "update:";

/// Updates that overlap, one that is refused and one whose handler fails; their answers outlive every crash.
const UPDATES: &str = r#"
    let total = 0;
    on_update("add", |n| {
        activity("book", n);
        total += n;
        sleep(1);
        if n == 3 { fail("three"); }
        activity("tell", total);
        total
    }, #{ validate: |n| n > 0 });
    wait_signal("s");
    wait_until(|| total == 6);
    total
"#;

/// Strands of every kind in one script.
const STRANDS: &str = r#"
    let said = [];
    on_signal("stop", |_d| { activity("note"); said.push("stopped"); });
    let guard = strand(|| { try { sleep("1h"); } catch (e) { shielded(|| { activity("tidy"); sleep(1); }); throw e; } });
    let work = strand(|| { activity("one"); activity("two"); });
    work.join();
    guard.cancel();
    let first = select([start_activity("three"), timer("30s")]);
    try { guard.join(); } catch (e) { said.push("tidied"); said.push(e.kind); }
    said.push(`${first.index}`);
    sleep(3);
    said.push(`${parallel([1, 2, 3], |n| { activity("item", n); sleep(1); n * 2 }, #{ max: 2, rate: "2/min" })}`);
    let text = "";
    for word in said { text += if text == "" { word } else { ", " + word }; }
    text
"#;

/// The shape of the deploy, smaller.
const DEPLOY: &str = r#"
    with_lock("deploy", || {
        parallel(["a", "b", "c"], |host| {
            on_undo(|| activity("ship back", host));
            activity("ship", host);
        }, #{ max: 2 });
        if ask("Keep it?", #{ choices: ["keep", "back"] }) == "back" { fail("it was not kept"); }
    });
"#;

/// Undos under a lock, by hand and at the end, and the handler of the failure.
const UNDOS: &str = r#"
    on_failure(|err| activity("mail", err.report));
    with_lock("a", || activity("load", 0, #{ undo: |_r| activity("unload") }));
    undo();
    sleep(1);
    with_lock("a", || activity("again"));
    with_lock("db", || {
        for host in ["x", "y"] {
            on_undo(|| { with_lock("db", || activity("back", host)); sleep(1); });
            activity("ship", host);
        }
        fail("enough");
    });
"#;

/// Generations with mail that outlives them, handlers that are awaited, and an own lock.
const GENERATIONS: &str = r#"
    let n = input.n ?? 0;
    let seen = input.seen ?? "";
    on_signal("late", |_d| activity("late"));
    with_lock("own", || activity("first", n));
    sleep(1);
    let word = if n == 0 { wait_signal("t") } else if n == 1 { wait_signal("s") } else { sleep("30s"); "30s over" };
    seen += if n == 0 { `${n} ${word}` } else { `, ${n} ${word}` };
    activity("second", seen);
    if n == 2 { seen } else { restart_with(#{ n: n + 1, seen: seen }) }
"#;

/// A run that came to its text by an upgrade: new behind what was recorded before.
const PATCHED: &str = r#"
    let way = "";
    let lazy = strand(|| { sleep(2); if patched("lazy") { activity("late"); "late" } else { "old" } });
    for i in 0..5 {
        if patched("new") { activity("new", i); sleep(1); way += "n"; } else { activity("old", i); way += "o"; }
    }
    way + " " + lazy.join()
"#;

/// Every sample, the order on each of its paths.
pub(crate) fn samples() -> Vec<Sample> {
    let order = Sample {
        signals: &[(5_000, "pickedUp", "null"), (6_000, "delivered", "null")],
        failures: &[("charge_customer", 3)],
        ..Sample::file(
            "order delivered",
            "order.rhai",
            r#"{"product_id": 1}"#,
            "Completed { result: Text(\"Delivered\") }",
        )
    };
    let mut samples = vec![
        Sample::file("tour", "tour.rhai", "{}", "\"up\""),
        Sample { name: "order not picked up", signals: &[], ends: "Not picked up in time", ..order },
        Sample {
            name: "order not delivered",
            signals: &[(5_000, "pickedUp", "null")],
            ends: "Not delivered in time",
            ..order
        },
        Sample {
            name: "order declined",
            input: r#"{"product_id": 666}"#,
            failures: &[],
            ends: "card declined",
            ..order
        },
        order,
        Sample {
            failures: &[("test -e \"$2/mounted\" || { echo \"$2 is not mounted\" >&2; ", 2)],
            ..Sample::file("backup", "backup.rhai", r#"{"source": "/a", "target": "/b"}"#, "/b/backup.tar.gz")
        },
        Sample {
            signals: &[(500, "go", "null")],
            ..Sample::file("release", "release.rhai", r#"{"version": "7"}"#, "\"healthy\": Bool(true)")
        },
        Sample {
            signals: &[(200_000_000, ANSWER, "yes")],
            ..Sample::file("approval", "approval.rhai", "{}", "Ada")
        },
        Sample::file(
            "fanout",
            "fanout.rhai",
            r#"{"hosts": 5, "max": 2}"#,
            "\"done\": Int(4), \"failed\": List([Text(\"host3\")])",
        ),
        Sample {
            signals: &[(2_500, "stop", "null")],
            ..Sample::inline("strands", STRANDS, "tidied, cancelled, 0, stopped, [2, 4, 6]")
        },
        Sample {
            failures: &[("tell", 2)],
            ..Sample::file(
                "approval that nobody gives",
                "approval.rhai",
                r#"{"notify": "tell"}"#,
                "nobody decided in time",
            )
        },
        Sample {
            signals: &[(5_000, RESOLVE, "true"), (90_000_000, ANSWER, "install")],
            failures: &[("cat --", 3)],
            ..Sample::file("certificate", "certificate.rhai", "{}", "install")
        },
        Sample {
            signals: &[(5_000, REJECT, "not yours")],
            ..Sample::file(
                "certificate refused",
                "certificate.rhai",
                "{}",
                "kind: \"rejected\", message: \"not yours\"",
            )
        },
        Sample::file(
            "invoices",
            "invoices.rhai",
            r#"{"count": 5, "yes": true}"#,
            "\"billed\": Int(5), \"failed\": List([])",
        ),
        Sample { signals: &[(5_000, ANSWER, "back")], ..Sample::inline("deploy", DEPLOY, "was not kept") },
        Sample::file("trip", "trip.rhai", "{}", "Completed"),
        Sample {
            failures: &[("give_back", 2)],
            ..Sample::file("trip without a car", "trip.rhai", r#"{"car": "none"}"#, "there is no car left")
        },
        Sample {
            signals: &[(3_000_000_000, "change", r#"{"cents": 1200}"#), (9_000_000_000, "stop", "null")],
            ..Sample::file(
                "subscription",
                "subscription.rhai",
                r#"{"customer": "Ada", "cents": 900}"#,
                "\"billed\": Int(3)",
            )
        },
        Sample::file("migrate", "migrate.rhai", r#"{"journal": "/j", "to": 7}"#, "Completed"),
    ];
    samples.extend(written_here());
    samples
}

/// Scripts for what no sample shows.
fn written_here() -> [Sample; 4] {
    [
        Sample::inline("undos and locks", UNDOS, "message: \"enough\""),
        Sample { patched_at: 3, ..Sample::inline("patched", PATCHED, "ooonn late") },
        Sample {
            signals: &[(500, "s", "\"b\""), (1_500, "t", "\"a\"")],
            ..Sample::inline("generations", GENERATIONS, "0 a, 1 b, 2 30s over")
        },
        Sample {
            signals: &[
                (500, "update:add", "1"),
                (600, "update:add", "0"),
                (700, "update:add", "2"),
                (5_000, "update:add", "3"),
                (5_500, "s", "null"),
            ],
            ..Sample::inline("updates", UPDATES, "Completed { result: Int(6) }")
        },
    ]
}

impl Sample {
    /// A sample without signals and failures.
    fn file(name: &'static str, file: &'static str, input: &'static str, ends: &'static str) -> Self {
        Self { name, file, input, signals: &[], failures: &[], ends, inline: None, patched_at: 0 }
    }

    /// A script that is no file, without signals and failures.
    pub(crate) fn inline(name: &'static str, text: &'static str, ends: &'static str) -> Self {
        Self {
            name,
            file: "",
            input: "{}",
            signals: &[],
            failures: &[],
            ends,
            inline: Some(text),
            patched_at: 0,
        }
    }

    pub(crate) fn expected(&self, end: &RunEnd) -> Result<(), String> {
        let shown = format!("{end:?}");
        if shown.contains(self.ends) { Ok(()) } else { Err(shown) }
    }

    /// All names are new to the run since it has so many entries.
    fn patches(&self) -> Patches {
        let new = BTreeSet::from(["new", "lazy"].map(str::to_owned));
        Patches::default().upgraded(&BTreeSet::new(), &new, Seq(self.patched_at))
    }

    fn text(&self) -> String {
        if let Some(text) = self.inline {
            return text.to_owned();
        }
        let path = format!("{}/scripts/{}", env!("CARGO_MANIFEST_DIR"), self.file);
        std::fs::read_to_string(path).expect("the sample")
    }
}

/// The moment at which every run of a sample begins.
const DAWN: Moment = Moment(1_800_000_000_000);

pub(crate) struct SampleWorld<'s> {
    pub(crate) clock: ManualClock,
    sample: &'s Sample,
    started: Arc<Mutex<Vec<OpId>>>,
    /// Told of each command that is started as a job.
    pub(crate) watch: Watch,
}

type Watch = Arc<dyn Fn(OpId) + Send + Sync>;

/// Effects that answer by the sample's rules.
struct Answers {
    failures: BTreeMap<String, u32>,
    inputs: Sender<Input>,
    started: Arc<Mutex<Vec<OpId>>>,
    watch: Watch,
}

impl Effects for Answers {
    fn start(&mut self, job: Job) {
        self.started.lock().expect("started").push(job.key.op);
        (self.watch)(job.key.op);
        let result = self.answer(&job);
        self.inputs.send(Input::News(News::Done(JobDone { key: job.key, result }))).expect("is heard");
    }

    fn stop(&mut self, key: JobKey) {
        let result = Err(Failed::passing(Failure::new("cancelled", "was stopped")));
        self.inputs.send(Input::News(News::Done(JobDone { key, result }))).expect("is heard");
    }

    fn stop_all(&mut self, _: bool) {}
}

impl Answers {
    fn answer(&mut self, job: &Job) -> Result<Done, Failed> {
        let failed = |type_: &str, permanent| {
            let failure = Failure::new("activity", type_.replace('_', " ")).with("type", type_);
            Failed { failure, permanent, retry_after_ms: None }
        };
        let times = self
            .failures
            .iter()
            .find(|(name, _)| job.label.name.starts_with(*name))
            .map_or(0, |(_, times)| *times);
        // By the attempt, which is durable: the world has no memory that a crash of ours would keep.
        if job.attempt <= times {
            return Err(failed("down", false));
        }
        if job.input.get("host") == Some(&Value::from("host3")) {
            return Err(failed("out_of_order", true));
        }
        if job.input.get("id") == Some(&Value::Int(666)) && job.label.name == "charge_customer" {
            return Err(failed("card_declined", true));
        }
        let length = job.input.get("args").map_or(0, |args| args.to_string().len().saturating_sub(4));
        let value = match job.label.kind {
            durun::history::CommandKind::Sh => Value::from([
                ("stdout", Value::Text(length.to_string())),
                ("stderr", Value::from("")),
                ("code", Value::Int(0)),
            ]),
            _ => Value::Null,
        };
        Ok(Done { value, stderr: String::new() })
    }
}

impl<'s> SampleWorld<'s> {
    pub(crate) fn new(sample: &'s Sample) -> Self {
        Self { clock: ManualClock::at(DAWN), sample, started: Arc::default(), watch: Arc::new(|_| ()) }
    }

    /// The commands that were started as jobs.
    pub(crate) fn started(&self) -> Vec<OpId> {
        self.started.lock().expect("started").clone()
    }

    pub(crate) fn start(&self, store: &dyn Store) -> RunNo {
        let text = self.sample.text();
        let new = NewRun::new(
            MessageId::of_key("start", self.sample.name),
            RunId::parse("sample").expect("an id"),
            RunStart {
                program: Program {
                    path: "/sample.rhai".into(),
                    main: ScriptHash::of(&text),
                    modules: BTreeMap::new(),
                },
                input: Value::from_json_text(self.sample.input).expect("input"),
                directory: "/".into(),
                environment: BTreeMap::new(),
                timeout_ms: None,
                secret: [7; 16],
                patches: self.sample.patches(),
            },
            vec![(ScriptHash::of(&text), text)],
        );
        match store.ask(Request::Start(Box::new(new))) {
            Ok(Answer::Started { run, .. }) => run,
            other => panic!("{other:?}"),
        }
    }

    /// Claims the run and drives it to its end; time jumps to whatever is next.
    pub(crate) fn drive<S: Store + 'static>(&mut self, store: Arc<S>, run: RunNo) -> Result<RunEnd, String> {
        let (sender, inputs) = channel();
        let events = sender.clone();
        store.set_events(Arc::new(move |event| drop(events.send(Input::Store(event)))));
        let failures =
            self.sample.failures.iter().map(|(name, times)| ((*name).to_owned(), *times)).collect();
        let effects = Answers {
            failures,
            inputs: sender,
            started: Arc::clone(&self.started),
            watch: Arc::clone(&self.watch),
        };
        let settings = Settings { live_strands: 24_000, ..Settings::seeded(3) };
        let shared: Arc<dyn Store> = store;
        let mut worker = Worker::new(
            Arc::clone(&shared),
            Arc::new(self.clock.clone()),
            Box::new(effects),
            Arc::new(|_, _| ()),
            settings,
        );
        let claim = Claim { token: Token(1), pid: 1 };
        let epoch = match shared.ask(Request::Claim { run, claim }) {
            Ok(Answer::Claimed { epoch }) => epoch,
            other => return Err(format!("{other:?}")),
        };
        worker.adopt(run, epoch).map_err(|error| error.to_string())?;
        let mut signals = self.sample.signals.iter().peekable();
        for _ in 0..20_000 {
            while let Ok(input) = inputs.try_recv() {
                worker.take(input);
            }
            if worker.turn().map_err(|error| error.to_string())? {
                continue;
            }
            if worker.is_idle() {
                break;
            }
            let mut pause = worker.patience().max(Duration::from_millis(1));
            if let Some((at, name, payload)) = signals.peek() {
                let until = DAWN.plus_ms(*at).since_ms(durun::timer::Clock::now(&self.clock));
                if until <= 0 {
                    signals.next();
                    send(shared.as_ref(), run, name, payload)?;
                    continue;
                }
                pause = pause.min(Duration::from_millis(u64::try_from(until).unwrap_or(1)));
            }
            self.clock.advance(pause);
        }
        match worker.take_finished().pop() {
            Some((_, Finished::Ended(end))) => {
                self.answered(shared.as_ref())?;
                Ok(end)
            }
            other => Err(format!("it did not end: {other:?}")),
        }
    }
}

impl SampleWorld<'_> {
    /// Whether every update that was not refused has its answer.
    fn answered(&self, store: &dyn Store) -> Result<(), String> {
        let updates = self.sample.signals.iter().filter_map(|(_, name, payload)| {
            name.strip_prefix(UPDATE).map(|name| MessageId::of_update("sample", name, payload))
        });
        for (nth, id) in updates.enumerate() {
            let told = store.ask(Request::UpdateAnswer { id });
            let is_answer = matches!(&told, Ok(Answer::Update(answer)) if match (nth, answer.as_ref()) {
                (1, answer) => matches!(answer, None | Some(UpdateAnswer::Refused(_))),
                (3, answer) => matches!(answer, Some(UpdateAnswer::Threw(_))),
                (_, answer) => matches!(answer, Some(UpdateAnswer::Gave(_))),
            });
            if !is_answer {
                return Err(format!("update {nth} was answered {told:?}"));
            }
        }
        Ok(())
    }
}

/// What is said, and under which id; nothing where the run does not wait for it any more.
fn said(
    store: &dyn Store,
    run: RunNo,
    name: &str,
    payload: &str,
) -> Result<Option<(MessageId, MessageBody)>, String> {
    let pending = match store.ask(Request::Snapshot { run }) {
        Ok(Answer::Snapshot(snapshot)) => snapshot.pending,
        other => return Err(format!("{other:?}")),
    };
    let waits = |kind| pending.iter().find(|row| row.label.kind == kind);
    let json = || Value::from_json_text(payload).expect("payload");
    Ok(match name {
        ANSWER => waits(CommandKind::Ask).map(|row| {
            let choice = Choice {
                choice: payload.into(),
                who: "Ada".into(),
                note: String::new(),
                asked: String::new(),
            };
            (MessageId::of_question("sample", 0, row.op), MessageBody::Answer { question: row.op, choice })
        }),
        RESOLVE | REJECT => waits(CommandKind::WaitToken).map(|row| {
            let resolution = if name == RESOLVE {
                Resolution::Resolved(json())
            } else {
                Resolution::Rejected(payload.to_owned())
            };
            let token = row.label.name.clone();
            (MessageId::of_token(&token), MessageBody::Resolve { token, resolution })
        }),
        name if name.starts_with(UPDATE) => {
            let name = name.trim_start_matches(UPDATE);
            let body = MessageBody::Update { name: name.to_owned(), argument: json() };
            Some((MessageId::of_update("sample", name, payload), body))
        }
        name => {
            let body = MessageBody::Signal { name: name.to_owned(), payload: json() };
            Some((MessageId::of_key("sample", name), body))
        }
    })
}

/// Sends a signal under a key, as a sender does who sends again when he got no answer.
fn send(store: &dyn Store, run: RunNo, name: &str, payload: &str) -> Result<(), String> {
    let Some((id, body)) = said(store, run, name, payload)? else { return Ok(()) };
    let is_update = matches!(body, MessageBody::Update { .. });
    let message = Box::new(NewMessage { run, id, keyed: true, body });
    match store.ask(if is_update { Request::Post(message) } else { Request::Deliver(message) }) {
        Ok(_) | Err(StoreError::Ended { .. }) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
