//! A line of bash as words: bash cuts words where a completion may begin (`=`, `@`, `:`), which the grammar does not.

/// The words of a line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The words, the one at the cursor last, perhaps empty.
    pub(crate) words: Vec<String>,
    /// The quote that the last one stands in.
    pub(crate) quote: Option<char>,
}

impl Line {
    /// Takes a line apart, as far as the cursor, which counts bytes.
    pub(crate) fn until(line: &str, cursor: usize) -> Self {
        let text = line.get(..cursor).unwrap_or(line);
        let mut words = vec![String::new()];
        let (mut quote, mut inside) = (None, false);
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let Some(word) = words.last_mut() else { break };
            match (quote, letter) {
                (None, ' ' | '\t') => {
                    if inside {
                        words.push(String::new());
                    }
                    inside = false;
                    continue;
                }
                // Another command begins.
                (None, ';' | '|' | '&' | '\n') => {
                    words = vec![String::new()];
                    inside = false;
                    continue;
                }
                (None, '\'' | '"') => quote = Some(letter),
                (Some(open), close) if open == close => quote = None,
                (None, '\\') => word.extend(letters.next()),
                (Some('"'), '\\') if letters.peek().is_some_and(|next| "\"\\$`".contains(*next)) => {
                    word.extend(letters.next());
                }
                (_, letter) => word.push(letter),
            }
            inside = true;
        }
        Self { words, quote }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        Line::until(line, line.len()).words
    }

    #[test]
    fn quotes_and_escapes_make_one_word() {
        assert_eq!(
            words("durun start my\\ job.rhai -i 'a b=\"c\"'"),
            ["durun", "start", "my job.rhai", "-i", "a b=\"c\""]
        );
        assert_eq!(words("durun \"a \\\"b\\\" \\n\""), ["durun", "a \"b\" \\n"]);
        assert_eq!(Line::until("durun 'a b", 10).quote, Some('\''));
    }

    #[test]
    fn the_word_at_the_cursor_is_last_and_may_be_empty() {
        assert_eq!(words("durun status "), ["durun", "status", ""]);
        assert_eq!(words("durun --store=di"), ["durun", "--store=di"]);
        assert_eq!(Line::until("durun status @la rest", 16).words, ["durun", "status", "@la"]);
        assert_eq!(words(""), [""]);
    }

    #[test]
    fn a_command_before_it_is_not_its_own() {
        assert_eq!(words("cd x && durun li"), ["durun", "li"]);
        assert_eq!(words("echo ';' | durun "), ["durun", ""]);
    }
}
