//! The locked-down engine: chosen packages only, every hole closed, every limit set explicitly.

use super::host::{Level, Said};
use super::raise::raise;
use super::sorting;
use super::strand::{Context, Mode, count_operation};
use crate::history::{Failure, Value, kind};
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicBlobPackage, BasicFnPackage, BasicIteratorPackage,
    BasicMapPackage, BasicMathPackage, BasicStringPackage, BitFieldPackage, LanguageCorePackage,
    LogicPackage, MoreStringPackage, Package,
};
use rhai::{
    Dynamic, Engine, EvalAltResult, Module, ModuleResolver, NativeCallContext, OptimizationLevel, Position,
    Scope, Shared,
};

/// How deep calls may nest; the same in debug and release, and within a strand's stack.
pub const CALL_DEPTH: usize = 32;
/// How deep an expression may nest at top level.
pub const EXPRESSION_DEPTH: usize = 64;
/// How deep an expression may nest in a function.
pub const FUNCTION_EXPRESSION_DEPTH: usize = 32;

/// An engine with durun's packages and limits, without its host calls.
pub(super) fn engine() -> Engine {
    // Names of functions are hashed with a fixed seed, so that two processes resolve alike. Set once a process.
    let _set_before = rhai::config::hashing::set_hashing_seed(Some([0x64, 0x75, 0x72, 0x75]));
    let mut engine = Engine::new_raw();
    LanguageCorePackage::new().register_into_engine(&mut engine);
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicBlobPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BitFieldPackage::new().register_into_engine(&mut engine);
    sorting::register(&mut engine);
    super::bounded::register(&mut engine);
    set_limits(&mut engine);
    close_holes(&mut engine);
    engine.set_module_resolver(Pinned);
    engine.on_progress(|_operations| (!count_operation()).then_some(Dynamic::UNIT));
    engine.on_print(|text| say(Level::Info, text));
    engine.on_debug(|text, _source, _position| say(Level::Debug, text));
    engine
}

fn set_limits(engine: &mut Engine) {
    // The optimizer has dropped statements with side effects before.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_call_levels(CALL_DEPTH);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, FUNCTION_EXPRESSION_DEPTH);
    // Counts the whole life of a script; a stretch is counted by the strand's meter instead.
    engine.set_max_operations(0);
    engine.set_max_modules(512);
    engine.set_max_functions(4096);
    engine.set_max_variables(4096);
    // The engine counts sizes deeply and again at each push, which makes ordinary collecting quadratic: not used.
    engine.set_max_string_size(0);
    engine.set_max_array_size(0);
    engine.set_max_map_size(0);
}

fn close_holes(engine: &mut Engine) {
    engine.disable_symbol("eval");
    engine.set_allow_shadowing(true);
    engine.register_fn("exit", |context: NativeCallContext<'_>| closed(&context, EXIT_HINT));
    engine.register_fn("exit", |context: NativeCallContext<'_>, _value: Dynamic| closed(&context, EXIT_HINT));
    engine.register_fn("timestamp", |context: NativeCallContext<'_>| closed(&context, TIME_HINT));
}

/// What a script uses in place of a function that is closed; nothing for one that is not.
pub(super) fn closed_hint(name: &str) -> Option<&'static str> {
    match name {
        "exit" => Some("end the script with its last expression, or with fail(message)"),
        "timestamp" => Some("it is not the same at replay: now() gives the recorded time"),
        _ => None,
    }
}

const EXIT_HINT: &str = "exit is not offered: end the script with its last expression, or with fail(message)";
const TIME_HINT: &str = "timestamp is not offered: now() gives the recorded time";

fn closed(context: &NativeCallContext<'_>, hint: &str) -> Result<Dynamic, Box<EvalAltResult>> {
    Err(raise(context, Failure::new(kind::FAULT, hint)))
}

fn say(level: Level, text: &str) {
    if let Some(context) = Context::current()
        && context.mode != Mode::ReadOnly
    {
        context.host.log(Said { level, text: text.to_owned(), fields: Value::Null });
    }
}

/// Resolves imports from the texts that were pinned with the run; never from a file.
struct Pinned;

impl ModuleResolver for Pinned {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let not_found = || Box::new(EvalAltResult::ErrorModuleNotFound(path.to_owned(), position));
        let context = Context::current().ok_or_else(not_found)?;
        let ast = context.script.modules.get(path).ok_or_else(not_found)?;
        let module = Module::eval_ast_as_new(Scope::new(), ast, engine)
            .map_err(|error| Box::new(EvalAltResult::ErrorInModule(path.to_owned(), error, position)))?;
        Ok(Shared::new(module))
    }
}
