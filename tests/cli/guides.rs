//! The console blocks of guides are executed line by line; what they say is what the program says.
//!
//! `$ ` begins a command, `> ` goes on with it, all else is what it prints on both streams. `…` stands for any text within a
//! line; alone on a line, for any lines.

use super::harness::Home;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

const CRONTAB: &str = "#!/bin/sh
case \"$1\" in
-l) [ -f \"$HOME/.table\" ] || { echo \"no crontab for me\" >&2; exit 1; }; cat \"$HOME/.table\" ;;
-) cat >\"$HOME/.table\" ;;
esac
";

/// A command of a guide, where it stands, and what it is to print.
struct Told {
    line: usize,
    command: String,
    printed: Vec<String>,
}

fn read(text: &str) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    let mut is_console = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_console = line == "```console";
            continue;
        }
        if !is_console {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            all.push(Told { line: index + 1, command: command.to_owned(), printed: Vec::new() });
        } else {
            let told = all.last_mut().expect("a command comes first");
            match line.strip_prefix("> ") {
                Some(more) => told.command = format!("{}\n{more}", told.command),
                None => told.printed.push(line.to_owned()),
            }
        }
    }
    all
}

/// Whether the lines are those that are expected.
fn fits(expected: &[String], printed: &[&str]) -> bool {
    match expected {
        [] => printed.is_empty(),
        [first, rest @ ..] if first == "…" => (0..=printed.len())
            .any(|skipped| printed.get(skipped..).is_some_and(|printed| fits(rest, printed))),
        [first, rest @ ..] => match printed {
            [line, others @ ..] => line_fits(first, line) && fits(rest, others),
            [] => false,
        },
    }
}

fn line_fits(expected: &str, line: &str) -> bool {
    let mut pieces = expected.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.trim_end().is_empty() };
    for piece in middle {
        let Some(place) = rest.find(piece) else { return false };
        rest = &rest[place + piece.len()..];
    }
    rest.trim_end().ends_with(last.trim_end())
}

fn executed(guide: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides").join(guide);
    let commands = read(&std::fs::read_to_string(&path).expect("the guide"));
    assert!(commands.len() > 10, "only {} commands: does the reading still work?", commands.len());
    let home = Home::new();
    home.file("bin/crontab", CRONTAB);
    let crontab = home.path().join("bin/crontab");
    std::fs::set_permissions(crontab, std::fs::Permissions::from_mode(0o755)).expect("set");
    let program = Path::new(env!("CARGO_BIN_EXE_durun")).parent().expect("a folder").to_owned();
    let search = format!("{}:{}:/usr/bin:/bin", home.path().join("bin").display(), program.display());
    for told in commands {
        let output = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("exec 2>&1\n{}", told.command))
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", &search)
            .current_dir(home.path())
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<&str> = printed.lines().collect();
        assert!(
            fits(&told.printed, &lines),
            "{guide}:{}: $ {}\nit says:\n{}\nit printed:\n{printed}",
            told.line,
            told.command,
            told.printed.join("\n"),
        );
    }
}

#[test]
fn the_guide_of_crontabs_says_what_happens() {
    executed("cron.md");
}

#[test]
fn what_a_guide_says_is_compared_to_the_end() {
    let fits = |expected: &str, printed: &str| {
        let expected: Vec<String> = expected.lines().map(str::to_owned).collect();
        fits(&expected, &printed.lines().collect::<Vec<_>>())
    };
    for (expected, printed) in
        [("a", "a"), ("", ""), ("a … c", "a b c"), ("…\nc", "a\nb\nc"), ("a\n…", "a"), ("…z", "yz")]
    {
        assert!(fits(expected, printed), "{expected:?} {printed:?}");
    }
    for (expected, printed) in
        [("a", "b"), ("a", ""), ("", "a"), ("a …c", "a b"), ("…\nc", "a\nb"), ("a", "a\nb"), ("a…", "b")]
    {
        assert!(!fits(expected, printed), "{expected:?} {printed:?}");
    }
}
