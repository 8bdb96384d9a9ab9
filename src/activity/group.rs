//! A process group: who is in it, and signals to all of it.

use rustix::process::{Pid, Signal};
use std::time::Duration;

/// What `/proc/<pid>/stat` says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(super) pid: i32,
    state: String,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// When it began, in clock ticks since boot: with the pid it names a process for as long as the machine is up.
    pub(super) began: u64,
}

impl Stat {
    /// Reads such a line: fields 1, 3, 5, 6 and 22 of proc(5). The name in parentheses may hold anything.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (pid, _) = line.split_once(' ')?;
        let (_, after_name) = line.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
        Some(Self {
            pid: pid.parse().ok()?,
            state: (*fields.first()?).to_owned(),
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            began: fields.get(19)?.parse().ok()?,
        })
    }

    /// That of this process. It says 0 of a group or session that has no number here, as where a container was entered from
    /// outside; system calls whose answer is taken for a pid cannot.
    pub(crate) fn own() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// That of a process; nothing where there is none.
    pub(super) fn of(pid: i32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Whether it runs no more and only waits for somebody to take its exit status.
    fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "Z" | "X" | "x")
    }
}

/// A process group that is not ours, named by its leader's pid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group(Pid);

impl Group {
    /// The group of a leader. Nothing where the number can name no child's group: our own, that of init, or all processes.
    pub(super) fn led_by(pid: i32) -> Option<Self> {
        let is_ours = Stat::own().is_some_and(|own| own.group == pid);
        Some(pid).filter(|pid| *pid > 1 && !is_ours).and_then(Pid::from_raw).map(Self)
    }

    /// Sends a signal to all of it. A group that is gone is no error: that is what was wanted.
    pub(super) fn signal(self, signal: Signal) {
        let _gone = rustix::process::kill_process_group(self.0, signal);
    }

    /// Its processes that still run.
    pub(super) fn living(self) -> Vec<Stat> {
        if rustix::process::test_kill_process_group(self.0) == Err(rustix::io::Errno::SRCH) {
            return Vec::new();
        }
        // The kernel counts those that are over as well, and where init takes no exit statuses they stay for ever.
        let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
        let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(Stat::of)
            .filter(|stat| stat.group == self.0.as_raw_pid() && !stat.is_over())
            .collect()
    }

    /// Waits until none of its processes runs any more.
    pub(super) async fn emptied(self) {
        let mut pause = Duration::from_millis(1);
        while !self.living().is_empty() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_name() {
        let line = "42 (a) b (c)) S 1 41 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0";
        let stat = Stat::parse(line).expect("a process");
        assert_eq!((stat.pid, stat.group, stat.session, stat.began), (42, 41, 40, 777));
        assert!(!stat.is_over());
        assert!(Stat::parse(&line.replace(" S ", " Z ")).expect("a process").is_over());
        for garbage in ["", "garbage", "42 (a) S 1 41", "x (a) S 1 41 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777"]
        {
            assert_eq!(Stat::parse(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn no_number_names_all_processes_init_or_ourselves() {
        let ours = Stat::own().expect("a process").group;
        for pid in [i32::MIN, -1, 0, 1, ours] {
            assert_eq!(Group::led_by(pid), None, "{pid}");
        }
        assert!(Group::led_by(ours.max(1) + 1).is_some());
    }

    #[test]
    fn a_group_without_processes_is_empty_and_ours_is_not() {
        let ours = Pid::from_raw(Stat::own().expect("a process").group);
        assert!(ours.is_none_or(|ours| !Group(ours).living().is_empty()));
        // The largest pid that Linux can give is 2²², so this names nobody.
        assert!(Group::led_by(i32::MAX).expect("a number").living().is_empty());
    }
}
