//! A script looked through without running it: against its own functions, the files beside it, and `durun.toml`.

use super::{ClientError, Executor, ProgramError, load_program};
use crate::activity::find_activity;
use crate::config::Config;
use crate::script::Finding;
use std::collections::BTreeMap;
use std::path::Path;

/// What was found in a script, with its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// What was found, in the order of the texts.
    pub findings: Vec<Finding>,
    /// The texts that were looked through, by the name that findings give their file.
    pub texts: BTreeMap<String, String>,
    /// The name that findings give the script itself.
    pub main: String,
}

/// Looks through a script and what it imports.
///
/// # Errors
/// [`ClientError::Program`] where it cannot be read or is no script.
pub fn check(path: &Path, executor: &dyn Executor, config: &Config) -> Result<Checked, ClientError> {
    let source = load_program(path, executor)?.into_source();
    let script = Path::new(&source.path);
    let is_activity = |name: &str| find_activity(script, name, config, &[]).is_ok();
    let findings = executor.check(&source, &is_activity).map_err(|error| ProgramError::Syntax {
        path: path.to_owned(),
        text: source.text_of(&error.file).map(str::to_owned),
        error: Box::new(error),
    })?;
    let mut texts = source.modules;
    texts.insert(source.path.clone(), source.main);
    Ok(Checked { findings, texts, main: source.path })
}
