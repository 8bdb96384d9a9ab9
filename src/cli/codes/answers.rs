//! D07: what is said to runs and asked of them.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0701",
        title: "the run has ended",
        text: "\
A run that has ended hears nothing more; nothing was stored.

    durun result ID          what it gave
    durun history ID         what happened",
    },
    Code {
        name: "D0702",
        title: "the script never mentions that signal",
        text: "\
With --strict, `durun signal` refuses a name that does not stand in the script.
Look for a typing mistake; without --strict the signal is accepted and waits.",
    },
    Code {
        name: "D0703",
        title: "no name for a signal",
        text: "\
A signal's name has 1 to 256 characters.

    durun signal ID picked_up '{\"by\": \"Ada\"}'",
    },
    Code {
        name: "D0704",
        title: "the script has no such query",
        text: "\
A query exists once the script has come to its on_query(name, …); a published
value once it has come to publish(key, …). The names there are now are listed.

    durun query ID           lists them",
    },
    Code {
        name: "D0705",
        title: "the query failed",
        text: "\
The code of the query threw an error. The run itself is not touched by it.",
    },
    Code {
        name: "D0706",
        title: "the query could not be answered",
        text: "\
The replay did not come to a state that could be asked. The message says why.
The run itself is not touched by it.",
    },
    Code {
        name: "D0707",
        title: "the query is mistaken",
        text: "\
The code of the query has a mistake, or asks for something: a query only looks,
it may call no activity, step or sleep. The run itself goes on. Mend the script:

    durun upgrade ID --script FILE",
    },
    Code {
        name: "D0708",
        title: "a run seeks that result right now",
        text: "\
The result of a `once` key can be forgotten when no run is at work on it. Wait
for the run, or cancel it, then forget the key.",
    },
    Code {
        name: "D0709",
        title: "a run that has ended keeps its script",
        text: "\
`durun upgrade` is for runs that can go on. A run that has ended keeps the text
with which it ran; start another with the new one. One that has failed or timed
out goes on at the step that failed, under the new text; one that its script
ended, from an earlier entry:

    durun retry import --script import.rhai
    durun rewind import --to 4
    durun upgrade import --script import.rhai
    durun resume import",
    },
    Code {
        name: "D0710",
        title: "the history does not fit that script",
        text: "\
The recorded steps were replayed against the new text, and it asks for something
else. Nothing was changed. What is recorded has to be asked for again, in the
same order; new steps come after it, or inside `if patched(…)`.

    durun history ID
    durun upgrade ID --script FILE --dry-run

Where the new text is what you want, the run goes back to the last entry that
fits it. What was recorded after that is set aside and done once more where the
text asks for it, with new idempotency keys:

    durun rewind ID --to N && durun upgrade ID --script FILE && durun resume ID",
    },
    Code {
        name: "D0720",
        title: "no token",
        text: "\
A token is a run's id, a dot and 22 letters, as the script got it from token().
`durun status ID` shows those that the run waits for.",
    },
    Code {
        name: "D0721",
        title: "there is no such token",
        text: "\
The run does not exist, or never made that token. Nothing was stored. `durun
status ID` shows those that it waits for, with the command line.",
    },
    Code {
        name: "D0722",
        title: "the token was resolved before",
        text: "\
A token is resolved once. It was, with something else; the same again would have
been acknowledged. Nothing was stored.",
    },
    Code {
        name: "D0723",
        title: "the run does not ask that",
        text: "\
The run asks nothing now, or has no open question of the number or name that
`--question` gives; those that are open are listed. Nothing was stored. `durun
list` shows first the runs that ask.",
    },
    Code {
        name: "D0724",
        title: "the run asks several questions",
        text: "\
Say which one is answered, by its number or its name. One whose answer the run
has not taken yet counts, and is marked.

    durun answer ID yes --question 3
    durun answer ID yes --question budget",
    },
    Code {
        name: "D0725",
        title: "no answer to that question",
        text: "\
The question takes one of the choices that are listed; where the script gives
none, they are yes and no. Nothing was stored.

    durun answer ID              shows the question and its choices
    durun answer ID yes",
    },
    Code {
        name: "D0726",
        title: "the question was answered before",
        text: "\
A question is answered once; the first answer holds. Nothing was stored.",
    },
    Code {
        name: "D0727",
        title: "the text is too long",
        text: "\
A note or a message has a limit, which the message names. Put more into a file
and say where it is.",
    },
    Code {
        name: "D0728",
        title: "a run that has ended waits for no attempt",
        text: "\
`durun retry` cuts short the wait of a run between two attempts. This run has
ended; `durun history ID` says how.",
    },
    Code {
        name: "D0729",
        title: "the run waits for no attempt",
        text: "\
Nothing of the run is between two attempts, so there is nothing to try again
now. `durun why ID` says what it waits for.",
    },
    Code {
        name: "D0730",
        title: "the time to answer is over",
        text: "\
The question had a `timeout`, and nobody answered it before that. The script
gets what it gave as `otherwise`, or an error of kind `timeout`, even where
nobody executed the run meanwhile. The answer was not stored.

    durun history ID             shows what the run does without it
    durun rewind ID --to ENTRY   from before the question, it is asked anew",
    },
];
