//! What is written as in other languages is told once, with what there is instead.

use super::tests::{finds, fine};
use super::*;
use std::collections::BTreeMap;

fn hints(main: &str) -> Vec<String> {
    let source = Source { path: "a.rhai".to_owned(), main: main.to_owned(), modules: BTreeMap::new() };
    let found = check(&Interpreter::new(), &source, &|_| Backing::Yes).expect("a script");
    found.into_iter().map(|finding| finding.hint.unwrap_or_default()).collect()
}

#[test]
fn a_thing_of_another_language_is_told_once() {
    finds("let a = JSON.parse(\"{}\")", "Variable (1, 9) there is no variable 'JSON'");
    finds("console.log(1)", "Variable (1, 1) there is no variable 'console'");
    assert_eq!(hints("console.log(nobody)").len(), 2, "what is given to it is looked at");
    fine("let JSON = #{ parse: |text| text }; JSON.parse(\"{}\")");
}

#[test]
fn a_number_is_read_out_of_text_by_its_own_function() {
    assert_eq!(hints("let n = int(\"4\")"), ["a whole number is read out of text by parse_int(text)"]);
    assert_eq!(hints("let n = float(\"4\")"), ["did you mean parse_float?"]);
    fine("let n = int(4.5); let m = parse_int(\"4\");");
}

#[test]
fn a_program_is_no_function() {
    for call in ["rm(\"/tmp/x\")", "mv(\"a\", \"b\")", "mkdir(\"a\")"] {
        let hint =
            "programs are called so: exec([\"rm\", \"-f\", path]), or sh(\"rm -f *.tmp\") with a shell";
        assert_eq!(hints(call), [hint], "{call}");
    }
    fine("fn rm(path) { path } rm(\"x\")");
}

#[test]
fn a_backoff_that_is_a_duration_is_the_first_pause() {
    let told = |value: &str| {
        let expected = if value.starts_with('"') { "first" } else { "factor" };
        finds(
            &format!("exec([\"a\"], #{{ retry: #{{ backoff: {value} }} }})"),
            &format!("Option (1, 26) there is no retry option \"backoff\"; did you mean \"{expected}\"?"),
        );
    };
    told("\"2s\"");
    told("2");
}
