//! What to do about a program that a run names and that there is not.

use super::escape::shell;
use crate::history::{Failure, RunId, Value, kind};

/// Words that the shell knows and no program is called by.
const OF_THE_SHELL: &[&str] = &[
    "[[", "alias", "cd", "eval", "export", "for", "function", "if", "read", "set", "shopt", "source", "trap",
    "ulimit", "umask", "unset", "until", "wait", "while",
];
/// What in a line belongs to the shell.
const SIGNS: &[char] = &['|', '&', ';', '<', '>', '$', '*', '~', '`', '"', '\''];

/// What to do about a failure because of a program that PATH does not have: of that run, with its script as it is typed, which is
/// nothing where `durun exec` names the program.
pub(crate) fn hints(failure: &Failure, (id, script): (&RunId, Option<&str>)) -> Vec<String> {
    let text = |key: &str| failure.data.get(key).and_then(Value::as_text);
    if is_unstarted(failure)
        && let Some(near) = failure.message.strip_prefix("there is no program /").and_then(beside)
    {
        return vec![format!("did you mean {near}?")];
    }
    let (Some(program), Some(path)) = (text("program"), text("path")) else { return Vec::new() };
    if failure.kind == kind::ACTIVITY {
        let name = text("name").unwrap_or("NAME");
        return vec![
            format!("the cmd of [activity.{name}] in durun.toml names it"),
            absent("name it there with its path"),
        ];
    }
    if let Some(hint) = written(program, script.is_none()) {
        return vec![hint];
    }
    let mend = match script {
        Some(file) => format!(
            "name it in the script with its path, exec([\"/PATH/PROGRAM\"]), and go on under that: durun retry {id} --script {file}"
        ),
        None => "name it with its path: durun exec -- /PATH/PROGRAM".to_owned(),
    };
    near(program, path)
        .map(|near| format!("did you mean {near}?"))
        .into_iter()
        .chain([absent(&mend)])
        .collect()
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
    let near = likest(name, &names)?;
    let folder: std::path::PathBuf = folder.components().collect();
    Some(shell(&folder.join(near).to_string_lossy()))
}

/// The name that is hardly another one: there are so many that some other is always a little like it.
fn likest<'n>(name: &str, names: &'n [String]) -> Option<&'n str> {
    const LONG: usize = 7;
    let most = if name.chars().count() < LONG { 1 } else { 2 };
    let near = names.iter().map(|other| (strsim::damerau_levenshtein(name, other), other.as_str()));
    near.filter(|(edits, _)| *edits <= most).min().map(|(_, other)| other)
}

/// A line where a program alone belongs, or a word of the shell.
fn written(program: &str, by_hand: bool) -> Option<String> {
    let quoted = format!("{program:?}");
    let line =
        if by_hand { format!("durun exec -- sh -c {}", shell(program)) } else { format!("sh({quoted})") };
    if OF_THE_SHELL.contains(&program.split_whitespace().next().unwrap_or_default()) {
        let other = if by_hand { "durun exec -- sh -c 'LINE'" } else { "sh(\"LINE\")" };
        return Some(format!("it is a word of the shell, and no program: {other}"));
    }
    if program.contains(SIGNS) {
        return Some(format!("a line for the shell is {line}"));
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
            "each argument is a text of its own: exec([{}]); a line for the shell is {line}",
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
    likest(program, &names).map(str::to_owned)
}

/// What helps where the PATH of the run does not have a program, which may be another by now.
fn absent(mend: &str) -> String {
    format!(
        "that is the PATH that the run recorded at its start, whatever PATH is by now: install it in a folder of that; or {mend}; or \
         start a new run; a crontab has a short PATH: put PATH=… at its top"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, program: &str, path: &str, by_hand: bool) -> String {
        let failure =
            Failure::new(kind, "").with("program", program).with("path", path).with("name", "backup");
        let id = RunId::parse("one").expect("an id");
        hints(&failure, (&id, if by_hand { None } else { Some("s.rhai") })).join("; ")
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
        let told = of("activity", "gti", "/bin", false);
        assert!(
            told.starts_with("the cmd of [activity.backup] in durun.toml names it; that is the PATH "),
            "{told}"
        );
    }

    #[test]
    fn the_program_that_is_called_most_like_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["git", "gtop", "rsync", "keytool", "terraform"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let path = format!("/no/such:{}", folder.path().display());
        for (name, near) in [
            ("gti", Some("git")),
            ("rsnyc", Some("rsync")),
            ("rsnycc", None),
            ("terafrm", Some("terraform")),
            ("mytool", None),
            ("kubectl", None),
        ] {
            let near = near.map_or_else(String::new, |near| format!("did you mean {near}?; "));
            for by_hand in [false, true] {
                let told = of("exec", name, &path, by_hand);
                assert!(
                    told.starts_with(&format!("{near}that is the PATH that the run recorded ")),
                    "{told}"
                );
                let mend = if by_hand {
                    "durun exec -- /PATH/PROGRAM; "
                } else {
                    "durun retry one --script s.rhai; "
                };
                assert!(told.contains(mend), "{told}");
            }
        }
        let id = RunId::parse("one").expect("an id");
        assert_eq!(hints(&Failure::new("exec", "exit code 1"), (&id, None)), Vec::<String>::new());
        let absent = |name: &str| {
            let message = format!("there is no program {}", folder.path().join(".").join(name).display());
            hints(&Failure::new("exec", message).with("type", "not_started"), (&id, None))
        };
        assert_eq!(absent("rsnyc"), [format!("did you mean {}?", folder.path().join("rsync").display())]);
        assert_eq!(absent("kubectl"), [""; 0]);
    }
}
