//! D145: what is read and is not there.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D1450",
        title: "a result has no such field",
        text: "\
What a call gives has the fields that the reference of host functions names, and
no others: of exec and sh `stdout`, `stderr`, `code`, `lines`, `json`, `csv`; of
http `status`, `headers`, `body` and the same readings. A run that reads another
is stuck there. Text, numbers and lists have only a few, such as `len` of a
text or a list. A field that a map of your own does not have reads as ().
So does one of an error that is caught, and of what `attempt` gives, which has
`ok`, `value` and `error`: of those only what is misspelt is told, as a warning.

    let done = exec([\"date\"]);
    print(done.stdout);",
    },
    Code {
        name: "D1451",
        title: "nothing of a damaged store can be read",
        text: "\
`durun export --salvage` reads a damaged store run by run, and could not even
begin: the parts that say where runs stand contradict each other or are gone.
The store was not changed. Keep a copy of its directory, put a backup in its
place, or begin a new store and start the runs again. What was exported before
is shown by `durun import`.

    durun --store DIR doctor --deep
    durun import order-1001.durun",
    },
];
