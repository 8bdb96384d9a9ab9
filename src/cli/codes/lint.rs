//! D13: inputs that a script does not take, and what `durun check` finds.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D1300",
        title: "an input that the script does not take",
        text: "\
The script says with `params` which inputs there are, and this is none of them.
Nothing was recorded.

    durun start FILE --help      lists the inputs",
    },
    Code {
        name: "D1301",
        title: "an input is missing",
        text: "\
The script says with `params` that this input has to be given: its default
there is `()`. Or it declares no inputs, and each run of it comes to a line
that uses `input.name` as a text, a list or a map: `input.name.len()`, or
`for item in input.name`. What is not given reads as `()`, which has none of
that. `input.name ?? []` says what stands for it. Nothing was recorded.

    durun start FILE --help      lists the inputs
    durun start FILE -i name=text",
    },
    Code {
        name: "D1302",
        title: "an input of another type",
        text: "\
The default that `params` names is of another type than what was given. Text
after `-i name=` is read as that type where it can be; `-i name:=` takes JSON.
Nothing was recorded.

    durun start FILE -i count=3 -i 'hosts:=[\"a\",\"b\"]'",
    },
    Code {
        name: "D1303",
        title: "the inputs have names",
        text: "\
The script says with `params` which inputs there are, and takes them as a map:
`-i name=text`, or --input with a JSON object. Nothing was recorded.",
    },
    Code {
        name: "D1310",
        title: "there is no such function",
        text: "\
Neither the script nor durun nor the language has a function of that name. A run
that comes to the call is stuck. Rhai compiles it all the same, so only
`durun check` tells beforehand.",
    },
    Code {
        name: "D1311",
        title: "another number of arguments",
        text: "\
There is a function of that name, but it takes fewer or more arguments. A run
that comes to the call is stuck. The reference of host functions shows what
each takes; options are one map, and come last. Or a closure takes more than it
is handed: that of `on_signal` one value, that of `step` none.",
    },
    Code {
        name: "D1312",
        title: "there is no such variable",
        text: "\
No variable of that name can be seen there. A function sees its parameters, its
own variables, `input` and `run`, and none of the script: hand over what it
needs. A variable of a block ends with the block.",
    },
    Code {
        name: "D1313",
        title: "there is no such option",
        text: "\
The call takes no option of that name: a run that comes to it is stuck. The
message names the nearest one, or all that there are.",
    },
    Code {
        name: "D1314",
        title: "a command where none may stand",
        text: "\
Predicates and queries only look; bodies of steps and activities, and what poll
tries, are one entry of the history each, and a probe is none: nothing in them
may wait, start or record something. A run that comes to the call is stuck. Do
it in the script, before or after. In a probe and in what poll tries use exec,
sh or http in the place of an activity.

    let stdout = exec([\"df\"]).stdout;
    on_query(\"disk\", || stdout);",
    },
    Code {
        name: "D1315",
        title: "nothing answers the activity",
        text: "\
An activity is a `fn` of the script, an executable `activities/NAME` beside it,
or a section of durun.toml. None of them has that name:

    [activity.charge]
    cmd = [\"./charge.sh\"]

Where a test beside the script mocks it, it is a warning only.",
    },
    Code {
        name: "D1319",
        title: "what is begun, and nothing waits for",
        text: "\
`strand`, `start_activity`, `timer` and the like begin something and give a
handle. Here the handle is lost. When the script ends, what it began and nothing
waits for is cancelled, perhaps before it has done anything, and the run
completes all the same. Keep the handles, and wait for them:

    let begun = [];
    for host in hosts { begun.push(start_activity(\"scan\", host)); }
    join_all(begun);

`parallel(hosts, |host| …)` waits for all by itself. A strand with a `loop` in
it is not told of: it may be meant to end with its run.",
    },
    Code {
        name: "D1320",
        title: "whether the signal came is not looked at",
        text: "\
`wait_signal` with a time-out gives () when the time was over. The script goes
on either way, as if the signal had come. Keep what it gives:

    let approval = wait_signal(\"approve\", \"2 days\");
    if approval == () { fail(\"nobody approved\") }",
    },
    Code {
        name: "D1321",
        title: "a signal as a condition",
        text: "\
A condition is true or false; the payload of a signal may be anything, and a
time-out gives (). Both are mistakes that make the run stuck. Say what a
time-out gives, and send true or false:

    if wait_signal(\"go\", #{ timeout: \"1h\", otherwise: false }) { … }",
    },
    Code {
        name: "D1322",
        title: "a closure shares the variable of a loop",
        text: "\
The closure is kept and called later, and sees the loop's variable as it is
then: all closures of the loop see the last value. Let it capture a copy:

    for host in hosts {
        let mine = host;
        on_query(`disk ${host}`, || disks[mine]);
    }",
    },
    Code {
        name: "D1323",
        title: "names of options as an input",
        text: "\
`activity(name, x)` gives x to the activity as its input. Here x has only names
of options; they are the third argument:

    activity(\"charge\", (), #{ timeout: \"30s\" })",
    },
    Code {
        name: "D1324",
        title: "a change may be lost",
        text: "\
The variable is read, then a command waits, then the variable is written. What a
handler or another strand writes meanwhile is overwritten. Wait first:

    let more = activity(\"count\");
    total += more;",
    },
    Code {
        name: "D1325",
        title: "a value that is not taken there",
        text: "\
The option or argument takes another kind of value: a duration is text such as
\"30s\", \"1 min\", \"1h 30m\" or \"2 days\", or a number of seconds; months and years
have no fixed length. A log level is debug, info, warn or error, a time zone a
name such as Europe/Berlin. A run that comes to the call is stuck. Only values
that are written out are looked at.",
    },
    Code {
        name: "D1326",
        title: "a line of text where a program belongs",
        text: "\
`exec` takes a list: the program and its arguments, each as it is, without a
shell. `sh` takes a line for the shell; arguments arrive there as $1 and so on:

    exec([\"tar\", \"-czf\", file, folder]);
    sh(\"tar -cz \\\"$1\\\" | ssh host 'cat >backup.tgz'\", [folder]);",
    },
    Code {
        name: "D1327",
        title: "a function that scripts may not use",
        text: "\
The language has it, durun does not offer it: what it gives or does would not be
the same at replay. `now()`, `random()` and `uuid()` are; a script ends with its
last expression, or with `fail(message)`.",
    },
    Code {
        name: "D1328",
        title: "an input that is not declared",
        text: "\
The script says with `params` which inputs there are, and what it reads here is
none of them: it would always be (). Declare it, or mend the name.

    params(#{ host: (), port: 443 });",
    },
    Code {
        name: "D1329",
        title: "a method that changes in place has no value",
        text: "\
`trim`, `make_upper` and `make_lower` change the text that they are called on,
as all such methods of the language do, and give (). A variable, an argument or
a comparison that takes what they give has nothing.

    let name = sh(\"id -un\").stdout;
    name.trim();
    log(name);",
    },
];
