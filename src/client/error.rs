//! Why a client's wish was not fulfilled, as data for whoever puts it into words.

use super::{
    Difference, ExecuteError, MendError, OpenQuestion, ProgramError, QueryError, Reopening, ScheduleError,
};
use crate::history::{
    Choice, Moment, RecordError, RunEnd, RunId, RunNo, RunRow, RunStatus, Seq, Value, ValueError,
};
use crate::script::BadInput;
use crate::store::StoreError;

/// What differs between a run that exists and the start that asks for its id.
#[derive(Debug, Clone, PartialEq)]
pub enum Conflict {
    /// Another script file.
    Script {
        /// The path recorded.
        recorded: String,
        /// The path given.
        given: String,
    },
    /// Another input.
    Input {
        /// The input recorded.
        recorded: Box<Value>,
        /// The input given.
        given: Box<Value>,
    },
}

/// Why a client function did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The script cannot be started.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The input is not what the script declares with `params`.
    #[error("{}", wrong.first().map(ToString::to_string).unwrap_or_default())]
    Input {
        /// The script.
        script: String,
        /// All that is wrong.
        wrong: Vec<BadInput>,
    },
    /// A value that may not be recorded.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// No run has that id, none begins so.
    #[error("there is no run \"{text}\"")]
    NoSuchRun {
        /// What was asked for.
        text: String,
        /// Ids that look like it, the likest first.
        near: Vec<RunId>,
        /// When a start of that id was left out, and because of which run, where that is known.
        left_out: Option<(Moment, RunId)>,
    },
    /// The store has no run at all, so there is no last one.
    #[error("there is no run yet")]
    NoRuns,
    /// The undos of a stuck run are only known once its script can be replayed.
    #[error("run {id} is stuck: what it did cannot be undone before its script is mended")]
    UndoStuck {
        /// The run.
        id: RunId,
    },
    /// Several ids begin so.
    #[error("\"{text}\" is the beginning of {} ids", candidates.len())]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// The runs whose ids begin so.
        candidates: Vec<RunRow>,
    },
    /// A run that has ended keeps the text that it had.
    #[error("run {id} has ended: {}", status.word())]
    UpgradeEnded {
        /// The run.
        id: RunId,
        /// How.
        status: RunStatus,
        /// How it goes on under that text, where it would.
        way: Option<Reopening>,
    },
    /// The history of a run does not fit the text that it is to go on under.
    #[error("run {id} cannot go on under that script: {difference}")]
    Differs {
        /// The run.
        id: RunId,
        /// The first difference.
        difference: Box<Difference>,
    },
    /// The id is in use for something else.
    #[error("run {id} exists with another {}", match which { Conflict::Script { .. } => "script", Conflict::Input { .. } => "input" })]
    Conflict {
        /// The id.
        id: RunId,
        /// What differs.
        which: Conflict,
    },
    /// The run of that id has ended, and the start is not to tell how.
    #[error("run {id} has ended: {status}")]
    EndedBefore {
        /// The id.
        id: RunId,
        /// How.
        status: RunStatus,
    },
    /// An id to which no number can be added.
    #[error("{id}-{number} would be too long for a run's id")]
    NoNumber {
        /// The id.
        id: RunId,
        /// The number.
        number: u32,
    },
    /// No run can go on here.
    #[error("there is no run that could go on")]
    NothingToResume,
    /// More than one run can go on, and none was named.
    #[error("{} runs can go on", candidates.len())]
    SeveralToResume {
        /// Those that can.
        candidates: Vec<RunRow>,
    },
    /// The run waits and its script has not ended.
    #[error("run {id} is {status}, it has not ended")]
    NotFinished {
        /// The run.
        id: RunId,
        /// How it stands.
        status: RunStatus,
    },
    /// An entry is not what was written.
    #[error("entry {seq} of run {id} is damaged: {error}")]
    Damaged {
        /// The run.
        id: RunId,
        /// The place.
        seq: Seq,
        /// What is wrong with it.
        error: RecordError,
    },
    /// Entries that the run's row counts are not there.
    #[error("the history of run {id} ends at entry {found}, {expected} were recorded")]
    HistoryCut {
        /// The run.
        id: RunId,
        /// How many there are.
        found: Seq,
        /// How many there should be.
        expected: Seq,
    },
    /// That generation of the run is not kept.
    #[error("generation {generation} of run {id} is not kept")]
    NoGeneration {
        /// The run.
        id: RunId,
        /// The one asked for.
        generation: u32,
        /// Those that are.
        kept: Vec<u32>,
    },
    /// The run has no command of that name or number.
    #[error("run {id} has no step \"{step}\"")]
    NoStep {
        /// The run.
        id: RunId,
        /// What was asked for.
        step: String,
        /// The names it has.
        known: Vec<String>,
    },
    /// `--strict`, and the script never mentions the name.
    #[error("the script of run {id} never mentions the signal \"{name}\"")]
    UnknownSignal {
        /// The run.
        id: RunId,
        /// The name.
        name: String,
        /// The signal that was meant, perhaps.
        near: Option<String>,
    },
    /// A signal without a name, or with one that is too long.
    #[error("\"{0}\" is no name for a signal: 1 to 256 characters")]
    SignalName(String),
    /// An update without a name, or with one that is too long.
    #[error("\"{0}\" is no name for an update: 1 to 256 characters")]
    UpdateName(String),
    /// A text that is no token.
    #[error("\"{0}\" is no token: a token is a run's id, a dot and 22 letters")]
    Token(String),
    /// No run has issued the token.
    #[error("there is no token {token}")]
    NoSuchToken {
        /// The token.
        token: String,
    },
    /// The token was resolved before, with something else.
    #[error("the token {token} was resolved before with something else")]
    Resolved {
        /// The token.
        token: String,
        /// When.
        at: Moment,
    },
    /// The run asks nothing.
    #[error("run {id} asks nothing now")]
    NoQuestion {
        /// The run.
        id: RunId,
    },
    /// No question of that number or name is open, while others are.
    #[error("run {id} asks no question \"{given}\" now")]
    NoSuchQuestion {
        /// The run.
        id: RunId,
        /// The number or name that was given.
        given: String,
        /// The name that was meant, perhaps.
        near: Option<String>,
        /// Those that are open.
        open: Vec<OpenQuestion>,
    },
    /// The run asks several questions.
    #[error("run {id} asks {} questions", open.len())]
    SeveralQuestions {
        /// The run.
        id: RunId,
        /// Those that are open.
        open: Vec<OpenQuestion>,
    },
    /// The answer is none of the choices, or there is none.
    #[error("{}", no_choice(id, &question.title(), given))]
    NoChoice {
        /// The run.
        id: RunId,
        /// The question.
        question: Box<OpenQuestion>,
        /// What was given; empty where nothing was.
        given: String,
        /// Whether the run asks others besides.
        is_one_of_several: bool,
    },
    /// The question was answered before.
    #[error("{question} was answered before")]
    Answered {
        /// The run.
        id: RunId,
        /// The question.
        question: String,
        /// The answer.
        choice: Box<Choice>,
        /// When.
        at: Moment,
        /// Whether the script has not taken it and nobody executes the run.
        waits: bool,
    },
    /// The run has ended, and asks nobody any more.
    #[error("run {id} has ended: {}", end.status().word().replace('_', " "))]
    AskedNoMore {
        /// The run.
        id: RunId,
        /// How it ended.
        end: Box<RunEnd>,
        /// What was answered last, or to the question that is meant, and when.
        answered: Option<Box<(Choice, Moment)>>,
    },
    /// Nobody answered the question in time.
    #[error("the time to answer is over: {question}")]
    QuestionOver {
        /// The run.
        id: RunId,
        /// The question.
        question: String,
        /// Since when.
        at: Moment,
        /// Whether nobody executes the run, whose script has not been told.
        waits: bool,
    },
    /// A note or message that is too long.
    #[error("the text is longer than {most} bytes")]
    LongText {
        /// How long it may be.
        most: usize,
    },
    /// A run that has ended waits for no attempt.
    #[error("run {id} has ended: {status}")]
    RetryEnded {
        /// The run.
        id: RunId,
        /// How.
        status: RunStatus,
    },
    /// The run waits for no attempt.
    #[error("run {id} waits for no other attempt")]
    NoRetry {
        /// The run.
        id: RunId,
    },
    /// A run cannot be mended so.
    #[error(transparent)]
    Mend(#[from] MendError),
    /// A wish about schedules.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The executor stopped for a reason outside the script.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The query was not answered.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The machine gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// The store gave an answer of another kind than asked for.
    #[error("the store answered run {run} with something else than was asked")]
    Answer {
        /// The run, 0 where the question named none.
        run: RunNo,
    },
}

fn no_choice(id: &RunId, question: &str, given: &str) -> String {
    if given.is_empty() {
        format!("run {id} asks: {question}")
    } else {
        format!("\"{given}\" is no answer to \"{question}\"")
    }
}
