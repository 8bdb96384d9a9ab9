//! The limits of a queue, from `durun.toml` beside the script or in a directory above it: `[queue.NAME]`.

use super::error::CliError;
use crate::history::{QueueLimits, Rate};
use std::path::Path;

/// The limits of a queue that is declared for a script.
pub(crate) fn limits(script: &Path, name: &str) -> Result<QueueLimits, CliError> {
    let script = script.canonicalize().unwrap_or_else(|_| script.to_owned());
    for directory in script.ancestors().skip(1) {
        let path = directory.join("durun.toml");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let wrong = |message: String| CliError::Queue(format!("{}: {message}", path.display()));
        if let Some(limits) = section(&text, name).map_err(wrong)? {
            return Ok(limits);
        }
    }
    let message = format!("there is no queue \"{name}\"; declare it in durun.toml beside the script:");
    Err(CliError::Queue(format!("{message} [queue.{name}] and below it max_concurrent = 2")))
}

/// The section of a queue in the text of a `durun.toml`; a sentence where it is mistaken.
fn section(text: &str, name: &str) -> Result<Option<QueueLimits>, String> {
    let headers = [format!("[queue.{name}]"), format!("[queue.\"{name}\"]")];
    let mut found: Option<QueueLimits> = None;
    let mut is_inside = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with('[') {
            is_inside = headers.iter().any(|header| header == line);
            if is_inside {
                found.get_or_insert_default();
            }
            continue;
        }
        let (true, Some(limits)) = (is_inside && !line.is_empty(), &mut found) else { continue };
        let (key, value) = line.split_once('=').ok_or_else(|| format!("line {number} is no key = value"))?;
        let value = value.trim();
        match key.trim() {
            "max_concurrent" => {
                let max = value.parse().ok().filter(|max| *max > 0);
                let max =
                    max.ok_or_else(|| format!("line {number}: max_concurrent is a number of 1 or more"))?;
                limits.max_concurrent = Some(max);
            }
            "rate" => {
                let rate = Rate::parse(value.trim_matches('"'));
                limits.rate = Some(rate.map_err(|error| format!("line {number}: rate: {error}"))?);
            }
            other => {
                let known = "a queue has max_concurrent and rate";
                return Err(format!("line {number}: unknown key \"{other}\"; {known}"));
            }
        }
    }
    match found {
        Some(QueueLimits { max_concurrent: None, rate: None }) => {
            Err(format!("the queue \"{name}\" has neither max_concurrent nor rate"))
        }
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_and_a_mistake_is_told() {
        let text =
            "[limits]\nx = 1\n[queue.reports] # two\nmax_concurrent = 2\nrate = \"10/min\"\n[queue.other]\n";
        let rate = Some(Rate { count: 10, per_ms: 60_000 });
        assert_eq!(section(text, "reports"), Ok(Some(QueueLimits { max_concurrent: Some(2), rate })));
        assert_eq!(section(text, "none"), Ok(None));
        for (line, told) in [
            ("max_concurrent = 0", "line 2: max_concurrent is a number of 1 or more"),
            ("max_concurent = 2", "line 2: unknown key \"max_concurent\""),
            ("rate = \"often\"", "line 2: rate: \"often\" is no rate"),
            ("# nothing", "has neither max_concurrent nor rate"),
        ] {
            let refused = section(&format!("[queue.q]\n{line}\n"), "q").expect_err(line);
            assert!(refused.contains(told), "{refused}");
        }
    }
}
