//! What another user, a hostile name or hostile text can do: nothing.

use crate::world::{World, kill, told};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

const WAITS: &str = "publish(\"n\", 1);\nexec([\"echo\", \"hello\"]);\nwait_signal(\"go\")\n";

/// The same command, in a shell with this umask.
fn under_umask(umask: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(command.get_program());
    shell.args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell
}

/// Every file below, with its rights.
fn rights(path: &Path, found: &mut Vec<(String, u32)>) {
    let facts = path.symlink_metadata().expect("is there");
    found.push((path.display().to_string(), facts.permissions().mode() & 0o7777));
    if facts.is_dir() {
        for entry in fs::read_dir(path).expect("lists") {
            rights(&entry.expect("an entry").path(), found);
        }
    }
}

#[test]
fn under_any_umask_store_and_socket_are_for_their_user_alone() {
    for umask in ["000", "022", "077"] {
        let world = World::new();
        let script = world.write("waits.rhai", WAITS);
        let child =
            crate::world::begin(&mut under_umask(umask, &world.command(&["start", &script, "--id", "w"])));
        world.until_waits_for("w", "wait_signal");
        let mut found = Vec::new();
        rights(&world.path("store"), &mut found);
        for name in ["store.redb", "owner.lock", "sock", ".lock", "workers", "output/"] {
            assert!(found.iter().any(|(path, _)| path.contains(name)), "{name}: {found:?}");
        }
        let wide: Vec<_> = found.iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
        assert!(wide.is_empty(), "umask {umask}: {wide:?}");
        assert!(kill(child));
    }
}

#[test]
fn a_store_that_others_could_replace_or_that_is_not_ours_is_refused() {
    let world = World::new();
    let script = world.write("one.rhai", "1");
    let open = world.path("open");
    fs::create_dir(&open).expect("made");
    fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).expect("rights");
    let place = open.join("store").display().to_string();
    let said = world.run(&["start", &script, "--id", "a", "--store", &place]);
    assert_eq!(said.code, Some(77), "{said:?}");
    assert!(said.err.contains("error[D0612]") && said.err.contains("type: chmod o-w"), "{}", said.err);
    assert!(!Path::new(&place).exists(), "nothing was made");
    fs::set_permissions(&open, PermissionsExt::from_mode(0o1777)).expect("rights");
    world.good(&["start", &script, "--id", "a", "--store", &place]);

    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(open.join("store"), Some(4242), None).expect("given away");
        let said = world.run(&["list", "--store", &place]);
        assert_eq!(said.code, Some(77), "{said:?}");
        assert!(said.err.contains("belongs to user 4242"), "{}", said.err);
        // Nor does who completes a word look into it.
        let line = format!("durun status --store {place} ");
        let at = line.len().to_string();
        let words = ["complete", "bash", "--line", &line, "--cursor", &at, "--part", ""];
        assert_eq!(world.good(&words), "");
        std::os::unix::fs::chown(open.join("store"), Some(0), None).expect("taken back");
        assert_eq!(world.good(&words), "a");
    }
}

/// A directory of something else keeps its rights: nobody is locked out of it for the sake of a store.
#[test]
fn a_directory_that_others_use_does_not_become_a_store() {
    let world = World::new();
    let script = world.write("one.rhai", "1");
    let www = world.path("www");
    fs::create_dir(&www).expect("made");
    fs::write(www.join("index.html"), "").expect("written");
    fs::set_permissions(&www, PermissionsExt::from_mode(0o755)).expect("rights");
    let place = www.display().to_string();
    let said = world.run(&["start", &script, "--store", &place]);
    assert_eq!(said.code, Some(77), "{said:?}");
    assert!(
        said.err.contains("error[D0612]") && said.err.contains(&format!("--store {place}/store")),
        "{said:?}"
    );
    assert_eq!(www.metadata().expect("is there").permissions().mode() & 0o7777, 0o755);
    world.good(&["start", &script, "--store", &format!("{place}/store")]);
}

#[test]
fn no_id_leads_out_of_the_store_and_no_import_or_activity_out_of_the_folder() {
    let world = World::new();
    let folder = world.path("in");
    fs::create_dir_all(folder.join("activities")).expect("made");
    let canary = world.write("outside.rhai", "fn leak() { \"leaked\" }");
    symlink(&canary, folder.join("link.rhai")).expect("linked");
    symlink("/bin/echo", folder.join("activities/link")).expect("linked");
    let good = world.write("in/good.rhai", "1");
    for id in ["../x", "..", ".", "/x", "a/b", "a/../../x", "-x", "a\nb", "a\u{1b}[2J", "%2e%2e", "a\\b", "ä"]
    {
        for words in [
            &["status", "--", id][..],
            &["signal", "--", id, "s"],
            &["result", "--", id],
            &["history", "--", id],
        ] {
            let said = world.run(words);
            assert!(matches!(said.code, Some(2 | 4)), "{words:?}: {said:?}");
        }
        let said = world.run(&["start", &good, &format!("--id={id}")]);
        assert_eq!(said.code, Some(2), "{id:?}: {said:?}");
    }
    for import in ["../outside", "/etc/passwd", "link", "./../outside", "a/../../outside", "outside\\x00"] {
        let script = world.write("in/import.rhai", &format!("import \"{import}\" as o;\no::leak()"));
        let said = world.run(&["start", &script]);
        assert!(matches!(said.code, Some(2 | 66)), "{import}: {said:?}");
        assert!(!said.out.contains("leaked") && !said.err.contains("leaked"), "{said:?}");
    }
    for activity in ["../../bin/echo", "/bin/echo", "link", "..", "a/b", "-rf", "echo\\x00"] {
        let text = format!(
            "let said = \"\"; try {{ said = activity(\"{activity}\", \"leaked\"); }} catch (error) {{ said = `refused: ${{error}}`; }}\nsaid"
        );
        let script = world.write("in/activity.rhai", &text);
        let said = world.run(&["start", &script]);
        assert!(said.out.contains("refused: ") && !said.out.contains("\"leaked\""), "{activity}: {said:?}");
    }
}

/// What a command shows where stdout and stderr are one terminal.
fn shown(world: &World, words: &[&str]) -> Vec<u8> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("ready");
    let name = ptsname(&ours, Vec::new()).expect("its name");
    let end = || File::options().write(true).open(OsStr::from_bytes(name.to_bytes())).expect("its other end");
    let mut command = world.command(words);
    command.env("TERM", "xterm-256color").stdout(end()).stderr(end());
    let mut child = command.spawn().expect("begins");
    drop(command);
    let mut seen = Vec::new();
    // A terminal whose other end is closed is an error on Linux, and the end here.
    let _closed = File::from(ours).read_to_end(&mut seen);
    child.wait().expect("ends");
    seen
}

/// Sets a title, clears the screen, writes backwards; a C1 command; a bell.
const NASTY: &str = "\\x1b]0;pwned\\x07\\x1b[2J\\u202e\\u009b2J\\r";

fn assert_harmless(words: &[&str], seen: &[u8]) {
    let text = String::from_utf8_lossy(seen);
    for bad in ["\u{1b}]", "\u{7}", "\u{1b}[2J", "\u{202e}", "\u{9b}"] {
        assert!(!text.contains(bad), "{words:?} showed {bad:?}: {text:?}");
    }
}

/// A run whose every text from outside is hostile, and one that failed so.
const HOSTILE: &str = r#"
set_summary("NASTY");
publish("key", "NASTY");
log("warn", "NASTY", #{ "NASTY": "NASTY" });
on_signal("NASTY", |data| { log(`got ${data}`); });
on_query("NASTY", || "NASTY");
on_update("NASTY", |data| "NASTY");
exec(["echo", "NASTY"], #{ once: "NASTY" });
exec(["printf", "%s\n", "NASTY"]);
try { exec(["sh", "-c", "echo \"$0\" >&2; exit 3", "NASTY"], #{ retry: #{ attempts: 1 } }) } catch (error) { log(`${error}`); }
let s = strand((), #{ name: "NASTY" }, |nothing| ask("NASTY", #{ choices: ["NASTY", "no"] }));
wait_signal("end");
"NASTY"
"#;

/// Tests of it: what was played, what differs, what was thrown and said.
const PLAYED: &str = r#"
mock("*", "NASTY");
test("NASTY", || { deliver("NASTY", "5s", "NASTY"); assert_eq(run("hostile.rhai", #{}).result, #{ "NASTY": 1 }); });
test("thrown", || { print("NASTY"); throw "NASTY"; });
"#;

#[test]
fn a_terminal_is_shown_escapes_and_never_obeys_them() {
    let world = World::new();
    let raw = NASTY.replace("\\x1b", "\u{1b}").replace("\\x07", "\u{7}").replace("\\u202e", "\u{202e}");
    let raw = raw.replace("\\u009b", "\u{9b}").replace("\\r", "\r");
    let hostile = world.write("hostile.rhai", &HOSTILE.replace("NASTY", NASTY));
    let name = format!("fails{raw}.rhai");
    let fails = world.write(&name, &format!("// {raw}\nlet x = `{raw}`; throw x + input.a;"));
    let broken = world.write("broken.rhai", &format!("let x = \"{raw}\" +;"));
    let child = world.spawn(&["start", &hostile, "--id", "h"]);
    world.until_waits_for("h", "wait_signal");
    world.good(&["signal", "h", &raw, &serde_json::json!(raw).to_string()]);
    world.run(&["start", &fails, "--id", "f", "-i", &format!("a={raw}")]);
    world.run(&[
        "exec",
        "--id",
        "e",
        "--",
        "sh",
        "-c",
        "printf '%s\\n' \"$0\" >&2; printf '%s\\n' \"$0\"; exit 3",
        &raw,
    ]);
    world.run(&["schedule", "add", "s", "0 0 1 1 *", &hostile, "-i", &format!("a={raw}")]);
    let played = world.write("hostile_test.rhai", &PLAYED.replace("NASTY", NASTY));
    let live: [&[&str]; 29] = [
        &["exec", "--id", "e2", "--", "sh", "-c", "printf '%s\\n' \"$0\" >&2; printf '%s\\n' \"$0\"", &raw],
        &["result", "e2"],
        &["status", "e"],
        &["history", "e"],
        &["schedule", "list"],
        &["once", "list"],
        &["test", &played],
        &["answer", "h", "none of these"],
        &["update", "h", &raw, "1"],
        &["wait", "f"],
        &["status", "h"],
        &["status", "f"],
        &["status", "h", "-o", "json"],
        &["why", "h"],
        &["why", "f"],
        &["history", "h"],
        &["history", "f"],
        &["history", "h", "-o", "json"],
        &["logs", "h"],
        &["logs", "h", "-o", "jsonl"],
        &["list"],
        &["list", "-o", "jsonl"],
        &[],
        &["query", "h", &raw],
        &["query", "h", "key"],
        &["result", "f"],
        &["resume", "f"],
        &["start", &broken],
        &["start", &fails, "--id", "f2", "-i", "a=1"],
    ];
    let mistakes: [&[&str]; 7] = [
        &[&format!("--{raw}")],
        &["status", &raw],
        &["query", "h", &format!("no{raw}")],
        &["list", "--status", &raw],
        &["start", &format!("{raw}.rhai")],
        &["explain", &raw],
        &["start", &hostile, "-i", &raw],
    ];
    for words in live.into_iter().chain(mistakes) {
        let seen = shown(&world, words);
        assert!(!seen.is_empty() || words.contains(&"resume"), "{words:?} showed nothing");
        assert_harmless(words, &seen);
    }
    assert!(kill(child));
    // And the display of what goes on, in the terminal that executes.
    world.good(&["signal", "h", "end"]);
    let seen = shown(&world, &["resume", "h"]);
    assert_harmless(&["resume", "h"], &seen);
    assert!(String::from_utf8_lossy(&seen).contains("pwned"), "the text itself is shown");
    // A pipe gets the bytes as they are.
    let piped = told(&world.command(&["result", "h"]).output().expect("runs"));
    assert!(piped.out.contains("pwned"), "{piped:?}");
}

/// The numbers by which the kernel knows the sockets of a process.
fn sockets(pid: u32) -> Vec<String> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives").flatten();
    let names = open.filter_map(|entry| fs::read_link(entry.path()).ok()?.to_str().map(str::to_owned));
    names.filter_map(|name| Some(name.strip_prefix("socket:[")?.trim_end_matches(']').to_owned())).collect()
}

#[test]
fn a_server_is_not_on_any_network() {
    let world = World::new();
    let script = world.write("waits.rhai", WAITS);
    world.good(&["start", &script, "--id", "w", "--record-only"]);
    let server = world.spawn(&["serve"]);
    world.until_waits_for("w", "wait_signal");
    let ours = sockets(server.id());
    assert!(!ours.is_empty(), "it has its own in the store");
    for kind in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"] {
        // A machine may lack a kind.
        let table = fs::read_to_string(format!("/proc/{}/net/{kind}", server.id())).unwrap_or_default();
        let on_it = table.lines().filter_map(|line| line.split_whitespace().nth(9));
        let on_it: Vec<&str> = on_it.filter(|number| ours.iter().any(|our| our == number)).collect();
        assert!(on_it.is_empty(), "{kind}: {on_it:?}");
    }
    assert!(kill(server));
}

#[test]
fn arguments_are_never_shell_text_and_never_options_of_the_shell() {
    let world = World::new();
    let text = r#"
        let odd = input.odd;
        let exact = exec(["printf", "[%s]"] + odd).stdout;
        if sh("printf '[%s]' \"$@\"", odd).stdout != exact { fail("sh gave others"); }
        exact
    "#;
    let script = world.write("odd.rhai", text);
    let odd = [
        "",
        " ",
        "-rf",
        "--",
        "-c",
        "$(touch owned)",
        "`touch owned`",
        "; touch owned;",
        "a\nb",
        "'",
        "\"",
        "' ; touch owned ; '",
        "\" && touch owned && \"",
        "$HOME",
        "${IFS}",
        "*",
        "~",
        "\\",
        "a\u{1b}[31m",
        "%s%n",
        "> owned",
        "ä🧭",
    ];
    let given = format!("odd:={}", serde_json::to_string(&odd).expect("JSON"));
    let told = world.run(&["start", &script, "--id", "odd", "-i", &given]);
    let exact: String = odd.map(|text| format!("[{text}]")).concat();
    assert_eq!((told.code, told.out.trim_end_matches('\n')), (Some(0), exact.as_str()), "{told:?}");
    assert!(!world.path("owned").exists());
}
