//! `durun query` where the arguments decide.

use crate::harness::Home;

#[test]
fn arguments_are_read_before_the_store() {
    Home::new()
        .durun(&["query", "one", "getStatus", "{"])
        .exit(2)
        .err(
            "error[D0215]: ARGS is not valid JSON: EOF while parsing an object at line 1 column 1\n |\n \
             = help: text is written '\"{\"'\n",
        )
        .check();
}
