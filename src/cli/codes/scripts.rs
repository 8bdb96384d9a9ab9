//! D04 and D05: scripts that cannot be started, and ids that are in use.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0401",
        title: "there is no such script",
        text: "\
The file does not exist. Paths are meant from the current directory; names that
look alike are shown.",
    },
    Code {
        name: "D0402",
        title: "the script is no file",
        text: "\
The path is a directory or a device. Name the script's file:

    durun start jobs/backup.rhai",
    },
    Code {
        name: "D0403",
        title: "the script is not UTF-8 text",
        text: "\
A script is UTF-8 text. The message says where the first byte stands that is
none. Convert it with iconv, or see whether it is the right file.",
    },
    Code {
        name: "D0404",
        title: "the script is too large",
        text: "\
A script has at most 4 MiB. Put data into files and let a step read them.",
    },
    Code {
        name: "D0405",
        title: "the script cannot be read",
        text: "\
The system refused to read the file. Look at its permissions: ls -l FILE.",
    },
    Code {
        name: "D0406",
        title: "no valid script",
        text: "\
The text is no Rhai, or imports something that cannot be imported. Nothing was
recorded. Frequent reasons: a `;` is missing at the end of the line before; a
field has the name of a word of the language (data.default), which is written
data[\"default\"]; an import leaves the script's folder.

    durun check FILE         the same, without starting anything",
    },
    Code {
        name: "D0501",
        title: "the id is in use for another script",
        text: "\
A run of that name exists and was started from another file. A name stands for
one run; starting it again with the same script and input goes on with it.

    durun status ID          the run there is
    durun start FILE --id ANOTHER",
    },
    Code {
        name: "D0502",
        title: "the id is in use for another input",
        text: "\
A run of that name exists and was started with another input. Give the same
input to go on with it, or another --id to start a new one. In a crontab the
name is often made of the date: --id \"backup-$(date +%F)\".",
    },
];
