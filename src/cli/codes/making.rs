//! D142: files that durun is told to make.

use super::Code;

pub(super) const CODES: &[Code] = &[Code {
    name: "D1420",
    title: "a file or directory cannot be written",
    text: "\
Commands that make files, such as `durun man --into DIR`, write where they are
told to. The system refused at the path that the message names: it may be no
directory, or belong to another user. What was written before it is whole and
stays.",
}];
