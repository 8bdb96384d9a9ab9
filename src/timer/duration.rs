//! Durations as people write them: `"30s"`, `"1 min"`, `"1h 30m"`, `"2 days"`; months and years are refused.

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing was given.
    #[error("a duration may not be empty; write for example \"30s\", \"1 min\", \"1h 30m\" or \"2 days\"")]
    Empty,
    /// A unit without a fixed length.
    #[error("\"{0}\" has no fixed length; write it in days or weeks, or use sleep_until with a date")]
    NoFixedLength(String),
    /// A unit that is not known.
    #[error("\"{0}\" is no unit of time; units are ms, s, min, h, days and weeks")]
    Unit(String),
    /// A number without a unit.
    #[error("\"{0}\" has no unit; write for example \"{0}s\" or \"{0} min\"")]
    NoUnit(String),
    /// Not a number where one should stand.
    #[error("\"{0}\" is no duration; write for example \"30s\", \"1 min\", \"1h 30m\" or \"2 days\"")]
    Number(String),
    /// Below zero.
    #[error("a duration may not be negative: \"{0}\"")]
    Negative(String),
    /// Over 100 years.
    #[error("\"{0}\" is longer than 100 years")]
    TooLong(String),
}

/// The longest duration: 100 years of 365 days, in milliseconds.
const LONGEST_MS: f64 = 100.0 * 365.0 * 86_400_000.0;

/// Reads a duration; gives milliseconds.
///
/// # Errors
/// [`DurationError`] saying what is wrong and what to write instead.
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(DurationError::Empty);
    }
    if rest.starts_with('-') {
        return Err(DurationError::Negative(text.to_owned()));
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let split = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, after) = rest.split_at(split);
        let number_value: f64 = number.parse().map_err(|_| DurationError::Number(text.to_owned()))?;
        let after = after.trim_start();
        let split = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(split);
        if unit.is_empty() && after.is_empty() {
            return Err(DurationError::NoUnit(number.to_owned()));
        }
        total += number_value * unit_ms(unit).ok_or_else(|| refuse_unit(unit, text))?;
        rest = after.trim_start_matches([' ', ',']);
    }
    if total > LONGEST_MS {
        return Err(DurationError::TooLong(text.to_owned()));
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "bounded above, not negative"
    )]
    Ok(total.round() as i64)
}

fn unit_ms(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000.0,
        "d" | "day" | "days" => 86_400_000.0,
        "w" | "week" | "weeks" => 604_800_000.0,
        _ => return None,
    })
}

fn refuse_unit(unit: &str, text: &str) -> DurationError {
    match unit {
        "M" | "mo" | "month" | "months" | "y" | "yr" | "year" | "years" => {
            DurationError::NoFixedLength(unit.to_owned())
        }
        "" => DurationError::Number(text.to_owned()),
        unit => DurationError::Unit(unit.to_owned()),
    }
}

/// Shows milliseconds as people say them, two units at most: `1h 30m`, `4.2s`, `350ms`.
pub fn show_duration(ms: i64) -> String {
    let ms = ms.max(0);
    let (seconds, minutes, hours, days) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    let two = |big: i64, big_unit: &str, small: i64, small_unit: &str| {
        if small == 0 { format!("{big}{big_unit}") } else { format!("{big}{big_unit} {small}{small_unit}") }
    };
    if ms < 1000 {
        format!("{ms}ms")
    } else if seconds < 10 && ms % 1000 >= 100 {
        format!("{seconds}.{}s", ms % 1000 / 100)
    } else if seconds < 60 {
        format!("{seconds}s")
    } else if minutes < 60 {
        two(minutes, "m", seconds % 60, "s")
    } else if hours < 24 {
        two(hours, "h", minutes % 60, "m")
    } else {
        two(days, "d", hours % 24, "h")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, ms) in [
            ("30s", 30_000),
            ("1 min", 60_000),
            ("1h 30m", 5_400_000),
            ("2 days", 172_800_000),
            ("1.5h", 5_400_000),
            ("250ms", 250),
            ("1 week, 1 day", 691_200_000),
            ("0s", 0),
            (" 5 sec ", 5_000),
        ] {
            assert_eq!(parse_duration(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_told_with_a_way_out() {
        assert_eq!(parse_duration(""), Err(DurationError::Empty));
        assert_eq!(parse_duration("1 month"), Err(DurationError::NoFixedLength("month".into())));
        assert_eq!(parse_duration("1M"), Err(DurationError::NoFixedLength("M".into())));
        assert_eq!(parse_duration("5 parsecs"), Err(DurationError::Unit("parsecs".into())));
        assert_eq!(parse_duration("10"), Err(DurationError::NoUnit("10".into())));
        assert_eq!(parse_duration("-1s"), Err(DurationError::Negative("-1s".into())));
        assert_eq!(parse_duration("soon"), Err(DurationError::Number("soon".into())));
        assert_eq!(parse_duration("1s2"), Err(DurationError::NoUnit("2".into())));
        assert_eq!(parse_duration("9999999 days"), Err(DurationError::TooLong("9999999 days".into())));
        assert_eq!(parse_duration("1..5s"), Err(DurationError::Number("1..5s".into())));
    }

    #[test]
    fn durations_are_shown_in_two_units_at_most() {
        for (ms, text) in [
            (350, "350ms"),
            (4_200, "4.2s"),
            (4_000, "4s"),
            (59_999, "59s"),
            (90_000, "1m 30s"),
            (3_600_000, "1h"),
            (100_000_000, "1d 3h"),
        ] {
            assert_eq!(show_duration(ms), text);
        }
    }
}
