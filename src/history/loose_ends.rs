//! What a run has left behind that nothing in its history tells the outcome of: noted with its end, for whoever cleans up.

use super::{CommandLabel, OpId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many effects are named; of more there is the number. And how many signals.
const MOST: usize = 20;

/// An effect that was cut off while it was under way: whether it happened is not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InDoubt {
    /// The command.
    pub op: OpId,
    /// Its kind and name.
    pub label: CommandLabel,
    /// The line of the script that asked.
    pub line: Option<u32>,
    /// The name given to the strand that asked.
    pub strand: Option<String>,
}

/// What of a run is not known, or was dropped, at its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LooseEnds {
    /// The first of the effects that were cut off, by op.
    pub in_doubt: Vec<InDoubt>,
    /// How many there were.
    pub cut_off: u32,
    /// How many strands and activities were cancelled as the script came to its end, and nobody had waited for them.
    pub unjoined: u32,
    /// The names of the first signals that were delivered and that its script never took, as they were accepted.
    #[serde(default)]
    pub untaken: Vec<String>,
}

impl LooseEnds {
    /// Takes note of an effect that was cut off.
    pub fn doubt(&mut self, effect: InDoubt) {
        self.cut_off = self.cut_off.saturating_add(1);
        if self.in_doubt.len() < MOST {
            self.in_doubt.push(effect);
        }
    }

    /// Takes note of signals that its script never took.
    pub fn untaken(&mut self, names: impl Iterator<Item = String>) {
        self.untaken.extend(names.take(MOST));
    }

    /// Whether there is nothing to tell.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for InDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.label)?;
        if let Some(line) = self.line {
            write!(f, " in line {line}")?;
        }
        self.strand.as_ref().map_or(Ok(()), |strand| write!(f, ", strand {strand}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{CommandKind, RunEnd, RunEnded, Value};

    #[test]
    fn an_end_without_loose_ends_is_written_as_before_there_were_any_and_one_with_them_comes_back() {
        let end = RunEnd::Completed { result: Value::Null };
        let plain = rmp_serde::to_vec(&RunEnded::of(end.clone())).expect("encodes");
        assert_eq!(plain.first(), Some(&0x91), "one field");
        let mut loose = LooseEnds { unjoined: 3, ..LooseEnds::default() };
        for op in 0..25 {
            let label = CommandLabel { kind: CommandKind::Sh, name: "pay".to_owned() };
            loose.doubt(InDoubt { op: OpId(op), label, line: Some(3), strand: None });
        }
        loose.untaken((0..25).map(|n| format!("s{n}")));
        assert_eq!((loose.cut_off, loose.in_doubt.len(), loose.untaken.len()), (25, 20, 20));
        let ended = RunEnded { end, loose };
        for bytes in [rmp_serde::to_vec(&ended), rmp_serde::to_vec_named(&ended)] {
            let read: RunEnded = rmp_serde::from_slice(&bytes.expect("encodes")).expect("decodes");
            assert_eq!(read, ended);
        }
    }
}
