//! What answered a call: the mock with its line, and what it gave, for whoever looks at a test that failed.

use super::mock::{Mock, shown};
use super::stage::{Call, Play};

/// A value in a line is cut to so many characters.
const WIDE: usize = 60;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    asked: String,
    by: String,
    gave: String,
    attempt: u32,
}

impl Heard {
    /// The answer of a mock to a call.
    pub(super) fn of(call: &Call, mock: &Mock, play: &Play) -> Self {
        let line = mock.line.map_or_else(String::new, |line| format!(" in line {line}"));
        let gave = match (&play.result, play.after_ms) {
            (_, None) => "nothing, ever".to_owned(),
            (Ok(value), _) => cut(&value.to_string()),
            (Err(failure), _) if play.permanent => format!("fails for good: {}", cut(&failure.message)),
            (Err(failure), _) => format!("fails: {}", cut(&failure.message)),
        };
        let by = format!("mock({:?}){line}", mock.pattern);
        Self { asked: shown(&call.label), by, gave, attempt: call.attempt }
    }
}

fn cut(text: &str) -> String {
    let line = text.replace('\n', "\\n");
    if line.chars().count() <= WIDE {
        return line;
    }
    format!("{}…", line.chars().take(WIDE).collect::<String>())
}

/// A line for each; one that comes again and again, attempts of one call or turns of a loop, is one line.
pub(super) fn lines(all: &[Heard]) -> Vec<String> {
    let alike = |one: &Heard, other: &Heard| {
        (&one.asked, &one.by, &one.gave) == (&other.asked, &other.by, &other.gave)
    };
    all.chunk_by(alike)
        .filter_map(|same| {
            let last = same.last()?;
            let times = if same.len() > 1 { format!(" ({} times)", same.len()) } else { String::new() };
            let attempt = if last.attempt > 1 && same.len() == 1 {
                format!(", attempt {}", last.attempt)
            } else {
                String::new()
            };
            Some(format!("{}{attempt}: {} gave {}{times}", last.asked, last.by, last.gave))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_its_mock_and_repeated_ones_are_one_line() {
        let heard = |asked: &str, gave: &str, attempt| Heard {
            asked: asked.to_owned(),
            by: "mock(\"charge*\") in line 3".to_owned(),
            gave: gave.to_owned(),
            attempt,
        };
        let all = [
            heard("charge", "fails: busy", 1),
            heard("charge", "fails: busy", 2),
            heard("charge", "7", 3),
            heard("charge_again", "7", 1),
        ];
        assert_eq!(
            lines(&all),
            [
                "charge: mock(\"charge*\") in line 3 gave fails: busy (2 times)",
                "charge, attempt 3: mock(\"charge*\") in line 3 gave 7",
                "charge_again: mock(\"charge*\") in line 3 gave 7",
            ]
        );
    }
}
