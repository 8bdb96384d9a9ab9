//! What a store has acknowledged, and whether it is still so.

use durun::history::{Checksum, MessageId, Record, RunId, RunNo, Seq};
use durun::store::crash::CrashDisk;
use durun::store::{Admission, Answer, EventSink, LocalSession, Request, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What was acknowledged by which call.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) call: u64,
    pub(crate) promise: Promise,
}

/// What holds from an acknowledgement on.
#[derive(Debug, Clone)]
pub(crate) enum Promise {
    /// An entry, of which generation of a run, at its place.
    Entry { run: RunNo, generation: u32, seq: Seq, record: Box<Record> },
    /// There is a run of that id.
    Run { id: RunId, run: RunNo },
    /// A message was accepted.
    Message { id: MessageId },
    /// A run has its place in its queue.
    Admitted { run: RunNo },
}

/// What was acknowledged, call by call.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    pub(crate) calls: u64,
    pub(crate) kept: Vec<Kept>,
}

/// A store that tells the disk when it acknowledges, and keeps what it acknowledged.
pub(crate) struct Witness {
    pub(crate) inner: LocalSession,
    pub(crate) disk: CrashDisk,
    pub(crate) kept: Arc<Mutex<Acknowledged>>,
}

impl Store for Witness {
    fn call(&self, requests: Vec<Request>) -> Vec<Result<Answer, StoreError>> {
        let mut kept = self.kept.lock().expect("kept");
        kept.calls += 1;
        let call = kept.calls;
        self.disk.announce(call);
        let answers = self.inner.call(requests.clone());
        self.disk.acknowledge();
        for (request, answer) in requests.into_iter().zip(&answers) {
            let promises = answer.as_ref().map(|answer| promises(request, answer)).unwrap_or_default();
            kept.kept.extend(promises.into_iter().map(|promise| Kept { call, promise }));
        }
        answers
    }

    fn set_events(&self, sink: EventSink) {
        self.inner.set_events(sink);
    }
}

fn promises(request: Request, answer: &Answer) -> Vec<Promise> {
    match (request, answer) {
        (Request::Append(append), _) => {
            let (run, generation, first) = (append.run, append.generation, append.from.0);
            let entries = (first..).map(Seq).zip(append.records.into_iter().map(Box::new));
            entries.map(|(seq, record)| Promise::Entry { run, generation, seq, record }).collect()
        }
        (Request::Start(new), Answer::Started { run, .. }) => vec![Promise::Run { id: new.id, run: *run }],
        (Request::Deliver(message) | Request::Post(message), Answer::Delivered { .. }) => {
            vec![Promise::Message { id: message.id }]
        }
        (Request::Signal(signal), Answer::Signalled { .. }) => vec![Promise::Message { id: signal.id }],
        (Request::Admit { run, .. }, Answer::Admission(Admission::Admitted)) => {
            vec![Promise::Admitted { run }]
        }
        _ => Vec::new(),
    }
}

/// Whether a store that was crashed keeps all that it has acknowledged.
pub(crate) fn all_kept<'k>(store: &dyn Store, kept: impl Iterator<Item = &'k Kept>) -> Result<(), String> {
    let mut runs = BTreeMap::new();
    for Kept { call, promise } in kept {
        let lost = |what: String| Err(format!("call {call}: {what}"));
        match promise {
            Promise::Entry { run, generation, seq, record } => {
                if !runs.contains_key(run) {
                    runs.insert(*run, (view(store, *run)?.row.generation, records(store, *run)?));
                }
                let Some((now, records)) = runs.get(run).filter(|(now, _)| generation >= now) else {
                    continue;
                };
                let found = usize::try_from(seq.0).ok().and_then(|place| records.get(place));
                if generation > now || found != Some(record.as_ref()) {
                    return lost(format!("entry {seq} of run {run} is lost"));
                }
            }
            Promise::Run { id, run } => {
                if view(store, *run)?.row.id != *id {
                    return lost(format!("run {run} is not {id}"));
                }
            }
            Promise::Message { id } => {
                let told = store.ask(Request::Recall { id: *id });
                if !matches!(told, Ok(Answer::Delivered { .. })) {
                    return lost(format!("message {id:?} is not known any more: {told:?}"));
                }
            }
            Promise::Admitted { run } => {
                if view(store, *run)?.row.queue.is_some_and(|place| place.admitted_at.is_none()) {
                    return lost(format!("run {run} had its place in the queue and has none"));
                }
            }
        }
    }
    Ok(())
}

pub(crate) fn view(store: &dyn Store, run: RunNo) -> Result<durun::store::RunView, String> {
    match store.ask(Request::View { run }) {
        Ok(Answer::View(view)) => Ok(*view),
        other => Err(format!("run {run}: {other:?}")),
    }
}

/// The entries of the present generation of a run.
pub(crate) fn records(store: &dyn Store, run: RunNo) -> Result<Vec<Record>, String> {
    match store.ask(Request::History { run, from: Seq(0), until: Seq(u32::MAX) }) {
        Ok(Answer::Records(records)) => Ok(records),
        other => Err(format!("the history of run {run}: {other:?}")),
    }
}

/// The same, opened and verified.
pub(crate) fn entries(store: &dyn Store, run: RunNo) -> Result<Vec<durun::history::Entry>, String> {
    let mut before = Checksum::first(view(store, run)?.row.history_no());
    let mut entries = Vec::new();
    for record in records(store, run)? {
        let (entry, next) = record.open(before).map_err(|error| error.to_string())?;
        before = next;
        entries.push(entry);
    }
    Ok(entries)
}
