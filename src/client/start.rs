//! Starting a run: a new one, or the one that has the id already.

use super::find::exact;
use super::overlap::{Skipped, settled, skipped};
use super::{Claimed, ClientError, Conflict, LoadedProgram, Session, Standing, list, view};
use crate::history::{
    Claim, MessageId, OverlapPolicy, RunId, RunNo, RunRow, RunStart, RunStatus, StoredStatus, Value,
};
use crate::store::{Answer, NewOverlap, NewQueue, NewRun, Request, RunFilter, StoreError};
use std::collections::BTreeMap;

/// Letters and digits that are not mistaken for each other: 31 of them.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// The length of an id that durun makes: 49 bits of chance.
const ID_LENGTH: usize = 10;

/// What of the environment is always recorded with a run, for the programs that it starts and, of proxies, for its HTTP calls.
pub const RECORDED: [&str; 13] = [
    "PATH",
    "HOME",
    "LANG",
    "USER",
    "TZ",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// What to start.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// The name; one is made where none is given.
    pub id: Option<RunId>,
    /// The script with what it imports.
    pub program: LoadedProgram,
    /// `input` as the script sees it.
    pub input: Value,
    /// The directory that processes are started in.
    pub directory: String,
    /// The environment that processes are given.
    pub environment: BTreeMap<String, String>,
    /// The run's own time-out in milliseconds.
    pub timeout_ms: Option<i64>,
    /// Whether this process is to execute it.
    pub claim: bool,
    /// The queue in which it waits until it may begin.
    pub queue: Option<NewQueue>,
    /// What is to be done about runs that it would overlap with.
    pub overlap: Option<NewOverlap>,
    /// What is to be done where the run of that id has ended.
    pub if_ended: IfEnded,
}

/// What a start does where the run of its id has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfEnded {
    /// How it ended is told.
    #[default]
    Report,
    /// Another run is started: of `backup` it is `backup-2`, then `backup-3`.
    Again,
    /// The start is refused.
    Fail,
}

/// What came of a start.
#[derive(Debug, Clone, PartialEq)]
pub enum Started {
    /// A new run was recorded; the epoch is 0 where it was not claimed.
    New(Claimed),
    /// A new run was recorded; others were asked to end before it begins.
    Superseding {
        /// The new run.
        new: Claimed,
        /// Those of the others that nobody executed: ours now, so that they end.
        others: Vec<Claimed>,
    },
    /// Nothing was recorded, as it would have overlapped.
    Skipped(Box<Skipped>),
    /// The id is in use for the same script and input.
    Existing {
        /// The run.
        row: Box<RunRow>,
        /// What to do about it.
        what: Existing,
        /// Whether the script file says something else now; the run keeps the text it was started with.
        edited: bool,
    },
}

/// How a run that existed before its start stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Existing {
    /// It can go on and is ours now; the epoch is 0 where no claim was wished.
    Continue(Claimed),
    /// Another process executes it.
    Attach(Claim),
    /// It has ended or is stuck.
    Report(Standing),
}

/// An id of ten random characters.
///
/// # Errors
/// [`ClientError::Random`].
pub fn new_id() -> Result<RunId, ClientError> {
    let mut text = String::with_capacity(ID_LENGTH);
    while text.len() < ID_LENGTH {
        // Of 32 equally likely values the one that names no letter is thrown away.
        for byte in Session::random::<16>()? {
            if let Some(letter) = LETTERS.get(usize::from(byte & 31))
                && text.len() < ID_LENGTH
            {
                text.push(char::from(*letter));
            }
        }
    }
    RunId::parse(&text).map_err(|error| ClientError::Random(error.to_string()))
}

/// Records a run, or finds the one that has the id for the same script and input.
///
/// # Errors
/// [`ClientError::Conflict`] where the id is in use for something else; `Value` for an input over the limits.
pub fn start(session: &Session, request: StartRequest) -> Result<Started, ClientError> {
    request.input.check()?;
    let request = fitted(request)?;
    let (named, claim, if_ended) = (request.id.clone(), request.claim, request.if_ended);
    let skips = request.overlap.as_ref().is_some_and(|overlap| overlap.policy == OverlapPolicy::Skip);
    let (mut new, mut id) = new_run(session, request)?;
    let mut number = 1_u32;
    loop {
        let start = new.start.clone();
        match session.ask(Request::Start(Box::new(new.clone())))? {
            Answer::Started { run, epoch } => return Ok(Started::New(Claimed { run, id, epoch })),
            Answer::Superseding { run, epoch, told } => {
                let told = told.messages.iter().map(|(run, _)| *run);
                let others = if claim { settled(session, told)? } else { Vec::new() };
                return Ok(Started::Superseding { new: Claimed { run, id, epoch }, others });
            }
            Answer::Runs(others) if !others.is_empty() => {
                return Ok(Started::Skipped(Box::new(skipped(session, &others, claim)?)));
            }
            // Chance gave an id that is taken: another one.
            Answer::Exists { .. } if named.is_none() => {
                id = new_id()?;
                new = NewRun { nonce: MessageId(Session::random()?), id: id.clone(), ..new };
            }
            Answer::Exists { row, start: recorded } => {
                compare(&row, &recorded, &start)?;
                if let (StoredStatus::Ended(end), Some(named)) = (&row.status, &named) {
                    match if_ended {
                        IfEnded::Report => {}
                        IfEnded::Fail => {
                            return Err(ClientError::EndedBefore { id: row.id, status: end.status() });
                        }
                        IfEnded::Again => {
                            number = number.saturating_add(1);
                            id = numbered(named, number)?;
                            new = NewRun { nonce: MessageId(Session::random()?), id: id.clone(), ..new };
                            continue;
                        }
                    }
                }
                let what = if skips && !matches!(row.status, StoredStatus::Ended(_)) {
                    match skipped(session, std::slice::from_ref(&*row), claim)? {
                        Skipped::Continue(claimed) => Existing::Continue(claimed),
                        left @ (Skipped::Struggles(_) | Skipped::Left(_)) => {
                            return Ok(Started::Skipped(Box::new(left)));
                        }
                    }
                } else {
                    existing(session, &row, claim)?
                };
                let edited = !recorded.program.says_the_same(&start.program);
                return Ok(Started::Existing { row, what, edited });
            }
            Answer::Done
            | Answer::Told(_)
            | Answer::Kept(_)
            | Answer::Claimed { .. }
            | Answer::Delivered { .. }
            | Answer::Signalled { .. }
            | Answer::Runs(_)
            | Answer::Views(_)
            | Answer::View(_)
            | Answer::Snapshot(_)
            | Answer::Records(_)
            | Answer::Script(_)
            | Answer::Logs(_)
            | Answer::Published(_)
            | Answer::Once(_)
            | Answer::OnceRows(_)
            | Answer::Admission(_)
            | Answer::Update(_)
            | Answer::Due(_)
            | Answer::Schedules(_) => return Err(ClientError::Answer { run: RunNo(0) }),
        }
    }
}

/// Whether a start records a run. It does not where one is gone on with or told of: that of its id, or one in its way.
///
/// # Errors
/// What the store says.
pub fn begins_another(session: &Session, request: &StartRequest) -> Result<bool, ClientError> {
    if let Some(id) = &request.id
        && let Some(row) = exact(session, id)?
    {
        return Ok(request.if_ended == IfEnded::Again && matches!(row.status, StoredStatus::Ended(_)));
    }
    let Some(overlap) = request.overlap.as_ref().filter(|overlap| overlap.policy == OverlapPolicy::Skip)
    else {
        return Ok(true);
    };
    let statuses = RunStatus::ALL.into_iter().filter(|status| !status.is_ended()).collect();
    let open = list(session, RunFilter { statuses, ..RunFilter::default() })?;
    let is_in_the_way = |row: &RunRow| match &overlap.key {
        Some(key) => row.overlap_key.as_ref() == Some(key),
        None => row.script == request.program.program.path,
    };
    Ok(!open.iter().any(|view| is_in_the_way(&view.row)))
}

/// The request with its input as the script declares it.
pub(super) fn fitted(mut request: StartRequest) -> Result<StartRequest, ClientError> {
    request.input = request.program.fit(request.input)?;
    Ok(request)
}

/// The id of a repetition: `backup-2`.
fn numbered(id: &RunId, number: u32) -> Result<RunId, ClientError> {
    let text = format!("{id}-{number}");
    RunId::parse(&text).map_err(|_| ClientError::NoNumber { id: id.clone(), number })
}

/// The run that a request asks for, and its id.
pub(super) fn new_run(session: &Session, request: StartRequest) -> Result<(NewRun, RunId), ClientError> {
    let id = match request.id {
        Some(id) => id,
        None => new_id()?,
    };
    let new = NewRun::new(
        MessageId(Session::random()?),
        id.clone(),
        RunStart {
            program: request.program.program,
            input: request.input,
            directory: request.directory,
            environment: request.environment,
            timeout_ms: request.timeout_ms,
            secret: Session::random()?,
            patches: crate::history::Patches::default(),
        },
        request.program.texts,
    );
    let claim = request.claim.then(|| session.claim());
    let begins = if request.claim { Some(u64::from_be_bytes(Session::random()?)) } else { None };
    Ok((NewRun { claim, begins, queue: request.queue, overlap: request.overlap, ..new }, id))
}

/// Content, environment and options do not matter: the path and the input do.
fn compare(row: &RunRow, recorded: &RunStart, given: &RunStart) -> Result<(), ClientError> {
    let which = if recorded.program.path != given.program.path {
        Conflict::Script { recorded: recorded.program.path.clone(), given: given.program.path.clone() }
    } else if recorded.input != given.input {
        Conflict::Input { recorded: Box::new(recorded.input.clone()), given: Box::new(given.input.clone()) }
    } else {
        return Ok(());
    };
    Err(ClientError::Conflict { id: row.id.clone(), which })
}

fn existing(session: &Session, row: &RunRow, claim: bool) -> Result<Existing, ClientError> {
    let now = view(session, row.no)?;
    let standing = Standing::of(&now);
    if !matches!(standing, Standing::Open(_)) {
        return Ok(Existing::Report(standing));
    }
    if let Some(claim) = now.executor {
        return Ok(Existing::Attach(claim));
    }
    if !claim {
        return Ok(Existing::Continue(Claimed { run: row.no, id: row.id.clone(), epoch: 0 }));
    }
    match session.ask(Request::Claim { run: row.no, claim: session.claim() }) {
        Ok(Answer::Claimed { epoch }) => {
            Ok(Existing::Continue(Claimed { run: row.no, id: row.id.clone(), epoch }))
        }
        // Somebody was faster, or it ended between the two questions.
        Err(StoreError::Held { claim, .. }) => Ok(Existing::Attach(claim)),
        Err(StoreError::Ended { .. }) => Ok(Existing::Report(Standing::of(&view(session, row.no)?))),
        Ok(_) => Err(ClientError::Answer { run: row.no }),
        Err(error) => Err(error.into()),
    }
}
