//! D03: what was asked for and is not there.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0301",
        title: "there is no store",
        text: "\
Where durun looks for its store there is none, so there are no runs either. The
first start makes one. Perhaps the runs are in another:

    durun --store DIR list",
    },
    Code {
        name: "D0302",
        title: "there is no such run",
        text: "\
No run of the store has that id, and none begins so. `durun list -a` shows all;
@last is the newest.",
    },
    Code {
        name: "D0303",
        title: "there is no run yet",
        text: "\
@last is the newest run, and the store has none.

    durun start FILE.rhai",
    },
    Code {
        name: "D0304",
        title: "several runs begin so",
        text: "\
The beginning of an id names a run only if no other begins so. Type more of it;
the candidates are listed.",
    },
    Code {
        name: "D0305",
        title: "nothing can go on here",
        text: "\
`durun resume` without an id goes on with the only run that can. All runs have
ended, are stuck, or are executed by another process. `durun list` shows them.",
    },
    Code {
        name: "D0306",
        title: "several runs can go on",
        text: "\
Say which one, or take all:

    durun resume ID
    durun resume --all",
    },
    Code {
        name: "D0307",
        title: "the run has no such step",
        text: "\
A step is named by the number of its entry or by its name, as `durun history ID`
shows them; one that has no outcome so far by its name.",
    },
    Code {
        name: "D0308",
        title: "nothing is kept under that key",
        text: "\
Results under a `once` key are kept for 400 days after the call that completed.
There is none under this key: it never completed, or was forgotten.

    durun once list",
    },
    Code {
        name: "D0309",
        title: "that generation is not kept",
        text: "\
A run that goes on with restart_with keeps the history of its present generation
and of the one before.

    durun history ID         the present one",
    },
];
