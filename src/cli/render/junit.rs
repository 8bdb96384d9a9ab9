//! What tests came to, in the XML that CI servers read.

use super::trials::failure;
use crate::cli::commands::test::FileOutcome;
use std::fmt::Write as _;

/// The whole report.
pub(crate) fn report(all: &[FileOutcome]) -> String {
    let tests: usize = all.iter().map(count).sum();
    let failed: usize = all.iter().map(FileOutcome::failed).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to text does not fail.
    let _ = writeln!(text, "<testsuites name=\"durun\" tests=\"{tests}\" failures=\"{failed}\">");
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
    let path = escaped(&file.file.path.display().to_string());
    let took: u128 = file.tests.iter().map(|test| test.took_ms).sum();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{path}\" tests=\"{}\" failures=\"{}\" time=\"{}\">",
        count(file),
        file.failed(),
        seconds(took)
    );
    if let Err(fault) = &file.file.cases {
        let message = escaped(&fault.message);
        let _ = writeln!(text, "    <testcase classname=\"{path}\" name=\"(the file)\">");
        let _ =
            writeln!(text, "      <failure type=\"{}\" message=\"{message}\"/>\n    </testcase>", fault.code);
    }
    for test in &file.tests {
        let _ = write!(
            text,
            "    <testcase classname=\"{path}\" name=\"{}\" file=\"{path}\" line=\"{}\" time=\"{}\"",
            escaped(&test.name),
            test.line,
            seconds(test.took_ms)
        );
        let failed = failure(file, &test.tested.ending);
        if failed.is_none() && test.tested.printed.is_empty() {
            text.push_str("/>\n");
            continue;
        }
        text.push_str(">\n");
        if let Some((title, block)) = failed {
            let _ = writeln!(
                text,
                "      <failure message=\"{}\">{}</failure>",
                escaped(&title),
                escaped(&block)
            );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_safe_in_xml() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}[2J\n"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}[2J\n");
        assert_eq!(seconds(1_234), "1.234");
    }
}
