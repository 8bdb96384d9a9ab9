//! `durun man`: the manual's page of a command, or all of them into a directory.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::manual::pages;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  durun man start | man -l -                       read the page of durun start
  durun man --into /usr/local/share/man/man1       install all pages; prints nothing";

/// The arguments of `durun man`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManArgs {
    /// The words of a command; without them, the program's own page
    #[arg(value_name = "COMMAND", conflicts_with = "into")]
    words: Vec<String>,
    /// Write the pages of all commands into this directory, which is made where there is none
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ManArgs) -> Result<Exit, CliError> {
    let pages = pages();
    let Some(into) = &args.into else {
        let wanted = |words: &[String]| words.iter().skip(1).eq(args.words.iter());
        let page = pages
            .iter()
            .find(|page| wanted(&page.words))
            .ok_or_else(|| CliError::Usage(format!("there is no command \"{}\"", args.words.join(" "))))?;
        context.print_raw(&page.text)?;
        return Ok(Exit::Done);
    };
    let into = context.environment.directory().join(into);
    std::fs::create_dir_all(&into).map_err(|error| CliError::writing(&into, &error))?;
    for page in &pages {
        let path = into.join(page.file());
        std::fs::write(&path, &page.text).map_err(|error| CliError::writing(&path, &error))?;
    }
    context.note(&format!("{} pages", pages.len()));
    Ok(Exit::Done)
}
