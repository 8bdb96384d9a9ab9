//! The texts of a run's script by lines, to show one beside what stands in it.

use super::status::{start_of, text_of};
use super::{ClientError, Session};
use crate::history::{CommandLabel, RunNo};
use std::collections::BTreeMap;
use std::path::Path;

/// The texts of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    main: String,
    modules: BTreeMap<String, String>,
    path: String,
}

/// The texts that a run is pinned to.
///
/// # Errors
/// What the store says.
pub fn lines(session: &Session, run: RunNo) -> Result<Lines, ClientError> {
    let program = start_of(session, run)?.program;
    let mut modules = BTreeMap::new();
    for (path, hash) in program.modules {
        modules.insert(path, text_of(session, run, hash)?);
    }
    Ok(Lines { main: text_of(session, run, program.main)?, modules, path: program.path })
}

impl Lines {
    /// The texts of a script that was read from a path: the main text, and those of its modules as imports name them.
    pub fn new(path: String, main: String, modules: BTreeMap<String, String>) -> Self {
        Self { main, modules, path }
    }

    /// The text of a file as errors name it; the main text where they name none, if it is the only one.
    pub fn text_of(&self, file: Option<&str>) -> Option<&str> {
        match file {
            Some(file) if self.is_main(file) => Some(&self.main),
            Some(file) => self.modules.get(file).map(String::as_str),
            None => self.modules.is_empty().then_some(self.main.as_str()),
        }
    }

    /// The path of a file as errors name it.
    pub fn path_of(&self, file: Option<&str>) -> String {
        path_of(&self.path, file.filter(|file| !self.is_main(file)))
    }

    fn is_main(&self, file: &str) -> bool {
        file == self.path || !self.modules.contains_key(file) && Path::new(&self.path).ends_with(file)
    }

    /// What stands in the line that asks for a command, or that threw. A command tells its line and not its file: where there are
    /// modules, the line of the main text is shown if it speaks of the command.
    pub fn of(&self, number: u32, label: Option<&CommandLabel>) -> Option<&str> {
        let line = line(&self.main, number)?;
        let speaks = |label: &CommandLabel| {
            line.contains(label.kind.word()) || (!label.name.is_empty() && line.contains(&label.name))
        };
        (self.modules.is_empty() || label.is_some_and(speaks)).then_some(line)
    }

    /// A line of a file as errors name it; of the main text where they name none, if it is the only one.
    pub fn of_file(&self, file: Option<&str>, number: u32) -> Option<&str> {
        line(self.text_of(file)?, number)
    }

    /// The path that the main text was read from.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The path of a module, beside the script that imports it, or of the script itself.
pub fn path_of(script: &str, module: Option<&str>) -> String {
    let Some(module) = module else { return script.to_owned() };
    let file = format!("{}.rhai", module.trim_end_matches(".rhai"));
    Path::new(script).with_file_name(file).display().to_string()
}

fn line(text: &str, number: u32) -> Option<&str> {
    let place = usize::try_from(number.checked_sub(1)?).ok()?;
    text.lines().nth(place).map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::CommandKind;

    #[test]
    fn a_line_that_may_be_of_a_module_is_not_shown_as_one_of_the_script() {
        let label = |name: &str| CommandLabel { kind: CommandKind::Step, name: name.to_owned() };
        let mut lines = Lines {
            main: "import \"lib\" as l;\nl::work();\n  step(\"here\", || 1)\n".to_owned(),
            modules: BTreeMap::new(),
            path: "/s.rhai".to_owned(),
        };
        assert_eq!(lines.of(2, Some(&label("a"))), Some("l::work();"));
        assert_eq!(lines.of(4, None), None);
        lines.modules.insert("lib".to_owned(), "\n1 + x".to_owned());
        assert_eq!(lines.of(2, Some(&label("a"))), None);
        assert_eq!(lines.of(3, Some(&label("here"))), Some("step(\"here\", || 1)"));
        assert_eq!(lines.of(3, None), None);
        assert_eq!(lines.of_file(Some("lib"), 2), Some("1 + x"));
        assert_eq!(lines.of_file(Some("/s.rhai"), 2), Some("l::work();"));
        assert_eq!(lines.of_file(None, 2), None);
        assert_eq!(lines.path_of(Some("lib")), "/lib.rhai");
        assert_eq!(lines.path_of(Some("s.rhai")), "/s.rhai");
        assert_eq!(lines.of_file(Some("other"), 1), None);
    }
}
