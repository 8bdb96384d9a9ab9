//! `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).

use crate::history::Moment;
use crate::timer::parse_http_date;

/// How long to wait, in milliseconds; nothing where it says neither.
pub(super) fn retry_after_ms(text: &str, now: Moment) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1000);
    }
    Some(parse_http_date(text)?.since_ms(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_waits() {
        let now = Moment(1_795_400_000_000);
        assert_eq!(retry_after_ms("120", now), Some(120_000));
        assert_eq!(retry_after_ms(" 0 ", now), Some(0));
        let date = crate::timer::http_date(now.plus_ms(30_000)).expect("a date");
        assert_eq!(retry_after_ms(&date, now), Some(30_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(0), "past is now");
        for nonsense in ["", "soon", "-1", "1.5", "2026-11-23T10:00:00Z"] {
            assert_eq!(retry_after_ms(nonsense, now), None, "{nonsense}");
        }
    }
}
