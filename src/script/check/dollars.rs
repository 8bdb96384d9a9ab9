//! `$name` where nothing puts the variable in: a shell does not see those of the script, and double quotes keep what stands in them.

use super::Rule;
use super::calls::Called;
use super::walk::Walker;
use rhai::{Expr, Position};

/// A text between double quotes that is written as if it stood between backticks.
pub(super) fn plain(walker: &mut Walker<'_>, text: &str, position: Position) {
    let is_meant = |named: &Named<'_>| match named.name {
        "input" => named.is_field_of(walker) && !text.contains('`'),
        name => named.braced && walker.is_variable(name),
    };
    let Some(name) = named(text).find(is_meant).map(|named| named.path) else { return };
    let message = format!("${{{name}}} stays as it is between double quotes");
    let hint = format!("text with values in it stands between backticks: `… ${{{name}}} …`");
    walker.tell(Rule::Dollar, position, message, Some(hint));
}

/// The text of a call of the shell, which has the environment's variables and its own.
pub(super) fn shell(walker: &mut Walker<'_>, called: &Called<'_>, text: &str, position: Position) {
    let is_env =
        |expr: &Expr| matches!(expr, Expr::Map(map, _) if map.0.iter().any(|(key, _)| key.name == "env"));
    if called.call.args.iter().any(is_env) {
        return;
    }
    let is_missing = |named: &Named<'_>| {
        is_seen(walker, named.name) && !is_set(text, named.name) && !named.is_of_another(walker, text)
    };
    let Some(named) = named(text).find(is_missing) else { return };
    let (name, message) = if named.is_field_of(walker) {
        let name = named.path;
        (name, format!("the shell does not see the script's {name}: nothing fills in ${{{name}}}"))
    } else {
        let name = named.name;
        (name, format!("the shell does not see the script's {name}: ${name} is empty there"))
    };
    let hint = format!("hand it over: sh(\"… \\\"$1\\\" …\", [{name}])");
    walker.tell(Rule::Dollar, position, message, Some(hint));
}

/// What sets the arguments of a shell anew, or is quoted in ways that are not followed.
const DEEPER: &[&str] = &["set ", "shift", "()", "<<", "function ", "case ", "`", "#"];

/// `$2` in the text of a call of the shell that hands over fewer arguments, where the text sets none itself.
pub(super) fn numbers(walker: &mut Walker<'_>, called: &Called<'_>, text: &str, position: Position) {
    let given = match called.call.args.get(1) {
        None | Some(Expr::Map(..)) => 0,
        Some(Expr::Array(items, _)) => items.len(),
        Some(_) => return,
    };
    if DEEPER.iter().any(|own| text.contains(own)) {
        return;
    }
    let Some(number) = numbered(text).find(|number| *number > given) else { return };
    let message = match given {
        0 => format!("${number} is empty: the shell is given no arguments"),
        1 => format!("${number} is empty: the shell is given one argument"),
        _ => format!("${number} is empty: the shell is given {given} arguments"),
    };
    let hint = "they stand in a list behind the text: sh(\"… \\\"$1\\\" \\\"$2\\\" …\", [first, second])";
    walker.tell(Rule::Dollar, position, message, Some(hint.to_owned()));
}

/// The numbers of the arguments that a text of the shell takes; between single quotes a `$` is only that.
fn numbered(text: &str) -> impl Iterator<Item = usize> {
    let mut found = Vec::new();
    let (mut in_single, mut in_double) = (false, false);
    // Around each bracket that is open, whether it stands between double quotes: within, quotes begin anew.
    let mut around = Vec::new();
    let (mut rest, mut before) = (text.chars(), ' ');
    while let Some(one) = rest.next() {
        match one {
            '(' if !in_single && (!in_double || before == '$') => {
                around.push(in_double);
                in_double = false;
            }
            ')' if !in_single && !in_double => in_double = around.pop().unwrap_or(false),
            '\'' if !in_double => in_single = !in_single,
            '"' if !in_single => in_double = !in_double,
            '\\' if !in_single => _ = rest.next(),
            '$' if !in_single => {
                let after = rest.as_str();
                let after =
                    after.strip_prefix('{').filter(|inner| inner.get(1..2) == Some("}")).unwrap_or(after);
                let number = after.chars().next().and_then(|digit| digit.to_digit(10));
                found.extend(number.and_then(|number| usize::try_from(number).ok()));
                // `$$` is the number of the shell, and no two signs.
                if after.starts_with('$') {
                    _ = rest.next();
                }
            }
            _ => {}
        }
        before = one;
    }
    found.into_iter()
}

/// A name behind a `$`.
struct Named<'t> {
    name: &'t str,
    /// The name with the fields behind it, where they are all that stands between braces; else the name.
    path: &'t str,
    /// Whether it is all that stands between braces.
    braced: bool,
}

impl Named<'_> {
    /// Whether it is a field of what the script sees: no shell has names with a dot.
    fn is_field_of(&self, walker: &Walker<'_>) -> bool {
        self.path != self.name && is_seen(walker, self.name)
    }

    /// Whether it may be an `input` of the shell's own, or of a program in another language.
    fn is_of_another(&self, walker: &Walker<'_>, text: &str) -> bool {
        let signs: &[&str] = if self.path == self.name { &["'", "`", "read"] } else { &["`"] };
        !walker.is_variable(self.name) && signs.iter().any(|sign| text.contains(sign))
    }
}

/// Whether the script sees a variable of that name, or it is what the run was started with.
fn is_seen(walker: &Walker<'_>, name: &str) -> bool {
    walker.is_variable(name) || name == "input"
}

fn named(text: &str) -> impl Iterator<Item = Named<'_>> {
    text.match_indices('$').filter_map(move |(place, _)| {
        let rest = text.get(place + 1..)?;
        let inner = rest.strip_prefix('{').unwrap_or(rest);
        let end = inner.find(|one: char| !one.is_alphanumeric() && one != '_').unwrap_or(inner.len());
        let (name, after) = inner.split_at_checked(end)?;
        let braced = inner.len() < rest.len() && after.starts_with('}');
        let is_name = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
        let fields = inner.split('}').next().filter(|path| inner.len() < rest.len() && is_path(path));
        is_name.then_some(Named { name, path: fields.unwrap_or(name), braced })
    })
}

/// Whether it is a name and the fields behind it: `order.customer.name`.
fn is_path(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|one| one.is_alphanumeric() || one == '_');
    text.contains('.') && text.split('.').all(is_word)
}

/// Whether the text gives the variable a value itself: `x=…`, `for x in …`, `read x`.
fn is_set(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(place, _)| {
        let (before, after) =
            (text.get(..place).unwrap_or_default(), text.get(place + name.len()..).unwrap_or_default());
        let is_word =
            !before.ends_with(|one: char| one.is_alphanumeric() || one == '_' || one == '$' || one == '{');
        let before = before.trim_end();
        is_word
            && (after.starts_with('=')
                || before.ends_with("for")
                || before.ends_with("read")
                || before.ends_with("read -r"))
    })
}
