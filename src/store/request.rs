//! What can be asked of a store: the same types in process and on the socket.

use super::{Append, LogKey, Upkeep};
use crate::history::{
    Again, Claim, Failure, Message, MessageBody, MessageId, MessageNo, Moment, OnParentClose, OpId, Origin,
    OverlapPolicy, Patches, Pending, Program, QueueLimits, Record, RunId, RunNo, RunStart, RunStatus,
    Schedule, ScriptHash, Seq, Value, Waker,
};
use serde::{Deserialize, Serialize};

/// A request to a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Record a new run; answered [`Answer::Started`](super::Answer::Started) or, where the id is taken, [`Answer::Exists`](super::Answer::Exists).
    /// Where it would overlap with other runs: [`Answer::Runs`](super::Answer::Runs), those runs, where it is skipped, and
    /// [`Answer::Superseding`](super::Answer::Superseding) where they were asked to end.
    Start(Box<NewRun>),
    /// Take the right to execute a run: [`Answer::Claimed`](super::Answer::Claimed), or `Held`, `Ended`.
    Claim {
        /// The run.
        run: RunNo,
        /// Who asks.
        claim: Claim,
    },
    /// Give that right up: [`Answer::Done`](super::Answer::Done).
    Release {
        /// The run.
        run: RunNo,
        /// The epoch of the claim.
        epoch: u64,
    },
    /// Add to a run that the caller has claimed: [`Answer::Done`](super::Answer::Done), or `Fenced`, `Differs`, `Gap`, `Ended`.
    Append(Box<Append>),
    /// Let a run that the caller has claimed go on under other texts; a stuck one is open again: [`Answer::Done`](super::Answer::Done), or `Fenced`,
    /// `Ended`.
    Upgrade(Box<Upgrade>),
    /// Set the end of a history aside, and open the run again behind what is left: [`Answer::Done`](super::Answer::Done) or
    /// [`Answer::Told`](super::Answer::Told), or `Fenced`, `Gap`, `Held`.
    Rewind(Box<Rewind>),
    /// Something for the store itself: [`Answer::Kept`](super::Answer::Kept).
    Upkeep(Box<Upkeep>),
    /// Say something to a run: [`Answer::Delivered`](super::Answer::Delivered), or `Ended`.
    Deliver(Box<NewMessage>),
    /// Say something to a run without asking its executor first, whom it reaches all the same: [`Answer::Delivered`](super::Answer::Delivered), or
    /// `Ended`.
    Post(Box<NewMessage>),
    /// Say something to the run of an id; where there is none it may be started in the same step:
    /// [`Answer::Signalled`](super::Answer::Signalled), or `NoSuchRun`, `Ended`.
    Signal(Box<NewSignal>),
    /// End a run without asking its script: [`Answer::Done`](super::Answer::Done), or `Ended`.
    Terminate {
        /// The run.
        run: RunNo,
        /// The reason.
        reason: String,
    },
    /// Whatever of a run waits for another attempt is due now, in the store and with its executor: [`Answer::Done`](super::Answer::Done), or `Ended`.
    RetryNow {
        /// The run.
        run: RunNo,
    },
    /// Be told of changes to this run through [`Event::Changed`](super::Event::Changed): [`Answer::Done`](super::Answer::Done).
    Watch {
        /// The run.
        run: RunNo,
    },
    /// The run of that id, else those whose ids begin with the text; `@last` is the newest: [`Answer::Runs`](super::Answer::Runs).
    Find {
        /// Id, prefix or `@last`.
        text: String,
    },
    /// Runs, newest first: [`Answer::Views`](super::Answer::Views).
    List(RunFilter),
    /// One run as it stands: [`Answer::View`](super::Answer::View).
    View {
        /// The run.
        run: RunNo,
    },
    /// All that a replay needs besides the entries, from one read transaction: [`Answer::Snapshot`](super::Answer::Snapshot).
    Snapshot {
        /// The run.
        run: RunNo,
    },
    /// Entries `from..until`, at most 4 MiB of them a call: [`Answer::Records`](super::Answer::Records). Not yet verified.
    History {
        /// The run.
        run: RunNo,
        /// The first.
        from: Seq,
        /// The one after the last.
        until: Seq,
    },
    /// Entries of the generation before the present one, in the same way; none where there was none.
    Past {
        /// The run.
        run: RunNo,
        /// The first.
        from: Seq,
        /// The one after the last.
        until: Seq,
    },
    /// Entries of a branch that was set aside, in the same way.
    Branch {
        /// The run.
        run: RunNo,
        /// Which of its branches, from 0.
        number: u32,
        /// The first entry.
        from: Seq,
        /// The one after the last.
        until: Seq,
    },
    /// A script's text: [`Answer::Script`](super::Answer::Script), or `NoScript`.
    Script {
        /// Its hash.
        hash: ScriptHash,
    },
    /// Log lines after a place, oldest first: [`Answer::Logs`](super::Answer::Logs).
    Logs {
        /// The run.
        run: RunNo,
        /// The last line that the caller has.
        after: Option<LogKey>,
        /// At most so many.
        limit: u32,
    },
    /// Whether a message of that id was accepted before: [`Answer::Delivered`](super::Answer::Delivered), else [`Answer::Done`](super::Answer::Done).
    Recall {
        /// The sender's id for it.
        id: MessageId,
    },
    /// What the script has published: [`Answer::Published`](super::Answer::Published).
    Published {
        /// The run.
        run: RunNo,
    },
    /// May a command of a claimed run seek the result under a key? [`Answer::Once`](super::Answer::Once), or `Fenced`, `Ended`.
    TakeOnce {
        /// The key.
        key: String,
        /// The run.
        run: RunNo,
        /// The command.
        op: OpId,
        /// The epoch of the caller's claim.
        epoch: u64,
    },
    /// May a claimed run that waits in a queue begin now? [`Answer::Admission`](super::Answer::Admission), or `Fenced`, `Ended`.
    Admit {
        /// The run.
        run: RunNo,
        /// The epoch of the caller's claim.
        epoch: u64,
    },
    /// The runs that could go on and that nobody executes: [`Answer::Due`](super::Answer::Due).
    Due {
        /// Look at every open run; else only at those with a timer that is due, or that wait in a queue.
        thorough: bool,
    },
    /// Be told of runs that nobody executes and that may have something to do, through [`Event::Work`](super::Event::Work):
    /// [`Answer::Done`](super::Answer::Done).
    Attend,
    /// Note that somebody goes on with runs: [`Answer::Done`](super::Answer::Done).
    Awake {
        /// Who.
        waker: Waker,
    },
    /// The script of a run that the caller has claimed does not let an update in: [`Answer::Done`](super::Answer::Done), or `Fenced`, `Ended`.
    RefuseUpdate(Box<RefusedUpdate>),
    /// The answer to the update of that id: [`Answer::Update`](super::Answer::Update).
    UpdateAnswer {
        /// The sender's id for it.
        id: MessageId,
    },
    /// Forget the result under a key: [`Answer::Once`](super::Answer::Once) with what it was, `Taken` where there was none, `Sought` where it
    /// is being sought and stays.
    ForgetOnce {
        /// The key.
        key: String,
    },
    /// The keys that begin with a text, in order, at most 10,000: [`Answer::OnceRows`](super::Answer::OnceRows).
    ListOnce {
        /// The beginning; empty for all.
        prefix: String,
    },
    /// Change a schedule and start what it begins, all or nothing: [`Answer::Done`](super::Answer::Done), or `ScheduleChanged`.
    Schedule(Box<ScheduleChange>),
    /// All schedules, by name: [`Answer::Schedules`](super::Answer::Schedules).
    Schedules,
}

/// A run to be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewRun {
    /// By which a resend is known.
    pub nonce: MessageId,
    /// Its name.
    pub id: RunId,
    /// What it is started with.
    pub start: RunStart,
    /// The texts of the program, by hash; those that the store has already may be repeated.
    pub scripts: Vec<(ScriptHash, String)>,
    /// Claim it at once for this process.
    pub claim: Option<Claim>,
    /// The queue in which it waits until it may begin.
    #[serde(default)]
    pub queue: Option<NewQueue>,
    /// The run that starts it. Started again by the same command it is acknowledged with the epoch 0, claimed or not.
    #[serde(default)]
    pub parent: Option<NewParent>,
    /// What is to be done about runs that it would overlap with.
    #[serde(default)]
    pub overlap: Option<NewOverlap>,
    /// The slot of a schedule that starts it.
    #[serde(default)]
    pub origin: Option<Origin>,
    /// It is claimed and waits for nothing: it begins in the same transaction, with this seed.
    #[serde(default)]
    pub begins: Option<u64>,
}

impl NewRun {
    /// A run that nobody has claimed, that nobody else started, and that waits for nobody.
    pub fn new(nonce: MessageId, id: RunId, start: RunStart, scripts: Vec<(ScriptHash, String)>) -> Self {
        let (claim, queue, parent, overlap, origin, begins) = (None, None, None, None, None, None);
        Self { nonce, id, start, scripts, claim, queue, parent, overlap, origin, begins }
    }
}

/// What is decided of a schedule, and what of its slots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduleChange {
    /// The schedule.
    pub name: RunId,
    /// The version that the change was made to; 0 where there is none.
    pub expected: u64,
    /// The schedule from now on, with another version; nothing where it is removed.
    pub row: Option<Schedule>,
    /// The runs that are started; one whose id is taken is not.
    pub starts: Vec<NewRun>,
}

/// What a start says of runs that it would overlap with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOverlap {
    /// Overlapping are runs under the same key: 1 to 256 bytes; without one, runs of the same script.
    pub key: Option<String>,
    /// What is to be done.
    pub policy: OverlapPolicy,
}

/// The command that starts a run, and what becomes of that when its own run closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewParent {
    /// The run that starts it.
    pub run: RunNo,
    /// The epoch of the caller's claim of it.
    pub epoch: u64,
    /// Its generation.
    pub generation: u32,
    /// The command.
    pub op: OpId,
    /// What becomes of the new run when it closes.
    pub on_close: OnParentClose,
}

/// The queue of a run that is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewQueue {
    /// Its name: 1 to 256 bytes.
    pub name: String,
    /// The highest goes first.
    pub priority: i32,
    /// What the queue lets through: from now on, for all who wait in it.
    pub limits: QueueLimits,
}

/// Other texts for a run. Whoever asks has replayed its history against them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upgrade {
    /// The run.
    pub run: RunNo,
    /// The epoch of the caller's claim.
    pub epoch: u64,
    /// The program from now on.
    pub program: Program,
    /// Its texts, by hash; those that the store has already may be repeated.
    pub scripts: Vec<(ScriptHash, String)>,
    /// Which of its named changes hold from which entry on.
    #[serde(default)]
    pub patches: Patches,
    /// The pending rows of all that the new text waits for where the run stands.
    pub asked: Vec<Pending>,
}

/// How a run goes on from an earlier entry. Whoever asks has replayed what stays of its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rewind {
    /// The run.
    pub run: RunNo,
    /// By which a resend is known.
    pub nonce: MessageId,
    /// The epoch, the generation and the number of entries that the caller has seen: another run is refused.
    pub seen: (u64, u32, Seq),
    /// The first entry that is set aside.
    pub from: Seq,
    /// What stands in the place of the first of them: entries of which something was set to another value.
    pub records: Vec<Record>,
    /// The commands that are new from now on; nothing where they are tried again as what they were.
    pub again: Option<Again>,
    /// The pending rows of all that the script waits for behind the entries that stay.
    pub asked: Vec<Pending>,
    /// The commands of them that were under way then and still are: what is known of their attempts stays.
    pub pending: Vec<OpId>,
    /// The commands that hold a lock; all other places in line are given up.
    pub held: Vec<OpId>,
    /// The children whose end stays told.
    pub heard: Vec<OpId>,
    /// Messages that were delivered and are to be delivered again.
    pub unread: Vec<Message>,
    /// When it was asked to end, where the entry of that stays.
    #[serde(default)]
    pub cancel_requested_at: Option<Moment>,
    /// The run's own time-out from now on, in milliseconds from its beginning.
    pub timeout_ms: Option<i64>,
    /// Other texts, where it goes on under other ones.
    pub program: Option<(Program, Vec<(ScriptHash, String)>)>,
    /// Which named changes of its script hold from which entry on.
    #[serde(default)]
    pub patches: Patches,
}

/// A message to be accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewMessage {
    /// The run.
    pub run: RunNo,
    /// By which a resend, or the user's repetition under one key, is known.
    pub id: MessageId,
    /// Whether the id was made from a user's key: then it is remembered as long as the run.
    pub keyed: bool,
    /// What it says.
    pub body: MessageBody,
}

/// An update that is not let in. It leaves the inbox, and nothing of it is recorded but what its sender is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedUpdate {
    /// The run.
    pub run: RunNo,
    /// The epoch of the caller's claim.
    pub epoch: u64,
    /// Its number among the messages of the run.
    pub no: MessageNo,
    /// The sender's id for it.
    pub id: MessageId,
    /// Why.
    pub failure: Failure,
}

/// A signal to the run of an id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewSignal {
    /// The id.
    pub to: RunId,
    /// By which a resend is known.
    pub id: MessageId,
    /// The signal's name.
    pub name: String,
    /// What is sent with it.
    pub payload: Value,
    /// The run that is recorded where none has the id.
    pub start: Option<NewRun>,
}

/// Which runs to list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunFilter {
    /// Only these; empty means all.
    pub statuses: Vec<RunStatus>,
    /// Only those whose script's path ends with this.
    pub script: Option<String>,
    /// Only those recorded at or after.
    pub since: Option<Moment>,
    /// At most so many.
    pub limit: Option<u32>,
    /// Only those that need a person: that ask something, or are stuck.
    #[serde(default)]
    pub needs_person: bool,
    /// Only those that this run has started.
    #[serde(default)]
    pub parent: Option<RunNo>,
    /// None that tells somebody of another run, but those that failed or are stuck.
    #[serde(default)]
    pub without_hooks: bool,
}
