//! The manual: a page of man for each command, made from the grammar as `--help` is.

use super::args::CommandLine;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use std::fmt::Write as _;

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    /// The words of the command, the program's name first.
    pub(crate) words: Vec<String>,
    /// Its text, for roff.
    pub(crate) text: String,
}

impl Page {
    /// The name of its file: `durun-schedule-add.1`.
    pub(crate) fn file(&self) -> String {
        format!("{}.1", self.words.join("-"))
    }
}

/// All pages, that of the program first.
pub(crate) fn pages() -> Vec<Page> {
    let mut grammar = CommandLine::command();
    grammar.build();
    let mut pages = Vec::new();
    add(&grammar, &[], &mut pages);
    pages
}

fn add(command: &Command, above: &[String], pages: &mut Vec<Page>) {
    let words: Vec<String> = above.iter().cloned().chain([command.get_name().to_owned()]).collect();
    pages.push(Page { text: text(command, &words), words: words.clone() });
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        add(inner, &words, pages);
    }
}

fn text(command: &Command, words: &[String]) -> String {
    let source = format!("durun {}", env!("CARGO_PKG_VERSION"));
    let titled = command.clone().display_name(words.join("-"));
    let man = Man::new(titled.clone()).title(words.join("-")).source(source).manual("durun");
    let mut out = Vec::new();
    // Writing to memory does not fail.
    let mut written = man.render_title(&mut out).and_then(|()| man.render_name_section(&mut out));
    written = written.and_then(|()| man.render_synopsis_section(&mut out));
    written = written.and_then(|()| man.render_description_section(&mut out));
    written = written.and_then(|()| man.render_options_section(&mut out));
    let inner = || command.get_subcommands().filter(|inner| !inner.is_hide_set());
    if written.is_ok() && inner().next().is_some() {
        out.extend(commands(inner(), words).into_bytes());
    }
    let mut text = String::from_utf8_lossy(&out).into_owned();
    text.push_str(&after(command));
    text.push_str(&see_also(command, words));
    text
}

/// The commands below one, each with the name of its page.
fn commands<'c>(inner: impl Iterator<Item = &'c Command>, words: &[String]) -> String {
    let mut out = ".SH COMMANDS\n".to_owned();
    for command in inner {
        let page = escaped(&format!("{}-{}(1)", words.join("-"), command.get_name()));
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(out, ".TP\n\\fB{page}\\fR\n{}", escaped(&about)).unwrap_or_default();
    }
    out
}

/// What follows the options in `--help`: its headings are sections, lines that are set in stay lines, and text is filled.
fn after(command: &Command) -> String {
    let Some(after) = command.get_after_help().map(ToString::to_string) else { return String::new() };
    let (mut out, mut is_kept) = (String::new(), false);
    for line in after.lines() {
        let heading = line.split_once(':').filter(|(name, rest)| {
            !line.starts_with(' ')
                && ["Example", "Examples", "Exit codes"].contains(name)
                && (rest.is_empty() || *name == "Exit codes")
        });
        let keeps = line.starts_with(' ');
        if !line.is_empty() && keeps != is_kept {
            out.push_str(if keeps { ".nf\n" } else { ".fi\n" });
            is_kept = keeps;
        }
        match heading {
            Some((name, rest)) => {
                writeln!(out, ".SH {}", name.to_uppercase()).unwrap_or_default();
                if !rest.is_empty() {
                    writeln!(out, "{}", escaped(rest.trim_start())).unwrap_or_default();
                }
            }
            None if out.is_empty() => writeln!(out, ".SH NOTES\n{}", escaped(line)).unwrap_or_default(),
            None if line.is_empty() => out.push_str(".PP\n"),
            None => writeln!(out, "{}", escaped(line)).unwrap_or_default(),
        }
    }
    out.push_str(if is_kept { ".fi\n" } else { "" });
    out
}

fn see_also(command: &Command, words: &[String]) -> String {
    if words.len() > 1 {
        let above = words.split_last().map(|(_, above)| above.join("-")).unwrap_or_default();
        return format!(".SH SEE ALSO\n\\fB{}\\fR(1)\n", escaped(&above));
    }
    let all: Vec<String> = command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
        .map(|inner| format!("\\fBdurun\\-{}\\fR(1)", escaped(inner.get_name())))
        .collect();
    format!(".SH SEE ALSO\n{}\n", all.join(", "))
}

/// A line as roff prints it as it is.
fn escaped(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_below_the_options_is_broken_by_whoever_shows_it() {
        fn look(command: &Command) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let is_text = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
            for (above, below) in after.lines().zip(after.lines().skip(1)) {
                assert!(!(is_text(above) && is_text(below)), "{}: {above}\n{below}", command.get_name());
            }
            command.get_subcommands().for_each(look);
        }
        look(&CommandLine::command());
        let pages = pages();
        let cancel = pages.iter().find(|page| page.file() == "durun-cancel.1").expect("a page");
        assert!(cancel.text.contains(".SH NOTES\nThe wish is recorded"), "{}", cancel.text);
        assert!(cancel.text.contains(".SH EXAMPLE\n.nf\n  durun cancel"), "{}", cancel.text);
    }

    #[test]
    fn each_command_that_help_lists_has_a_page_with_its_examples() {
        let pages = pages();
        let files: Vec<String> = pages.iter().map(Page::file).collect();
        for file in ["durun.1", "durun-start.1", "durun-schedule-add.1", "durun-tick.1"] {
            assert!(files.contains(&file.to_owned()), "{file} is not among {files:?}");
        }
        assert!(!files.iter().any(|file| file.contains("complete.1")), "a hidden command has no page");
        let page = |file: &str| &pages.iter().find(|page| page.file() == file).expect("a page").text;
        assert!(page("durun-signal.1").contains(".SH EXAMPLES\n.nf\n  durun signal order\\-1001 pickedUp\n"));
        assert!(page("durun.1").contains(".SH EXIT CODES\n0 completed"));
        assert!(page("durun.1").contains("durun\\-schedule(1)"));
        assert!(page("durun-schedule.1").contains("durun\\-schedule\\-add(1)"));
    }

    #[test]
    fn a_line_is_no_request_to_roff() {
        assert_eq!(escaped(".so x"), "\\&.so x");
        assert_eq!(escaped("a\\n -b"), "a\\en \\-b");
    }
}
