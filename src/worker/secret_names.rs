//! The names of the secrets of a run: whatever comes back to it is searched for their values.

use super::executing::Executing;
use std::collections::BTreeSet;

impl Executing {
    /// The names of the secrets that its script has asked for, or asks for somewhere in its text.
    pub(super) fn secret_names(&self) -> BTreeSet<String> {
        let mut names = self.secrets.clone();
        names.extend(self.run.iter().flat_map(crate::run::Run::secrets));
        names
    }
}
