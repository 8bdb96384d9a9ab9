//! Generated scripts that mix strands, handlers, updates, selects, parallels, shields and cancels: replayed from every cut of their history
//! they ask the same commands in the same order.

use super::story::{Story, Told};
use crate::history::{Failure, OpId, Value};
use crate::run::chance::Chance;
use crate::script::Interpreter;
use std::fmt::Write;

/// So many entries a story takes before it is cancelled, and so many after.
const ENTRIES: usize = 24;

struct Author {
    chance: Chance,
    names: u32,
}

impl Author {
    fn below(&mut self, most: u64) -> u64 {
        self.chance.next() % most
    }

    fn place_in(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length.max(1)).expect("small"))).expect("small")
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.place_in(texts.len())]
    }

    fn script(&mut self) -> String {
        let mut text = String::from("let n = 0;\nlet hs = [timer(3)];\n");
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
            text.push_str(&self.statement(3));
            text.push('\n');
        }
        if self.below(2) == 0 {
            text.push_str("try { join_all(hs); } catch (e) { log(`joined ${e.kind}`); }\n");
        }
        text + "log(`n ${n}`); n"
    }

    fn body(&mut self, depth: u32) -> String {
        (0..=self.below(3)).map(|_| self.statement(depth)).collect::<Vec<_>>().join(" ")
    }

    /// Some statements are marked: under another text of the same script they are another.
    fn statement(&mut self, depth: u32) -> String {
        let statement = self.plain(depth);
        if self.below(4) > 0 {
            return statement;
        }
        self.names += 1;
        format!("/*old {0}:*/ {statement} /*:{0}*/", self.names)
    }

    fn plain(&mut self, depth: u32) -> String {
        self.names += 1;
        let (no, pick) = (self.names, self.below(16));
        if depth == 0 && pick >= 9 {
            return format!("log(\"{no}\");");
        }
        match pick {
            0 => format!("n += activity(\"a{no}\", n);"),
            1 => format!("sleep({});", 1 + self.below(9)),
            2 => "let got = wait_signal(\"s\", 5); log(`${got}`);".to_owned(),
            3 => format!("hs.push(start_activity(\"b{no}\"));"),
            4 => format!("hs.push({});", self.one_of(&["timer(4)", "start_wait_signal(\"t\", 9)", "timer(\"2s\")"])),
            5 => "try { let got = select(hs); log(`selected ${got.index}`); } catch (e) { log(`${e.kind} ${e.index}`); }".to_owned(),
            6 => format!("hs[{} % hs.len()].cancel();", self.below(7)),
            7 => format!("try {{ hs[{} % hs.len()].join(); }} catch (e) {{ log(e.kind); }}", self.below(7)),
            8 => format!("wait_until(|| n > {}, 6);", self.below(3)),
            9 | 10 => format!("hs.push(strand({no}, |x| {{ {} x }}));", self.body(depth - 1)),
            11 => format!("strand(|| {{ {} }});", self.body(depth - 1)),
            12 => format!(
                "try {{ let got = parallel([1, 2, 3, 4], |x| {{ {} x }}, #{{ max: 2, on_error: \"{}\"{} }}); log(`${{got}}`); }} catch (e) {{ log(`${{e.kind}} ${{e.index}}`); }}",
                self.body(depth - 1),
                self.one_of(&["stop", "collect"]),
                self.one_of(&["", ", rate: \"2/min\"", ", name: |x| `item ${x}`"]),
            ),
            13 => format!("try {{ {} }} catch (e) {{ log(`caught ${{e.kind}}`); activity(\"c{no}\"); }}", self.body(depth - 1)),
            14 => format!("shielded(|| {{ {} }});", self.body(depth - 1)),
            _ => format!("if n % 2 == 0 {{ {} }} else {{ {} }}", self.body(depth - 1), self.one_of(&["fail(\"odd\");", "log(\"odd\");", "n += 1;"])),
        }
    }
}

/// Lets something happen to a story: an outcome, a failure, a timer, a signal, now and then a cancel.
fn goes_on(story: &mut Story, author: &mut Author) {
    let open: Vec<OpId> = story.open_ops();
    match author.below(12) {
        0 if story.run().takes_signals() => story.sends("s", 1),
        1 if story.run().takes_signals() => story.sends("t", 2),
        4 if story.run().takes_signals() => drop(story.updates("u", 1.into())),
        2 if author.below(6) == 0 => story.cancel("chance"),
        pick => {
            let Some(op) = open.get(author.place_in(open.len())) else {
                return story.cancel("nothing is open");
            };
            match (story.ends_by(*op), pick) {
                (Some(true), 3) => story.fails(op.0, Failure::new("activity", "chance")),
                (Some(true), _) => story.completes(op.0, Value::Int(1)),
                (Some(false), _) => story.fires(op.0),
                (None, _) => story.sends("s", 3),
            }
        }
    }
}

fn tell_stories(seeds: std::ops::Range<u64>) {
    let interpreter = Interpreter::new();
    let (mut entries, mut ended, mut strands, mut answers) = (0, 0, 0, 0);
    for seed in seeds {
        let mut author = Author { chance: Chance::new(seed), names: 0 };
        let text = author.script();
        let mut story = Story::on(&interpreter, &text);
        story.begin();
        for step in 0..4 * ENTRIES {
            if story.end().is_some() {
                ended += 1;
                break;
            }
            strands = strands.max(story.run().strands());
            if step == ENTRIES {
                story.cancel("enough");
            } else if step == ENTRIES + 4 && story.is_set(OpId::GRACE) {
                story.grace_ends();
            } else {
                goes_on(&mut story, &mut author);
            }
            answers += story.records_answers().len();
        }
        entries += story.entries().len();
        assert_eq!(story.replayed(), Told::Same, "seed {seed}:\n{text}");
    }
    assert!(
        entries > 1000 && ended > 100 && strands > 8 && answers > 50,
        "{entries} entries, {ended} ended, {strands} strands, {answers} answers"
    );
}

#[test]
fn a_thousand_generated_scripts_replay_alike_from_every_cut_first_part() {
    tell_stories(0..250);
}

#[test]
fn a_thousand_generated_scripts_replay_alike_from_every_cut_second_part() {
    tell_stories(250..500);
}

#[test]
fn a_thousand_generated_scripts_replay_alike_from_every_cut_third_part() {
    tell_stories(500..750);
}

#[test]
fn a_thousand_generated_scripts_replay_alike_from_every_cut_last_part() {
    tell_stories(750..1000);
}

/// The same script with another statement in the place of each that is marked.
fn patched(text: &str, names: u32) -> String {
    (0..=names).fold(text.to_owned(), |text, no| {
        let new = format!("if patched(\"p{no}\") {{ n += activity(\"new{no}\"); }} else {{");
        text.replace(&format!("/*old {no}:*/"), &new).replace(&format!("/*:{no}*/"), "(); }")
    })
}

#[test]
fn a_patched_text_replays_what_was_recorded_before_it_and_goes_on_with_what_is_new() {
    let interpreter = Interpreter::new();
    let (mut upgrades, mut changed) = (0, 0);
    for seed in 5_000..5_400 {
        let mut author = Author { chance: Chance::new(seed), names: 0 };
        let text = author.script();
        let new = patched(&text, author.names);
        let mut story = Story::on(&interpreter, &text);
        story.begin();
        let at = author.below(8);
        for step in 0..2 * ENTRIES {
            if story.end().is_some() {
                break;
            }
            if step == usize::try_from(at).expect("small") {
                assert_eq!(story.goes_on_under(&new), Told::Same, "seed {seed}:\n{text}\n{new}");
                upgrades += 1;
            }
            goes_on(&mut story, &mut author);
        }
        assert_eq!(story.replayed(), Told::Same, "seed {seed}:\n{new}");
        changed += usize::from(story.done().iter().any(|name| name.starts_with("new")));
    }
    assert!(upgrades > 200 && changed > 50, "{upgrades} upgrades, {changed} runs did something new");
}
