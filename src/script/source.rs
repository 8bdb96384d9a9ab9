//! A script's texts: the main file and every module it imports, read once at start and pinned by content.

use super::interpreter::Interpreter;
use crate::history::{Program, ScriptHash};
use rhai::{ASTNode, Expr, ParseError, Stmt};
use std::collections::BTreeMap;

/// The texts of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path by which errors name the main file.
    pub path: String,
    /// The main text.
    pub main: String,
    /// The module texts, by the path given to `import`.
    pub modules: BTreeMap<String, String>,
}

/// Text that is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// The file as the script names it.
    pub file: String,
    /// What is wrong.
    pub message: String,
    /// Line, from 1, where known.
    pub line: Option<u32>,
    /// Column in characters, from 1, where known.
    pub column: Option<u32>,
}

/// Why a script's texts could not be gathered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Not a script.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// An import that may not be: outside the script's folder, or not a plain text.
    #[error("import \"{path}\": {reason}")]
    Import {
        /// The file that imports.
        file: String,
        /// What was to be imported.
        path: String,
        /// Why not.
        reason: String,
        /// The line of the import.
        line: Option<u32>,
    },
}

/// The most modules that a script may import, directly and through others.
const MOST_MODULES: usize = 256;
/// How deep imports may be nested: each level takes stack when the script begins.
const MOST_NESTED: usize = 32;

impl Source {
    /// Gathers a script's modules: `read` gives the text of a file relative to the script's folder, or a reason.
    ///
    /// # Errors
    /// [`SourceError`] where a text is no script, or an import leaves the folder or cannot be read.
    pub fn gather(
        interpreter: &Interpreter,
        path: &str,
        main: String,
        read: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, SourceError> {
        let mut source = Self { path: path.to_owned(), main, modules: BTreeMap::new() };
        let mut waiting = imports(interpreter, path, &source.main)?;
        let mut links: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(import) = waiting.pop() {
            if source.modules.contains_key(&import.path) {
                continue;
            }
            let refuse = |reason: String| SourceError::Import {
                file: import.file.clone(),
                path: import.path.clone(),
                reason,
                line: import.line,
            };
            if source.modules.len() >= MOST_MODULES {
                return Err(refuse(format!("a script may import at most {MOST_MODULES} modules")));
            }
            let file = module_file(&import.path).map_err(refuse)?;
            let text = read(&file).map_err(refuse)?;
            let further = imports(interpreter, &file, &text)?;
            links.insert(import.path.clone(), further.iter().map(|next| next.path.clone()).collect());
            if reaches(&links, &import.path, &import.path)
                || further.iter().any(|next| reaches(&links, &next.path, &import.path))
            {
                return Err(refuse("imports go in a circle".to_owned()));
            }
            waiting.extend(further);
            source.modules.insert(import.path.clone(), text);
        }
        if let Some(first) = too_deep(&links) {
            let reason = format!("imports are nested deeper than {MOST_NESTED}");
            return Err(SourceError::Import { file: path.to_owned(), path: first, reason, line: None });
        }
        Ok(source)
    }

    /// The record of these texts: paths and hashes.
    pub fn program(&self) -> Program {
        Program {
            path: self.path.clone(),
            main: ScriptHash::of(&self.main),
            modules: self.modules.iter().map(|(path, text)| (path.clone(), ScriptHash::of(text))).collect(),
        }
    }

    /// The texts by hash, for the store.
    pub fn texts(&self) -> Vec<(ScriptHash, String)> {
        std::iter::once(&self.main)
            .chain(self.modules.values())
            .map(|text| (ScriptHash::of(text), text.clone()))
            .collect()
    }

    /// The text of a file by the name that errors give it.
    pub fn text_of(&self, file: &str) -> Option<&str> {
        if file == self.path { Some(&self.main) } else { self.modules.get(file).map(String::as_str) }
    }
}

/// A module below which imports are nested too deep; links go in no circle.
fn too_deep(links: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let mut level: std::collections::BTreeSet<&String> = links.keys().collect();
    for _ in 0..MOST_NESTED {
        level = level.iter().filter_map(|module| links.get(*module)).flatten().collect();
    }
    level.first().map(|module| (*module).clone())
}

/// Whether a module imports another, directly or through others.
fn reaches(links: &BTreeMap<String, Vec<String>>, from: &str, to: &str) -> bool {
    let mut seen: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(module) = waiting.pop() {
        for next in links.get(module).into_iter().flatten() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    false
}

struct Import {
    file: String,
    path: String,
    line: Option<u32>,
}

fn imports(interpreter: &Interpreter, file: &str, text: &str) -> Result<Vec<Import>, SourceError> {
    let ast = interpreter
        .engine()
        .compile(readable(text).as_ref())
        .map_err(|error| SyntaxError::new(file, &error))?;
    let mut found = Vec::new();
    let mut refused = None;
    ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, position))) = path.last() {
            let line = super::raise::line_of(*position);
            if let Expr::StringConstant(module, _) = &import.0 {
                found.push(Import { file: file.to_owned(), path: module.to_string(), line });
            } else {
                refused = Some(SourceError::Import {
                    file: file.to_owned(),
                    path: "…".to_owned(),
                    reason: "the path must be plain text, so that the module can be pinned at start"
                        .to_owned(),
                    line,
                });
            }
        }
        true
    });
    refused.map_or(Ok(found), Err)
}

/// The text as the parser takes it: a first line `#!…` is a comment, in its place.
pub(super) fn readable(text: &str) -> std::borrow::Cow<'_, str> {
    match text.strip_prefix("#!") {
        // Not "//" alone: with the path behind it that would be a doc comment, which may not stand everywhere.
        Some(rest) => std::borrow::Cow::Owned(format!("// {rest}")),
        None => std::borrow::Cow::Borrowed(text),
    }
}

/// The file of a module, relative to the script's folder.
fn module_file(path: &str) -> Result<String, String> {
    let plain = !path.is_empty()
        && !path.starts_with('/')
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !plain {
        return Err("imports stay inside the script's folder; name a file below it".to_owned());
    }
    let has_extension = std::path::Path::new(path)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("rhai"));
    Ok(if has_extension { path.to_owned() } else { format!("{path}.rhai") })
}

impl SyntaxError {
    pub(super) fn new(file: &str, error: &ParseError) -> Self {
        let position = error.position();
        let column = position.position().and_then(|column| u32::try_from(column).ok());
        Self {
            file: file.to_owned(),
            message: error.err_type().to_string(),
            line: super::raise::line_of(position),
            column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(main: &str, files: &[(&str, &str)]) -> Result<Source, SourceError> {
        let read = |file: &str| {
            let found = files.iter().find(|(name, _)| *name == file);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
        };
        Source::gather(&Interpreter::new(), "main.rhai", main.to_owned(), &read)
    }

    fn refused(main: &str, files: &[(&str, &str)]) -> String {
        gather(main, files).expect_err("is refused").to_string()
    }

    #[test]
    fn imports_are_nested_so_deep_and_no_deeper() {
        let chain = |length: usize| -> Vec<(String, String)> {
            let next = |n: usize| format!("import \"m{}\" as m;", n + 1);
            let text = |n: usize| if n + 1 < length { next(n) } else { "fn f() { 1 }".to_owned() };
            (0..length).map(|n| (format!("m{n}.rhai"), text(n))).collect()
        };
        for (length, fits) in [(32, true), (33, false)] {
            let files = chain(length);
            let files: Vec<(&str, &str)> =
                files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let gathered = gather("import \"m0\" as m; 1", &files);
            assert_eq!(gathered.is_ok(), fits, "{length}: {:?}", gathered.err());
        }
    }

    #[test]
    fn imports_are_gathered_through_others_and_pinned() {
        let files =
            [("lib.rhai", "import \"deep/more\" as m; fn f() { 1 }"), ("deep/more.rhai", "fn g() { 2 }")];
        let source =
            gather("import \"lib\" as lib; import \"deep/more\" as m; lib::f()", &files).expect("gathers");
        assert_eq!(source.modules.keys().collect::<Vec<_>>(), ["deep/more", "lib"]);
        assert_eq!(source.program().modules.len(), 2);
        assert_eq!(source.texts().len(), 3);
    }

    #[test]
    fn an_import_that_may_not_be_is_refused() {
        for path in ["../x", "/etc/passwd", "a//b", "./a"] {
            assert!(
                refused(&format!("import \"{path}\" as x;"), &[]).contains("inside the script's folder"),
                "{path}"
            );
        }
        assert!(refused("import \"gone\" as x;", &[]).contains("no such file"));
        assert!(refused("let p = \"x\"; import p as x;", &[]).contains("must be plain text"));
        assert!(refused("import \"a\" as a;", &[("a.rhai", "let x = ;")]).contains("Unexpected"));
    }

    #[test]
    fn imports_in_a_circle_are_refused() {
        let own = [("a.rhai", "import \"a\" as a;")];
        assert!(refused("import \"a\" as a;", &own).contains("in a circle"));
        let two = [("a.rhai", "import \"b\" as b;"), ("b.rhai", "import \"a\" as a;")];
        assert!(refused("import \"a\" as a;", &two).contains("in a circle"));
        let shared =
            [("a.rhai", "import \"c\" as c;"), ("b.rhai", "import \"c\" as c;"), ("c.rhai", "fn f() { 1 }")];
        assert!(
            gather("import \"a\" as a; import \"b\" as b;", &shared).is_ok(),
            "two ways to one module are no circle"
        );
    }
}
