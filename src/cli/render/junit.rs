//! What tests came to, in the XML that CI servers read.

use super::trials::failure;
use crate::cli::commands::test::FileOutcome;
use crate::cli::report_test;
use std::fmt::Write as _;
use std::path::Path;

/// The whole report.
pub(crate) fn report(all: &[FileOutcome]) -> String {
    let tests: usize = all.iter().map(count).sum();
    let failed: usize = all.iter().map(FileOutcome::failed).sum();
    let took: u128 = all.iter().flat_map(|file| &file.tests).map(|test| test.took_ms).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to text does not fail. That nothing was skipped and no error is no failure is said: some servers ask for it.
    let _ = writeln!(
        text,
        "<testsuites name=\"durun\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" time=\"{}\">",
        seconds(took)
    );
    for file in all.iter().filter(|file| count(file) > 0) {
        suite(&mut text, file);
    }
    text.push_str("</testsuites>\n");
    text
}

fn count(file: &FileOutcome) -> usize {
    file.tests.len() + usize::from(file.file.cases.is_err())
}

fn suite(text: &mut String, file: &FileOutcome) {
    let path = attribute(&file.file.path.display().to_string());
    let took: u128 = file.tests.iter().map(|test| test.took_ms).sum();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{path}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{}\">",
        count(file),
        file.failed(),
        seconds(took)
    );
    if let Err(fault) = &file.file.cases {
        let block = escaped(&report_test::report(&file.file, fault, Path::new("")).render(false));
        let _ = writeln!(
            text,
            "    <testcase classname=\"{path}\" name=\"(the file)\" file=\"{path}\" time=\"0.000\">\n      <failure \
             type=\"{}\" message=\"{}\">{block}</failure>\n    </testcase>",
            fault.code,
            attribute(&fault.message)
        );
    }
    for test in &file.tests {
        let _ = write!(
            text,
            "    <testcase classname=\"{path}\" name=\"{}\" file=\"{path}\" line=\"{}\" time=\"{}\"",
            attribute(&test.name),
            test.line,
            seconds(test.took_ms)
        );
        let failed = failure(file, &test.tested.ending);
        if failed.is_none() && test.tested.printed.is_empty() {
            text.push_str("/>\n");
            continue;
        }
        text.push_str(">\n");
        if let Some((code, title, block)) = failed {
            let (title, block) = (attribute(&title), escaped(&block));
            let _ = writeln!(text, "      <failure type=\"{code}\" message=\"{title}\">{block}</failure>");
        }
        if !test.tested.printed.is_empty() {
            let _ =
                writeln!(text, "      <system-out>{}</system-out>", escaped(&test.tested.printed.join("\n")));
        }
        text.push_str("    </testcase>\n");
    }
    text.push_str("  </testsuite>\n");
}

fn seconds(ms: u128) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Text as it may stand in XML 1.0, between quotes too; characters that may not stand there at all are replaced.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, character| {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
        safe
    })
}

/// The same for a value between quotes, where a line's end would be read as a space.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_safe_in_xml() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}[2J\n"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}[2J\n");
        assert_eq!(attribute("a\n\"b\""), "a&#10;&quot;b&quot;");
        assert_eq!(seconds(1_234), "1.234");
    }
}
