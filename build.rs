//! Tells the program what it was built with: `durun --version --verbose`.

use std::io::Write as _;
use std::process::Command;

fn main() {
    let told = |name: &str| {
        std::env::var_os(name).and_then(|text| text.into_string().ok()).filter(|it| !it.is_empty())
    };
    let rustc = told("RUSTC").and_then(|rustc| Command::new(rustc).arg("--version").output().ok());
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let facts = [
        ("RUSTC", rustc),
        ("TARGET", told("TARGET")),
        ("PROFILE", told("PROFILE")),
        ("FEATURES", told("CARGO_CFG_FEATURE").map(|features| features.replace(',', ", "))),
        // Said by who builds, or by the package of a release: looking into a repository would build anew at each commit.
        ("COMMIT", told("DURUN_COMMIT").or_else(commit_of_package)),
    ];
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| drop(writeln!(out, "{line}"));
    say("cargo:rerun-if-changed=build.rs".to_owned());
    say("cargo:rerun-if-env-changed=DURUN_COMMIT".to_owned());
    for (name, fact) in facts {
        say(format!("cargo:rustc-env=DURUN_BUILD_{name}={}", fact.unwrap_or_else(|| "unknown".to_owned())));
    }
}

/// What cargo has written into a packed release.
fn commit_of_package() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let hash = text.split_once("\"sha1\"")?.1.split('"').nth(1)?;
    Some(hash.to_owned()).filter(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
