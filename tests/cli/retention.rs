//! `[retention]`: what `durun.toml` says of how long runs are kept is done by ticks, quietly.

use crate::harness::Home;

fn ids(home: &Home) -> Vec<String> {
    let list = home.durun(&["list", "-a", "-o", "jsonl"]).stdout();
    let id = |line: &str| {
        let run: serde_json::Value = serde_json::from_str(line).expect("JSON");
        run.get("id").and_then(serde_json::Value::as_str).expect("an id").to_owned()
    };
    let mut ids: Vec<String> = list.lines().map(id).collect();
    ids.sort();
    ids
}

#[test]
fn a_tick_forgets_what_the_file_beside_the_script_says_and_nothing_else() {
    let home = Home::new();
    home.file("short/durun.toml", "[retention]\ncompleted = \"1 ms\"\n");
    home.file("long/durun.toml", "[retention]\ncompleted = \"1 day\"\nfailed = \"1 ms\"\n");
    home.file("broken/durun.toml", "");
    for (folder, name, text) in [
        ("short", "ok", "1"),
        ("short", "bad", "fail(\"no\")"),
        ("short", "open", "wait_signal(\"go\")"),
        ("short", "stuck", "chrage(1)"),
        ("long", "ok", "1"),
        ("long", "bad", "fail(\"no\")"),
        ("none", "ok", "1"),
        ("broken", "ok", "1"),
    ] {
        let script = format!("{folder}/{name}.rhai");
        home.file(&script, text);
        let id = format!("{folder}-{name}");
        let how: &[&str] = if name == "open" { &["--record-only"] } else { &[] };
        home.durun(&[&["start", "--unchecked", &script, "--id", &id], how].concat()).make();
    }
    home.file("broken/durun.toml", "[retention]\ncompleted = \"soon\"\n");
    assert_eq!(ids(&home).len(), 8);
    home.durun(&["tick", "--max-time", "0s"]).check();
    assert_eq!(ids(&home).len(), 8, "there was no time for it");
    home.durun(&["tick"]).check();
    let kept = ["broken-ok", "long-ok", "none-ok", "short-bad", "short-open", "short-stuck"];
    assert_eq!(ids(&home), kept);
    home.durun(&["doctor", "--deep"]).make();
    // By hand, a file that cannot be read is told.
    let error = home.durun(&["prune"]).exit(78).failure();
    assert!(error.contains("broken/durun.toml:2"), "{error}");
    home.file("broken/durun.toml", "[retention]\ncompleted = \"1 ms\"\n");
    home.durun(&["prune", "--status", "failed"]).exit(2).failure();
    assert_eq!(ids(&home), kept);
    home.durun(&["prune"]).check();
    assert_eq!(ids(&home), &kept[1..]);
}
