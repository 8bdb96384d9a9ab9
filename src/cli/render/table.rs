//! Aligned columns without borders, cut to the terminal's width.

use super::paint::Paint;
use crate::cli::escape;
use unicode_width::UnicodeWidthStr as _;

/// One field of a table.
pub(crate) struct Cell {
    text: String,
    paint: Paint,
}

impl Cell {
    /// A field in a colour. The text may come from outside.
    pub(crate) fn new(text: impl AsRef<str>, paint: Paint) -> Self {
        Self { text: escape::line(text.as_ref()), paint }
    }

    /// A field.
    pub(crate) fn plain(text: impl AsRef<str>) -> Self {
        Self::new(text, Paint::Plain)
    }
}

/// The lines of a table: columns are as wide as they need to be, two spaces apart; nothing exceeds `width`.
pub(crate) fn render(head: &[&str], rows: Vec<Vec<Cell>>, width: Option<usize>, color: bool) -> String {
    let head: Vec<Cell> = head.iter().map(|title| Cell::new(title, Paint::Dim)).collect();
    let rows: Vec<Vec<Cell>> = std::iter::once(head).chain(rows).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in &rows {
        let mut used = 0_usize;
        let mut line = String::new();
        for (column, (cell, wide)) in row.iter().zip(&widths).enumerate() {
            let room = width.map_or(usize::MAX, |width| width.saturating_sub(used));
            let text = escape::cut(&cell.text, room);
            let shown = text.width();
            line.push_str(&cell.paint.paint(&text, color));
            used += shown;
            let gap = if column + 1 < columns { wide.saturating_sub(shown) + 2 } else { 0 };
            let gap = gap.min(width.map_or(gap, |width| width.saturating_sub(used)));
            line.extend(std::iter::repeat_n(' ', gap));
            used += gap;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec![Cell::plain("a"), Cell::new("waiting", Paint::Yellow), Cell::plain("first")],
            vec![Cell::plain("order-1"), Cell::plain("ok"), Cell::plain("日本\u{1b}[2J")],
        ]
    }

    #[test]
    fn columns_are_aligned_and_harmless() {
        assert_eq!(
            render(&["ID", "STATUS", "WHAT"], rows(), None, false),
            "ID       STATUS   WHAT\na        waiting  first\norder-1  ok       日本\\x1b[2J\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 0..30 {
            for line in render(&["ID", "STATUS", "WHAT"], rows(), Some(width), false).lines() {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
        }
        let narrow = render(&["ID", "STATUS", "WHAT"], rows(), Some(14), false);
        assert_eq!(narrow, "ID       STAT…\na        wait…\norder-1  ok\n");
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let line = render(&["A", "B"], vec![vec![Cell::new("x", Paint::Red), Cell::plain("y")]], None, true);
        assert_eq!(line, "\x1b[2mA\x1b[0m  \x1b[2mB\x1b[0m\n\x1b[31mx\x1b[0m  y\n");
    }
}
