//! Scripts that would take all memory or all time are stopped, and nothing is lost.

use std::process::Command;

/// Memory is counted by process, so each of these has one of its own.
#[test]
fn a_script_that_takes_ever_more_memory_is_stuck_and_cannot_catch_it() {
    let place = tempfile::tempdir().expect("a directory");
    for (number, text) in [
        "let s = \"x\"; loop { s += s; }",
        "let s = \"x\"; try { loop { s += s; } } catch (e) { } 5",
        "let v = [1]; loop { v += v; }",
        "let v = [1, 2, 3]; loop { v = [v, v]; }",
        "let s = \"x\"; loop { s = `${s}${s}`; }",
        "let b = blob(1000000, 1); loop { b += b; }",
        "step(\"s\", || { let s = \"x\"; loop { s += s; } })",
    ]
    .iter()
    .enumerate()
    {
        let script = place.path().join(format!("{number}.rhai"));
        std::fs::write(&script, text).expect("a script");
        let output = Command::new(env!("CARGO_BIN_EXE_durun"))
            .env_clear()
            .env("HOME", place.path())
            .env("PATH", "/usr/bin:/bin")
            .args([
                "--store".as_ref(),
                place.path().join("store").as_os_str(),
                "start".as_ref(),
                script.as_os_str(),
            ])
            .output()
            .expect("runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(8), "{text}: {told}");
        assert!(told.contains("256 MiB of memory"), "{text}: {told}");
    }
}
