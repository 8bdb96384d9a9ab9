//! How a process begins: in its place, with exactly its environment, noted; or why it does not.

use super::*;
use crate::history::Value;
use std::os::unix::fs::PermissionsExt;

#[test]
fn nothing_is_inherited_but_what_is_given() {
    let mut spec = shell("env; pwd; echo \"$0 $1\"");
    spec.argv.extend(["zero".to_owned(), "a b".to_owned()]);
    spec.environment.insert("GIVEN".to_owned(), "x".to_owned());
    let said = text(&run_now(spec).stdout);
    let mut lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("_=")).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["/", "GIVEN=x", "PATH=/usr/bin:/bin", "PWD=/", "zero a b"]);
}

#[test]
fn files_of_ours_stay_ours_even_those_that_we_were_given_open() {
    let file = tempfile::tempfile().expect("a file");
    // As a careless parent of durun would hand it on.
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).expect("a flag");
    let said = text(&run_now(shell("ls /proc/self/fd")).stdout);
    // 3 takes its heartbeats, 4 is the directory that `ls` itself has open.
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
}

#[test]
fn it_is_a_group_of_its_own_that_ends_with_its_parent() {
    // Fields 1 and 5: its pid is its group.
    let said = text(&run_now(shell("cut -d' ' -f5 /proc/$$/stat; echo $$")).stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], lines[1]);
}

#[test]
fn the_note_names_the_child_before_its_program_begins_and_goes_with_it() {
    let place = tempfile::tempdir().expect("a directory");
    let note = note_path(&place.path().join("children"), 3, 7);
    assert!(note.ends_with("children/3-7"));
    let script = format!("cat {0}; echo; cut -d' ' -f1,4-6,22 /proc/$$/stat; stat -c %a {0}", note.display());
    let said = text(&run_now(ProcessSpec { note: Some(note.clone()), ..shell(&script) }).stdout);
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[0], std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("it").trim());
    let noted: Vec<&str> = lines[1].rsplit_once(')').expect("a name").1.split_whitespace().collect();
    let pid = lines[1].split(' ').next().expect("a pid");
    // Pid, parent, group, session and start time, as the kernel still tells them.
    assert_eq!([pid, noted[1], noted[2], noted[3], noted[19]].join(" "), lines[2]);
    assert_eq!(lines[3], "600");
    assert!(!note.exists());
}

#[test]
fn one_that_does_not_begin_leaves_no_note() {
    let place = tempfile::tempdir().expect("a directory");
    let note = note_path(place.path(), 3, 7);
    let script = place.path().join("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").expect("a file");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("rights");
    let argv = vec![script.display().to_string()];
    let failed = judged(CommandKind::Exec, ProcessSpec { argv, note: Some(note.clone()), ..shell("") });
    let failed = failed.expect_err("fails");
    assert!(failed.permanent);
    assert!(failed.failure.message.contains("first line"), "{}", failed.failure.message);
    assert!(!note.exists());
}

#[test]
fn a_program_that_does_not_exist_is_for_good_and_names_what_was_tried() {
    let failed = |program: &str| {
        let spec = ProcessSpec { argv: vec![program.to_owned()], ..shell("") };
        judged(CommandKind::Exec, spec).expect_err("fails")
    };
    let missing = failed("no-such-program");
    assert!(missing.permanent);
    assert_eq!(missing.failure.kind, "exec");
    assert_eq!(missing.failure.data.get("type"), Some(&Value::from("not_started")));
    assert!(missing.failure.message.contains("\"no-such-program\" in PATH (/usr/bin:/bin)"));
    assert_eq!(missing.failure.data.get("program"), Some(&Value::from("no-such-program")));
    assert_eq!(missing.failure.data.get("path"), Some(&Value::from("/usr/bin:/bin")));
    assert!(failed("/etc/passwd").failure.message.contains("chmod +x /etc/passwd"));
    assert!(failed("/etc/passwd").permanent);
    assert!(failed("a\0b").permanent);
    assert!(judged(CommandKind::Exec, ProcessSpec { argv: Vec::new(), ..shell("") }).is_err());
}

#[test]
fn a_directory_that_is_missing_may_come_back() {
    let failed = judged(CommandKind::Exec, ProcessSpec { directory: "/no/such".into(), ..shell("true") });
    let failed = failed.expect_err("fails");
    assert!(!failed.permanent);
    assert!(failed.failure.message.contains("the directory /no/such"), "{}", failed.failure.message);
}

#[test]
fn a_program_of_another_format_is_for_good() {
    let place = tempfile::tempdir().expect("a directory");
    // Another process writes it: a fork of another test beside this one would keep our file open, and busy.
    let made = std::process::Command::new("sh")
        .args(["-c", "printf '#!' >program && chmod 755 program"])
        .current_dir(place.path())
        .status();
    assert!(made.expect("runs").success());
    let argv = vec!["./program".to_owned()];
    let spec = ProcessSpec { argv, directory: place.path().to_owned(), ..shell("") };
    // Some C libraries give such a file to the shell, to whom it is an empty script.
    if let Err(failed) = judged(CommandKind::Exec, spec) {
        assert!(failed.permanent, "{failed:?}");
    }
}

#[test]
fn what_must_come_before_keeps_it_from_beginning_when_it_fails() {
    let launcher = Launcher::start().expect("starts");
    let (sender, outputs) = std::sync::mpsc::channel();
    let place = tempfile::tempdir().expect("a directory");
    let trace = place.path().join("trace");
    let before = Box::new(|| Err(LeftoverError::Alive { pid: 7 }));
    let after = Box::new(move |output: ProcessOutput| drop(sender.send(output)));
    launcher.launch(1, shell(&format!("echo > {}", trace.display())), before, after);
    let output = outputs.recv().expect("an output");
    assert!(matches!(&output.end, ProcessEnd::NotStarted(error) if error.to_string().contains("process 7")));
    assert!(!trace.exists());
}
