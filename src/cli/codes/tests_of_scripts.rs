//! D14: tests of scripts that did not pass.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D1400",
        title: "there are no tests",
        text: "\
`durun test` performs the tests in files whose names end in `_test.rhai`: those
given, or all in this folder and below it. None was found, or none has a name
that contains the text given with -k.

    test(\"an order is delivered\", || { … });
    durun test --list",
    },
    Code {
        name: "D1401",
        title: "an assertion does not hold",
        text: "\
What the test says is not so. Where two values were compared, lines with `-`
show what was expected, lines with `+` what was found.",
    },
    Code {
        name: "D1402",
        title: "nothing stands in for a command",
        text: "\
A test touches nothing outside: each activity, process and call that its run
comes to is answered by a mock. Functions of the script are executed as they
are, unless a mock has their name.

    mock(\"charge_customer\", #{ receipt: 17 });
    mock(\"exec tar\", \"\");
    mock(\"http GET https://example.org/*\", #{ json: [1, 2] });",
    },
    Code {
        name: "D1403",
        title: "an error left the test",
        text: "\
The test itself is mistaken, or something threw in it that it does not catch. An
error that is expected is asserted:

    assert_throws(|| order.answer(\"maybe\"), \"yes or no\");",
    },
    Code {
        name: "D1404",
        title: "a run comes to another end after a crash",
        text: "\
With --kill-everywhere the process is killed after each recorded entry, and
another goes on with the run. Its end must be the same as without the crash. An
effect that is `at_most_once` is not begun again after a crash: its script is
given the error `unknown_outcome`, and should know what to do then.",
    },
    Code {
        name: "D1405",
        title: "the run comes to no end",
        text: "\
The run went on and on. Of a script that has no end, a test plays a part:

    let poller = run(#{}, #{ stop_at: \"30 days\" });",
    },
    Code {
        name: "D1406",
        title: "the run cannot be started",
        text: "\
There is no such script, it does not take this input, or its id is in use. A
test in `order_test.rhai` runs `order.rhai` beside it, where it names no other.",
    },
    Code {
        name: "D1407",
        title: "that cannot be said to the run",
        text: "\
The run has ended, asks no question, waits for no token, or has no query of that
name at this moment of the test.",
    },
    Code {
        name: "D1408",
        title: "the run of a test is stuck",
        text: "\
The script cannot go on as it is written. The message says where and why; a test
that expects it says so:

    assert_throws(|| run(#{ hosts: 3 }), \"not found\");",
    },
];
