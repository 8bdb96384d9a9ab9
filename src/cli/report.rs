//! A report: what went wrong, where, what is known, what to type next; drawn as rustc draws its errors.

use super::aim::aimed;
use super::error::CliError;
use super::escape;
use super::exit::Exit;
use super::place::Place;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};
use std::path::Path;

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

    /// With the run's own id, and the file of its script as it is typed, where its hints speak of any.
    pub(crate) fn naming(mut self, id: &crate::history::RunId, file: &str) -> Self {
        for hint in &mut self.hints {
            let named = format!("{hint} ").replace(" ID ", &format!(" {id} "));
            let named = named.replace(" FILE ", &format!(" {file} "));
            named.trim_end().clone_into(hint);
        }
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

    /// The same, with suggestions for this store.
    pub(crate) fn aimed(&self, store: Option<&Path>) -> Self {
        let hints = self.hints.iter().map(|hint| aimed(hint, store)).collect();
        Self { hints, ..self.clone() }
    }

    /// The block as it is printed.
    pub(crate) fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let level = if self.is_warning { Level::WARNING } else { Level::ERROR };
        let mut group = Group::with_title(level.primary_title(self.title.as_str()).id(self.code));
        // The renderer makes most control characters visible itself, but not all.
        let place = self.place.as_ref().map(Place::shown);
        if let Some(place) = &place {
            group = group.element(place.snippet());
            for other in place.snippets_elsewhere() {
                group = group.element(other);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_the_line_with_a_caret_and_what_to_do() {
        let text = "let a = 1;\n  let ü = chrage(a);\nfn f() {}\n";
        let mut place = Place::new("order.rhai", text, 2).labelled(Some(11), "there is no function chrage");
        place.calls.push(("f".to_owned(), 3));
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
    fn a_place_outside_the_text_is_no_reason_to_fail() {
        for (line, column) in [(0, None), (9, Some(9)), (1, Some(99)), (1, Some(0)), (u32::MAX, None)] {
            for text in ["let a = 1;", "", "\n", "ü"] {
                let mut place = Place::new("a.rhai", text, line).labelled(column, "here");
                place.calls.push(("f".to_owned(), line));
                let shown = Report::new("D0401", Exit::Usage, "no").at(Some(place)).render(false);
                assert!(shown.starts_with("error[D0401]: no\n"), "{shown}");
            }
        }
    }
}
