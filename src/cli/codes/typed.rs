//! D02: what was typed, and what surrounds the command.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0201",
        title: "no name for a run",
        text: "\
A run's name has 1 to 128 letters, digits, dots, dashes and underscores, and
begins with a letter or a digit.

    durun start order.rhai --id order-1001",
    },
    Code {
        name: "D0202",
        title: "nothing says where the store is",
        text: "\
There is no --store, no $DURUN_STORE, no .durun/ from here upwards, and no home
directory. Say where runs are to be kept:

    durun --store /var/lib/durun start order.rhai",
    },
    Code {
        name: "D0203",
        title: "the store's directory cannot be used",
        text: "\
The directory of the store cannot be made or entered. The message says why.
Make it accessible, or name another: --store DIR or $DURUN_STORE.",
    },
    Code {
        name: "D0204",
        title: "no such variable is set",
        text: "\
`--env NAME` records a variable of this environment with the run, for the
programs that it starts. The variable is not set here.

    NAME=value durun start deploy.rhai --env NAME",
    },
    Code {
        name: "D0205",
        title: "arguments that do not go together",
        text: "\
The command line says two things that exclude each other, or leaves something
out. The message says which; `durun COMMAND --help` shows the whole grammar.",
    },
    Code {
        name: "D0206",
        title: "the run could not be begun in the background",
        text: "\
The run is recorded, but the process that was to execute it did not start. It
is not lost:

    durun resume ID          executes it here",
    },
    Code {
        name: "D0207",
        title: "signals cannot be handled",
        text: "\
The system refused to install handlers for Ctrl-C and SIGTERM, so that durun
could not park runs when it is stopped. Nothing was executed. Look at the limits
of the session or container.",
    },
    Code {
        name: "D0208",
        title: "stdout cannot be written",
        text: "\
The result could not be written, for example because the disk behind a file is
full. The run itself is recorded; print its result again:

    durun result ID",
    },
    Code {
        name: "D0210",
        title: "a value that cannot be recorded",
        text: "\
Values in a history are null, bool, integer, finite float, text, bytes, list and
map, at most 64 deep and 1 MiB in all. Put large data into a file and hand over
its path.",
    },
    Code {
        name: "D0211",
        title: "-i without a value",
        text: "\
`-i` takes a name and a value.

    -i name=text             text
    -i count:=3              JSON
    -i letter=@FILE          the text of a file
    -i order:=@FILE          the JSON of a file",
    },
    Code {
        name: "D0212",
        title: "-i without a name",
        text: "\
There is nothing before the '='. `-i` takes a name and a value: -i name=text.",
    },
    Code {
        name: "D0213",
        title: "-i gives a name twice",
        text: "\
One field of the input has one value. Leave one of them out; a list is given as
JSON: -i 'hosts:=[\"a\",\"b\"]'.",
    },
    Code {
        name: "D0214",
        title: "-i beside an input that is no map",
        text: "\
`-i` sets fields of a map, and the value of --input is something else, a list
for example. Give one of the two.",
    },
    Code {
        name: "D0215",
        title: "no valid JSON",
        text: "\
Where durun reads JSON, text stands in quotes and names of fields too. In a
shell the whole needs quotes of its own:

    durun signal ID paid '{\"by\": \"Ada\"}'
    durun signal ID paid '\"yes\"'",
    },
    Code {
        name: "D0216",
        title: "the input is over a limit",
        text: "\
An input has at most 1 MiB and is at most 64 deep. Put large data into a file
and give its path; a step of the script reads it.",
    },
    Code {
        name: "D0217",
        title: "a file of the input cannot be read",
        text: "\
A value `@FILE` is read from that file, and it is missing or not readable. To
give text that begins with @, write it as JSON: -i 'who:=\"@ada\"'.",
    },
    Code {
        name: "D0218",
        title: "no UTF-8 text",
        text: "\
What is read from a file or stdin has to be UTF-8 text. Convert it first, with
iconv for example, or hand over the file's path.",
    },
    Code {
        name: "D0219",
        title: "a queue that is not declared",
        text: "\
`--queue NAME` needs a section in durun.toml, which says how many of its runs
may go on at once, and how often one may begin:

    [queue.reports]
    max_concurrent = 2",
    },
    Code {
        name: "D0220",
        title: "durun.toml cannot be used",
        text: "\
A configuration has a mistake, cannot be read, or belongs to somebody else. The
message says which file, which line and what would be right. Nothing was
recorded or executed.",
    },
    Code {
        name: "D0221",
        title: "stdin for a program that has none",
        text: "\
A program of `durun exec` has an empty stdin: what is read once from a pipe
could not be given again to a second attempt, or after a crash. Put it into a
file first, which every attempt reads from its beginning:

    pg_dump shop >shop.sql && durun exec -- sh -c 'psql shop2 <shop.sql'

In a loop that reads lines, stdin holds those that are still to come, and is not
meant for the program; say so by </dev/null:

    while read host; do durun exec -- ping -c1 $host </dev/null; done <hosts",
    },
];
