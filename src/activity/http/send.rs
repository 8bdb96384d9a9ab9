//! Sending: the request goes out, the answer is read to its end, and each way to fail has its name.

use super::super::launcher::Call;
use super::super::outcome::{Done, Failed};
use super::super::secrets::Form;
use super::ask::HttpAsk;
use super::client::{client, reason};
use super::verdict::{Reply, verdict};
use crate::history::{Failure, kind};
use crate::timer::{Clock, show_duration};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 10 * 1024 * 1024;

/// One attempt; `after` is called exactly once: with the outcome, or, where the call is stopped, with the failure `cancelled`.
pub fn call_http(
    ask: HttpAsk,
    clock: Arc<dyn Clock>,
    after: impl FnOnce(Result<Done, Failed>) + Send + 'static,
) -> Call {
    let mut end = End::new(after);
    Box::pin(async move {
        let result = send(ask, clock).await;
        end.is(result);
    })
}

/// Tells the end of a call, also where it is dropped.
pub(in crate::activity) struct End(Option<After>);

type After = Box<dyn FnOnce(Result<Done, Failed>) + Send>;

impl End {
    pub(in crate::activity) fn new(after: impl FnOnce(Result<Done, Failed>) + Send + 'static) -> Self {
        Self(Some(Box::new(after)))
    }

    pub(in crate::activity) fn is(&mut self, result: Result<Done, Failed>) {
        if let Some(after) = self.0.take() {
            after(result);
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.is(Err(Failed::passing(Failure::new(kind::CANCELLED, "was stopped"))));
    }
}

async fn send(ask: HttpAsk, clock: Arc<dyn Clock>) -> Result<Done, Failed> {
    let limit = ask.timeout;
    match tokio::time::timeout(limit, exchange(&ask)).await {
        // Before anything of it is cut, for half a secret is none that could be found.
        Ok(Ok(reply)) => verdict(&ask, reply.masked(&ask.secrets.mask()), clock.now()),
        Ok(Err(failed)) => Err(failed),
        Err(_) => {
            let limit = show_duration(i64::try_from(limit.as_millis()).unwrap_or(i64::MAX));
            let message = format!("took longer than its timeout of {limit}");
            Err(Failed::passing(Failure::new(kind::TIMEOUT, message).with("limit", "timeout")))
        }
    }
}

async fn exchange(ask: &HttpAsk) -> Result<Reply, Failed> {
    let request = Request::of(ask)?;
    let environment = ask.environment.clone();
    let client = tokio::task::spawn_blocking(move || client(&environment))
        .await
        .map_err(|_| failed("client", "the HTTP client could not be made"))?
        .map_err(|message| failed("client", &message))?;
    let sent = client.request(request.method, request.url).headers(request.headers).body(request.body);
    let mut answer = sent.send().await.map_err(|error| of_send(&error))?;
    let status = answer.status().as_u16();
    let headers = headers_of(answer.headers());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| {
        failed("interrupted", &format!("the answer broke off after {} bytes: {}", body.len(), reason(&error)))
    })? {
        if body.len() + chunk.len() > MAX_ANSWER {
            let message = format!(
                "the answer is longer than {MAX_ANSWER} bytes (10 MiB); fetch it into a file: \
                 exec([\"curl\", \"-fsS\", url], #{{ stdout: FILE }})"
            );
            return Err(Failed { permanent: true, ..failed(kind::TOO_LARGE, &message) });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, headers, body })
}

/// The request with its secrets in place; what is wrong with it is wrong for good.
struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    fn of(ask: &HttpAsk) -> Result<Self, Failed> {
        let bad = |type_: &str, message: String| Failed { permanent: true, ..failed(type_, &message) };
        let method = Method::from_bytes(ask.method.as_bytes())
            .map_err(|_| bad("method", format!("\"{}\" is no HTTP method", ask.method)))?;
        let shown = shown_url(&ask.url);
        let revealed = ask.secrets.reveal(&ask.url, Form::Plain)?;
        let mut url = Url::parse(&revealed).map_err(|error| {
            bad("url", format!("\"{shown}\" is no URL: {error}; write https://host/path"))
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("url", format!("\"{shown}\" is neither http nor https")));
        }
        if !names_host(&revealed) || url.host_str().is_none_or(str::is_empty) {
            return Err(bad("url", format!("\"{shown}\" has no host; write https://host/path")));
        }
        if !ask.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &ask.query {
                pairs.append_pair(name, &ask.secrets.reveal(value, Form::Plain)?);
            }
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &ask.headers {
            let named = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| bad("header", format!("\"{name}\" is no name of a header")))?;
            let value = HeaderValue::from_str(&ask.secrets.reveal(value, Form::Plain)?)
                .map_err(|_| bad("header", format!("the header {name} has a value that cannot be sent")))?;
            headers.insert(named, value);
        }
        let body = match std::str::from_utf8(&ask.body) {
            Ok(text) => ask.secrets.reveal(text, ask.body_form)?.into_bytes(),
            Err(_) => ask.body.clone(),
        };
        Ok(Self { method, url, headers, body })
    }
}

/// Whether a host stands where a URL has it. Browsers take the first part of the path for the host that is missing, and a script
/// whose variable is empty would for ever look up a name that nobody meant.
fn names_host(url: &str) -> bool {
    let after = url.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    after.is_some_and(|after| !after.is_empty() && !after.starts_with(['/', '\\', '?', '#']))
}

/// A URL as errors and histories show it: without what may be secret in it.
pub(super) fn shown_url(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
        }
        None => url.to_owned(),
    }
}

fn failed(type_: &str, message: &str) -> Failed {
    Failed::passing(Failure::new(kind::HTTP, message).with("type", type_))
}

/// Why nothing came back.
fn of_send(error: &reqwest::Error) -> Failed {
    let reason = reason(error);
    let small = format!("{error:?}").to_lowercase();
    if error.is_redirect() {
        return Failed { permanent: true, ..failed("redirect", &reason) };
    }
    if error.is_builder() || error.is_request() && small.contains("invalid uri") {
        return Failed { permanent: true, ..failed("url", &reason) };
    }
    if small.contains("dns error") || small.contains("failed to lookup") {
        return failed("dns", &format!("the host's name could not be looked up: {reason}"));
    }
    let is_tls =
        ["certificate", "tls", "handshake", "invalidcontenttype"].iter().any(|word| small.contains(word));
    if is_tls && error.is_connect() {
        return failed("tls", &format!("no protected connection: {}", of_certificate(&reason)));
    }
    if error.is_timeout() {
        return failed("connect", "no connection within 30 seconds");
    }
    if error.is_connect() {
        return failed("connect", &format!("no connection: {reason}"));
    }
    failed("interrupted", &format!("the connection broke off before the answer: {reason}"))
}

/// What is wrong with a certificate, in words where TLS has none for people.
fn of_certificate(reason: &str) -> String {
    let Some(wrong) = reason.strip_prefix("invalid peer certificate: ") else { return reason.to_owned() };
    let wrong = match wrong {
        "UnknownIssuer" => {
            "nobody whom this system trusts has signed it (an own authority is named by SSL_CERT_FILE or SSL_CERT_DIR)"
        }
        "Expired" => "it has expired",
        "NotValidYet" => "it is not valid yet",
        "Other(OtherError(CaUsedAsEndEntity))" => "it is that of an authority, not of a host",
        other => other,
    };
    format!("the certificate is refused: {wrong}")
}

/// Names in small letters; what comes several times is joined with commas (RFC 9110, section 5.3).
fn headers_of(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        all.entry(name.as_str().to_owned())
            .and_modify(|before| {
                before.push_str(", ");
                before.push_str(&value);
            })
            .or_insert(value);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_host_is_not_made_of_the_path() {
        for url in [
            "http:///charge",
            "https:///",
            "http:charge",
            "http:/charge",
            "http://?x",
            "http://\\x",
            "nonsense",
        ] {
            assert!(!names_host(url), "{url}");
        }
        for url in ["http://h", "https://ada:pw@h:1/p", "HTTP://h/", "http://[::1]/"] {
            assert!(names_host(url), "{url}");
        }
    }

    #[test]
    fn a_refused_certificate_is_told_in_words() {
        let told = of_certificate("invalid peer certificate: UnknownIssuer");
        assert!(told.starts_with("the certificate is refused: nobody whom this system trusts"), "{told}");
        let other = "invalid peer certificate: certificate not valid for name \"a\"";
        assert_eq!(of_certificate(other), "the certificate is refused: certificate not valid for name \"a\"");
        assert_eq!(of_certificate("tls handshake eof"), "tls handshake eof");
    }

    #[test]
    fn what_may_be_secret_in_a_url_is_not_shown() {
        for (url, shown) in [
            ("https://ada:pw@host/p?token=1#x", "https://host/p"),
            ("http://host", "http://host"),
            ("nonsense?x", "nonsense"),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }
}
