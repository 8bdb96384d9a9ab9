//! The references of the command line and of its errors are what the program says. `DURUN_BLESS=1` writes them anew.

use crate::harness::Home;
use std::fmt::Write as _;
use std::path::Path;

/// Where the part begins that is made from `--help`.
const FIRST: &str = "## durun\n";

/// The commands that `durun --help` lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list");
    let word = |line: &str| line.split_whitespace().next().map(str::to_owned);
    // What a command says on a second line is indented further.
    listed.lines().filter(|line| !line.starts_with("    ")).filter_map(word).collect()
}

#[test]
fn the_reference_of_the_command_line_says_what_help_says() {
    let home = Home::new();
    let help = home.durun(&["--help"]).stdout();
    let mut made = format!("{FIRST}\n```text\n{help}```\n");
    for command in commands(&help) {
        let text = home.durun(&[&command, "--help"]).stdout();
        write!(made, "\n## {command}\n\n```text\n{text}```\n").expect("a text");
    }
    same("cli.md", FIRST, &made);
}

/// The part of a reference that begins with `first` is what was made.
fn same(file: &str, first: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference").join(file);
    let written = std::fs::read_to_string(&path).expect("the reference");
    let (before, now) = written.split_at(written.find(first).expect("its first part"));
    if std::env::var_os("DURUN_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{made}")).expect("writes");
    } else {
        assert!(now == made, "{} is not what the program says; DURUN_BLESS=1 writes it anew", path.display());
    }
}

#[test]
fn the_reference_of_errors_says_what_explain_says() {
    let listed = Home::new().durun(&["explain", "-o", "jsonl"]).stdout();
    let mut made = "## Codes\n".to_owned();
    for line in listed.lines() {
        let code: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let field = |name: &str| code[name].as_str().expect("a text").to_owned();
        write!(made, "\n### {}: {}\n\n{}\n", field("code"), field("title"), field("text")).expect("a text");
    }
    assert!(made.len() > 10_000, "only {} bytes", made.len());
    same("errors.md", "## Codes\n", &made);
}

#[test]
fn the_signatures_of_host_functions_are_those_of_the_code() {
    let signatures = durun::script::host_signatures();
    let told =
        "As the engine has them; `?` is any value. `durun init` writes them as definitions for an editor.";
    same(
        "host-functions.md",
        "## Signatures\n",
        &format!("## Signatures\n\n{told}\n\n```rust\n{signatures}```\n"),
    );
}
