//! D10 to D12: services, upgrades, running for long.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D1000",
        title: "the run of that id has ended",
        text: "\
`start --id ID --if-ended fail` found a run of that id that has ended, and
started nothing. `durun result ID` prints its result. Without the option how it
ended is reported; with `--if-ended again` another run is started, ID-2.",
    },
    Code {
        name: "D1001",
        title: "the run in the way has been failing for long",
        text: "\
A start was skipped because an earlier run of the script, or of the key, has
not ended. That run does not get on: a step of it has been failing for longer
than its warn_after, 15 minutes where nothing is said. A job that is skipped
each night says so each night, by this block and the exit code 1.

    durun why ID
    durun retry ID
    durun cancel ID

say what it waits for, try again now, and let the next start begin.",
    },
    Code {
        name: "D1002",
        title: "a number does not fit behind the id",
        text: "\
`--if-ended again` starts ID-2, ID-3 and so on. An id has at most 128
characters, and this one leaves no room for the number. Use a shorter one.",
    },
    Code {
        name: "D1003",
        title: "another process serves the store",
        text: "\
One `durun serve` goes on with all runs of a store, and one is there already:
the message names its process id. Stop it first, by its service manager or with
a TERM signal, or serve another store with `--store DIR`.",
    },
    Code {
        name: "D1004",
        title: "the crontab cannot be read or written",
        text: "\
`durun tick --install` puts one line into your crontab through the program
`crontab`, which is missing, or refuses: see /etc/cron.allow. The table is as it
was. What the line would be:

    * * * * * durun --store DIR tick

`durun tick --install --systemd` uses a timer of systemd instead.",
    },
    Code {
        name: "D1005",
        title: "the units of systemd cannot be written",
        text: "\
`durun tick --install --systemd` writes durun-tick.service and durun-tick.timer
to ~/.config/systemd/user, as root to /etc/systemd/system. They serve one store;
for a second one use the crontab, or `durun serve`.",
    },
    Code {
        name: "D1006",
        title: "systemd does not do what it is told",
        text: "\
The units are written, and systemctl, called as the message says, refused. There
is no manager in a container, nor for a user who has not logged in; type the
command yourself where there is one, or use the crontab: durun tick --install.",
    },
];
