//! The mask: wherever the value of a known secret stands in what comes back, its name stands instead.

use crate::activity::{Done, Failed};
use crate::history::{Failure, Placeholder, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::sync::Arc;

/// A shorter value is not looked for, in bytes: it would be found everywhere.
const SHORTEST: usize = 4;
/// A shorter line of a secret of several lines is not looked for by itself, in bytes.
const SHORTEST_LINE: usize = 8;
/// A shorter piece of base64 is not looked for, in bytes.
const SHORTEST_CODE: usize = 8;

/// How often a value may have been put into JSON as text.
const NESTED: usize = 3;

/// What is looked for and what is shown instead.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    value: Vec<u8>,
    shown: Arc<str>,
}

/// All that is looked for.
#[derive(Default)]
pub struct Mask {
    /// The longest first.
    patterns: Vec<Pattern>,
    /// Whether a byte begins one of them.
    begins: Vec<bool>,
}

impl Mask {
    /// A mask of secrets, by name and value: as they are, and as JSON, URLs and base64 write them.
    pub(super) fn of<'a>(secrets: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut patterns: Vec<Pattern> = Vec::new();
        for (name, value) in secrets.filter(|(_, value)| value.len() >= SHORTEST) {
            let shown: Arc<str> = Placeholder::masked(name).into();
            for value in forms(value) {
                if patterns.iter().all(|known| known.value != value) {
                    patterns.push(Pattern { value, shown: Arc::clone(&shown) });
                }
            }
        }
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.value.len()));
        let mut begins = vec![false; 256];
        for first in patterns.iter().filter_map(|pattern| pattern.value.first()) {
            if let Some(begins) = begins.get_mut(usize::from(*first)) {
                *begins = true;
            }
        }
        Self { patterns, begins }
    }

    fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Copies bytes, masked. Gives how many were taken: all, but for an end that may be the beginning of a secret where more
    /// is to come.
    fn copy(&self, bytes: &[u8], is_last: bool, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let begins = |byte: &u8| self.begins.get(usize::from(*byte)).copied().unwrap_or(false);
            let plain = rest.iter().position(begins).unwrap_or(rest.len());
            out.extend_from_slice(rest.get(..plain).unwrap_or(rest));
            at += plain;
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { break };
            // The longest first, so one that may still become longer is waited for.
            let found = self.patterns.iter().find(|pattern| {
                rest.starts_with(&pattern.value) || !is_last && pattern.value.starts_with(rest)
            });
            match found {
                Some(pattern) if rest.starts_with(&pattern.value) => {
                    out.extend_from_slice(pattern.shown.as_bytes());
                    at += pattern.value.len();
                }
                Some(_) => return at,
                None => {
                    out.extend(rest.first());
                    at += 1;
                }
            }
        }
        at
    }

    /// The bytes, masked.
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut out = Vec::with_capacity(bytes.len());
        self.copy(bytes, true, &mut out);
        Cow::Owned(out)
    }

    /// The text, masked.
    pub fn text(&self, text: String) -> String {
        if self.is_empty() {
            return text;
        }
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// The value with all its texts masked, names of fields included.
    pub fn value(&self, value: Value) -> Value {
        if self.is_empty() {
            return value;
        }
        match value {
            Value::Text(text) => Value::Text(self.text(text)),
            Value::Bytes(bytes) => Value::Bytes(self.bytes(&bytes).into_owned()),
            Value::List(items) => Value::List(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Map(fields) => Value::Map(
                fields.into_iter().map(|(name, value)| (self.text(name), self.value(value))).collect(),
            ),
            plain @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_)) => plain,
        }
    }

    /// What an attempt came to, masked.
    ///
    /// # Errors
    /// The failure that was given, masked.
    pub fn result(&self, result: Result<Done, Failed>) -> Result<Done, Failed> {
        match result {
            Ok(done) => Ok(Done { value: self.value(done.value), stderr: self.text(done.stderr) }),
            Err(failed) => Err(Failed { failure: self.failure(failed.failure), ..failed }),
        }
    }

    fn failure(&self, failure: Failure) -> Failure {
        let data = failure.data.into_iter().map(|(name, value)| (name, self.value(value))).collect();
        Failure {
            message: self.text(failure.message),
            kind: self.text(failure.kind),
            data,
            line: failure.line,
            raised: failure.raised,
        }
    }
}

/// How a value may be written: as it is, line by line, in JSON, in a URL, in base64 wherever it begins.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![value.as_bytes().to_vec()];
    if value.contains('\n') {
        let lines = value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
        forms.extend(lines.map(|line| line.as_bytes().to_vec()));
    }
    // JSON within JSON within JSON: what an echo of an echo says.
    let mut nested = value.to_owned();
    for _ in 0..NESTED {
        nested = json_text(&nested);
        forms.push(nested.clone().into_bytes());
    }
    forms.push(url_text(value).into_bytes());
    for lead in 0..3 {
        let mut bytes = vec![0; lead];
        bytes.extend_from_slice(value.as_bytes());
        let code = STANDARD.encode(&bytes);
        // What shares a character with its neighbours is left out.
        let first = [0, 2, 3].get(lead).copied().unwrap_or(0);
        let whole = bytes.len() / 3 * 4 + [0, 1, 2].get(bytes.len() % 3).copied().unwrap_or(0);
        if let Some(code) = code.get(first..whole).filter(|code| code.len() >= SHORTEST_CODE) {
            forms.push(code.as_bytes().to_vec());
        }
    }
    forms
}

/// The text as JSON writes it, without the quotes.
pub(super) fn json_text(text: &str) -> String {
    let quoted = Value::Text(text.to_owned()).to_json().to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// The text as a URL writes it (RFC 3986, section 2.3).
fn url_text(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Masks a stream, however it is cut into pieces.
pub(crate) struct Sieve {
    mask: Arc<Mask>,
    /// An end that may be the beginning of a secret.
    held: Vec<u8>,
}

impl Sieve {
    pub(crate) fn new(mask: Arc<Mask>) -> Self {
        Self { mask, held: Vec::new() }
    }

    /// What may be shown now.
    pub(crate) fn push<'a>(&mut self, new: &'a [u8]) -> Cow<'a, [u8]> {
        if self.mask.is_empty() {
            return Cow::Borrowed(new);
        }
        self.held.extend_from_slice(new);
        let mut out = Vec::with_capacity(self.held.len());
        let taken = self.mask.copy(&self.held, false, &mut out);
        self.held.drain(..taken);
        Cow::Owned(out)
    }

    /// What was held back, now that nothing more comes.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        self.mask.bytes(&std::mem::take(&mut self.held)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(secrets: &[(&str, &str)]) -> Arc<Mask> {
        Arc::new(Mask::of(secrets.iter().copied()))
    }

    #[test]
    fn a_value_is_masked_however_it_is_written() {
        let key = "p\"w/d\u{e4} x";
        let mask = mask(&[("KEY", key), ("SHORT", "abc")]);
        for lead in ["", "u", "us", "use:"] {
            let code = STANDARD.encode(format!("{lead}{key}"));
            let masked = mask.text(format!("Basic {code}"));
            assert!(masked.contains("⟦secret:KEY⟧"), "{masked}");
            let tail = code.get(code.len() - 8..).expect("long").trim_end_matches('=');
            assert!(!masked.contains(tail), "{masked}");
        }
        let nested = json_text(&json_text(&json_text(key)));
        let texts = [key.to_owned(), json_text(key), nested, url_text(key)];
        for text in texts {
            assert_eq!(mask.text(format!("<{text}{text}>")), "<⟦secret:KEY⟧⟦secret:KEY⟧>");
        }
        assert_eq!(mask.text("abc".to_owned()), "abc", "too short to be looked for");
        let value = Value::from([(key, Value::List(vec![Value::Text(format!("a {key}")), Value::Int(3)]))]);
        assert_eq!(mask.value(value).to_string(), "{\"⟦secret:KEY⟧\":[\"a ⟦secret:KEY⟧\",3]}");
        let failed = Failed::passing(Failure::new("exec", key).with("stderr", key));
        let failed = mask.result(Err(failed)).expect_err("failed");
        assert!(!format!("{failed:?}").contains("p\\\"w"), "{failed:?}");
    }

    #[test]
    fn the_longest_of_several_wins_and_lines_count_by_themselves() {
        let mask = mask(&[("A", "token"), ("B", "token-long"), ("PEM", "-----BEGIN-----\nabcdefgh\n12\n")]);
        assert_eq!(mask.text("token token-long".to_owned()), "⟦secret:A⟧ ⟦secret:B⟧");
        assert_eq!(mask.text("  abcdefgh 12".to_owned()), "  ⟦secret:PEM⟧ 12");
    }

    #[test]
    fn what_can_be_no_secret_is_not_held_back() {
        let mut sieve = Sieve::new(mask(&[("KEY", "hunter2")]));
        assert_eq!(sieve.push(b"a prompt> ").as_ref(), b"a prompt> ");
        assert_eq!(sieve.push(b"and hunt").as_ref(), b"and ");
        assert_eq!(sieve.push(b"ing").as_ref(), b"hunting");
        assert_eq!(sieve.push(b"hunter").as_ref(), b"");
        assert_eq!(sieve.finish(), b"hunter");
    }

    proptest! {
        #[test]
        fn a_stream_is_masked_however_it_is_cut(
            words in proptest::collection::vec("(hunter2|hunter|aab|aaab|a|b|z| )", 0..30),
            cuts in proptest::collection::vec(1_usize..9, 1..60),
        ) {
            let text = words.concat();
            let mask = mask(&[("KEY", "hunter2"), ("AB", "aaab")]);
            let mut sieve = Sieve::new(Arc::clone(&mask));
            let (mut out, mut rest) = (Vec::new(), text.as_bytes());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                out.extend_from_slice(&sieve.push(now));
                rest = later;
            }
            out.extend(sieve.finish());
            let out = String::from_utf8(out).expect("text");
            prop_assert!(!out.contains("hunter2") && !out.contains("aaab"));
            prop_assert_eq!(out, mask.text(text));
        }
    }
}
