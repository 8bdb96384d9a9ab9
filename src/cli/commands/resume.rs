//! `durun resume`: goes on, here, with runs that nobody executes.

use crate::cli::commands::start::tell_of_edit;
use crate::cli::conclusion::{conclude, conclude_all};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::execution::{Manner, execute_for};
use crate::cli::exit::Exit;
use crate::cli::overlap_options::parse_patience;
use crate::cli::{detach, escape};
use crate::client::{ClientError, Resumed, Session, Standing, StoreError, find, new_text, resumable, resume};
use crate::history::RunRow;
use clap::Args;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  durun resume                 the only run that can go on; else lists those that can
  durun resume order-1001
  durun resume --all           in a crontab with @reboot: everything goes on
  durun resume --all --park-after 0s      the same, and what only waits is left to durun tick";

/// The arguments of `durun resume`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ResumeArgs {
    /// The runs
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All runs that can go on
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// Park a run that has only waited for so long, exit 3, and leave it to durun tick or serve
    #[arg(long, value_name = "DURATION", value_parser = parse_patience)]
    park_after: Option<Duration>,
    /// Leave the terminal's session; given by `start --detach`
    #[arg(long, hide = true)]
    own_session: bool,
}

/// Does it.
pub(crate) fn run(context: &Context, args: &ResumeArgs) -> Result<Exit, CliError> {
    if args.own_session {
        detach::leave_session()?;
    }
    let session = context.session()?;
    let rows = chosen(&session, args)?;
    if rows.is_empty() {
        context.note("nothing to resume");
        return Ok(Exit::Done);
    }
    let mut claimed = Vec::new();
    let mut others = Vec::new();
    let alone = rows.len() == 1;
    for row in rows {
        match resume(&session, &row)? {
            Resumed::Claimed(run) => {
                if !args.own_session && new_text(&session, row.no).is_ok_and(|text| text.is_some()) {
                    let what = format!("{} was edited since", escape::line(&row.script));
                    tell_of_edit(context, &session, &row, &what, "");
                }
                claimed.push(run);
            }
            Resumed::Held(claim) if alone => return Err(StoreError::Held { id: row.id, claim }.into()),
            Resumed::Over(standing) if alone => {
                let why = match &standing {
                    Standing::Stuck(_) => "cannot go on before its script is mended",
                    Standing::Ended(_) | Standing::Open(_) => "needs no resuming",
                };
                context.note(&format!("run {} {why}: this is how it stands", row.id));
                return conclude(context, &session, row.no, &row.id, &standing);
            }
            Resumed::Held(claim) => {
                context.note(&format!("run {} is executed by process {}", row.id, claim.pid));
            }
            Resumed::Over(_) => others.push((row.no, row.id)),
        }
    }
    if args.own_session {
        detach::announce()?;
    }
    let manner = Manner { park_after: args.park_after, ..Manner::default() };
    let exit = if claimed.is_empty() { Exit::Done } else { execute_for(context, &session, claimed, manner)? };
    Ok(if others.is_empty() { exit } else { exit.graver(conclude_all(context, &session, &others)?) })
}

fn chosen(session: &Session, args: &ResumeArgs) -> Result<Vec<RunRow>, CliError> {
    if !args.ids.is_empty() {
        let mut rows: Vec<RunRow> = Vec::new();
        for text in &args.ids {
            let row = find(session, text)?;
            if rows.iter().all(|known| known.no != row.no) {
                rows.push(row);
            }
        }
        return Ok(rows);
    }
    let rows: Vec<RunRow> = resumable(session)?.into_iter().map(|view| view.row).collect();
    match rows.len() {
        _ if args.all => Ok(rows),
        0 => Err(ClientError::NothingToResume.into()),
        1 => Ok(rows),
        _ => Err(ClientError::SeveralToResume { candidates: rows }.into()),
    }
}
