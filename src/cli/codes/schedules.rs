//! D11: schedules, and what is told of runs.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D1100",
        title: "another process has changed the schedule",
        text: "\
The schedule was changed by somebody else between reading and writing it, again
and again. Nothing was changed by this command. Try again:

    durun schedule list",
    },
    Code {
        name: "D1101",
        title: "a cron expression says nothing, or never fires",
        text: "\
A cron expression has five fields: minute (0-59), hour (0-23), day of the month
(1-31), month (1-12), weekday (0-7, Sunday is 0 and 7). Each is a number, a
list, a range, a step or *; names such as MON-FRI and jan are known, and L for
the last day of a month. @hourly, @daily, @weekly, @monthly and @yearly stand
for a whole expression. One that no date fits, such as 30 February, is refused.

    durun schedule add nightly \"30 2 * * *\" backup.rhai",
    },
    Code {
        name: "D1102",
        title: "there is no such time zone",
        text: "\
Time zones have the names of the IANA database, region and city. Abbreviations
such as CEST name no zone: they say nothing about when the clock changes.

    durun schedule add nightly \"30 2 * * *\" backup.rhai --tz Europe/Berlin",
    },
    Code {
        name: "D1103",
        title: "the name of a schedule cannot be the beginning of an id",
        text: "\
The run of a slot is called after its schedule: nightly-2026-11-24T0230. So the
name of a schedule is made of letters, digits and the marks - _ . (not first),
and has at most 100 of them.",
    },
    Code {
        name: "D1104",
        title: "there is no schedule of that name",
        text: "\
No schedule of the store has that name. Perhaps another store is meant: it is
found by --store, by $DURUN_STORE, or by a .durun/ upwards from here.

    durun schedule list",
    },
    Code {
        name: "D1105",
        title: "there is another schedule of that name",
        text: "\
`durun schedule add` changes nothing where the same schedule is there already,
and refuses to change another one. With --replace it takes its place; what the
old one began, and what it has missed, stays.

    durun schedule add nightly \"0 3 * * *\" backup.rhai --replace",
    },
    Code {
        name: "D1106",
        title: "a run of the schedule is open, and it skips",
        text: "\
The schedule was added with --overlap skip, so no run of it is started while an
earlier one has not ended, also not by hand. Wait for that run, or see what
holds it up:

    durun why ID",
    },
    Code {
        name: "D1107",
        title: "a backfill of too many slots",
        text: "\
One backfill records at most 1,000 slots, so that a slip in --from does not
start a run for each minute of a year. Take a shorter time; --dry-run shows the
slots and starts nothing.",
    },
    Code {
        name: "D1108",
        title: "a schedule that is stored cannot be read",
        text: "\
The expression or the zone of a stored schedule says nothing to this version of
durun; most likely a newer one has written it. It fires nothing until then.
Use that version, or remove the schedule and add it again.",
    },
    Code {
        name: "D1110",
        title: "a schedule has missed slots",
        text: "\
Slots were due and no run was started for them: the script is gone or cannot be
read, or nobody fired them in time and the schedule does not make up for them
(--catchup). They are listed until somebody has seen them or a backfill has
made up for them:

    durun missed
    durun schedule backfill NAME --from TIME --to TIME
    durun missed --seen",
    },
    Code {
        name: "D1111",
        title: "a slot was skipped over a run that is stuck",
        text: "\
The schedule starts no run while an earlier one has not ended, and that one
cannot go on by itself: no slot will be started before somebody looks at it.
Mend its script, or end it:

    durun why ID
    durun upgrade ID --script FILE
    durun terminate ID",
    },
    Code {
        name: "D1112",
        title: "a schedule has paused itself",
        text: "\
It was added with --pause-on-failure, and one of its runs failed, timed out or
is stuck. No slot is fired until it is resumed; what passes until then is
listed as missed.

    durun why ID
    durun schedule resume NAME",
    },
];
