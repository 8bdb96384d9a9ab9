//! `durun update`: the answer, the refusal, the key, and the run that nobody executes.

use crate::harness::Home;

const BUDGET: &str = r#"
let limit = 100;
on_update("raise", |by| {
    let note = step("book", || "b-" + by);
    limit += by;
    #{ limit: limit, note: note }
}, #{ validate: |by| if by <= 0 { fail(`${by}: only up`) } });
on_update("break", |x| sh("exit 3", #{ retry: false }));
on_query("limit", || limit);
wait_signal("done");
limit
"#;

/// A run that waits and that nobody executes.
fn asleep() -> Home {
    Home::killed_at("one", BUDGET, &["\"kind\":\"wait_signal\""])
}

#[test]
fn an_update_of_a_sleeping_run_is_answered_here_and_recorded() {
    let home = asleep();
    home.durun(&["update", "one", "raise", "50"]).out("{\"limit\":150,\"note\":\"b-50\"}\n").check();
    home.durun(&["query", "one", "limit"]).out("150\n").check();
    let history = home.durun(&["history", "one"]).stdout();
    for part in [
        "← update raise · 50\n",
        "step book",
        "→ update raise answered · {\"limit\":150,\"note\":\"b-50\"}\n",
    ] {
        assert!(history.contains(part), "{part}: {history}");
    }
    let entries = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    for part in
        ["\"kind\":\"UpdateAccepted\"", "\"argument\":50", "\"kind\":\"UpdateCompleted\"", "\"limit\":150"]
    {
        assert!(entries.contains(part), "{part}: {entries}");
    }
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"status\":\"waiting\"") && status.contains("\"unread_signals\":0"), "{status}");
}

#[test]
fn a_refused_update_says_why_and_leaves_no_trace() {
    let home = asleep();
    let before = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    home.durun(&["update", "one", "raise", "0", "--key", "k"])
        .exit(7)
        .err(
            "error[D0931]: the update was refused: 0: only up\n |\n = note: run one is as it was; nothing was recorded\n = help: what may be asked is for its script to say; durun status one shows how it stands\n",
        )
        .check();
    home.durun(&["update", "one", "lower", "1"])
        .exit(4)
        .err(
            "error[D0932]: the script has no update \"lower\"\n |\n \
             = note: nothing was recorded\n \
             = help: where it stands it has: break, raise\n",
        )
        .check();
    assert_eq!(home.durun(&["history", "one", "-o", "jsonl"]).stdout(), before);
    // The key of what was refused is free: it is asked anew.
    home.durun(&["update", "one", "raise", "1", "--key", "k"])
        .out("{\"limit\":101,\"note\":\"b-1\"}\n")
        .check();
}

#[test]
fn the_same_key_is_done_once_and_gives_the_same_answer_also_once_the_run_has_ended() {
    let home = asleep();
    let answer = "{\"limit\":107,\"note\":\"b-7\"}\n";
    let ask = ["-v", "update", "one", "raise", "7", "--key", "k"];
    let (out, _) = home.durun(&ask).both();
    assert_eq!(out, answer);
    home.durun(&ask)
        .out(answer)
        .err("this key was asked before; the answer is that of the first time\n")
        .check();
    home.durun(&["signal", "one", "done"]).check();
    home.durun(&["resume", "one"]).out("107\n").check();
    home.durun(&["update", "one", "raise", "7", "--key", "k"]).out(answer).check();
    home.durun(&["update", "one", "raise", "7", "--key", "another"])
        .exit(7)
        .err(
            "error[D0701]: run one has ended: completed\n |\n \
             = note: nothing was stored\n \
             = help: durun result one prints its result, durun history one what happened\n",
        )
        .check();
}

#[test]
fn an_error_in_the_handler_is_the_answer_each_time() {
    let home = asleep();
    for _ in 0..2 {
        let told = home.durun(&["update", "one", "break", "--key", "k"]).exit(1).failure();
        assert!(told.starts_with("error[D0930]: the update \"break\" failed: exit code 3\n --> "), "{told}");
        assert!(
            told.contains("= note: run one goes on; what the handler did before the error is done\n"),
            "{told}"
        );
    }
    let entries = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    assert_eq!(entries.matches("ActivityFailed").count(), 1, "{entries}");
}

#[test]
fn an_update_waits_no_longer_than_it_is_told_and_stays_with_the_run() {
    let home = Home::killed_at(
        "one",
        "on_update(\"slow\", |x| { wait_signal(\"go\"); \"gone\" });\nwait_signal(\"done\");\n",
        &["\"kind\":\"wait_signal\""],
    );
    let ask = ["update", "one", "slow", "--key", "k"];
    home.durun(&[ask.as_slice(), &["--timeout", "50ms"]].concat())
        .exit(124)
        .err(
            "error[D0934]: run one has not answered the update \"slow\" within 50ms: it is waiting\n |\n \
             = note: the update stays with the run\n \
             = help: ask again with the same --key: it is done once\n",
        )
        .check();
    home.durun(&["signal", "one", "go"]).check();
    home.durun(&ask).out("gone\n").check();
    home.durun(&["update", "one", "slow", "--timeout", "50ms", "--key", "l"]).exit(124).failure();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["update", "one", "slow", "--key", "l"])
        .exit(7)
        .err(
            "error[D0933]: run one ended before it answered the update \"slow\"\n |\n \
             = help: durun history one says how the run ended, and durun status one names what its script was never told of\n",
        )
        .check();
}

#[test]
fn a_mistake_in_the_handler_sticks_the_run_and_is_answered_once_it_is_mended() {
    let script = "on_update(\"u\", |x| x + broken());\nwait_signal(\"done\");\n";
    let home = Home::killed_at("one", script, &["\"kind\":\"wait_signal\""]);
    let told = home.durun(&["update", "one", "u", "1", "--key", "k"]).exit(8).failure();
    assert!(told.starts_with("error[D0105]: run one is stuck: "), "{told}");
    home.file("script.rhai", script.replace("broken()", "41"));
    home.durun(&["upgrade", "one", "--script", "script.rhai"]).both();
    home.durun(&["update", "one", "u", "1", "--key", "k"]).out("42\n").check();
}

#[test]
fn a_name_has_a_length_and_an_argument_is_json() {
    let home = asleep();
    home.durun(&["update", "one", ""])
        .exit(2)
        .err("error[D0935]: \"\" is no name for an update: 1 to 256 characters\n |\n = help: for example: durun update ID set_price 12\n")
        .check();
    let told = home.durun(&["update", "one", "raise", "{"]).exit(2).failure();
    assert!(told.starts_with("error[D0215]: the argument is not valid JSON"), "{told}");
}
