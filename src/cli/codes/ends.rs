//! D01: how runs end, and what they have not come to.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0101",
        title: "the run failed",
        text: "\
An error left the script: fail(…), throw, or an activity whose attempts are
used up and whose error nothing caught. All recorded steps are kept.

    durun history ID         what happened, step by step
    durun logs ID            what it and its programs wrote

To go on in spite of such an error, catch it: try { … } catch (err) { … }.",
    },
    Code {
        name: "D0102",
        title: "the run was cancelled",
        text: "\
Somebody asked the run to end (durun cancel ID) and its script let the error
`cancelled` pass. What its catch blocks and undos did before that is recorded.

    durun history ID         when it was asked, and what its script did then",
    },
    Code {
        name: "D0103",
        title: "the run was terminated",
        text: "\
Somebody ended the run without asking its script (durun terminate ID). Nothing
was cleaned up. The history is kept; durun history ID shows how far it came.",
    },
    Code {
        name: "D0104",
        title: "the run timed out",
        text: "\
The run had not ended when the time of `durun start --timeout D` was over. It
was cancelled with the reason `timeout`, so its script could clean up.

    durun history ID         what took so long

Start it again with a longer --timeout, or give the slow step a time-out of its
own: activity(\"report\", data, #{ timeout: \"10 min\" }).",
    },
    Code {
        name: "D0105",
        title: "the run is stuck: a mistake in the script",
        text: "\
The script cannot go on as it is written: a function that does not exist, a
wrong type, an option that is unknown, a limit. Nothing is lost; work that was
already under way is recorded when it ends. Mend the script, then:

    durun upgrade ID --script FILE && durun resume ID

`durun check FILE` finds many such mistakes before a run meets them.",
    },
    Code {
        name: "D0106",
        title: "the run is stuck: the script does not fit the history",
        text: "\
While the recorded steps were replayed, the script asked for something else
than what is recorded. It was edited, or it decides by something that is not
recorded. The message says what was recorded and what is asked now. Write the
script so that it asks for the same steps in the same order, then:

    durun upgrade ID --script FILE && durun resume ID

See the guide on determinism.",
    },
    Code {
        name: "D0107",
        title: "the run has not ended",
        text: "\
A result was asked for and there is none yet: the run waits, or nobody executes
it. Exit code 3.

    durun why ID             what it waits for, and what unblocks it
    durun wait ID            waits for its end
    durun resume ID          goes on with it, here",
    },
    Code {
        name: "D0108",
        title: "the wait ran out",
        text: "\
`durun wait ID --timeout D` waited that long and the run has not ended. The run
goes on undisturbed. Exit code 124, as of the program timeout.",
    },
    Code {
        name: "D0110",
        title: "a stuck run cannot be undone yet",
        text: "\
What a run did is taken back by the undos that its script registered, and these
are known only once the script can be replayed. Mend it first:

    durun upgrade ID --script FILE
    durun terminate ID --undo

`durun terminate ID` ends the run and takes nothing back.",
    },
];
