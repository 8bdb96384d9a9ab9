//! The reference of the command line is what `--help` says. `DURUN_BLESS=1` writes it anew.

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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/cli.md");
    let written = std::fs::read_to_string(&path).expect("the reference");
    let (before, now) = written.split_at(written.find(FIRST).expect("its first part"));
    if std::env::var_os("DURUN_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{made}")).expect("writes");
    } else {
        assert!(now == made, "docs/reference/cli.md is not what --help says; DURUN_BLESS=1 writes it anew");
    }
}
