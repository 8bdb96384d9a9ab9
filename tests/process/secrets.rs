//! Secrets: they reach whom they are for, and no file of the store and no word of any command has them.

use crate::service::{Answer, Service};
use crate::world::{Told, World, begin, kill, told};
use std::path::{Path, PathBuf};

const API_KEY: &str = "canary-4f9d\"x/y";
const FILE_KEY: &str = "kanari-77aa/=zz";

/// How a secret may be written: any of these in a store or an output is a leak.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let json = json.trim_matches('"').to_owned();
    // A piece from the middle: it stays what it is in every way of writing the whole.
    vec![secret.to_owned(), json, secret.chars().take(11).collect()]
}

/// The surroundings of a leak.
fn leaks(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let at = [API_KEY, FILE_KEY].iter().flat_map(|secret| forms(secret)).find_map(|form| text.find(&form))?;
    let (from, to) = (text.floor_char_boundary(at.saturating_sub(300)), text.ceil_char_boundary(at + 100));
    Some(text[from..to].to_owned())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn started(world: &World, words: &[&str]) -> Told {
    let mut command = world.command(words);
    told(&command.env("API_KEY", API_KEY).output().expect("runs"))
}

#[track_caller]
fn no_leak(world: &World, ids: &[&str]) {
    let mut found = Vec::new();
    files(&world.path("store"), &mut found);
    assert!(found.len() >= 2, "{found:?}");
    for path in found {
        // The sockets of those that use the store hold nothing.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        assert_eq!(leaks(&bytes), None, "{}", path.display());
    }
    let mut commands: Vec<Vec<&str>> = vec![vec![], vec!["list", "-a"], vec!["list", "-a", "-o", "json"]];
    for id in ids {
        for verb in ["status", "history", "logs", "query", "result", "why"] {
            commands.push(vec![verb, id]);
            commands.push(vec![verb, id, "-o", "json"]);
        }
    }
    for words in commands {
        let told = world.run(&words);
        assert_eq!(leaks(told.out.as_bytes()), None, "{words:?}: {}", told.out);
        assert_eq!(leaks(told.err.as_bytes()), None, "{words:?}: {}", told.err);
    }
}

fn executable(world: &World, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(world.path("activities")).expect("a folder");
    let path = world.path(&format!("activities/{name}"));
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("rights");
}

const LEAKY: &str = r#"
let key = secret("API_KEY");
let file = secret("FILE_KEY");
print(`the key is ${key}`);
publish("key", key);
set_summary("with " + key);
on_query("key", || key);
let shown = sh("echo $K; echo $K >&2; echo $K >&3; printf '{\"k\": \"%s\"}' \"$K\" >here", #{ env: #{ K: key } });
let fed = exec(["cat"], #{ stdin: "<" + file + ">" });
let called = http(#{
    method: "POST", url: input.url + "/echo", query: #{ q: key },
    headers: #{ Authorization: "Bearer " + key, "X-File": file }, json: #{ key: key },
});
let refused = attempt(|| http(#{ url: input.url + "/echo", headers: #{ K: key }, ok: [204], retry: false })).error;
let nowhere = attempt(|| http(#{ url: "http://127.0.0.1:1/?q=" + key, retry: false })).error;
let charged = activity("charge", #{ key: key }, #{ retry: #{ first: "10ms", attempts: 3 } });
let configured = activity("configured");
let body = step("body", || {
    let key = secret("API_KEY");
    heartbeat(key);
    let said = sh("echo $K", #{ env: #{ K: key } }).stdout;
    log("the body sees " + key + " and " + said);
    #{ key: key, said: said }
});
let failed = attempt(|| sh("echo $K; echo $K >&2; exit 3", #{ env: #{ K: key }, retry: false })).error;
let thrown = attempt(|| step("thrower", #{ retry: false }, || { throw "no " + secret("API_KEY") })).error;
let halves = sh("printf %s \"$K\" | head -c 6; sleep 0.2; printf %s \"$K\" | tail -c +7", #{ env: #{ K: key } }).stdout;
let read = read_file("here");
let encoded = sh("printf %s \"u:$K\" | base64 -w0", #{ env: #{ K: key } }).stdout;
#{
    shown: shown.stdout, fed: fed.stdout, called: called.json.headers.authorization, refused: refused, charged: charged,
    configured: configured, body: body, failed: failed, thrown: thrown, nowhere: nowhere, halves: halves, read: read, encoded: encoded,
}
"#;

#[test]
fn secrets_reach_whom_they_are_for_and_nobody_else() {
    let service = Service::begin();
    service.on("/echo", Answer::Echo);
    service.on("/configured", Answer::Echo);
    let world = World::new();
    world.write("file-key", &format!("{FILE_KEY}\n"));
    world.write(
        "durun.toml",
        &format!(
            "[secrets]\nFILE_KEY = {{ file = \"file-key\" }}\n[activity.configured]\nurl = \"{}/configured\"\n\
             headers = {{ Authorization = {{ secret = \"API_KEY\", prefix = \"Token \" }} }}\n\
             [activity.charge]\nenv = {{ KEY = {{ secret = \"FILE_KEY\" }} }}\n",
            service.url()
        ),
    );
    executable(
        &world,
        "charge",
        "#!/bin/sh\nread -r input\nprintf '%s\\n' \"$input $KEY\" >>\"$HOME/got\"\n\
         [ \"$DURUN_ATTEMPT\" = 2 ] || { echo \"no $KEY\" >&2; echo '{\"error\": {\"type\": \"later\", \"message\": \"'$KEY'\"}}'; exit 1; }\n\
         printf '%s\\n' \"$input\"\n",
    );
    let script = world.write("s.rhai", LEAKY);
    let url = format!("url={}", service.url());
    let told = started(&world, &["start", &script, "--id", "r", "-i", &url, "-v"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(leaks(told.out.as_bytes()), None, "{}", told.out);
    assert_eq!(leaks(told.err.as_bytes()), None, "{}", told.err);
    let result: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!(result["shown"], "⟦secret:API_KEY⟧");
    assert_eq!(result["halves"], "⟦secret:API_KEY⟧", "written in two pieces");
    assert_eq!(result["fed"], "<⟦secret:FILE_KEY⟧>");
    assert_eq!(result["called"], "Bearer ⟦secret:API_KEY⟧");
    assert_eq!(result["charged"]["key"], "⟦secret:API_KEY⟧");
    assert_eq!(result["body"]["said"], "⟦secret:API_KEY⟧");
    assert!(
        result["body"]["key"].as_str().is_some_and(|key| key.starts_with("⟦secret:API_KEY:")),
        "{result}"
    );
    assert!(result["refused"]["body"].to_string().contains("⟦secret:API_KEY⟧"), "{result}");
    assert_eq!(result["failed"]["stderr"], "⟦secret:API_KEY⟧\n");
    assert_eq!(result["read"], "{\"k\": \"⟦secret:API_KEY⟧\"}");
    assert!(result["encoded"].as_str().is_some_and(|code| code.contains("⟦secret:API_KEY⟧")), "{result}");
    // Those whom they are for have them.
    let seen = service.seen();
    let bearer = format!("Bearer {API_KEY}");
    assert_eq!(seen[0].headers.get("authorization"), Some(&bearer));
    assert_eq!(seen[0].headers.get("x-file").map(String::as_str), Some(FILE_KEY));
    let body: serde_json::Value = serde_json::from_str(&seen[0].body).expect("JSON");
    assert_eq!(body["key"], API_KEY);
    assert!(seen[0].path.contains("canary-4f9d%22x"), "{}", seen[0].path);
    let configured = seen.iter().find(|request| request.path == "/configured").expect("called");
    assert_eq!(configured.headers.get("authorization"), Some(&format!("Token {API_KEY}")));
    let got = world.lines("got");
    let input = serde_json::json!({ "key": API_KEY }).to_string();
    assert_eq!(got, [format!("{input} {FILE_KEY}"), format!("{input} {FILE_KEY}")]);
    assert!(world.good(&["logs", "r"]).contains("no ⟦secret:FILE_KEY⟧"));
    no_leak(&world, &["r"]);
}

#[test]
fn a_secret_that_the_run_asked_for_before_it_was_killed_is_masked_after_it() {
    let world = World::new();
    let text = r#"
        let name = "KEY";
        sh("printf %s $K >here", #{ env: #{ K: secret("API_" + name) } });
        wait_signal("go");
        sh("cat here; cat here >&2").stdout
    "#;
    let script = world.write("s.rhai", text);
    let mut command = world.command(&["start", &script, "--id", "r"]);
    let child = begin(command.env("API_KEY", API_KEY));
    world.until_waits_for("r", "wait_signal");
    assert!(kill(child), "it was alive until then");
    world.good(&["signal", "r", "go"]);
    let told = started(&world, &["resume", "r"]);
    assert_eq!((told.code, told.out.as_str()), (Some(0), "⟦secret:API_KEY⟧\n"), "{told:?}");
    no_leak(&world, &["r"]);
}

#[test]
fn a_secret_is_refused_as_an_argument_and_told_where_it_is_nowhere() {
    let world = World::new();
    for (id, text, words) in [
        (
            "argument",
            "exec([\"echo\", \"--key=\" + secret(\"API_KEY\")])",
            "would be visible in `ps`; use env",
        ),
        ("text", "sh(`echo ${secret(\"API_KEY\")}`)", "would be visible in `ps`; use env"),
        (
            "nowhere",
            "sh(\"echo $K\", #{ env: #{ K: secret(\"NO_SUCH\") } })",
            "no environment variable NO_SUCH",
        ),
        ("body", "step(\"s\", || sh(\"echo $K\", #{ env: #{ K: secret(\"NO_SUCH\") } }))", "NO_SUCH"),
    ] {
        let script = world.write(&format!("{id}.rhai"), text);
        let told = started(&world, &["start", &script, "--id", id]);
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.err.contains(words), "{told:?}");
        let status = world.run(&["status", id, "-o", "json"]).out;
        let kind = if words.contains("NO_SUCH") { "secret_missing" } else { "exec" };
        assert!(status.contains(&format!("\"kind\": \"{kind}\"")), "{status}");
        assert!(world.good(&["history", id]).contains(words), "{id} was not tried again");
    }
    no_leak(&world, &["argument", "text", "nowhere"]);
}

#[test]
fn whoever_is_told_of_a_struggle_is_not_told_the_secrets_in_it() {
    let world = World::new();
    world.write("durun.toml", "[notify]\non_struggling = \"cat >told.part; mv told.part told\"\n");
    let text = r#"
        let retry = #{ first: "50ms", factor: 1, attempts: 1000 };
        http(#{ url: "http://127.0.0.1:9/" + secret("API_KEY"), retry: retry, warn_after: "10ms" })
    "#;
    let script = world.write("s.rhai", text);
    let mut command = world.command(&["start", &script, "--id", "r"]);
    let child = begin(command.env("API_KEY", API_KEY));
    let told = world.until("the notice", |world| world.lines("told").first().cloned());
    assert!(kill(child), "it was alive until then");
    assert!(told.contains("http://127.0.0.1:9/⟦secret:API_KEY⟧"), "{told}");
    assert_eq!(leaks(told.as_bytes()), None);
    no_leak(&world, &["r"]);
}

#[test]
fn what_only_looks_like_a_placeholder_is_text() {
    let world = World::new();
    let script =
        world.write("s.rhai", "sh(\"echo $K\", #{ env: #{ K: input.k + secret(\"API_KEY\") } }).stdout");
    let forged = "k=⟦secret:API_KEY:0123456789abcdef⟧";
    let told = started(&world, &["start", &script, "-i", forged]);
    assert_eq!(told.out, "⟦secret:API_KEY:0123456789abcdef⟧⟦secret:API_KEY⟧\n", "{told:?}");
}

/// A crash of durun leaves no picture of its memory, where secrets are; what it starts is allowed what it was.
#[test]
fn no_core_is_dumped_of_durun_and_what_it_starts_is_as_before() {
    let world = World::new();
    let script = world
        .write("s.rhai", "let soft = sh(\"ulimit -S -c; ulimit -H -c\").stdout; wait_signal(\"go\"); soft");
    let shell = format!("ulimit -S -c $(ulimit -H -c); exec \"$0\" start '{script}' --id r");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &shell, env!("CARGO_BIN_EXE_durun")]).current_dir(world.path("."));
    command.env_clear().envs([("HOME", world.path(".")), ("DURUN_STORE", world.path("store"))]);
    let child = begin(command.env("PATH", "/usr/bin:/bin"));
    world.until("it waits", |world| world.run(&["status", "r"]).out.contains("\"go\"").then_some(()));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("it lives");
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(line.split_whitespace().nth(4), Some("0"), "{line}");
    world.good(&["signal", "r", "go"]);
    let told = crate::world::finish(child);
    let limits: Vec<&str> = told.out.lines().collect();
    assert!(matches!(limits.as_slice(), [soft, hard] if soft == hard), "{told:?}");
}
