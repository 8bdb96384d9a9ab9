//! D06: the store.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0601",
        title: "the store has no run of that number",
        text: "\
A run was looked up by its number and is gone, for example pruned by another
process in the meantime. `durun list -a` shows what there is.",
    },
    Code {
        name: "D0602",
        title: "the text of a script is missing",
        text: "\
Scripts are kept in the store with the runs that use them, and this one is not
there: the store is damaged. Keep a copy of its directory, then restore a
backup. With the same text at hand, `durun upgrade ID --script FILE` mends it.",
    },
    Code {
        name: "D0603",
        title: "another process executes the run",
        text: "\
A run is executed by one process at a time. Wait for its end, or stop that
process first; when it is gone, killed too, the run is free.

    durun wait ID
    kill PID             parks what that process executes; nothing is lost",
    },
    Code {
        name: "D0604",
        title: "another process has taken the run over",
        text: "\
This process was held up for so long that it counted as gone, and another one
goes on with the run. Nothing was done twice in the history: what this process
still wanted to record was refused.",
    },
    Code {
        name: "D0605",
        title: "a record would be overwritten with another",
        text: "\
A mistake in durun: an entry that exists was to be written again with other
bytes. It was refused and the history is as it was. Please report it with the
output of `durun history ID -o jsonl`.",
    },
    Code {
        name: "D0606",
        title: "a record would leave a gap",
        text: "\
A mistake in durun: an entry was to be written behind one that is missing. It
was refused and the history is as it was. Please report it with the output of
`durun history ID -o jsonl`.",
    },
    Code {
        name: "D0607",
        title: "the store is damaged",
        text: "\
The file of the store is not as durun wrote it: a failing disk, an incomplete
copy, another program. durun has changed nothing. Keep a copy of the directory,
then restore a backup, or begin a new store with --store DIR.",
    },
    Code {
        name: "D0608",
        title: "the store is newer than this durun",
        text: "\
A newer durun has written this store, in a form that this one does not know.
Use that version, or another store. Nothing was changed.",
    },
    Code {
        name: "D0609",
        title: "another version has the store open",
        text: "\
Processes that share a store have to be of one version. Wait until the other has
ended, or stop it, or use its version here.",
    },
    Code {
        name: "D0610",
        title: "the store is busy",
        text: "\
Another process has the store and does not answer, or a lock is held. Nothing is
lost: try again. `durun doctor` says who has it open.",
    },
    Code {
        name: "D0611",
        title: "no space left",
        text: "\
The device of the store is full. What was recorded before is safe; runs are
parked. Make room, then: durun resume --all.",
    },
    Code {
        name: "D0612",
        title: "no permission for the store",
        text: "\
The store belongs to its user alone. Use the same user as before, or another
store: --store DIR or $DURUN_STORE. Your own store in a directory that is closed
to writing can be looked at (list, status, history, logs, doctor), and no more.",
    },
    Code {
        name: "D0613",
        title: "the store cannot be read or written",
        text: "\
The system reported an error for a file of the store. What was recorded before
is safe; runs are parked. Look at the disk (dmesg). A store on a disk that is
mounted read-only can be looked at (list, status, history, logs, doctor), and no
more; once it is mounted for writing: durun resume --all.",
    },
    Code {
        name: "D0614",
        title: "processes of the store do not understand each other",
        text: "\
A mistake in durun: what came through the store's socket is not what was
expected. Nothing was recorded by this call. Please report it.",
    },
    Code {
        name: "D0615",
        title: "the owner of the store went away",
        text: "\
The process that had the store open ended while it was asked, and no other took
its place in time. Try again: the next one opens the store itself.",
    },
    Code {
        name: "D0616",
        title: "an entry of a history is damaged",
        text: "\
The bytes of an entry are not what was written. durun has changed nothing. Keep
a copy of the store's directory, then restore a backup. The other runs of the
store are not touched by it.",
    },
    Code {
        name: "D0617",
        title: "a history is incomplete",
        text: "\
The run's row counts more entries than there are. durun has changed nothing.
Keep a copy of the store's directory, then restore a backup.",
    },
    Code {
        name: "D0618",
        title: "the run that is spoken to is not there",
        text: "\
A message was addressed to a run that the store does not have, or no longer.
`durun list -a` shows what there is.",
    },
    Code {
        name: "D0619",
        title: "the process that has the store open is stopped",
        text: "\
One process has the file of a store open and answers the others. It was stopped,
by `kill -STOP` or a debugger, and answers nobody; commands give it five
seconds. (Ctrl-Z does no such thing: a durun that is stopped by it hands the
store over before.) Nothing is lost. It goes on by `fg` or `bg` in its terminal,
or by

    kill -CONT PID

Runs that other processes execute wait until then. Killed, it is no longer in
the way either: the next command opens the store itself.",
    },
    Code {
        name: "D0640",
        title: "the store is damaged, and what was shown may be incomplete",
        text: "\
When it opens a store of up to 16 MiB, durun verifies every page of its file.
One did not match: the disk, or another program, has changed it. durun goes on
only to read, from a copy in memory: what it shows passed its own checksums,
but entries may be missing. Nothing that writes is done, and each command ends
with exit code 65.

Keep a copy of the directory before anything else. Then restore a backup of the
store, or begin a new one with --store DIR.",
    },
];
