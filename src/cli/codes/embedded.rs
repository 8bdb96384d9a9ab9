//! D144: runs of programs that have durun as a library.

use super::Code;

pub(super) const CODES: &[Code] = &[Code {
    name: "D1440",
    title: "the run needs the program that started it",
    text: "\
A program that uses durun as a library has started the run, and its script calls
activities that are functions of that program: the message names them. Nobody
else can execute it, and nothing was executed; the run stays as it is. It goes
on when that program opens the store again.

    durun status ID          how far it is
    durun signal ID NAME     is accepted, and delivered when it goes on

A program that no longer has one of these functions is refused in the same way:
let it register the function until no open run calls it.",
}];
