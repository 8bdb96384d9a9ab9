//! Replies to what a run waits for by name: a token is resolved or rejected, a question answered; each once.

use super::{ClientError, Session, find, read_history, view};
use crate::history::{
    Choice, CommandKind, Fact, MessageBody, MessageId, Moment, OpId, Pending, QuestionAnswered, Resolution,
    RunId, RunNo, RunRow, StoredStatus, Value, nearest,
};
use crate::run::QUESTION;
use crate::store::{ANSWERED, Answer, NewMessage, Request, RunView, Snapshot, StoreError};

/// How many letters follow the run's name in a token.
const TOKEN_LETTERS: usize = 22;
/// The longest note or message, in bytes.
const LONGEST_NOTE: usize = 64 * 1024;

/// A reply that the store has accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Replied {
    /// The run.
    pub row: RunRow,
    /// Whether the same had been said before; then nothing was added.
    pub duplicate: bool,
}

/// A question that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenQuestion {
    /// The command that asks.
    pub op: OpId,
    /// The question.
    pub text: String,
    /// The name that the script gives it.
    pub name: Option<String>,
    /// What may be answered.
    pub choices: Vec<String>,
    /// A value shown beside it; null where none was given.
    pub show: Value,
    /// Since when.
    pub since: Moment,
    /// Until when it can be answered, where its script waits no longer.
    pub until: Option<Moment>,
    /// What was answered, where the script has not heard it yet.
    pub answered: Option<String>,
}

impl OpenQuestion {
    /// When its time was over, where it is.
    fn over_at(&self, now: Moment) -> Option<Moment> {
        self.until.filter(|until| *until < now)
    }

    /// The question, behind its name where it has one.
    pub fn title(&self) -> String {
        self.name.as_ref().map_or_else(|| self.text.clone(), |name| format!("{name}: {}", self.text))
    }
}

/// What somebody says to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRequest {
    /// What was chosen.
    pub choice: String,
    /// Who chose.
    pub who: String,
    /// What is said with it.
    pub note: String,
    /// Which question, by the number of its command or by its name, where several are open.
    pub question: Option<String>,
}

/// The questions that a run asks now, in the order in which they were asked; also those whose answer its script has not heard yet.
pub fn open_questions(view: &RunView) -> Vec<OpenQuestion> {
    view.pending.iter().filter_map(open_question).collect()
}

/// The choice meant: as it is written, else but for capitals.
pub fn choice_of(question: &OpenQuestion, given: &str) -> Option<String> {
    one_of(&question.choices, given)
}

/// The answer to a question that its script has not heard yet.
pub fn answered(pending: &Pending) -> Option<&str> {
    pending.input.get(ANSWERED).and_then(Value::as_text).filter(|_| pending.label.kind == CommandKind::Ask)
}

/// The question of a pending row, where it is one.
pub fn open_question(pending: &Pending) -> Option<OpenQuestion> {
    if pending.label.kind != CommandKind::Ask {
        return None;
    }
    let choices = match pending.input.get("choices") {
        Some(Value::List(choices)) => choices.iter().filter_map(Value::as_text).map(str::to_owned).collect(),
        Some(_) | None => Vec::new(),
    };
    let label = pending.label.name.clone();
    let (text, name) = match pending.input.get(QUESTION).and_then(Value::as_text) {
        Some(text) => (text.to_owned(), Some(label)),
        None => (label, None),
    };
    Some(OpenQuestion {
        op: pending.op,
        text,
        name,
        choices,
        show: pending.input.get("show").cloned().unwrap_or_default(),
        since: pending.scheduled_at,
        until: pending.due,
        answered: answered(pending).map(str::to_owned),
    })
}

/// Resolves or rejects a token. The same again is done; another resolution of the same token is refused.
///
/// # Errors
/// `Token` for a text that is no token, `NoSuchToken`, `Resolved` where it was resolved otherwise, `Value` for a value over the
/// limits, `Ended` of the store.
pub fn resolve(session: &Session, token: &str, resolution: &Resolution) -> Result<Replied, ClientError> {
    match resolution {
        Resolution::Resolved(value) => value.check()?,
        Resolution::Rejected(message) => short(message)?,
    }
    let row = run_of(session, token)?;
    let id = MessageId::of_token(token);
    let is_new = matches!(session.ask(Request::Recall { id })?, Answer::Done);
    // What cannot be replayed is not known to be wrong.
    if is_new
        && !waits_for_token(&view(session, row.no)?, token)
        && matches!(session.executor().has_token(session, row.no, token), Ok(Some(false)))
    {
        return Err(ClientError::NoSuchToken { token: token.to_owned() });
    }
    let body = MessageBody::Resolve { token: token.to_owned(), resolution: resolution.clone() };
    let Some(accepted_at) = deliver(session, row.no, id, body)? else {
        return Ok(Replied { row, duplicate: false });
    };
    match earlier(session, &row, id)? {
        Some(Fact::TokenResolved(first)) if first.resolution == *resolution => {
            Ok(Replied { row, duplicate: true })
        }
        _ => Err(ClientError::Resolved { token: token.to_owned(), at: accepted_at }),
    }
}

/// Answers a question of a run. The same answer again is done; another one to the same question is refused.
///
/// # Errors
/// As [`find()`]; `NoQuestion`, `NoSuchQuestion`, `SeveralQuestions`, `NoChoice`, `Answered` where it was answered otherwise,
/// `QuestionOver` where nobody did in time, `AskedNoMore` where the run has ended.
pub fn answer(session: &Session, text: &str, request: AnswerRequest) -> Result<Replied, ClientError> {
    short(&request.note)?;
    let row = find(session, text)?;
    let view = view(session, row.no)?;
    if let StoredStatus::Ended(end) = &view.row.status {
        let (end, which) = (Box::new(end.clone()), request.question.as_deref());
        let number = which.and_then(|which| which.parse().ok()).map(OpId);
        let answered = last_answer(session, &row, which, number)?.map(Box::new);
        return Err(ClientError::AskedNoMore { id: row.id, end, answered });
    }
    let (open, waits) = (open_questions(&view), view.executor.is_none());
    let is_one_of_several = open.len() > 1;
    let question = chosen(session, &row, open, request.question.as_deref())?;
    if question.answered.is_none()
        && let Some(at) = question.over_at(session.now())
    {
        return Err(ClientError::QuestionOver { id: row.id, question: question.title(), at, waits });
    }
    let id = MessageId::of_question(row.id.as_str(), row.generation_of(question.op), question.op);
    let Some(choice) = one_of(&question.choices, &request.choice) else {
        return Err(match earlier(session, &row, id)? {
            Some(Fact::QuestionAnswered(first)) => too_late(row.id, question.title(), *first, waits),
            _ => ClientError::NoChoice {
                id: row.id,
                question: Box::new(question),
                given: request.choice,
                is_one_of_several,
            },
        });
    };
    let choice = Choice { choice, who: request.who, note: request.note, asked: question.title() };
    let body = MessageBody::Answer { question: question.op, choice: choice.clone() };
    match deliver(session, row.no, id, body) {
        Ok(None) => return Ok(Replied { row, duplicate: false }),
        Ok(Some(_)) => {}
        Err(ClientError::Store(StoreError::NotAsked { id })) => {
            return Err(match question.over_at(session.now()) {
                Some(at) => ClientError::QuestionOver { id, question: question.title(), at, waits },
                // It began anew since we looked, or was rewound.
                None => ClientError::NoQuestion { id },
            });
        }
        Err(error) => return Err(error),
    }
    match earlier(session, &row, id)? {
        Some(Fact::QuestionAnswered(first)) if first.choice.choice == choice.choice => {
            Ok(Replied { row, duplicate: true })
        }
        Some(Fact::QuestionAnswered(first)) => Err(too_late(row.id, question.title(), *first, waits)),
        _ => Err(ClientError::NoQuestion { id: row.id }),
    }
}

fn too_late(id: RunId, question: String, first: QuestionAnswered, waits: bool) -> ClientError {
    ClientError::Answered { id, question, choice: Box::new(first.choice), at: first.accepted_at, waits }
}

/// The question meant: by its number or name, else the only one.
fn chosen(
    session: &Session,
    row: &RunRow,
    mut open: Vec<OpenQuestion>,
    which: Option<&str>,
) -> Result<OpenQuestion, ClientError> {
    let number = which.and_then(|which| which.parse().ok()).map(OpId);
    let all = open.clone();
    if let Some(which) = which {
        open.retain(|question| Some(question.op) == number || question.name.as_deref() == Some(which));
    }
    match (open.len(), open.pop()) {
        (1, Some(question)) => Ok(question),
        (_, Some(last)) => {
            open.push(last);
            Err(ClientError::SeveralQuestions { id: row.id.clone(), open })
        }
        (_, None) => Err(match last_answer(session, row, which, number)? {
            Some((choice, at)) => ClientError::Answered {
                id: row.id.clone(),
                question: asked(&choice),
                choice: Box::new(choice),
                at,
                waits: false,
            },
            None => match which.filter(|_| !all.is_empty()) {
                Some(which) => no_such_question(row.id.clone(), which, all),
                None => ClientError::NoQuestion { id: row.id.clone() },
            },
        }),
    }
}

fn no_such_question(id: RunId, given: &str, open: Vec<OpenQuestion>) -> ClientError {
    let near = nearest(given, open.iter().filter_map(|question| question.name.as_deref()));
    ClientError::NoSuchQuestion { id, given: given.to_owned(), near: near.map(str::to_owned), open }
}

/// The answer given last, or that to one question, for somebody who comes too late.
fn last_answer(
    session: &Session,
    row: &RunRow,
    which: Option<&str>,
    number: Option<OpId>,
) -> Result<Option<(Choice, Moment)>, ClientError> {
    let is_named = |asked: &str| which.is_some_and(|name| asked.starts_with(&format!("{name}: ")));
    let entries = read_history(session, row.no, row.id.clone())?;
    Ok(entries.into_iter().rev().find_map(|(_, entry)| match entry.fact {
        Fact::QuestionAnswered(given)
            if which.is_none() || number == Some(given.question) || is_named(&given.choice.asked) =>
        {
            Some((given.choice, given.accepted_at))
        }
        _ => None,
    }))
}

/// What was asked, as people call it.
pub(super) fn asked(choice: &Choice) -> String {
    if choice.asked.is_empty() { "the question".to_owned() } else { choice.asked.clone() }
}

/// The choice meant: as it is written, else but for capitals.
fn one_of(choices: &[String], given: &str) -> Option<String> {
    let exact = choices.iter().find(|choice| *choice == given);
    let mut alike = choices.iter().filter(|choice| choice.to_lowercase() == given.to_lowercase());
    exact.or_else(|| alike.next().filter(|_| alike.next().is_none())).cloned()
}

fn short(text: &str) -> Result<(), ClientError> {
    if text.len() <= LONGEST_NOTE { Ok(()) } else { Err(ClientError::LongText { most: LONGEST_NOTE }) }
}

/// The run that a token names.
fn run_of(session: &Session, token: &str) -> Result<RunRow, ClientError> {
    let wrong = || ClientError::Token(token.chars().take(200).collect());
    let (id, letters) = token.rsplit_once('.').ok_or_else(wrong)?;
    let id = RunId::parse(id).map_err(|_| wrong())?;
    if letters.len() != TOKEN_LETTERS || !letters.bytes().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(wrong());
    }
    let Answer::Runs(rows) = session.ask(Request::Find { text: id.as_str().to_owned() })? else {
        return Err(ClientError::Answer { run: RunNo(0) });
    };
    // The beginning of an id will not do: a token names its run in full.
    rows.into_iter()
        .find(|row| row.id == id)
        .ok_or_else(|| ClientError::NoSuchToken { token: token.to_owned() })
}

fn waits_for_token(view: &RunView, token: &str) -> bool {
    view.pending
        .iter()
        .any(|pending| pending.label.kind == CommandKind::WaitToken && pending.label.name == token)
}

/// Gives a message to the store; when it was accepted, where one of that id had been before.
fn deliver(
    session: &Session,
    run: RunNo,
    id: MessageId,
    body: MessageBody,
) -> Result<Option<Moment>, ClientError> {
    let message = NewMessage { run, id, keyed: true, body };
    let Answer::Delivered { duplicate, accepted_at, .. } =
        session.ask(Request::Deliver(Box::new(message)))?
    else {
        return Err(ClientError::Answer { run });
    };
    Ok(duplicate.then_some(accepted_at))
}

/// The message of that id that was accepted before: it waits in the inbox, or was delivered.
fn earlier(session: &Session, row: &RunRow, id: MessageId) -> Result<Option<Fact>, ClientError> {
    let Answer::Snapshot(snapshot) = session.ask(Request::Snapshot { run: row.no })? else {
        return Err(ClientError::Answer { run: row.no });
    };
    let Snapshot { inbox, .. } = *snapshot;
    if let Some(message) = inbox.iter().find(|message| message.id == id) {
        return Ok(Some(Fact::of_message(message)));
    }
    let entries = read_history(session, row.no, row.id.clone())?;
    let of_id = |fact: &Fact| fact.message().is_some_and(|(_, known, _)| known == id);
    Ok(entries.into_iter().map(|(_, entry)| entry.fact).find(of_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_meant_as_written_and_else_but_for_capitals() {
        let choices = ["yes", "No", "NO", "später"].map(str::to_owned);
        let of = |given| one_of(&choices, given);
        assert_eq!(of("yes").as_deref(), Some("yes"));
        assert_eq!(of("YES").as_deref(), Some("yes"));
        assert_eq!(of("NO").as_deref(), Some("NO"));
        assert_eq!(of("no"), None, "it could be either");
        assert_eq!(of("SPÄTER").as_deref(), Some("später"));
        assert_eq!((of("ye"), of("")), (None, None));
    }
}
