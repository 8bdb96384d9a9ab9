//! The names that the store and the scripts have now, for the words typed so far.

use super::Candidate;
use super::kind::Kind;
use crate::cli::args::CommandLine;
use crate::cli::codes;
use crate::cli::environment::Environment;
use crate::cli::opening::{executor, look_at_store};
use crate::cli::render::story::Story;
use crate::cli::store_place;
use crate::client::{
    Declared, HistoryReader, OpenQuestion, RunFilter, Session, declared, declared_by, find, list, list_once,
    load_program, open_questions, published, schedules, view,
};
use crate::history::{CommandLabel, Entry, RunStatus, Seq};
use clap::{ArgMatches, CommandFactory as _};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// So many letters of an entry's line are its number and its time.
const LEAD: usize = 28;
/// So many runs are offered, the newest.
const MOST: u32 = 500;

/// Which runs a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Any.
    Any,
    /// Those that have not ended.
    Open,
    /// Those that have ended.
    Ended,
    /// Those that have not ended well.
    Undone,
}

impl Which {
    /// Those that a command is for.
    pub(super) fn of(command: &str) -> Self {
        match command {
            "signal" | "cancel" | "terminate" | "answer" | "update" | "upgrade" | "wait" | "resume" => {
                Self::Open
            }
            "result" => Self::Ended,
            "retry" => Self::Undone,
            _ => Self::Any,
        }
    }

    fn has(self, status: RunStatus) -> bool {
        match self {
            Self::Any => true,
            Self::Open => !status.is_ended(),
            Self::Ended => status.is_ended(),
            Self::Undone => status != RunStatus::Completed,
        }
    }
}

/// What is around the word: the words before it, and the store that they mean.
pub(super) struct Live {
    environment: Environment,
    matches: Option<ArgMatches>,
    session: OnceLock<Option<Session>>,
}

/// A question by its name, else by its number.
fn known(question: OpenQuestion) -> Candidate {
    Candidate { word: question.name.unwrap_or_else(|| question.op.to_string()), about: question.text }
}

/// An entry of a history by its number, with what it is.
fn entry_told(seq: Seq, entry: &Entry) -> Candidate {
    let mut story = Story::new(false, None);
    // Told as the first it has its time whole; what is told of it is behind the mark.
    let told = story.tell(seq, entry);
    let line = told.lines().next().unwrap_or_default();
    let about: String = line.chars().skip(LEAD).collect();
    Candidate { word: seq.to_string(), about }
}

fn plain(word: impl Into<String>) -> Candidate {
    Candidate { word: word.into(), about: String::new() }
}

impl Live {
    pub(super) fn new(before: Vec<OsString>, environment: Environment) -> Self {
        let matches = CommandLine::command().ignore_errors(true).try_get_matches_from(before).ok();
        Self { environment, matches, session: OnceLock::new() }
    }

    /// The names of a kind; none where anything is wrong. What was typed of it bounds what has to be looked up.
    pub(super) fn named(&self, kind: Kind, typed: &str) -> Vec<Candidate> {
        match kind {
            Kind::Run(which) => self.runs(which, typed),
            Kind::Signal => self.declared().signals.into_iter().map(plain).collect(),
            Kind::Update => self.declared().updates.into_iter().map(plain).collect(),
            Kind::Query => self.queries(),
            Kind::Choice => self.choices(),
            Kind::Question => self.questions().into_iter().map(known).collect(),
            Kind::Input => self.inputs().unwrap_or_default(),
            Kind::Schedule => self.schedules().unwrap_or_default(),
            Kind::Once => {
                let rows = self.session().and_then(|session| list_once(session, typed).ok());
                rows.unwrap_or_default().into_iter().map(|row| plain(row.key)).collect()
            }
            Kind::Step => self.steps(),
            Kind::Entry => self.history().iter().map(|(seq, entry)| entry_told(*seq, entry)).collect(),
            Kind::Code => codes::all()
                .map(|it| Candidate { word: it.name.to_owned(), about: it.title.to_owned() })
                .collect(),
            Kind::Status => RunStatus::ALL.iter().map(|status| plain(status.to_string())).collect(),
            Kind::Variable => self.environment.names().into_iter().map(plain).collect(),
            Kind::Files(_) | Kind::Free => Vec::new(),
        }
    }

    fn session(&self) -> Option<&Session> {
        let open = || {
            let flag = self.matches.as_ref().and_then(|matches| value::<PathBuf>(matches, "store"));
            let place = store_place::locate(flag.map(PathBuf::as_path), &self.environment).ok()?;
            look_at_store(&place, executor())
        };
        self.session.get_or_init(open).as_ref()
    }

    /// What was given to an argument of the innermost command.
    fn given<T: Clone + Send + Sync + 'static>(&self, name: &str) -> Option<&T> {
        let mut matches = self.matches.as_ref()?;
        while let Some((_, inner)) = matches.subcommand() {
            matches = inner;
        }
        value(matches, name)
    }

    fn runs(&self, which: Which, typed: &str) -> Vec<Candidate> {
        let Some(session) = self.session() else { return Vec::new() };
        let statuses = RunStatus::ALL.into_iter().filter(|status| which.has(*status)).collect();
        let filter = RunFilter { statuses, limit: Some(MOST), ..RunFilter::default() };
        let mut views = list(session, filter).unwrap_or_default();
        // What told of a run has a long id behind its own: it is offered to whoever has come so far.
        views.retain(|view| !view.row.is_hook() || typed.contains(".on_"));
        let last = typed.starts_with('@').then(|| plain("@last"));
        let run = views.iter().map(|view| {
            let script = Path::new(&view.row.script).file_name().unwrap_or_default().to_string_lossy();
            Candidate { word: view.row.id.to_string(), about: format!("{}, {script}", view.status) }
        });
        last.into_iter().chain(run).collect()
    }

    /// What the run's script declares, or the script of `--start` where the run is not there yet.
    fn declared(&self) -> Declared {
        let of_run = || {
            let session = self.session()?;
            let row = find(session, self.given::<String>("id")?).ok()?;
            declared(session, row.no).ok()
        };
        let of_script = || declared_by(&self.script("start")?, executor().as_ref()).ok();
        of_run().or_else(of_script).unwrap_or_default()
    }

    /// The path that an argument names, from the directory that the program was called in.
    fn script(&self, argument: &str) -> Option<PathBuf> {
        Some(self.environment.directory().join(self.given::<PathBuf>(argument)?))
    }

    fn queries(&self) -> Vec<Candidate> {
        let values = || {
            let session = self.session()?;
            let row = find(session, self.given::<String>("id")?).ok()?;
            published(session, row.no).ok()
        };
        let queries = self.declared().queries.into_iter().map(plain);
        let of_script = |(key, _)| Candidate { word: key, about: "published".to_owned() };
        queries.chain(values().unwrap_or_default().into_iter().map(of_script)).collect()
    }

    fn questions(&self) -> Vec<OpenQuestion> {
        let open = || {
            let session = self.session()?;
            let row = find(session, self.given::<String>("id")?).ok()?;
            Some(open_questions(&view(session, row.no).ok()?))
        };
        open().unwrap_or_default()
    }

    /// The history of the run that was named.
    fn history(&self) -> Vec<(Seq, Entry)> {
        let read = || {
            let session = self.session()?;
            let row = find(session, self.given::<String>("id")?).ok()?;
            let (mut reader, mut entries) = (HistoryReader::new(row.no, row.id), Vec::new());
            while let Some(page) = reader.page(session).ok().filter(|page| !page.is_empty()) {
                entries.extend(page);
            }
            Some(entries)
        };
        read().unwrap_or_default()
    }

    /// The steps of the run, each name once: those that have ended, and those that have begun.
    fn steps(&self) -> Vec<Candidate> {
        let open = || {
            let session = self.session()?;
            let row = find(session, self.given::<String>("id")?).ok()?;
            Some(view(session, row.no).ok()?.pending)
        };
        let open = open().unwrap_or_default().into_iter().map(|pending| pending.label);
        let history = self.history();
        let ended = history.iter().filter_map(|(_, entry)| Some(entry.fact.outcome_of()?.1.clone()));
        let mut known = BTreeSet::new();
        let is_new = |label: &CommandLabel| {
            label.kind.is_effect() && !label.name.is_empty() && known.insert(label.name.clone())
        };
        let told = |label: CommandLabel| Candidate { word: label.name, about: label.kind.word().to_owned() };
        ended.chain(open).filter(is_new).map(told).collect()
    }

    fn choices(&self) -> Vec<Candidate> {
        let choices = self.questions().into_iter().flat_map(|question| {
            let about = question.title();
            question.choices.into_iter().map(move |word| Candidate { word, about: about.clone() })
        });
        choices.collect()
    }

    fn inputs(&self) -> Option<Vec<Candidate>> {
        let script = self.script("script").or_else(|| self.script("start"))?;
        let params = load_program(&script, executor().as_ref()).ok()?.params?;
        let input = |param: &crate::client::Param| {
            let about = param
                .default
                .as_ref()
                .map_or_else(|| "has to be given".to_owned(), |it| format!("else {it}"));
            Candidate { word: format!("{}=", param.name), about }
        };
        Some(params.all().iter().map(input).collect())
    }

    fn schedules(&self) -> Option<Vec<Candidate>> {
        let rows = schedules(self.session()?).ok()?.schedules;
        Some(
            rows.into_iter()
                .map(|it| Candidate { word: it.row.name.to_string(), about: it.row.cron })
                .collect(),
        )
    }
}

/// A value of a grammar's argument, where it has one of that name and type.
fn value<'m, T: Clone + Send + Sync + 'static>(matches: &'m ArgMatches, name: &str) -> Option<&'m T> {
    matches.try_get_one::<T>(name).ok().flatten()
}
