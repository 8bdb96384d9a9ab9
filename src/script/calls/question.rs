//! `ask(question, #{choices, name, timeout, otherwise, show, notify, remind})`: a person decides, with `durun answer`.

use super::super::convert::Refused;
use super::super::host::{Ask, Notice, Question};
use super::super::raise::{raise, type_word, value_of};
use super::ask::{Given, ask, script, wrong};
use super::options;
use crate::history::{CommandKind, CommandLabel, EffectOptions, RetryPolicy, Value};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map, NativeCallContext};

/// The longest question, in characters: what is longer belongs into `show`.
const LONGEST: usize = 500;
/// How long telling the reader may take, in milliseconds.
const NOTIFY_MS: i64 = 60_000;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("ask", |context: NativeCallContext<'_>, question: ImmutableString| {
        ask_person(&context, &question, &Map::new())
    });
    engine.register_fn("ask", |context: NativeCallContext<'_>, question: ImmutableString, options: Map| {
        ask_person(&context, &question, &options)
    });
}

fn ask_person(context: &NativeCallContext<'_>, text: &str, map: &Map) -> Given {
    const KNOWN: &[&str] = &["choices", "name", "timeout", "otherwise", "show", "notify", "remind"];
    let caller = script(context)?;
    let length = text.chars().count();
    if text.trim().is_empty() || length > LONGEST {
        let message = format!("a question has 1 to {LONGEST} characters; what is longer goes into show");
        return Err(wrong(context, message));
    }
    let mut question = Question {
        text: text.to_owned(),
        name: None,
        choices: vec!["yes".to_owned(), "no".to_owned()],
        show: Value::Null,
        timeout_ms: None,
        otherwise: None,
        remind_ms: None,
        notice: None,
    };
    let mut notify = None;
    for (name, value) in map {
        let name = name.as_str();
        let duration = || options::positive(name, value).map_err(|error| wrong(context, error));
        match name {
            "choices" => question.choices = choices(value).map_err(|error| wrong(context, error))?,
            "name" => {
                question.name = Some(options::title(value).map_err(|error| wrong(context, error))?);
            }
            "timeout" => question.timeout_ms = Some(duration()?),
            "remind" => question.remind_ms = Some(duration()?),
            "otherwise" => question.otherwise = Some(value_of(context, value)?),
            "show" => question.show = value_of(context, value)?,
            "notify" => notify = Some(words(value).map_err(|error| wrong(context, error))?),
            other => return Err(wrong(context, options::unknown("option", other, KNOWN))),
        }
    }
    if let Some(argv) = notify {
        question.notice = Some(notice(context, &caller.host.run_facts().id, &question, argv)?);
    }
    ask(context, &caller, Ask::Question(Box::new(question)))
}

/// Whether an option of a question takes a value.
pub(super) fn check_option(name: &str, value: &Dynamic) -> Result<(), String> {
    match name {
        "choices" => choices(value).map(drop),
        "name" => options::title(value).map(drop),
        "notify" => words(value).map(drop),
        _ => Ok(()),
    }
}

fn choices(value: &Dynamic) -> Result<Vec<String>, String> {
    let mut choices = options::texts("a choice", value)?;
    for choice in &mut choices {
        *choice = choice.trim().to_owned();
    }
    let mut sorted = choices.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if choices.is_empty() || choices.iter().any(String::is_empty) {
        return Err("choices is an array of texts, one at least, none of them empty".to_owned());
    }
    if sorted.len() < choices.len() {
        return Err("choices names the same choice twice".to_owned());
    }
    Ok(choices)
}

/// The program that tells the reader, and its arguments.
fn words(value: &Dynamic) -> Result<Vec<String>, String> {
    let usage = "notify is a command: notify: [\"mail\", \"-s\", \"a question\", \"ada@example.org\"]";
    if let Some(url) = value.read_lock::<ImmutableString>().filter(|text| text.contains("://")) {
        return Err(format!(
            "notify is a command; for a URL: notify: [\"curl\", \"-fsS\", \"--data-binary\", \"@-\", \"{}\"]",
            url.as_str()
        ));
    }
    let Some(items) = value.read_lock::<Array>() else {
        return Err(format!("{usage}, not {}", type_word(value)));
    };
    let argv: Vec<String> = items.iter().map(options::word).collect::<Result<_, _>>()?;
    if argv.first().is_none_or(String::is_empty) {
        return Err(usage.to_owned());
    }
    Ok(argv)
}

/// The program gets the question on stdin, with the command lines that answer it.
fn notice(
    context: &NativeCallContext<'_>,
    run: &str,
    question: &Question,
    argv: Vec<String>,
) -> Given<Notice> {
    let mut text = format!("{}\n", question.text);
    if question.show != Value::Null {
        text.extend(["\n", &question.show.to_string(), "\n"]);
    }
    text.push('\n');
    let answer = |choice: &String| format!("answer {run} {}", in_shell(choice));
    let label = CommandLabel { kind: CommandKind::Exec, name: argv.first().cloned().unwrap_or_default() };
    let environment = Value::from([("DURUN_QUESTION", Value::from(question.text.as_str()))]);
    let input = Value::from([
        ("argv", Value::List(argv.into_iter().map(Value::Text).collect())),
        ("env", environment),
        ("stdin", Value::Text(text)),
    ]);
    input.check().map_err(|error| raise(context, Refused::Limit(error).failure()))?;
    let options = EffectOptions {
        timeout_ms: Some(NOTIFY_MS),
        commands: question.choices.iter().map(answer).collect(),
        ..EffectOptions::new(RetryPolicy::five_attempts())
    };
    Ok(Notice { label, input, options: Box::new(options) })
}

/// A word as a shell reads it.
pub(crate) fn in_shell(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@%+=,".contains(letter);
    if !word.starts_with('-') && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
