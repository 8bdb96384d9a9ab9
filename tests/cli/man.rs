//! `durun man`: the manual.

use crate::harness::Home;
use std::process::{Command, Stdio};

#[test]
fn a_page_for_each_command_is_written_where_it_is_told_to() {
    let home = Home::new();
    home.durun(&["man", "--into", "share/man1"]).check();
    let pages: Vec<_> = std::fs::read_dir(home.path().join("share/man1")).expect("made").collect();
    assert!(pages.len() > 30, "{}", pages.len());
    let page = std::fs::read_to_string(home.path().join("share/man1/durun-status.1")).expect("a page");
    assert_eq!(home.durun(&["man", "status"]).stdout(), page);
    let refused = home.durun(&["man", "nothing"]).exit(2).failure();
    assert!(refused.contains("there is no command \"nothing\""), "{refused}");
    home.file("taken", "");
    let refused = home.durun(&["man", "--into", "taken/x"]).exit(74).failure();
    assert!(refused.contains("D1420"), "{refused}");
}

#[test]
fn man_itself_reads_the_pages_without_a_word() {
    if !std::path::Path::new("/usr/bin/man").exists() {
        return;
    }
    let home = Home::new();
    home.durun(&["man", "--into", "m"]).check();
    for page in ["durun.1", "durun-start.1", "durun-schedule.1"] {
        let output = Command::new("/usr/bin/man")
            .args(["--warnings=w", "-l", page])
            .env("LC_ALL", "C.UTF-8")
            .env("MANWIDTH", "80")
            .current_dir(home.path().join("m"))
            .stdin(Stdio::null())
            .output()
            .expect("runs");
        let (text, words) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(words.is_empty(), "{page}: {words}");
        assert!(text.contains("EXAMPLES") && text.contains("durun"), "{page}: {text}");
    }
}
