//! D13: inputs that a script does not take, and what `durun check` finds.

use super::Code;

pub(super) const CODES: &[Code] = &[Code {
    name: "D1370",
    title: "there is no such code",
    text: "\
`durun explain` takes a code as it stands in an error, such as D0105. Without
one it lists all.",
}];
