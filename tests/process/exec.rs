//! What is seen of `durun exec` while its program runs.

use crate::world::{World, begin, finish};
use std::io::{BufRead as _, BufReader};

#[test]
fn stderr_is_passed_on_while_the_program_runs() {
    let world = World::new();
    let program = "echo begun >&2; echo out; until test -e go; do sleep 0.02; done; echo over >&2";
    let mut child = begin(&mut world.command(&["exec", "--id", "r", "--", "sh", "-c", program]));
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    // The program waits for what only comes after this line was read.
    stderr.read_line(&mut line).expect("a line");
    assert_eq!(line, "begun\n");
    world.write("go", "");
    stderr.read_line(&mut line).expect("a line");
    assert_eq!(line, "begun\nover\n");
    let told = finish(child);
    assert_eq!((told.code, told.out.as_str()), (Some(0), "out\n"), "{told:?}");
}
