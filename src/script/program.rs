//! A compiled script: the main text and its pinned modules, shared by all runs of that content.

use super::interpreter::Interpreter;
use super::rewrite::rewrite;
use super::source::{Source, SyntaxError};
use rhai::{AST, Engine, ImmutableString};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A compiled script.
pub struct Script {
    pub(super) main: AST,
    pub(super) modules: BTreeMap<String, AST>,
    source: Source,
}

impl Script {
    /// Compiles the main text and every module.
    ///
    /// # Errors
    /// [`SyntaxError`] with file, line and column.
    pub fn compile(interpreter: &Interpreter, source: Source) -> Result<Rc<Self>, SyntaxError> {
        let engine = interpreter.engine();
        let main = compile_text(&engine, &source.path, &source.main)?;
        let mut modules = BTreeMap::new();
        for (path, text) in &source.modules {
            modules.insert(path.clone(), compile_text(&engine, path, text)?);
        }
        Ok(Rc::new(Self { main, modules, source }))
    }

    /// The texts it was compiled from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The number of parameters of the script's own function of that name, the one with fewest where several have it.
    pub(super) fn function(&self, name: &str) -> Option<usize> {
        self.main
            .iter_functions()
            .filter(|function| function.name == name)
            .map(|function| function.params.len())
            .min()
    }
}

/// Compiles one text under the name by which errors call it.
pub(super) fn compile_text(engine: &Engine, file: &str, text: &str) -> Result<AST, SyntaxError> {
    let ast = engine
        .compile(super::source::readable(text).as_ref())
        .map_err(|error| SyntaxError::new(file, &error))?;
    let mut ast = rewrite(&ast);
    ast.set_source(ImmutableString::from(file));
    Ok(ast)
}
