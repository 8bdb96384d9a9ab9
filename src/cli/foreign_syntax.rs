//! What is written so in other languages and in shells, and how it is written here.

/// The place of a mistake, and what the parser says of it.
pub(super) struct Slip<'s> {
    /// What the parser says.
    pub(super) message: &'s str,
    /// The line, from its first letter.
    pub(super) line: &'s str,
    /// What stands left of the mistake, without the space around it.
    pub(super) before: &'s str,
    /// What stands from there on.
    pub(super) after: &'s str,
}

const CLOSURE: &str = "a closure is written |x| x + 1, or || 1 where it takes nothing";
const CONDITION: &str =
    "it is written if x { … } else if y { … } else { … }, as a value too: let z = if x { 1 } else { 2 };";
const FUNCTION: &str = "a function is written fn name(argument) { … }";
const IMPORT: &str =
    "another script is imported so: import \"NAME\" as name; its functions are name::function(…)";
const LOOP: &str = "a loop is written for item in list { … }, for i in 0..3 { … } or while x { … }";
const PROGRAM: &str = "programs are called so: exec([\"ls\", \"-l\"]), or sh(\"ls | wc -l\") with a shell";
const PART: &str = "a part of a text is text.sub_string(0, 2), one of a list is list.extract(0, 2)";
const STRAND: &str =
    "work beside the rest is begun so: let handle = strand(|| …); handle.join() waits for it";
const TEST: &str = "a condition is written if x == \"\" { … } else { … }; whether a file is there says sh(\"test -f FILE\", #{ ok_codes: [0, 1] }).code";
const TEXT: &str = "text with values in it stands between backticks: `total: ${x}`";
pub(super) const TRY: &str = "try is a statement: let x = (); try { x = …; } catch (error) { x = …; }";
const TYPES: &str = "types are not written: let name = value; fn name(argument) { … }";
const VARIABLE: &str = "a variable is written let name = …;";

/// Words with which statements of other languages begin.
const STATEMENTS: &[(&[&str], &str)] = &[
    (&["def", "func", "function"], FUNCTION),
    (&["auto", "const", "declare", "int", "local", "mut", "my", "string", "val", "var"], VARIABLE),
    (&["exit"], "end the script with its last expression, or with fail(message)"),
    (&["from", "include", "require", "source"], IMPORT),
    (&["foreach"], LOOP),
    (&["elif", "elseif", "elsif", "unless"], CONDITION),
    (&["not"], "conditions are written !x, x && y, x || y"),
    (&["finally"], "what is done in any case stands behind: try { … } catch (error) { … } …"),
    (
        &[
            "aws",
            "cat",
            "cd",
            "chmod",
            "cp",
            "curl",
            "docker",
            "echo",
            "export",
            "find",
            "git",
            "grep",
            "kubectl",
            "ls",
            "make",
            "mkdir",
            "mv",
            "pg_dump",
            "ping",
            "psql",
            "python",
            "python3",
            "restic",
            "rm",
            "rsync",
            "ssh",
            "scp",
            "sudo",
            "systemctl",
            "tar",
            "touch",
            "wget",
        ],
        PROGRAM,
    ),
    (
        &[
            "activity",
            "ask",
            "child",
            "exec",
            "fail",
            "http",
            "http_get",
            "http_post",
            "log",
            "read_file",
            "sh",
            "sleep",
            "step",
            "wait_signal",
            "write_file",
        ],
        "a call has its arguments in brackets: exec([\"ls\"]), step(\"name\", || …)",
    ),
];

/// Words that the language keeps for itself.
const RESERVED: &[(&[&str], &str)] = &[
    (&["null", "nil", "void"], "nothing is written ()"),
    (&["async", "await"], "a call waits by itself until its result is there: leave the word out"),
    (&["go", "spawn", "thread"], STRAND),
    (&["module", "package", "super", "use"], IMPORT),
    (&["public", "shared", "static", "var"], VARIABLE),
    (&["print", "debug"], "a call has its arguments in brackets: print(value)"),
    (
        &["eval"],
        "eval is not offered in durun: a run does what stands in its script, and imports what it is started with",
    ),
    (&["new"], "a map is written #{ name: value }, an error is thrown so: throw \"text\"; or fail(\"text\")"),
    (&["match", "case"], "a choice by value is written switch x { 1 => …, _ => … }"),
];

/// What to write instead, where it is known.
pub(super) fn hint(slip: &Slip<'_>) -> Option<&'static str> {
    let &Slip { message, before, after, .. } = slip;
    if message.contains("is a reserved keyword") || message.contains("reserved keyword 'eval'") {
        return reserved(slip);
    }
    if message.contains("is a reserved symbol") {
        return symbol(slip);
    }
    if message.starts_with("Invalid escape") {
        return Some("a backslash is written \\\\; between backticks it stands for itself: `\\d`");
    }
    if message.contains("a typo of '=='") {
        return Some("whether two are the same is asked with ==: if x == 2 { … }");
    }
    if message.starts_with("Script is incomplete") {
        return Some(
            "something that was begun has no end: a block { … }, a bracket, or a value after an operator",
        );
    }
    if message.contains("']' for a matching [") && after.starts_with(':') {
        return Some(PART);
    }
    if message.starts_with("Invalid character: ") {
        return Some("text stands in double quotes: \"text\"; '…' is one character");
    }
    if let Some(hint) = map(slip).or_else(|| import(message)) {
        return Some(hint);
    }
    if message.contains("';'") {
        return statement(slip);
    }
    if message.contains("','") {
        return list(slip);
    }
    if message.starts_with("Unexpected '>'") && before.ends_with('<') {
        return Some("what is not equal is written x != y");
    }
    if message.starts_with("Unexpected") && word(after) == "fn" {
        return Some(CLOSURE);
    }
    if message.starts_with("Unexpected") && word(after) == "else" {
        return Some(CONDITION);
    }
    operator(message).or_else(|| block(slip))
}

/// The word with which a text begins; nothing where it begins with none.
fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn of(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| *hint)
}

fn reserved(slip: &Slip<'_>) -> Option<&'static str> {
    // A name that is declared: another one is to be taken.
    if ["let", "const"].contains(&slip.before.rsplit(char::is_whitespace).next().unwrap_or_default()) {
        return None;
    }
    let first = word(slip.line);
    of(RESERVED, if ["match", "case"].contains(&first) { first } else { word(slip.after) })
}

fn symbol(slip: &Slip<'_>) -> Option<&'static str> {
    Some(match slip.after.chars().next()? {
        '#' => "a comment begins with //; a map is written #{ name: value }",
        '-' if slip.before.is_empty() => "a comment begins with //",
        '+' | '-' => "it is written x += 1; or x -= 1;",
        '$' if slip.after.starts_with("$(") => PROGRAM,
        '$' => "a variable is written by its name alone, within text so: `total: ${x}`",
        _ => "the sign means nothing here: text stands in double quotes",
    })
}

/// Two statements, as the parser believes.
fn statement(slip: &Slip<'_>) -> Option<&'static str> {
    let &Slip { line, before, after, .. } = slip;
    let begins = |with: &str| word(line) == with;
    if begins("let") && after.starts_with('-') && !before.contains('=') {
        return Some("a name has letters, digits and _: let my_name = …;");
    }
    let last =
        before.rsplit(|letter: char| letter.is_whitespace() || letter == '}').next().unwrap_or_default();
    // A whole call on the line is none of another language: the statement above has no end.
    let is_call =
        before.is_empty() && after.strip_prefix(word(after)).is_some_and(|rest| rest.starts_with('('));
    let of_line = || of(STATEMENTS, word(line)).filter(|_| !before.contains('(') && !is_call);
    if let Some(hint) = of(STATEMENTS, last).or_else(of_line) {
        return Some(hint);
    }
    match word(after) {
        "and" | "or" => return of(STATEMENTS, "not"),
        "if" | "unless" if !before.is_empty() && !before.ends_with('}') => return Some(CONDITION),
        "try" => return Some(TRY),
        _ => {}
    }
    if last == "lambda" || after.starts_with("=>") {
        return Some(CLOSURE);
    }
    if begins("let") && after.starts_with(':') {
        return Some(TYPES);
    }
    if begins("let") && after.starts_with(',') {
        return Some("each variable has a statement of its own: let a = 1; let b = 2;");
    }
    if after.starts_with('{') && before.ends_with(')') {
        return Some(
            "what a step or strand does is a closure, within the brackets: step(\"name\", || { … })",
        );
    }
    (last == "f" && after.starts_with('"')).then_some(TEXT)
}

/// Something between the items of a list, of arguments or of parameters.
fn list(slip: &Slip<'_>) -> Option<&'static str> {
    let &Slip { message, before, after, line } = slip;
    if ["if [", "while [", "[ -", "[[ "].iter().any(|test| line.starts_with(test)) && before.contains('[') {
        return Some(TEST);
    }
    if after.starts_with("=>") {
        return Some(CLOSURE);
    }
    if message.contains("the parameters of function") && after.starts_with(':') {
        return Some(TYPES);
    }
    if after.starts_with('"') && word_at_end(before) == "f" {
        return Some(TEXT);
    }
    if word(after) == "for" {
        return Some("a list is made of another so: list.map(|x| x + 1).filter(|x| x > 2)");
    }
    let is_unit = ["ms", "s", "m", "h", "d", "w", "min"].contains(&word(after));
    if is_unit && before.ends_with(|letter: char| letter.is_ascii_digit()) {
        return Some("a duration is text: \"30s\", \"1h 30m\", \"2 days\"");
    }
    if message.contains("the parameters of function") && after.starts_with('=') {
        return Some("a parameter has no default: let the function take a map, and write options.x ?? 1");
    }
    after.starts_with('=').then_some("what is named stands in a map: name(value, #{ option: value })")
}

fn word_at_end(text: &str) -> &str {
    text.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default()
}

fn operator(message: &str) -> Option<&'static str> {
    let is = |operator: &str| message.contains(&format!("'{operator}'"));
    if message.starts_with("Unknown operator") && (is("++") || is("--")) {
        return Some("it is written x += 1; or x -= 1;");
    }
    if message.starts_with("Unknown operator") && is("?") {
        return Some(CONDITION);
    }
    if is("===") || is("!==") {
        return Some("it is written x == y or x != y");
    }
    if is(":=") {
        return Some("it is written let x = 1; and, where x is there already, x = 1;");
    }
    message
        .starts_with("Cannot assign to constant")
        .then_some("what is to change is declared with let, not const")
}

/// A head without its block, or without what belongs into it.
fn block(slip: &Slip<'_>) -> Option<&'static str> {
    let &Slip { message, line, before, after } = slip;
    if before.ends_with("catch") {
        return Some("the error stands in brackets: catch (error) { … }");
    }
    if message.contains("'{' to start a statement block") {
        if ["and", "or", "not"].iter().any(|other| word(after) == *other || word_at_end(before) == *other) {
            return of(STATEMENTS, "not");
        }
        return match word(line) {
            _ if word(after) == "then" => Some(CONDITION),
            "for" | "while" => Some(LOOP),
            "if" | "else" => Some(CONDITION),
            _ => None,
        };
    }
    if message.contains("a boolean expression") {
        if before.ends_with("||") {
            return Some("what stands in for nothing is written x ?? \"text\"");
        }
        if ["\" ||", "\"||"].iter().any(|text| line.contains(text)) {
            return Some("|| begins a closure after a comma: step(\"name\", || …)");
        }
        return Some(if after.starts_with('{') {
            CONDITION
        } else {
            "a condition is true or false: n != 0, text != \"\", !list.is_empty()"
        });
    }
    if message.contains("an iterable value") {
        return Some(if message.contains("map") {
            "of a map: for name in map.keys() { … }"
        } else {
            "so many times: for i in 0..5 { … }; over a list: for item in list { … }"
        });
    }
    if message.contains("name of a variable") {
        return match word(line) {
            "for" => Some(LOOP),
            "let" if after.starts_with(['{', '[']) => {
                Some("one variable at a time: let a = map.a; let b = list[0];")
            }
            "let" => Some(VARIABLE),
            _ => None,
        };
    }
    if message.contains("body statement block for function") || message.contains("parameters for function") {
        return Some(FUNCTION);
    }
    if message.contains("'catch' for the 'try'") && ["except", "rescue"].contains(&word(after)) {
        return Some("an error is caught so: try { … } catch (error) { … }");
    }
    if message.contains("'while' for the do") {
        return Some(
            "what is repeated until a condition holds: do { … } until x; without a condition: loop { … }",
        );
    }
    if message.contains("':' to follow the property") {
        return Some("a map is written #{ name: value }");
    }
    if message.contains("'catch' for the 'try'") {
        return Some("what is done in any case stands behind: try { … } catch (error) { … } …");
    }
    (message.contains("literal expression") && line.contains("case"))
        .then_some("a choice by value is written switch x { 1 => …, _ => … }")
}

fn map(slip: &Slip<'_>) -> Option<&'static str> {
    let &Slip { before, after, .. } = slip;
    let is_key = |name: &str| {
        let name = name.trim().trim_matches('"');
        !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    let is_map = after.starts_with(':')
        && !after.starts_with("::")
        && before.rsplit_once('{').is_some_and(|(_, name)| is_key(name));
    is_map.then_some("a map is written #{ name: value }")
}

fn import(message: &str) -> Option<&'static str> {
    let of_import = message.strip_prefix("import ")?;
    if of_import.contains("there is no script") {
        Some("it is looked for beside the script that imports it: import \"NAME\" as name; for NAME.rhai")
    } else if of_import.contains("plain text") {
        Some(
            "what is imported is another script: import \"NAME\" as name; programs are called with exec and sh",
        )
    } else {
        None
    }
}
