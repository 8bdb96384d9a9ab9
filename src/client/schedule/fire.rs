//! Firing: what is due of each schedule is decided and stored with the runs that it starts. Any number of processes may do it at once.

use super::plan::{Earlier, News, Plan, next_fire, plan, slot_id};
use crate::client::check::doom;
use crate::client::start::new_run;
use crate::client::{ClientError, IfEnded, LoadedProgram, Session, StartRequest, load_program};
use crate::config::Configs;
use crate::history::{Moment, Origin, OverlapPolicy, RunEnd, RunId, RunNo, Schedule, StoredStatus, Value};
use crate::store::{Answer, NewOverlap, NewRun, Request, ScheduleChange, Schedules, StoreError};
use crate::timer::{Cron, Zone, rfc3339};
use crate::worker::Hook;
use std::path::Path;

/// How often a change is planned anew where another process was faster.
const TRIES: usize = 50;
/// When that is given up, in milliseconds from then.
const AGAIN_MS: i64 = 1_000;

/// Fires what is due. Gives when to ask again, at the latest: when the next slot of any schedule is fired.
///
/// # Errors
/// What the store says; a script that cannot be started is told as news.
pub fn fire_schedules(
    session: &Session,
    configs: &Configs,
    tell: &mut dyn FnMut(News),
) -> Result<Option<Moment>, ClientError> {
    let mut next: Option<Moment> = None;
    for row in all(session)?.rows {
        let after = fire(session, configs, row, tell)?;
        next = [next, after].into_iter().flatten().min();
    }
    Ok(next)
}

/// When the next slot of any schedule is fired. Fires nothing.
pub(in crate::client) fn next_slot(session: &Session) -> Result<Option<Moment>, ClientError> {
    let rows = all(session)?.rows;
    Ok(rows.iter().filter_map(|row| next_fire(row, &cron(row).ok()?)).min())
}

fn fire(
    session: &Session,
    configs: &Configs,
    mut row: Schedule,
    tell: &mut dyn FnMut(News),
) -> Result<Option<Moment>, ClientError> {
    for _ in 0..TRIES {
        let cron = match cron(&row) {
            Ok(cron) => cron,
            Err(why) => {
                tell(News::Unreadable { schedule: row.name.clone(), why });
                return Ok(None);
            }
        };
        match try_to_fire(session, configs, &row, &cron)? {
            Tried::Nothing => return Ok(next_fire(&row, &cron)),
            Tried::Done(plan) => {
                plan.news.into_iter().for_each(&mut *tell);
                return Ok(next_fire(&plan.row, &cron));
            }
            Tried::Changed => match find(session, &row.name)? {
                Some(now) => row = now,
                None => return Ok(None),
            },
        }
    }
    // Others are at it all the time: it is asked again.
    Ok(Some(session.now().plus_ms(AGAIN_MS)))
}

enum Tried {
    Nothing,
    Done(Box<Plan>),
    Changed,
}

fn try_to_fire(
    session: &Session,
    configs: &Configs,
    row: &Schedule,
    cron: &Cron,
) -> Result<Tried, ClientError> {
    let now = session.now();
    let is_due = next_fire(row, cron).is_some_and(|at| at <= now);
    if row.paused.is_some() || !is_due && (row.open.is_empty() || !row.pause_on_failure) {
        return Ok(Tried::Nothing);
    }
    let earlier = earlier(session, row)?;
    let script = if is_due { startable(session, row).map(Some) } else { Ok(None) };
    let usable = script.as_ref().map(drop).map_err(String::as_str);
    let Some(plan) = plan(row, cron, now, &earlier, usable) else { return Ok(Tried::Nothing) };
    let mut starts = Vec::new();
    if let Ok(Some(program)) = &script {
        for slot in &plan.starts {
            let id = slot_id(&row.name, cron, *slot);
            starts.push(new_slot(session, row, program, (id, *slot), row.overlap)?);
        }
    }
    starts.extend(hooks(session, configs, row, cron, &plan.news)?);
    match change(session, row, Some(plan.row.clone()), starts) {
        Ok(()) => Ok(Tried::Done(Box::new(plan))),
        Err(ClientError::Store(StoreError::ScheduleChanged { .. })) => Ok(Tried::Changed),
        Err(error) => Err(error),
    }
}

/// The program of a schedule, or why no run of it is started.
fn startable(session: &Session, row: &Schedule) -> Result<LoadedProgram, String> {
    let executor = session.executor();
    let program = load_program(Path::new(&row.starts.script), executor.as_ref());
    let program = program.map_err(|error| error.to_string())?;
    match doom(&program, executor.as_ref()).filter(|_| !row.starts.unchecked) {
        Some(why) => Err(why),
        None => Ok(program),
    }
}

/// The run of a slot. Of a map, its input gets the slot as `slot`, unless there is one.
pub(super) fn new_slot(
    session: &Session,
    row: &Schedule,
    program: &LoadedProgram,
    (id, slot): (RunId, Moment),
    overlap: OverlapPolicy,
) -> Result<NewRun, ClientError> {
    let mut input = row.starts.input.clone();
    if let Value::Map(map) = &mut input {
        map.entry("slot".to_owned()).or_insert_with(|| rfc3339(slot).into());
    }
    let mut environment = row.starts.environment.clone();
    environment.insert("DURUN_SCHEDULE".to_owned(), row.name.to_string());
    environment.insert("DURUN_SLOT".to_owned(), rfc3339(slot));
    // Whether to skip was decided before; what waits for whom is the store's to say.
    let policy = match overlap {
        OverlapPolicy::Skip | OverlapPolicy::Allow => OverlapPolicy::Allow,
        OverlapPolicy::Queue => OverlapPolicy::Queue,
        OverlapPolicy::Cancel => OverlapPolicy::Cancel,
    };
    let request = StartRequest {
        id: Some(id),
        program: program.clone(),
        input,
        directory: row.starts.directory.clone(),
        environment,
        timeout_ms: row.starts.timeout_ms,
        claim: false,
        queue: None,
        overlap: Some(NewOverlap { key: Some(format!("schedule {}", row.name)), policy }),
        if_ended: IfEnded::Report,
    };
    let (new, _) = new_run(session, request)?;
    Ok(NewRun { origin: Some(Origin { schedule: row.name.clone(), slot }), ..new })
}

/// The runs that tell whoever `[notify] on_missed` names, one for each piece of news.
fn hooks(
    session: &Session,
    configs: &Configs,
    row: &Schedule,
    cron: &Cron,
    news: &[News],
) -> Result<Vec<NewRun>, ClientError> {
    // What is wrong in durun.toml is told when a run of the schedule is taken up.
    let Ok(config) = configs.read_or_last(Path::new(&row.starts.script)) else { return Ok(Vec::new()) };
    if config.notify.on_missed.is_none() {
        return Ok(Vec::new());
    }
    let mut runs = Vec::new();
    for news in news {
        let Some((slot, about)) = news.about(row, session.now()) else { continue };
        let hook = Hook {
            key: "on_missed",
            of: row.name.as_str(),
            place: &format!("{}-{}", cron.label(slot), news.word()),
            about,
            script: &row.starts.script,
            directory: &row.starts.directory,
            environment: &row.starts.environment,
            secret: Session::random()?,
        };
        runs.extend(hook.run());
    }
    Ok(runs)
}

/// How the earlier runs of a schedule stand.
pub(super) fn earlier(session: &Session, row: &Schedule) -> Result<Earlier, ClientError> {
    let mut earlier = Earlier::default();
    for id in &row.open {
        let Answer::Runs(found) = session.ask(Request::Find { text: id.to_string() })? else {
            return Err(ClientError::Answer { run: RunNo(0) });
        };
        let Some(run) = found.into_iter().find(|run| run.id == *id) else { continue };
        match run.status {
            StoredStatus::Open => earlier.open.push(run.id),
            StoredStatus::Stuck(_) => {
                earlier.open.push(run.id.clone());
                earlier.stuck.get_or_insert(run.id.clone());
                earlier.failed.get_or_insert(run.id);
            }
            StoredStatus::Ended(RunEnd::Failed { .. } | RunEnd::TimedOut { .. }) => {
                earlier.failed.get_or_insert(run.id);
            }
            // Somebody wanted it so.
            StoredStatus::Ended(
                RunEnd::Completed { .. } | RunEnd::Cancelled { .. } | RunEnd::Terminated { .. },
            ) => {}
        }
    }
    Ok(earlier)
}

/// Stores a change of a schedule with what it starts.
pub(super) fn change(
    session: &Session,
    before: &Schedule,
    row: Option<Schedule>,
    starts: Vec<NewRun>,
) -> Result<(), ClientError> {
    let change = ScheduleChange { name: before.name.clone(), expected: before.version, row, starts };
    session.ask(Request::Schedule(Box::new(change)))?;
    Ok(())
}

/// All schedules.
pub(super) fn all(session: &Session) -> Result<Schedules, ClientError> {
    match session.ask(Request::Schedules)? {
        Answer::Schedules(all) => Ok(*all),
        _ => Err(ClientError::Answer { run: RunNo(0) }),
    }
}

pub(super) fn find(session: &Session, name: &RunId) -> Result<Option<Schedule>, ClientError> {
    Ok(all(session)?.rows.into_iter().find(|row| row.name == *name))
}

/// The expression of a schedule in its zone.
pub(super) fn cron(row: &Schedule) -> Result<Cron, String> {
    let zone = Zone::named(&row.zone).ok_or_else(|| format!("there is no time zone \"{}\"", row.zone))?;
    Cron::read(&row.cron, zone).map_err(|error| error.to_string())
}
