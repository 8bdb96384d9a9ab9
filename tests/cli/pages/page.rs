//! A page of the documentation, read as what it has a reader do.
//!
//! Said in comments of the page, which nobody sees who reads it as a page:
//!
//! - `<!-- file: NAME -->`: the next block is that file, there before anything is executed;
//! - `<!-- quietly: COMMAND -->`: done first, must succeed, and what it prints does not matter;
//! - `<!-- background: COMMAND -->`: goes on beside;
//! - `<!-- kill -->`: what the terminal executes is killed;
//! - `<!-- terminal -->`: the next block is what a terminal shows; its last command may go on;
//! - `<!-- when "TEXT": COMMAND -->`: done as soon as the terminal of the next block shows this text; `kill` kills what it executes;
//! - `<!-- afresh -->`: in a new home, with the page's files;
//! - `<!-- not executed: REASON -->`: the next block is not.

/// What a page has somebody do, in its order.
#[derive(Debug, PartialEq)]
pub(super) enum Act {
    Quietly {
        line: usize,
        command: String,
    },
    Background {
        command: String,
    },
    Afresh,
    Kill,
    /// A command and what it prints.
    Told {
        line: usize,
        command: String,
        printed: Vec<String>,
    },
    /// A whole block that must succeed.
    Block {
        line: usize,
        text: String,
    },
    /// What a terminal shows: commands, each with its lines.
    Terminal {
        shown: Vec<Shown>,
        whens: Vec<(String, String)>,
    },
}

/// A command at a terminal, none where the one before goes on, and the lines that are shown in this order.
#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) line: usize,
    pub(super) command: Option<String>,
    pub(super) lines: Vec<String>,
}

/// What is read of a page.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) files: Vec<(String, String)>,
    pub(super) acts: Vec<Act>,
}

/// What comments have said of the next block.
#[derive(Default)]
struct Said {
    file: Option<String>,
    is_terminal: bool,
    is_skipped: bool,
    whens: Vec<(String, String)>,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut said = Said::default();
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            if let Some(comment) =
                line.trim().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"))
            {
                page.comment(comment, index + 1, &mut said);
            } else if let Some(kind) = line.strip_prefix("```") {
                let inside: Vec<&str> =
                    lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
                page.block(kind, index + 2, &inside, std::mem::take(&mut said));
            }
        }
        page
    }

    fn comment(&mut self, comment: &str, line: usize, said: &mut Said) {
        let (word, rest) = comment.split_once(": ").unwrap_or((comment, ""));
        match word {
            "file" => said.file = Some(rest.to_owned()),
            "quietly" => self.acts.push(Act::Quietly { line, command: rest.to_owned() }),
            "background" => self.acts.push(Act::Background { command: rest.to_owned() }),
            "terminal" => said.is_terminal = true,
            "afresh" => self.acts.push(Act::Afresh),
            "kill" => self.acts.push(Act::Kill),
            "not executed" => {
                assert!(!rest.is_empty(), "line {line}: why is it not executed?");
                said.is_skipped = true;
            }
            _ => {
                let when = comment.strip_prefix("when \"").and_then(|rest| rest.split_once("\": "));
                if let Some((text, command)) = when {
                    said.whens.push((text.to_owned(), command.to_owned()));
                }
            }
        }
    }

    fn block(&mut self, kind: &str, line: usize, inside: &[&str], said: Said) {
        if let Some(file) = said.file {
            self.files.push((file, format!("{}\n", inside.join("\n"))));
        } else if said.is_skipped {
        } else if said.is_terminal {
            self.acts.push(Act::Terminal { shown: commands(line, inside), whens: said.whens });
        } else if kind == "console" {
            for shown in commands(line, inside) {
                let command = shown.command.unwrap_or_else(|| panic!("line {line}: a command comes first"));
                self.acts.push(Act::Told { line: shown.line, command, printed: shown.lines });
            }
        } else if kind == "sh" {
            self.acts.push(Act::Block { line, text: inside.join("\n") });
        }
    }
}

/// The commands of a block, each with the lines behind it; what stands before the first one belongs to none.
fn commands(first: usize, inside: &[&str]) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    for (index, line) in inside.iter().enumerate() {
        if let Some(command) = line.strip_prefix("$ ") {
            all.push(Shown { line: first + index, command: Some(command.to_owned()), lines: Vec::new() });
            continue;
        }
        if all.is_empty() {
            all.push(Shown { line: first, command: None, lines: Vec::new() });
        }
        let Some(shown) = all.last_mut() else { continue };
        match (line.strip_prefix("> "), &mut shown.command) {
            (Some(more), Some(command)) => *command = format!("{command}\n{more}"),
            _ => shown.lines.push((*line).to_owned()),
        }
    }
    all
}

#[test]
fn a_page_is_read_in_its_order() {
    let page = Page::read(
        "<!-- file: a.rhai -->\n```rhai\n1\n```\ntext\n```rhai\n2\n```\n<!-- quietly: true -->\n```console\n$ a\n> b\nc\n$ d\n```\n\
         ```text\n$ no\n```\n<!-- terminal -->\n<!-- when \"x\": kill -->\n```console\ny\n$ e\nz\n```\n<!-- not executed: why -->\n\
         ```sh\nrm\n```\n```sh\nf\ng\n```\n",
    );
    let text = str::to_owned;
    assert_eq!(page.files, [(text("a.rhai"), text("1\n"))]);
    let shown = |line, command: Option<&str>, lines: &[&str]| Shown {
        line,
        command: command.map(text),
        lines: lines.iter().map(|line| text(line)).collect(),
    };
    let expected = [
        Act::Quietly { line: 9, command: text("true") },
        Act::Told { line: 11, command: text("a\nb"), printed: vec![text("c")] },
        Act::Told { line: 14, command: text("d"), printed: vec![] },
        Act::Terminal {
            shown: vec![shown(22, None, &["y"]), shown(23, Some("e"), &["z"])],
            whens: vec![(text("x"), text("kill"))],
        },
        Act::Block { line: 31, text: text("f\ng") },
    ];
    assert_eq!(page.acts, expected);
}
