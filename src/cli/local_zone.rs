//! The time zone of this machine by its name: of `$TZ`, else of the system's clock.

use super::environment::Environment;
use crate::timer::Zone;
use std::path::Path;

/// The zone; UTC where nothing says one.
pub(crate) fn local_zone(environment: &Environment) -> Zone {
    let named = environment.text("TZ").map(|text| text.trim_start_matches(':'));
    named
        .filter(|text| !text.is_empty())
        .and_then(Zone::named)
        .or_else(|| of_link(&std::fs::read_link("/etc/localtime").ok()?))
        .or_else(|| Zone::named(std::fs::read_to_string("/etc/timezone").ok()?.trim()))
        .unwrap_or(Zone::UTC)
}

/// `/usr/share/zoneinfo/Europe/Berlin` is Europe/Berlin.
fn of_link(path: &Path) -> Option<Zone> {
    let text = path.to_str()?;
    Zone::named(text.split_once("zoneinfo/")?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_the_variable_and_by_the_link() {
        let zone = |tz: &str| local_zone(&Environment::of(&[("TZ", tz)], Path::new("/")));
        assert_eq!(zone("Europe/Berlin").name(), "Europe/Berlin");
        assert_eq!(zone(":Asia/Tokyo").name(), "Asia/Tokyo");
        let link = |path: &str| of_link(Path::new(path)).map(Zone::name);
        assert_eq!(link("/usr/share/zoneinfo/Europe/Berlin"), Some("Europe/Berlin"));
        assert_eq!(link("../usr/share/zoneinfo/UTC"), Some("UTC"));
        assert_eq!(link("/somewhere/else"), None);
    }
}
