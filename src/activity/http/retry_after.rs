//! `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).

use crate::history::Moment;
use chrono::DateTime;

/// How long to wait, in milliseconds; nothing where it says neither.
pub(super) fn retry_after_ms(text: &str, now: Moment) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1000);
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some(Moment(date.timestamp_millis()).since_ms(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_waits() {
        let now = Moment(1_795_400_000_000);
        assert_eq!(retry_after_ms("120", now), Some(120_000));
        assert_eq!(retry_after_ms(" 0 ", now), Some(0));
        let at = DateTime::from_timestamp_millis(now.0 + 30_000).expect("a date");
        let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        assert_eq!(retry_after_ms(&date, now), Some(30_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(0), "past is now");
        for nonsense in ["", "soon", "-1", "1.5", "2026-11-23T10:00:00Z"] {
            assert_eq!(retry_after_ms(nonsense, now), None, "{nonsense}");
        }
    }
}
