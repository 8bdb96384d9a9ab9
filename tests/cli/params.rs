//! `params(#{…})`: the inputs that a script declares, checked before anything is recorded.

use crate::harness::Home;

const BACKUP: &str = "\
#!/usr/bin/env -S durun start
// Copies a host's files.
let p = params(#{host: (), keep: 7, share: 0.5, tags: [], full: false});
fn shown() { `${input.host} ${input.keep}` }
shown() + ` ${p.keep + 1} ${p.share * 2.0} ${p.tags.len()} ${p.full}`
";

fn home() -> Home {
    let home = Home::new();
    home.file("backup.rhai", BACKUP);
    home
}

#[test]
fn inputs_are_read_as_their_types_and_have_defaults() {
    let home = home();
    home.durun(&["backup.rhai", "-i", "host=7"]).out("7 7 8 1.0 0 false\n").check();
    home.durun(&[
        "run",
        "backup.rhai",
        "-i",
        "host=a",
        "-i",
        "keep=3",
        "-i",
        "share=2",
        "-i",
        "tags=[1,2]",
        "-i",
        "full=true",
    ])
    .out("a 3 4 4.0 2 true\n")
    .check();
}

#[test]
fn defaults_are_no_part_of_the_input_that_tells_two_starts_apart() {
    let home = home();
    let words = ["start", "backup.rhai", "--id", "b", "-i", "host=a", "-i", "share:=2"];
    home.durun(&words).out("a 7 8 4.0 0 false\n").check();
    home.file("backup.rhai", BACKUP.replace("keep: 7", "keep: 9"));
    home.durun(&words).out("a 7 8 4.0 0 false\n").check();
}

#[test]
fn what_is_wrong_is_told_at_once_and_nothing_is_recorded() {
    let home = home();
    let help = " = help: durun start ~/backup.rhai --help lists the inputs\n";
    home.durun(&["start", "backup.rhai", "-i", "hots=a", "-i", "keep=many"])
        .exit(2)
        .err(&format!(
            "error[D1300]: the script takes no input \"hots\"\n |\n \
             = note: the input \"keep\" is a whole number, not text\n \
             = note: the input \"host\" is missing\n \
             = note: nothing was recorded\n \
             = help: did you mean host?\n \
             = help: keep takes a whole number, as JSON for example: -i keep:=3\n{help}"
        ))
        .check();
    let told = home.durun(&["start", "backup.rhai", "-i", "host=a", "-i", "tags=a,b"]).exit(2).failure();
    assert!(told.contains("the input \"tags\" is a list, not text"), "{told}");
    assert!(told.contains(" = help: as JSON it is: -i 'tags:=[\"a\",\"b\"]'\n"), "{told}");
    let told = home.durun(&["start", "backup.rhai", "-i", "host=a", "-i", "keep:=2.5"]).exit(2).failure();
    assert!(told.contains("the input \"keep\" is a whole number, not one with a fraction"), "{told}");
    home.durun(&["start", "backup.rhai"])
        .exit(2)
        .err(&format!(
            "error[D1301]: the input \"host\" is missing\n |\n = note: nothing was recorded\n{help}"
        ))
        .check();
    home.durun(&["start", "backup.rhai", "--input", "[1]"])
        .exit(2)
        .err(&format!(
            "error[D1303]: the script takes its inputs by name, not as a list\n |\n = note: nothing was recorded\n{help}"
        ))
        .check();
    home.durun(&["signal", "x", "go", "--start", "backup.rhai", "-i", "keep=1", "-i", "host:=null"])
        .exit(2)
        .err(&format!(
            "error[D1301]: the input \"host\" is missing\n |\n = note: nothing was recorded\n{help}"
        ))
        .check();
    assert_eq!(home.durun(&["list", "-a", "-o", "json"]).stdout().trim(), "[]");
}

#[test]
fn a_declaration_that_is_not_written_out_is_no_script() {
    let home = Home::new();
    home.file("a.rhai", "let p = params(#{\n  day: today()\n});\n");
    home.durun(&["start", "a.rhai"])
        .exit(2)
        .err(
            "error[D0406]: a.rhai is no valid script: the default of \"day\" is not written out: it is checked before the script begins\n --> a.rhai:2:8\n  |\n2 |   day: today()\n  |        ^^^^^ the default of \"day\" is not written out: it is checked before the script begins\n  |\n  = note: nothing was recorded\n  = help: durun check a.rhai looks again, and starts nothing\n",
        )
        .check();
}

#[test]
fn help_of_a_script_lists_its_inputs() {
    let home = home();
    for words in
        [&["start", "backup.rhai", "--help"][..], &["--help", "start", "backup.rhai"], &["backup.rhai", "-h"]]
    {
        let help = home.durun(words).stdout();
        let inputs = "backup.rhai:\n  Copies a host's files.\n\nInputs:\n  \
                      -i host=…   has to be given\n  \
                      -i keep=…   a whole number, else 7\n  \
                      -i share=…  a number, else 0.5\n  \
                      -i tags:=…  a list, else []\n  \
                      -i full=…   true or false, else false\n\n";
        assert!(help.starts_with(inputs) && help.contains("\nUsage: durun "), "{words:?}: {help}");
    }
    home.file("plain.rhai", "1");
    assert!(home.durun(&["start", "plain.rhai", "--help"]).stdout().contains("It declares no inputs"));
    assert!(home.durun(&["start", "gone.rhai", "--help"]).stdout().contains("Usage: durun start"));
}

#[test]
fn a_child_run_with_a_wrong_input_fails() {
    let home = home();
    home.file("parent.rhai", "let r = attempt(|| child(\"backup.rhai\", #{hots: 1})); r.error.message");
    let said = home.durun(&["parent.rhai"]).stdout();
    assert!(said.contains("the script takes no input \"hots\"; the input \"host\" is missing"), "{said}");
}

#[test]
fn json_that_is_taken_as_text_is_told_to_who_looks_on() {
    let home = Home::new();
    home.file("a.rhai", "type_of(input.items)");
    let words = ["start", "a.rhai", "-i", "items=[1,2]"];
    home.durun(&words).out("string\n").check();
    let (out, err) = home.durun(&[&["-v"], &words[..]].concat()).both();
    assert_eq!(out, "string\n");
    assert!(err.contains("note: the input \"items\" is text; as JSON it is: -i 'items:=[1,2]'\n"), "{err}");
}

#[test]
fn a_pair_without_its_own_i_is_told_how_it_is_written() {
    let home = Home::new();
    home.file("a.rhai", "input.b");
    let told = home.durun(&["start", "a.rhai", "-i", "a=1", "b=two words"]).exit(2).failure();
    assert!(told.contains("tip: each field of the input has its own -i: -i 'b=two words'"), "{told}");
    let told = home.durun(&["a.rhai", "b=2"]).exit(2).failure();
    assert!(told.contains("-i b=2"), "{told}");
    let told = home.durun(&["list", "b=2"]).exit(2).failure();
    assert!(!told.contains("-i b=2"), "{told}");
}

#[test]
fn an_input_that_was_not_given_is_named_where_the_run_is_stuck_for_it() {
    let home = Home::new();
    home.file(
        "a.rhai",
        "step(\"one\", || 1);\nlet orders = input.orders;\nfor order in orders { print(order) }\n\"done\"",
    );
    let missing = "this run was not given input.orders: start another with -i orders=…; a script that declares it, \
                   params(#{ orders: … }), is not started without it";
    let told = home.durun(&["start", "a.rhai", "--id", "one"]).exit(8).failure();
    assert!(told.contains(&format!("  = help: {missing}\n")), "{told}");
    let told = home.durun(&["why", "one"]).stdout();
    assert!(told.contains(&missing[1..]), "{told}");
    let told = home.durun(&["start", "a.rhai", "--id", "two", "-i", "ordres:=[1]"]).exit(8).failure();
    assert!(told.contains("this run was not given input.orders, but input.ordres: start another"), "{told}");
    home.durun(&["start", "a.rhai", "--id", "three", "-i", "orders:=[]"]).out("done\n").check();
    // Read inside a step, and with a test beside it.
    home.file("b.rhai", "step(\"greet\", || `hi ${input.who.to_upper()}`)");
    let told = home.durun(&["start", "--unchecked", "b.rhai", "--id", "four"]).exit(8).failure();
    assert!(told.contains("this run was not given input.who: "), "{told}");
    home.file("b_test.rhai", "test(\"t\", || { run(); });");
    let told = home.durun(&["test", "b_test.rhai"]).exit(1).make().0;
    assert!(told.contains("this run was not given input.who: "), "{told}");
}

#[test]
fn a_start_without_an_input_that_each_run_needs_records_nothing() {
    let home = Home::new();
    home.file("a.rhai", "let name = input.who;\nfor order in input.orders { print(order) }\nname.to_upper()");
    let report = |near: &str| {
        format!(
            "\
error[D1301]: the input \"orders\" is missing
 --> a.rhai:2:20
  |
2 | for order in input.orders {{ print(order) }}
  |                    ^^^^^^
  |
  = note: nothing was recorded: each run comes to this line, and would be stuck there without it
{near}  = help: give it: -i orders=…
  = help: where a run can do without: input.orders ?? …; params(#{{ orders: … }}) says what it takes, and what stands for it
  = help: --unchecked starts it all the same
"
        )
    };
    home.durun(&["start", "a.rhai", "--id", "one"]).exit(2).err(&report("")).check();
    let near = report("  = help: given was ordres\n");
    home.durun(&["a.rhai", "-i", "ordres:=[1]"]).exit(2).err(&near).check();
    home.durun(&["signal", "one", "go", "--start", "a.rhai"]).exit(2).err(&report("")).check();
    home.durun(&["start", "a.rhai", "-i", "orders:=[]", "-i", "who=ada"]).out("ADA\n").check();
    home.durun(&["start", "a.rhai", "--unchecked", "--id", "one"]).exit(8).failure();
    // One that is there goes on as it is.
    home.durun(&["start", "a.rhai", "--id", "one"]).exit(8).failure();
    home.file(
        "b.rhai",
        "for order in input.orders ?? [] { }\nif \"who\" in input { input.who.len() } else { 7 }",
    );
    home.durun(&["start", "b.rhai"]).out("7\n").check();
}
