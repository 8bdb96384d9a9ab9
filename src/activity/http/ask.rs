//! What an HTTP call asks for, read from its recorded input.

use super::super::outcome::Failed;
use super::super::secrets::Form;
use crate::config::Setting;
use crate::history::{Failure, RunStart, Value, kind};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long an attempt may take where nothing is said.
pub(super) const TIMEOUT: Duration = Duration::from_mins(10);
/// The methods whose repetition a service may have to recognise.
const KEYED: [&str; 3] = ["POST", "PUT", "PATCH"];

/// Replaces what stands for a secret, at the last moment before it leaves the process.
pub type Reveal = Arc<dyn Fn(&str, Form) -> Result<String, Failed> + Send + Sync>;

/// An HTTP call, ready to be sent.
pub struct HttpAsk {
    /// The method, in capitals.
    pub method: String,
    /// The whole URL, placeholders of secrets not replaced.
    pub url: String,
    /// Names and values.
    pub query: Vec<(String, String)>,
    /// Names in small letters, and values.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// How the body is written, for the secrets in it.
    pub body_form: Form,
    /// Status codes that are no errors, as ranges from and to.
    pub ok: Vec<(u16, u16)>,
    /// The longest that the call may take.
    pub timeout: Duration,
    /// What the run recorded at its start: the proxies are read from it.
    pub environment: BTreeMap<String, String>,
    /// Whether the body of the answer is the result (an activity), not the whole answer.
    pub is_activity: bool,
    /// What replaces secrets.
    pub reveal: Reveal,
}

/// The call that a recorded input asks for: a map with `method`, `url`, and where given `query`, `headers`, `json` or `body`, `ok`.
///
/// # Errors
/// A permanent failure where the input is not that of a call.
pub fn http_ask(
    input: &Value,
    start: &RunStart,
    key: &str,
    timeout_ms: Option<i64>,
    reveal: Reveal,
) -> Result<HttpAsk, Failed> {
    let text = |name: &str| input.get(name).and_then(Value::as_text).map(str::to_owned);
    let Some(url) = text("url") else {
        return Err(Failed::for_good(Failure::new(kind::FAULT, "an HTTP call without a URL")));
    };
    let method = text("method").unwrap_or_else(|| "GET".to_owned());
    let mut headers: BTreeMap<String, String> =
        texts(input.get("headers")).into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    let body = match (input.get("json"), input.get("body")) {
        (Some(json), _) => {
            headers.entry("content-type".to_owned()).or_insert_with(|| "application/json".to_owned());
            json.to_string().into_bytes()
        }
        (None, Some(Value::Bytes(bytes))) => bytes.clone(),
        (None, Some(Value::Text(text))) => text.clone().into_bytes(),
        (None, Some(other)) => other.to_string().into_bytes(),
        (None, None) => Vec::new(),
    };
    if KEYED.contains(&method.as_str()) {
        headers.entry("idempotency-key".to_owned()).or_insert_with(|| key.to_owned());
    }
    Ok(HttpAsk {
        method,
        url,
        query: texts(input.get("query")),
        headers,
        body,
        body_form: if input.get("json").is_some() { Form::Json } else { Form::Plain },
        ok: ranges(input.get("ok")),
        timeout: timeout_ms.map_or(TIMEOUT, |ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))),
        environment: start.environment.clone(),
        is_activity: false,
        reveal,
    })
}

/// Where an activity that `durun.toml` gives a URL is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint<'a> {
    /// The URL.
    pub url: &'a str,
    /// The method, in capitals.
    pub method: &'a str,
    /// Names and values.
    pub headers: &'a BTreeMap<String, Setting>,
}

/// The call of such an activity: its input as JSON, the answer's body as its result.
///
/// # Errors
/// None now; what is wrong with the URL is told when it is called.
pub fn http_activity(
    endpoint: &Endpoint<'_>,
    input: &Value,
    start: &RunStart,
    key: &str,
    timeout_ms: Option<i64>,
    reveal: Reveal,
) -> Result<HttpAsk, Failed> {
    let headers =
        endpoint.headers.iter().map(|(name, value)| (name.clone(), Value::Text(value.text(start.secret))));
    let whole = Value::from([
        ("method", Value::from(endpoint.method)),
        ("url", endpoint.url.into()),
        ("headers", Value::Map(headers.collect())),
        ("json", input.clone()),
    ]);
    http_ask(&whole, start, key, timeout_ms, reveal).map(|ask| HttpAsk { is_activity: true, ..ask })
}

fn texts(map: Option<&Value>) -> Vec<(String, String)> {
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    };
    match map {
        Some(Value::Map(map)) => map.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        Some(_) | None => Vec::new(),
    }
}

fn ranges(list: Option<&Value>) -> Vec<(u16, u16)> {
    let code =
        |value: Option<&Value>| value.and_then(Value::as_int).and_then(|code| u16::try_from(code).ok());
    match list {
        Some(Value::List(ranges)) => ranges
            .iter()
            .filter_map(|range| match range {
                Value::List(ends) => Some((code(ends.first())?, code(ends.last())?)),
                _ => None,
            })
            .collect(),
        Some(_) | None => vec![(200, 299)],
    }
}
