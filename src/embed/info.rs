//! One run as it stands, for lists and pages.

use crate::history::{Moment, RunId, RunStatus};
use crate::store::RunView;

/// What is known of a run without replaying it.
///
/// ```
/// use durun::{Durun, RunStatus, Start};
///
/// # let place = tempfile::tempdir()?;
/// # let directory = place.path();
/// let durun = Durun::open(directory)?;
/// durun.start(Start::text("a.rhai", r#"set_summary("all is well"); 1"#).id("a"))?.wait()?;
/// let completed = durun.list(&[RunStatus::Completed])?;
/// let told: Vec<_> = completed.iter().map(|run| (run.id.as_str(), run.summary.as_deref())).collect();
/// assert_eq!(told, [("a", Some("all is well"))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunInfo {
    /// Its name.
    pub id: RunId,
    /// The path of its script when it was started.
    pub script: String,
    /// How it stands.
    pub status: RunStatus,
    /// When it was recorded.
    pub started_at: Moment,
    /// When the last entry of its history was written.
    pub last_at: Moment,
    /// How many entries its history has.
    pub entries: u32,
    /// What the script last gave to `set_summary`.
    pub summary: Option<String>,
    /// How far it says it is: so many of so many.
    pub progress: Option<(i64, i64)>,
    /// The process that executes it now.
    pub executed_by: Option<u32>,
}

impl From<RunView> for RunInfo {
    fn from(view: RunView) -> Self {
        Self {
            id: view.row.id,
            script: view.row.script,
            status: view.status,
            started_at: view.row.created_at,
            last_at: view.last_at,
            entries: view.entries.0,
            summary: view.row.summary,
            progress: view.row.progress.map(|how_far| (how_far.done, how_far.total)),
            executed_by: view.executor.map(|claim| claim.pid),
        }
    }
}
