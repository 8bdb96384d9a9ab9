//! Entries: the facts of a run, in the order in which its script was told of them.

use super::flat::flat;
use super::{
    ChildEnded, CommandKind, CommandLabel, Failure, LockGranted, LooseEnds, Message, MessageBody, MessageId,
    MessageNo, Moment, OpId, QuestionAnswered, RunEnd, RunRestarted, TokenResolved, UpdateAccepted,
    UpdateCompleted, Value,
};
use serde::{Deserialize, Serialize};

/// One fact and the time that it carries. Time never decreases along a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// max(the previous entry's, the clock when it was written): what `now()` gives after its delivery.
    pub at: Moment,
    /// What happened.
    pub fact: Fact,
}

/// What can happen in a run. A kind once stored is never renamed or removed.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// The first executor began the run: time begins here, and chance.
    RunBegan {
        /// Seeds `random()` and `uuid()`.
        seed: u64,
    },
    /// An activity, step, `exec` or `sh` gave a value.
    ActivityCompleted(Box<ActivityCompleted>),
    /// An activity, step, `exec` or `sh` ended with a failure.
    ActivityFailed(Box<ActivityFailed>),
    /// A timer's due time came: a sleep is over, a wait ran out.
    TimerFired(TimerFired),
    /// A signal was delivered.
    SignalReceived(Box<SignalReceived>),
    /// A request to end was delivered.
    CancelRequested(Box<CancelRequested>),
    /// The resolution of a token was delivered.
    TokenResolved(Box<TokenResolved>),
    /// The answer to a question was delivered.
    QuestionAnswered(Box<QuestionAnswered>),
    /// A lock that the script asked for was granted.
    LockGranted(Box<LockGranted>),
    /// The end of a child run was delivered.
    ChildEnded(Box<ChildEnded>),
    /// The script has let an update in.
    UpdateAccepted(Box<UpdateAccepted>),
    /// The script has answered an update.
    UpdateCompleted(Box<UpdateCompleted>),
    /// The run ended; always the last entry.
    RunEnded(Box<RunEnded>),
    /// The script ended this history, and the next generation of the run begins.
    RunRestarted(Box<RunRestarted>),
    /// An entry of a kind that this version does not know; shown raw, never replayed.
    Unknown {
        /// The stored number of the kind.
        code: u16,
        /// Its body as stored.
        raw: Vec<u8>,
    },
}

/// An effect's success.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivityCompleted {
    /// The command.
    pub op: OpId,
    /// Its kind and name.
    pub label: CommandLabel,
    /// Its input.
    pub input: Value,
    /// What it gave.
    pub result: Value,
    /// How many attempts it took, the good one included.
    pub attempts: u32,
    /// When the script asked.
    pub scheduled_at: Moment,
    /// When the last attempt ended, by the executor's clock.
    pub ended_at: Moment,
}

/// An effect's failure.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivityFailed {
    /// The command.
    pub op: OpId,
    /// Its kind and name.
    pub label: CommandLabel,
    /// Its input.
    pub input: Value,
    /// What the script catches.
    pub failure: Failure,
    /// How many attempts failed.
    pub attempts: u32,
    /// When the script asked.
    pub scheduled_at: Moment,
    /// When the last attempt ended, by the executor's clock.
    pub ended_at: Moment,
}

/// A timer that came due.
#[derive(Debug, Clone, PartialEq)]
pub struct TimerFired {
    /// The command whose timer it is.
    pub op: OpId,
    /// Its kind and name.
    pub label: CommandLabel,
    /// The instant it was set to.
    pub due: Moment,
}

flat!(ActivityCompleted {
    label: CommandLabel { kind: CommandKind, name: String },
    op: OpId,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    result: Value,
    attempts: u32,
    scheduled_at: Moment,
    ended_at: Moment,
});

flat!(ActivityFailed {
    label: CommandLabel { kind: CommandKind, name: String },
    op: OpId,
    #[serde(default)]
    input: Value,
    failure: Failure,
    attempts: u32,
    scheduled_at: Moment,
    ended_at: Moment,
});

flat!(TimerFired { label: CommandLabel { kind: CommandKind, name: String }, op: OpId, due: Moment });

/// A delivered signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignalReceived {
    /// Its number among the messages of the run.
    pub message_no: MessageNo,
    /// The sender's id for it, by which a resend is known.
    pub message_id: MessageId,
    /// The signal's name.
    pub name: String,
    /// What was sent with it.
    #[serde(default)]
    pub payload: Value,
    /// When the store accepted it.
    pub accepted_at: Moment,
}

/// Why a run is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    /// Somebody asked: `durun cancel`.
    Request,
    /// The run's own `--timeout` came due.
    Timeout,
    /// Somebody asked that what it did be undone, and nothing more: `durun terminate --undo`.
    Undo,
}

/// A delivered request to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CancelRequested {
    /// Its number among the messages of the run; 0 where a time-out made it.
    pub message_no: MessageNo,
    /// The sender's id for it.
    pub message_id: MessageId,
    /// Why.
    pub cause: CancelCause,
    /// The reason given, if any.
    #[serde(default)]
    pub reason: String,
    /// When the store accepted it, or when the time-out came due.
    pub accepted_at: Moment,
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnded {
    /// The end.
    pub end: RunEnd,
    /// What it left behind that its history does not tell. Replay does not look at it.
    // The last field: left out, it leaves the place of the other.
    #[serde(default, skip_serializing_if = "LooseEnds::is_none")]
    pub loose: LooseEnds,
}

impl RunEnded {
    /// An end that leaves nothing behind.
    pub fn of(end: RunEnd) -> Self {
        Self { end, loose: LooseEnds::default() }
    }
}

impl Fact {
    /// The fact that a message was delivered.
    pub fn of_message(message: &Message) -> Self {
        match &message.body {
            MessageBody::Signal { name, payload } => Self::SignalReceived(Box::new(SignalReceived {
                message_no: message.no,
                message_id: message.id,
                name: name.clone(),
                payload: payload.clone(),
                accepted_at: message.accepted_at,
            })),
            MessageBody::Cancel { cause, reason } => Self::CancelRequested(Box::new(CancelRequested {
                message_no: message.no,
                message_id: message.id,
                cause: *cause,
                reason: reason.clone(),
                accepted_at: message.accepted_at,
            })),
            MessageBody::Resolve { token, resolution } => Self::TokenResolved(Box::new(TokenResolved {
                message_no: message.no,
                message_id: message.id,
                token: token.clone(),
                resolution: resolution.clone(),
                accepted_at: message.accepted_at,
            })),
            MessageBody::Answer { question, choice } => Self::QuestionAnswered(Box::new(QuestionAnswered {
                message_no: message.no,
                message_id: message.id,
                question: *question,
                choice: choice.clone(),
                accepted_at: message.accepted_at,
            })),
            MessageBody::Update { name, argument } => Self::UpdateAccepted(Box::new(UpdateAccepted {
                message_no: message.no,
                message_id: message.id,
                name: name.clone(),
                argument: argument.clone(),
                accepted_at: message.accepted_at,
            })),
            MessageBody::Grant { op, name } => Self::LockGranted(Box::new(LockGranted {
                message_no: message.no,
                message_id: message.id,
                op: *op,
                label: CommandLabel { kind: CommandKind::WithLock, name: name.clone() },
                accepted_at: message.accepted_at,
            })),
            MessageBody::ChildEnded { op, child, outcome } => Self::ChildEnded(Box::new(ChildEnded {
                message_no: message.no,
                message_id: message.id,
                op: *op,
                child: child.clone(),
                outcome: outcome.clone(),
                accepted_at: message.accepted_at,
            })),
        }
    }

    /// The fact that a timer's due time came; the run's own time-out is a request to end.
    pub fn of_timer(op: OpId, label: &CommandLabel, due: Moment) -> Self {
        if op == OpId::RUN_TIMEOUT {
            return Self::CancelRequested(Box::new(CancelRequested {
                message_no: MessageNo(0),
                message_id: MessageId::default(),
                cause: CancelCause::Timeout,
                reason: "timeout".to_owned(),
                accepted_at: due,
            }));
        }
        Self::TimerFired(TimerFired { op, label: label.clone(), due })
    }

    /// The number, the id and the instant of the message that it delivers, where it delivers one.
    pub fn message(&self) -> Option<(MessageNo, MessageId, Moment)> {
        match self {
            Self::SignalReceived(it) => Some((it.message_no, it.message_id, it.accepted_at)),
            Self::CancelRequested(it) if it.message_no.0 > 0 => {
                Some((it.message_no, it.message_id, it.accepted_at))
            }
            Self::TokenResolved(it) => Some((it.message_no, it.message_id, it.accepted_at)),
            Self::QuestionAnswered(it) => Some((it.message_no, it.message_id, it.accepted_at)),
            Self::LockGranted(it) => Some((it.message_no, it.message_id, it.accepted_at)),
            Self::ChildEnded(it) => Some((it.message_no, it.message_id, it.accepted_at)),
            Self::UpdateAccepted(it) => Some((it.message_no, it.message_id, it.accepted_at)),
            Self::RunBegan { .. }
            | Self::ActivityCompleted(_)
            | Self::ActivityFailed(_)
            | Self::TimerFired(_)
            | Self::CancelRequested(_)
            | Self::UpdateCompleted(_)
            | Self::RunEnded(_)
            | Self::RunRestarted(_)
            | Self::Unknown { .. } => None,
        }
    }

    /// The word for it in output, and the name people search for.
    pub fn word(&self) -> &'static str {
        match self {
            Self::RunBegan { .. } => "RunBegan",
            Self::ActivityCompleted(_) => "ActivityCompleted",
            Self::ActivityFailed(_) => "ActivityFailed",
            Self::TimerFired(_) => "TimerFired",
            Self::SignalReceived(_) => "SignalReceived",
            Self::CancelRequested(_) => "CancelRequested",
            Self::TokenResolved(_) => "TokenResolved",
            Self::QuestionAnswered(_) => "QuestionAnswered",
            Self::LockGranted(_) => "LockGranted",
            Self::ChildEnded(_) => "ChildEnded",
            Self::UpdateAccepted(_) => "UpdateAccepted",
            Self::UpdateCompleted(_) => "UpdateCompleted",
            Self::RunEnded(ended) => match ended.end {
                RunEnd::Completed { .. } => "RunCompleted",
                RunEnd::Failed { .. } => "RunFailed",
                RunEnd::Cancelled { .. } => "RunCancelled",
                RunEnd::TimedOut { .. } => "RunTimedOut",
                RunEnd::Terminated { .. } => "RunTerminated",
            },
            Self::RunRestarted(_) => "RunRestarted",
            Self::Unknown { .. } => "Unknown",
        }
    }

    /// The command whose outcome this is, where it is one.
    pub fn outcome_of(&self) -> Option<(OpId, &CommandLabel)> {
        match self {
            Self::ActivityCompleted(done) => Some((done.op, &done.label)),
            Self::ActivityFailed(failed) => Some((failed.op, &failed.label)),
            Self::TimerFired(fired) => Some((fired.op, &fired.label)),
            Self::LockGranted(granted) => Some((granted.op, &granted.label)),
            Self::RunBegan { .. }
            | Self::SignalReceived(_)
            | Self::CancelRequested(_)
            | Self::TokenResolved(_)
            | Self::QuestionAnswered(_)
            | Self::ChildEnded(_)
            | Self::UpdateAccepted(_)
            | Self::UpdateCompleted(_)
            | Self::RunEnded(_)
            | Self::RunRestarted(_)
            | Self::Unknown { .. } => None,
        }
    }

    /// The kind of the effect that an outcome belongs to.
    pub fn effect_kind(&self) -> Option<CommandKind> {
        self.outcome_of().map(|(_, label)| label.kind).filter(|kind| kind.is_effect())
    }
}
