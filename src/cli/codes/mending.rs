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
the decision to you; what the handler of on_failure did is no hindrance. rewind
does what you ask for, and shows first what is set aside:

    durun rewind ID --to ENTRY --dry-run",
    },
    Code {
        name: "D1206",
        title: "no step of the run failed",
        text: "\
retry tries a failed step again. This run ended without one: the script called
fail() or threw, or a child run failed. Look at the history, and say from where
it is to go on; under a mended script, with `durun upgrade` behind it:

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
    Code {
        name: "D1209",
        title: "the file of the export is there already",
        text: "\
durun export writes over nothing. Name another file, or remove the old one:

    durun export ID --to OTHER.durun",
    },
    Code {
        name: "D1210",
        title: "the file or folder of the export is not there",
        text: "\
import reads a file that export has written, and export writes into a folder
that exists.",
    },
    Code {
        name: "D1211",
        title: "the file of the export cannot be read or written",
        text: "\
The system refused; its own words are in the message. Half a file was removed.",
    },
    Code {
        name: "D1212",
        title: "the file is no exported run",
        text: "\
A file that durun export has written begins with `durun-export 1`. This one does
not; perhaps it is compressed, or of a newer durun.",
    },
    Code {
        name: "D1213",
        title: "the file of the export is damaged",
        text: "\
Such a file carries a checksum over all its bytes, and this one does not match,
or it was cut. Nothing was imported. Copy or export it once more.",
    },
    Code {
        name: "D1214",
        title: "the store is only looked at",
        text: "\
A store made by durun import holds runs of another store. They are looked at,
replayed and queried there, and never executed: their effects belong to the
store that they came from. And a store that executes runs takes no imported one.

    durun --store DIR history ID
    durun --store DIR query ID NAME",
    },
    Code {
        name: "D1215",
        title: "the directory of the store cannot be examined",
        text: "\
durun doctor asks the system for the size of the file, for free room and for the
time that a write takes. One of these was refused; the system's words are in the
message.",
    },
    Code {
        name: "D1220",
        title: "patched needs a name that is written out, and a place in the history",
        text: "\
When a run goes on under another text, durun reads the names of its patches out
of both texts, and remembers where in the history each of them came. So a name
is written out, and asked for where the script runs, not in a step or activity,
which may be executed at any time:

    let new = patched(\"tax in euro\");
    step(\"invoice\", || if new { euro(total) } else { total });",
    },
];
