//! `durun once`: keys and their results.

use crate::harness::Home;

#[test]
fn keys_are_listed_and_forgotten() {
    let home = Home::new();
    home.durun(&["once", "list"]).check();
    home.durun(&["-v", "once", "list"]).err("no keys\n").check();
    home.file("bill.rhai", "fn bill(n) { log(\"billed\"); n * 100 }\nactivity(\"bill\", input.n, #{ once: `invoice-${input.n}` })\n");
    for id in ["a", "b"] {
        home.durun(&["start", "bill.rhai", "--id", id, "-i", "n:=7"]).out("700\n").check();
    }
    home.durun(&["once", "list"]).out("KEY        RUN  SINCE  RESULT\ninvoice-7  a    now    700\n").check();
    home.durun(&["once", "list", "other"]).check();
    let json = home.durun(&["once", "list", "inv", "-o", "jsonl"]).stdout();
    assert!(json.contains(r#""key":"invoice-7""#) && json.contains(r#""result":700"#), "{json}");
    let logs = home.durun(&["logs", "b"]).stdout();
    assert_eq!(logs, "", "served, it executes nothing");

    home.durun(&["-v", "once", "forget", "invoice-7"])
        .err("forgotten: the result of run a; the next call executes again\n")
        .check();
    home.durun(&["once", "forget", "invoice-7"])
        .exit(4)
        .err("error[D0308]: nothing is kept under the key \"invoice-7\"\n |\n = help: durun once list shows the keys\n")
        .check();
    home.durun(&["start", "bill.rhai", "--id", "c", "-i", "n:=7"]).out("700\n").check();
    assert!(home.durun(&["logs", "c"]).stdout().contains("billed"));
}
