//! How far a run says it is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// So many of so many, as a script tells it by `progress`, and `parallel` by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HowFar {
    /// So many are done.
    pub done: i64,
    /// Of so many.
    pub total: i64,
    /// A word beside it.
    #[serde(default)]
    pub text: Option<String>,
}

impl HowFar {
    /// Whether there is more to come.
    pub fn is_under_way(&self) -> bool {
        self.done < self.total
    }
}

impl fmt::Display for HowFar {
    /// `18/40 host18`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.done, self.total)?;
        match &self.text {
            Some(text) if !text.is_empty() => write!(f, " {text}"),
            Some(_) | None => Ok(()),
        }
    }
}
