//! Instants as people say them: how long ago, how long until.

use crate::history::Moment;
use crate::timer::{Zone, format_moment, rfc3339, show_duration};

/// `3s ago`, `in 2m 5s`, `now`.
pub(crate) fn relative(moment: Moment, now: Moment) -> String {
    let ahead = moment.since_ms(now);
    if ahead.abs() < 1_000 {
        "now".to_owned()
    } else if ahead > 0 {
        format!("in {}", coarse(ahead))
    } else {
        format!("{} ago", coarse(ahead.saturating_neg()))
    }
}

/// A countdown: whole seconds, rounded up, so that 0 means due.
pub(crate) fn left(due: Moment, now: Moment) -> String {
    coarse(due.since_ms(now).max(0).saturating_add(999))
}

/// How long it is until then, where it is looked at once: of less than a second the milliseconds.
pub(crate) fn until(due: Moment, now: Moment) -> String {
    match due.since_ms(now) {
        short @ 1..1_000 => show_duration(short),
        _ => left(due, now),
    }
}

/// A duration in whole seconds at least.
pub(crate) fn coarse(ms: i64) -> String {
    if ms < 1_000 { "0s".to_owned() } else { show_duration(ms - ms % 1_000) }
}

/// `2026-11-23 11:28:42Z`.
pub(crate) fn absolute(moment: Moment) -> String {
    format_moment(moment, Zone::UTC, "%Y-%m-%d %H:%M:%SZ").unwrap_or_else(|| rfc3339(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_from_now() {
        let now = Moment(1_000_000);
        assert_eq!(relative(now.plus_ms(-90_500), now), "1m 30s ago");
        assert_eq!(relative(now.plus_ms(3_400), now), "in 3s");
        assert_eq!(relative(now.plus_ms(-999), now), "now");
        assert_eq!(left(now.plus_ms(41_001), now), "42s");
        assert_eq!(left(now.plus_ms(-5), now), "0s");
        assert_eq!(
            (until(now.plus_ms(300), now), until(now.plus_ms(1_001), now)),
            ("300ms".to_owned(), "2s".to_owned())
        );
        assert_eq!((until(now, now), until(now.plus_ms(-5), now)), ("0s".to_owned(), "0s".to_owned()));
        assert_eq!(absolute(Moment(1_795_433_322_120)), "2026-11-23 11:28:42Z");
    }
}
