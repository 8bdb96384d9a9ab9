//! Instants as people read and write them: RFC 3339, patterns, the dates of HTTP.

use super::Zone;
use crate::history::Moment;
use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};

pub(super) fn utc(moment: Moment) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(moment.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// RFC 3339 in UTC with milliseconds: `2026-11-23T11:28:42.120Z`.
pub fn rfc3339(moment: Moment) -> String {
    utc(moment).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The instant in a zone, by a `strftime` pattern such as `%Y-%m-%d`; nothing where the pattern is no pattern.
pub fn format_moment(moment: Moment, zone: Zone, pattern: &str) -> Option<String> {
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    if items.iter().any(|item| matches!(item, Item::Error)) {
        return None;
    }
    Some(utc(moment).with_timezone(&zone).format_with_items(items.into_iter()).to_string())
}

/// Reads RFC 3339 (`2026-12-01T09:00:00+01:00`), or a date or date and time in UTC.
pub fn parse_moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(time) = DateTime::<FixedOffset>::parse_from_rfc3339(text) {
        return Some(Moment(time.timestamp_millis()));
    }
    let naive = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|pattern| NaiveDateTime::parse_from_str(text, pattern).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    Some(Moment(Utc.from_utc_datetime(&naive).timestamp_millis()))
}

/// A date as HTTP writes it: `Mon, 23 Nov 2026 16:00:00 GMT` (RFC 9110, section 5.6.7, the form that is to be sent).
pub fn parse_http_date(text: &str) -> Option<Moment> {
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|date| Moment(date.timestamp_millis()))
}

/// The same, written.
pub fn http_date(moment: Moment) -> Option<String> {
    format_moment(moment, Zone::UTC, "%a, %d %b %Y %H:%M:%S GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_and_read_back() {
        let moment = Moment(1_795_433_322_120);
        assert_eq!(rfc3339(moment), "2026-11-23T11:28:42.120Z");
        assert_eq!(parse_moment(&rfc3339(moment)), Some(moment));
        assert_eq!(parse_moment("2026-11-23T12:28:42.120+01:00"), Some(moment));
        assert_eq!(parse_moment("2026-11-23"), Some(Moment(1_795_392_000_000)));
        assert_eq!(parse_moment("tomorrow"), None);
    }

    #[test]
    fn a_zone_moves_the_date() {
        let moment = Moment(1_795_433_322_120);
        let kiritimati = Zone::named("Pacific/Kiritimati").expect("a zone");
        assert_eq!(format_moment(moment, Zone::UTC, "%Y-%m-%d").as_deref(), Some("2026-11-23"));
        assert_eq!(format_moment(moment, kiritimati, "%Y-%m-%d").as_deref(), Some("2026-11-24"));
        assert_eq!(format_moment(moment, Zone::UTC, "%Q"), None);
    }
}
