//! Where two values differ: the fields that do, by their paths; of long texts the piece around the first difference.

use crate::history::Value;

/// So many fields are told by name.
const FEW: usize = 5;
/// Values with at most so many lines are seen at once.
const SHORT: usize = 6;
/// A value in one line is cut to so many characters.
const WIDE: usize = 60;
/// A text of one line that is longer is shown around its first difference only.
const LONG: usize = 80;
/// So many characters before a difference are shown.
const BEFORE: usize = 20;

/// The fields that differ, a line each: nothing where the values are seen at once, or have no fields in common.
pub(crate) fn fields(expected: &Value, found: &Value) -> Option<String> {
    let is_long = |value: &Value| format!("{:#}", value.to_json()).lines().count() > SHORT;
    if !is_long(expected) && !is_long(found) {
        return None;
    }
    let mut all = Vec::new();
    compare("", expected, found, &mut all);
    // The whole is no field of itself.
    if all.iter().any(|line| line.starts_with(": ")) {
        return None;
    }
    let more = all.len().saturating_sub(FEW);
    all.truncate(FEW);
    if more > 0 {
        all.push(format!("… and {more} more"));
    }
    (!all.is_empty()).then(|| format!("what differs:\n{}", all.join("\n")))
}

fn compare(path: &str, expected: &Value, found: &Value, all: &mut Vec<String>) {
    match (expected, found) {
        (one, other) if one == other => {}
        (Value::Map(one), Value::Map(other)) => {
            for (key, value) in one {
                let path = format!("{path}{}", field(key));
                match other.get(key) {
                    Some(found) => compare(&path, value, found, all),
                    None => all.push(format!("{path}: expected {}, found nothing", short(value))),
                }
            }
            for (key, value) in other.iter().filter(|(key, _)| !one.contains_key(*key)) {
                all.push(format!("{path}{}: not expected, found {}", field(key), short(value)));
            }
        }
        (Value::List(one), Value::List(other)) if one.len() == other.len() => {
            for (place, (value, found)) in one.iter().zip(other).enumerate() {
                compare(&format!("{path}[{place}]"), value, found, all);
            }
        }
        (Value::List(one), Value::List(other)) => {
            all.push(format!("{path}: expected {} items, found {}", one.len(), other.len()));
        }
        (one, other) => all.push(format!("{path}: expected {}, found {}", short(one), short(other))),
    }
}

/// A field as a script names it.
fn field(key: &str) -> String {
    let is_word = key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_word { format!(".{key}") } else { format!("[{key:?}]") }
}

fn short(value: &Value) -> String {
    let text = if *value == Value::Null { "()".to_owned() } else { value.to_string() };
    if text.chars().count() <= WIDE {
        return text;
    }
    format!("{}…", text.chars().take(WIDE).collect::<String>())
}

/// Two long texts of one line each, around the first difference, with a mark below it.
pub(crate) fn texts(expected: &Value, found: &Value) -> Option<String> {
    let (one, other) = (expected.as_text()?, found.as_text()?);
    if one.contains('\n') || other.contains('\n') || one.len().max(other.len()) <= LONG {
        return None;
    }
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let from = same.saturating_sub(BEFORE);
    let piece = |text: &str| {
        let shown: String = text.chars().skip(from).take(WIDE).collect();
        let ends = text.chars().count() <= from + WIDE;
        format!("{}{shown}{}", if from > 0 { "…" } else { "" }, if ends { "" } else { "…" })
    };
    let mark = " ".repeat(same - from + usize::from(from > 0));
    Some(format!("- {}\n+ {}\n  {mark}^ from character {} on", piece(one), piece(other), same + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        Value::from_json_text(text).expect("JSON")
    }

    #[test]
    fn of_long_values_the_fields_that_differ_are_named() {
        let expected = json(
            r#"{"id": 1, "items": [{"name": "a", "price": 5}, {"name": "b"}], "by-whom": "Ada", "x": 0}"#,
        );
        let found = json(
            r#"{"id": 1, "items": [{"name": "a", "price": 6}, {"name": "b"}], "by-whom": null, "y": []}"#,
        );
        assert_eq!(
            fields(&expected, &found).as_deref(),
            Some(
                "what differs:\n\
                 [\"by-whom\"]: expected \"Ada\", found ()\n\
                 .items[0].price: expected 5, found 6\n\
                 .x: expected 0, found nothing\n\
                 .y: not expected, found []"
            )
        );
        assert_eq!(fields(&json("{\"a\": 1}"), &json("{\"a\": 2}")), None, "it is seen at once");
        assert_eq!(fields(&expected, &json("7")), None, "no field differs, but all");
        let list = |count: usize| Value::List((0..count).map(|_| json("{\"a\": 1, \"b\": 2}")).collect());
        assert_eq!(fields(&list(3), &list(2)), None);
        let of = |list| Value::from([("list", list)]);
        assert_eq!(
            fields(&of(list(3)), &of(list(2))).as_deref(),
            Some("what differs:\n.list: expected 3 items, found 2")
        );
    }

    #[test]
    fn of_long_texts_the_piece_around_the_difference_is_shown() {
        let text =
            |day: &str| Value::from(format!("{}the refund was made on {day}, it says", "long ".repeat(20)));
        assert_eq!(
            texts(&text("Monday"), &text("Sunday")).as_deref(),
            Some(
                "- … refund was made on Monday, it says\n\
                 + … refund was made on Sunday, it says\n\
                 \u{20}                      ^ from character 124 on"
            )
        );
        assert_eq!(texts(&"short".into(), &"shirt".into()), None);
    }
}
