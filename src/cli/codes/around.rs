//! D09 to D12: services, updates, running for long.

use super::Code;

pub(super) const CODES: &[Code] = &[Code {
    name: "D0900",
    title: "runs are nested too deep",
    text: "\
A run may start child runs, and these others, but not deeper than the message
says. Most often a script starts itself without an end. Look at the tree:

    durun list

and let a script that goes on for ever use restart_with(input), which begins
its next generation under the same id instead of nesting.",
}];
