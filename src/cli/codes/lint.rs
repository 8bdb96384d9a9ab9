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
each takes; options are one map, and come last.",
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
    Code {
        name: "D1370",
        title: "there is no such code",
        text: "\
`durun explain` takes a code as it stands in an error, such as D0105, or words:
then it lists the codes that speak of all of them. Alone it lists all codes.

    durun explain D0105
    durun explain history script",
    },
    Code {
        name: "D1371",
        title: "there is no script to check",
        text: "\
`durun check` looks through the scripts given: files, and folders with all that
is below them. Without one it takes this folder. Files that end in `_test.rhai`
belong to `durun test`, files that end in `.d.rhai` to editors.

    durun check
    durun check jobs/",
    },
    Code {
        name: "D1372",
        title: "the value of a catch block is lost",
        text: "\
`try` has the value of its first block; where an error was caught it has (), and
what stands last in the `catch` block is lost. Keep it in a variable, or end the
script or function there with `return`:

    let size = 0;
    try { size = activity(\"measure\"); } catch (error) { size = -1; }
    size",
    },
    Code {
        name: "D1373",
        title: "a variable of the script behind a $ that nothing fills in",
        text: "\
Values are put into text between backticks. Between double quotes `${name}`
stays as it is, and a shell takes `$name` for a variable of its own: where there
is none, it is empty, and `rm -rf $dir/*` is `rm -rf /*`. Hand values over as
arguments, quoted, or in the environment:

    sh(\"tar czf backup.tgz \\\"$1\\\"\", [dir]);
    sh(\"tar czf backup.tgz \\\"$DIR\\\"\", #{ env: #{ DIR: dir } });
    print(`packed ${dir}`);",
    },
    Code {
        name: "D1374",
        title: "a handle where its value is meant",
        text: "\
`strand`, `start_activity`, `start_child`, `timer` and the like begin something
and give a handle at once, while it goes on. The value that it comes to is
given by `join()`, which waits for it. A handle that is written into text shows
as words such as `strand started in line 1`; as an argument of a process, with
an operator or as a condition it makes the run stuck.

    let disk = strand(|| sh(\"df -h\").stdout);
    let users = sh(\"who\").stdout;
    print(`${users}\\n${disk.join()}`);",
    },
    Code {
        name: "D1375",
        title: "the answer to a question as a condition",
        text: "\
`ask` gives the answer as text, \"yes\" or \"no\" where nothing else is offered.
A condition is true or false: a run that comes to it with an answer is stuck.

    if ask(\"deploy?\") == \"yes\" { … }",
    },
    Code {
        name: "D1376",
        title: "an answer that the question does not offer",
        text: "\
A question is answered with one of its choices, and they are \"yes\" and \"no\"
where it names none. What the answer is compared with here is none of them: the
comparison always comes out the same, and a case of a `switch` is never chosen.

    let size = ask(\"which size?\", #{ choices: [\"small\", \"large\"] });
    if size == \"large\" { … }",
    },
    Code {
        name: "D1377",
        title: "what failed is not looked at",
        text: "\
`attempt` and a `parallel` with `on_error: \"collect\"` raise no failure: they
give it. Where the value goes nowhere, nobody learns of it, and the run
completes.

    let told = parallel(hosts, |host| ping(host), #{ on_error: \"collect\" });
    for one in told.failed { log(`${one.item}: ${one.error.message}`); }

An error that does not matter is written `try { … } catch { }`.",
    },
    Code {
        name: "D1378",
        title: "nothing ever comes here",
        text: "\
A statement before this one leaves the block on every way: `return`, `throw`,
`fail(…)`, `break` or `continue`. What stands behind it is never done. Take it
away, or put the condition before what leaves.

    if input.host == () { fail(\"no host\") }
    sh(\"ping -c 1 \\\"$1\\\"\", [input.host]);",
    },
    Code {
        name: "D1379",
        title: "a loop that never ends",
        text: "\
The loop has no condition, nothing in it leaves it, and nothing in it waits. A
run that comes to it computes until its limit of operations, and is stuck
there. Leave the loop with `break` or `return`, or wait in it:

    loop {
        if sh(\"test -e done\", #{ ok_codes: [0, 1] }).code == 0 { break; }
        sleep(\"1 min\");
    }",
    },
    Code {
        name: "D1380",
        title: "a value is pasted into a shell's text",
        text: "\
The shell reads what is put into its text as a part of the program: a space
makes two words of a name, and `;` or `$(…)` in it is done. An argument stays
what it is; in quotes it is one word. What is not text by itself, such as a part
of the command, belongs into the text as it is written.

    sh(\"cp \\\"$1\\\" /backup\", [name]);
    exec([\"cp\", name, \"/backup\"]);",
    },
    Code {
        name: "D1381",
        title: "no address of a service",
        text: "\
A call of a service takes its whole address, with `http://` or `https://` before
the name of the host. What is none fails for good when a run comes to it. Only
what is written out is looked at: of a text
in backticks the part before its first value.

    http_get(\"https://shop.example.org/orders\");",
    },
    Code {
        name: "D1382",
        title: "there is no such script for a child run",
        text: "\
`child` and `start_child` name a script by its file, from the folder of the
script that calls them. There is no such file now; a child of it fails. Only
names that are written out are looked at.

    child(\"reports/month.rhai\", #{ month: 11 });",
    },
    Code {
        name: "D1383",
        title: "text where a number is meant",
        text: "\
What a process writes is text, also where it looks like a number. The language
compares text and a number without an error: they are never equal, and neither
is the greater or the lesser. `+` makes text of both: \"5\" + 1 is \"51\". The
same holds of text that is written out, and of inputs that `params` declares as
text.

    let free = parse_int(sh(\"df --output=avail / | tail -1\").stdout);
    if free < 1000000 { log(\"warn\", `${free} KiB are left`); }",
    },
    Code {
        name: "D1384",
        title: "a kind that an operator or a condition does not take",
        text: "\
Text is not calculated with, also where it looks like a number: `\"5\" - 1` is an
error, and so is a list plus a number. A condition is true or false; text,
numbers and lists are neither. A run that comes to such a line is stuck. Told is
only what is certain: what is written out, inputs with a default of that type,
what a process has written.

    let left = parse_int(sh(\"nproc\").stdout) - 1;
    if left > 0 { log(`${left} more`); }",
    },
];
