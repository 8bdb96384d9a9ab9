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
///
/// While somebody drags the window's side nothing is drawn: what stands between terminal and program, tmux above all, tells the new
/// size up to a quarter of a second late, and how many rows the lines take is not known until then. Rows that a narrowed terminal
/// has pushed out at its top cannot be reached: a copy of them stays among the lines that have gone by.
pub(crate) struct Foot {
    out: Box<dyn Write + Send>,
    narrowed: Narrowed,
    /// So many draws are left out after each change of the columns.
    patience: usize,
    /// So many are still to be left out.
    waits: usize,
    /// What is printed for good meanwhile.
    kept: Vec<String>,
    /// Whether the columns have changed since it was drawn.
    is_late: bool,
    /// The columns of each line that is drawn; none while nothing is.
    drawn: Vec<usize>,
    text: String,
    columns: usize,
}

impl Foot {
    /// A foot with nothing drawn, which leaves out so many draws after each change of the columns.
    pub(crate) fn new(out: Box<dyn Write + Send>, narrowed: Narrowed, patience: usize) -> Self {
        let (drawn, kept) = (Vec::new(), Vec::new());
        Self {
            out,
            narrowed,
            patience,
            waits: 0,
            kept,
            is_late: false,
            drawn,
            text: String::new(),
            columns: 0,
        }
    }

    /// For whoever draws only where there is news: nothing would come after what is left out.
    pub(crate) fn hurry(&mut self) {
        self.patience = 0;
    }

    /// Draws these lines in place of those that are drawn, on a terminal that has so many columns now.
    pub(crate) fn draw(&mut self, text: &str, columns: usize) {
        let changed = self.notice(columns);
        if !changed && self.waits > 0 {
            self.waits -= 1;
        }
        if self.waits == 0 && (changed || self.drawn.is_empty() || text != self.text || self.is_late) {
            self.print(&[], text, columns);
        }
    }

    /// Whether the terminal has other columns than when it was looked at last: then what comes next waits.
    fn notice(&mut self, columns: usize) -> bool {
        let changed = columns != self.columns && !self.drawn.is_empty();
        if changed {
            self.waits = self.patience;
            self.is_late = true;
        }
        self.columns = columns;
        changed
    }

    /// Prints lines that stay, and draws these below them.
    pub(crate) fn print(&mut self, stay: &[String], text: &str, columns: usize) {
        self.notice(columns);
        self.kept.extend_from_slice(stay);
        if text.is_empty() && self.kept.is_empty() {
            return self.clear(columns);
        }
        if !text.is_empty() && self.waits > 0 {
            return;
        }
        let mut out = self.erasure(columns);
        for line in &std::mem::take(&mut self.kept) {
            out.push_str(line);
            out.push('\n');
        }
        let lines: Vec<&str> = text.lines().collect();
        out.push_str(&lines.join("\n"));
        out.push_str("\u{1b}[J");
        self.write(&out);
        self.drawn = lines.iter().map(|line| width(line)).collect();
        text.clone_into(&mut self.text);
        (self.waits, self.is_late) = (0, false);
    }

    /// Takes away what is drawn; what was printed stays.
    pub(crate) fn clear(&mut self, columns: usize) {
        if !self.kept.is_empty() {
            return self.print(&[], "", columns);
        }
        if self.drawn.is_empty() {
            return;
        }
        let out = self.erasure(columns);
        self.write(&out);
        self.drawn.clear();
        (self.waits, self.is_late) = (0, false);
    }

    /// How many rows the drawn lines take.
    fn rows(&self, columns: usize) -> usize {
        let rows = |width: &usize| match self.narrowed {
            Narrowed::Breaks => width.div_ceil(columns.max(1)).max(1),
            Narrowed::Cuts => 1,
        };
        self.drawn.iter().map(rows).sum()
    }

    /// What takes away all that is drawn, and ends at its beginning. Line by line, each as a whole: only so tmux forgets that it had
    /// broken one in two, and does not join them again when the window is made wider; and where all of the screen is emptied at once
    /// it keeps that as lines that have gone by.
    fn erasure(&self, columns: usize) -> String {
        let rows = self.rows(columns);
        let empty = vec!["\u{1b}[2K"; rows].join("\u{1b}[1B");
        format!("\r{}{empty}{}", up(rows), up(rows))
    }

    /// In one piece. Nobody is left to tell where the terminal itself fails.
    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

/// How many of these lines can be drawn on a terminal of this size so that all of them are on the screen still where it is made half as
/// wide and breaks them: what it pushes out at its top cannot be taken away any more.
pub(crate) fn lasting(lines: &[String], columns: usize, rows: usize) -> usize {
    let half = (columns / 2).max(1);
    let mut left = rows.saturating_sub(1);
    let fits = |line: &&String| {
        let needs = width(line).div_ceil(half).max(1);
        let fits = needs <= left;
        left = left.saturating_sub(needs);
        fits
    };
    lines.iter().take_while(fits).count()
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

    /// What takes away so many rows.
    fn erased(rows: usize) -> String {
        let up = up(rows);
        format!("\r{up}{}{up}", vec!["\u{1b}[2K"; rows].join("\u{1b}[1B"))
    }

    #[test]
    fn lines_are_drawn_in_their_place_and_what_stays_above_them() {
        let kept = Kept::default();
        let mut foot = Foot::new(Box::new(kept.clone()), Narrowed::Breaks, 0);
        foot.draw("one\ntwo", 80);
        assert_eq!(kept.taken(), "\rone\ntwo\u{1b}[J");
        foot.draw("one\ntwo", 80);
        assert_eq!(kept.taken(), "", "nothing has changed");
        foot.print(&["done".to_owned()], "two", 80);
        assert_eq!(kept.taken(), format!("{}done\ntwo\u{1b}[J", erased(2)));
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
        for (narrowed, rows) in [(Narrowed::Breaks, 6), (Narrowed::Cuts, 2)] {
            let kept = Kept::default();
            let mut foot = Foot::new(Box::new(kept.clone()), narrowed, 0);
            foot.draw(&format!("{line}\n{line}"), 200);
            kept.taken();
            foot.draw("short", 40);
            assert_eq!(kept.taken(), format!("{}short\u{1b}[J", erased(rows)), "{narrowed:?}");
        }
    }

    #[test]
    fn so_many_lines_are_drawn_that_half_the_width_pushes_none_out() {
        let lines = |width: usize, count: usize| vec!["x".repeat(width); count];
        assert_eq!(lasting(&lines(40, 30), 80, 24), 23);
        assert_eq!(lasting(&lines(41, 30), 80, 24), 11);
        assert_eq!(lasting(&[lines(80, 3), lines(0, 30)].concat(), 80, 10), 3 + 3);
        assert_eq!(lasting(&lines(80, 3), 80, 2), 0);
        assert_eq!(lasting(&lines(0, 3), 0, 0), 0);
    }

    #[test]
    fn while_the_columns_change_nothing_is_drawn_and_what_stays_is_kept() {
        let kept = Kept::default();
        let mut foot = Foot::new(Box::new(kept.clone()), Narrowed::Breaks, 2);
        let line = "x".repeat(100);
        foot.draw(&line, 200);
        assert_eq!(kept.taken(), format!("\r{line}\u{1b}[J"), "at first there is nothing to wait for");
        foot.draw("one", 80);
        foot.print(&["done".to_owned()], "two", 80);
        foot.draw("three", 80);
        foot.draw("four", 60);
        foot.draw("five", 60);
        assert_eq!(kept.taken(), "", "it has changed again");
        foot.draw("six", 60);
        assert_eq!(
            kept.taken(),
            format!("{}done\nsix\u{1b}[J", erased(2)),
            "drawn once, by the last columns"
        );
        foot.print(&["now".to_owned()], "seven", 60);
        assert_eq!(kept.taken(), format!("{}now\nseven\u{1b}[J", erased(1)));
        // At the end nothing is kept back.
        foot.draw("eight", 50);
        foot.print(&["last".to_owned()], "nine", 50);
        assert_eq!(kept.taken(), "");
        foot.clear(50);
        assert_eq!(kept.taken(), format!("{}last\n\u{1b}[J", erased(1)));
        foot.clear(50);
        foot.draw("ten", 40);
        assert_eq!(kept.taken(), "\rten\u{1b}[J", "nothing was drawn, nothing to wait for");
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
