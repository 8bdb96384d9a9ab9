//! A lens: the variables of a script at the calls in which its strands wait, seen in a replay that is made to look.
//!
//! Before the arguments of such calls stands a name of durun's own, which is resolved with the scope in sight and gives `()`
//! (`sleep(durun_at_3 ?? "1h")`). The text is replayed twice: the first time it is noted at which looks each strand has come to where it
//! stands, the second time what is in scope is kept at those, and at no others.
//!
//! A script that cannot go on stands where no such call is: there it is the last variable that it read before that, of any kind.

use super::convert::to_value;
use super::interpreter::constant;
use super::raise::type_word;
use super::sight::Sight;
use super::strand::{Context, Mode};
use crate::history::Value;
use rhai::{Array, Dynamic, EvalContext, FLOAT, FnPtr, INT, ImmutableString, Map};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

/// What the names begin with; behind it stands the line of the call.
pub(super) const NAME: &str = "durun_at_";
/// So many variables of a scope are kept, so many values of each, and so many characters of a text.
const MOST_VARIABLES: usize = 200;
const MOST_VALUES: u32 = 100;
const MOST_CHARACTERS: usize = 300;

/// Variables in scope at a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The line of the call.
    pub line: u32,
    /// The variables, in the order in which they came to be. What is long is cut, and ends with `…`.
    pub variables: Vec<(String, Sight)>,
}

/// Variables at a call, as they are kept until somebody wants to see them.
#[derive(Debug, Clone)]
struct Kept {
    level: usize,
    line: u32,
    variables: Vec<(String, Variable)>,
}

/// What is kept of a variable.
#[derive(Debug, Clone)]
enum Variable {
    /// Of one that a closure has captured: the variable, which may change while its strand waits.
    Shared(Dynamic),
    /// Of any other: how it is seen.
    Seen(Sight),
}

impl Kept {
    fn frame(&self) -> Frame {
        let sights = self.variables.iter().map(|(name, variable)| (name.clone(), variable.sight()));
        Frame { line: self.line, variables: sights.collect() }
    }
}

impl Variable {
    fn of(value: &Dynamic) -> Self {
        if value.is_shared() { Self::Shared(value.clone()) } else { Self::Seen(seen(value)) }
    }

    fn sight(&self) -> Sight {
        match self {
            Self::Shared(value) => seen(value),
            Self::Seen(sight) => sight.clone(),
        }
    }
}

/// A look: at which level of calls, and the how manieth of its strand.
#[derive(Debug, Clone, Copy)]
struct Look {
    level: usize,
    number: u64,
}

/// The reading of a variable: the how manieth of all, and of which strand.
#[derive(Debug, Clone, Copy)]
struct Reading {
    strand: usize,
    number: u64,
}

/// What is seen of the strands, by their order of creation.
#[derive(Debug, Default)]
pub struct Lens {
    is_open: Cell<bool>,
    begun: Cell<usize>,
    /// How often each strand was looked at.
    looks: RefCell<BTreeMap<usize, u64>>,
    /// In the first replay: the looks at the calls that have not returned, as far as that is known.
    noted: RefCell<BTreeMap<usize, Vec<Look>>>,
    frames: RefCell<BTreeMap<usize, Vec<Kept>>>,
    /// How many variables were read.
    readings: Cell<u64>,
    /// In the first replay: the last reading before all had ended.
    last: Cell<Option<Reading>>,
    /// In the first replay: how many were read when each strand read its last.
    lasts: RefCell<BTreeMap<usize, u64>>,
    /// In the first replay: the strand that went on first behind what was delivered last before all had ended.
    first: Cell<Option<usize>>,
    /// What was in scope there.
    stopped: RefCell<Option<Kept>>,
    /// The first strand of those that only take back what was done, or tell of it.
    afterwards: Cell<Option<usize>>,
}

impl Lens {
    /// A strand begins; gives its number.
    pub(super) fn begins(&self) -> usize {
        let number = self.begun.get();
        self.begun.set(number + 1);
        number
    }

    /// Something is delivered.
    pub fn delivers(&self) {
        if !self.is_open.get() && self.afterwards.get().is_none() {
            self.first.set(None);
        }
    }

    /// A strand goes on.
    pub fn goes_on(&self, strand: usize) {
        if !self.is_open.get() && self.afterwards.get().is_none() {
            self.first.set(self.first.get().or(Some(strand)));
        }
    }

    /// The script has been replayed once; now it is looked at. Where it is another strand than the first that has failed, as of an item of
    /// `parallel`, it is that which went on first in the end.
    pub fn open(&self, other_failed: bool) {
        let number = self.first.get().and_then(|strand| Some((strand, *self.lasts.borrow().get(&strand)?)));
        if let Some((strand, number)) = number.filter(|_| other_failed) {
            self.last.set(Some(Reading { strand, number }));
        }
        self.begun.set(0);
        self.readings.set(0);
        self.looks.borrow_mut().clear();
        self.is_open.set(true);
    }

    /// All that the script did has ended: strands that begin from here on are not where it was last.
    pub fn ended(&self) {
        self.afterwards.set(self.afterwards.get().or_else(|| Some(self.begun.get())));
    }

    /// The frames of a strand, outermost first, up to the one that waits in this line, with what the variables are by now.
    pub fn frames(&self, strand: usize, waits: Option<u32>) -> Vec<Frame> {
        let frames = self.frames.borrow();
        let frames = frames.get(&strand).map(Vec::as_slice).unwrap_or_default();
        // What was called and has returned is not left.
        let inner = frames.iter().rposition(|frame| Some(frame.line) == waits);
        frames.iter().take(inner.map_or(usize::MAX, |place| place + 1)).map(Kept::frame).collect()
    }

    /// The frames of the strand that went on last before all had ended, outermost first; in the innermost it has come to this line.
    pub fn stopped(&self, line: Option<u32>) -> Vec<Frame> {
        let (Some(last), Some(stopped)) = (self.last.get(), &*self.stopped.borrow()) else {
            return Vec::new();
        };
        let frames = self.frames.borrow();
        let frames = frames.get(&last.strand).map(Vec::as_slice).unwrap_or_default();
        let (outer, same): (Vec<&Kept>, Vec<&Kept>) = frames
            .iter()
            .filter(|frame| frame.level <= stopped.level)
            .partition(|frame| frame.level < stopped.level);
        let line = line.or_else(|| same.last().map(|frame| frame.line));
        let inner = line.map(|line| Frame { line, ..stopped.frame() });
        outer.into_iter().map(Kept::frame).chain(inner).collect()
    }

    /// The script reads a variable.
    pub(super) fn read(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>) {
        let Some(caller) = Context::current().filter(|caller| caller.mode == Mode::Script) else { return };
        self.note(&caller, context);
    }

    fn note(&self, caller: &Context, context: &EvalContext<'_, '_, '_, '_, '_, '_>) {
        let reading = Reading { strand: caller.serial, number: self.readings.get() + 1 };
        self.readings.set(reading.number);
        if self.is_open.get() {
            if self.last.get().is_some_and(|last| last.number == reading.number) {
                let kept =
                    Kept { level: context.call_level(), line: 0, variables: variables(context, caller) };
                self.stopped.replace(Some(kept));
            }
        } else if self.afterwards.get().is_none_or(|first| reading.strand < first) {
            self.last.set(Some(reading));
            self.lasts.borrow_mut().insert(reading.strand, reading.number);
        }
    }

    /// The script is at a call.
    pub(super) fn look(&self, name: &str, context: &EvalContext<'_, '_, '_, '_, '_, '_>) {
        let Some(caller) = Context::current().filter(|caller| caller.mode == Mode::Script) else { return };
        let Some(line) = name.strip_prefix(NAME).and_then(|line| line.parse().ok()) else { return };
        self.note(&caller, context);
        let (strand, level) = (caller.serial, context.call_level());
        let mut looks = self.looks.borrow_mut();
        let number = looks.entry(strand).or_default();
        *number += 1;
        let mut noted = self.noted.borrow_mut();
        let noted = noted.entry(strand).or_default();
        if !self.is_open.get() {
            noted.retain(|look| look.level < level);
            noted.push(Look { level, number: *number });
        } else if noted.iter().any(|look| look.number == *number) {
            let frame = Kept { level, line, variables: variables(context, &caller) };
            self.frames.borrow_mut().entry(strand).or_default().push(frame);
        }
    }
}

fn variables(context: &EvalContext<'_, '_, '_, '_, '_, '_>, caller: &Context) -> Vec<(String, Variable)> {
    // A closure that reads them has captured them, and they are the same in all of the script.
    let is_constant = |(name, variable): &(String, Variable)| {
        constant(name, caller).is_some_and(|constant| seen(&constant) == variable.sight())
    };
    // The newest come first; of those of one name it is the one that is seen.
    let mut kept: Vec<(String, Variable)> = Vec::new();
    for (name, _, value) in context.scope().iter_raw() {
        if name.starts_with("durun_") || kept.iter().any(|(known, _)| known == name) {
            continue;
        }
        if kept.len() == MOST_VARIABLES {
            break;
        }
        kept.push((name.to_owned(), Variable::of(value)));
    }
    kept.retain(|variable| !is_constant(variable));
    kept.reverse();
    kept
}

fn seen(value: &Dynamic) -> Sight {
    of(value, &mut { MOST_VALUES })
}

/// A value as it is shown; what is long is cut.
fn of(value: &Dynamic, left: &mut u32) -> Sight {
    const MORE: &str = "…";
    if *left == 0 {
        return MORE.into();
    }
    *left -= 1;
    if value.is_locked() {
        return "held by a call that has not returned".into();
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        let cut = text.char_indices().nth(MOST_CHARACTERS).map(|(place, _)| place);
        let start = cut.and_then(|place| text.get(..place)).map(|start| format!("{start}{MORE}"));
        return Sight::Value(Value::Text(start.unwrap_or_else(|| text.to_string())));
    }
    if let Some(array) = value.read_lock::<Array>() {
        let mut items = Vec::new();
        for item in array.iter() {
            items.push(of(item, left));
            if *left == 0 {
                break;
            }
        }
        if items.len() < array.len() {
            items.push(Sight::Words(format!("{MORE} {} in all", array.len())));
        }
        return Sight::List(items);
    }
    if let Some(map) = value.read_lock::<Map>() {
        let mut fields = BTreeMap::new();
        for (key, field) in map.iter() {
            if *left == 0 {
                fields.insert(MORE.to_owned(), Sight::Words(format!("{} in all", map.len())));
                break;
            }
            fields.insert(key.to_string(), of(field, left));
        }
        return Sight::Map(fields);
    }
    if let Some(words) = written(value) {
        return Sight::Words(words);
    }
    to_value(value).map_or_else(|_| type_word(value).into(), Sight::Value)
}

/// A value that is not recorded, as a script writes it.
fn written(value: &Dynamic) -> Option<String> {
    if let Some(function) = value.read_lock::<FnPtr>() {
        return Some(if function.is_anonymous() {
            "a function".to_owned()
        } else {
            format!("Fn({:?})", function.fn_name())
        });
    }
    if let Some(range) = value.read_lock::<Range<INT>>() {
        return Some(format!("{}..{}", range.start, range.end));
    }
    if let Some(range) = value.read_lock::<RangeInclusive<INT>>() {
        return Some(format!("{}..={}", range.start(), range.end()));
    }
    value.as_float().ok().filter(|float: &FLOAT| !float.is_finite()).map(|float| float.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Engine;

    #[test]
    fn what_is_not_recorded_is_shown_as_scripts_write_it() {
        let engine = Engine::new();
        for (text, shown) in [
            ("0..10", "0..10"),
            ("-5..=9", "-5..=9"),
            ("[1, 0..3, #{a: 2..=2}]", "[1,0..3,{\"a\":2..=2}]"),
            ("Fn(\"pay\")", "Fn(\"pay\")"),
            ("|x| x", "a function"),
            ("let k = 1; |x| x + k", "a function"),
            ("[|| |x| x]", "[a function]"),
            ("0.0 / 0.0", "NaN"),
            ("'x'", "\"x\""),
            ("blob(2, 7)", "2 bytes, in base64 \"Bwc=\""),
            ("()", "null"),
            ("\"0..9\"", "\"0..9\""),
            ("1.5", "1.5"),
        ] {
            let value = engine.eval::<Dynamic>(text).expect("a value");
            assert_eq!(of(&value, &mut 100).to_string(), shown, "{text}");
        }
    }
}
