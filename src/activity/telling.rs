//! The telling lines: which of a program's words on stderr say why it failed.

/// How much of them goes into a message, in bytes.
const LENGTH: usize = 300;
/// Words of which one stands in most lines that tell a reason.
const REASONS: [&str; 22] = [
    "error",
    "fatal",
    "fail",
    "cannot",
    "can't",
    "could not",
    "couldn't",
    "unable",
    "no such",
    "not found",
    "not permitted",
    "denied",
    "refused",
    "invalid",
    "timed out",
    "timeout",
    "exception",
    "panic",
    "abort",
    "unreachable",
    "no space",
    "killed",
];

/// The first line that tells a reason and the last line; one alone where the other says no more. The last one of many
/// programs only points back: "tar: Exiting with failure status due to previous errors".
pub(super) fn telling(stderr: &str) -> Option<String> {
    let lines: Vec<&str> = stderr.lines().map(drawn_last).filter(|line| !line.trim().is_empty()).collect();
    // What is set in belongs to a line before it; the shell marks what it traces.
    let own: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !line.starts_with([' ', '\t']) && !line.starts_with("+ "))
        .collect();
    let all = if own.is_empty() { lines } else { own };
    let last = all.last()?.trim();
    let first = all.iter().map(|line| line.trim()).find(|line| tells_reason(line)).unwrap_or(last);
    if first == last || points_back(last) {
        return Some(cut(first, LENGTH));
    }
    Some(format!("{} … {}", cut(first, LENGTH / 2), cut(last, LENGTH / 2)))
}

/// What a terminal would show of a line that was drawn over.
fn drawn_last(line: &str) -> &str {
    line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default()
}

fn tells_reason(line: &str) -> bool {
    let line = line.to_lowercase();
    let is_warning = line.starts_with("warning") || line.contains(": warning");
    !is_warning && !points_back(&line) && REASONS.iter().any(|word| line.contains(word))
}

/// Whether a line says no more than that something was wrong before.
fn points_back(line: &str) -> bool {
    let line = line.to_lowercase();
    line.contains("previous error") || line.starts_with("make") && line.contains("***")
}

/// A line's beginning, up to a character's end.
fn cut(line: &str, most: usize) -> String {
    if line.len() <= most {
        return line.to_owned();
    }
    format!("{}…", line.get(..line.floor_char_boundary(most)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_why_is_found_among_those_that_do_not() {
        for (stderr, told) in [
            (
                "tar: nosuch: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n",
                "tar: nosuch: Cannot stat: No such file or directory",
            ),
            (
                "rsync: [sender] link_stat \"/a\" failed: No such file or directory (2)\nrsync error: some files/attrs were not \
                 transferred (see previous errors) (code 23) at main.c(1338) [sender=3.2.7]\n",
                "rsync: [sender] link_stat \"/a\" failed: No such file or directory (2)",
            ),
            (
                "  % Total    % Received % Xferd\n                 Dload  Upload\n\r  0     0\r  0     0\ncurl: (6) Could not resolve host: a\n",
                "curl: (6) Could not resolve host: a",
            ),
            (
                "curl: (22) The requested URL returned error: 404\n",
                "curl: (22) The requested URL returned error: 404",
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 1\n    raise ValueError(\"no\")\nValueError: no\n",
                "ValueError: no",
            ),
            (
                "pg_dump: error: connection to server failed: Connection refused\n\tIs the server running?\n",
                "pg_dump: error: connection to server failed: Connection refused",
            ),
            (
                "+ cp a b\ncp: cannot stat 'a': No such file or directory\n+ exit 1\n",
                "cp: cannot stat 'a': No such file or directory",
            ),
            ("cc: error: a.c: gone\nmake: *** [Makefile:2: all] Error 1\n", "cc: error: a.c: gone"),
            ("one\ntwo\n", "two"),
            (
                "Warning: Permanently added 'h' to the list of known hosts; not found before.\nh: Permission denied\n",
                "h: Permission denied",
            ),
            (
                "ERROR: Repository not found.\nPlease make sure that it exists\n",
                "ERROR: Repository not found. … Please make sure that it exists",
            ),
            ("copied 3, failed 0\nthe disk is full\n", "copied 3, failed 0 … the disk is full"),
            ("  set in, all of it\n", "set in, all of it"),
            (
                "tar: Error exit delayed from previous errors\n",
                "tar: Error exit delayed from previous errors",
            ),
        ] {
            assert_eq!(telling(stderr).as_deref(), Some(told), "{stderr}");
        }
        assert_eq!(telling(" \n\n\r\n"), None);
    }

    #[test]
    fn however_long_they_are_they_stay_a_message() {
        let told = telling(&format!("error: {}\n{}\n", "ü".repeat(400), "y".repeat(400))).expect("lines");
        assert!(told.len() <= LENGTH + 20 && told.contains("ü… … yy"), "{told}");
    }
}
