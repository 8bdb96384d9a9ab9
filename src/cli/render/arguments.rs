//! What a step was given, folded into a few columns behind its name: so the steps of a loop can be told apart.

use crate::cli::escape::{self, shell};
use crate::history::{CommandKind, CommandLabel, Placeholder, Value};

/// The most columns of it.
const MOST: usize = 40;

/// What stands behind the name of a step: ` https://host/a`; ` (curl https://host/a)` where the script has given the call a name;
/// nothing where its name says all. Of a secret only the name.
pub(crate) fn folded(label: &CommandLabel, input: &Value, room: usize) -> String {
    let mut is_named = false;
    let text = match label.kind {
        CommandKind::Exec => {
            let words = texts(input.get("argv"));
            let (program, rest) = words.split_first().unwrap_or((&"", &[]));
            is_named = *program != label.name;
            in_shell(if is_named { &words } else { rest })
        }
        CommandKind::Sh => {
            let text = input.get("text").and_then(Value::as_text).unwrap_or_default();
            is_named = !text.trim_start().starts_with(label.name.trim_end_matches('…'));
            let text = if is_named { text.trim() } else { "" };
            let words = in_shell(&texts(input.get("args")));
            [text, &words].join(" ").trim().to_owned()
        }
        CommandKind::Activity => match input {
            Value::Null => String::new(),
            Value::Text(text) => text.clone(),
            Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Map(_) => input.to_string(),
        },
        // The others are named by what they are given.
        _ => String::new(),
    };
    if text.is_empty() {
        return text;
    }
    let shown = escape::cut(&escape::line(&Placeholder::named_in(&text)), room.min(MOST));
    if is_named { format!(" ({shown})") } else { format!(" {shown}") }
}

fn texts(list: Option<&Value>) -> Vec<&str> {
    match list {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_text).collect(),
        Some(_) | None => Vec::new(),
    }
}

fn in_shell(words: &[&str]) -> String {
    words.iter().map(|word| shell(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: CommandKind, name: &str, input: &Value, room: usize) -> String {
        folded(&CommandLabel { kind, name: name.to_owned() }, input, room)
    }

    fn words(words: &[&str]) -> Value {
        Value::List(words.iter().map(|word| (*word).into()).collect())
    }

    #[test]
    fn what_a_program_is_given_stands_behind_it_once() {
        let argv = |all: &[&str]| Value::from([("argv", words(all))]);
        let given = argv(&["curl", "-f", "https://host/a b"]);
        assert_eq!(told(CommandKind::Exec, "curl", &given, 99), " -f 'https://host/a b'");
        assert_eq!(told(CommandKind::Exec, "fetch", &given, 99), " (curl -f 'https://host/a b')");
        assert_eq!(told(CommandKind::Exec, "curl", &given, 10), " -f 'https…");
        assert_eq!(told(CommandKind::Exec, "date", &argv(&["date"]), 99), "");
        let long = argv(&["echo", &"x".repeat(99)]);
        assert_eq!(told(CommandKind::Exec, "echo", &long, 99), format!(" {}…", "x".repeat(39)));
        assert_eq!(told(CommandKind::Exec, "a", &argv(&["a", "\u{1b}[2J"]), 99), " $'\\033[2J'");
    }

    #[test]
    fn a_shell_text_an_activity_and_a_secret_are_told_by_what_they_are() {
        let text = Value::from([("text", "\n  wc -l <\"$1\"\n".into()), ("args", words(&["a.txt"]))]);
        assert_eq!(told(CommandKind::Sh, "wc -l <\"$1\"", &text, 99), " a.txt");
        assert_eq!(told(CommandKind::Sh, "count", &text, 99), " (wc -l <\"$1\" a.txt)");
        let input = Value::from([("order", 7_i64.into())]);
        assert_eq!(told(CommandKind::Activity, "charge", &input, 99), " {\"order\":7}");
        assert_eq!(told(CommandKind::Activity, "charge", &Value::Null, 99), "");
        assert_eq!(told(CommandKind::Activity, "mail", &"a@b".into(), 99), " a@b");
        let secret = Placeholder::text([7; 16], "TOKEN");
        assert_eq!(told(CommandKind::Activity, "mail", &secret.as_str().into(), 99), " ⟦secret:TOKEN⟧");
        assert_eq!(told(CommandKind::ReadFile, "a", &Value::from([("path", "a".into())]), 99), "");
    }
}
