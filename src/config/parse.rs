//! The text of a configuration, read: what each key means, and what is refused with its line.

use super::item::{Item, Misfit, Read, items};
use super::{
    ActivityConfig, Call, Config, ConfigError, Limits, Notice, Notify, Retention, RetryConfig, SecretSource,
    Setting, Stated,
};
use crate::history::{QueueLimits, Rate, is_secret_name};
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::{DeTable, DeValue};

const TABLES: &[&str] = &["activity", "limits", "notify", "queue", "retention", "secrets"];
const OF_ACTIVITY: &[&str] = &[
    "cmd",
    "env",
    "headers",
    "heartbeat",
    "max_concurrent",
    "method",
    "rate",
    "retry",
    "timeout",
    "url",
    "warn_after",
];
const OF_RETRY: &[&str] = &["attempts", "except", "factor", "first", "jitter", "max", "only", "retry_after"];
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Reads the text of the file at `path`, which is not touched.
///
/// # Errors
/// [`ConfigError::Wrong`] with the line of the first thing that does not fit.
pub fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let wrong = |at: usize, message: &str| {
        let before = text.as_bytes().iter().take(at);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        ConfigError::Wrong { path: path.to_owned(), line, message: message.to_owned() }
    };
    let table = DeTable::parse(text)
        .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message().trim()))?;
    let config = read(path, table.get_ref()).map_err(|misfit| wrong(misfit.at, &misfit.message))?;
    let mut stated = Vec::new();
    state(table.get_ref(), "", text, &mut stated);
    stated.sort_by_key(|value| value.line);
    Ok(Config { stated, ..config })
}

/// The values of a table and of the tables in it, as they stand in the text.
fn state(table: &DeTable<'_>, above: &str, text: &str, stated: &mut Vec<Stated>) {
    for (name, value) in table {
        let key = format!("{above}{}", name.get_ref());
        let is_inline = text.get(value.span()).is_some_and(|text| text.starts_with('{'));
        match value.get_ref() {
            DeValue::Table(table) if !is_inline => state(table, &format!("{key}."), text, stated),
            _ => {
                let before = text.as_bytes().iter().take(value.span().start);
                let line = 1 + before.filter(|byte| **byte == b'\n').count();
                let text = text.get(value.span()).unwrap_or_default().to_owned();
                stated.push(Stated { key, text, line });
            }
        }
    }
}

fn read(path: &Path, table: &DeTable<'_>) -> Read<Config> {
    let tables = items("", table, Some(TABLES))?;
    let mut config = Config { file: Some(path.to_owned()), ..Config::default() };
    if let Some(item) = tables.get("activity") {
        for (name, item) in item.table(None)? {
            config.activities.insert(name.to_owned(), activity(&item)?);
        }
    }
    if let Some(item) = tables.get("queue") {
        for (name, item) in item.table(None)? {
            config.queues.insert(name.to_owned(), queue(&item)?);
        }
    }
    if let Some(item) = tables.get("limits") {
        config.limits = limits(item)?;
    }
    if let Some(item) = tables.get("secrets") {
        let directory = path.parent().unwrap_or(Path::new("/"));
        for (name, item) in item.table(None)? {
            config.secrets.insert(name.to_owned(), secret(directory, name, &item)?);
        }
    }
    if let Some(item) = tables.get("retention") {
        let keys = item.table(Some(&["completed", "failed"]))?;
        let kept = |name: &str| keys.get(name).map(Item::duration).transpose();
        config.retention = Retention { completed_ms: kept("completed")?, failed_ms: kept("failed")? };
    }
    if let Some(item) = tables.get("notify") {
        config.notify = notify(item)?;
    }
    Ok(config)
}

fn queue(item: &Item<'_>) -> Read<QueueLimits> {
    let keys = item.table(Some(&["max_concurrent", "rate"]))?;
    let max_concurrent = keys.get("max_concurrent").map(Item::count).transpose()?;
    let rate = match keys.get("rate") {
        Some(rate) => Some(Rate::parse(&rate.text()?).map_err(|error| rate.wrong(&error.to_string()))?),
        None => None,
    };
    if max_concurrent.is_none() && rate.is_none() {
        return Err(item.wrong("it has neither max_concurrent nor rate"));
    }
    Ok(QueueLimits { max_concurrent, rate })
}

fn limits(item: &Item<'_>) -> Read<Limits> {
    let keys = item.table(Some(&["activities", "live_runs", "memory"]))?;
    let mut limits = Limits::default();
    if let Some(item) = keys.get("activities") {
        limits.activities = item.count()?;
    }
    limits.live_runs = keys.get("live_runs").map(Item::count).transpose()?;
    limits.memory = keys.get("memory").map(Item::size).transpose()?;
    Ok(limits)
}

fn notify(item: &Item<'_>) -> Read<Notify> {
    let keys = item.table(Some(&["on_failure", "on_missed", "on_struggling", "on_stuck", "on_success"]))?;
    let read = |key: &str| keys.get(key).map(notice).transpose();
    Ok(Notify {
        on_struggling: read("on_struggling")?,
        on_failure: read("on_failure")?,
        on_stuck: read("on_stuck")?,
        on_success: read("on_success")?,
        on_missed: read("on_missed")?,
    })
}

fn notice(item: &Item<'_>) -> Read<Notice> {
    let DeValue::String(_) = item.value else { return Ok(Notice::Program(item.words()?)) };
    let text = item.word()?;
    let is_address = text.starts_with("http://") || text.starts_with("https://");
    Ok(if is_address { Notice::Url(address(item)?) } else { Notice::Shell(text) })
}

fn secret(directory: &Path, name: &str, item: &Item<'_>) -> Read<SecretSource> {
    if !is_secret_name(name) {
        return Err(item.wrong("the name of a secret is letters, digits and '_', not a digit first"));
    }
    if let DeValue::String(_) = item.value {
        return Err(item.wrong(
            "a secret itself does not stand here; say where it is: { file = \"…\" }, { env = \"…\" } or { systemd = \"…\" }",
        ));
    }
    let keys = item.table(Some(&["env", "file", "systemd"]))?;
    let mut found = keys.into_iter();
    let (Some((kind, value)), None) = (found.next(), found.next()) else {
        return Err(item.wrong("it has exactly one of file, env and systemd"));
    };
    let text = value.word()?;
    match kind {
        "file" => Ok(SecretSource::File(directory.join(text))),
        "env" if text.contains('=') => Err(value.wrong("it is the name of a variable, not its value")),
        "env" => Ok(SecretSource::Variable(text)),
        _ if text.contains('/') || text == ".." || text == "." => {
            Err(value.wrong("it is the name of a credential, without a '/'"))
        }
        _ => Ok(SecretSource::Systemd(text)),
    }
}

fn activity(item: &Item<'_>) -> Read<ActivityConfig> {
    let keys = item.table(Some(OF_ACTIVITY))?;
    let mut config = ActivityConfig { call: call(item, &keys)?, ..ActivityConfig::default() };
    if let Some(item) = keys.get("env") {
        config.env = variables(item)?;
    }
    if let Some(item) = keys.get("retry") {
        config.retry = retry(item)?;
    }
    if let Some(item) = keys.get("timeout") {
        config.timeout_ms = Some(item.duration()?);
    }
    if let Some(item) = keys.get("heartbeat") {
        config.heartbeat_ms = Some(item.duration()?);
    }
    if let Some(item) = keys.get("warn_after") {
        config.warn_after_ms = Some(item.duration()?);
    }
    if let Some(item) = keys.get("max_concurrent") {
        config.max_concurrent = Some(item.count()?);
    }
    if let Some(item) = keys.get("rate") {
        let text = item.text()?;
        config.rate = Some(Rate::parse(&text).map_err(|error| item.wrong(&error.to_string()))?);
    }
    Ok(config)
}

fn call(item: &Item<'_>, keys: &BTreeMap<&str, Item<'_>>) -> Read<Option<Call>> {
    let only_with = |name: &str, other: &str| match keys.get(name) {
        Some(key) => Err(key.wrong(&format!("it goes with {other}"))),
        None => Ok(()),
    };
    match (keys.get("cmd"), keys.get("url")) {
        (Some(_), Some(_)) => Err(item.wrong("it has cmd or url, not both")),
        (Some(cmd), None) => {
            only_with("method", "url")?;
            only_with("headers", "url")?;
            Ok(Some(Call::Program { words: cmd.words()? }))
        }
        (None, Some(url)) => {
            only_with("env", "a program")?;
            let headers = keys.get("headers").map(settings).transpose()?.unwrap_or_default();
            let method = keys.get("method").map(method).transpose()?.unwrap_or("POST".to_owned());
            Ok(Some(Call::Url { url: address(url)?, method, headers }))
        }
        (None, None) => {
            only_with("method", "url")?;
            only_with("headers", "url")?;
            Ok(None)
        }
    }
}

fn variables(item: &Item<'_>) -> Read<BTreeMap<String, Setting>> {
    let variables = settings(item)?;
    match variables.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        Some(name) => Err(item.wrong(&format!("{name:?} is no name of a variable"))),
        None => Ok(variables),
    }
}

/// Texts by name, some of them secrets.
fn settings(item: &Item<'_>) -> Read<BTreeMap<String, Setting>> {
    let named = item.table(None)?.into_iter();
    named.map(|(name, item)| Ok((name.to_owned(), setting(&item)?))).collect()
}

fn setting(item: &Item<'_>) -> Read<Setting> {
    let DeValue::Table(_) = item.value else { return Ok(Setting::Text(item.text()?)) };
    let keys = item.table(Some(&["prefix", "secret"]))?;
    let Some(secret) = keys.get("secret") else {
        return Err(item.wrong("it is a text, or { secret = \"NAME\" }"));
    };
    let name = secret.text()?;
    if !is_secret_name(&name) {
        return Err(secret.wrong("the name of a secret is letters, digits and '_', not a digit first"));
    }
    Ok(Setting::Secret { prefix: keys.get("prefix").map_or(Ok(String::new()), Item::text)?, name })
}

fn method(item: &Item<'_>) -> Read<String> {
    let method = item.text()?.to_ascii_uppercase();
    if METHODS.contains(&method.as_str()) {
        return Ok(method);
    }
    Err(item.wrong(&format!("{method:?} is no method; there are {}", METHODS.join(", "))))
}

fn address(item: &Item<'_>) -> Read<String> {
    let url = item.word()?;
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    match host.map(|rest| rest.starts_with(['/', '?', '#', ':']) || rest.is_empty()) {
        Some(false) => Ok(url),
        Some(true) => {
            Err(item.wrong("the address has no host; write for example \"https://example.org/charge\""))
        }
        None => Err(item.wrong("an address begins with http:// or https://")),
    }
}

fn retry(item: &Item<'_>) -> Read<RetryConfig> {
    let mut retry = RetryConfig::default();
    match item.value {
        DeValue::Boolean(false) => retry.attempts = Some(1),
        DeValue::Boolean(true) => {
            return Err(item.wrong("true says nothing; write how often, for example retry = 5"));
        }
        DeValue::Integer(_) => retry.attempts = Some(item.count()?),
        DeValue::Table(_) => {
            for (name, item) in item.table(Some(OF_RETRY))? {
                retry_field(&mut retry, name, &item)?;
            }
        }
        _ => return Err(item.expected("a number of attempts, false or a table")),
    }
    Ok(retry)
}

fn retry_field(retry: &mut RetryConfig, name: &str, item: &Item<'_>) -> Result<(), Misfit> {
    match name {
        "first" => retry.first_ms = Some(item.duration()?),
        "max" => retry.max_ms = Some(item.duration()?),
        "factor" => retry.factor = Some(item.number(1.0, 1000.0)?),
        "jitter" => retry.jitter = Some(item.number(0.0, 1.0)?),
        "attempts" => retry.attempts = Some(item.count()?),
        "except" => retry.except = Some(item.texts()?),
        "only" => retry.only = Some(item.texts()?),
        _ => retry.retry_after = Some(item.flag()?),
    }
    Ok(())
}
