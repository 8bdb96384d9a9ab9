//! `durun list`: which runs, in which order, in which form.

use crate::harness::Home;

fn three() -> Home {
    let home = Home::recorded("one");
    home.file("other.rhai", "1");
    home.durun(&["start", "other.rhai", "--record-only", "--id", "two"]).out("two\n").check();
    home.durun(&["start", "order.rhai", "--record-only", "--id", "three"]).out("three\n").check();
    home.durun(&["terminate", "two", "--reason", "enough"]).check();
    home
}

#[test]
fn what_nobody_executes_is_listed_with_the_command_that_goes_on() {
    let home = Home::recorded("one");
    let (listed, told) = home.durun(&["-v", "list"]).both();
    assert!(
        listed.contains("one  parked  now      order.rhai  could go on, nobody executes it\n"),
        "{listed}"
    );
    assert_eq!(told, "what nobody executes goes on with durun resume one\n");
    home.durun(&["start", "order.rhai", "--id", "two", "--record-only"]).both();
    assert_eq!(
        home.durun(&["-v", "list"]).both().1,
        "what nobody executes goes on with durun resume --all\n"
    );
    home.durun(&["list"]).err("").both();
    // Ticks come: that is said of each, and nothing is to be typed.
    let (home, path) = super::tick_install::home();
    home.durun(&["tick", "--install"]).env("PATH", &path).stdout();
    home.file("wait.rhai", "wait_signal(\"go\")");
    home.durun(&["start", "wait.rhai", "--id", "three", "--park-after", "0s"]).exit(3).make();
    let (listed, told) = home.durun(&["-v", "list"]).both();
    assert!(
        listed.contains("wait_signal go · line 1 · tick takes it up\n") && told.is_empty(),
        "{listed}{told}"
    );
}

#[test]
fn runs_are_listed_newest_first() {
    three()
        .durun(&["list"])
        .out(
            "ID     STATUS      STARTED  SCRIPT      WHAT\n\
             three  parked      now      order.rhai  could go on, nobody executes it\n\
             two    terminated  now      other.rhai  enough\n\
             one    parked      now      order.rhai  could go on, nobody executes it\n",
        )
        .check();
}

#[test]
fn a_list_that_is_cut_says_so_in_every_form() {
    let home = Home::new();
    home.file(
        "many.rhai",
        "for n in 1..=50 { start_child(\"one.rhai\", (), #{ id: `r${n}`, on_parent_close: \"abandon\" }); }",
    );
    home.file("one.rhai", "1");
    home.durun(&["start", "many.rhai", "--id", "many"]).both();
    let told = "these are the newest 50, there are more: durun list -a lists all, --limit N the newest N\n";
    for form in ["table", "json", "jsonl"] {
        assert_eq!(home.durun(&["list", "-o", form]).both().1, told, "{form}");
        home.durun(&["list", "-o", form, "-a"]).err("").both();
        home.durun(&["list", "-o", form, "--limit", "50"]).err("").both();
    }
    assert_eq!(home.durun(&["list", "-o", "jsonl"]).both().0.lines().count(), 50);
    // That there are fifty is no sign of more.
    home.durun(&["list", "--script", "one.rhai"]).err("").both();
}

#[test]
fn filters_choose() {
    let home = three();
    let ids = |words: &[&str]| {
        let out = home.durun(&[&["list", "-o", "jsonl"], words].concat()).stdout();
        let id = |line: &str| line.split("\"id\":\"").nth(1)?.split('"').next().map(str::to_owned);
        out.lines().filter_map(id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["--status", "parked"]), ["three", "one"]);
    assert_eq!(ids(&["--status", "failed,terminated"]), ["two"]);
    assert_eq!(ids(&["--script", "other.rhai"]), ["two"]);
    assert_eq!(ids(&["--limit", "1"]), ["three"]);
    assert_eq!(ids(&["--since", "1h", "-a"]), ["three", "two", "one"]);
    assert_eq!(ids(&["--since", "2099-01-01"]), Vec::<String>::new());
    home.durun(&["list", "--since", "soon"])
        .exit(2)
        .err(
            "error[D0205]: --since soon is neither a duration nor a date: \"soon\" is no duration; write for example \"30s\", \"1 min\", \"1h 30m\" or \"2 days\"\n |\n = help: durun list --help shows how it is written\n",
        )
        .check();
}

#[test]
fn a_status_that_is_called_so_elsewhere_is_told_as_it_is_called_here() {
    let home = Home::new();
    for (word, meant) in [
        ("complete", "did you mean completed? "),
        ("Done", "did you mean completed? "),
        ("fialed", "did you mean failed? "),
        ("timeout", "did you mean timed_out? "),
        ("paused", "did you mean parked? "),
        ("zzz", ""),
    ] {
        let told = home.durun(&["list", "--status", word]).exit(2).failure();
        let expected = format!("'--status <STATUS>': {meant}statuses are stuck, running, waiting, parked,");
        assert!(told.contains(&expected), "{word}: {told}");
    }
}

#[test]
fn nothing_is_an_empty_list_and_no_error() {
    let home = Home::new();
    home.durun(&["list"]).check();
    home.durun(&["list", "-o", "json"]).out("[]\n").check();
    home.durun(&["-v", "list"]).err("no runs\n").check();
    assert!(!home.store().exists(), "looking makes no store");
}

#[test]
fn what_needs_a_person_comes_first_however_old_it_is() {
    let home = Home::new();
    home.file("stuck.rhai", "chrage(1)").file("ask.rhai", "ask(\"go?\")").file("ok.rhai", "1");
    home.durun(&["start", "--unchecked", "stuck.rhai", "--id", "stuck"]).exit(8).failure();
    home.executed_until(&["start", "ask.rhai", "--id", "ask"], "ask", &["\"kind\":\"ask\""]);
    for id in ["a", "b"] {
        home.durun(&["start", "ok.rhai", "--id", id]).out("1\n").check();
    }
    let ids = |words: &[&str]| {
        let listed = home.durun(words).stdout();
        let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        listed.lines().skip(1).map(first).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["list"]), ["ask", "stuck", "b", "a"]);
    assert_eq!(ids(&["list", "--limit", "3"]), ["ask", "stuck", "b"]);
    // Answered, it asks nobody any more, though its script has not heard it.
    home.durun(&["answer", "ask", "yes"]).check();
    assert_eq!(ids(&["list"]), ["stuck", "b", "a", "ask"]);
    let listed = home.durun(&["list"]).stdout();
    assert!(listed.contains("go?: answered yes, not yet taken\n"), "{listed}");
    let status = home.durun(&["status", "ask"]).stdout();
    assert!(
        status.contains("waits for its script to take the answer to: go? ·")
            && status.contains("answered yes, not yet taken"),
        "{status}"
    );
    assert!(
        !status.contains("durun answer") && status.contains("\n              durun resume ask\n"),
        "{status}"
    );
    let why = home.durun(&["why", "ask"]).stdout();
    assert!(
        why.contains("it asked in line 1: go? It was answered with yes, which is not yet taken."),
        "{why}"
    );
    assert_eq!(why.matches("  durun ").count(), 1, "{why}");
    home.durun(&["resume", "ask"]).stdout();
}

#[test]
fn of_a_run_that_waits_it_says_that_nobody_executes_it() {
    let home = Home::killed_at("one", "wait_signal(\"go\")", &["\"kind\":\"wait_signal\""]);
    home.durun(&["list"])
        .out(
            "ID   STATUS   STARTED  SCRIPT       WHAT\n\
             one  waiting  now      script.rhai  nobody executes it · wait_signal go · line 1\n",
        )
        .check();
    home.while_executed(&["resume", "one"], "one", &[], |_| {
        let listed = home.durun(&["list"]).stdout();
        assert!(listed.contains("script.rhai  wait_signal go"), "{listed}");
    });
}

#[test]
fn a_store_that_was_named_and_is_not_there_is_no_empty_one() {
    let home = Home::new();
    home.durun(&["list"]).check();
    let error = home.durun(&["--store", "nowhere", "list"]).exit(4).failure();
    assert!(error.contains("error[D0301]") && error.contains("nowhere"), "{error}");
}
