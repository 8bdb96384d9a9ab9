//! A report: what went wrong, where, what is known, what to type next; drawn as rustc draws its errors.

use super::error::CliError;
use super::escape;
use super::exit::Exit;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

/// One block for stderr, and the exit code that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// A code that stays the same over versions.
    pub(crate) code: &'static str,
    /// What went wrong, in one line.
    pub(crate) title: String,
    /// The exit code.
    pub(crate) exit: Exit,
    /// Whether it is only a warning.
    pub(crate) is_warning: bool,
    /// Where in a script.
    pub(crate) place: Option<Place>,
    /// What else is known.
    pub(crate) notes: Vec<String>,
    /// What to do about it: commands to type.
    pub(crate) hints: Vec<String>,
}

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file as it is called.
    pub(crate) path: String,
    /// The text of the script.
    pub(crate) text: String,
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1; the whole line where it is not known.
    pub(crate) column: Option<u32>,
    /// What is wrong there.
    pub(crate) label: String,
    /// The calls that led there: function and line.
    pub(crate) calls: Vec<(String, u32)>,
}

impl Report {
    /// A report without a place. The title may come from outside; what was meant, perhaps, at its end is something to do.
    pub(crate) fn new(code: &'static str, exit: Exit, title: impl AsRef<str>) -> Self {
        let (title, meant) = apart(title.as_ref());
        let (title, hints) = (escape::line(title), meant.iter().map(|meant| escape::line(meant)).collect());
        Self { code, title, exit, is_warning: false, place: None, notes: Vec::new(), hints }
    }

    /// With something else that is known; it may come from outside.
    pub(crate) fn note(mut self, note: impl AsRef<str>) -> Self {
        self.notes.push(escape::block(note.as_ref()));
        self
    }

    /// With something to do.
    pub(crate) fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hints.push(escape::block(hint.as_ref()));
        self
    }

    /// With a place.
    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The report of an error; nothing where there is nobody to tell.
    pub(crate) fn of(error: &CliError) -> Option<Self> {
        super::report_client::of(error)
    }

    /// The block as it is printed.
    pub(crate) fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let level = if self.is_warning { Level::WARNING } else { Level::ERROR };
        let mut group = Group::with_title(level.primary_title(self.title.as_str()).id(self.code));
        // The renderer makes most control characters visible itself, but not all.
        let place =
            self.place.as_ref().map(|place| Place { text: escape::in_place(&place.text), ..place.clone() });
        if let Some(place) = &place {
            group = group.element(place.snippet());
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        for hint in &self.hints {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        format!("{}\n", renderer.render(&[group]))
    }
}

/// A message, and what was meant, perhaps, that stands behind it: "there is no key x; did you mean y?".
pub(crate) fn apart(message: &str) -> (&str, Option<String>) {
    match message.rsplit_once("; did you mean ") {
        Some((what, meant)) if meant.ends_with('?') => (what, Some(format!("did you mean {meant}"))),
        Some(_) | None => (message, None),
    }
}

impl Place {
    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let primary = AnnotationKind::Primary.span(self.span()).label(escape::line(&self.label));
        // What is called in the line itself is seen there.
        let above = self.calls.iter().filter(|(_, line)| *line != self.line);
        let calls = above.filter_map(|(name, line)| {
            let span = call_span(&self.text, *line, name)?;
            let label = match name.as_str() {
                "closure" => "the closure is called here".to_owned(),
                name => format!("{} is called here", escape::line(name)),
            };
            Some(AnnotationKind::Context.span(span).label(label))
        });
        Snippet::source(self.text.as_str())
            .path(escape::line(&self.path))
            .annotation(primary)
            .annotations(calls)
    }

    /// The word at the column, or the whole line.
    fn span(&self) -> std::ops::Range<usize> {
        let Some(line) = line_span(&self.text, self.line) else {
            return self.text.len()..self.text.len();
        };
        let Some(column) = self.column else { return line };
        // Columns are counted from the line's beginning, white space included.
        let begin =
            self.text.get(..line.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let Some(text) = self.text.get(begin..line.end) else { return line };
        let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some((start, first)) = text.char_indices().nth(skip) else { return line.end..line.end };
        let word = |character: char| character.is_alphanumeric() || character == '_';
        // A field is told of at the dot before it.
        let field = text.get(start + 1..).filter(|rest| first == '.' && rest.starts_with(word));
        let (start, first) = match field.and_then(|rest| rest.chars().next()) {
            Some(next) => (start + 1, next),
            None => (start, first),
        };
        let rest = text.get(start..).unwrap_or_default();
        let length = if word(first) {
            rest.find(|character| !word(character)).unwrap_or(rest.len())
        } else if first == '"' || first == '`' {
            text_length(rest, first)
        } else {
            first.len_utf8()
        };
        begin + start..begin + start + length
    }
}

/// The name of a function where a line calls it, once; else the line.
fn call_span(text: &str, line: u32, name: &str) -> Option<std::ops::Range<usize>> {
    let line = line_span(text, line)?;
    let call = format!("{name}(");
    let mut found = text.get(line.clone()).unwrap_or_default().match_indices(&call);
    match (found.next(), found.next()) {
        (Some((place, _)), None) => Some(line.start + place..line.start + place + name.len()),
        _ => Some(line),
    }
}

/// How many bytes a text between quotes takes, the quotes included; the first alone where the line does not end it.
fn text_length(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (place, character) in rest.char_indices().skip(1) {
        if character == quote && !is_escaped {
            return place + quote.len_utf8();
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    quote.len_utf8()
}

/// The bytes of a line without the white space around it.
fn line_span(text: &str, line: u32) -> Option<std::ops::Range<usize>> {
    let index = usize::try_from(line.checked_sub(1)?).ok()?;
    let start: usize = text.split_inclusive('\n').take(index).map(str::len).sum();
    let whole = text.split_inclusive('\n').nth(index)?;
    let inner = whole.trim();
    let lead = whole.len() - whole.trim_start().len();
    Some(start + lead..start + lead + inner.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_the_line_with_a_caret_and_what_to_do() {
        let place = Place {
            path: "order.rhai".to_owned(),
            text: "let a = 1;\n  let ü = chrage(a);\nfn f() {}\n".to_owned(),
            line: 2,
            column: Some(11),
            label: "there is no function chrage".to_owned(),
            calls: vec![("f".to_owned(), 3)],
        };
        let report = Report::new("D0105", Exit::Stuck, "run \u{1b}[2Jx is stuck")
            .at(Some(place))
            .note("nothing is lost")
            .hint("mend order.rhai");
        assert_eq!(
            report.render(false),
            "\
error[D0105]: run \\x1b[2Jx is stuck
 --> order.rhai:2:11
  |
2 |   let ü = chrage(a);
  |           ^^^^^^ there is no function chrage
3 | fn f() {}
  |    - f is called here
  |
  = note: nothing is lost
  = help: mend order.rhai
"
        );
    }

    #[test]
    fn the_caret_is_as_long_as_the_token() {
        for (text, column, length) in [
            ("sleep(1)", 1, 5),
            ("sleep(\"1 moth\")", 7, 8),
            ("f(\"a\\\"b\", 1)", 3, 6),
            ("f(`a ${b}`)", 3, 8),
            ("f(\"open", 3, 1),
            ("a + b", 3, 1),
            ("done.stdot.len()", 5, 5),
            ("1..3", 2, 1),
        ] {
            let place = Place {
                path: String::new(),
                text: text.to_owned(),
                line: 1,
                column: Some(column),
                label: String::new(),
                calls: Vec::new(),
            };
            assert_eq!(place.span().len(), length, "{text}");
        }
    }

    #[test]
    fn a_place_outside_the_text_is_no_reason_to_fail() {
        for (line, column) in [(0, None), (9, Some(9)), (1, Some(99)), (1, Some(0)), (u32::MAX, None)] {
            for text in ["let a = 1;", "", "\n", "ü"] {
                let place = Place {
                    path: "a.rhai".to_owned(),
                    text: text.to_owned(),
                    line,
                    column,
                    label: "here".to_owned(),
                    calls: vec![("f".to_owned(), line)],
                };
                let shown = Report::new("D0401", Exit::Usage, "no").at(Some(place)).render(false);
                assert!(shown.starts_with("error[D0401]: no\n"), "{shown}");
            }
        }
    }
}
