//! What to do about a program that a run names and that there is not.

use crate::history::{Failure, Value, kind, nearest};

/// Words that the shell knows and no program is called by.
const OF_THE_SHELL: &[&str] = &[
    "[[", "alias", "cd", "eval", "export", "for", "function", "if", "read", "set", "shopt", "source", "trap",
    "ulimit", "umask", "unset", "until", "wait", "while",
];
/// What in a line belongs to the shell.
const SIGNS: &[char] = &['|', '&', ';', '<', '>', '$', '*', '~', '`', '"', '\''];

/// What to do about a failure because of a program that PATH does not have; `by_hand` where `durun exec` names it.
pub(crate) fn hints(failure: &Failure, by_hand: bool) -> Vec<String> {
    let text = |key: &str| failure.data.get(key).and_then(Value::as_text);
    if is_unstarted(failure)
        && let Some(near) = failure.message.strip_prefix("there is no program /").and_then(beside)
    {
        return vec![format!("did you mean {near}?")];
    }
    let (Some(program), Some(path)) = (text("program"), text("path")) else { return Vec::new() };
    let what = if failure.kind == kind::ACTIVITY {
        let name = text("name").unwrap_or("NAME");
        vec![format!("the cmd of [activity.{name}] in durun.toml names it")]
    } else {
        written(program, by_hand).map_or_else(Vec::new, |hint| vec![hint])
    };
    if what.is_empty() {
        return vec![
            near(program, path).map_or_else(|| absent(by_hand), |near| format!("did you mean {near}?")),
        ];
    }
    what
}

/// Whether a program was never begun: it has written nothing.
pub(crate) fn is_unstarted(failure: &Failure) -> bool {
    failure.data.get("type").and_then(Value::as_text) == Some("not_started")
}

/// The file beside a path that leads nowhere that is called most like it; the path is given without its first sign.
fn beside(path: &str) -> Option<String> {
    let path = std::path::PathBuf::from(format!("/{path}"));
    let (folder, name) = (path.parent()?, path.file_name()?.to_str()?);
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|file| file.path().is_file())
        .filter_map(|file| file.file_name().into_string().ok())
        .collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    let folder: std::path::PathBuf = folder.components().collect();
    Some(super::escape::shell(&folder.join(near).to_string_lossy()))
}

/// A line where a program alone belongs, or a word of the shell.
fn written(program: &str, by_hand: bool) -> Option<String> {
    let quoted = format!("{program:?}");
    let shell = if by_hand {
        format!("durun exec -- sh -c {}", super::escape::shell(program))
    } else {
        format!("sh({quoted})")
    };
    if OF_THE_SHELL.contains(&program.split_whitespace().next().unwrap_or_default()) {
        let line = if by_hand { "durun exec -- sh -c 'LINE'" } else { "sh(\"LINE\")" };
        return Some(format!("it is a word of the shell, and no program: {line}"));
    }
    if program.contains(SIGNS) {
        return Some(format!("a line for the shell is {shell}"));
    }
    let words: Vec<&str> = program.split_whitespace().collect();
    if words.len() < 2 {
        return None;
    }
    Some(if by_hand {
        format!("each argument is a word of its own: durun exec -- {program}")
    } else {
        let list: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        format!(
            "each argument is a text of its own: exec([{}]); a line for the shell is {shell}",
            list.join(", ")
        )
    })
}

/// The program of that PATH that is called most like it.
fn near(program: &str, path: &str) -> Option<String> {
    // To a word of one letter each other one is near.
    if program.chars().count() < 2 {
        return None;
    }
    let folders = path.split(':').filter(|folder| folder.starts_with('/'));
    let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let names: Vec<String> = files.filter_map(|file| file.file_name().into_string().ok()).collect();
    nearest(program, names.iter().map(String::as_str)).map(str::to_owned)
}

fn absent(by_hand: bool) -> String {
    let path = if by_hand { "durun exec -- /PATH/PROGRAM" } else { "exec([\"/PATH/PROGRAM\"])" };
    format!(
        "install it in that PATH, which the run recorded at its start, or name it with its path: {path}; a crontab has a short \
         PATH: put PATH=… at its top"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, program: &str, path: &str, by_hand: bool) -> String {
        let failure =
            Failure::new(kind, "").with("program", program).with("path", path).with("name", "backup");
        hints(&failure, by_hand).join("; ")
    }

    #[test]
    fn a_line_is_taken_apart_or_given_to_the_shell() {
        for (program, script, hand) in [
            (
                "ls -l",
                "each argument is a text of its own: exec([\"ls\", \"-l\"]); a line for the shell is sh(\"ls -l\")",
                "each argument is a word of its own: durun exec -- ls -l",
            ),
            (
                "ls | wc",
                "a line for the shell is sh(\"ls | wc\")",
                "a line for the shell is durun exec -- sh -c 'ls | wc'",
            ),
            (
                "cd",
                "it is a word of the shell, and no program: sh(\"LINE\")",
                "it is a word of the shell, and no program: durun exec -- sh -c 'LINE'",
            ),
        ] {
            assert_eq!(of("exec", program, "/bin", false), script);
            assert_eq!(of("exec", program, "/bin", true), hand);
        }
        assert_eq!(
            of("activity", "gti", "/bin", false),
            "the cmd of [activity.backup] in durun.toml names it"
        );
    }

    #[test]
    fn the_program_that_is_called_most_like_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["git", "gtop", "rsync"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let path = format!("/no/such:{}", folder.path().display());
        assert_eq!(of("exec", "gti", &path, false), "did you mean git?");
        assert_eq!(of("exec", "rsnyc", &path, true), "did you mean rsync?");
        assert!(of("exec", "kubectl", &path, false).contains("exec([\"/PATH/PROGRAM\"])"));
        assert!(of("exec", "kubectl", &path, true).contains("durun exec -- /PATH/PROGRAM"));
        assert_eq!(hints(&Failure::new("exec", "exit code 1"), false), Vec::<String>::new());
        let absent = |name: &str| {
            let message = format!("there is no program {}", folder.path().join(".").join(name).display());
            hints(&Failure::new("exec", message).with("type", "not_started"), true)
        };
        assert_eq!(absent("rsnyc"), [format!("did you mean {}?", folder.path().join("rsync").display())]);
        assert_eq!(absent("kubectl"), [""; 0]);
    }
}
