//! A place in a script: the line, the word in it, and the calls that led there, each in its file.

use super::escape;
use crate::client::Lines;
use crate::history::CallSite;
use annotate_snippets::{Annotation, AnnotationKind, Snippet};

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file as it is called.
    pub(crate) path: String,
    /// The text of the file.
    pub(crate) text: String,
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1; the whole line where it is not known.
    pub(crate) column: Option<u32>,
    /// What is wrong there.
    pub(crate) label: String,
    /// The calls in this file that led there, innermost first: function and line.
    pub(crate) calls: Vec<(String, u32)>,
    /// The calls in other files.
    pub(crate) elsewhere: Vec<Elsewhere>,
}

/// The calls in a file that led to an error in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    path: String,
    text: String,
    calls: Vec<(String, u32)>,
}

impl Place {
    /// A line of a text.
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>, line: u32) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            line,
            column: None,
            label: String::new(),
            calls: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    /// A line of a file of a run's script; nothing where it has no such line.
    pub(crate) fn of(script: &Lines, file: Option<&str>, line: u32) -> Option<Self> {
        let text = script.text_of(file)?;
        let known = text.lines().count();
        (usize::try_from(line).ok()? <= known).then(|| Self::new(script.path_of(file), text, line))
    }

    /// With a column and what is wrong there.
    pub(crate) fn labelled(self, column: Option<u32>, label: impl Into<String>) -> Self {
        Self { column, label: label.into(), ..self }
    }

    /// With the calls that led there.
    pub(crate) fn called(mut self, calls: &[CallSite], script: &Lines) -> Self {
        for call in calls {
            // A call without a file is in the script itself.
            let file = call.file.as_deref().or(Some(script.path()));
            let (path, call) = (script.path_of(file), (call.name.clone(), call.line));
            if path == self.path {
                self.calls.push(call);
            } else if let Some(known) = self.elsewhere.iter_mut().find(|other| other.path == path) {
                known.calls.push(call);
            } else if let Some(text) = script.text_of(file) {
                self.elsewhere.push(Elsewhere { path, text: text.to_owned(), calls: vec![call] });
            }
        }
        self
    }

    /// The same with all control characters of the texts made visible.
    pub(super) fn shown(&self) -> Self {
        let mut place = Self { text: escape::in_place(&self.text), ..self.clone() };
        for other in &mut place.elsewhere {
            other.text = escape::in_place(&other.text);
        }
        place
    }

    /// The places in other files.
    pub(super) fn snippets_elsewhere(&self) -> impl Iterator<Item = Snippet<'_, Annotation<'_>>> {
        self.elsewhere.iter().map(|other| {
            Snippet::source(other.text.as_str())
                .path(escape::line(&other.path))
                .annotations(annotations(&other.text, &other.calls))
        })
    }

    pub(super) fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let primary = AnnotationKind::Primary.span(self.span()).label(escape::line(&self.label));
        // What is called in the line itself is seen there.
        let above: Vec<(String, u32)> =
            self.calls.iter().filter(|(_, line)| *line != self.line).cloned().collect();
        Snippet::source(self.text.as_str())
            .path(escape::line(&self.path))
            .annotation(primary)
            .annotations(annotations(&self.text, &above))
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

/// A label for each call; one for all calls of a function in the same line.
fn annotations<'t>(text: &str, calls: &[(String, u32)]) -> Vec<Annotation<'t>> {
    let is_first =
        |place: usize, call: &(String, u32)| calls.iter().position(|other| other == call) == Some(place);
    let first = calls.iter().enumerate().filter(|(place, call)| is_first(*place, call));
    let annotations = first.filter_map(|(_, call)| {
        let (name, line) = call;
        let times = calls.iter().filter(|other| *other == call).count();
        let times = if times > 1 { format!(", {times} times") } else { String::new() };
        let label = match name.as_str() {
            "throw" => "thrown again here".to_owned(),
            "" => "called here".to_owned(),
            "closure" => format!("the closure is called here{times}"),
            name => format!("{} is called here{times}", escape::line(name)),
        };
        Some(AnnotationKind::Context.span(call_span(text, *line, name)?).label(label))
    });
    annotations.collect()
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
    use std::collections::BTreeMap;

    #[test]
    fn calls_are_labelled_in_their_files_and_those_of_one_line_once() {
        let modules = BTreeMap::from([("lib/pay".to_owned(), "fn pay(n) {\n  again(n);\n}".to_owned())]);
        let main = "import \"lib/pay\" as p;\np::pay(1);\nfn f() { f() }\n".to_owned();
        let lines = Lines::new("/s/order.rhai".to_owned(), main, modules);
        let call = |name: &str, line, file: Option<&str>| CallSite {
            name: name.to_owned(),
            line,
            file: file.map(str::to_owned),
        };
        let calls = [call("f", 3, None), call("f", 3, None), call("pay", 2, None)];
        let place = Place::of(&lines, Some("lib/pay"), 2).expect("a place").called(&calls, &lines);
        assert_eq!((place.path.as_str(), place.calls.len()), ("/s/lib/pay.rhai", 0));
        let [other] = place.elsewhere.as_slice() else { panic!("{place:?}") };
        assert_eq!((other.path.as_str(), other.calls.len()), ("/s/order.rhai", 3));
        assert_eq!(annotations(&other.text, &other.calls).len(), 2);
        let here = Place::of(&lines, Some("/s/order.rhai"), 1).expect("a place").called(&calls, &lines);
        assert_eq!((here.calls.len(), here.elsewhere.len()), (3, 0));
        // It is not known in which of the files.
        assert_eq!(Place::of(&lines, None, 1), None);
        assert_eq!(Place::of(&lines, Some("lib/pay"), 9), None);
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
            let place = Place::new("", text, 1).labelled(Some(column), "");
            assert_eq!(place.span().len(), length, "{text}");
        }
    }
}
