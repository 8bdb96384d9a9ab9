//! What is wrong with a message or a reply, or with the wish to try again, in words.

use super::escape::{cut, line, shell};
use super::exit::Exit;
use super::render::when::absolute;
use super::report::Report;
use super::report_client::mistake;
use super::report_store;
use crate::client::{ClientError, OpenQuestion};
use crate::history::{Choice, RunEnd, RunId, RunStatus, Value};

/// The report of an error of `answer`, `resolve`, `reject` or `retry`.
pub(crate) fn of(error: &ClientError) -> Report {
    let text = error.to_string();
    match error {
        ClientError::Token(_) => Report::new("D0720", Exit::Usage, text)
            .hint("durun status ID shows the tokens that a run waits for, with the command line"),
        ClientError::NoSuchToken { token } => {
            let id = run_of(token);
            Report::new("D0721", Exit::Missing, text).note("nothing was stored").hint(format!(
                "durun status {id} shows the tokens that the run waits for, with the command line"
            ))
        }
        ClientError::Resolved { token, at } => Report::new("D0722", Exit::Conflict, text)
            .note(format!("already resolved at {}; nothing was stored", absolute(*at)))
            .hint(format!("durun history {} shows with what", run_of(token))),
        ClientError::NoQuestion { id } => asks_nothing(id, text),
        ClientError::SeveralQuestions { id, open } => {
            Report::new("D0724", Exit::Usage, text).note(listed(open)).hint(names_one(id))
        }
        ClientError::NoSuchQuestion { id, near, open, .. } => {
            let report =
                Report::new("D0723", Exit::Missing, text).note(listed(open)).note("nothing was stored");
            let report = match near {
                Some(near) => report.hint(format!("did you mean {}?", line(near))),
                None => report,
            };
            report.hint(names_one(id))
        }
        ClientError::NoChoice { id, question, is_one_of_several, .. } => {
            no_choice(text, id, question, *is_one_of_several)
        }
        ClientError::Answered { id, choice, at, waits, .. } => Report::new("D0726", Exit::Conflict, text)
            .note(format!(
                "already answered at {}{}: {}; nothing was stored",
                absolute(*at),
                by(choice),
                choice.choice
            ))
            .hint(if *waits {
                format!("the first answer holds; the run has not taken it so far: durun resume {id}")
            } else {
                format!("the first answer holds; durun history {id} shows what the run did with it")
            }),
        ClientError::AskedNoMore { id, end, answered } => {
            let answer = answered.as_ref().map(|answered| {
                let (choice, at) = answered.as_ref();
                let asked = if choice.asked.is_empty() { "its question" } else { &choice.asked };
                format!("{asked} was answered at {}{}: {}", absolute(*at), by(choice), choice.choice)
            });
            report_store::ended(id, end.status(), outcome(end).into_iter().chain(answer).collect())
        }
        ClientError::QuestionOver { id, at, waits, .. } => {
            let report = Report::new("D0730", Exit::Conflict, text)
                .note(format!("it could be answered until {}; nothing was stored", absolute(*at)));
            report.hint(if *waits {
                format!("the run goes on as its script says of that: durun resume {id}")
            } else {
                format!("the run goes on as its script says of that; durun history {id} shows how")
            })
        }
        ClientError::UnknownSignal { near, .. } => {
            let report = Report::new("D0702", Exit::Missing, text);
            let report = match near {
                Some(near) => report.hint(format!("did you mean {near}?")),
                None => report,
            };
            report.hint("without --strict the signal is accepted and waits")
        }
        ClientError::SignalName(_) => Report::new("D0703", Exit::Usage, text)
            .hint("for example: durun signal ID picked_up '{\"by\": \"Ada\"}'"),
        ClientError::UpdateName(_) => {
            Report::new("D0935", Exit::Usage, text).hint("for example: durun update ID set_price 12")
        }
        ClientError::LongText { .. } => Report::new("D0727", Exit::Usage, text)
            .note("nothing was stored")
            .hint("put the rest into a file and say where it is"),
        ClientError::RetryEnded { id, status } => {
            let report = Report::new("D0728", Exit::Conflict, text)
                .note("retry tries the failed step of a run again; this one ended without a failure");
            if *status == RunStatus::Completed {
                report.hint(format!("durun result {id} prints its result"))
            } else {
                report.hint(format!(
                    "durun history {id} says what happened; durun rewind {id} --to ENTRY goes on from one of its entries"
                ))
            }
        }
        ClientError::NoRetry { id } => Report::new("D0729", Exit::Usage, text)
            .hint(format!("durun why {id} says what it waits for and what unblocks it")),
        other => mistake("D0804", other.to_string()),
    }
}

/// Who answered.
fn by(choice: &Choice) -> String {
    if choice.who.is_empty() { String::new() } else { format!(" by {}", choice.who) }
}

/// What came of a run, where there is more to say than its status.
fn outcome(end: &RunEnd) -> Option<String> {
    match end {
        RunEnd::Completed { result: Value::Null } | RunEnd::TimedOut { .. } => None,
        RunEnd::Completed { result } => Some(format!("its result: {}", cut(&line(&result.to_string()), 500))),
        RunEnd::Failed { failure } => Some(failure.message.clone()),
        RunEnd::Cancelled { reason } | RunEnd::Terminated { reason } => {
            Some(format!("the reason: {reason}")).filter(|_| !reason.is_empty())
        }
    }
}

/// A question with what is shown beside it, and the commands that answer it.
fn no_choice(text: String, id: &RunId, question: &OpenQuestion, is_one_of_several: bool) -> Report {
    let report = Report::new("D0725", Exit::Usage, text);
    let report = match &question.show {
        Value::Null => report,
        show => report.note(format!("it shows: {}", cut(&line(&show.to_string()), 500))),
    };
    let which = if is_one_of_several { format!(" --question {}", question.op) } else { String::new() };
    let answers = question.choices.iter().map(|choice| format!("durun answer {id} {}{which}", shell(choice)));
    report.note("nothing was stored").hint(answers.collect::<Vec<_>>().join("\n"))
}

/// Open questions, a line each, with their numbers.
fn listed(open: &[OpenQuestion]) -> String {
    let told = |question: &OpenQuestion| {
        let answered = question.answered.as_ref();
        let answered = answered.map(|given| format!(" (answered {}, not yet taken)", cut(&line(given), 40)));
        format!("{}  {}{}", question.op, cut(&line(&question.title()), 80), answered.unwrap_or_default())
    };
    open.iter().map(told).collect::<Vec<_>>().join("\n")
}

fn names_one(id: &RunId) -> String {
    format!("durun answer {id} CHOICE --question N names one, by its number or name")
}

/// The run that a token names.
fn run_of(token: &str) -> String {
    shell(token.rsplit_once('.').map_or("ID", |(id, _)| id))
}

/// The report of an answer to nothing.
pub(super) fn asks_nothing(id: &RunId, text: String) -> Report {
    Report::new("D0723", Exit::Missing, text)
        .note("nothing was stored")
        .hint(format!("durun why {id} says what it waits for; durun list shows first who asks"))
}
