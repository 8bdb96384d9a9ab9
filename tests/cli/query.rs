//! `durun query` where the arguments decide.

use crate::harness::Home;

#[test]
fn arguments_are_read_before_the_store() {
    Home::new()
        .durun(&["query", "one", "getStatus", "{"])
        .exit(2)
        .err(
            "error[D0215]: ARGS is not valid JSON: EOF while parsing an object at line 1 column 1\n |\n \
             = help: in JSON text and names stand in double quotes, the whole in the shell's: '{\"by\": \"Ada\"}'\n",
        )
        .check();
}

#[test]
fn a_query_that_is_nearly_one_is_told() {
    let home = Home::new();
    home.file("a.rhai", "on_query(\"state\", || 1);\nwait_signal(\"go\")\n");
    home.executed_until(&["start", "a.rhai", "--id", "one"], "one", &["waiting"]);
    home.durun(&["query", "one", "stat"])
        .exit(4)
        .err(
            "error[D0704]: the script has no query \"stat\"\n |\n = note: it has: state\n = help: did you mean state?\n = help: durun query one lists them\n",
        )
        .check();
}

#[test]
fn a_query_that_takes_more_than_it_is_given_says_how_it_is_written_and_what_mends_it() {
    let home = Home::new();
    home.file("a.rhai", "let of = 1;\non_query(\"sum\", |a, b| of + a + b);\nwait_signal(\"go\")\n");
    home.executed_until(&["start", "a.rhai", "--id", "one"], "one", &["waiting"]);
    home.durun(&["query", "one", "sum", "1"])
        .exit(8)
        .err(
            "error[D0707]: the closure of on_query is given one argument, and this one is written |a, b|\n |\n \
             = note: in line 2 of the script\n = note: the run itself is not touched by it\n = help: write it |a| …\n \
             = help: mend the query, then: durun upgrade one --script ~/a.rhai\n",
        )
        .check();
}
