//! What can be seen of a script's mistakes without running it: a pass over its syntax tree.

mod addresses;
mod answers;
mod calls;
mod certain;
mod codes;
mod constant;
mod dollars;
mod fields;
mod flow;
#[cfg(test)]
mod foreign_tests;
mod handed;
mod handles;
mod held;
mod inputs;
mod kinds;
mod known;
mod locks;
#[cfg(test)]
mod mistakes_tests;
#[cfg(test)]
mod needs_tests;
mod operands;
#[cfg(test)]
mod operands_tests;
mod options;
mod outputs;
mod pasted;
mod receivers;
mod rules;
mod secrets;
mod signals;
#[cfg(test)]
mod slips_tests;
mod stands;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod usage_tests;
mod values;
mod walk;
mod way;
#[cfg(test)]
mod way_tests;

use super::interpreter::Interpreter;
use super::params::Params;
use super::raise::line_of;
use super::source::{Source, SyntaxError, readable};
use known::World;
pub(super) use known::closure;
use rhai::Position;
use std::collections::BTreeSet;

/// Something that a script does wrong, or seems to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// The file, as errors name it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1, where known.
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that can be said.
    pub hint: Option<String>,
    /// Whether each run that gets on as it should comes to this place, and is stuck there.
    pub is_certain: bool,
}

/// An input without which each run is stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its name.
    pub name: String,
    /// The file in which it is needed, as errors name it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1, where known.
    pub column: Option<u32>,
}

impl Need {
    fn at(file: &str, name: &str, position: Position) -> Option<Self> {
        let column = position.position().and_then(|column| u32::try_from(column).ok());
        Some(Self { name: name.to_owned(), file: file.to_owned(), line: line_of(position)?, column })
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// There is no such function.
    Function,
    /// A function takes another number of arguments.
    Arguments,
    /// There is no such variable.
    Variable,
    /// There is no such option.
    Option,
    /// A command where none may stand: in a predicate, a query, a step, an activity.
    Command,
    /// A patch of which the name is not written out, or that has no place in the history.
    Patch,
    /// An activity that is no function, no file and not configured.
    Activity,
    /// A value that an option or an argument does not take.
    Value,
    /// A line of text where a program and its arguments belong.
    Program,
    /// A function that scripts may not use.
    Closed,
    /// An input that is read and not declared.
    Input,
    /// A field that the result of a call does not have.
    Field,
    /// Whether a signal came in time is not looked at.
    UnusedSignal,
    /// A signal as a condition, without `otherwise`.
    SignalCondition,
    /// A closure keeps a loop's variable, which goes on.
    LoopCapture,
    /// Names of options given as an activity's input.
    OptionsAsInput,
    /// A shared variable is read, a command waits, the variable is written.
    LostUpdate,
    /// What a method that changes in place gives: nothing.
    Nothing,
    /// The value of a `catch` block, which is lost.
    Caught,
    /// An activity that nothing but a mock of a test answers.
    Mocked,
    /// `$name` of a variable, where nothing puts it in.
    Dollar,
    /// A handle where its value is meant.
    Handle,
    /// The answer to a question as a condition.
    AnswerCondition,
    /// An answer that the question does not offer.
    Answer,
    /// What failed is not looked at.
    UnusedFailure,
    /// A handle that is lost, with what it was begun for.
    Dropped,
    /// What stands behind a statement that leaves its block.
    Unreachable,
    /// A loop that nothing leaves, and in which nothing waits.
    Endless,
    /// A value within the text of a shell.
    Pasted,
    /// Text beside a number, where the language says nothing of it.
    TextAsNumber,
    /// A text that is gone through letter by letter.
    Letters,
    /// A secret where its value is not put in.
    Secret,
    /// A lock within itself.
    Lock,
    /// What is written to `input` or `run`.
    Constant,
    /// A kind that an operator or a condition does not take.
    Operand,
    /// An exit code that is always 0, compared.
    Code,
    /// What is registered when nothing can fail any more.
    Late,
    /// A field that is nearly one of an error, or none of what was attempted; read as nothing.
    Misspelt,
    /// What is no address of a service.
    Url,
    /// The script of a child run that is not there.
    Script,
}

/// What a script names that need not be in its own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'n> {
    /// An activity.
    Activity(&'n str),
    /// The script of a child run, by its file.
    Script(&'n str),
}

/// What answers an activity, beside the functions of the script, or holds the script of a child run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backing {
    /// A file, or a section of the configuration.
    Yes,
    /// A mock of a test.
    InTests,
    /// Nothing.
    No,
}

impl Rule {
    /// Whether the script cannot be right; else it may be meant so.
    pub fn is_error(self) -> bool {
        match self {
            Self::Function
            | Self::Arguments
            | Self::Variable
            | Self::Option
            | Self::Command
            | Self::Patch
            | Self::Activity
            | Self::Value
            | Self::Program
            | Self::Closed
            | Self::Input
            | Self::Field
            | Self::AnswerCondition
            | Self::Operand
            | Self::Secret
            | Self::Lock
            | Self::Constant
            | Self::Url
            | Self::Script => true,
            Self::UnusedSignal
            | Self::SignalCondition
            | Self::LoopCapture
            | Self::OptionsAsInput
            | Self::LostUpdate
            | Self::Nothing
            | Self::Caught
            | Self::Mocked
            | Self::Dollar
            | Self::Handle
            | Self::Answer
            | Self::UnusedFailure
            | Self::Dropped
            | Self::Unreachable
            | Self::Endless
            | Self::Pasted
            | Self::TextAsNumber
            | Self::Letters
            | Self::Code
            | Self::Late
            | Self::Misspelt => false,
        }
    }

    /// Whether a run that comes to such a place is stuck there, whatever surrounds the script.
    fn sticks(self) -> bool {
        // A file or a configuration may answer an activity by then; an input that is not declared is read as nothing, and what is
        // written to one is lost; a call of no service, a child without a script, a secret that is refused and a lock within itself
        // fail, and that can be caught.
        let goes_on = matches!(
            self,
            Self::Activity
                | Self::Input
                | Self::Url
                | Self::Script
                | Self::Secret
                | Self::Lock
                | Self::Constant
        );
        self.is_error() && !goes_on
    }
}

/// Whether a strand may wait in a call of that name, or in what it calls.
pub(super) fn waits(name: &str) -> bool {
    stands::suspends(name) || name == "attempt"
}

/// Looks through a script and what it imports; `answered` tells of what it names whether something beside the script's functions
/// answers it. In the order of the files and their lines.
///
/// # Errors
/// [`SyntaxError`] where a text is no script at all.
pub fn check(
    interpreter: &Interpreter,
    source: &Source,
    answered: &dyn Fn(Named<'_>) -> Backing,
) -> Result<Vec<Finding>, SyntaxError> {
    looked_through(interpreter, source, answered).map(|(found, _)| found)
}

/// The inputs that a script does not declare, and without which each run of it is stuck. What need not be come to, or has something
/// that stands for it, is none of them.
///
/// # Errors
/// [`SyntaxError`] where a text is no script at all.
pub fn needs(interpreter: &Interpreter, source: &Source) -> Result<Vec<Need>, SyntaxError> {
    looked_through(interpreter, source, &|_| Backing::Yes).map(|(_, needs)| needs)
}

fn looked_through(
    interpreter: &Interpreter,
    source: &Source,
    answered: &dyn Fn(Named<'_>) -> Backing,
) -> Result<(Vec<Finding>, Vec<Need>), SyntaxError> {
    // A file of tests has the words of tests.
    let is_test = source.path.ends_with("_test.rhai");
    let interpreter = if is_test { super::trial::vocabulary() } else { interpreter.clone() };
    let engine = interpreter.engine();
    let mut texts = Vec::new();
    let main = (&source.path, &source.main);
    for (path, text) in std::iter::once(main).chain(&source.modules) {
        let ast = engine.compile(readable(text).as_ref()).map_err(|error| SyntaxError::new(path, &error))?;
        texts.push((path.as_str(), ast));
    }
    let params = texts.first().map_or(Ok(None), |(path, ast)| Params::of(path, ast))?;
    let world = World::new(&engine, &texts, answered, params.as_ref());
    let (mut found, mut needs) = (Vec::new(), Vec::new());
    for (path, ast) in &texts {
        let (mut own, needed) = walk::text(&world, path, ast, *path == source.path);
        needs.extend(needed);
        // A function is looked through for each place in which it may run: what is certain in one of them is certain.
        own.sort_by_key(|finding| (finding.line, finding.column, finding.rule, !finding.is_certain));
        own.dedup_by(|again, first| *again == Finding { is_certain: again.is_certain, ..first.clone() });
        let places = own.iter().map(|finding| (finding.line, finding.column, finding.rule));
        let told: BTreeSet<_> =
            places.filter(|place| [Rule::Function, Rule::Constant].contains(&place.2)).collect();
        // What a method that is not there, or may not stand there, would do is not told of.
        own.retain(|finding| {
            let is_told = |rule| told.contains(&(finding.line, finding.column, rule));
            match finding.rule {
                Rule::Nothing => !is_told(Rule::Function) && !is_told(Rule::Constant),
                Rule::Constant => !is_told(Rule::Function),
                _ => true,
            }
        });
        found.extend(own);
    }
    Ok((found, needs))
}

/// A finding at a place; nothing where there is no place to show.
fn finding(
    file: &str,
    rule: Rule,
    position: Position,
    message: String,
    hint: Option<String>,
) -> Option<Finding> {
    let column = position.position().and_then(|column| u32::try_from(column).ok());
    let (file, line, is_certain) = (file.to_owned(), line_of(position)?, false);
    Some(Finding { rule, file, line, column, message, hint, is_certain })
}
