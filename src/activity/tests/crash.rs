//! What is left when we are killed: the kernel ends the leader, and recovery the rest of its group, and nobody else.

use super::*;
use crate::timer::{Clock, SystemClock};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const CHILDREN: &str = "DURUN_TEST_CHILDREN";
const HELPER: &str = "activity::tests::crash::helper_that_is_killed";

fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot id").trim().to_owned()
}

/// A group of its own, and a note that names it.
fn left_behind(note: &Path, script: &str) -> Child {
    let child = Command::new("sh")
        .args(["-c", script])
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("a child");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("its line");
    std::fs::write(note, format!("{}\n{stat}", boot())).expect("a note");
    child
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    line
}

fn end(mut child: Child) {
    child.kill().expect("a child");
    child.wait().expect("its status");
}

#[test]
fn what_a_crash_left_is_ended_once() {
    let place = tempfile::tempdir().expect("a directory");
    let note = note_path(place.path(), 1, 2);
    // KILL is needed for the second, and only its group tells of the third.
    let scripts = [
        format!("sleep {FOREVER} & echo $!; wait"),
        format!("trap '' TERM; sleep {FOREVER} & echo $!; wait; sleep {FOREVER}"),
    ];
    for script in scripts {
        let mut child = left_behind(&note, &script);
        let grandchild = first_line(&mut child);
        end_leftover(&note, &Hurried).expect("ends it");
        assert!(!lives(&child.id().to_string()) && !lives(&grandchild));
        assert!(!note.exists());
        child.wait().expect("its status");
    }
    end_leftover(&note, &SystemClock).expect("nothing left is no error");
}

/// A clock on which the grace passes forty times as fast.
struct Hurried;

impl Clock for Hurried {
    fn now(&self) -> crate::history::Moment {
        SystemClock.now()
    }
    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() * 40
    }
    fn pause(&self, time: Duration) {
        SystemClock.pause(time);
    }
}

#[test]
fn a_group_whose_leader_is_gone_is_ended() {
    let place = tempfile::tempdir().expect("a directory");
    let note = note_path(place.path(), 1, 2);
    let mut child = left_behind(&note, &format!("sleep 0.1; sleep {FOREVER} & echo $!"));
    let grandchild = first_line(&mut child);
    child.wait().expect("its status");
    assert!(lives(&grandchild));
    end_leftover(&note, &SystemClock).expect("ends it");
    assert!(!lives(&grandchild) && !note.exists());
}

#[test]
fn a_stranger_is_left_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let note = note_path(place.path(), 1, 2);
    let child = left_behind(&note, &format!("exec sleep {FOREVER}"));
    let good = std::fs::read_to_string(&note).expect("a note");
    let (boot_line, stat) = good.split_once('\n').expect("two lines");
    let (name, fields) = stat.rsplit_once(')').expect("a name");
    let changed = |place: usize, value: &str| {
        let mut fields: Vec<&str> = fields.split_whitespace().collect();
        fields[place] = value;
        format!("{boot_line}\n{name}) {}", fields.join(" "))
    };
    let bystander = left_behind(&note_path(place.path(), 1, 3), &format!("exec sleep {FOREVER}"));
    let own_group = Stat::own().expect("a process").group.to_string();
    let strangers = [
        format!("another boot\n{stat}"),
        // Another start time: the pid was given again.
        changed(19, "1"),
        // A group that is not that of the process, and is ours.
        changed(2, &own_group),
        // A group that is not that of the process, and is somebody's.
        changed(2, &bystander.id().to_string()),
        String::new(),
        "no\nsense 1 2 3".to_owned(),
        format!("{boot_line}\n-1 (x) S 0 -1 -1"),
        good.chars().take(60).collect(),
    ];
    for stranger in strangers {
        std::fs::write(&note, &stranger).expect("a note");
        end_leftover(&note, &SystemClock).expect("reads it");
        assert!(lives(&child.id().to_string()), "{stranger}");
        assert!(lives(&bystander.id().to_string()), "{stranger}");
        assert!(!note.exists(), "{stranger}");
    }
    std::fs::write(&note, b"\xff\xfe\n\xff").expect("a note");
    end_leftover(&note, &SystemClock).expect("reads it");
    end(child);
    end(bystander);
}

#[test]
fn a_group_of_another_session_that_got_the_number_is_left_alone() {
    let place = tempfile::tempdir().expect("a directory");
    let note = note_path(place.path(), 1, 2);
    let mut child = left_behind(&note, &format!("sleep 0.1; sleep {FOREVER} & echo $!"));
    let grandchild = first_line(&mut child);
    child.wait().expect("its status");
    let good = std::fs::read_to_string(&note).expect("a note");
    let (head, fields) = good.rsplit_once(')').expect("a name");
    let mut fields: Vec<&str> = fields.split_whitespace().collect();
    fields[3] = "2";
    std::fs::write(&note, format!("{head}) {}", fields.join(" "))).expect("a note");
    end_leftover(&note, &SystemClock).expect("reads it");
    assert!(lives(&grandchild));
    std::fs::write(&note, &good).expect("a note");
    end_leftover(&note, &SystemClock).expect("ends it");
    assert!(!lives(&grandchild));
}

/// No test by itself: the process that the next one kills. It launches a child and waits for its own end.
#[test]
fn helper_that_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "how the test speaks with its helper")]
    let Ok(children) = std::env::var(CHILDREN) else { return };
    let launcher = Launcher::start().expect("starts");
    let script = format!("sleep {FOREVER} & echo $! > ../grandchild; echo $$ > ../leader; echo go >&2; wait");
    let spec = ProcessSpec {
        directory: PathBuf::from(&children),
        note: Some(note_path(Path::new(&children), 4, 5)),
        on_line: Some(std::sync::Arc::new(|_, line| println!("{line}"))),
        ..shell(&script)
    };
    let (sender, ended) = std::sync::mpsc::channel();
    launcher.launch(
        1,
        spec,
        Box::new(|| Ok(())),
        Box::new(move |_| sender.send(()).expect("somebody waits")),
    );
    ended.recv().expect("it ended");
}

#[test]
fn after_kill_9_the_leader_ends_at_once_and_recovery_ends_the_rest() {
    let place = tempfile::tempdir().expect("a directory");
    let children = place.path().join("children");
    std::fs::create_dir(&children).expect("a folder");
    let mut helper = Command::new(std::env::current_exe().expect("this program"))
        .args([HELPER, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILDREN, &children)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the helper");
    let mut lines = BufReader::new(helper.stdout.take().expect("a pipe")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.ends_with("go"))), "its child began");
    helper.kill().expect("the helper");
    helper.wait().expect("its status");
    let pid = |name: &str| std::fs::read_to_string(place.path().join(name)).expect("a pid");
    let began = SystemClock.monotonic();
    while lives(&pid("leader")) {
        let passed = SystemClock.monotonic().saturating_sub(began);
        assert!(passed < Duration::from_secs(30), "the leader outlives us");
        SystemClock.pause(Duration::from_millis(2));
    }
    assert!(lives(&pid("grandchild")), "which the kernel does not end");
    end_leftover(&note_path(&children, 4, 5), &SystemClock).expect("ends it");
    assert!(!lives(&pid("grandchild")));
    assert!(!note_path(&children, 4, 5).exists());
}
