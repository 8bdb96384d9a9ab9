//! `durun --version --verbose`: what this program was built with; no path of the machine that built it.

use clap::error::ErrorKind;
use std::ffi::OsString;
use std::io::Write as _;

/// The facts, by name.
fn facts() -> [(&'static str, String); 7] {
    [
        ("rustc", env!("DURUN_BUILD_RUSTC").to_owned()),
        ("target", env!("DURUN_BUILD_TARGET").to_owned()),
        ("profile", env!("DURUN_BUILD_PROFILE").to_owned()),
        ("features", env!("DURUN_BUILD_FEATURES").to_owned()),
        ("commit", env!("DURUN_BUILD_COMMIT").to_owned()),
        ("oldest rustc", env!("CARGO_PKG_RUST_VERSION").to_owned()),
        ("store format", crate::store::SCHEMA.to_string()),
    ]
}

/// Prints them where the arguments ask for the version at length.
pub(crate) fn add(error: &clap::Error, arguments: &[OsString]) {
    let is_verbose = |word: &OsString| {
        let word = word.to_string_lossy();
        let short = word.starts_with('-') && !word.starts_with("--") && word.contains('v');
        word == "--verbose" || short
    };
    if error.kind() != ErrorKind::DisplayVersion || !arguments.iter().any(is_verbose) {
        return;
    }
    let told: Vec<String> = facts().iter().map(|(name, fact)| format!("{name}: {fact}")).collect();
    // Where stdout is closed nobody is listening.
    let _closed = std::io::stdout().write_all(format!("{}\n", told.join("\n")).as_bytes());
}
