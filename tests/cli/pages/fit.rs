//! Whether what was printed is what a page says.
//!
//! `…` stands for any text within a line; alone on a line, for any lines. Durations, instants, process ids and the home
//! differ each time and are not compared; neither is the picture of a spinner, nor how wide a column is.

/// The home of what a page says: it says `/home/ada` already.
pub(super) const NO_HOME: &str = "\0";

/// What differs each time, made the same.
pub(super) fn plain(line: &str, home: &str) -> String {
    let line = line.replace(home, "/home/ada");
    let mut made = String::new();
    for word in line.split_whitespace() {
        let word = if made.ends_with(" pid") { "#".to_owned() } else { same(word) };
        if word == "#" && made.ends_with('#') {
            continue;
        }
        if !made.is_empty() {
            made.push(' ');
        }
        made.push_str(&word);
    }
    made
}

fn same(word: &str) -> String {
    if word.chars().all(|letter| ('\u{2800}'..='\u{28ff}').contains(&letter)) {
        return "⠋".to_owned();
    }
    let inner = word.trim_start_matches(['(', '+']).trim_end_matches([')', ',', '.', ';']);
    if inner == "now" {
        return word.replace("now", "# ago");
    }
    if !inner.is_empty() && (is_duration(inner) || is_instant(inner)) {
        return word.replace(inner, "#");
    }
    word.to_owned()
}

fn is_duration(word: &str) -> bool {
    let unit = word.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    unit.len() < word.len() && ["µs", "ms", "s", "m", "h", "d"].contains(&unit)
}

/// A date, or a time of day.
fn is_instant(word: &str) -> bool {
    let word = word.trim_end_matches('Z');
    let has = |mark: char, parts: usize| {
        let all: Vec<&str> = word.split(mark).collect();
        all.len() == parts
            && all.iter().all(|part| !part.is_empty() && part.chars().all(|d| d.is_ascii_digit()))
    };
    has('-', 3) || has(':', 3)
}

/// Whether the lines are those that are expected.
pub(super) fn fits(expected: &[String], printed: &[String]) -> bool {
    match expected {
        [] => printed.is_empty(),
        [first, rest @ ..] if first == "…" => (0..=printed.len())
            .any(|skipped| printed.get(skipped..).is_some_and(|printed| fits(rest, printed))),
        [first, rest @ ..] => match printed {
            [line, others @ ..] => line_fits(first, line) && fits(rest, others),
            [] => false,
        },
    }
}

pub(super) fn line_fits(expected: &str, line: &str) -> bool {
    let mut pieces = expected.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.trim_end().is_empty() };
    for piece in middle {
        let Some(place) = rest.find(piece) else { return false };
        rest = &rest[place + piece.len()..];
    }
    rest.trim_end().ends_with(last.trim_end())
}

#[test]
fn what_a_page_says_is_compared_to_the_end() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (expected, printed) in
        [("a", "a"), ("", ""), ("a … c", "a b c"), ("…\nc", "a\nb\nc"), ("a\n…", "a"), ("…z", "yz")]
    {
        assert!(fits(&lines(expected), &lines(printed)), "{expected:?} {printed:?}");
    }
    for (expected, printed) in
        [("a", "b"), ("a", ""), ("", "a"), ("a …c", "a b"), ("…\nc", "a\nb"), ("a", "a\nb"), ("a…", "b")]
    {
        assert!(!fits(&lines(expected), &lines(printed)), "{expected:?} {printed:?}");
    }
}

#[test]
fn what_differs_each_time_is_the_same() {
    let plain = |line| plain(line, "/tmp/x");
    assert_eq!(plain("  started   2026-11-23 13:29:26Z (3s ago)"), "started # (# ago)");
    assert_eq!(plain("by pid 17, (now)"), "by pid # (# ago)");
    assert_eq!(plain("⠹ sleep · 3m 10s left /tmp/x/a"), "⠋ sleep · # left /home/ada/a");
    assert_eq!(plain("+5ms 12 steps, D0101, v1.0"), "+# 12 steps, D0101, v1.0");
}
