//! `durun resolve` and `durun reject`: once, by the right token, on runs that nobody executes too.

use crate::harness::Home;

const WAITS: &str = r#"
let t = token();
publish("token", t);
wait_token(t)
"#;

fn waiting() -> (Home, String) {
    let home = Home::killed_at("one", WAITS, &["\"kind\":\"wait_token\"", "\"token\":"]);
    let token = home.durun(&["query", "one", "token"]).stdout().trim_end().to_owned();
    (home, token)
}

#[test]
fn a_resolution_is_accepted_once_and_given_to_the_script() {
    let (home, token) = waiting();
    home.durun(&["-v", "resolve", &token, "{\"b\": 1, \"a\": 2}"])
        .err("accepted; nobody executes run one: durun resume one\n")
        .check();
    home.durun(&["-v", "resolve", &token, "{\"a\": 2, \"b\": 1}"])
        .err("this was said before; nothing was added to run one\n")
        .check();
    let conflict = format!(
        "error[D0722]: the token {token} was resolved before with something else\n |\n \
         = note: already resolved at TIME; nothing was stored\n = help: durun history one shows with what\n"
    );
    home.durun(&["resolve", &token, "3"]).exit(7).err(&conflict).check();
    home.durun(&["reject", &token, "no"]).exit(7).err(&conflict).check();
    home.durun(&["resume", "one"]).out("{\"a\":2,\"b\":1}\n").check();
    // Whoever sends again learns that it was done, also after the end.
    home.durun(&["resolve", &token, "{\"a\": 2, \"b\": 1}"]).check();
    home.durun(&["resolve", &token, "3"]).exit(7).err(&conflict).check();
    let history = home.durun(&["history", "one"]).stdout();
    assert!(history.contains(&format!("← token {token} resolved · {{\"a\":2,\"b\":1}}\n")), "{history}");
}

#[test]
fn a_rejection_is_an_error_of_the_script() {
    let (home, token) = waiting();
    home.durun(&["reject", &token, "no stock"]).check();
    let told = home.durun(&["resume", "one"]).exit(1).failure();
    assert!(told.starts_with("error[D0101]: run one failed: no stock\n"), "{told}");
    let history = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    assert!(history.contains("\"rejected\":\"no stock\""), "{history}");
}

#[test]
fn a_token_is_shown_with_the_command_line_that_resolves_it() {
    let (home, token) = waiting();
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains(&format!("  durun resolve {token} '<json>'\n")), "{status}");
}

#[test]
fn what_is_no_token_of_a_run_is_told() {
    let (home, token) = waiting();
    let hint = "durun status ID shows the tokens that a run waits for, with the command line";
    for wrong in ["one", "one.", "one.short", ".0123456789abcdefghjkmn", "one.0123456789abcdefgh/.mn"] {
        let text = format!(
            "error[D0720]: \"{wrong}\" is no token: a token is a run's id, a dot and 22 letters\n |\n = help: {hint}\n"
        );
        home.durun(&["resolve", wrong]).exit(2).err(&text).check();
    }
    let never = format!("{}00", &token[..token.len() - 2]);
    // The run's name in full: its beginning will not do.
    let other = token.replace("one.", "on.");
    for (wrong, run) in [(never, "one"), (other, "on")] {
        let hint =
            format!("durun status {run} shows the tokens that the run waits for, with the command line");
        let text = format!(
            "error[D0721]: there is no token {wrong}\n |\n = note: nothing was stored\n = help: {hint}\n"
        );
        home.durun(&["resolve", &wrong, "1"]).exit(4).err(&text).check();
    }
    home.durun(&["resolve", &token, "no json"]).exit(2).failure();
}

#[test]
fn a_token_that_nobody_waits_for_yet_is_known() {
    let script = "let t = token(); publish(\"token\", t); wait_signal(\"go\"); wait_token(t)";
    let home = Home::killed_at("one", script, &["\"kind\":\"wait_signal\"", "\"token\":"]);
    let token = home.durun(&["query", "one", "token"]).stdout().trim_end().to_owned();
    home.durun(&["resolve", &token, "7"]).check();
    home.durun(&["signal", "one", "go"]).check();
    home.durun(&["resume", "one"]).out("7\n").check();
}
