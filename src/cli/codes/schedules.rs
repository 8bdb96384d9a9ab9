//! D11: schedules, and what is told of runs.

use super::Code;

pub(super) const CODES: &[Code] = &[Code {
    name: "D1100",
    title: "another process has changed the schedule",
    text: "\
The schedule was changed by somebody else between reading and writing it, again
and again. Nothing was changed by this command. Try again:

    durun schedule list",
}];
