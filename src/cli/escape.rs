//! Text from outside made safe to show: no control character of it reaches the terminal.

use std::fmt::Write as _;

/// On one line: control characters, line ends and marks that turn the direction of writing are shown as escapes.
pub(crate) fn line(text: &str) -> String {
    escaped(text, |_| false)
}

/// On several lines: as [`line`], but line ends and tabs stay.
pub(crate) fn block(text: &str) -> String {
    escaped(text, |character| matches!(character, '\n' | '\t'))
}

/// What a program wrote: as [`block`], but its colours stay.
pub(crate) fn coloured(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, from)) = rest.find(ESCAPE).and_then(|at| rest.split_at_checked(at)) {
        out.push_str(&block(before));
        let (first, after) = from.split_at_checked(colour(from).unwrap_or(1)).unwrap_or((from, ""));
        if first.len() == 1 {
            out.push_str(&block(first));
        } else {
            out.push_str(first);
        }
        rest = after;
    }
    out.push_str(&block(rest));
    out
}

/// What begins every command to a terminal.
pub(crate) const ESCAPE: char = '\u{1b}';
/// Ends whatever colours were begun.
pub(crate) const COLOURS_END: &str = "\u{1b}[0m";

/// The length of the change of colour that a text begins with, in bytes.
fn colour(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let after = numbers.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ';' | ':'));
    after.starts_with('m').then(|| text.len() - after.len() + 1)
}

fn escaped(text: &str, keep: impl Fn(char) -> bool) -> String {
    if !text.chars().any(|character| is_unsafe(character) && !keep(character)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if !is_unsafe(character) || keep(character) {
            out.push(character);
        } else {
            match character {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                control if u32::from(control) < 0x100 => {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\x{:02x}", u32::from(control));
                }
                mark => {
                    let _ = write!(out, "\\u{{{:x}}}", u32::from(mark));
                }
            }
        }
    }
    out
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Source text with as many characters as before, in which C1 controls and direction marks are replacement characters. ASCII
/// controls stay: the renderer of sources has a picture for each.
pub(crate) fn in_place(text: &str) -> String {
    let unseen = |character: char| is_unsafe(character) && !character.is_ascii();
    text.chars()
        .map(|character| if unseen(character) { char::REPLACEMENT_CHARACTER } else { character })
        .collect()
}

/// At most `width` columns of it, with an ellipsis where something was cut off.
pub(crate) fn cut(text: &str, width: usize) -> String {
    use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 0);
    for character in text.chars() {
        let more = character.width().unwrap_or(0);
        if used + more + 1 > width {
            break;
        }
        out.push(character);
        used += more;
    }
    // What ends with one already needs no second.
    if width > 0 && !out.ends_with('…') {
        out.push('…');
    }
    out
}

/// A word for a shell's command line, quoted where it has to be; one that could command a terminal as `$'…'`, which bash, zsh
/// and POSIX shells since 2024 read.
pub(crate) fn shell(word: &str) -> String {
    let plain = !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@' | '=' | ':'));
    if plain {
        return word.to_owned();
    }
    if !word.chars().any(|character| is_unsafe(character) && character != '\n') {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let mut out = "$'".to_owned();
    for character in word.chars() {
        match character {
            '\'' | '\\' => out.extend(['\\', character]),
            // By bytes: `\u` of a shell depends on its locale.
            strange if is_unsafe(strange) => {
                for byte in strange.encode_utf8(&mut [0; 4]).bytes() {
                    // Three octal digits, so that a digit behind it does not belong to it. Writing to a String cannot fail.
                    let _ = write!(out, "\\{byte:03o}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// JSON text in which what could command a terminal stands as an escape: serde leaves C1 controls and direction marks as they are.
pub(crate) fn json(text: &str) -> String {
    let strange = |character: char| is_unsafe(character) && character != '\n';
    if !text.chars().any(strange) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if strange(character) {
            // All of them are below U+10000, and stand inside of strings only.
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_never_commanded_by_data() {
        assert_eq!(line("\u{1b}[31mred\u{7}\nnext\u{9b}2J"), "\\x1b[31mred\\x07\\nnext\\x9b2J");
        assert_eq!(block("a\n\tb\u{1b}c\r"), "a\n\tb\\x1bc\\r");
        assert_eq!(line("abc\u{202e}cba"), "abc\\u{202e}cba");
        assert_eq!(line("grüße ✓"), "grüße ✓");
    }

    #[test]
    fn a_program_may_colour_what_it_writes_and_nothing_else() {
        assert_eq!(coloured("a\u{1b}[1;31mred\u{1b}[0m\tb\n"), "a\u{1b}[1;31mred\u{1b}[0m\tb\n");
        assert_eq!(coloured("\u{1b}[38:5:1mx\u{1b}[m"), "\u{1b}[38:5:1mx\u{1b}[m");
        assert_eq!(coloured("\u{1b}[2J\u{1b}]0;t\u{7}\u{1b}[?25lm"), "\\x1b[2J\\x1b]0;t\\x07\\x1b[?25lm");
        assert_eq!(
            coloured("\u{1b}[31\u{1b}\u{1b}[1m\u{9b}1m\r\u{1b}["),
            "\\x1b[31\\x1b\u{1b}[1m\\x9b1m\\r\\x1b["
        );
        assert_eq!(coloured("plain ✓"), "plain ✓");
    }

    #[test]
    fn a_cut_fits_its_width() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn a_word_survives_the_shell() {
        assert_eq!(shell("order-1"), "order-1");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("$(x)"), "'$(x)'");
    }

    #[test]
    fn json_stays_the_same_value_and_commands_nobody() {
        let value = serde_json::json!({ "a\u{9b}": "\u{1b}[2J\u{202e}\u{7f}ä\n" });
        for text in [value.to_string(), format!("{value:#}")] {
            let safe = json(&text);
            assert!(!safe.chars().any(|character| is_unsafe(character) && character != '\n'), "{safe:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).ok(), Some(value.clone()));
        }
    }

    #[test]
    fn a_word_that_could_command_a_terminal_is_quoted_by_its_bytes() {
        assert_eq!(shell("\u{1b}]0;it's\\1\u{9b}2\u{202e}"), r"$'\033]0;it\'s\\1\302\2332\342\200\256'");
        let word = "\u{1b}]0;it's\\1\u{9b}2\u{202e}\t\r\n$(x)\"";
        let said =
            std::process::Command::new("bash").args(["-c", &format!("printf %s {}", shell(word))]).output();
        // Where there is no bash, the text above says it.
        if let Ok(said) = said {
            assert_eq!(String::from_utf8_lossy(&said.stdout), word);
        }
    }
}
