//! `durun init`: a folder to begin in, with a script, its test, an activity, `durun.toml`, and definitions for an editor.

use crate::cli::args::Format;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape;
use crate::cli::exit::Exit;
use crate::cli::render::run_json::SCHEMA;
use crate::client::{host_definitions, language_definitions};
use clap::Args;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
It writes durun.toml, hello.rhai, hello_test.rhai, activities/greet and definitions/*.d.rhai, which tell an editor with \
Rhai's language server of all functions. What is there already is kept as it is.

Examples:
  durun init
  durun init backups && cd backups && durun hello.rhai";

/// The arguments of `durun init`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InitArgs {
    /// The folder, made where there is none; this one where none is given
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// A file to begin with.
struct Beginning {
    name: &'static str,
    text: String,
    mode: u32,
}

fn beginnings() -> Vec<Beginning> {
    let file = |name, text: &str| Beginning { name, text: text.to_owned(), mode: 0o666 };
    vec![
        file("durun.toml", include_str!("../template/durun.toml")),
        file("hello.rhai", include_str!("../template/hello.rhai")),
        file("hello_test.rhai", include_str!("../template/hello_test.rhai")),
        Beginning { mode: 0o777, ..file("activities/greet", include_str!("../template/greet")) },
        file("definitions/durun.d.rhai", &host_definitions()),
        file("definitions/language.d.rhai", &language_definitions()),
    ]
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Became {
    Written,
    /// It was there, with this very text.
    Same,
    /// It was there, with another text.
    Kept,
}

impl Became {
    fn word(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Same => "there already",
            Self::Kept => "kept as it is",
        }
    }
}

/// Does it.
pub(crate) fn run(context: &Context, args: &InitArgs) -> Result<Exit, CliError> {
    let named = args.directory.clone().unwrap_or_default();
    let folder = context.environment.directory().join(&named);
    if folder.is_file() {
        let name = escape::line(&named.display().to_string());
        return Err(CliError::Usage(format!(
            "{name} is a file: durun init makes a folder, or fills one that is there"
        )));
    }
    let mut all = Vec::new();
    for beginning in beginnings() {
        let became = write(&folder.join(beginning.name), &beginning)?;
        all.push((beginning.name, became));
    }
    let next = if named.as_os_str().is_empty() || named == Path::new(".") {
        "durun hello.rhai".to_owned()
    } else {
        format!("cd {} && durun hello.rhai", escape::shell(&named.to_string_lossy()))
    };
    match context.format() {
        Format::Table => {
            let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
            let mut lines: Vec<String> =
                all.iter().map(|(name, became)| format!("{name:width$}  {}", became.word())).collect();
            lines.push(format!("\nNext: {next}"));
            context.print(&lines.join("\n"))?;
        }
        Format::Json | Format::Jsonl => {
            let files: Vec<_> = all
                .iter()
                .map(|(name, became)| json!({"path": name, "written": *became == Became::Written}))
                .collect();
            context.print_json(&json!({"schema": SCHEMA, "files": files, "next": next}))?;
        }
    }
    Ok(Exit::Done)
}

/// Writes a file that is not there.
fn write(path: &Path, beginning: &Beginning) -> Result<Became, CliError> {
    let failed = |error: std::io::Error| CliError::writing(path, &error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| CliError::writing(folder, &error))?;
    }
    let opened = OpenOptions::new().write(true).create_new(true).mode(beginning.mode).open(path);
    match opened {
        Ok(mut file) => {
            file.write_all(beginning.text.as_bytes()).map_err(failed)?;
            Ok(Became::Written)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let is_same = std::fs::read(path).is_ok_and(|text| text == beginning.text.as_bytes());
            Ok(if is_same { Became::Same } else { Became::Kept })
        }
        Err(error) => Err(failed(error)),
    }
}
