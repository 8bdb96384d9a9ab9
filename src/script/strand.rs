//! A strand: one line of execution inside a run, a stackful coroutine that runs Rhai and suspends at a request.
//!
//! It suspends and does not unwind, for an error that unwinds through `map`, `filter` or `sort` can be caught or
//! swallowed by the script. This is the one file of the room with `unsafe`: a host call reaches the coroutine's
//! yielder through a pointer, valid because the call runs on that very coroutine's stack.

use super::host::{Asked, Host, Thrown};
use super::interpreter::Interpreter;
use super::lens::Lens;
use super::looks::{Looks, is_too_deep};
use super::memory::taken;
use super::meter::{Limit, Meter};
use super::program::Script;
use crate::history::{Failure, Value, kind};
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::Rc;

/// The stack of a strand in bytes, reserved and not touched: the worst legal recursion fits (a test holds it). It takes 2.3 MB in
/// release, in a closure at top level, where expressions may nest as deep as at top level.
pub const STACK_BYTES: usize = if cfg!(debug_assertions) { 8 << 20 } else { 4 << 20 };
/// How many free stacks a thread keeps for the next strands: to get one of the system costs as much as a short script.
const POOLED_STACKS: usize = 1024;
/// The operations after which a strand lets other runs go on.
const SLICE: u64 = 1_000_000;

/// What a strand is resumed with: the answer to what it asked.
pub type Reply = Result<Value, Failure>;

/// How a strand came to rest.
pub enum Rest {
    /// It asks for something and waits.
    Asked(Asked),
    /// Its slice is over; resume it with anything.
    Sliced,
    /// It is over a limit of this stretch; it cannot go on.
    OverLimit(Limit),
    /// It has ended.
    Ended(Result<Value, Thrown>),
}

enum Pause {
    Asked(Box<Asked>),
    Sliced,
    OverLimit(Limit),
}

/// What code on a strand may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything: main, handlers.
    Script,
    /// The body of an activity: effects act directly, commands are errors.
    Body,
    /// A predicate or a query: nothing that changes or asks.
    ReadOnly,
}

/// What host calls on a strand can reach.
pub(super) struct Context {
    /// Answers what needs no suspension.
    pub host: Rc<dyn Host>,
    /// The script that runs here.
    pub script: Rc<Script>,
    /// What may be done.
    pub mode: Mode,
    /// How often it has asked for something.
    pub asked: Cell<u64>,
    /// Its number among those that a lens looks at.
    pub serial: usize,
    /// How many `shielded` calls it is in.
    pub shield: Cell<u32>,
    /// The failure last raised here, with what its map does not say: from where it came.
    pub raised: RefCell<Option<Failure>>,
    meter: Meter,
    slice: Cell<u64>,
    looks: Looks,
    /// How many operations were let pass.
    granted: Cell<u64>,
    /// What its thread had taken then.
    taken: Cell<isize>,
    yielder: Cell<Option<NonNull<Yielder<Reply, Pause>>>>,
    /// Nobody goes on with it: it gives up at the call that it stands in.
    is_put_down: Cell<bool>,
}

thread_local! {
    static CURRENT: RefCell<Vec<Rc<Context>>> = const { RefCell::new(Vec::new()) };
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
    /// How many operations of the strand that runs on this thread may still pass, each at the price of a comparison.
    static PASS: Cell<u64> = const { Cell::new(0) };
    /// The memory that this thread may grow to while they do.
    static ROOM: Cell<isize> = const { Cell::new(0) };
}

impl Context {
    /// The context of the strand that runs on this thread, if one does. One that is put down reaches nothing any more.
    pub(super) fn current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(|stack| stack.last().filter(|context| !context.is_put_down.get()).cloned())
    }

    /// Suspends the strand until the request is answered.
    pub(super) fn ask(&self, asked: Asked) -> Reply {
        self.asked.set(self.asked.get() + 1);
        self.pause(Pause::Asked(Box::new(asked)))
    }

    #[expect(
        unsafe_code,
        reason = "the yielder lives on the stack of the coroutine that is running right here"
    )]
    fn pause(&self, pause: Pause) -> Reply {
        match self.yielder.get().filter(|_| !self.is_put_down.get()) {
            // SAFETY: the pointer is set by this strand's coroutine from its own yielder before any script code runs, and
            // cleared when its body ends. A context is current only while its coroutine runs (`Strand::resume`), so whoever
            // reaches this call through `Context::current` stands on that coroutine's stack, where the yielder is alive.
            Some(yielder) => unsafe { yielder.as_ref() }.suspend(pause),
            None => Err(Failure::new("fault", "asked outside a strand")),
        }
    }

    /// Never resumed: a limit cannot be caught.
    fn stop(&self, limit: Limit) {
        drop(self.pause(Pause::OverLimit(limit)));
    }

    /// Lets as many operations pass as there are before the next that there is something to do at.
    fn grant(&self) {
        if self.is_put_down.get() {
            return;
        }
        let pass = self.meter.0.operations.get().min(self.slice.get()).min(self.looks.left());
        self.granted.set(pass);
        PASS.set(pass);
        let has = taken();
        self.taken.set(has);
        ROOM.set(has.saturating_add(self.meter.0.memory.get()));
    }

    /// Counts those that have passed.
    fn settle(&self) {
        let passed = self.granted.take().saturating_sub(PASS.take());
        self.meter.0.operations.set(self.meter.0.operations.get() - passed);
        self.slice.set(self.slice.get() - passed);
        self.looks.pass(passed);
        // What others take while this strand rests is theirs.
        let has = taken();
        let left = self.meter.0.memory.get().saturating_sub(has.wrapping_sub(self.taken.replace(has)));
        self.meter.0.memory.set(left);
    }

    /// Counts one operation of the interpreter; may suspend.
    fn count(&self) {
        let left = self.meter.0.operations.get();
        if left == 0 || self.meter.0.memory.get() < 0 {
            return self.stop(if left == 0 { Limit::Operations } else { Limit::Memory });
        }
        if self.looks.is_out_of_time(&self.meter) {
            return self.stop(Limit::Time);
        }
        self.meter.0.operations.set(left - 1);
        let slice = self.slice.get();
        if slice == 0 {
            self.slice.set(SLICE);
            drop(self.pause(Pause::Sliced));
        } else {
            self.slice.set(slice - 1);
        }
    }
}

/// Called by the interpreter at each operation; whether the strand goes on.
pub(super) fn count_operation() -> bool {
    let pass = PASS.get();
    if pass > 0 && taken() <= ROOM.get() {
        PASS.set(pass - 1);
        return true;
    }
    if let Some(context) = Context::current() {
        context.settle();
        context.count();
        context.grant();
    }
    !is_put_down()
}

/// Whether the strand that runs on this thread is one that nobody goes on with: nothing that it comes to counts.
pub(super) fn is_put_down() -> bool {
    CURRENT.with_borrow(|stack| stack.last().is_some_and(|context| context.is_put_down.get()))
}

/// Called by the interpreter at each variable that is read, now and then: whoever nests values ever deeper reads them.
pub(super) fn look_at(variable: &rhai::Dynamic) {
    let is_due = CURRENT.with_borrow(|stack| stack.last().is_some_and(|context| context.looks.is_due()));
    if is_due
        && is_too_deep(variable)
        && let Some(context) = Context::current()
    {
        context.stop(Limit::Depth);
    }
}

/// A strand.
pub struct Strand {
    coroutine: Option<Coroutine<Reply, Pause, Result<Value, Thrown>, DefaultStack>>,
    context: Rc<Context>,
}

impl Strand {
    /// A strand that will do `work`. Nothing runs before it is resumed.
    ///
    /// # Errors
    /// A sentence where the system gives no more memory for stacks.
    pub(super) fn new(
        interpreter: &Interpreter,
        script: Rc<Script>,
        host: Rc<dyn Host>,
        mode: Mode,
        meter: Meter,
        work: impl FnOnce(&rhai::Engine) -> Result<Value, Thrown> + 'static,
    ) -> Result<Self, String> {
        let stack = match STACKS.with_borrow_mut(Vec::pop) {
            Some(stack) => stack,
            None => DefaultStack::new(STACK_BYTES)
                .map_err(|error| format!("no memory for the stack of a strand: {error}"))?,
        };
        let serial = interpreter.lens().map_or(0, Lens::begins);
        let context = Rc::new(Context {
            host,
            script,
            mode,
            asked: Cell::new(0),
            serial,
            shield: Cell::new(0),
            raised: RefCell::new(None),
            meter,
            slice: Cell::new(SLICE),
            looks: Looks::default(),
            granted: Cell::new(0),
            taken: Cell::new(0),
            yielder: Cell::new(None),
            is_put_down: Cell::new(false),
        });
        let inner = Rc::clone(&context);
        let engine = interpreter.engine();
        let coroutine =
            Coroutine::with_stack(stack, move |yielder: &Yielder<Reply, Pause>, _first: Reply| {
                inner.yielder.set(Some(NonNull::from(yielder)));
                let result = work(&engine);
                inner.yielder.set(None);
                result
            });
        Ok(Self { coroutine: Some(coroutine), context })
    }

    /// Its number among those that a lens looks at.
    pub fn serial(&self) -> usize {
        self.context.serial
    }

    /// How many `shielded` calls it is in.
    pub fn shields(&self) -> u32 {
        self.context.shield.get()
    }

    /// Whether it has been resumed before.
    pub fn has_begun(&self) -> bool {
        self.coroutine.as_ref().is_none_or(Coroutine::started)
    }

    /// Goes on until it asks, rests or ends. After it has ended, resuming it again gives a fault.
    pub fn resume(&mut self, reply: Reply) -> Rest {
        let Some(coroutine) = self.coroutine.as_mut() else {
            return Rest::Ended(Err(Thrown::Failure(Failure::new(
                "fault",
                "a strand that has ended was resumed",
            ))));
        };
        let outer = Context::current();
        if let Some(outer) = &outer {
            outer.settle();
        }
        self.context.looks.begin();
        self.context.grant();
        CURRENT.with_borrow_mut(|stack| stack.push(Rc::clone(&self.context)));
        let result = coroutine.resume(reply);
        CURRENT.with_borrow_mut(Vec::pop);
        self.context.settle();
        if let Some(outer) = &outer {
            outer.grant();
        }
        match result {
            CoroutineResult::Yield(Pause::Asked(asked)) => Rest::Asked(*asked),
            CoroutineResult::Yield(Pause::Sliced) => Rest::Sliced,
            CoroutineResult::Yield(Pause::OverLimit(limit)) => Rest::OverLimit(limit),
            CoroutineResult::Return(result) => {
                if let Some(coroutine) = self.coroutine.take() {
                    keep_stack(coroutine.into_stack());
                }
                Rest::Ended(result)
            }
        }
    }
}

fn keep_stack(stack: DefaultStack) {
    STACKS.with_borrow_mut(|stacks| {
        if stacks.len() < POOLED_STACKS {
            stacks.push(stack);
        }
    });
}

/// A strand dropped while suspended gives up: the call that it stands in returns an error that no script catches, and so does every
/// operation after it, at a small part of the price of unwinding; what still stands then is unwound on its own stack. Its context is
/// current meanwhile, so that nothing that runs then mistakes another strand for its own, and reaches nothing.
impl Drop for Strand {
    fn drop(&mut self) {
        let Some(mut coroutine) = self.coroutine.take() else { return };
        if coroutine.started() && !coroutine.done() {
            let outer = Context::current();
            if let Some(outer) = &outer {
                outer.settle();
            }
            self.context.is_put_down.set(true);
            CURRENT.with_borrow_mut(|stack| stack.push(Rc::clone(&self.context)));
            drop(coroutine.resume(Err(Failure::new(kind::FAULT, "the strand is put down"))));
            if !coroutine.done() {
                coroutine.force_unwind();
            }
            CURRENT.with_borrow_mut(Vec::pop);
            if let Some(outer) = &outer {
                outer.grant();
            }
        }
        if coroutine.done() {
            keep_stack(coroutine.into_stack());
        }
    }
}
