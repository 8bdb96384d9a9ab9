//! What the answer to an HTTP call means: a value, a failure to be tried again, or one that is for good.

use super::super::outcome::{Done, Failed};
use super::super::secrets::Mask;
use super::ask::HttpAsk;
use super::retry_after::retry_after_ms;
use crate::history::{Failure, MAX_BYTES, Moment, Value, kind};
use crate::timer::parse_duration;
use std::collections::BTreeMap;

/// How much of the body of an error is kept, in bytes.
const ERROR_BODY: usize = 4096;

/// An answer, read to its end.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The same with the values of secrets masked.
    pub(super) fn masked(self, mask: &Mask) -> Self {
        let headers = self.headers.into_iter().map(|(name, value)| (name, mask.text(value))).collect();
        Self { status: self.status, headers, body: mask.bytes(&self.body).into_owned() }
    }
}

/// What an answer of this status, with these headers and this body, means.
///
/// # Errors
/// The failure that the status means, and whether another attempt makes sense.
pub fn judge_reply(
    ask: &HttpAsk,
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    now: Moment,
) -> Result<Done, Failed> {
    verdict(ask, Reply { status, headers, body }, now)
}

/// What it means.
pub(super) fn verdict(ask: &HttpAsk, reply: Reply, now: Moment) -> Result<Done, Failed> {
    if ask.ok.iter().any(|(from, to)| (*from..=*to).contains(&reply.status)) {
        return value(ask, reply);
    }
    let status = reply.status;
    let body = text_of(reply.body);
    let said = body.as_text().and_then(|text| Value::from_json_text(text).ok());
    let error = said.as_ref().and_then(|said| said.get("error"));
    let word = |key: &str| error?.get(key)?.as_text();
    let kind = if ask.is_activity { kind::ACTIVITY } else { kind::HTTP };
    let message = match word("message") {
        Some(message) => message.to_owned(),
        None => format!("HTTP {status}{}", reason_phrase(status)),
    };
    let mut failure = Failure::new(kind, message).with("status", i64::from(status));
    failure = match word("type") {
        Some(type_) => failure.with("type", type_),
        None => failure.with("type", format!("http_{status}")),
    };
    failure = failure.with("body", cut(body)).with(
        "headers",
        Value::Map(reply.headers.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect()),
    );
    let may_pass = !(400..500).contains(&status) || matches!(status, 408 | 425 | 429);
    let permanent = match error.and_then(|error| error.get("retryable")) {
        Some(Value::Bool(retryable)) => !retryable,
        Some(_) | None => !may_pass,
    };
    let in_body = word("retry_after").and_then(|text| parse_duration(text).ok());
    let in_header = reply.headers.get("retry-after").and_then(|text| retry_after_ms(text, now));
    Err(Failed { failure, permanent, retry_after_ms: in_header.or(in_body) })
}

fn value(ask: &HttpAsk, reply: Reply) -> Result<Done, Failed> {
    let too_large = |bytes: usize| {
        let message = format!(
            "the answer has {bytes} bytes, more than a history keeps ({MAX_BYTES}); fetch it into a file: \
             exec([\"curl\", \"-fsS\", url], #{{ stdout: FILE }})"
        );
        Failed::for_good(Failure::new(kind::HTTP, message).with("type", kind::TOO_LARGE))
    };
    let length = reply.body.len();
    if length > MAX_BYTES {
        return Err(too_large(length));
    }
    let body = text_of(reply.body);
    let value = if ask.is_activity {
        match &body {
            Value::Text(text) if text.trim().is_empty() => Value::Null,
            Value::Text(text) => Value::from_json_text(text).unwrap_or(body),
            _ => body,
        }
    } else {
        let headers = reply.headers.into_iter().map(|(name, value)| (name, Value::Text(value)));
        Value::from([
            ("status", Value::from(i64::from(reply.status))),
            ("headers", Value::Map(headers.collect())),
            ("body", body),
        ])
    };
    value.check().map_err(|_| too_large(length))?;
    Ok(Done { value, stderr: String::new() })
}

fn text_of(body: Vec<u8>) -> Value {
    match String::from_utf8(body) {
        Ok(text) => Value::Text(text),
        Err(bytes) => Value::Bytes(bytes.into_bytes()),
    }
}

fn cut(body: Value) -> Value {
    match body {
        Value::Text(mut text) => {
            text.truncate(text.floor_char_boundary(ERROR_BODY));
            Value::Text(text)
        }
        Value::Bytes(mut bytes) => {
            bytes.truncate(ERROR_BODY);
            Value::Bytes(bytes)
        }
        other => other,
    }
}

fn reason_phrase(status: u16) -> String {
    let known = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    known.map(|reason| format!(" {reason}")).unwrap_or_default()
}
