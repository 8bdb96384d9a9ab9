//! What starts have alike: many runs of one script are started one after the other, and what they share is stored and checked once.

use super::NewRun;
use super::starts::RecipeId;
use crate::history::{Program, ScriptHash};
use std::collections::BTreeMap;

/// What a start shares with those of the same script, all of it in the store.
#[derive(Debug)]
pub(super) struct Alike {
    program: Program,
    directory: String,
    environment: BTreeMap<String, String>,
    scripts: Vec<(ScriptHash, String)>,
    recipe: RecipeId,
}

impl Alike {
    /// That of a start whose texts have their hashes, and whose recipe and texts are stored.
    pub(super) fn of(new: &NewRun, recipe: RecipeId) -> Self {
        let start = &new.start;
        Self {
            program: start.program.clone(),
            directory: start.directory.clone(),
            environment: start.environment.clone(),
            scripts: new.scripts.clone(),
            recipe,
        }
    }

    /// The recipe, where a start is one of these.
    pub(super) fn recipe_of(&self, new: &NewRun) -> Option<RecipeId> {
        let start = &new.start;
        let is_it = self.program == start.program
            && self.directory == start.directory
            && self.environment == start.environment
            && self.scripts == new.scripts;
        is_it.then_some(self.recipe)
    }
}
