//! The texts that a run goes under, that of its child, and under which of them the model knows it to be.

use durun::client::LoadedProgram;
use durun::history::{Patches, Program, RunStart, ScriptHash, Seq};
use std::collections::BTreeMap;

/// It counts what it was told, and says so to each activity: none may know of more than is on disk. Every other step has an undo, and one
/// is under a lock that all runs want. Where it is to have a child, it speaks to it, and hears of one that is asked to end with it. It
/// begins anew as often as it was told, and hands on what it heard.
const SCRIPT: &str = r#"
    let seen = 0;
    let heard = input.heard;
    on_signal("note", |d| { seen += 1; heard.push(`n${d}`); });
    let kid = ();
    if input.kid != "none" {
        kid = start_child("kid.rhai", 1, #{ on_parent_close: input.kid });
        try { signal_run(kid.id, "go", 5); } catch (e) { if e.kind == "cancelled" { throw e; } }
    }
    for i in 0..input.steps {
        if i % 2 == 0 { on_undo(|| activity("back", i)); }
        try {
            let r = activity("step", #{ i: i, seen: seen }, #{ retry: #{ attempts: 3, first: "2s" } });
            seen += 1;
            heard.push(`a${r}`);
        } catch (e) {
            if e.kind == "cancelled" { throw e; }
            seen += 1;
            heard.push(`f${i}`);
        }
        if i == 2 { with_lock("db", || { heard.push(`l${activity("locked", i)}`); }); }
        if i % 2 == 1 { sleep(input.nap); seen += 1; heard.push("t"); }
    }
    if input.rounds > 0 {
        restart_with(#{ rounds: input.rounds - 1, heard: heard, steps: input.steps, nap: input.nap, kid: input.kid });
    }
    parallel([1, 2, 3], |n| activity("side", n), #{ max: 2 });
    let said = "";
    if input.kid == "cancel" {
        try { said = kid.result(); } catch (e) {
            if e.kind == "cancelled" { throw e; }
            said = e.status;
        }
    }
    let end = wait_signal("end");
    if end == 1 { fail("enough"); }
    heard.push(`e${end}${said}`);
"#;

/// What each text does at the end: each fits all histories of those before it. The second does one thing more, in runs that it came to in time.
const ENDINGS: [&str; 3] = [
    "heard",
    r#"if patched("more") { heard.push(`p${activity("more", 0)}`); } heard.push("v1"); heard"#,
    r#"if patched("more") { heard.push(`p${activity("more", 0)}`); } heard.push("v2"); heard"#,
];

const KID: &str = r#"let got = wait_signal("go"); let done = activity("work", input); "#;

/// The same for children.
const KID_ENDINGS: [&str; 3] = [
    "` ${got} ${done}`",
    r#"let more = if patched("more") { activity("more", 0) } else { "-" }; ` ${got} ${done} ${more} v1`"#,
    r#"let more = if patched("more") { activity("more", 0) } else { "-" }; ` ${got} ${done} ${more} v2`"#,
];

pub(super) const KID_PATH: &str = "/kid.rhai";

pub(super) const LAST: usize = ENDINGS.len() - 1;

pub(super) fn program(text: usize) -> LoadedProgram {
    program_of("/seeded.rhai", format!("{SCRIPT}{}", ENDINGS.get(text).expect("a text")))
}

pub(super) fn kid_program(text: usize) -> LoadedProgram {
    program_of(KID_PATH, format!("{KID}{}", KID_ENDINGS.get(text).expect("a text")))
}

pub(super) fn kid() -> (Program, Vec<(ScriptHash, String)>) {
    let LoadedProgram { program, texts, .. } = kid_program(0);
    (program, texts)
}

fn is_text(text: usize, found: &Program) -> bool {
    let known = if found.path == KID_PATH { kid_program(text) } else { program(text) };
    known.program == *found
}

fn program_of(path: &str, text: String) -> LoadedProgram {
    let main = ScriptHash::of(&text);
    let program = Program { path: path.into(), main, modules: BTreeMap::new() };
    LoadedProgram { program, texts: vec![(main, text)], params: None }
}

/// The text that a run is under, and how many entries it had when the named change came to it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Under {
    pub(super) text: usize,
    before: Option<usize>,
}

impl Under {
    /// A run with so many entries goes on under another.
    fn then(self, program: &Program, entries: usize) -> Option<Self> {
        let text = (0..=LAST).find(|text| is_text(*text, program))?;
        let came = Some(entries).filter(|entries| text > 0 && *entries > 0);
        Some(Self { text, before: if self.text > 0 { self.before } else { came } })
    }

    /// Only so many entries stay.
    fn kept(self, entries: usize) -> Self {
        Self { before: self.before.map(|before| before.min(entries)), ..self }
    }

    /// Whether the named change holds once so many entries were delivered.
    pub(super) fn has_more(self, delivered: usize) -> bool {
        self.text > 0 && self.before.is_none_or(|before| delivered > before)
    }

    /// Whether the store says the same.
    fn is(self, found: &Program, patches: &Patches) -> bool {
        let holds = |entries| patches.holds("more", Seq(u32::try_from(entries).expect("small")));
        let since = match self.before {
            _ if self.text == 0 => patches.is_empty(),
            Some(before) => !holds(before) && holds(before + 1),
            None => holds(0),
        };
        since && is_text(self.text, found)
    }
}

/// An upgrade: by which call, and whether anybody was told of it.
struct Step {
    call: u64,
    is_sure: bool,
    under: Under,
}

/// The upgrades of one run.
pub(super) struct Upgrades(Vec<Step>);

impl Default for Upgrades {
    fn default() -> Self {
        Self(vec![Step { call: 0, is_sure: true, under: Under::default() }])
    }
}

impl Upgrades {
    /// The last that is sure, and all that may have come behind it.
    fn first_possible(&self) -> usize {
        self.0.iter().rposition(|step| step.is_sure).unwrap_or(0)
    }

    /// Under which text the run is, or the newest under which it may be.
    pub(super) fn newest(&self) -> Under {
        let possible = self.0.iter().skip(self.first_possible());
        possible.map(|step| step.under).max_by_key(|under| under.text).unwrap_or_default()
    }

    /// A run with so many entries is to go on under a program; says where the wish is wrong.
    pub(super) fn wish(
        &mut self,
        (call, is_sure): (u64, bool),
        program: &Program,
        patches: &Patches,
        entries: usize,
    ) -> Result<(), String> {
        let now = self.0.get(self.first_possible()).map(|step| step.under).unwrap_or_default();
        let under = now.then(program, entries).ok_or("is to go under a text that nobody wrote")?;
        self.0.push(Step { call, is_sure, under });
        if under.is(program, patches) {
            return Ok(());
        }
        Err(format!(
            "with {entries} entries goes from {now:?} to {under:?}, and the store was told {patches:?}"
        ))
    }

    /// The run goes on behind so many entries.
    pub(super) fn rewound(&mut self, call: u64, kept: usize) {
        self.each(call, |under| under.kept(kept));
    }

    /// The run begins anew.
    pub(super) fn restarted(&mut self, call: u64) {
        self.each(call, |under| Under { before: None, ..under });
    }

    /// Each of those that are possible becomes another.
    fn each(&mut self, call: u64, then: impl Fn(Under) -> Under) {
        let possible: Vec<Under> =
            self.0.iter().skip(self.first_possible()).map(|step| then(step.under)).collect();
        let is_sure = possible.len() == 1;
        self.0.extend(possible.into_iter().map(|under| Step { call, is_sure, under }));
    }

    /// The machine went down when this was the last call acknowledged.
    pub(super) fn went_down(&mut self, acknowledged: u64) {
        self.0.iter_mut().for_each(|step| step.is_sure &= step.call <= acknowledged);
    }

    /// What the store holds is one of those that are possible, and from now on it is the one.
    pub(super) fn check(&mut self, calls: u64, found: &RunStart) -> Result<(), String> {
        let first = self.first_possible();
        let place = self.0.iter().skip(first).rposition(|step| step.under.is(&found.program, &found.patches));
        let Some(place) = place else {
            let possible: Vec<Under> = self.0.iter().skip(first).map(|step| step.under).collect();
            return Err(format!("is under {:?} with {:?}, not {possible:?}", found.program, found.patches));
        };
        self.0.truncate(first + place + 1);
        if let Some(last) = self.0.last_mut().filter(|last| !last.is_sure) {
            (last.call, last.is_sure) = (calls, true);
        }
        Ok(())
    }
}
