//! A difference: where a history and a text part, with what is recorded, what is asked now, and the lines of both.

use super::WayBack;
use crate::history::{CommandLabel, OpId, Seq, Stuck};
use crate::script::Source;
use std::fmt;

/// The first place at which a history does not fit a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The entry that does not fit; nothing where it is a command that has no outcome yet.
    pub entry: Option<Seq>,
    /// The command that is recorded otherwise, where it is one.
    pub op: Option<OpId>,
    /// As what it is recorded.
    pub recorded: Option<CommandLabel>,
    /// As what the text asks for it, where it does.
    pub asked: Option<CommandLabel>,
    /// The line of the run's own text that asked for what is recorded.
    pub old: Option<Line>,
    /// The line of the new text.
    pub new: Option<Line>,
    /// The new text, of which the file that `stuck` names.
    pub text: Option<String>,
    /// What a run under that text would say.
    pub stuck: Box<Stuck>,
    /// From where the run could go on under the text all the same, where that was looked for.
    pub back: Option<WayBack>,
}

/// A line of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u32,
    /// What stands there, without the white space around it.
    pub text: String,
}

impl Difference {
    /// A difference of which no more is known than why the script cannot go on.
    pub(super) fn of(stuck: Box<Stuck>, entry: Option<Seq>, source: &Source) -> Box<Self> {
        let text = stuck.file.as_deref().and_then(|file| source.text_of(file)).map(str::to_owned);
        let new = stuck.line.zip(text.as_deref()).and_then(|(number, text)| Line::of(text, number));
        let (op, recorded, asked, old) = (None, None, None, None);
        Box::new(Self { entry, op, recorded, asked, old, new, text, stuck, back: None })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.entry {
            write!(f, "at entry {entry}: ")?;
        }
        f.write_str(&self.stuck.message)
    }
}

impl Line {
    /// A line of a text, where it has so many.
    pub fn of(text: &str, number: u32) -> Option<Self> {
        let place = usize::try_from(number.checked_sub(1)?).ok()?;
        text.lines().nth(place).map(|line| Self { number, text: line.trim().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_its_number_from_one() {
        let line = |number| Line::of("a\n  b \n\n", number).map(|line| line.text);
        assert_eq!(line(2).as_deref(), Some("b"));
        assert_eq!((line(0), line(3).as_deref(), line(4)), (None, Some(""), None));
    }
}
