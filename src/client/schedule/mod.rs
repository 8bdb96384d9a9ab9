//! Schedules: added, changed and listed by people, fired by whoever goes on with runs.

mod backfill;
mod edit;
mod error;
mod fire;
mod plan;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod tests;
mod view;

pub use backfill::{Backfilled, backfill};
pub use edit::{Added, NewSchedule, add_schedule, pause_schedule, remove_schedule, resume_schedule, trigger};
pub use error::ScheduleError;
pub use fire::fire_schedules;
pub(super) use fire::next_slot;
pub use plan::News;
pub use view::{ScheduleView, ScheduleViews, mark_seen, schedules};
