//! What the store keeps of each run: the record of its start, and the small row that changes.

use super::flat::lean;
use super::{
    Branch, Edit, HowFar, Moment, Origin, Parent, PastGeneration, Patches, QueuePlace, RunId, RunNo,
    SkippedStarts, StoredStatus, Unread, Value,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The BLAKE3 hash of a script's text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScriptHash(#[serde(with = "serde_bytes")] pub [u8; 32]);

/// A process's name among those that use a store: it holds `workers/<token>.lock` while it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub u64);

/// A script pinned by content: its own text and those it imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The canonical path of the script when the run was recorded.
    pub path: String,
    /// The hash of its text.
    pub main: ScriptHash,
    /// Each imported module: the path given to `import`, and the hash of its text.
    #[serde(default)]
    pub modules: BTreeMap<String, ScriptHash>,
}

impl Program {
    /// Whether script and imports say the same, wherever they lie.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.main, &self.modules) == (other.main, &other.modules)
    }
}

/// What a run was started with. Written once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStart {
    /// The script and its modules.
    pub program: Program,
    /// `input` as the script sees it.
    #[serde(default)]
    pub input: Value,
    /// The directory that processes are started in.
    pub directory: String,
    /// The environment that processes are given.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The run's own time-out in milliseconds, from `RunBegan`.
    #[serde(default)]
    pub timeout_ms: Option<i64>,
    /// Chance that no script can read: its tokens are made of it, and its `uuid()` must not betray them.
    #[serde(default, with = "serde_bytes")]
    pub secret: [u8; 16],
    /// Which named changes of the script hold from which entry on.
    #[serde(default)]
    pub patches: Patches,
}

/// Who executes a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The process's token.
    pub token: Token,
    /// Its process id, for people.
    pub pid: u32,
}

/// The changing facts of a run. Not rewritten at each step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RunRow {
    /// Its number.
    pub no: RunNo,
    /// Its name.
    pub id: RunId,
    /// The script's path as recorded, repeated here for lists.
    pub script: String,
    /// Its state.
    pub status: StoredStatus,
    /// Raised by each claim; appends carry it.
    pub epoch: u64,
    /// Who executes it, where somebody has it.
    #[serde(default)]
    pub claim: Option<Claim>,
    /// Raised by `rewind` and `restart_with`.
    #[serde(default)]
    pub generation: u32,
    /// When it was recorded.
    pub created_at: Moment,
    /// When this row was last written.
    pub updated_at: Moment,
    /// The number of messages accepted so far: the next has this plus one.
    #[serde(default)]
    pub messages: u64,
    /// The instant of the message accepted last.
    #[serde(default)]
    pub last_message_at: Moment,
    /// How many accepted messages were never delivered and went with its end; others lie in its inbox still.
    #[serde(default)]
    pub unread: u32,
    /// What the script last gave to `set_summary`.
    #[serde(default)]
    pub summary: Option<String>,
    /// How far it last said it is, by `progress` or `parallel`.
    #[serde(default)]
    pub progress: Option<HowFar>,
    /// When a request to end was delivered.
    #[serde(default)]
    pub cancel_requested_at: Option<Moment>,
    /// The queue that it was started in.
    #[serde(default)]
    pub queue: Option<QueuePlace>,
    /// Where the entries and log lines of a later generation lie; those of the first lie under the run's own number.
    #[serde(default)]
    pub history: Option<RunNo>,
    /// The generation before the present one.
    #[serde(default)]
    pub past: Option<PastGeneration>,
    /// The run that started it.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// The key by which starts know it as one of theirs; without one, by its script.
    #[serde(default)]
    pub overlap_key: Option<String>,
    /// The slot of a schedule that started it.
    #[serde(default)]
    pub origin: Option<Origin>,
    /// What was set aside of its histories, in order.
    #[serde(default)]
    pub branches: Vec<Branch>,
    /// From which entry on it has had which text, where that was changed.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// Of the messages that were never delivered and went with its end the first; none of a run that ended before they were kept.
    #[serde(default)]
    pub gone: Vec<Unread>,
    /// The starts that were left out because it had not ended.
    #[serde(default)]
    pub skipped: SkippedStarts,
}

lean!(RunRow {
    no: no,
    id: id,
    script: script,
    status: status,
    epoch: epoch,
    claim: claim,
    generation: generation,
    created_at: created_at,
    updated_at: updated_at,
}
    messages,
    last_message_at,
    unread,
    summary,
    progress,
    cancel_requested_at,
    queue,
    history,
    past,
    parent,
    overlap_key,
    origin,
    branches,
    edits,
    gone,
    skipped,
);

/// The name of the script of runs that tell of others, in the folder of the script that they tell of.
pub const HOOK_SCRIPT: &str = "(notify)";

/// The variable that names, in the environment that a run records, the activities that are functions of the program that
/// started it, with spaces between.
pub const FUNCTIONS: &str = "DURUN_FUNCTIONS";

impl RunStart {
    /// The activities that are functions of the program that started it.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.environment.get(FUNCTIONS).into_iter().flat_map(|names| names.split_whitespace())
    }
}

impl RunRow {
    /// Whether it tells somebody of another run, as `[notify]` says.
    pub fn is_hook(&self) -> bool {
        self.script.rsplit('/').next() == Some(HOOK_SCRIPT)
    }
}

impl ScriptHash {
    /// The hash of a text.
    pub fn of(text: &str) -> Self {
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }
}

impl fmt::Display for ScriptHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ScriptHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_written_before_runs_had_a_key_is_read() {
        let before = serde_json::json!({
            "no": 1, "id": "a", "script": "/a.rhai", "status": "open", "epoch": 2, "created_at": 5, "updated_at": 6,
        });
        let bytes = rmp_serde::to_vec_named(&before).expect("encodes");
        let row: RunRow = rmp_serde::from_slice(&bytes).expect("decodes");
        assert_eq!((row.epoch, &row.overlap_key), (2, &None));
        let now = RunRow { overlap_key: Some("k".to_owned()), ..row };
        let bytes = rmp_serde::to_vec_named(&now).expect("encodes");
        assert_eq!(rmp_serde::from_slice::<RunRow>(&bytes).expect("decodes"), now);
    }

    #[test]
    fn a_row_says_only_what_is_unusual_and_all_of_it_comes_back() {
        let usual = serde_json::json!({
            "no": 1, "id": "a", "script": "/a.rhai", "status": "open", "epoch": 2, "created_at": 5, "updated_at": 6,
        });
        let usual: RunRow = serde_json::from_value(usual).expect("decodes");
        assert_eq!(rmp_serde::to_vec(&usual).expect("encodes").first(), Some(&0x99), "nine fields");
        let rows = [
            RunRow { messages: 1, last_message_at: Moment(9), ..usual.clone() },
            RunRow { last_message_at: Moment(9), ..usual.clone() },
            RunRow { summary: Some(String::new()), ..usual.clone() },
            RunRow { cancel_requested_at: Some(Moment(0)), unread: 3, ..usual.clone() },
            RunRow { history: Some(RunNo(9)), generation: 4, ..usual.clone() },
            RunRow { overlap_key: Some("k".to_owned()), ..usual.clone() },
            usual,
        ];
        for row in rows {
            let bytes = rmp_serde::to_vec(&row).expect("encodes");
            assert_eq!(rmp_serde::from_slice::<RunRow>(&bytes).expect("decodes"), row);
        }
    }

    #[test]
    fn a_row_written_before_histories_were_set_aside_is_read() {
        let before = serde_json::json!({
            "no": 1, "id": "a", "script": "/a.rhai", "status": "open", "epoch": 2, "created_at": 5, "updated_at": 6,
            "generation": 1, "history": 9, "overlap_key": "k",
        });
        let bytes = rmp_serde::to_vec_named(&before).expect("encodes");
        let row: RunRow = rmp_serde::from_slice(&bytes).expect("decodes");
        assert_eq!((row.history, row.branches.len(), row.edits.len()), (Some(RunNo(9)), 0, 0));
        let branch = Branch {
            generation: 1,
            from: crate::history::Seq(2),
            until: crate::history::Seq(4),
            history: RunNo(12),
            chained_to: crate::history::Checksum::first(RunNo(9)),
            at: Moment(7),
            again: None,
            nonce: crate::history::MessageId([3; 16]),
        };
        let edit = Edit {
            at: Moment(8),
            generation: 1,
            before: crate::history::Seq(2),
            from: ScriptHash::of("1"),
            to: ScriptHash::of("2"),
        };
        let now = RunRow { branches: vec![branch], edits: vec![edit], ..row };
        for bytes in [rmp_serde::to_vec_named(&now), rmp_serde::to_vec(&now)] {
            assert_eq!(rmp_serde::from_slice::<RunRow>(&bytes.expect("encodes")).expect("decodes"), now);
        }
    }

    #[test]
    fn a_start_recorded_before_runs_had_a_secret_is_read() {
        #[derive(Serialize)]
        struct Before<'a> {
            program: Program,
            input: Value,
            directory: &'a str,
        }
        let main = ScriptHash::of("1");
        let program = Program { path: "/a.rhai".to_owned(), main, modules: BTreeMap::new() };
        let before = Before { program, input: Value::Int(3), directory: "/" };
        let bytes = rmp_serde::to_vec_named(&before).expect("encodes");
        let start: RunStart = rmp_serde::from_slice(&bytes).expect("decodes");
        assert_eq!((start.secret, &start.input), ([0; 16], &Value::Int(3)));
        assert!(start.patches.is_empty());
        let names = std::collections::BTreeSet::from(["a".to_owned()]);
        let patches = start.patches.upgraded(&names, &["b".to_owned()].into(), super::super::Seq(3));
        let now = RunStart { secret: [9; 16], patches, ..start };
        let bytes = rmp_serde::to_vec_named(&now).expect("encodes");
        assert_eq!(rmp_serde::from_slice::<RunStart>(&bytes).expect("decodes"), now);
    }
}
