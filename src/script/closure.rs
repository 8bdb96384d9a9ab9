//! A closure or function that a script handed over, kept with all it needs to be called later.
//!
//! It is called through the kept context of the call that handed it over, never through `FnPtr::call` or `Engine::call_fn`:
//! these lose imports and global constants, and `call_fn` runs the whole script again.

use super::copy::copy_deeply;
#[expect(deprecated, reason = "the engine marks it volatile; rhai is pinned to one version")]
use rhai::NativeCallContextStore;
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext};

/// A closure with its captures and the context to call it in.
#[derive(Clone)]
#[expect(deprecated, reason = "see the import")]
pub struct Closure {
    function: FnPtr,
    context: NativeCallContextStore,
    line: Option<u32>,
}

/// Captured variables that cannot be written as long as this lives.
pub struct Protection(Vec<Dynamic>);

impl Drop for Protection {
    fn drop(&mut self) {
        for capture in &self.0 {
            change(capture, writable);
        }
    }
}

/// Replaces the value behind a shared variable.
fn change(capture: &Dynamic, by: impl FnOnce(Dynamic) -> Dynamic) {
    let mut handle = capture.clone();
    if let Some(mut inner) = handle.write_lock::<Dynamic>() {
        *inner = by(std::mem::take(&mut *inner));
    }
}

/// The same value, writable: a fresh one is, and so is a clone. Arrays and maps are moved, not copied.
fn writable(value: Dynamic) -> Dynamic {
    if value.is_array() {
        return value.into_array().map_or(Dynamic::UNIT, Dynamic::from_array);
    }
    if value.is_map() {
        return value.try_cast::<rhai::Map>().map_or(Dynamic::UNIT, Dynamic::from_map);
    }
    #[expect(clippy::redundant_clone, reason = "the clone is writable, the original is not")]
    value.clone()
}

/// A captured variable that a call of another strand holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldCapture;

impl Closure {
    /// Keeps a closure that shares its captured variables with the script.
    #[expect(deprecated, reason = "see the import")]
    pub fn shared(context: &NativeCallContext<'_>, function: FnPtr) -> Self {
        let line = context.call_position().line().and_then(|line| u32::try_from(line).ok());
        Self { function, context: context.store_data(), line }
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
        Some((Self { function: FnPtr::new(name).ok()?, context: store, line }, parameters))
    }

    /// Keeps a closure with copies of its captured variables as they are now, through arrays, maps and the captures of
    /// captured closures.
    ///
    /// # Errors
    /// [`HeldCapture`] where a captured variable is held by a suspended call.
    pub fn copied(context: &NativeCallContext<'_>, function: FnPtr) -> Result<Self, HeldCapture> {
        Self::shared(context, function).copy()
    }

    /// Another copy of it, with captures of its own.
    ///
    /// # Errors
    /// [`HeldCapture`] where a captured variable is held by a suspended call.
    pub fn copy(&self) -> Result<Self, HeldCapture> {
        let mut copy = self.clone();
        for capture in copy.function.iter_curry_mut() {
            *capture = copy_deeply(capture, 0)?;
        }
        Ok(copy)
    }

    /// Makes its captured variables unwritable until the protection is dropped: for a predicate or query, which only looks.
    pub fn protect(&self) -> Protection {
        let open =
            |capture: &&Dynamic| capture.is_shared() && !capture.is_locked() && !capture.is_read_only();
        let captures: Vec<Dynamic> = self.function.iter_curry().filter(open).cloned().collect();
        for capture in &captures {
            change(capture, Dynamic::into_read_only);
        }
        Protection(captures)
    }

    /// Whether a captured variable is held by a suspended call.
    pub fn is_held(&self) -> bool {
        self.function.iter_curry().any(Dynamic::is_locked)
    }

    /// The line at which it was handed over, where known.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// How many arguments it takes beside its captures, where that is known.
    #[expect(deprecated, reason = "see the import")]
    pub fn parameters(&self) -> Option<usize> {
        let captures = self.function.curry().len();
        self.context
            .global
            .lib
            .iter()
            .flat_map(|module| module.iter_script_fn_info())
            .find(|(_, _, name, _, _)| *name == self.function.fn_name())
            .map(|(_, _, _, parameters, _)| parameters.saturating_sub(captures))
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
        let context = self.context.create_context(engine);
        self.function.call_raw(&context, None, arguments)
    }
}
