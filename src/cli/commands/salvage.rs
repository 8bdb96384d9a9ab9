//! `durun export --salvage`: every run of a damaged store that is whole, each in a file of its own.

use super::export::write;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::client::{ClientError, Salvage, Salvaged, Session, StoreError, newest, salvage, write_export};
use crate::history::RunNo;
use std::path::Path;

/// Where the files go, where nothing is said.
const PLACE: &str = "salvaged";

/// Writes the files; what could not be read is the error.
pub(super) fn run(
    context: &Context,
    session: &Session,
    only: Option<&str>,
    to: Option<&Path>,
) -> Result<Exit, CliError> {
    let folder = to.unwrap_or(Path::new(PLACE));
    let is_wanted = |id: &str| only.is_none_or(|only| only == id);
    let (mut written, mut lost) = (0_u64, Vec::new());
    for no in 1..=newest(session)?.0 {
        match salvage(session, RunNo(no))? {
            Salvage::Whole(whole) if is_wanted(whole.run.id.as_str()) => {
                write_one(context, folder, &whole)?;
                written += 1;
            }
            Salvage::Lost { id, wrong } if id.as_ref().is_none_or(|id| is_wanted(id.as_str())) => {
                let name = id.map_or_else(|| format!("run number {no}"), |id| format!("run {id}"));
                lost.push(format!("{name}: {}", wrong.join("; ")));
            }
            // None of that number, or none that is wanted.
            Salvage::None | Salvage::Whole(_) | Salvage::Lost { .. } => {}
        }
    }
    context.note(&format!("{written} {} written", if written == 1 { "run is" } else { "runs are" }));
    if lost.is_empty() { Ok(Exit::Done) } else { Err(CliError::Lost { written, lost }) }
}

fn write_one(context: &Context, folder: &Path, whole: &Salvaged) -> Result<(), CliError> {
    let place = context.environment.directory().join(folder);
    std::fs::create_dir_all(&place)
        .map_err(|error| CliError::Carry { path: folder.to_owned(), error: error.into() })?;
    let name = folder.join(format!("{}.durun", whole.run.id));
    write(context, &name, |file| write_export(&whole.rows, file))?;
    context.print(&context.outside_text(&name.to_string_lossy()))?;
    for what in &whole.left_out {
        context.complain(&format!("left out of {}: {what}\n", name.display()));
    }
    Ok(())
}

/// Damage that stops the whole: to salvage is no way on from here.
pub(super) fn nothing_left(error: CliError) -> CliError {
    match error {
        CliError::Client(ClientError::Store(StoreError::Corrupt { path, what })) => {
            CliError::NothingLeft { store: path, what }
        }
        other => other,
    }
}
