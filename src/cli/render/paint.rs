//! Colours, where they are wanted.

use crate::history::RunStatus;

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Not at all.
    Plain,
    /// Good.
    Green,
    /// Bad.
    Red,
    /// Needs somebody.
    Yellow,
    /// Goes on.
    Cyan,
    /// Less important.
    Dim,
    /// More important.
    Bold,
}

impl Paint {
    /// The text in this colour, where `on`.
    pub(crate) fn paint(self, text: &str, on: bool) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Green => "32",
            Self::Red => "31",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Dim => "2",
            Self::Bold => "1",
        };
        if on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// The colour of a status.
    pub(crate) fn of(status: RunStatus) -> Self {
        match status {
            RunStatus::Stuck | RunStatus::Failed | RunStatus::TimedOut => Self::Red,
            RunStatus::Running => Self::Cyan,
            RunStatus::Waiting | RunStatus::Parked => Self::Yellow,
            RunStatus::Cancelled | RunStatus::Terminated => Self::Dim,
            RunStatus::Completed => Self::Green,
        }
    }
}

/// At most `width` columns of a painted line, with an ellipsis where something was cut off.
pub(crate) fn cut(line: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthChar as _;
    let (mut out, mut used, mut painted) = (String::new(), 0, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            out.push(letter);
            for code in letters.by_ref() {
                out.push(code);
                if code.is_ascii_alphabetic() {
                    break;
                }
            }
            painted = true;
            continue;
        }
        let more = letter.width().unwrap_or(0);
        let rest = usize::from(letters.peek().is_some());
        if used + more + rest > width && !(used + more <= width && only_paint(letters.clone())) {
            // What ends with one already needs no second.
            if width > 0 && !out.ends_with('…') {
                out.push('…');
            }
            out.push_str(if painted { "\u{1b}[0m" } else { "" });
            return out;
        }
        out.push(letter);
        used += more;
    }
    out
}

/// The columns that a painted line takes.
pub(super) fn width(line: &str) -> usize {
    use unicode_width::UnicodeWidthChar as _;
    let mut letters = line.chars();
    let mut width = 0;
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            width += letter.width().unwrap_or(0);
        }
    }
    width
}

/// Whether nothing follows that takes a column.
fn only_paint(letters: impl Iterator<Item = char>) -> bool {
    let mut inside = false;
    for letter in letters {
        match (inside, letter) {
            (false, '\u{1b}') => inside = true,
            (true, code) => inside = !code.is_ascii_alphabetic(),
            (false, _) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_no_column_and_end_where_a_line_is_cut() {
        let painted = format!("ab {}", Paint::Red.paint("cde", true));
        assert_eq!(cut(&painted, 6), painted);
        assert_eq!((width(&painted), width("日本語")), (6, 6));
        assert_eq!(cut(&painted, 5), "ab \u{1b}[31mc…\u{1b}[0m");
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 3), "ab…");
        assert_eq!(cut("ab… (9 characters)", 4), "ab…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "");
    }
}
