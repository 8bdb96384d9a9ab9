//! Cron expressions in a time zone: when the next slot is, over daylight saving too, and what a slot is called.
//!
//! A time that the spring leaves out is made up for at the instant at which the clock has jumped; a time of day that the
//! autumn repeats fires once, an interval such as `*/30` goes on through both hours.

use super::Zone;
use super::calendar::utc;
use crate::history::Moment;
use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone};
use croner::parser::{CronParser, Seconds, Year};
use std::fmt;

/// The fields of an expression, and what each takes.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31"),
    ("month", "1 to 12, or JAN to DEC"),
    ("weekday", "0 to 7, or SUN to SAT"),
];

/// A cron expression with five fields, or a nickname such as `@daily`, in a time zone.
#[derive(Clone)]
pub struct Cron {
    text: String,
    zone: Zone,
    pattern: croner::Cron,
}

/// Why a text is no cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// It has not five fields.
    #[error(
        "\"{text}\" has {fields} fields; a cron expression has five: minute, hour, day of the month, month, weekday"
    )]
    Fields {
        /// The text.
        text: String,
        /// How many it has.
        fields: usize,
    },
    /// One of its fields says nothing.
    #[error("\"{text}\" is no cron expression: {message}")]
    Syntax {
        /// The text.
        text: String,
        /// What is wrong.
        message: String,
    },
    /// No day is such a day: 30 February.
    #[error("\"{0}\" never fires: no date is such a date")]
    Never(String),
}

impl Cron {
    /// Reads an expression, which must fire at some time after `now`.
    ///
    /// # Errors
    /// [`CronError`] saying what is wrong.
    pub fn parse(text: &str, zone: Zone, now: Moment) -> Result<Self, CronError> {
        let cron = Self::read(text, zone)?;
        match cron.next(now) {
            Some(_) => Ok(cron),
            None => Err(CronError::Never(cron.text)),
        }
    }

    /// Reads an expression that was accepted before.
    ///
    /// # Errors
    /// [`CronError`] saying what is wrong; never `Never`.
    pub fn read(text: &str, zone: Zone) -> Result<Self, CronError> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = text.split(' ').filter(|field| !field.is_empty()).count();
        if fields != 5 && !(fields == 1 && text.starts_with('@')) {
            return Err(CronError::Fields { text, fields });
        }
        match pattern(&text) {
            Ok(pattern) => Ok(Self { text, zone, pattern }),
            Err(message) => Err(CronError::Syntax { message: wrong_field(&text).unwrap_or(message), text }),
        }
    }

    /// The expression, with single spaces.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The zone.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// The first slot after an instant; nothing where there is none within the years that a calendar knows.
    pub fn next(&self, after: Moment) -> Option<Moment> {
        // Whole seconds: what is searched begins after the one that `after` lies in.
        let from = utc(Moment(after.0.div_euclid(1_000) * 1_000)).with_timezone(&self.zone);
        let next = self.pattern.find_next_occurrence(&from, false).ok()?;
        let next = Moment(next.timestamp_millis());
        (next > after).then_some(next)
    }

    /// The slots after `after` up to and including `until`, at most `most`, the earliest first.
    pub fn slots(&self, after: Moment, until: Moment, most: usize) -> Vec<Moment> {
        let mut slots = Vec::new();
        let mut last = after;
        while slots.len() < most
            && let Some(next) = self.next(last).filter(|next| *next <= until)
        {
            slots.push(next);
            last = next;
        }
        slots
    }

    /// A slot as its runs are named after it: `2026-11-24T0230` on the clock of the zone, with seconds where it has some. The
    /// second of two that read the same when the clock is set back is `2026-10-25T0230-again`.
    pub fn label(&self, slot: Moment) -> String {
        label(slot, self.zone)
    }
}

fn pattern(text: &str) -> Result<croner::Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(text).map_err(|error| {
        let message = error.to_string();
        let message = message.rsplit_once("error: ").map_or(message.as_str(), |(_, rest)| rest);
        message.trim_end_matches('.').to_owned()
    })
}

/// Of an expression that is none the first field that is wrong by itself, and what it takes.
fn wrong_field(text: &str) -> Option<String> {
    if text.starts_with('@') {
        return None;
    }
    text.split(' ').zip(FIELDS).enumerate().find_map(|(place, (field, (name, takes)))| {
        let mut alone = ["*"; FIELDS.len()];
        *alone.get_mut(place)? = field;
        let message = pattern(&alone.join(" ")).err()?;
        Some(format!("the {name} \"{field}\": {message}; it takes {takes}"))
    })
}

/// An instant as runs are named after it; see [`Cron::label`].
fn label(slot: Moment, zone: Zone) -> String {
    let local = utc(slot).with_timezone(&zone);
    let pattern = if slot.0.rem_euclid(60_000) == 0 { "%Y-%m-%dT%H%M" } else { "%Y-%m-%dT%H%M%S" };
    let again = if is_repeated(&local) { "-again" } else { "" };
    format!("{}{again}", local.format(pattern))
}

fn is_repeated(local: &DateTime<Zone>) -> bool {
    let naive: NaiveDateTime = local.naive_local();
    match local.timezone().from_local_datetime(&naive) {
        MappedLocalTime::Ambiguous(first, _) => first.to_utc() + TimeDelta::seconds(1) <= local.to_utc(),
        MappedLocalTime::Single(_) | MappedLocalTime::None => false,
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.zone.name())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse_moment, rfc3339};
    use super::*;

    fn at(text: &str) -> Moment {
        parse_moment(text).expect("an instant")
    }

    fn berlin(text: &str) -> Cron {
        Cron::parse(text, Zone::named("Europe/Berlin").expect("a zone"), at("2026-01-01")).expect("a cron")
    }

    fn day(text: &str, date: &str) -> Vec<String> {
        let cron = berlin(text);
        let from = at(&format!("{date}T00:00:00+00:00")).plus_ms(-7_200_000);
        let slots = cron.slots(from, from.plus_ms(24 * 3_600_000), 1_000);
        slots
            .into_iter()
            .map(|slot| {
                let shown = utc(slot).with_timezone(&cron.zone);
                shown.format("%d %H:%M%:z").to_string()
            })
            .filter(|shown| shown.starts_with(&date[8..]))
            .collect()
    }

    #[test]
    fn a_time_that_the_spring_leaves_out_fires_when_the_clock_has_jumped() {
        assert_eq!(day("30 2 * * *", "2026-03-29"), ["29 03:00+02:00"]);
        assert_eq!(day("30 2 * * *", "2026-03-28"), ["28 02:30+01:00"]);
        assert_eq!(day("30 2 * * *", "2026-03-30"), ["30 02:30+02:00"]);
    }

    #[test]
    fn a_time_that_the_autumn_repeats_fires_once() {
        assert_eq!(day("30 2 * * *", "2026-10-25"), ["25 02:30+02:00"]);
        assert_eq!(day("30 2 * * *", "2026-10-26"), ["26 02:30+01:00"]);
    }

    #[test]
    fn an_interval_goes_on_through_both_hours_of_the_autumn_and_never_back() {
        let slots = day("*/30 * * * *", "2026-10-25");
        let twice: Vec<&String> = slots.iter().filter(|slot| slot.starts_with("25 02:")).collect();
        assert_eq!(twice, ["25 02:00+02:00", "25 02:30+02:00", "25 02:00+01:00", "25 02:30+01:00"]);
        let cron = berlin("*/30 * * * *");
        let all = cron.slots(at("2026-10-24T22:00:00Z"), at("2026-10-25T22:00:00Z"), 1_000);
        assert_eq!(all.len(), 48);
        assert!(all.is_sorted_by(|one, next| next.since_ms(*one) == 1_800_000));
        let labels: std::collections::BTreeSet<String> = all.iter().map(|slot| cron.label(*slot)).collect();
        assert_eq!(labels.len(), all.len(), "each slot has a name of its own: {labels:?}");
        assert!(labels.contains("2026-10-25T0230") && labels.contains("2026-10-25T0230-again"), "{labels:?}");
    }

    #[test]
    fn a_slot_is_named_by_the_clock_of_its_zone() {
        let cron = berlin("30 2 * * *");
        let slot = cron.next(at("2026-11-23T12:00:00Z")).expect("a slot");
        assert_eq!(
            (rfc3339(slot).as_str(), cron.label(slot).as_str()),
            ("2026-11-24T01:30:00.000Z", "2026-11-24T0230")
        );
        assert_eq!(cron.label(slot.plus_ms(15_000)), "2026-11-24T023015");
        assert_eq!(cron.next(slot.plus_ms(-1)), Some(slot));
        assert_eq!(cron.next(slot).map(|next| next.since_ms(slot)), Some(86_400_000));
        assert_eq!(cron.next(slot.plus_ms(500)).map(|next| next.since_ms(slot)), Some(86_400_000));
    }

    #[test]
    fn nicknames_names_and_lists_are_known() {
        for text in
            ["@daily", "@hourly", "0 9 * * MON-FRI", "0 0 1,15 * *", "*/5 8-18 * jan,jul mon", "0 0 L * *"]
        {
            assert!(Cron::parse(text, Zone::UTC, at("2026-01-01")).is_ok(), "{text}");
        }
        assert_eq!(berlin(" 0   9 * *  1 ").text(), "0 9 * * 1");
    }

    #[test]
    fn what_never_fires_or_is_no_expression_is_told() {
        let parse = |text: &str| Cron::parse(text, Zone::UTC, at("2026-01-01")).map(drop);
        assert_eq!(parse("0 0 30 2 *"), Err(CronError::Never("0 0 30 2 *".to_owned())));
        assert_eq!(parse("0 0 31 4,6 *"), Err(CronError::Never("0 0 31 4,6 *".to_owned())));
        assert_eq!(parse("0 0 29 2 *"), Ok(()));
        assert_eq!(parse("0 0 * *"), Err(CronError::Fields { text: "0 0 * *".to_owned(), fields: 4 }));
        assert_eq!(
            parse("0 0 0 * * *"),
            Err(CronError::Fields { text: "0 0 0 * * *".to_owned(), fields: 6 })
        );
        assert_eq!(parse(""), Err(CronError::Fields { text: String::new(), fields: 0 }));
        for text in
            ["61 0 * * *", "a b c d e", "@reboot", "@sometimes", "0 25 * * *", "0 0 * * 9", "5-1 * * * *"]
        {
            assert!(matches!(parse(text), Err(CronError::Syntax { .. })), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn the_field_that_is_wrong_is_named_with_its_bounds() {
        for (text, piece) in [
            ("61 2 * * *", "the minute \"61\": Number out of bounds; it takes 0 to 59"),
            ("0 25 * * *", "the hour \"25\": "),
            ("0 0 32 * *", "the day of the month \"32\": "),
            ("0 0 1 13 *", "the month \"13\": "),
            ("0 0 * * 9", "the weekday \"9\": "),
        ] {
            let Err(error) = Cron::parse(text, Zone::UTC, at("2026-01-01")) else { panic!("{text}") };
            assert!(error.to_string().contains(piece), "{error}");
        }
        let nickname = Cron::read("@reboot", Zone::UTC).map(drop).expect_err("no slot").to_string();
        assert!(!nickname.contains("it takes"), "{nickname}");
    }
}
