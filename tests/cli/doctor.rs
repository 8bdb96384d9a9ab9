//! `durun doctor`: what is well, what is not, and where each setting comes from.

use crate::harness::Home;

#[test]
fn all_is_well_and_each_value_has_its_source() {
    let home = Home::recorded("r");
    home.file(
        "durun.toml",
        "[limits]\nactivities = 3\n[retention]\nfailed = \"90 days\"\n[queue.db]\nmax_concurrent = 1\n",
    );
    let (told, _) = home.durun(&["doctor"]).exit(1).both();
    for expected in [
        "store                   ~/.local/state/durun (default)\n",
        "rights                  directory 700, file 600\n",
        "held by                 nobody but this command\n",
        "runs                    1 parked\n",
        "tick                    never\n",
        "serve                   nobody\n",
        "config                  ~/durun.toml\n",
        "  limits.activities     3 (line 2)\n",
        "  retention.failed      \"90 days\" (line 4)\n",
        "  queue.db.max_concurrent 1 (line 6)\n",
        "  retention.completed   for ever (default)\n",
        "problem: 1 run is open and nobody goes on with them, no tick ever came: durun tick --install\n",
    ] {
        assert!(told.contains(expected), "{expected:?} in {told}");
    }
    assert_eq!(told.matches("problem:").count(), 1, "{told}");
    // One tick is no crontab yet: who installs one is told no more of it.
    home.durun(&["tick", "--max-time", "1ms"]).both();
    let (told, _) = home.durun(&["doctor"]).exit(1).both();
    assert!(told.contains("nobody goes on with them, no tick came lately"), "{told}");
    home.durun(&["terminate", "r"]).check();
    let store = home.store().display().to_string();
    let told = home.durun(&["doctor", "--deep", "--store", &store]).stdout();
    assert!(told.contains("(from --store)") && told.contains("tick                    TIME (now)"), "{told}");
    assert!(
        told.contains("deep                    all pages, entries, checksums and tables agree\n"),
        "{told}"
    );
    let document = home.durun(&["doctor", "-o", "json"]).env("DURUN_STORE", &store).stdout();
    assert!(document.contains("from $DURUN_STORE") && document.contains("\"problems\": []"), "{document}");
    let left = std::fs::read_dir(home.store()).expect("the store").filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name().to_string_lossy().into_owned();
        name.contains("verify") || name.contains("doctor")
    });
    assert_eq!(left.count(), 0, "nothing of its own is left");
}

#[test]
fn runs_that_failed_or_are_stuck_are_problems_with_the_command_to_look() {
    let home = Home::new();
    home.file("f.rhai", "fail(\"no\")").file("g.rhai", "chrage(1)").file("ok.rhai", "1");
    home.durun(&["start", "ok.rhai"]).out("1\n").check();
    home.durun(&["doctor"]).both();
    home.durun(&["start", "f.rhai"]).exit(1).failure();
    home.durun(&["start", "f.rhai"]).exit(1).failure();
    home.durun(&["start", "--unchecked", "g.rhai"]).exit(8).failure();
    let (told, _) = home.durun(&["doctor"]).exit(1).both();
    let problems: Vec<&str> = told.lines().filter(|line| line.starts_with("problem: ")).collect();
    assert_eq!(
        problems,
        [
            "problem: 1 run is stuck, the script has to be mended: durun list --status stuck",
            "problem: 2 runs failed in the last 24 hours: durun list --status failed,timed_out",
        ]
    );
    home.durun(&["list", "--status", "stuck"]).stdout();
    home.durun(&["list", "--status", "failed,timed_out"]).stdout();
}

#[test]
fn without_a_store_or_with_a_wrong_key_it_says_so() {
    let home = Home::new();
    home.durun(&["doctor"]).exit(4).failure();
    let home = Home::recorded("r");
    home.file("durun.toml", "[limits]\nactivites = 3\n");
    let (told, error) = home.durun(&["doctor"]).exit(78).both();
    assert!(
        told.starts_with("durun ") && told.contains("\nclock "),
        "what is well is told all the same: {told}"
    );
    assert!(error.contains("durun.toml:2: ") && error.contains("did you mean \"activities\"?"), "{error}");
}

#[test]
fn rights_that_were_too_wide_are_told_where_they_are_taken_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    home.file("ok.rhai", "1");
    home.durun(&["start", "ok.rhai"]).out("1\n").check();
    let wide = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(home.store(), wide).expect("rights");
    let (told, _) = home.durun(&["doctor"]).exit(1).both();
    let problem =
        "problem: the store's directory was open to others, 755: it is for its user alone now, 700\n";
    assert!(told.contains(problem) && told.matches("problem:").count() == 1, "{told}");
    home.durun(&["doctor"]).both();
}
