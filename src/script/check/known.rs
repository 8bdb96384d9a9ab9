//! What a script may call: the functions of the engine, of its modules, and the activities around it.

use super::super::params::Params;
use super::answers::Answers;
use super::kinds::Kinds;
use super::{Backing, Named};
use crate::history::nearest;
use rhai::{AST, ASTNode, Engine, Expr, FnPtr, FuncInfo, Module, ScriptFuncDef, Shared, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// Functions by name, with the numbers of arguments that they take.
pub(super) type Functions = BTreeMap<String, BTreeSet<usize>>;

/// What the language calls by itself, with any number of arguments.
const OF_LANGUAGE: &[&str] =
    &["Fn", "call", "curry", "type_of", "is_def_var", "is_def_fn", "is_shared", "print", "debug"];

/// What surrounds the text that is looked through.
pub(super) struct World<'w> {
    engine: &'w Engine,
    /// Those functions of the engine that a text calls: it has a thousand.
    natives: Functions,
    kinds: Kinds,
    modules: BTreeMap<&'w str, Functions>,
    answered: &'w dyn Fn(Named<'_>) -> Backing,
    inputs: Option<Vec<String>>,
    /// The kinds of the inputs that the script declares with a default.
    defaults: BTreeMap<String, &'static str>,
    /// The fields that a text gives to some map: each may hold a function.
    fields: BTreeSet<String>,
    /// Those that a text gives to some map, without those that it only reads.
    written: BTreeSet<String>,
}

impl<'w> World<'w> {
    pub(super) fn new(
        engine: &'w Engine,
        texts: &'w [(&'w str, AST)],
        answered: &'w dyn Fn(Named<'_>) -> Backing,
        params: Option<&Params>,
    ) -> Self {
        let called: BTreeSet<String> = texts.iter().flat_map(|(_, ast)| called(ast)).collect();
        let natives = natives(engine, |name| called.contains(name));
        let kinds = Kinds::of(engine, &called);
        let modules = texts.iter().map(|(path, ast)| (*path, own(ast))).collect();
        let inputs = params.map(|params| params.all().iter().map(|param| param.name.clone()).collect());
        let defaults = params.map(super::certain::defaults).unwrap_or_default();
        let written: BTreeSet<String> = texts.iter().flat_map(|(_, ast)| written(ast)).collect();
        let read = called.iter().filter_map(|name| name.strip_prefix(GETTER)).map(str::to_owned);
        let fields = read.chain(written.iter().cloned()).collect();
        Self { engine, natives, kinds, modules, answered, inputs, defaults, fields, written }
    }

    /// The numbers of arguments that a function of the engine takes which a text calls; nothing where there is none of that name.
    pub(super) fn native(&self, name: &str) -> Option<&BTreeSet<usize>> {
        self.natives.get(name)
    }

    /// The kinds of arguments that the functions of the engine take.
    pub(super) fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// The inputs that the script declares, where it does.
    pub(super) fn inputs(&self) -> Option<&[String]> {
        self.inputs.as_deref()
    }

    /// The kind of an input, where the script declares it with a default.
    pub(super) fn default(&self, input: &str) -> Option<&'static str> {
        self.defaults.get(input).copied()
    }

    /// The functions of a module.
    pub(super) fn module(&self, path: &str) -> Option<&Functions> {
        self.modules.get(path)
    }

    /// Whether some map has a field of that name, which may hold a function.
    pub(super) fn is_field(&self, name: &str) -> bool {
        self.fields.contains(name)
    }

    /// Whether some map is given a field of that name.
    pub(super) fn is_written(&self, name: &str) -> bool {
        self.written.contains(name)
    }

    /// What answers an activity that is no function of the script, or holds the script of a child run.
    pub(super) fn answered(&self, named: Named<'_>) -> Backing {
        (self.answered)(named)
    }

    /// The hashes under which a `switch` keeps texts as its cases; nothing where they cannot be written as the language does.
    pub(super) fn cases(&self, texts: &[String]) -> Option<BTreeSet<u64>> {
        let cases: Vec<String> = texts.iter().map(|text| format!("{text:?} => 0")).collect();
        let ast = self.engine.compile(format!("switch f() {{ {} }}", cases.join(", "))).ok()?;
        let [Stmt::Switch(switch, _)] = ast.statements() else { return None };
        Some(switch.1.cases.keys().copied().collect())
    }

    /// Whether the language itself knows the name, or it is an operator.
    pub(super) fn is_of_language(name: &str) -> bool {
        OF_LANGUAGE.contains(&name) || !name.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }

    /// The name that was meant, perhaps: of the host calls, of the script's functions, of the engine's.
    pub(super) fn near(&self, name: &str, own: &Functions) -> Option<String> {
        if let Some(meant) = super::super::foreign::meant(name) {
            return Some(meant.to_owned());
        }
        let hosts = super::super::calls::names().map(|host| -> &str { host });
        if let Some(near) = nearest(name, hosts.chain(own.keys().map(String::as_str))) {
            return Some(near.to_owned());
        }
        let natives =
            natives(self.engine, |known| !known.starts_with("durun_") && !Self::is_of_language(known));
        nearest(name, natives.keys().map(String::as_str)).map(str::to_owned)
    }
}

/// The functions of the engine of which the name is wanted.
fn natives(engine: &Engine, is_wanted: impl Fn(&str) -> bool + Copy) -> Functions {
    let wanted = |function: FuncInfo<'_>| {
        let about = function.metadata;
        is_wanted(&about.name).then(|| (about.name.to_string(), about.num_params))
    };
    let mut natives = Functions::new();
    for (name, arguments) in engine.collect_fn_metadata(None, wanted, true) {
        natives.entry(name).or_default().insert(arguments);
    }
    natives
}

/// The names that a text calls, and those with which it reads fields.
pub(super) fn called(ast: &AST) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    ast.walk(&mut |path| {
        match path.last() {
            Some(
                ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
                | ASTNode::Stmt(Stmt::FnCall(call, _)),
            ) => {
                all.insert(call.name.to_string());
            }
            Some(ASTNode::Expr(Expr::Property(property, _))) => {
                all.insert(getter(&property.2));
            }
            _ => {}
        }
        true
    });
    all
}

/// How the names of the engine's functions begin that read a field.
const GETTER: &str = "get$";

/// How the engine calls the function that reads a field.
pub(super) fn getter(field: &str) -> String {
    format!("{GETTER}{field}")
}

/// The fields that a text gives to maps, as keys or by writing them.
fn written(ast: &AST) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    ast.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                all.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                let mut link = &assignment.1.lhs;
                while let Expr::Dot(pair, ..) | Expr::Index(pair, ..) = link {
                    link = &pair.rhs;
                    if let Expr::Dot(next, ..) | Expr::Index(next, ..) = link
                        && let Expr::Property(property, _) = &next.lhs
                    {
                        all.insert(property.2.to_string());
                    }
                }
                if let Expr::Property(property, _) = link {
                    all.insert(property.2.to_string());
                }
            }
            // A field that is reached by a text of its own.
            Some(ASTNode::Expr(Expr::StringConstant(text, _))) => {
                all.insert(text.to_string());
            }
            _ => {}
        }
        true
    });
    all
}

/// The functions of a text, closures left out.
fn own(ast: &AST) -> Functions {
    let mut functions = Functions::new();
    for function in ast.iter_functions().filter(|function| !function.name.starts_with("anon$")) {
        functions.entry(function.name.to_owned()).or_default().insert(function.params.len());
    }
    functions
}

/// The parameters of all functions of a text.
pub(super) fn params_of(ast: &AST) -> impl Iterator<Item = &str> {
    let functions = ast.shared_lib().iter_script_fn_info();
    functions.flat_map(|(_, _, _, _, definition)| definition.params.iter().map(rhai::ImmutableString::as_str))
}

/// One text, taken apart.
pub(super) struct Text<'t> {
    /// Its name.
    pub(super) file: &'t str,
    /// Its functions by name.
    pub(super) functions: Functions,
    /// The modules that it imports, by alias.
    pub(super) aliases: BTreeMap<String, String>,
    /// The variables that hold what `params` gave.
    pub(super) declares: BTreeSet<String>,
    /// The variables that hold the result of a process or of a service, with the call that gave it.
    pub(super) results: BTreeMap<String, String>,
    /// The variables that hold what a process has written; nothing where the text runs none, or writes there itself.
    pub(super) outputs: Option<BTreeMap<String, String>>,
    /// The variables that hold what a process gave that ends with code 0 alone.
    pub(super) zeros: BTreeMap<String, String>,
    /// The variables that hold a caught error and nothing else.
    pub(super) errors: BTreeSet<String>,
    /// The variables that begin as a number, and of which nothing else is known to become; nothing where the text adds nothing to one.
    pub(super) numbers: BTreeSet<String>,
    /// Whether something is added to a variable: `+=` and the like.
    pub(super) adds: bool,
    /// The variables that hold a handle.
    pub(super) handles: BTreeSet<String>,
    /// The variables that hold the answer to a question, with those that there are.
    pub(super) answers: BTreeMap<String, Answers>,
    /// The variables that hold what came of a signal.
    pub(super) signals: BTreeSet<String>,
    /// The variables that hold what `params` gave, and of which no field is written.
    pub(super) inputs: BTreeSet<String>,
    /// The variables that hold text with a secret in it; nothing where the text names none.
    pub(super) secrets: Option<BTreeSet<String>>,
    /// Whether something of the text's own is called `input`.
    pub(super) hides_input: bool,
    /// The variables that are of one kind wherever they are given something, with that.
    pub(super) kinds: BTreeMap<String, String>,
    /// The variables that hold a time.
    pub(super) times: BTreeSet<String>,
    /// The variables that some closure shares with it.
    pub(super) shared: BTreeSet<String>,
    definitions: BTreeMap<String, Vec<AST>>,
    params: BTreeMap<String, Vec<Vec<String>>>,
}

impl<'t> Text<'t> {
    pub(super) fn new(file: &'t str, ast: &AST) -> Self {
        let mut aliases = BTreeMap::new();
        let mut shared = BTreeSet::new();
        let mut declares = BTreeSet::new();
        let (mut runs, mut overwrites, mut writes, mut names) = (false, false, false, false);
        let (mut adds, mut catches) = (false, false);
        let mut hides_input = params_of(ast).any(|param| param == "input");
        ast.walk(&mut |path| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                    hides_input |= variable.0.name == "input";
                    if matches!(&variable.1, Expr::FnCall(call, _) if call.name == "params") {
                        declares.insert(variable.0.name.to_string());
                    }
                }
                Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                    if let Expr::StringConstant(module, _) = &import.0 {
                        aliases.insert(import.1.name.to_string(), module.to_string());
                    }
                }
                Some(ASTNode::Stmt(Stmt::Share(variables))) => {
                    shared.extend(variables.iter().map(|(variable, _)| variable.name.to_string()));
                }
                Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                    overwrites |= super::outputs::field(&assignment.1.lhs).is_some();
                    writes |= !matches!(assignment.1.lhs, Expr::Variable(..));
                    adds |= assignment.0.is_op_assignment();
                }
                Some(ASTNode::Stmt(Stmt::TryCatch(..))) => catches = true,
                Some(ASTNode::Expr(Expr::FnCall(call, _))) => {
                    runs |= super::outputs::is_given_by(&call.name);
                    names |= call.name == "secret";
                }
                _ => {}
            }
            true
        });
        let functions = own(ast);
        let results = super::fields::results(ast);
        let mut text = Self {
            file,
            aliases,
            outputs: (runs && !overwrites).then(|| super::outputs::variables(ast, &functions, &results)),
            results,
            zeros: if runs && !writes { super::codes::variables(ast, &functions) } else { BTreeMap::new() },
            errors: if catches { super::fields::errors(ast) } else { BTreeSet::new() },
            numbers: BTreeSet::new(),
            adds,
            handles: super::held::held(ast, |expr| {
                super::handles::start(expr, &functions).map(str::to_owned)
            })
            .into_keys()
            .collect(),
            answers: super::answers::variables(ast, &functions),
            signals: super::signals::variables(ast, &functions),
            times: super::held::held(ast, |expr| super::values::is_now(expr, &functions).then_some(()))
                .into_keys()
                .collect(),
            inputs: if declares.is_empty() || writes { BTreeSet::new() } else { super::certain::inputs(ast) },
            declares,
            hides_input,
            secrets: names.then(|| super::secrets::variables(ast, &functions)),
            functions,
            kinds: BTreeMap::new(),
            shared,
            definitions: BTreeMap::new(),
            params: BTreeMap::new(),
        };
        for (_, _, name, _, definition) in ast.shared_lib().iter_script_fn_info() {
            let params = definition.params.iter().map(ToString::to_string).collect();
            text.params.entry(name.to_owned()).or_default().push(params);
            text.definitions.entry(name.to_owned()).or_default().push(alone(definition));
        }
        text
    }

    /// The parameters and bodies of the functions of that name.
    pub(super) fn definitions(&self, name: &str) -> impl Iterator<Item = (&Vec<String>, &AST)> {
        let params = self.params.get(name).into_iter().flatten();
        params.zip(self.definitions.get(name).into_iter().flatten())
    }
}

/// One function as a tree of its own: the engine shows the statements of a body only so.
fn alone(definition: &Shared<ScriptFuncDef>) -> AST {
    let mut alone = Module::new();
    alone.set_script_fn(Shared::clone(definition));
    AST::new(std::iter::empty(), alone)
}

/// An expression without the block around it, as within a text.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Stmt(block) => match block.statements() {
            [Stmt::Expr(inner)] => inner,
            _ => expr,
        },
        _ => expr,
    }
}

/// A closure as it stands in an expression: the name of its function, and what it captures.
pub(in crate::script) struct Written<'e> {
    /// The name of its function.
    pub(in crate::script) name: String,
    /// The captured variables.
    pub(in crate::script) captures: &'e [Expr],
}

/// The closure that an expression is.
pub(in crate::script) fn closure(expr: &Expr) -> Option<Written<'_>> {
    match expr {
        Expr::DynamicConstant(value, _) => {
            let function = value.read_lock::<FnPtr>()?;
            Some(Written { name: function.fn_name().to_owned(), captures: &[] })
        }
        Expr::Stmt(block) => {
            let [Stmt::Share(_), Stmt::Expr(curry)] = block.statements() else { return None };
            let (Expr::FnCall(call, _) | Expr::MethodCall(call, _)) = &**curry else { return None };
            let (first, captures) = call.args.split_first()?;
            Some(Written { name: closure(first)?.name, captures })
        }
        _ => None,
    }
}
