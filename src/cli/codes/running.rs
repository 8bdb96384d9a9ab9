//! D08 and D0900: mistakes in durun, machines that refuse what it needs, and runs without an end.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0801",
        title: "the execution stopped",
        text: "\
The machine refused a thread, memory or a process, or durun has a mistake. The
run is parked and nothing is lost: durun resume ID.",
    },
    Code {
        name: "D0802",
        title: "this build cannot execute scripts",
        text: "\
This program was built without durun's engine, for tests perhaps. Nothing was
executed. Use the usual build.",
    },
    Code {
        name: "D0803",
        title: "the system gives no random bytes",
        text: "\
Ids and tokens are made of random bytes, and the system call for them failed.
Look at the sandbox or container in which durun runs.",
    },
    Code {
        name: "D0804",
        title: "the store answered something else",
        text: "\
A mistake in durun: a question to the store was answered with something of
another kind. Please report it.",
    },
    Code {
        name: "D0900",
        title: "runs are nested too deep",
        text: "\
A run may start child runs, and these others, but not deeper than the message
says. Most often a script starts itself without an end. Look at the tree:

    durun list

and let a script that goes on for ever use restart_with(input), which begins
its next generation under the same id instead of nesting.",
    },
];
