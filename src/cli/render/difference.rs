//! The difference of two values, line by line: `-` what was expected, `+` what was found.

use crate::history::Value;

/// So many lines around a difference are shown.
const AROUND: usize = 2;
/// Values with more lines are compared from both ends only.
const MOST_LINES: usize = 600;

/// A line and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Both(&'t str),
    Expected(&'t str),
    Found(&'t str),
}

/// What the signs before the lines mean.
pub(crate) const SIGNS: &str = "- expected, + found";

/// The lines that differ, with some around them.
pub(crate) fn difference(expected: &Value, found: &Value) -> String {
    let (one, other) = (lines(expected), lines(found));
    let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let all = aligned(&one, &other);
    let changed: Vec<usize> = all
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Line::Both(_)))
        .map(|(place, _)| place)
        .collect();
    let mut shown = vec![SIGNS.to_owned()];
    let mut last = None;
    for (place, line) in all.iter().enumerate() {
        if !changed.iter().any(|near| near.abs_diff(place) <= AROUND) {
            continue;
        }
        if last.map_or(place > 0, |last| last + 1 < place) {
            shown.push("  …".to_owned());
        }
        last = Some(place);
        shown.push(match line {
            Line::Both(text) => format!("  {text}"),
            Line::Expected(text) => format!("- {text}"),
            Line::Found(text) => format!("+ {text}"),
        });
    }
    if last.is_some_and(|last| last + 1 < all.len()) {
        shown.push("  …".to_owned());
    }
    shown.join("\n")
}

/// A value as lines: text with several is shown as it is.
fn lines(value: &Value) -> String {
    match value {
        Value::Text(text) if text.contains('\n') => text.clone(),
        Value::Null => "()".to_owned(),
        other => format!("{:#}", other.to_json()),
    }
}

/// The two texts side by side, by their longest common part.
fn aligned<'t>(one: &[&'t str], other: &[&'t str]) -> Vec<Line<'t>> {
    let begin = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one_rest, other_rest) =
        (one.get(begin..).unwrap_or_default(), other.get(begin..).unwrap_or_default());
    let end = one_rest.iter().rev().zip(other_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = one_rest.get(..one_rest.len() - end).unwrap_or_default();
    let other_middle = other_rest.get(..other_rest.len() - end).unwrap_or_default();
    let mut all: Vec<Line<'t>> = one.iter().take(begin).map(|line| Line::Both(line)).collect();
    all.extend(between(middle, other_middle));
    all.extend(one_rest.iter().skip(middle.len()).map(|line| Line::Both(line)));
    all
}

fn between<'t>(one: &[&'t str], other: &[&'t str]) -> Vec<Line<'t>> {
    if one.len().max(other.len()) > MOST_LINES {
        let expected = one.iter().map(|line| Line::Expected(line));
        return expected.chain(other.iter().map(|line| Line::Found(line))).collect();
    }
    // The length of the longest common part of what is left of both, by what is left.
    let width = other.len() + 1;
    let mut longest = vec![0_usize; (one.len() + 1) * width];
    let at = |longest: &[usize], a: usize, b: usize| longest.get(a * width + b).copied().unwrap_or(0);
    for (a, left) in one.iter().enumerate().rev() {
        for (b, right) in other.iter().enumerate().rev() {
            let best = if left == right {
                at(&longest, a + 1, b + 1) + 1
            } else {
                at(&longest, a + 1, b).max(at(&longest, a, b + 1))
            };
            if let Some(cell) = longest.get_mut(a * width + b) {
                *cell = best;
            }
        }
    }
    let (mut a, mut b, mut all) = (0, 0, Vec::new());
    while let Some(left) = one.get(a) {
        match other.get(b) {
            Some(right) if left == right => {
                all.push(Line::Both(left));
                (a, b) = (a + 1, b + 1);
            }
            Some(right) if at(&longest, a + 1, b) < at(&longest, a, b + 1) => {
                all.push(Line::Found(right));
                b += 1;
            }
            _ => {
                all.push(Line::Expected(left));
                a += 1;
            }
        }
    }
    all.extend(other.iter().skip(b).map(|line| Line::Found(line)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_stand_below_each_other() {
        assert_eq!(
            difference(&"Delivered".into(), &Value::Null),
            "- expected, + found\n- \"Delivered\"\n+ ()"
        );
    }

    #[test]
    fn of_long_values_only_what_differs_is_shown() {
        let list = |middle: i64, more: bool| {
            let mut items: Vec<Value> = (0..12).map(Value::Int).collect();
            items[5] = Value::Int(middle);
            if more {
                items.push(Value::Int(99));
            }
            Value::List(items)
        };
        assert_eq!(
            difference(&list(5, false), &list(50, true)),
            "- expected, + found\n  …\n    3,\n    4,\n-   5,\n+   50,\n    6,\n    7,\n  …\n    9,\n    10,\n-   11\n+   11,\n+   99\n  ]"
        );
    }
}
