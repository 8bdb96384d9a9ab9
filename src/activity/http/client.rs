//! The HTTP clients of this process: one for each set of proxies, with the system's roots of trust.

use reqwest::redirect::Policy;
use reqwest::{Client, NoProxy, Proxy};
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(30);
/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// The names of the variables that name proxies, as a start records them.
pub const PROXY_VARIABLES: [&str; 8] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

type Clients = Mutex<BTreeMap<Vec<String>, Client>>;
static CLIENTS: LazyLock<Clients> = LazyLock::new(Mutex::default);

/// The client for the proxies of an environment. Reading the roots of trust takes a while: not to be called where nothing may block.
///
/// # Errors
/// A sentence where a proxy is no URL or there are no roots of trust.
pub(super) fn client(environment: &BTreeMap<String, String>) -> Result<Client, String> {
    let said = |name: &str| {
        let small = name.to_lowercase();
        let found = environment.get(&small).or_else(|| environment.get(name));
        found.cloned().unwrap_or_default()
    };
    let (http, https, all) = (said("HTTP_PROXY"), said("HTTPS_PROXY"), said("ALL_PROXY"));
    let not = said("NO_PROXY");
    let key = vec![http.clone(), https.clone(), all.clone(), not.clone()];
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.get(&key) {
        return Ok(client.clone());
    }
    let mut builder = Client::builder()
        .user_agent(concat!("durun/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(redirects())
        .no_proxy();
    let no_url = |_| "a proxy of the environment is no URL".to_owned();
    for (url, made) in [(&http, Proxy::http(&http)), (&https, Proxy::https(&https)), (&all, Proxy::all(&all))]
    {
        if !url.is_empty() {
            builder = builder.proxy(made.map_err(no_url)?.no_proxy(NoProxy::from_string(&not)));
        }
    }
    let client = builder.build().map_err(|error| reason(&error))?;
    clients.insert(key, client.clone());
    Ok(client)
}

/// As many as are bounded, and never from a protected connection to an open one. What a caller sent to authorise itself is
/// dropped where the host changes: the client does that.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        if attempt.previous().len() > REDIRECTS {
            return attempt.error(format!("more than {REDIRECTS} redirects"));
        }
        let was_https = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
        if was_https && attempt.url().scheme() != "https" {
            return attempt.error("a redirect from https to http");
        }
        attempt.follow()
    })
}

/// The innermost reason of an error, which names no URL.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
