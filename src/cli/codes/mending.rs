//! D12: mending runs: going back, trying again.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D1200",
        title: "the run has no such entry",
        text: "\
--to takes the number of an entry, as `durun history` shows it. Entry 0 is the
beginning of the run: --to 0 does all again. Nothing lies before it.

    durun history ID
    durun rewind ID --to 4 --dry-run",
    },
    Code {
        name: "D1201",
        title: "a run that has not begun cannot be rewound",
        text: "\
Nobody has executed the run so far, so its history is empty.

    durun resume ID",
    },
    Code {
        name: "D1202",
        title: "no entry is the outcome of that command",
        text: "\
--step takes the number of a command (`op` in `durun history ID -o jsonl`) that
has come to its end. Commands that the script itself ends, a wait_until that
came true for example, have no entry; name an entry instead:

    durun rewind ID --to ENTRY",
    },
    Code {
        name: "D1203",
        title: "there is nothing to set aside",
        text: "\
rewind keeps the entry that it is given and sets aside what comes after it.
Behind the last entry there is nothing.

    durun history ID",
    },
    Code {
        name: "D1204",
        title: "no result that could be set",
        text: "\
--set OP=JSON puts another value in the place of a recorded result. The command
has to be an effect (step, activity, exec, sh, http, …), and its entry has to
be among those that stay, up to --to.

    durun rewind ID --step 3 --set '3={\"price\": 12}'",
    },
    Code {
        name: "D1205",
        title: "something was done after the step had failed",
        text: "\
retry opens a run again at the step that failed. Here the script did something
after that: an undo, a message, a step in a catch block. Trying the step again
as if that had not happened could repeat it, or contradict it; so retry leaves
the decision to you. rewind does what you ask for, and shows first what is set
aside:

    durun rewind ID --to ENTRY --dry-run",
    },
    Code {
        name: "D1206",
        title: "no step of the run failed",
        text: "\
retry tries a failed step again. This run ended without one: the script called
fail() or threw, or a child run failed. Look at the history, and say from where
it is to go on:

    durun history ID
    durun rewind ID --to ENTRY",
    },
    Code {
        name: "D1207",
        title: "the run held a lock there",
        text: "\
An ended run has given up its locks, and another run may hold them by now. So
it cannot go on from the middle of a with_lock. Go back to an entry before the
lock was granted; the script then asks for it once more.",
    },
    Code {
        name: "D1208",
        title: "--set names no command",
        text: "\
--set takes the number of a command, an equals sign and a JSON value. The number
is `op` in `durun history ID -o jsonl`.

    durun rewind ID --step 3 --set '3={\"price\": 12}'",
    },
];
