//! Placeholders of secrets: what a script and a history hold in their place, `⟦secret:NAME:nonce⟧`.
//!
//! The nonce is a hash of the run's own secret and the name, so every executor can tell a placeholder that the run was given
//! from text that only looks like one.

use std::ops::Range;

/// How a placeholder begins.
const BEGIN: &str = "⟦secret:";
/// How it ends.
const END: &str = "⟧";
/// The longest name of a secret, in characters.
const LONGEST: usize = 128;
/// What the nonces are hashed for, so that the same key means nothing elsewhere.
const PURPOSE: &str = "durun 2026 placeholders of secrets";

/// A placeholder found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Where it stands, in bytes.
    pub place: Range<usize>,
    /// The secret's name.
    pub name: String,
}

impl Placeholder {
    /// The text that stands for a secret of the run with this secret of its own.
    pub fn text(run_secret: [u8; 16], name: &str) -> String {
        format!("{BEGIN}{name}:{}{END}", nonce(run_secret, name))
    }

    /// What stands where the value of a secret was found: it names the secret and stands for nothing.
    pub fn masked(name: &str) -> String {
        format!("{BEGIN}{name}{END}")
    }

    /// The text with only the names of the secrets whose placeholders stand in it: nothing will be put in their place.
    pub fn forget_in(text: &str, run_secret: [u8; 16]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for Self { place, name } in Self::all_in(text, run_secret) {
            out.push_str(text.get(end..place.start).unwrap_or_default());
            out.push_str(&Self::masked(&name));
            end = place.end;
        }
        out.push_str(text.get(end..).unwrap_or_default());
        out
    }

    /// The text with the names alone of all placeholders in it, whichever run was given them: for people to read.
    pub fn named_in(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(BEGIN) {
            out.push_str(before);
            let named = after.split_once(END).and_then(|(inside, behind)| {
                let (name, _nonce) = inside.split_once(':').filter(|(name, _)| is_secret_name(name))?;
                Some((name, behind))
            });
            if let Some((name, behind)) = named {
                out.push_str(&Self::masked(name));
                rest = behind;
            } else {
                out.push_str(BEGIN);
                rest = after;
            }
        }
        out.push_str(rest);
        out
    }

    /// The placeholders in a text that this run was given, in order; all others are text.
    pub fn all_in(text: &str, run_secret: [u8; 16]) -> Vec<Self> {
        let mut found = Vec::new();
        for (start, _) in text.match_indices(BEGIN) {
            let inner = start + BEGIN.len();
            let Some((inside, _)) = text.get(inner..).and_then(|rest| rest.split_once(END)) else { break };
            let Some((name, given)) = inside.split_once(':') else { continue };
            if is_secret_name(name) && given == nonce(run_secret, name) {
                let place = start..inner + inside.len() + END.len();
                found.push(Self { place, name: name.to_owned() });
            }
        }
        found
    }
}

fn nonce(run_secret: [u8; 16], name: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(PURPOSE);
    hasher.update(&run_secret).update(name.as_bytes());
    hasher.finalize().to_hex().get(..16).unwrap_or_default().to_owned()
}

/// Whether a secret may have this name: letters, digits and `_`, not a digit first, at most 128 of them.
pub fn is_secret_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|next| next.is_ascii_alphanumeric() || next == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_known_to_its_run_alone() {
        let (mine, other) = ([1; 16], [2; 16]);
        let text = Placeholder::text(mine, "API_KEY");
        assert_eq!(text, Placeholder::text(mine, "API_KEY"), "the same for ever");
        let whole =
            format!("a {text} b ⟦secret:API_KEY:0123456789abcdef⟧ ⟦secret: {text}{text} ⟦secret:API_KEY");
        let found = Placeholder::all_in(&whole, mine);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|found| found.name == "API_KEY" && whole[found.place.clone()] == text));
        assert_eq!(Placeholder::all_in(&whole, other), []);
        assert_eq!(Placeholder::all_in(&Placeholder::masked("API_KEY"), mine), []);
        assert_eq!(Placeholder::forget_in(&format!("a{text}b"), mine), "a⟦secret:API_KEY⟧b");
        let named = Placeholder::named_in(&format!("⟦secret:{text}b ⟦secret:X⟧ {text}⟦secret:"));
        assert_eq!(named, "⟦secret:⟦secret:API_KEY⟧b ⟦secret:X⟧ ⟦secret:API_KEY⟧⟦secret:");
        let renamed = text.replace("API_KEY", "OTHER");
        assert_eq!(Placeholder::all_in(&renamed, mine), []);
    }

    #[test]
    fn the_name_of_a_secret_is_that_of_a_variable() {
        for good in ["A", "_a1", "API_KEY"] {
            assert!(is_secret_name(good), "{good}");
        }
        for bad in ["", "1A", "a-b", "a b", "ä", "A:B", &"x".repeat(129)] {
            assert!(!is_secret_name(bad), "{bad}");
        }
    }
}
