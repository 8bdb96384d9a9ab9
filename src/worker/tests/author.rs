//! An author of random valid scripts over all host functions: the same for the same seed; and what the world answers them. The sweep of crashes
//! in `tests/simulation/` has it too.

use super::{CommandKind, Done, Failed, Failure, Job, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The script of children: beside the scripts that are written here.
pub(super) const CHILDREN: &[(&str, &str)] = &[
    ("/w/good.rhai", "let n = input; sleep(2); activity(\"kid\", n); n"),
    ("/w/bad.rhai", "sleep(1); fail(\"no\", #{ type: \"kid\" })"),
];

/// What the world answers: by the name of what is asked and by the attempt, so that any process gets the same.
pub(super) fn answer(job: &Job) -> Result<Done, Failed> {
    let sum = job
        .label
        .name
        .bytes()
        .chain(job.input.to_string().into_bytes())
        .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    if sum % 9 == 0 || (sum % 5 == 0 && job.attempt == 1) {
        let failure = Failure::new("activity", "as it happens").with("type", "chance");
        return Err(Failed { failure, permanent: sum % 9 == 0, retry_after_ms: None });
    }
    let kind = job.label.kind;
    let value = if matches!(kind, CommandKind::Exec | CommandKind::Sh) {
        Value::from([("stdout", Value::from("a\nb")), ("stderr", Value::from("")), ("code", Value::Int(0))])
    } else if kind == CommandKind::Http {
        Value::from([
            ("status", Value::Int(200)),
            ("headers", Value::Map(BTreeMap::new())),
            ("body", Value::from("{\"a\":1}")),
        ])
    } else if kind == CommandKind::Glob {
        Value::List(vec!["a.txt".into()])
    } else if matches!(kind, CommandKind::ReadFile | CommandKind::Env) {
        "text".into()
    } else {
        Value::Int(i64::from(sum % 4))
    };
    Ok(Done { value, stderr: String::new() })
}

pub(super) struct Author {
    chance: u64,
    names: u32,
}

impl Author {
    pub(super) fn new(seed: u64) -> Self {
        Self { chance: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x6475_7275, names: 0 }
    }

    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % most.max(1)
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        let most = u64::try_from(texts.len()).expect("few");
        texts[usize::try_from(self.below(most)).expect("few")]
    }

    fn maybe<'a>(&mut self, text: &'a str) -> &'a str {
        if self.below(2) == 0 { text } else { "" }
    }

    /// A whole script.
    pub(super) fn script(&mut self) -> String {
        let mut text = String::from(
            "params(#{ n: 0 });\nlet n = 0; let hs = [timer(3)]; let all = [];\n\
             fn work(x) { heartbeat(x); log(`${attempt_number()} ${idempotency_key().len()} ${last_heartbeat()}`); x }\n\
             on_query(\"n\", || [n, all.len()]);\n",
        );
        text.push_str(self.maybe(
            "defaults(#{ retry: #{ attempts: 2, first: \"1s\", jitter: 0 }, warn_after: \"1h\" });\n",
        ));
        text.push_str(self.maybe(
            "on_failure(|err| { log(`failed ${err.kind}`); activity(\"tell\", err.report.len() > 0); });\n",
        ));
        for name in ["s", "t"] {
            if self.below(2) == 0 {
                let body = self.body(2);
                writeln!(text, "on_signal(\"{name}\", |d| {{ n += 1; {body} }});").expect("writes");
            }
        }
        if self.below(2) == 0 {
            let body = self.body(2);
            let validate = self.one_of(&["|x| true", "|x| n < 3", "|x| if n > 4 { fail(\"enough\") }"]);
            writeln!(text, "on_update(\"u\", |x| {{ n += x; {body} n }}, #{{ validate: {validate} }});")
                .expect("writes");
        }
        for _ in 0..3 + self.below(5) {
            let statement = self.statement(3);
            writeln!(text, "{statement}").expect("writes");
        }
        text.push_str(self.maybe("try { join_all(hs); } catch (e) { log(`joined ${e.kind}`); }\n"));
        if self.below(4) == 0 {
            text.push_str("if run.generation < 1 { restart_with(#{ n: n }); }\n");
        }
        text + "log(`n ${n}`); print(all); n"
    }

    fn body(&mut self, depth: u32) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(3) {
            text.push_str(&self.statement(depth));
            text.push(' ');
        }
        text
    }

    fn statement(&mut self, depth: u32) -> String {
        self.names += 1;
        let no = self.names;
        match self.below(if depth == 0 { 34 } else { 48 }) {
            pick @ 0..=11 => self.effect(pick, no),
            pick @ 12..=23 => self.wait(pick, no),
            pick @ 24..=33 => self.saying(pick),
            pick => self.nesting(pick, no, depth - 1),
        }
    }

    fn caught(text: &str) -> String {
        format!("try {{ let got = {text}; log(`${{got}}`); }} catch (e) {{ log(`${{e.kind}}`); }}")
    }

    fn effect(&mut self, pick: u64, no: u32) -> String {
        match pick {
            0 => format!("n += activity(\"a{no}\", n);"),
            1 => Self::caught(&format!("activity(\"work\", {no}, #{{ max_concurrent: 2 }})")),
            2 => format!("all.push(step(\"s{no}\", || n + {no}));"),
            3 => Self::caught(&format!(
                "exec([\"x{no}\"], #{{ ok_codes: [0, 3], undo: |it| activity(\"u{no}\") }}).code"
            )),
            4 => Self::caught(&format!(
                "sh(\"x $1\", [`{no}`], #{{ env: #{{ K: secret(\"K\") }} }}).lines.len()"
            )),
            5 => Self::caught(&format!(
                "http(#{{ method: \"PUT\", url: \"https://x.test/{no}\", json: n }}).status"
            )),
            6 => Self::caught("http_get(\"https://x.test/\").json.a"),
            7 => Self::caught("http_post(\"https://x.test/\", #{ n: n }).status"),
            8 => Self::caught(&format!("read_file(\"f{no}\").len()")),
            9 => Self::caught("glob(\"*.txt\").len()"),
            10 => Self::caught(&format!("{{ write_file(\"f{no}\", [n]); env(\"HOME\") }}")),
            _ => {
                let until = self.one_of(&["n > 2", "true", "attempt_number() > 2", "fail(\"over\")"]);
                Self::caught(&format!("poll(\"p{no}\", #{{ every: 1, timeout: 5 }}, || {until})"))
            }
        }
    }

    fn wait(&mut self, pick: u64, no: u32) -> String {
        match pick {
            12 => format!("sleep({});", 1 + self.below(9)),
            13 => format!("sleep_until(now() + \"{}s\");", 1 + self.below(9)),
            14 => "let got = wait_signal(\"s\", 5); log(`${got}`);".to_owned(),
            15 => format!("hs.push(start_activity(\"b{no}\"));"),
            16 => {
                let handle = self.one_of(&["timer(4)", "timer_until(now() + 3)", "start_wait_signal(\"t\", 9)", "timer(\"2s\")"]);
                format!("hs.push({handle});")
            }
            17 => "try { let got = select(hs); log(`selected ${got.index}`); } catch (e) { log(`${e.kind} ${e.index}`); }".to_owned(),
            18 => format!("{{ let h = hs[{} % hs.len()]; log(`${{h.done()}}`); h.cancel(); }}", self.below(7)),
            19 => format!("try {{ hs[{} % hs.len()].join(); }} catch (e) {{ log(e.kind); }}", self.below(7)),
            20 => format!("wait_until(|| n > {}, 6);", self.below(3)),
            21 => Self::caught("wait_token(token(), 8)"),
            22 => {
                let options = self.one_of(&["", ", remind: \"2s\"", ", notify: [\"tell\"], remind: \"3s\"", ", show: n"]);
                Self::caught(&format!("ask(\"q{no}?\", #{{ choices: [\"a\", \"b\"], timeout: 9{options} }})"))
            }
            _ => {
                let file = self.one_of(&["good", "bad"]);
                format!(
                    "try {{ let kid = start_child(\"{file}.rhai\", {no}, #{{ on_parent_close: \"{}\" }}); kid.signal(\"s\", n); log(`${{kid.result()}}`); }} catch (e) {{ log(`${{e.kind}}`); }}",
                    self.one_of(&["cancel", "terminate", "abandon"]),
                )
            }
        }
    }

    fn saying(&mut self, pick: u64) -> String {
        match pick {
            24 => {
                "publish(\"n\", n); if patched(\"new\") { log(\"new\"); } else { log(\"old\"); }".to_owned()
            }
            25 => "set_summary(`n is ${n}`); progress(n, 10, \"so far\");".to_owned(),
            26 => "log(\"warn\", `${now()} ${today()} ${input.n}`, #{ n: n });".to_owned(),
            27 => "print(`${random()} ${random_int(1, 6)} ${uuid()}`);".to_owned(),
            28 => Self::caught("signal_run(\"nobody\", \"s\", n)"),
            29 => Self::caught(
                "attempt(|| { if n > 1 { fail(\"odd\", #{ type: \"t\", data: n }) } activity(\"in\") }).ok",
            ),
            30 => format!("on_undo(|| activity(\"back\", {}));", self.below(9)),
            31 => "try { undo(); } catch (e) { log(`${e.kind}`); }".to_owned(),
            32 => "signal_run(run.id, \"nobody waits\", n);".to_owned(),
            _ => Self::caught("child(\"good.rhai\", n, #{ timeout: \"1h\" })"),
        }
    }

    fn nesting(&mut self, pick: u64, no: u32, depth: u32) -> String {
        let body = self.body(depth);
        match pick {
            34 | 35 => format!("hs.push(strand({no}, #{{ name: \"n{no}\" }}, |x| {{ {body} x }}));"),
            36 => format!("strand(|| {{ {body} }});"),
            37 | 38 => format!(
                "try {{ let got = parallel([1, 2, 3, 4], |x| {{ {body} x }}, #{{ max: 2, on_error: \"{}\"{} }}); log(`${{got}}`); }} catch (e) {{ log(`${{e.kind}} ${{e.index}}`); }}",
                self.one_of(&["stop", "collect"]),
                self.one_of(&["", ", rate: \"2/min\"", ", name: |x| `item ${x}`"]),
            ),
            39 | 40 => {
                format!("try {{ {body} }} catch (e) {{ log(`caught ${{e.kind}}`); activity(\"c{no}\"); }}")
            }
            41 => format!("shielded(|| {{ {body} }});"),
            42 | 43 => format!(
                "try {{ with_lock(\"l{}\", #{{ timeout: 20 }}, || {{ {body} }}); }} catch (e) {{ log(`${{e.kind}}`); }}",
                self.below(2)
            ),
            44 => format!("for x in 0..{} {{ {body} }}", 1 + self.below(2)),
            _ => {
                let other = self.one_of(&["fail(\"odd\");", "log(\"odd\");", "n += 1;"]);
                format!("if n % 2 == 0 {{ {body} }} else {{ {other} }}")
            }
        }
    }
}
