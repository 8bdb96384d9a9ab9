//! The pages of the documentation are executed: each console block, line by line, and each shell block; what they say is what
//! the program says.

mod fit;
mod mentions;
mod page;
mod terminal;

use super::harness::Home;
use fit::{NO_HOME, fits, plain};
use page::{Act, Page};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use terminal::{Terminal, When};

/// A crontab of a home's own.
const CRONTAB: &str = "#!/bin/sh
case \"$1\" in
-l) [ -f \"$HOME/.table\" ] || { echo \"no crontab for me\" >&2; exit 1; }; cat \"$HOME/.table\" ;;
-) cat >\"$HOME/.table\" ;;
esac
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where a page is executed.
struct Place {
    home: Home,
    beside: Vec<Child>,
    terminal: Option<Terminal>,
}

impl Place {
    fn new(page: &Page) -> Self {
        let home = Home::new();
        home.file("bin/crontab", CRONTAB);
        for (name, text) in &page.files {
            home.file(name, text);
        }
        for name in std::iter::once("bin/crontab").chain(page.files.iter().map(|(name, _)| name.as_str())) {
            let may = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(home.path().join(name), may).expect("set");
        }
        Self { home, beside: Vec::new(), terminal: None }
    }

    /// A command of a shell in this home, without a terminal.
    fn shell(&self, text: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_durun")).parent().expect("a folder").display();
        let home = self.home.path();
        let mut command = Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(text)
            .env_clear()
            .env("HOME", &home)
            .env("USER", "ada")
            .env("PATH", format!("{}:{program}:/usr/bin:/bin", home.join("bin").display()))
            .current_dir(&home)
            .stdin(Stdio::null());
        command
    }

    fn end(&mut self) {
        self.terminal = None;
        for child in &mut self.beside {
            let _gone = child.kill();
            let _gone = child.wait();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.end();
    }
}

fn must_succeed(page: &str, line: usize, text: &str, mut command: Command) {
    let output = command.output().expect("a shell");
    assert!(
        output.status.success(),
        "{page}:{line}: {text}\nended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn executed(name: &str) {
    let page = Page::read(&std::fs::read_to_string(root().join(name)).expect("the page"));
    assert!(!page.acts.is_empty(), "{name}: nothing to execute: does the reading still work?");
    let mut place = Place::new(&page);
    for act in &page.acts {
        match act {
            Act::Afresh => place = Place::new(&page),
            Act::Kill => place.terminal.as_ref().expect("a terminal").kill(),
            Act::Quietly { line, command } => must_succeed(name, *line, command, place.shell(command)),
            Act::Block { line, text } => {
                must_succeed(name, *line, text, place.shell(&format!("set -eu\n{text}")));
            }
            Act::Background { command } => {
                let mut shell = place.shell(&format!("exec {command}"));
                place
                    .beside
                    .push(shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell"));
            }
            Act::Told { line, command, printed } => told(name, &place, *line, command, printed),
            Act::Terminal { shown, whens } => at_the_terminal(name, &mut place, shown, whens),
        }
    }
}

fn told(name: &str, place: &Place, line: usize, command: &str, expected: &[String]) {
    let output = place.shell(&format!("exec 2>&1\n{command}")).output().expect("a shell");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let home = place.home.path().display().to_string();
    let lines: Vec<String> = printed.lines().map(|line| plain(line, &home)).collect();
    let wanted: Vec<String> = expected.iter().map(|line| plain(line, NO_HOME)).collect();
    let said = expected.join("\n");
    assert!(fits(&wanted, &lines), "{name}:{line}: $ {command}\nit says:\n{said}\nit printed:\n{printed}");
}

fn at_the_terminal(name: &str, place: &mut Place, shown: &[page::Shown], whens: &[(String, String)]) {
    let home = place.home.path().display().to_string();
    let mut acts: Vec<When> = Vec::new();
    for (text, command) in whens {
        let mut shell = place.shell(command);
        let is_kill = command == "kill";
        let act = move |terminal: &Terminal| {
            if is_kill {
                terminal.kill();
            } else {
                assert!(shell.status().expect("a shell").success(), "{shell:?}");
            }
        };
        acts.push((plain(text, NO_HOME), Box::new(act)));
    }
    for shown in shown {
        if let Some(command) = &shown.command {
            if let Some(before) = &mut place.terminal {
                before.ends();
            }
            // The shell stays, so that it says how its command was killed.
            place.terminal = Some(Terminal::new(place.shell(&format!("{command}\nexit $?")), &home));
        }
        let terminal = place.terminal.as_mut().expect("a command comes first");
        terminal.shows(name, shown, &mut acts);
    }
    assert!(
        acts.is_empty(),
        "{name}: never shown: {:?}",
        acts.iter().map(|(text, _)| text).collect::<Vec<_>>()
    );
}

/// All pages, by their place below the root.
fn pages() -> Vec<String> {
    fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, all);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                all.push(path);
            }
        }
    }
    let mut all = vec![root().join("README.md")];
    walk(&root().join("docs"), &mut all);
    all.iter().map(|path| path.strip_prefix(root()).expect("below").display().to_string()).collect()
}

macro_rules! pages {
    ($($test:ident: $page:literal,)*) => {
        const EXECUTED: &[&str] = &[$($page),*];
        $(#[test] fn $test() { executed($page); })*
    };
}

pages! {
    readme: "README.md",
    tutorial: "docs/tutorial.md",
    crontabs: "docs/guides/cron.md",
    changing: "docs/guides/changing.md",
    activities: "docs/guides/activities.md",
    approvals: "docs/guides/approvals.md",
    locks_and_queues: "docs/guides/locks-and-queues.md",
    schedules: "docs/guides/schedules.md",
    signals_and_queries: "docs/guides/signals-and-queries.md",
    updates: "docs/guides/updates.md",
    testing: "docs/guides/testing.md",
}

#[test]
fn each_page_with_something_to_execute_is_executed() {
    let has = |name: &String| {
        let text = std::fs::read_to_string(root().join(name)).expect("a page");
        !Page::read(&text).acts.is_empty()
    };
    let with: BTreeSet<String> = pages().into_iter().filter(has).collect();
    assert_eq!(with, EXECUTED.iter().map(|name| (*name).to_owned()).collect());
}
