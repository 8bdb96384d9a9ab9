//! The names of a run: the id people type and the dense number the store counts with.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a run as people type it: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RunId(String);

/// The number of a run within its store, dense and ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunNo(pub u64);

/// Why a text is no run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRunId {
    /// The text is empty.
    #[error("a run id may not be empty")]
    Empty,
    /// Longer than 128 characters.
    #[error("a run id has at most 128 characters, this one has {0}")]
    TooLong(usize),
    /// A character that may not stand at that place.
    #[error(
        "a run id may not have {0:?} at place {1}: it begins with a letter or digit and goes on with letters, digits, '.', '_' and '-'"
    )]
    Character(char, usize),
}

impl RunId {
    /// Checks the text.
    ///
    /// # Errors
    /// [`InvalidRunId`] where the text is empty, too long or has a character outside the set.
    pub fn parse(text: &str) -> Result<Self, InvalidRunId> {
        if text.is_empty() {
            return Err(InvalidRunId::Empty);
        }
        let length = text.chars().count();
        if length > 128 {
            return Err(InvalidRunId::TooLong(length));
        }
        for (place, character) in text.chars().enumerate() {
            let inner = place > 0 && matches!(character, '.' | '_' | '-');
            if !(character.is_ascii_alphanumeric() || inner) {
                return Err(InvalidRunId::Character(character, place + 1));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RunNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_letters_digits_and_inner_marks() {
        for good in ["a", "order-1001", "backup-2026-11-23", "A.b_c-9"] {
            assert!(RunId::parse(good).is_ok(), "{good}");
        }
        assert_eq!(RunId::parse(""), Err(InvalidRunId::Empty));
        assert_eq!(RunId::parse("a/b"), Err(InvalidRunId::Character('/', 2)));
        assert_eq!(RunId::parse(".a"), Err(InvalidRunId::Character('.', 1)));
        assert_eq!(RunId::parse("ä"), Err(InvalidRunId::Character('ä', 1)));
        assert_eq!(RunId::parse(&"x".repeat(129)), Err(InvalidRunId::TooLong(129)));
        assert!(RunId::parse(&"x".repeat(128)).is_ok());
    }
}
