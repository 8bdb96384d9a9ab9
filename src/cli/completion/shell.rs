//! The shells: the script that each loads, and how an answer is written for it.

use super::line::Line;
use super::{Candidates, Files};
use crate::cli::escape;
use clap::ValueEnum;

/// A shell with completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// bash 4 or later.
    Bash,
    /// zsh.
    Zsh,
    /// fish 3 or later.
    Fish,
}

/// The script that the shell loads.
pub(crate) fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("durun.bash"),
        Shell::Zsh => include_str!("durun.zsh"),
        Shell::Fish => include_str!("durun.fish"),
    }
}

/// The answer: a line a word; with a tab and what it is where the shell shows that. Of the word at the cursor bash replaces only
/// `part`, the end of it.
pub(crate) fn answer(
    shell: Shell,
    candidates: &Candidates,
    current: &str,
    part: &str,
    quoted: bool,
) -> String {
    let mut out = String::new();
    let part = Line::until(part, part.len()).words.pop().unwrap_or_default();
    let kept = current.strip_suffix(part.as_str()).unwrap_or_default();
    for candidate in &candidates.words {
        let word = &candidate.word;
        // Names that could command a terminal, or do not fit a line, are not offered.
        if escape::line(word) != *word {
            continue;
        }
        match shell {
            Shell::Bash => {
                let Some(rest) = word.strip_prefix(kept) else { continue };
                out.push_str(&if quoted { rest.to_owned() } else { escaped(rest) });
            }
            Shell::Zsh | Shell::Fish => {
                out.push_str(word);
                out.push('\t');
                out.push_str(&escape::line(&candidate.about));
            }
        }
        out.push('\n');
    }
    out.push_str(match candidates.files {
        Files::No => "",
        Files::Scripts => "files:scripts\n",
        Files::Directories => "files:directories\n",
        Files::All => "files:all\n",
    });
    out
}

/// The word as it is typed outside quotes.
fn escaped(word: &str) -> String {
    let mut out = String::new();
    for letter in word.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"-_./=:@,+%".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Candidate;
    use super::*;

    #[test]
    fn bash_gets_the_rest_after_its_own_cut_and_escapes() {
        let word = |word: &str| Candidate { word: word.to_owned(), about: "about".to_owned() };
        let candidates = Candidates {
            words: vec![word("--output=json"), word("it's"), word("a\u{1b}b")],
            files: Files::Scripts,
        };
        let answer = |shell, current, part, quoted| answer(shell, &candidates, current, part, quoted);
        assert_eq!(answer(Shell::Bash, "--output=js", "js", false), "json\nfiles:scripts\n");
        assert_eq!(answer(Shell::Bash, "", "", false), "--output=json\nit\\'s\nfiles:scripts\n");
        assert_eq!(answer(Shell::Bash, "", "", true), "--output=json\nit's\nfiles:scripts\n");
        assert_eq!(answer(Shell::Zsh, "", "", false), "--output=json\tabout\nit's\tabout\nfiles:scripts\n");
    }
}
