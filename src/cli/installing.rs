//! Having the system start a tick each minute: by a line of the crontab, or by a timer of systemd.

use super::args::Format;
use super::context::Context;
use super::crontab;
use super::error::CliError;
use super::exit::Exit;
use super::units::Units;
use crate::client::ticks_installed;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The options by which a tick is made to come each minute.
#[derive(Debug, Args)]
pub(crate) struct Installing {
    /// Have a tick come each minute: put the line into the crontab, or enable units of systemd, and print them
    #[arg(long, conflicts_with_all = ["max_time", "jobs", "next", "uninstall"])]
    install: bool,
    /// Take out what --install put in
    #[arg(long, conflicts_with_all = ["max_time", "jobs", "next"])]
    uninstall: bool,
    /// With --install and --uninstall: a timer of systemd instead of the crontab
    #[arg(long, conflicts_with_all = ["max_time", "jobs", "next"])]
    systemd: bool,
}

/// Does what the options say; nothing where they say nothing.
pub(crate) fn run(context: &Context, args: &Installing) -> Result<Option<Exit>, CliError> {
    match (args.install, args.uninstall, args.systemd) {
        (true, _, systemd) => install(context, systemd).map(Some),
        (_, true, systemd) => uninstall(context, systemd).map(Some),
        (false, false, true) => {
            Err(CliError::Usage("--systemd goes with --install or --uninstall".to_owned()))
        }
        (false, false, false) => Ok(None),
    }
}

/// Writes the line or the units, and prints them.
fn install(context: &Context, systemd: bool) -> Result<Exit, CliError> {
    let program = std::env::current_exe().map_err(|error| CliError::Crontab(error.to_string()))?;
    // A store that is not there would be a tick that does nothing for ever.
    let session = context.session_or_create()?;
    let store = session.directory().to_owned();
    if systemd {
        let units = units(context)?;
        let files = units.write(&program, &store)?;
        print_units(context, &files)?;
        units.enable()?;
        ticks_installed(&session, true)?;
        context.note("a tick comes each minute while you are logged in; loginctl enable-linger: always");
        return Ok(Exit::Done);
    }
    let line = crontab::line(&program, &store);
    if !crontab::install(&line, &store)? {
        context.note("the line was there already");
    }
    ticks_installed(&session, true)?;
    match context.format() {
        Format::Table => context.print(&line)?,
        Format::Json | Format::Jsonl => context.print_json(&json!({"schema": 1, "crontab": line}))?,
    }
    Ok(Exit::Done)
}

/// Takes out what was put in.
fn uninstall(context: &Context, systemd: bool) -> Result<Exit, CliError> {
    if let Some(session) = context.session_if_any()? {
        ticks_installed(&session, false)?;
    }
    if systemd {
        let units = units(context)?;
        let disabled = units.disable();
        let removed = units.remove()?;
        if removed.is_empty() {
            context.note("there were no units");
            return Ok(Exit::Done);
        }
        let paths: Vec<String> = removed.iter().map(|path| path.display().to_string()).collect();
        context.note(&format!("removed: {}", paths.join(", ")));
        disabled?;
        return Ok(Exit::Done);
    }
    let store = context.place()?;
    let store = store.canonicalize().unwrap_or(store);
    let is_removed = crontab::uninstall(&store)?;
    context.note(if is_removed { "the line is removed" } else { "there was no line for this store" });
    Ok(Exit::Done)
}

fn units(context: &Context) -> Result<Units, CliError> {
    let environment = &context.environment;
    let named = environment.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(Path::new(environment.get("HOME")?).join(".config"));
    let config = named.or_else(home);
    Ok(Units::of(&config.ok_or_else(|| CliError::Units("nothing says where: no $HOME is set".to_owned()))?))
}

fn print_units(context: &Context, files: &[(PathBuf, String)]) -> Result<(), CliError> {
    match context.format() {
        Format::Table => files.iter().try_for_each(|(path, text)| {
            context.print(&format!("# {}\n{}\n", path.display(), text.trim_end()))
        }),
        Format::Json | Format::Jsonl => {
            let files: Vec<_> = files
                .iter()
                .map(|(path, text)| json!({"path": path.to_string_lossy(), "text": text}))
                .collect();
            context.print_json(&json!({"schema": 1, "units": files}))
        }
    }
}
