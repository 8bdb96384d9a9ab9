//! One value of a file with its name and place, read as what it has to be.

use crate::history::nearest;
use crate::timer::parse_duration;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// Something that does not fit: the byte of the text at which it stands, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) at: usize,
    pub(super) message: String,
}

/// A value, its name with those of its tables, and the byte at which it stands.
#[derive(Clone)]
pub(super) struct Item<'t> {
    pub(super) name: String,
    pub(super) at: usize,
    pub(super) value: &'t DeValue<'t>,
}

pub(super) type Read<T> = Result<T, Misfit>;

impl<'t> Item<'t> {
    /// The items of a table. With `known`, a name that is not among them is refused.
    pub(super) fn table(&self, known: Option<&[&str]>) -> Read<BTreeMap<&'t str, Self>> {
        let DeValue::Table(table) = self.value else {
            return Err(self.expected("a table"));
        };
        items(&self.name, table, known)
    }

    pub(super) fn text(&self) -> Read<String> {
        match self.value {
            DeValue::String(text) if text.contains('\0') => Err(self.wrong("a NUL byte may not be in it")),
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.expected("a text in quotes")),
        }
    }

    /// A text that is not empty.
    pub(super) fn word(&self) -> Read<String> {
        let text = self.text()?;
        if text.trim().is_empty() { Err(self.wrong("it may not be empty")) } else { Ok(text) }
    }

    /// Several texts, or one.
    pub(super) fn texts(&self) -> Read<Vec<String>> {
        let DeValue::Array(array) = self.value else {
            return Ok(vec![self.text()?]);
        };
        array
            .iter()
            .map(|value| {
                Item { name: self.name.clone(), at: value.span().start, value: value.get_ref() }.text()
            })
            .collect()
    }

    /// A program and its arguments.
    pub(super) fn words(&self) -> Read<Vec<String>> {
        if let DeValue::String(text) = self.value {
            let words: Vec<String> = text.split_whitespace().map(|word| format!("{word:?}")).collect();
            let instead = format!("write [{}]", words.join(", "));
            return Err(self.wrong(&format!("a program and its arguments stand in a list: {instead}")));
        }
        let DeValue::Array(_) = self.value else {
            return Err(self.expected("a list of texts: a program and its arguments"));
        };
        let words = self.texts()?;
        match words.first() {
            Some(program) if !program.is_empty() => Ok(words),
            Some(_) | None => Err(self.wrong("the first of the list is the program, and may not be missing")),
        }
    }

    pub(super) fn flag(&self) -> Read<bool> {
        match self.value {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => Err(self.expected("true or false")),
        }
    }

    /// A whole number of 1 or more.
    pub(super) fn count(&self) -> Read<u32> {
        self.integer()
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| *count > 0)
            .ok_or_else(|| self.expected("a whole number, 1 or more"))
    }

    pub(super) fn number(&self, least: f64, most: f64) -> Read<f64> {
        let number = match self.value {
            DeValue::Integer(number) => number.to_string().parse().ok(),
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        };
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.expected(&format!("a number from {least} to {most}")))
    }

    /// A duration longer than nothing, in milliseconds: text as people write it, or whole seconds.
    pub(super) fn duration(&self) -> Read<i64> {
        let ms = match self.value {
            DeValue::String(text) => parse_duration(text).map_err(|error| self.wrong(&error.to_string()))?,
            _ => self
                .integer()
                .and_then(|seconds| seconds.checked_mul(1_000))
                .filter(|ms| (0..=100 * 365 * 86_400_000).contains(ms))
                .ok_or_else(|| self.expected("a duration: \"30s\", \"1h 30m\", or whole seconds"))?,
        };
        if ms == 0 { Err(self.wrong("it must be longer than nothing")) } else { Ok(ms) }
    }

    /// So many bytes: text as people write it.
    pub(super) fn size(&self) -> Read<u64> {
        match self.value {
            DeValue::String(text) => super::size::parse_size(text).filter(|bytes| *bytes > 0),
            _ => None,
        }
        .ok_or_else(|| self.expected("a size: \"512 MiB\", \"2 GiB\""))
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self.value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        }
    }

    pub(super) fn wrong(&self, what: &str) -> Misfit {
        Misfit { at: self.at, message: format!("{}: {what}", self.name) }
    }

    pub(super) fn expected(&self, what: &str) -> Misfit {
        let got = match self.value {
            DeValue::String(text) => format!("{:?}", text.chars().take(40).collect::<String>()),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        self.wrong(&format!("it is {what}, not {got}"))
    }
}

/// The items of a table called `name` (empty for the whole file).
pub(super) fn items<'t>(
    name: &str,
    table: &'t DeTable<'t>,
    known: Option<&[&str]>,
) -> Read<BTreeMap<&'t str, Item<'t>>> {
    let mut items = BTreeMap::new();
    for (key, value) in table {
        let at = key.span().start;
        if let Some(known) = known.filter(|known| !known.contains(&key.get_ref().as_ref())) {
            return Err(Misfit { at, message: unknown(name, key.get_ref(), known) });
        }
        let full =
            if name.is_empty() { key.get_ref().to_string() } else { format!("{name}.{}", key.get_ref()) };
        items.insert(key.get_ref().as_ref(), Item { name: full, at, value: value.get_ref() });
    }
    Ok(items)
}

/// "there is no key …", with the nearest known one.
fn unknown(table: &str, name: &str, known: &[&str]) -> String {
    let place = if table.is_empty() { "here".to_owned() } else { format!("in [{table}]") };
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no key \"{name}\" {place}; did you mean \"{near}\"?"),
        None => format!("there is no key \"{name}\" {place}; there are {}", known.join(", ")),
    }
}
