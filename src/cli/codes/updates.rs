//! D093: updates, and the answers that did not come.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code {
        name: "D0930",
        title: "an update failed",
        text: "\
An error left the handler of the update: that is its answer, and whoever asks
again with the same --key gets it again. The run itself goes on. What the
handler did before the error is done and stands in durun history ID.",
    },
    Code {
        name: "D0931",
        title: "an update was refused",
        text: "\
The script's validate threw, or gave false. The run is as it was: nothing was
recorded, no handler began. The same --key may be asked again, and is judged
anew.",
    },
    Code {
        name: "D0932",
        title: "the script has no such update",
        text: "\
Where it stands the script has registered no update of that name with on_update.
It registers its updates as it runs, best before the first call that waits:

    on_update(\"raise\", |by| { limit += by; limit });",
    },
    Code {
        name: "D0933",
        title: "the run ended before it answered",
        text: "\
The run came to its end, or was terminated, and the update had no answer by
then. durun history ID says whether it was let in (UpdateAccepted) before that.
To a run that has ended nothing new can be said.",
    },
    Code {
        name: "D0934",
        title: "no answer in the time given",
        text: "\
The --timeout of durun update ran out. The update stays with the run and is
answered when the run comes to it. Asked again with the same --key it is done
once, and the answer is printed when it is there.",
    },
    Code {
        name: "D0935",
        title: "no name for an update",
        text: "\
The name of an update has from 1 to 256 characters. It is the one that the
script gives to on_update.",
    },
];
