//! A compiled script: the main text and its pinned modules, shared by all runs of that content.

use super::interpreter::Interpreter;
use super::params::Params;
use super::rewrite::Insertions;
use super::secrets::secrets_named_in;
use super::source::{Source, SyntaxError};
use rhai::{AST, ASTNode, Engine, Expr, ImmutableString, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// A compiled script.
pub struct Script {
    pub(super) main: AST,
    pub(super) modules: BTreeMap<String, AST>,
    /// The inputs that the main text declares.
    pub(super) params: Option<Params>,
    /// The names of the changes that the texts ask for.
    patches: BTreeSet<String>,
    /// The names of the secrets that its texts ask for.
    secrets: BTreeSet<String>,
    /// The names of its own functions.
    functions: Arc<Vec<String>>,
    source: Source,
    insertions: BTreeMap<String, Insertions>,
}

impl Script {
    /// Compiles the main text and every module.
    ///
    /// # Errors
    /// [`SyntaxError`] with file, line and column.
    pub fn compile(interpreter: &Interpreter, source: Source) -> Result<Rc<Self>, SyntaxError> {
        let engine = interpreter.engine();
        let looks = interpreter.lens().is_some();
        let (main, made) = compile_text(&engine, &source.path, &source.main, looks)?;
        let params = Params::of(&source.path, &main)?;
        let mut modules = BTreeMap::new();
        let mut insertions = BTreeMap::from([(source.path.clone(), made)]);
        for (path, text) in &source.modules {
            let (module, made) = compile_text(&engine, path, text, looks)?;
            modules.insert(path.clone(), module);
            insertions.insert(path.clone(), made);
        }
        let texts = std::iter::once(&main).chain(modules.values());
        let patches = texts.flat_map(patches_of).collect();
        let mut functions: Vec<String> =
            main.iter_functions().map(|function| function.name.to_owned()).collect();
        functions.sort_unstable();
        functions.dedup();
        let (secrets, functions) = (secrets_named_in(&source), Arc::new(functions));
        Ok(Rc::new(Self { main, modules, params, patches, secrets, functions, source, insertions }))
    }

    /// The texts it was compiled from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The names that its texts give to `patched`.
    pub fn patches(&self) -> &BTreeSet<String> {
        &self.patches
    }

    /// The column of a file's own text that a column of the executed text means.
    pub(super) fn column(&self, file: &str, line: u32, column: u32) -> u32 {
        self.insertions.get(file).map_or(column, |made| made.original(line, column))
    }

    /// The names of the script's own functions.
    pub fn functions(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.functions)
    }

    /// The secrets that it names in its texts: known before it asks, also after a crash.
    pub fn secrets(&self) -> &BTreeSet<String> {
        &self.secrets
    }

    /// The parameters of the script's own function of that name, as it is written.
    pub(super) fn parameters(&self, name: &str) -> Option<String> {
        let found = self.main.iter_functions().find(|function| function.name == name)?;
        Some(found.params.join(", "))
    }

    /// The parameters of a closure as they are written, by the name that the engine gives to its function, and how many variables it
    /// captures.
    pub(super) fn closure(&self, name: &str) -> Option<(Vec<&str>, usize)> {
        std::iter::once(&self.main).chain(self.modules.values()).find_map(|text| {
            let function = text.iter_functions().find(|function| function.name == name)?;
            let mut captured = 0;
            text.walk(&mut |path| {
                if let Some(ASTNode::Expr(expr)) = path.last()
                    && let Some(written) = super::check::closure(expr)
                    && written.name == name
                {
                    captured = captured.max(written.captures.len());
                }
                true
            });
            Some((function.params.into_iter().skip(captured).collect(), captured))
        })
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

/// The names that a text gives to `patched`, written out.
fn patches_of(ast: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    ast.walk(&mut |path| {
        let call = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) => Some(call),
            _ => None,
        };
        if let Some(call) = call.filter(|call| call.name == "patched" && call.namespace.is_empty())
            && let [Expr::StringConstant(name, _)] = call.args.as_ref()
        {
            names.insert(name.to_string());
        }
        true
    });
    names
}

/// Compiles one text under the name by which errors call it.
fn compile_text(
    engine: &Engine,
    file: &str,
    text: &str,
    looks: bool,
) -> Result<(AST, Insertions), SyntaxError> {
    let (mut ast, made) = super::rewrite::compile(engine, super::source::readable(text).as_ref(), looks)
        .map_err(|error| SyntaxError::new(file, &error))?;
    ast.set_source(ImmutableString::from(file));
    Ok((ast, made))
}
