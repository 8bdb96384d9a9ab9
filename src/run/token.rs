//! Tokens: names that a run gives out, so that others can tell it how something ended.

use super::issue::{Asker, label};
use super::replay::{Replayed, replay};
use super::run::{Charter, Run, Wait};
use crate::history::{CommandKind, Entry, Failure, OpId, TokenResolved, Value, kind};
use crate::script::{Interpreter, Reply, Script};
use std::rc::Rc;

/// The letters of a token: no two of them look alike.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many letters follow the run's name: 110 bits.
const LENGTH: usize = 22;

/// The run's n-th token: its name and letters that only the run's secret can give.
///
/// The secret keeps it unguessable where the script shows other chance of the run, for the generator can be run backwards.
pub(super) fn of_run(id: &str, secret: [u8; 16], number: usize, chance: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    hasher.update(&secret).update(&number.to_be_bytes()).update(&chance.to_be_bytes()).update(id.as_bytes());
    let mut bytes = [0; LENGTH];
    hasher.finalize_xof().fill(&mut bytes);
    let letters = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    let letters: String = letters.map(|letter| char::from(*letter)).collect();
    format!("{id}.{letters}")
}

/// Whether a run was given this token in its history; nothing where the history cannot be replayed to its end.
pub fn has_token(
    interpreter: &Interpreter,
    script: &Rc<Script>,
    charter: &Charter,
    history: &[Entry],
    token: &str,
) -> Option<bool> {
    let mut run = Run::new(interpreter, Rc::clone(script), charter.clone());
    let replayed = replay(&mut run, &mut Replayed::default(), history, |_, _| ());
    let has = run.has_token(token);
    (has || replayed.is_ok()).then_some(has)
}

impl Run {
    /// Waits for the resolution of a token; gives it at once where it has come.
    pub(super) fn wait_token(
        &mut self,
        op: OpId,
        asker: Asker<'_>,
        token: String,
        timeout_ms: Option<i64>,
        otherwise: Option<Value>,
    ) -> Option<Reply> {
        if !self.has_token(&token) {
            let message = format!("\"{token}\" is none of this run's tokens; token() gives one");
            return Some(Err(Failure::new(kind::BAD_OPTION, message)));
        }
        if let Some(resolution) = self.world.state.borrow().resolved.get(&token) {
            return Some(resolution.reply());
        }
        let work = self.wait_work(timeout_ms);
        let label = label(CommandKind::WaitToken, &token);
        self.wait(op, asker, label, Wait::Token { token, otherwise }, work);
        None
    }

    /// Delivers a resolution: to all that wait for it, and to all that will. The first one of a token counts.
    pub(super) fn resolve(&mut self, resolved: &TokenResolved) {
        {
            let mut state = self.world.state.borrow_mut();
            state.resolved.entry(resolved.token.clone()).or_insert_with(|| resolved.resolution.clone());
        }
        let waits = |wait: &Wait| matches!(wait, Wait::Token { token, .. } if *token == resolved.token);
        let waiting: Vec<OpId> =
            self.open.iter().filter(|(_, open)| waits(&open.wait)).map(|(op, _)| *op).collect();
        for op in waiting {
            self.close(op, resolved.resolution.reply());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_run_and_nothing_but_the_secret_gives_its_letters() {
        let token = of_run("order-7.b", [1; 16], 0, 5);
        assert_eq!(token, of_run("order-7.b", [1; 16], 0, 5), "the same at each replay");
        let (run, letters) = token.rsplit_once('.').expect("two parts");
        assert_eq!((run, letters.len()), ("order-7.b", LENGTH));
        assert!(letters.bytes().all(|letter| LETTERS.contains(&letter)));
        for other in [
            of_run("order-7.b", [2; 16], 0, 5),
            of_run("order-7.b", [1; 16], 1, 5),
            of_run("order-7.b", [1; 16], 0, 6),
        ] {
            assert_ne!(other, token);
        }
    }
}
