//! Child runs: what ties a run to the one that started it, and how its end is told.

use super::{Failure, MessageId, MessageNo, Moment, OpId, RunEnd, RunId, RunNo, RunStart, Stuck, Value};
use serde::{Deserialize, Serialize};

/// How deep runs may be nested: a child of a child of … has at most so many above it.
pub const MOST_NESTED_RUNS: u32 = 16;

/// What becomes of a child that is open when its parent ends, or begins its next generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnParentClose {
    /// It is asked to end.
    #[default]
    Cancel,
    /// It is ended without being asked.
    Terminate,
    /// Nothing.
    Abandon,
}

/// The run that started another, as the child's row keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its number.
    pub run: RunNo,
    /// Its name.
    pub id: RunId,
    /// Its generation that asked.
    pub generation: u32,
    /// The command that asked.
    pub op: OpId,
    /// What becomes of the child when it closes.
    #[serde(default)]
    pub on_close: OnParentClose,
    /// How many runs there are above the child.
    pub depth: u32,
}

/// How a child came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildOutcome {
    /// It ended.
    Ended(RunEnd),
    /// Its script cannot go on. Mended later it does; its parent was told before.
    Stuck(Box<Stuck>),
}

/// A child whose end was delivered to its parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildEnded {
    /// Its number among the messages of the run.
    pub message_no: MessageNo,
    /// The store's id for it: the same for every end of one child.
    pub message_id: MessageId,
    /// The command that started the child.
    pub op: OpId,
    /// The child.
    pub child: RunId,
    /// How it came out.
    pub outcome: ChildOutcome,
    /// When the store wrote it.
    pub accepted_at: Moment,
}

impl OnParentClose {
    /// The words that a script may give.
    pub const WORDS: [(&'static str, Self); 3] =
        [("cancel", Self::Cancel), ("terminate", Self::Terminate), ("abandon", Self::Abandon)];
}

impl ChildOutcome {
    /// The word for how the child stands.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ended(end) => end.status().word(),
            Self::Stuck(_) => "stuck",
        }
    }

    /// What `result()` gives or throws.
    ///
    /// # Errors
    /// The failure `child`, with the child's id, how it stands, and what it failed with.
    pub fn reply(&self, child: &RunId) -> Result<Value, Failure> {
        let (why, cause) = match self {
            Self::Ended(RunEnd::Completed { result }) => return Ok(result.clone()),
            Self::Ended(RunEnd::Failed { failure }) => (innermost(failure), failure.to_value()),
            Self::Ended(
                RunEnd::Cancelled { reason } | RunEnd::TimedOut { reason } | RunEnd::Terminated { reason },
            ) => (reason.clone(), Value::Null),
            Self::Stuck(stuck) => {
                let mut failure = Failure::new(&stuck.kind, stuck.message.as_str());
                failure.line = stuck.line;
                (format!("{}; durun why {child}", stuck.message), failure.to_value())
            }
        };
        let how = match self {
            Self::Ended(RunEnd::Completed { .. } | RunEnd::Failed { .. }) => "failed",
            Self::Ended(RunEnd::Cancelled { .. }) => "was cancelled",
            Self::Ended(RunEnd::TimedOut { .. }) => "exceeded its time-out",
            Self::Ended(RunEnd::Terminated { .. }) => "was terminated",
            Self::Stuck(_) => "is stuck",
        };
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        Err(Failure::new(super::kind::CHILD, format!("child run {child} {how}{why}"))
            .with("id", child.as_str())
            .with("status", self.word())
            .with("cause", cause))
    }
}

/// Of a child that failed because its own child did: what that one says.
fn innermost(failure: &Failure) -> String {
    let inner = failure.message.split_once(" failed: ").map(|(_, inner)| inner);
    let inner = inner.filter(|inner| failure.kind == super::kind::CHILD && inner.starts_with("child run "));
    inner.unwrap_or(&failure.message).to_owned()
}

impl RunStart {
    /// Chance for a child that a command of this run starts: whoever starts it again gives it the same, and no script can read it.
    pub fn secret_of_child(&self, generation: u32, op: OpId) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"child").update(&self.secret).update(&super::generation::parts(
            RunNo(0),
            generation,
            op,
        ));
        let mut secret = [0; 16];
        hasher.finalize_xof().fill(&mut secret);
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_children_of_children_the_innermost_is_told() {
        let reply = |id: &str, failure: Failure| {
            let id = RunId::parse(id).expect("an id");
            ChildOutcome::Ended(RunEnd::Failed { failure }).reply(&id).expect_err("failed")
        };
        let mut failure = Failure::new("failure", "it failed: no");
        for id in ["p.0.0.0", "p.0.0", "p.0"] {
            failure = reply(id, failure);
        }
        assert_eq!(failure.message, "child run p.0 failed: child run p.0.0.0 failed: it failed: no");
    }

    #[test]
    fn an_end_is_a_value_or_says_which_child_and_why() {
        let child = RunId::parse("p.0").expect("an id");
        let reply = |outcome: ChildOutcome| outcome.reply(&child);
        let done = ChildOutcome::Ended(RunEnd::Completed { result: Value::Int(3) });
        assert_eq!(reply(done), Ok(Value::Int(3)));
        let failure = Failure::new("activity", "card declined");
        let failed = reply(ChildOutcome::Ended(RunEnd::Failed { failure: failure.clone() }));
        let failed = failed.expect_err("failed");
        assert_eq!(
            (failed.kind.as_str(), failed.message.as_str()),
            ("child", "child run p.0 failed: card declined")
        );
        assert_eq!(failed.data.get("cause"), Some(&failure.to_value()));
        assert_eq!(failed.data.get("id"), Some(&Value::from("p.0")));
        let ended = [
            (RunEnd::Cancelled { reason: String::new() }, "child run p.0 was cancelled", "cancelled"),
            (
                RunEnd::TimedOut { reason: "timeout".into() },
                "child run p.0 exceeded its time-out: timeout",
                "timed_out",
            ),
            (RunEnd::Terminated { reason: "x".into() }, "child run p.0 was terminated: x", "terminated"),
        ];
        for (end, message, status) in ended {
            let failed = reply(ChildOutcome::Ended(end)).expect_err("failed");
            assert_eq!(
                (failed.message.as_str(), failed.data.get("status")),
                (message, Some(&Value::from(status)))
            );
        }
    }
}
