//! D145: what is read and is not there.

use super::Code;

pub(super) const CODES: &[Code] = &[Code {
    name: "D1450",
    title: "a result has no such field",
    text: "\
What a call gives has the fields that the reference of host functions names, and
no others: of exec and sh `stdout`, `stderr`, `code`, `lines`, `json`, `csv`; of
http `status`, `headers`, `body` and the same readings. A run that reads another
is stuck there. A field that a map of your own does not have reads as ().

    let done = exec([\"date\"]);
    print(done.stdout);",
}];
