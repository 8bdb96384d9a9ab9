//! D143: salvaging what a damaged store has.

use super::Code;

pub(super) const CODES: &[Code] = &[Code {
    name: "D1430",
    title: "runs of a damaged store could not be salvaged",
    text: "\
`durun export --salvage` reads a damaged store run by run. A run of which every
entry, script and waiting row is as it was written was written into a file of
its own. What is named here is not whole, and was not written. Keep a copy of
the store's directory; `durun history ID` may show such a run up to its damage.

    durun export --salvage --to DIR
    durun import DIR/ID.durun",
}];
