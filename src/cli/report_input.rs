//! An input that is not what the script declares: all that is wrong, and how to see what it takes.

use super::escape::shell;
use super::exit::Exit;
use super::report::Report;
use crate::client::BadInput;

/// The report: the first mistake is its title, the others are notes.
pub(crate) fn of(script: &str, wrong: &[BadInput]) -> Report {
    let code = match wrong.first() {
        Some(BadInput::Unknown { .. }) | None => "D1300",
        Some(BadInput::Missing { .. }) => "D1301",
        Some(BadInput::Type { .. }) => "D1302",
        Some(BadInput::NoMap { .. }) => "D1303",
    };
    let title = wrong.first().map(ToString::to_string).unwrap_or_default();
    let mut report = Report::new(code, Exit::Usage, title);
    for other in wrong.iter().skip(1) {
        report = report.note(other.to_string());
    }
    report = report.note("nothing was recorded");
    for wrong in wrong {
        match wrong {
            BadInput::Unknown { near: Some(near), .. } => {
                report = report.hint(format!("did you mean {near}?"));
            }
            BadInput::Type { name, meant: Some(meant), .. } => {
                report = report.hint(format!("as JSON it is: -i {}", shell(&format!("{name}:={meant}"))));
            }
            BadInput::Type { name, wanted, meant: None, .. } => {
                let example = match *wanted {
                    "a whole number" => "3",
                    "a number" => "1.5",
                    "true or false" => "true",
                    "a list" => "[\"a\", \"b\"]",
                    "a map" => "{\"a\": 1}",
                    _ => "\"text\"",
                };
                let pair = shell(&format!("{name}:={example}"));
                report = report.hint(format!("{name} takes {wanted}, as JSON for example: -i {pair}"));
            }
            BadInput::Unknown { near: None, .. } | BadInput::Missing { .. } | BadInput::NoMap { .. } => {}
        }
    }
    report.hint(format!("durun start {} --help lists the inputs", shell(script)))
}
