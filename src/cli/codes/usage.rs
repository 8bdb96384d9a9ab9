//! D137 to D139: what is written and seldom meant so, and values that do not belong where they stand.

use super::Code;

pub(super) const CODES: &[Code] = &[
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
is none, it is empty, and `rm -rf $dir/*` is `rm -rf /*`. To `${input.name}` it
says \"Bad substitution\". Hand values over as arguments, quoted, or in the
environment:

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
is the greater or the lesser. `+` makes text of both: \"5\" + 1 is \"51\"; and so
does `+=` of a variable that began as a number. The same holds of text that is
written out, and of inputs that `params` declares as text.

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
    Code {
        name: "D1385",
        title: "a secret where its value is not put in",
        text: "\
A script has a placeholder, and the value takes its place at the last moment: in
calls of services, in the environment and on stdin of processes. Among the
arguments of a process it is refused, since everybody on the machine reads them
with ps; what write_file writes keeps the placeholder.

    let env = #{ PGPASSWORD: secret(\"DB_PASSWORD\") };
    sh(\"psql -c 'vacuum'\", #{ env: env });
    exec([\"docker\", \"login\", \"--password-stdin\"], #{ stdin: secret(\"TOKEN\") });",
    },
    Code {
        name: "D1386",
        title: "a lock within itself",
        text: "\
Who holds a lock and asks for it once more would wait for itself: the call is an
error of kind `lock`. Take it once, around everything that is to be done under
it; two locks of different names may be nested.

    with_lock(\"warehouse\", || { count(); book(); });",
    },
    Code {
        name: "D1387",
        title: "what cannot be written",
        text: "\
`input` is what the run was started with and `run` tells of the run; both stay
as they are. A field that is written to `input` is lost without a word; a method
that changes in place is an error, and so is anything written to `run`.

    let order = input;
    order.amount = order.amount ?? 1;",
    },
    Code {
        name: "D1388",
        title: "a text is gone through letter by letter",
        text: "\
`for` over a text goes from letter to letter. What a process has written has
`lines`, a list of texts; of any other text `split(\"\\n\")` makes one.

    for name in sh(\"ls\").lines { log(name); }",
    },
    Code {
        name: "D1389",
        title: "an exit code that is always 0",
        text: "\
A process that ends with a code that `ok_codes` does not name has failed: the
error is raised, and what stands behind the call is not come to. Without
`ok_codes` only 0 passes, so that there is nothing to compare. Name the codes
that are no failure, or catch it:

    let told = sh(\"grep -q key file\", #{ ok_codes: [0, 1] });
    if told.code == 1 { log(\"no key\"); }

    let tried = attempt(|| sh(\"restic check\"));
    if !tried.ok { log(`exit code ${tried.error.exit_code}`); }",
    },
    Code {
        name: "D1390",
        title: "registered when nothing can fail any more",
        text: "\
`on_failure` and `on_undo` hold for what comes after them. As the last line of a
script they are registered when all is done, and are never called. Put
`on_failure` at the beginning, and `on_undo` before what it takes back:

    on_failure(|err| sh(\"mail -s failed ops\", #{ stdin: err.report }));
    sh(\"./deploy\");",
    },
];
