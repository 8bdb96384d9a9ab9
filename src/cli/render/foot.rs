//! The foot of a terminal: lines that are drawn again in their place, with what is printed above them for good.
//!
//! Lines end where their text ends, so that a terminal that breaks them anew when it is made narrower breaks only what is
//! too long, and how many rows they take then can be told.

use super::paint::width;
use crate::cli::environment::Environment;
use std::io::Write;

/// Whether lines that no longer fit are broken into rows when the terminal is made narrower: most do, a few old ones cut them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Narrowed {
    /// They are broken.
    Breaks,
    /// They are cut.
    Cuts,
}

impl Narrowed {
    /// What the terminal does that is there.
    pub(crate) fn of(environment: &Environment) -> Self {
        let is = |name: &str| environment.get(name).is_some();
        let cuts =
            environment.text("TERM").is_some_and(|term| term.starts_with("linux") || term.starts_with("vt"));
        // Inside tmux it is tmux that breaks lines, whatever terminal it was begun in.
        let cuts = cuts || !is("TMUX") && (is("XTERM_VERSION") || is("STY"));
        if cuts { Self::Cuts } else { Self::Breaks }
    }
}

/// Lines at the foot of a terminal. The cursor stands at the end of the last.
pub(crate) struct Foot {
    out: Box<dyn Write + Send>,
    narrowed: Narrowed,
    /// The columns of each line that is drawn; none while nothing is.
    drawn: Vec<usize>,
    text: String,
    columns: usize,
}

impl Foot {
    /// A foot with nothing drawn.
    pub(crate) fn new(out: Box<dyn Write + Send>, narrowed: Narrowed) -> Self {
        Self { out, narrowed, drawn: Vec::new(), text: String::new(), columns: 0 }
    }

    /// Draws these lines in place of those that are drawn, on a terminal that has so many columns now.
    pub(crate) fn draw(&mut self, text: &str, columns: usize) {
        if self.drawn.is_empty() || text != self.text || columns != self.columns {
            self.print(&[], text, columns);
        }
    }

    /// Prints lines that stay, and draws these below them.
    pub(crate) fn print(&mut self, stay: &[String], text: &str, columns: usize) {
        if stay.is_empty() && text.is_empty() {
            return self.clear(columns);
        }
        let mut out = self.home(columns);
        for line in stay {
            // What is left of a longer line that was drawn here is taken away; behind a line that fills its row that would be the
            // last letter of it.
            let fills = width(line) > 0 && width(line).is_multiple_of(columns.max(1));
            out.push_str(line);
            out.push_str(if fills { "\n" } else { "\u{1b}[K\n" });
        }
        let lines: Vec<&str> = text.lines().collect();
        out.push_str(&lines.iter().map(|line| format!("{line}\u{1b}[K")).collect::<Vec<_>>().join("\n"));
        out.push_str("\u{1b}[J");
        self.write(&out);
        self.drawn = lines.iter().map(|line| width(line)).collect();
        text.clone_into(&mut self.text);
        self.columns = columns;
    }

    /// Takes away what is drawn; what was printed stays. Line by line: where all of the screen is emptied at once, tmux keeps it as
    /// lines that have gone by.
    pub(crate) fn clear(&mut self, columns: usize) {
        if self.drawn.is_empty() {
            return;
        }
        let rows = self.rows(columns);
        let empty = vec!["\u{1b}[2K"; rows].join("\u{1b}[1B");
        let out = format!("{}{empty}{}", self.home(columns), up(rows));
        self.write(&out);
        self.drawn.clear();
    }

    /// How many rows the drawn lines take.
    fn rows(&self, columns: usize) -> usize {
        let rows = |width: &usize| match self.narrowed {
            Narrowed::Breaks => width.div_ceil(columns.max(1)).max(1),
            Narrowed::Cuts => 1,
        };
        self.drawn.iter().map(rows).sum()
    }

    /// The way to the beginning of what is drawn.
    fn home(&self, columns: usize) -> String {
        format!("\r{}", up(self.rows(columns)))
    }

    /// In one piece. Nobody is left to tell where the terminal itself fails.
    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

/// From the last of so many rows to the first.
fn up(rows: usize) -> String {
    if rows > 1 { format!("\u{1b}[{}A", rows - 1) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("kept").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Kept {
        fn taken(&self) -> String {
            String::from_utf8(std::mem::take(&mut *self.0.lock().expect("kept"))).expect("text")
        }
    }

    #[test]
    fn lines_are_drawn_in_their_place_and_what_stays_above_them() {
        let kept = Kept::default();
        let mut foot = Foot::new(Box::new(kept.clone()), Narrowed::Breaks);
        foot.draw("one\ntwo", 80);
        assert_eq!(kept.taken(), "\rone\u{1b}[K\ntwo\u{1b}[K\u{1b}[J");
        foot.draw("one\ntwo", 80);
        assert_eq!(kept.taken(), "", "nothing has changed");
        foot.print(&["done".to_owned()], "two", 80);
        assert_eq!(kept.taken(), "\r\u{1b}[1Adone\u{1b}[K\ntwo\u{1b}[K\u{1b}[J");
        foot.clear(80);
        assert_eq!(kept.taken(), "\r\u{1b}[2K");
        foot.draw("one\ntwo", 80);
        kept.taken();
        foot.print(&[], "", 80);
        assert_eq!(kept.taken(), "\r\u{1b}[1A\u{1b}[2K\u{1b}[1B\u{1b}[2K\u{1b}[1A");
        foot.clear(80);
        assert_eq!(kept.taken(), "");
    }

    #[test]
    fn lines_that_a_narrowed_terminal_has_broken_are_taken_away_whole() {
        let line = format!("\u{1b}[36m{}\u{1b}[0m", "x".repeat(100));
        for (narrowed, above) in [(Narrowed::Breaks, 5), (Narrowed::Cuts, 1)] {
            let kept = Kept::default();
            let mut foot = Foot::new(Box::new(kept.clone()), narrowed);
            foot.draw(&format!("{line}\n{line}"), 200);
            kept.taken();
            foot.draw("short", 40);
            assert_eq!(kept.taken(), format!("\r\u{1b}[{above}Ashort\u{1b}[K\u{1b}[J"), "{narrowed:?}");
        }
    }

    #[test]
    fn a_terminal_is_known_by_what_it_says_of_itself() {
        let of =
            |variables: &[(&str, &str)]| Narrowed::of(&Environment::of(variables, std::path::Path::new("/")));
        assert_eq!(of(&[("TERM", "xterm-256color")]), Narrowed::Breaks);
        assert_eq!(of(&[("TERM", "linux")]), Narrowed::Cuts);
        assert_eq!(of(&[("TERM", "xterm"), ("XTERM_VERSION", "XTerm(379)")]), Narrowed::Cuts);
        assert_eq!(
            of(&[("TERM", "screen"), ("XTERM_VERSION", "XTerm(379)"), ("TMUX", "/s,1,0")]),
            Narrowed::Breaks
        );
    }
}
