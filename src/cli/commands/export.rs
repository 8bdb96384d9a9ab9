//! `durun export` and `durun import`: a run in one file, and a store to look at it in.

use super::salvage;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape::shell;
use crate::cli::exit::Exit;
use crate::client::{CarryError, export, find, import, read_export};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const EXPORT_EXAMPLES: &str = "\
The file holds all that the store has of the run: scripts, history with what was set aside, log, published values, large values, \
its input, and the environment recorded at its start. Values of secrets are not in it, as they are in no history.

Examples:
  durun export order-1001                     writes order-1001.durun, and prints that name
  durun export order-1001 --to /tmp/order.durun
  durun export --salvage                      every run of a damaged store that is whole, into ./salvaged";

const IMPORT_EXAMPLES: &str = "\
The run is put into a store of its own, in which it can be looked at, replayed and queried, and never be executed.

Examples:
  durun import order-1001.durun               into the directory order-1001.durun.store
  durun --store order-1001.durun.store history order-1001
  durun --store order-1001.durun.store query order-1001 getStatus";

/// The arguments of `durun export`.
#[derive(Debug, Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct ExportArgs {
    /// The run; with --salvage all runs where none is named
    #[arg(required_unless_present = "salvage")]
    id: Option<String>,
    /// The file [default: ID.durun, here]; with --salvage a directory [default: salvaged]
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
    /// Read a damaged store run by run: what is whole is written, what is not is told
    #[arg(long)]
    salvage: bool,
}

/// The arguments of `durun import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(crate) struct ImportArgs {
    /// The file
    file: PathBuf,
    /// The directory of the store that it is put into [default: FILE.store]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

/// Writes the file.
pub(crate) fn run_export(context: &Context, args: &ExportArgs) -> Result<Exit, CliError> {
    if args.salvage {
        let (id, to) = (args.id.as_deref(), args.to.as_deref());
        let salvaged = context.session().and_then(|session| salvage::run(context, &session, id, to));
        return salvaged.map_err(salvage::nothing_left);
    }
    let session = context.session()?;
    let row = find(&session, args.id.as_deref().unwrap_or_default())?;
    let name = args.to.clone().unwrap_or_else(|| PathBuf::from(format!("{}.durun", row.id)));
    write(context, &name, |to| export(&session, &row, to))?;
    context.print(&context.outside_text(&name.to_string_lossy()))?;
    Ok(Exit::Done)
}

/// Makes a file that was not there, whole and on disk, or none.
pub(super) fn write(
    context: &Context,
    name: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<u64, CarryError>,
) -> Result<(), CliError> {
    let path = context.environment.directory().join(name);
    let wrong = |error: CarryError| CliError::Carry { path: name.to_owned(), error };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut to = BufWriter::new(file.map_err(|error| wrong(error.into()))?);
    let written = fill(&mut to).and_then(|_| Ok(to.get_ref().sync_all()?));
    if let Err(error) = written {
        // Half a file is none; that it cannot be removed changes nothing about the error.
        let _removed = std::fs::remove_file(&path);
        return Err(wrong(error));
    }
    Ok(())
}

/// Makes the store.
pub(crate) fn run_import(context: &Context, args: &ImportArgs) -> Result<Exit, CliError> {
    let wrong = |error: CarryError| CliError::Carry { path: args.file.clone(), error };
    let path = context.environment.directory().join(&args.file);
    let file = File::open(&path).map_err(|error| wrong(error.into()))?;
    let rows = read_export(&mut BufReader::new(file)).map_err(wrong)?;
    let into = args.into.clone().unwrap_or_else(|| PathBuf::from(format!("{}.store", args.file.display())));
    let session = context.session_in(&context.environment.directory().join(&into))?;
    import(&session, &rows).map_err(wrong)?;
    context.note(&format!("look at it with: durun --store {} list -a", shell(&into.to_string_lossy())));
    Ok(Exit::Done)
}
