//! The chain of calls that led to an uncaught error: in the report, `status`, `why`, `history`, and as JSON.

use crate::harness::Home;
use serde_json::{Value, json};

const ORDER: &str = "\
import \"lib/pay\" as pay;

fn order(n) {
    step(\"pay\", #{ retry: 1 }, || pay::charge(n));
}

order(7);
";
const PAY: &str = "\
fn refuse(n) {
    throw `no money for ${n}`;
}

fn charge(n) {
    refuse(n);
}
";

fn failed() -> Home {
    let home = Home::new();
    home.file("order.rhai", ORDER).file("lib/pay.rhai", PAY);
    home.durun(&["start", "order.rhai", "--id", "one"])
        .err(
            "\
error[D0101]: run one failed: no money for 7
 --> ~/lib/pay.rhai:2:5
  |
2 |     throw `no money for ${n}`;
  |     ^^^^^ no money for 7
...
6 |     refuse(n);
  |     ------ refuse is called here
  |
 ::: ~/order.rhai:4:40
  |
4 |     step(\"pay\", #{ retry: 1 }, || pay::charge(n));
  |     ----------------------------------------------
  |     |                                  |
  |     |                                  charge is called here
  |     the closure is called here
  |     step is called here
...
7 | order(7);
  | ----- order is called here
  |
  = note: activity \"pay\", attempts: 1
  = help: durun history one tells what happened, durun logs one pay what it wrote
  = help: to go on at the failed step: durun retry one
",
        )
        .exit(1)
        .check();
    home
}

#[test]
fn an_error_in_a_step_of_a_module_is_told_with_all_calls_that_led_there() {
    let home = failed();
    let chain = "   2 | throw `no money for ${n}`;   in ~/lib/pay.rhai\n   \
                 6 | refuse(n);   in ~/lib/pay.rhai   calls refuse\n   \
                 4 | step(\"pay\", #{ retry: 1 }, || pay::charge(n));   calls charge, closure, step\n   \
                 7 | order(7);   calls order\n";
    let why = home.durun(&["why", "one"]).stdout();
    assert!(why.contains(chain), "{why}");
    let status = home.durun(&["status", "one"]).stdout();
    let shown: Vec<&str> = status.lines().map(|line| line.get(12..).unwrap_or("")).collect();
    assert!(shown.join("\n").contains(chain.trim_end()), "{status}");
    let history = home.durun(&["history", "one"]).stdout();
    let told = "failed · no money for 7\n\
                ____in line 2 of lib/pay\n\
                ____called in line 6 of lib/pay: refuse\n\
                ____called in line 4: charge, closure, step\n\
                ____called in line 7: order\n";
    assert!(history.ends_with(&told.replace("____", &" ".repeat(28))), "{history}");
}

#[test]
fn the_chain_is_told_as_json() {
    let home = failed();
    let (pay, order) = ("~/lib/pay.rhai", "~/order.rhai");
    let call = |name: &str, line: u32, file: &str| json!({"name": name, "line": line, "file": file});
    let calls = json!([
        call("refuse", 6, pay),
        call("charge", 4, order),
        call("closure", 4, order),
        call("step", 4, order),
        call("order", 7, order),
    ]);
    let parsed = |words: &[&str]| -> Value {
        let text = home.durun(words).stdout();
        serde_json::from_str(text.trim().lines().last().expect("a line")).expect("JSON")
    };
    let status = parsed(&["status", "one", "-o", "jsonl"]);
    let error = status.get("error").expect("an error");
    assert_eq!(
        (error.get("calls"), error.get("line"), error.get("file")),
        (Some(&calls), Some(&json!(2)), Some(&json!(pay)))
    );
    let entry = parsed(&["history", "one", "-o", "jsonl"]);
    let raised = entry.pointer("/error/raised").expect("where it was raised");
    assert_eq!((raised.get("calls"), raised.get("column")), (Some(&calls), Some(&json!(5))));
}

#[test]
fn what_a_strand_throws_and_what_is_thrown_again_is_told_from_where_it_was_raised() {
    let home = Home::new();
    home.file(
        "again.rhai",
        "fn find() {\n    throw \"none\";\n}\nlet s = strand(|| find());\nfn ended(s) {\n    s.join()\n}\n\
         try {\n    ended(s);\n} catch (err) {\n    throw err;\n}\n",
    );
    home.durun(&["start", "again.rhai", "--id", "one"]).exit(1).failure();
    let why = home.durun(&["why", "one"]).stdout();
    let chain = "   2 | throw \"none\";\n   4 | let s = strand(|| find());   calls find, closure\n   \
                 6 | s.join()   calls join\n  11 | throw err;   calls throw\n";
    assert!(why.contains(chain), "{why}");
}

#[test]
fn a_chain_of_a_function_that_calls_itself_is_told_once() {
    let home = Home::new();
    home.file(
        "deep.rhai",
        "fn deep(n) {\n    if n == 0 { fail(\"here\"); }\n    deep(n - 1);\n}\ndeep(9);\n",
    );
    let told = home.durun(&["start", "deep.rhai", "--id", "one"]).exit(1).failure();
    assert!(told.contains("3 |     deep(n - 1);\n  |     ---- deep is called here, 9 times\n"), "{told}");
    let history = home.durun(&["history", "one"]).stdout();
    let told = format!("in line 2\n{0}called in line 3: deep\n{0}called in line 5: deep\n", " ".repeat(28));
    assert!(history.ends_with(&told), "{history}");
}

#[test]
fn the_help_of_a_request_that_failed_does_not_lead_to_logs_that_there_are_none_of() {
    let home = Home::new();
    home.file("s.rhai", "http(#{ url: \"http://127.0.0.1:1/\", retry: false })\n");
    let told = home.durun(&["start", "s.rhai", "--id", "a"]).exit(1).failure();
    assert!(told.contains("durun history a tells what happened\n") && !told.contains("durun logs"), "{told}");
}
