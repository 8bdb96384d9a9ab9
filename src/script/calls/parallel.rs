//! `parallel(items, |item| …, #{max, rate, name, on_error})`: the closure once for each item, several at a time; gives the values
//! in the order of the items.

use super::super::closure::Closure;
use super::super::convert::{to_dynamic, to_value};
use super::super::handle::{Group, Handle, Start};
use super::super::host::{Ask, Until};
use super::super::raise::{line_of, type_word};
use super::super::strand::Context;
use super::ask::{Given, script, tell, wrong};
use super::join::raise_with_data;
use super::options;
use super::shielded::Shield;
use crate::history::{Failure, HowFar, Moment, Rate, Value};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, INT, ImmutableString, Map, NativeCallContext};
use std::collections::{BTreeMap, VecDeque};
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

/// How many run together where nothing is said.
const MAX: usize = 16;
/// The most numbers of a range that stands for its items.
const LONGEST_RANGE: usize = 1_000_000;
/// The member of the group that is the timer of the rate.
const TIMER: usize = usize::MAX;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("parallel", |context: NativeCallContext<'_>, items: Array, work: FnPtr| {
        parallel(&context, items, work, &Map::new())
    });
    engine.register_fn(
        "parallel",
        |context: NativeCallContext<'_>, items: Array, work: FnPtr, options: Map| {
            parallel(&context, items, work, &options)
        },
    );
    register_range::<Range<INT>>(engine);
    register_range::<RangeInclusive<INT>>(engine);
}

/// The same over `0..n` and `1..=n`.
fn register_range<R: Iterator<Item = INT> + Clone + Send + Sync + 'static>(engine: &mut Engine) {
    engine.register_fn("parallel", |context: NativeCallContext<'_>, items: R, work: FnPtr| {
        parallel(&context, numbers(&context, items)?, work, &Map::new())
    });
    engine.register_fn("parallel", |context: NativeCallContext<'_>, items: R, work: FnPtr, options: Map| {
        parallel(&context, numbers(&context, items)?, work, &options)
    });
}

/// The numbers of a range.
fn numbers(
    context: &NativeCallContext<'_>,
    mut range: impl Iterator<Item = INT>,
) -> Result<Array, Box<EvalAltResult>> {
    let items: Array = range.by_ref().take(LONGEST_RANGE).map(Dynamic::from_int).collect();
    if range.next().is_some() {
        return Err(wrong(context, format!("a range of more than {LONGEST_RANGE} numbers")));
    }
    Ok(items)
}

struct Options {
    max: usize,
    rate: Option<Rate>,
    name: Option<FnPtr>,
    collect: bool,
}

fn parallel(context: &NativeCallContext<'_>, items: Array, work: FnPtr, map: &Map) -> Given {
    let caller = script(context)?;
    let options = read(map).map_err(|error| wrong(context, error))?;
    let closure = Closure::shared(context, work);
    let mut fan = Fan::new(context, caller, closure, options, items.len());
    let result = fan.run(items);
    // Whatever happened, nothing goes on behind the back of the script.
    fan.end()?;
    result?;
    Ok(fan.answer())
}

/// What `on_error` may be.
pub(super) const ON_ERROR: &[&str] = &["stop", "collect"];

fn read(map: &Map) -> Result<Options, String> {
    const KNOWN: &[&str] = &["max", "rate", "name", "on_error"];
    let mut options = Options { max: MAX, rate: None, name: None, collect: false };
    for (name, value) in map {
        match name.as_str() {
            "max" => {
                options.max = value
                    .as_int()
                    .ok()
                    .and_then(|max| usize::try_from(max).ok())
                    .filter(|max| (1..=1000).contains(max))
                    .ok_or("max is a whole number from 1 to 1000")?;
            }
            "rate" => {
                let text = options::text("rate", value)?;
                options.rate = Some(Rate::parse(&text).map_err(|error| format!("rate: {error}"))?);
            }
            "name" => {
                let function = value.clone().try_cast::<FnPtr>();
                options.name =
                    Some(function.ok_or_else(|| {
                        format!("name is a closure: name: |item| …, not {}", type_word(value))
                    })?);
            }
            "on_error" => {
                options.collect = match options::text("on_error", value)?.as_str() {
                    "stop" => false,
                    "collect" => true,
                    other => return Err(format!("on_error is \"stop\" or \"collect\", not \"{other}\"")),
                }
            }
            other => return Err(options::unknown("option", other, KNOWN)),
        }
    }
    Ok(options)
}

/// One `parallel` under way.
struct Fan<'a, 'c> {
    context: &'a NativeCallContext<'c>,
    caller: Rc<Context>,
    closure: Closure,
    options: Options,
    group: Group,
    live: BTreeMap<usize, (Handle, Dynamic)>,
    timer: Option<Handle>,
    begun: VecDeque<Moment>,
    values: Vec<Option<Dynamic>>,
    failed: Vec<(usize, Dynamic, Failure)>,
    done: usize,
}

impl<'a, 'c> Fan<'a, 'c> {
    fn new(
        context: &'a NativeCallContext<'c>,
        caller: Rc<Context>,
        closure: Closure,
        options: Options,
        total: usize,
    ) -> Self {
        Self {
            context,
            caller,
            closure,
            options,
            group: Group::default(),
            live: BTreeMap::new(),
            timer: None,
            begun: VecDeque::new(),
            values: vec![None; total],
            failed: Vec::new(),
            done: 0,
        }
    }

    /// Starts the items as `max` and the rate allow, until the last has ended or one has failed that stops the others.
    fn run(&mut self, items: Array) -> Given<()> {
        let mut items = items.into_iter().enumerate().peekable();
        loop {
            while self.live.len() < self.options.max && items.peek().is_some() && self.may_begin()? {
                if let Some((index, item)) = items.next() {
                    self.begin(index, item)?;
                }
            }
            if self.live.is_empty() && self.timer.is_none() {
                return Ok(());
            }
            tell(self.context, &self.caller, Ask::NextOf(self.group.clone()))?;
            while let Some(index) = self.group.next() {
                self.ended(index)?;
            }
        }
    }

    fn begin(&mut self, index: usize, item: Dynamic) -> Given<()> {
        let name = match &self.options.name {
            Some(name) => {
                let name: Dynamic = name.call_raw(self.context, None, [item.clone()])?;
                let text = name.read_lock::<ImmutableString>().map(|text| text.to_string());
                Some(text.unwrap_or_else(|| name.to_string()))
            }
            None => Some(called(&item, index)),
        };
        let handle = Handle::in_group(line_of(self.context.call_position()), name, &self.group, index);
        let (closure, argument) = (self.closure.clone(), Some(item.clone()));
        let start = Start { handle: handle.clone(), closure, argument };
        tell(self.context, &self.caller, Ask::Strand(Box::new(start)))?;
        self.live.insert(index, (handle, item));
        Ok(())
    }

    /// Whether the rate allows one more now; where not, a timer says when.
    fn may_begin(&mut self) -> Given<bool> {
        let Some(rate) = self.options.rate else { return Ok(true) };
        let now = self.caller.host.now();
        while self.begun.front().is_some_and(|begun| begun.plus_ms(rate.per_ms) <= now) {
            self.begun.pop_front();
        }
        let most = usize::try_from(rate.count).unwrap_or(usize::MAX);
        if self.begun.len() < most {
            self.begun.push_back(now);
            return Ok(true);
        }
        if let (None, Some(first)) = (&self.timer, self.begun.front()) {
            let due = first.plus_ms(rate.per_ms);
            let handle = Handle::in_group(line_of(self.context.call_position()), None, &self.group, TIMER);
            let command = Box::new(Ask::Sleep(Until::At(due)));
            tell(self.context, &self.caller, Ask::Started { ask: command, handle: handle.clone() })?;
            self.timer = Some(handle);
        }
        Ok(false)
    }

    /// Takes over what an item gave.
    fn ended(&mut self, index: usize) -> Given<()> {
        if index == TIMER {
            self.timer = None;
            return Ok(());
        }
        let Some((handle, item)) = self.live.remove(&index) else { return Ok(()) };
        self.done += 1;
        let (done, total) = (number(self.done), number(self.values.len()));
        self.caller.host.progress(HowFar { done, total, text: None });
        match handle.ended() {
            Some(Err(failure)) if self.options.collect => {
                self.failed.push((index, item, failure.clone()));
            }
            Some(Err(failure)) => {
                let shown = to_value(&item).unwrap_or_else(|_| Value::Text(item.to_string()));
                let failure = failure.clone().with("item", shown).with("index", number(index));
                return Err(raise_with_data(self.context, failure));
            }
            Some(Ok(())) | None => {
                if let Some(place) = self.values.get_mut(index) {
                    *place = Some(handle.take());
                }
            }
        }
        Ok(())
    }

    /// Cancels what still runs, and waits until it has ended: no second cancel interrupts that.
    fn end(&mut self) -> Given<()> {
        if self.group.live() == 0 {
            return Ok(());
        }
        let _shield = Shield::over(Rc::clone(&self.caller));
        let live = std::mem::take(&mut self.live).into_values().map(|(handle, _)| handle);
        for handle in live.chain(self.timer.take()) {
            tell(self.context, &self.caller, Ask::Cancel(handle))?;
        }
        while self.group.live() > 0 {
            while self.group.next().is_some() {}
            tell(self.context, &self.caller, Ask::NextOf(self.group.clone()))?;
        }
        Ok(())
    }

    fn answer(self) -> Dynamic {
        if !self.options.collect {
            return Dynamic::from_array(self.values.into_iter().map(Option::unwrap_or_default).collect());
        }
        let mut failed = self.failed;
        failed.sort_by_key(|(index, _, _)| *index);
        let failed: Array = failed
            .into_iter()
            .map(|(index, item, failure)| {
                let mut map = Map::new();
                map.insert("item".into(), item);
                map.insert("index".into(), number(index).into());
                map.insert("error".into(), to_dynamic(&failure.to_value()));
                map.into()
            })
            .collect();
        let mut answer = Map::new();
        answer.insert("values".into(), self.values.into_iter().flatten().collect::<Array>().into());
        answer.insert("failed".into(), failed.into());
        answer.into()
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What the strand of an item is called where the script gives no name: the item itself where it is short, else its index.
fn called(item: &Dynamic, index: usize) -> String {
    const LONGEST: usize = 40;
    let is_plain = item.is_string() || item.is_int() || item.is_bool() || item.is_char();
    Some(item.to_string())
        .filter(|text| is_plain && !text.is_empty() && text.chars().count() <= LONGEST)
        .unwrap_or_else(|| format!("item {index}"))
}
