//! What runs were started with. What many have alike, their program, directory and environment, is a recipe and kept once.

use super::codec::{decode, encode, is_named};
use super::reading::corrupt;
use super::rows::{Rows, RowsMut, Table};
use super::{StoreError, keys};
use crate::history::{Patches, Program, RunNo, RunStart, Value};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The first half of the BLAKE3 hash of a recipe as it is stored.
pub(super) type RecipeId = [u8; 16];

/// What many runs have alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Recipe {
    pub(super) program: Program,
    directory: String,
    environment: BTreeMap<String, String>,
}

/// The same, of a start.
#[derive(Serialize)]
struct RecipeOf<'a> {
    program: &'a Program,
    directory: &'a str,
    environment: &'a BTreeMap<String, String>,
}

/// What one run has of its own.
#[derive(Deserialize)]
struct Own {
    #[serde(with = "serde_bytes")]
    recipe: RecipeId,
    #[serde(with = "serde_bytes")]
    secret: [u8; 16],
    input: Value,
    timeout_ms: Option<i64>,
    patches: Patches,
}

/// The same, of a start.
#[derive(Serialize)]
struct OwnOf<'a> {
    #[serde(with = "serde_bytes")]
    recipe: RecipeId,
    #[serde(with = "serde_bytes")]
    secret: [u8; 16],
    input: &'a Value,
    timeout_ms: Option<i64>,
    patches: &'a Patches,
}

/// What a row holds.
enum Stored {
    /// The first versions kept all of it in each row.
    Whole(Box<RunStart>),
    Own(Own),
}

/// What a run, or a generation of it, was started with.
pub(super) fn get(rows: &(impl Rows + ?Sized), no: RunNo) -> Result<RunStart, StoreError> {
    let bytes = rows.get(Table::Starts, &keys::run(no))?.ok_or(StoreError::NoRun { run: no })?;
    whole(&bytes, |id| rows.get(Table::Recipes, id))
}

/// Records it, and its recipe where that is new.
pub(super) fn put(rows: &mut dyn RowsMut, no: RunNo, start: &RunStart) -> Result<(), StoreError> {
    let recipe = put_recipe(rows, start)?;
    put_own(rows, no, start, recipe)
}

/// Records what it has alike with others, where that is new.
pub(super) fn put_recipe(rows: &mut dyn RowsMut, start: &RunStart) -> Result<RecipeId, StoreError> {
    let RunStart { program, directory, environment, .. } = start;
    let recipe = encode(&RecipeOf { program, directory, environment })?;
    let id = id_of(&recipe);
    if rows.get(Table::Recipes, &id)?.is_none() {
        rows.put(Table::Recipes, &id, &recipe)?;
    }
    Ok(id)
}

/// Records what it has of its own.
pub(super) fn put_own(
    rows: &mut dyn RowsMut,
    no: RunNo,
    start: &RunStart,
    recipe: RecipeId,
) -> Result<(), StoreError> {
    let RunStart { input, timeout_ms, secret, patches, .. } = start;
    let own = OwnOf { recipe, secret: *secret, input, timeout_ms: *timeout_ms, patches };
    rows.put(Table::Starts, &keys::run(no), &encode(&own)?)
}

/// The recipe of a row; nothing where the row holds all.
pub(super) fn recipe_id(bytes: &[u8]) -> Result<Option<RecipeId>, StoreError> {
    Ok(match stored(bytes)? {
        Stored::Whole(_) => None,
        Stored::Own(own) => Some(own.recipe),
    })
}

/// What the row and its recipe are together.
pub(super) fn whole(
    bytes: &[u8],
    recipe: impl FnOnce(&RecipeId) -> Result<Option<Vec<u8>>, StoreError>,
) -> Result<RunStart, StoreError> {
    let own = match stored(bytes)? {
        Stored::Whole(start) => return Ok(*start),
        Stored::Own(own) => own,
    };
    let bytes = recipe(&own.recipe)?;
    let bytes = bytes.ok_or_else(|| corrupt("a recipe of runs is missing".to_owned()))?;
    let Recipe { program, directory, environment } = recipe_of(&own.recipe, bytes)?;
    let Own { secret, input, timeout_ms, patches, .. } = own;
    Ok(RunStart { program, input, directory, environment, timeout_ms, secret, patches })
}

thread_local! {
    /// The recipe that this thread read last, as it is stored: the next run mostly has the same.
    static LAST: RefCell<Option<(RecipeId, Vec<u8>, Recipe)>> = const { RefCell::new(None) };
}

/// The recipe that these bytes are.
fn recipe_of(id: &RecipeId, bytes: Vec<u8>) -> Result<Recipe, StoreError> {
    let last = LAST.with_borrow(|last| match last {
        Some((known, stored, recipe)) if known == id && *stored == bytes => Some(recipe.clone()),
        Some(_) | None => None,
    });
    if let Some(last) = last {
        return Ok(last);
    }
    if id_of(&bytes) != *id {
        return Err(corrupt("a recipe of runs is damaged".to_owned()));
    }
    let recipe: Recipe = decode(&bytes, "a recipe of runs")?;
    LAST.set(Some((*id, bytes, recipe.clone())));
    Ok(recipe)
}

fn stored(bytes: &[u8]) -> Result<Stored, StoreError> {
    let what = "what a run was started with";
    Ok(if is_named(bytes) { Stored::Whole(decode(bytes, what)?) } else { Stored::Own(decode(bytes, what)?) })
}

fn id_of(recipe: &[u8]) -> RecipeId {
    let mut id = RecipeId::default();
    blake3::Hasher::new().update(recipe).finalize_xof().fill(&mut id);
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Moment, Token};
    use crate::store::conformance::new_run;
    use crate::store::rules::Surroundings;
    use crate::store::{Kept, Liveness, Request, Upkeep, memory, reading, rules};

    struct Nobody;
    impl Liveness for Nobody {
        fn is_alive(&self, _token: Token) -> bool {
            false
        }
    }

    fn ask(rows: &mut memory::Maps, request: &Request) {
        let around = Surroundings { now: Moment(0), liveness: &Nobody };
        assert!(rules::write(rows, &around, request).is_ok(), "{request:?}");
    }

    fn started(ids: &[&str]) -> memory::Maps {
        let mut rows = memory::Maps::default();
        rules::first_facts(&mut rows, 0, Moment(0)).expect("facts");
        for id in ids {
            let mut new = new_run(id);
            new.start.program.path = "/scripts/same.rhai".to_owned();
            ask(&mut rows, &Request::Start(Box::new(new)));
        }
        rows
    }

    fn recipes(rows: &memory::Maps) -> usize {
        rows.range(Table::Recipes, &[], &[0xff; 17], false, usize::MAX).expect("reads").len()
    }

    #[test]
    fn runs_that_are_started_alike_share_a_recipe_and_keep_what_is_their_own() {
        let mut rows = started(&["a", "b"]);
        assert_eq!(recipes(&rows), 1);
        for (no, id) in [(1, "a"), (2, "b")] {
            let mut start = new_run(id).start;
            start.program.path = "/scripts/same.rhai".to_owned();
            assert_eq!(get(&rows, RunNo(no)), Ok(start));
        }
        let mut other = get(&rows, RunNo(2)).expect("reads");
        other.environment.insert("LANG".to_owned(), "de".to_owned());
        put(&mut rows, RunNo(2), &other).expect("writes");
        assert_eq!(recipes(&rows), 2);
        assert_eq!(get(&rows, RunNo(2)), Ok(other));
    }

    #[test]
    fn what_the_first_versions_wrote_in_one_row_is_read() {
        let mut rows = started(&["a"]);
        let start = get(&rows, RunNo(1)).expect("reads");
        let mut bytes = vec![1];
        bytes.extend(rmp_serde::to_vec_named(&start).expect("encodes"));
        bytes.extend(twox_hash::XxHash3_64::oneshot(&bytes).to_be_bytes());
        rows.put(Table::Starts, &keys::run(RunNo(1)), &bytes).expect("writes");
        assert_eq!(get(&rows, RunNo(1)), Ok(start));
        assert_eq!(recipe_id(&bytes), Ok(None));
    }

    #[test]
    fn a_recipe_that_no_run_has_any_more_is_swept_with_the_texts_and_one_that_is_lost_is_told() {
        let mut rows = started(&["a", "b"]);
        let sweep = || Request::Upkeep(Box::new(Upkeep::Sweep { texts_after_ms: 0 }));
        ask(&mut rows, &sweep());
        assert_eq!(recipes(&rows), 1);
        for run in [RunNo(1), RunNo(2)] {
            ask(&mut rows, &Request::Terminate { run, reason: String::new() });
        }
        ask(&mut rows, &Request::Upkeep(Box::new(Upkeep::Prune { runs: vec![RunNo(1)], before: Moment(9) })));
        ask(&mut rows, &sweep());
        assert_eq!(recipes(&rows), 1, "one is left that has it");
        ask(&mut rows, &Request::Upkeep(Box::new(Upkeep::Prune { runs: vec![RunNo(2)], before: Moment(9) })));
        while rules::sweep(&mut rows).expect("sweeps") {}
        ask(&mut rows, &sweep());
        assert_eq!(recipes(&rows), 0);
        let mut rows = started(&["a"]);
        let (id, _) = rows.range(Table::Recipes, &[], &[0xff; 17], false, 1).expect("reads").remove(0);
        rows.remove(Table::Recipes, &id).expect("removes");
        assert!(matches!(get(&rows, RunNo(1)), Err(StoreError::Corrupt { .. })));
        let audit = Request::Upkeep(Box::new(Upkeep::Audit));
        match reading::read(&rows, Moment(0), &Nobody, &audit) {
            Ok(crate::store::Answer::Kept(kept)) => match *kept {
                Kept::Wrong(wrong) => assert!(wrong.iter().any(|what| what.contains("recipe")), "{wrong:?}"),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}
