//! Where an error was raised, and the calls that led there.

use super::call_site::CallSite;
use serde::{Deserialize, Serialize};

/// How many calls are kept of a chain: calls nest no deeper in a strand, and more than that nobody reads.
const MOST_CALLS: usize = 48;

/// The place of an error in a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1, where known.
    #[serde(default)]
    pub column: Option<u32>,
    /// The imported module; nothing for the script itself.
    #[serde(default)]
    pub file: Option<String>,
    /// The calls that led there, innermost first.
    #[serde(default)]
    pub calls: Vec<CallSite>,
}

impl Raised {
    /// With the calls around those that are known.
    pub fn called_by(&mut self, calls: impl IntoIterator<Item = CallSite>) {
        let room = MOST_CALLS.saturating_sub(self.calls.len());
        self.calls.extend(calls.into_iter().take(room));
    }
}
