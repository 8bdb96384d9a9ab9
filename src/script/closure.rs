//! A closure or function that a script handed over, kept with all it needs to be called later.
//!
//! It is called through the kept context of the call that handed it over, never through `FnPtr::call` or `Engine::call_fn`:
//! these lose imports and global constants, and `call_fn` runs the whole script again.

use super::copy::{copy_deeply, copy_fixed, still_fixed};
use super::looking::only_looks;
#[expect(deprecated, reason = "the engine marks it volatile; rhai is pinned to one version")]
use rhai::NativeCallContextStore;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext, Position, ScriptFuncDef, Shared};
use std::cell::OnceCell;
use std::rc::Rc;

/// A closure with its captures and the context to call it in.
#[derive(Clone)]
pub struct Closure {
    function: FnPtr,
    kept: Rc<Kept>,
    is_fixed: bool,
}

/// What all copies of a closure share.
#[expect(deprecated, reason = "see the import")]
struct Kept {
    context: NativeCallContextStore,
    line: Option<u32>,
    only_looks: OnceCell<bool>,
    /// How many parameters its function has, captures included.
    parameters: OnceCell<Option<usize>>,
}

/// A captured variable that a call of another strand holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldCapture;

impl Closure {
    /// Keeps a closure that shares its captured variables with the script.
    #[expect(deprecated, reason = "see the import")]
    pub fn shared(context: &NativeCallContext<'_>, function: FnPtr) -> Self {
        let line = context.call_position().line().and_then(|line| u32::try_from(line).ok());
        // The name of the call and of its source are of no use to whoever is called later: they would be copied.
        let context = NativeCallContextStore {
            fn_name: String::new(),
            source: None,
            global: context.global_runtime_state().clone(),
            pos: context.call_position(),
        };
        let kept = Kept { context, line, only_looks: OnceCell::new(), parameters: OnceCell::new() };
        Self { function, kept: Rc::new(kept), is_fixed: false }
    }

    /// A function of an imported module, by the module's alias, and the number of its parameters.
    #[expect(deprecated, reason = "see the import")]
    pub(super) fn of_module(
        context: &NativeCallContext<'_>,
        alias: &str,
        name: &str,
    ) -> Option<(Self, usize)> {
        let mut store = context.store_data();
        let module = store
            .global
            .iter_imports_raw()
            .find(|(known, _)| *known == alias)
            .map(|(_, module)| module.clone())?;
        let parameters = module
            .iter_script_fn_info()
            .filter(|(_, _, function, _, _)| *function == name)
            .map(|(_, _, _, parameters, _)| parameters)
            .min()?;
        store.global.lib.push(module);
        let line = context.call_position().line().and_then(|line| u32::try_from(line).ok());
        let (only_looks, function) = (OnceCell::from(false), FnPtr::new(name).ok()?);
        let kept = Kept { context: store, line, only_looks, parameters: OnceCell::new() };
        Some((Self { function, kept: Rc::new(kept), is_fixed: false }, parameters))
    }

    /// Keeps a closure with copies of its captured variables as they are now, through arrays, maps and the captures of
    /// captured closures.
    ///
    /// # Errors
    /// [`HeldCapture`] where a captured variable is held by a suspended call.
    pub fn copied(context: &NativeCallContext<'_>, function: FnPtr) -> Result<Self, HeldCapture> {
        Self::shared(context, function).with_own_captures()
    }

    /// Another copy of it, with captures of its own.
    ///
    /// # Errors
    /// [`HeldCapture`] where a captured variable is held by a suspended call.
    pub fn copy(&self) -> Result<Self, HeldCapture> {
        self.clone().with_own_captures()
    }

    fn with_own_captures(mut self) -> Result<Self, HeldCapture> {
        for capture in self.function.iter_curry_mut() {
            *capture = copy_deeply(capture, 0)?;
        }
        Ok(self)
    }

    /// The same closure with captures that cannot be written through it: copies, unless it plainly only looks.
    #[must_use]
    pub fn read_only(&self) -> Self {
        let mut copy = self.clone();
        let looks = || definition(&self.kept.context, &self.function).is_some_and(only_looks);
        if *self.kept.only_looks.get_or_init(looks) {
            return copy;
        }
        let fixed: Result<Vec<Dynamic>, HeldCapture> =
            copy.function.iter_curry().map(|capture| copy_fixed(capture, 0)).collect();
        if let Ok(fixed) = fixed {
            copy.function.set_curry(fixed);
            copy.is_fixed = true;
        }
        copy
    }

    /// Whether a captured variable is held by a suspended call.
    pub fn is_held(&self) -> bool {
        self.function.iter_curry().any(Dynamic::is_locked)
    }

    /// The line at which it was handed over, where known.
    pub fn line(&self) -> Option<u32> {
        self.kept.line
    }

    /// How many arguments it takes beside its captures, where that is known.
    pub fn parameters(&self) -> Option<usize> {
        let captures = self.function.curry().len();
        let all = || definition(&self.kept.context, &self.function).map(|it| it.params.len());
        self.kept.parameters.get_or_init(all).map(|all| all.saturating_sub(captures))
    }

    /// Calls it; as many of the arguments are given as it takes.
    pub(super) fn call(
        &self,
        engine: &Engine,
        mut arguments: Vec<Dynamic>,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        if let Some(parameters) = self.parameters() {
            arguments.truncate(parameters);
        }
        #[expect(deprecated, reason = "see the import")]
        let context = self.kept.context.create_context(engine);
        let value = self.function.call_raw(&context, None, arguments)?;
        if self.is_fixed && !self.function.iter_curry().all(|capture| still_fixed(capture, 0)) {
            return Err(Box::new(EvalAltResult::ErrorAssignmentToConstant(String::new(), Position::NONE)));
        }
        Ok(value)
    }
}

/// The script's function that a function value names.
#[expect(deprecated, reason = "see the import")]
fn definition<'a>(
    context: &'a NativeCallContextStore,
    function: &FnPtr,
) -> Option<&'a Shared<ScriptFuncDef>> {
    context
        .global
        .lib
        .iter()
        .flat_map(|module| module.iter_script_fn_info())
        .find(|(_, _, name, _, _)| *name == function.fn_name())
        .map(|(_, _, _, _, definition)| definition)
}
