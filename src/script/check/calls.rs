//! What is said of a call: whether there is such a function, what it is given, and whether it may stand here.

use super::known::{Functions, World, closure};
use super::walk::{Place, Walker};
use super::{Backing, Named, Rule, addresses, kinds, options, rules, values};
use crate::history::nearest;
use rhai::{Expr, FnCallExpr, Position};
use std::collections::BTreeSet;

/// A call as it is written.
pub(super) struct Called<'c> {
    pub(super) call: &'c FnCallExpr,
    pub(super) position: Position,
    /// Whether it is called on a value.
    pub(super) is_method: bool,
}

impl<'c> Called<'c> {
    pub(super) fn function(call: &'c FnCallExpr, position: Position) -> Self {
        Self { call, position, is_method: false }
    }

    pub(super) fn method(call: &'c FnCallExpr, position: Position) -> Self {
        Self { call, position, is_method: true }
    }

    pub(super) fn name(&self) -> &'c str {
        self.call.name.as_str()
    }
}

impl Walker<'_> {
    /// Everything about one call, its arguments included.
    pub(super) fn call(&mut self, called: &Called<'_>, used: bool) {
        let name = called.name();
        let own = !called.is_method && self.text.functions.contains_key(name);
        if called.call.namespace.is_empty() {
            // Which function a method is, is decided by the value.
            self.only(!called.is_method, |walker| walker.exists(called));
        } else {
            self.only(false, |walker| walker.of_module(called));
        }
        let is_host = !called.is_method && !own && called.call.namespace.is_empty();
        if is_host {
            self.stands(called);
            self.known_options(called);
            values::arguments(self, called);
            addresses::check(self, called);
            kinds::check(self, called);
            super::secrets::check(self, called);
            super::locks::check(self, called);
            super::handed::to_host(self, called);
            values::recorded(self, called);
            self.closed(called);
            self.activity(called);
            rules::unused(self, called, used);
            super::handles::dropped(self, called, used);
            rules::patch(self, called);
        }
        rules::nothing(self, called, used);
        if called.is_method && !self.text.functions.contains_key(name) {
            self.only(false, |walker| values::of_method(walker, called));
        }
        if !own && !called.is_method {
            super::handles::arguments(self, called);
            super::answers::compared(self, called);
            super::outputs::added(self, called);
            super::codes::compared(self, called);
            super::operands::check(self, called);
        }
        if own {
            let takes = self.text.functions.get(name);
            let is_this = takes.is_some_and(|takes| takes.contains(&called.call.args.len()));
            self.only(is_this, |walker| walker.function(name, walker.place));
        }
        for (place, argument) in called.call.args.iter().enumerate() {
            self.argument(called, is_host, place, argument);
        }
        match name {
            "fail" if is_host => self.way.fails(),
            // It goes on as another, which may never come here.
            "restart_with" if is_host => self.way.ends(),
            _ => {}
        }
    }

    /// An argument: a closure runs where the call runs it.
    fn argument(&mut self, called: &Called<'_>, is_host: bool, place: usize, argument: &Expr) {
        let name = called.name();
        if let ("sh", true, 0, Expr::StringConstant(text, position)) = (name, is_host, place, argument) {
            super::dollars::numbers(self, called, text, *position);
            return super::dollars::shell(self, called, text, *position);
        }
        if ("sh", true, 0) == (name, is_host, place) {
            super::pasted::shell(self, argument);
        }
        if super::handles::shows(called)
            && let Expr::InterpolatedString(parts, _) = argument
        {
            return parts.iter().for_each(|part| self.value(part));
        }
        if closure(argument).is_some() {
            if rules::keeps(called) {
                rules::kept(self, argument);
            }
            let place = match name {
                "step" if is_host => Place::Body("a step"),
                "poll" if is_host => Place::Trial("what poll tries"),
                "wait_until" if is_host => Place::Look("the predicate of wait_until"),
                "on_query" if is_host => Place::Look("a query"),
                _ => self.place,
            };
            let way = self.way;
            let is_kept = self.is_kept;
            let locks = super::locks::within(self, called, is_host);
            let locks = std::mem::replace(&mut self.locks, locks);
            // What a function of the script does with it is not looked at.
            self.is_kept |= !is_host && !called.is_method;
            self.done_at_once(argument, place, is_host && is_done_at_once(called));
            self.is_kept = is_kept;
            self.locks = locks;
            if name == "strand" || rules::keeps(called) {
                self.way.leave_beside(way);
            }
            return;
        }
        let is_options =
            is_host && options::of(name, called.call.args.len()).is_some_and(|(known, _)| known == place);
        if let (true, Expr::Map(map, _)) = (is_options, argument) {
            for (key, value) in &map.0 {
                if closure(value).is_some() {
                    let body = match key.name.as_str() {
                        "probe" => Place::Trial("a probe"),
                        "validate" => Place::Look("what validates an update"),
                        _ => self.place,
                    };
                    super::handed::to_option(self, &key.name, value);
                    self.closure(value, body);
                } else {
                    self.value(value);
                }
            }
            return;
        }
        self.value(argument);
    }

    fn exists(&mut self, called: &Called<'_>) {
        let (name, count) = (called.name(), called.call.args.len());
        if World::is_of_language(name) || called.call.op_token.is_some() {
            return;
        }
        let own = self.text.functions.get(name);
        let native = self.world.native(name);
        let with_target = count + usize::from(called.is_method);
        if own.is_some_and(|own| own.contains(&count)) || native.is_some_and(|all| all.contains(&with_target))
        {
            return;
        }
        if own.is_none() && native.is_none() {
            if called.is_method {
                // A field of a map may hold a function of that name; one that is nearly another is a slip.
                let near = self.world.near(name, &Functions::new());
                if near.is_some() || !self.world.is_field(name) {
                    let near = near.map(|near| format!("did you mean {near}?"));
                    self.tell(Rule::Function, called.position, format!("there is no method {name}"), near);
                }
                return;
            }
            let near = super::super::foreign::instead(name).map(str::to_owned).or_else(|| {
                self.world.near(name, &self.text.functions).map(|near| format!("did you mean {near}?"))
            });
            self.tell(Rule::Function, called.position, format!("there is no function {name}"), near);
            return;
        }
        let mut takes: BTreeSet<usize> = own.into_iter().flatten().copied().collect();
        let target = usize::from(called.is_method);
        takes.extend(native.into_iter().flatten().filter_map(|all| all.checked_sub(target)));
        self.arguments(called, &takes);
    }

    fn arguments(&mut self, called: &Called<'_>, takes: &BTreeSet<usize>) {
        let words: Vec<String> = takes.iter().map(ToString::to_string).collect();
        let plural = if takes.iter().eq([&1]) { "argument" } else { "arguments" };
        let message = format!(
            "{} takes {} {plural}, not {}",
            called.name(),
            words.join(" or "),
            called.call.args.len()
        );
        let own = self.text.definitions(called.name()).map(|(params, _)| params.join(", ")).next();
        let forms = match own {
            Some(params) if called.call.namespace.is_empty() && !called.is_method => {
                vec![format!("fn {}({params})", called.name())]
            }
            _ => super::super::reference::headings(called.name()),
        };
        let hint = if called.name() == "range" {
            Some("a range is written 0..10: for i in 0..10 { … }".to_owned())
        } else if called.is_method && called.name() == "join" {
            Some(format!("strands are joined: handle.join(). {}", super::super::foreign::JOIN))
        } else {
            (!forms.is_empty()).then(|| format!("it is written {}", forms.join(" or ")))
        };
        self.tell(Rule::Arguments, called.position, message, hint);
    }

    fn of_module(&mut self, called: &Called<'_>) {
        let alias = called.call.namespace.root().to_owned();
        let name = called.name();
        let Some(path) = self.text.aliases.get(&alias) else { return };
        let Some(functions) = self.world.module(path) else { return };
        match functions.get(name) {
            Some(takes) if takes.contains(&called.call.args.len()) => {}
            Some(takes) => {
                let takes = takes.clone();
                self.arguments(called, &takes);
            }
            None => {
                let near = nearest(name, functions.keys().map(String::as_str));
                let message = format!("module \"{path}\" has no function {name}");
                self.tell(
                    Rule::Function,
                    called.position,
                    message,
                    near.map(|near| format!("did you mean {alias}::{near}?")),
                );
            }
        }
    }

    /// The options that are written out.
    fn known_options(&mut self, called: &Called<'_>) {
        let Some((place, known)) = options::of(called.name(), called.call.args.len()) else { return };
        let Some(Expr::Map(map, _)) = called.call.args.get(place) else { return };
        for (key, value) in &map.0 {
            if !known.contains(&key.name.as_str()) {
                let message = if super::super::calls::SILENCE == key.name && known.contains(&"url") {
                    super::super::calls::NO_HEARTBEATS.to_owned()
                } else {
                    super::super::calls::unknown("option", &key.name, &known)
                };
                self.tell(Rule::Option, key.pos, message, None);
            } else if !has_unknown_retry(&key.name, value) {
                values::option(self, called.name(), &key.name, value);
            }
            if let ("retry", Expr::Map(retry, _)) = (key.name.as_str(), value) {
                for (key, value) in
                    retry.0.iter().filter(|(key, _)| !options::OF_RETRY.contains(&key.name.as_str()))
                {
                    let name = key.name.as_str();
                    let mut message = super::super::calls::unknown("retry option", name, options::OF_RETRY);
                    // By how much the pauses grow is a number; a duration is meant as the first of them.
                    if message.ends_with("did you mean \"factor\"?")
                        && matches!(value, Expr::StringConstant(..))
                    {
                        message = format!("there is no retry option \"{name}\"; did you mean \"first\"?");
                    }
                    self.tell(Rule::Option, key.pos, message, None);
                }
            }
        }
    }

    /// A function of the language that scripts may not use.
    fn closed(&mut self, called: &Called<'_>) {
        if let Some(hint) = super::super::sandbox::closed_hint(called.name()) {
            let message = format!("{} is not offered to scripts", called.name());
            self.tell(Rule::Closed, called.position, message, Some(hint.to_owned()));
        }
    }

    /// Whether something answers an activity that is named, and what is given to it.
    fn activity(&mut self, called: &Called<'_>) {
        if !["activity", "start_activity"].contains(&called.name()) {
            return;
        }
        if let Some(Expr::StringConstant(name, position)) = called.call.args.first() {
            if let Some(least) = self.text.functions.get(name.as_str()).and_then(BTreeSet::first) {
                self.takes_one(called, name, *least, *position);
                self.only(is_done_at_once(called), |walker| {
                    walker.function(name, Place::Body("an activity"));
                });
            } else if !name.contains("::") {
                self.unanswered(name, *position);
            }
        }
        rules::input(self, called);
    }

    /// A function that takes more than the input of an activity.
    fn takes_one(&mut self, called: &Called<'_>, name: &str, takes: usize, position: Position) {
        if takes < 2 {
            return;
        }
        let params =
            self.text.definitions(name).map(|(params, _)| params).find(|params| params.len() == takes);
        let fields: Vec<String> = params.into_iter().flatten().map(|param| format!("{param}: …")).collect();
        let hint = format!(
            "write fn {name}(input), and {}(\"{name}\", #{{ {} }})",
            called.name(),
            fields.join(", ")
        );
        self.tell(Rule::Arguments, position, super::super::calls::too_many(name, takes), Some(hint));
    }

    fn unanswered(&mut self, name: &str, position: Position) {
        let (rule, what) = match self.world.answered(Named::Activity(name)) {
            Backing::Yes => return,
            Backing::InTests => (Rule::Mocked, "nothing but a mock of a test answers"),
            Backing::No => (Rule::Activity, "nothing answers"),
        };
        let near = nearest(name, self.text.functions.keys().map(String::as_str));
        let hint = near.map_or_else(
            || {
                format!(
                    "write fn {name}(input), an executable activities/{name}, or [activity.{name}] in durun.toml"
                )
            },
            |near| format!("did you mean \"{near}\"?"),
        );
        self.tell(rule, position, format!("{what} the activity \"{name}\""), Some(hint));
    }
}

/// Whether the call does what it is given as a part of itself, once at least: nothing else can stand for it.
fn is_done_at_once(called: &Called<'_>) -> bool {
    let arguments = &called.call.args;
    match (called.name(), arguments.len()) {
        ("with_lock" | "step", 2) | ("shielded", 1) | ("activity", 1 | 2) => true,
        ("step", 3) => arguments.get(1).is_some_and(is_tried),
        ("activity", 3) => arguments.get(2).is_some_and(is_tried),
        _ => false,
    }
}

/// Whether options are written out, and none of them gives the outcome of something earlier.
fn is_tried(options: &Expr) -> bool {
    let Expr::Map(map, _) = options else { return false };
    map.0.iter().all(|(key, _)| !["once", "probe"].contains(&key.name.as_str()))
}

/// Whether the value is that of `retry` with a name that is none: that is told already.
fn has_unknown_retry(name: &str, value: &Expr) -> bool {
    let Expr::Map(map, _) = value else { return false };
    name == "retry" && map.0.iter().any(|(key, _)| !options::OF_RETRY.contains(&key.name.as_str()))
}
