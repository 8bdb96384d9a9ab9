//! Time: the clock as a parameter, durations as people write them, instants as people read them.
//!
//! Only `clock` asks the machine what time it is; everything else takes instants and gives instants.

mod calendar;
mod clock;
mod cron;
mod duration;
mod offset;
mod zone;

pub use calendar::{format_moment, http_date, parse_http_date, parse_moment, rfc3339};
pub use clock::{Clock, ManualClock, SystemClock, thread_time};
pub use cron::{Cron, CronError};
pub use duration::{DurationError, parse_duration, show_duration};
pub use zone::Zone;
