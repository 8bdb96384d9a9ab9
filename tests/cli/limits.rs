//! Scripts that would take all memory, all time or the whole stack are stopped within two seconds of processor time and a bound of memory.

use durun::timer::{Clock as _, SystemClock};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What one script came to.
struct Came {
    code: Option<i32>,
    told: String,
    spent: Duration,
    /// The most resident memory that was seen, in kilobytes.
    peak: u64,
}

/// Starts a script in a process of its own, for memory and processor time are counted by process.
fn start(place: &Path, text: &str) -> Came {
    let script = place.join("hostile.rhai");
    std::fs::write(&script, text).expect("a script");
    let child = Command::new(env!("CARGO_BIN_EXE_durun"))
        .env_clear()
        .env("HOME", place)
        .env("PATH", "/usr/bin:/bin")
        .args(["--store".as_ref(), place.join("store").as_os_str(), "start".as_ref(), script.as_os_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(place.join("told")).expect("a file"))
        .spawn()
        .expect("runs");
    // It has ended and is not yet forgotten: the system still tells what it took.
    let pid = Pid::from_child(&child);
    let over = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let mut peak = 0;
    while waitid(WaitId::Pid(pid), over).expect("it may be asked").is_none() {
        peak = peak_memory(pid).map_or(peak, |now| peak.max(now));
        SystemClock.pause(Duration::from_millis(2));
    }
    let spent = processor_time(pid);
    let code = child.wait_with_output().expect("it ended").status.code();
    Came { code, told: std::fs::read_to_string(place.join("told")).expect("text"), spent, peak }
}

/// The most that it ever had, in kilobytes; nothing once it has ended.
fn peak_memory(pid: Pid) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn processor_time(pid: Pid) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).expect("it is there");
    let (_name, numbers) = stat.rsplit_once(')').expect("a name in brackets");
    let mut times = numbers.split_whitespace().skip(11).map(|n| n.parse::<u64>().expect("a number"));
    let ticks = times.next().expect("that of itself") + times.next().expect("that of the system");
    // The system tells hundredths of seconds here, whatever its clock does.
    Duration::from_millis(ticks * 10)
}

/// 256 MiB for the script, which may hold 64 of them and make four times as much in one operation; the rest is the program itself.
const MOST_MEMORY: u64 = (256 + 32) * 1024;
/// Two seconds of the program as it is handed out; a debug build takes ten times as long.
const MOST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });

fn ends(text: &str, code: i32, with: &str) {
    let place = tempfile::tempdir().expect("a directory");
    let came = start(place.path(), text);
    let shown: String = text.chars().take(120).collect();
    assert_eq!(came.code, Some(code), "{shown}: {}", came.told);
    assert!(came.told.contains(with), "{shown}: {}", came.told);
    assert!(came.spent <= MOST, "{shown} took {:?}", came.spent);
    assert!(came.peak <= MOST_MEMORY, "{shown} had {} kB of memory", came.peak);
}

#[test]
fn a_script_that_takes_ever_more_memory_is_stuck_and_cannot_catch_it() {
    for text in [
        "let s = \"x\"; loop { s += s; }",
        "let s = \"x\"; try { loop { s += s; } } catch (e) { } 5",
        "let v = [1]; loop { v += v; }",
        "let v = [1, 2, 3]; loop { v = [v, v]; }",
        "let s = \"x\"; loop { s = `${s}${s}`; }",
        "let b = blob(1000000, 1); loop { b += b; }",
        "step(\"s\", || { let s = \"x\"; loop { s += s; } })",
    ] {
        ends(text, 8, "64 MiB of memory");
    }
    for text in ["let s = \"x\"; s.pad(2000000000, \"y\"); s", "blob(2000000000)"] {
        ends(text, 8, "64 MiB in one call");
    }
}

#[test]
fn a_script_that_never_ends_is_stuck_wherever_it_stands() {
    for text in [
        "loop {}",
        "loop { try { loop {} } catch (e) { } }",
        "let v = [3, 2, 1]; try { v.sort(|a, b| { loop {} }); } catch (e) { 5 }",
        "step(\"s\", || { loop {} })",
        "wait_until(|| { loop {} })",
        "let s = strand(|| { loop {} }); s.join()",
    ] {
        ends(text, 8, "too many operations");
    }
    for text in
        ["fn f(n) { f(n + 1) } f(0)", "let g = |n, g| g.call(n + 1, g); try { g.call(0, g) } catch { }"]
    {
        ends(text, 8, "calls are nested more than 32 deep");
    }
}

#[test]
fn values_that_nest_ever_deeper_do_not_end_the_process() {
    for text in [
        "let m = #{}; loop { m.x = m; }",
        "let a = []; for i in 0..90000 { a = [a]; } a",
        "let a = [0]; for i in 0..90000 { a.push([a.pop()]); } print(a)",
        "step(\"s\", || { let a = []; for i in 0..90000 { a = [a]; } a == a })",
    ] {
        ends(text, 8, "nested more than 1000 deep");
    }
    ends("let a = []; for i in 0..900 { a = [a]; } a", 8, "nested more than 64 deep");
    ends("let s = \"\"; s.pad(100000, \"[\"); parse_json(s)", 1, "recursion limit exceeded");
}

#[test]
fn a_text_that_nests_too_deep_or_is_too_long_is_no_script() {
    let deep = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000))
    };
    for text in [
        deep("(", "1", ")"),
        deep("[", "1", "]"),
        deep("!", "true", ""),
        deep("", "\"x\"", ".trim()"),
        deep("", "[1]", ".map(|x| x)"),
        deep("", "if false { 1 }", " else if false { 1 }"),
        deep("`${", "1", "}`"),
        deep("", "1", " + 1"),
    ] {
        ends(&text, 2, "exceeds maximum complexity");
    }
    ends(&format!("\"{}\"", "x".repeat(20_000_000)), 2, "a script has at most 4194304");
    ends("eval(\"1\")", 2, "'eval' is disabled");
    ends("import \"../../../etc/passwd\" as x; 1", 2, "imports stay inside the script's");
}

/// What is long and harmless stays so: half a second of processor time, and a sleep that takes none.
#[test]
fn what_is_only_much_is_done() {
    ends("let a = []; for i in 0..100000 { a.push(i); } a.len()", 0, "");
    ends("sleep(\"1s\"); sleep(1)", 0, "");
}
