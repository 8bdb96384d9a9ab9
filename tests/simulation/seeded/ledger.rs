//! The model: what was acknowledged to anybody, and what must be true of it.

use super::texts::{Under, Upgrades};
use durun::history::{
    ActivityCompleted, Checksum, ChildOutcome, Entry, Fact, Failure, MessageId, Moment, OnParentClose, OpId,
    Record, RunEnd, RunNo, RunStart, Seq, Value,
};
use durun::store::{Answer, Append, Request, Upgrade};
use std::collections::{BTreeMap, BTreeSet};

/// An entry that was acknowledged, by which call.
struct Acked {
    call: u64,
    record: Record,
    entry: Entry,
}

/// Who may append to a run.
struct Holder {
    epoch: u64,
    process: usize,
    free: bool,
}

/// The seed of runs that begin as they are recorded.
pub(super) const BEGINS: u64 = 7;

/// What was acknowledged.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) calls: u64,
    histories: BTreeMap<RunNo, Vec<Acked>>,
    upgrades: BTreeMap<RunNo, Upgrades>,
    /// Children, and what becomes of each when its parent ends.
    children: BTreeMap<RunNo, (RunNo, OnParentClose)>,
    /// What may be on disk though nobody was told.
    loose: Vec<(RunNo, Seq, Record)>,
    /// When somebody asked for a run that begins as it is recorded.
    begun: BTreeSet<(Moment, u64)>,
    holders: BTreeMap<RunNo, Holder>,
    /// Runs whose starter was told that they are recorded.
    started: Vec<(u64, RunNo)>,
    /// Messages whose sender was told that they are accepted.
    sent: Vec<(u64, RunNo, MessageId)>,
    /// Processes that are dead, or that count as dead.
    gone: BTreeSet<usize>,
    /// Who began last what is done under the lock, and with which command.
    pub(super) inside: Option<(RunNo, OpId)>,
    violation: Option<String>,
}

impl Ledger {
    pub(super) fn violates(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }

    pub(super) fn verdict(&self) -> Result<(), String> {
        self.violation.clone().map_or(Ok(()), Err)
    }

    pub(super) fn goes(&mut self, process: usize) {
        self.gone.insert(process);
    }

    /// Whether somebody was told that the run is recorded.
    pub(super) fn is_started(&self, run: RunNo) -> bool {
        self.started.iter().any(|(_, started)| *started == run)
    }

    /// The history of a run, for whoever has to understand a violation.
    pub(super) fn tell(&self, run: RunNo) -> String {
        let history = self.histories.get(&run).into_iter().flatten();
        let lines: Vec<String> = history.map(|acked| format!("{:?}", acked.entry)).collect();
        lines.join("\n")
    }

    /// How many entries of a run are acknowledged.
    pub(super) fn entries(&self, run: RunNo) -> usize {
        self.histories.get(&run).map_or(0, Vec::len)
    }

    pub(super) fn has_outcome(&self, run: RunNo, op: OpId) -> bool {
        let history = self.histories.get(&run);
        history.is_some_and(|all| {
            all.iter().any(|acked| acked.entry.fact.outcome_of().is_some_and(|(of, _)| of == op))
        })
    }

    /// A run begins what it does under the lock.
    pub(super) fn goes_inside(&mut self, run: RunNo, op: OpId) {
        if let Some((other, before)) = self.inside.replace((run, op))
            && other != run
            && !self.has_outcome(other, before)
            && !self.was_asked_to_end(other)
        {
            self.violates(format!("runs {run} and {other} are under the lock at once"));
        }
    }

    fn was_asked_to_end(&self, run: RunNo) -> bool {
        let mut facts = self.histories.get(&run).into_iter().flatten().map(|acked| &acked.entry.fact);
        facts.any(|fact| matches!(fact, Fact::CancelRequested(_)))
    }

    pub(super) fn has_ended(&self, run: RunNo) -> bool {
        let last = self.histories.get(&run).and_then(|all| all.last());
        last.is_some_and(|acked| matches!(acked.entry.fact, Fact::RunEnded(_)))
    }

    /// An answer was given to a process.
    pub(super) fn answered(&mut self, process: usize, request: &Request, answer: &Answer, now: Moment) {
        match (request, answer) {
            (Request::Append(append), Answer::Done) => self.appended(process, append, now),
            (Request::Upgrade(upgrade), Answer::Done) => {
                self.holds(process, upgrade.run, upgrade.epoch, "upgraded");
                self.upgraded(upgrade, true);
            }
            (Request::Claim { run, .. }, Answer::Claimed { epoch }) => self.claimed(*run, *epoch, process),
            (Request::Start(_), Answer::Started { run, epoch }) => {
                self.started.push((self.calls, *run));
                if *epoch > 0 {
                    self.claimed(*run, *epoch, process);
                }
            }
            (Request::Release { run, .. }, Answer::Done) => {
                if let Some(holder) = self.holders.get_mut(run).filter(|holder| holder.process == process) {
                    holder.free = true;
                }
            }
            (Request::Deliver(new) | Request::Post(new), Answer::Delivered { .. }) => {
                self.sent.push((self.calls, new.run, new.id));
            }
            _ => {}
        }
    }

    fn claimed(&mut self, run: RunNo, epoch: u64, process: usize) {
        if let Some(before) = self.holders.get(&run) {
            let held = !before.free && before.process != process && !self.gone.contains(&before.process);
            if held || epoch < before.epoch || (epoch == before.epoch && before.process != process) {
                self.violates(format!(
                    "run {run} was given to process {process} with epoch {epoch} while {} has it with {}; gone are {:?}",
                    before.process, before.epoch, self.gone
                ));
            }
        }
        self.holders.insert(run, Holder { epoch, process, free: false });
    }

    /// Whoever does something with a run holds it.
    fn holds(&mut self, process: usize, run: RunNo, epoch: u64, does: &str) {
        if let Some(holder) = self.holders.get(&run)
            && (holder.epoch, holder.process) != (epoch, process)
        {
            self.violates(format!("process {process} {does} run {run}, which {} executes", holder.process));
        }
    }

    pub(super) fn upgrades(&mut self, run: RunNo) -> &mut Upgrades {
        self.upgrades.entry(run).or_default()
    }

    fn upgraded(&mut self, new: &Upgrade, is_sure: bool) {
        let (call, entries) = ((self.calls, is_sure), self.entries(new.run));
        if let Err(wrong) = self.upgrades(new.run).wish(call, &new.program, &new.patches, entries) {
            self.violates(format!("run {} {wrong}", new.run));
        }
    }

    /// What the store says that a run goes on under.
    pub(super) fn check_text(&mut self, run: RunNo, start: &RunStart) {
        let calls = self.calls;
        if let Err(wrong) = self.upgrades(run).check(calls, start) {
            self.violates(format!("run {run} {wrong}"));
        }
    }

    pub(super) fn children(&mut self) -> &mut BTreeMap<RunNo, (RunNo, OnParentClose)> {
        &mut self.children
    }

    /// Whether a record is the end of a child that ends with its parent.
    fn ends_with_parent(&self, run: RunNo, record: &Record) -> bool {
        matches!(self.children.get(&run), Some((_, OnParentClose::Terminate)))
            && record.open(self.last_checksum(run)).is_ok_and(|(entry, _)| {
                matches!(&entry.fact, Fact::RunEnded(ended) if matches!(ended.end, RunEnd::Terminated { .. }))
            })
    }

    pub(super) fn forget_text(&mut self, run: RunNo) {
        self.upgrades.remove(&run);
    }

    fn appended(&mut self, process: usize, append: &Append, now: Moment) {
        let run = append.run;
        self.holds(process, run, append.epoch, "appended to");
        for (record, place) in append.records.iter().zip(append.from.0..) {
            let place = usize::try_from(place).expect("small");
            self.fill(run, place, record, now);
            match self.histories.entry(run).or_default().get(place) {
                Some(known) if known.record == *record => {}
                Some(_) => self.violates(format!(
                    "entry {place} of run {run} was acknowledged twice, with other content"
                )),
                None => self.push(run, self.calls, record.clone(), now),
            }
        }
    }

    /// What was written and never acknowledged is known to be there by who appends behind it.
    fn fill(&mut self, run: RunNo, until: usize, next: &Record, now: Moment) {
        let before = self.last_checksum(run);
        let missing = self.between(run, self.entries(run), until, before, next);
        for record in missing.unwrap_or_default() {
            self.push(run, self.calls + 1, record, now);
        }
    }

    fn between(
        &self,
        run: RunNo,
        from: usize,
        until: usize,
        before: Checksum,
        next: &Record,
    ) -> Option<Vec<Record>> {
        if from >= until {
            return next.open(before).is_ok().then(Vec::new);
        }
        self.loose_at(run, from).into_iter().find_map(|record| {
            let (_, after) = record.open(before).ok()?;
            let rest = self.between(run, from + 1, until, after, next)?;
            Some(std::iter::once(record.clone()).chain(rest).collect())
        })
    }

    fn last_checksum(&self, run: RunNo) -> Checksum {
        let last = self.histories.get(&run).and_then(|all| all.last());
        last.map_or(Checksum::first(run), |acked| acked.record.checksum().expect("whole"))
    }

    fn push(&mut self, run: RunNo, call: u64, record: Record, now: Moment) {
        let history = self.histories.entry(run).or_default();
        let before =
            history.last().map_or(Checksum::first(run), |acked| acked.record.checksum().expect("whole"));
        let Ok((entry, _)) = record.open(before) else {
            let place = history.len();
            return self.violates(format!("entry {place} of run {run} is not chained to the one before"));
        };
        let same_message = |acked: &Acked| match (acked.entry.fact.message(), entry.fact.message()) {
            (Some((_, one, _)), Some((_, other, _))) => one == other,
            _ => false,
        };
        let same_outcome = |acked: &Acked| {
            entry
                .fact
                .outcome_of()
                .is_some_and(|(op, _)| acked.entry.fact.outcome_of().is_some_and(|(of, _)| of == op))
        };
        let twice = history.iter().any(|acked| same_message(acked) || same_outcome(acked));
        let early = matches!(&entry.fact, Fact::TimerFired(fired) if fired.due > now || fired.due > entry.at);
        let after_the_end = history.last().is_some_and(|acked| matches!(acked.entry.fact, Fact::RunEnded(_)));
        let told = format!("run {run}: {:?}", entry.fact);
        history.push(Acked { call, record, entry });
        if twice {
            self.violates(format!("delivered twice: {told}"));
        }
        if early {
            self.violates(format!("too early: {told}"));
        }
        if after_the_end {
            self.violates(format!("after the end: {told}"));
        }
    }

    /// These are on their way.
    pub(super) fn asked(&mut self, requests: &[Request], now: Moment) {
        let seed = |request: &Request| match request {
            Request::Start(new) => new.begins,
            _ => None,
        };
        self.begun.extend(requests.iter().filter_map(seed).map(|seed| (now, seed)));
    }

    /// What may stand at that place of a run though nobody was told.
    fn loose_at(&self, run: RunNo, place: usize) -> Vec<Record> {
        let is_there =
            |(of, seq, _): &&(RunNo, Seq, Record)| *of == run && usize::try_from(seq.0).ok() == Some(place);
        let begun = self.begun.iter().filter(|_| place == 0).filter_map(|(at, seed)| {
            let entry = Entry { at: *at, fact: Fact::RunBegan { seed: *seed } };
            Record::seal(&entry, Checksum::first(run)).ok().map(|(record, _)| record)
        });
        self.loose.iter().filter(is_there).map(|(_, _, record)| record.clone()).chain(begun).collect()
    }

    /// These requests may have been done, but nobody was told.
    pub(super) fn unsure(&mut self, requests: &[Request]) {
        for request in requests {
            if let Request::Upgrade(upgrade) = request {
                self.upgraded(upgrade, false);
            }
            if let Request::Append(append) = request {
                let places = (append.from.0..).map(Seq);
                self.loose.extend(
                    places.zip(&append.records).map(|(seq, record)| (append.run, seq, record.clone())),
                );
            }
        }
    }

    /// The machine went down when this was the last call acknowledged: what came after may be there or not, and who was told died.
    pub(super) fn went_down(&mut self, acknowledged: u64) {
        for (run, history) in &mut self.histories {
            let kept = history.iter().take_while(|acked| acked.call <= acknowledged).count();
            for (acked, place) in history.drain(kept..).zip(kept..) {
                let seq = Seq(u32::try_from(place).expect("small"));
                self.loose.push((*run, seq, acked.record));
            }
        }
        self.upgrades.values_mut().for_each(|upgrades| upgrades.went_down(acknowledged));
        self.sent.retain(|(call, _, _)| *call <= acknowledged);
        self.started.retain(|(call, _)| *call <= acknowledged);
        self.holders.clear();
        self.inside = None;
    }

    /// What the store holds of a run: all that was acknowledged, in order, and nothing that nobody asked for.
    pub(super) fn check_history(&mut self, run: RunNo, records: &[Record], now: Moment) {
        let known = self.entries(run);
        for (place, record) in records.iter().enumerate() {
            let acked =
                self.histories.get(&run).and_then(|all| all.get(place)).map(|acked| acked.record.clone());
            match acked {
                Some(acked) if acked == *record => {}
                Some(_) => {
                    return self.violates(format!(
                        "entry {place} of run {run} is another one than was acknowledged"
                    ));
                }
                None => {
                    let was_asked = self.loose_at(run, place).contains(record);
                    if !was_asked && !self.ends_with_parent(run, record) {
                        return self.violates(format!("entry {place} of run {run} was never asked for"));
                    }
                    self.push(run, self.calls + 1, record.clone(), now);
                }
            }
        }
        if records.len() < known {
            self.violates(format!("run {run} has {} entries, {known} were acknowledged", records.len()));
        }
    }

    /// At the end of an ended run: the result that its history must give, and every accepted message heard or counted as unread.
    pub(super) fn check_end(&mut self, run: RunNo, unread: u32) {
        let under = self.upgrades(run).newest();
        let Some(history) = self.histories.get(&run) else { return };
        let facts: Vec<&Fact> = history.iter().map(|acked| &acked.entry.fact).collect();
        let heard: BTreeSet<MessageId> =
            facts.iter().filter_map(|fact| fact.message().map(|(_, id, _)| id)).collect();
        let unheard: BTreeSet<MessageId> = self
            .sent
            .iter()
            .filter(|(_, of, id)| *of == run && !heard.contains(id))
            .map(|(_, _, id)| *id)
            .collect();
        let its = self.children.values().find(|(parent, _)| *parent == run).map(|(_, on_close)| *on_close);
        let expected = match self.children.get(&run) {
            Some((_, on_close)) => expected_of_child(&facts, *on_close),
            None => expected_end(&facts, under, its),
        };
        let found = match facts.last() {
            Some(Fact::RunEnded(ended)) => Some(ended.end.clone()),
            _ => None,
        };
        let undone = undone(&facts, &expected);
        if found != Some(expected.clone()) {
            self.violates(format!("run {run} ended as {found:?} and not as {expected:?}"));
        }
        if let Err(wrong) = undone {
            self.violates(format!("run {run}: {wrong}"));
        }
        if unheard.len() > usize::try_from(unread).expect("small") {
            self.violates(format!(
                "run {run}: {unheard:?} were accepted and never delivered, {unread} are unread"
            ));
        }
    }
}

/// What the script makes of these facts under its last text, said once more in another language.
fn expected_end(facts: &[&Fact], under: Under, its: Option<OnParentClose>) -> RunEnd {
    let (mut said, mut steps, mut last, mut fails) = (Vec::new(), 0_i64, None::<String>, false);
    let child = its.filter(|on_close| *on_close == OnParentClose::Cancel).and_then(|_| child_said(facts));
    let behind = behind_the_end(facts, child.as_ref().map(|(place, _)| *place));
    let child = child.map(|(_, said)| said).unwrap_or_default();
    for (fact, place) in facts.iter().zip(1..) {
        match fact {
            Fact::ActivityCompleted(done) if matches!(done.label.name.as_str(), "side" | "back" | "more") => {
            }
            Fact::ActivityCompleted(done) if done.label.name == "locked" => {
                said.push(format!("l{}", done.result));
            }
            Fact::ActivityCompleted(done) if done.label.name == "step" => {
                said.push(format!("a{}", done.result));
                steps += 1;
            }
            Fact::ActivityFailed(failed) if failed.label.name == "step" => {
                said.push(format!("f{steps}"));
                steps += 1;
            }
            Fact::TimerFired(_) => said.push("t".to_owned()),
            Fact::SignalReceived(signal) if signal.name == "note" => {
                said.push(format!("n{}", signal.payload));
            }
            Fact::SignalReceived(signal) if signal.payload == Value::Int(1) => fails = true,
            Fact::SignalReceived(signal) => last = last.or(Some(format!("e{}", signal.payload))),
            Fact::CancelRequested(request) => return RunEnd::Cancelled { reason: request.reason.clone() },
            _ => {}
        }
        said.extend(last.take_if(|_| place == behind).map(|end| end + child.as_str()));
    }
    if fails && let Some(Fact::RunEnded(ended)) = facts.last() {
        let is_it = |failure: &Failure| failure.message == "enough";
        if matches!(&ended.end, RunEnd::Failed { failure } if is_it(failure)) {
            return ended.end.clone();
        }
    }
    // A child that nobody joined and that did not complete fails who started it, unless it was let go.
    let lost = |fact: &&Fact| {
        matches!(fact, Fact::ChildEnded(ended)
            if !matches!(ended.outcome, ChildOutcome::Ended(RunEnd::Completed { .. })))
    };
    if its == Some(OnParentClose::Terminate) && facts.iter().any(lost) {
        let found = match facts.last() {
            Some(Fact::RunEnded(ended)) => match &ended.end {
                RunEnd::Failed { failure } if failure.kind == "child" => Some(ended.end.clone()),
                _ => None,
            },
            _ => None,
        };
        let failure = Failure::new("child", "nobody joined it");
        return found.unwrap_or(RunEnd::Failed { failure });
    }
    if under.has_more(behind) {
        let more = completed(facts, "more").next();
        said.push(more.map_or("and more".to_owned(), |done| format!("p{}", done.result)));
    }
    if under.text > 0 {
        said.push(format!("v{}", under.text));
    }
    RunEnd::Completed { result: Value::List(said.into_iter().map(Value::Text).collect()) }
}

fn completed<'f>(facts: &'f [&Fact], name: &'f str) -> impl Iterator<Item = &'f ActivityCompleted> {
    facts.iter().filter_map(move |fact| match fact {
        Fact::ActivityCompleted(done) if done.label.name == name => Some(done.as_ref()),
        _ => None,
    })
}

/// How many entries were delivered when the script had all its steps and was told to end.
fn behind_the_end(facts: &[&Fact], child: Option<usize>) -> usize {
    let side = |fact: &&Fact| matches!(fact, Fact::ActivityCompleted(done) if done.label.name == "side");
    let end = |fact: &&Fact| matches!(fact, Fact::SignalReceived(signal) if signal.name == "end");
    let last = facts.iter().rposition(side).max(facts.iter().position(end)).max(child);
    last.map_or(0, |place| place + 1)
}

/// What a script hears of the child that it waits for, and with which entry.
fn child_said(facts: &[&Fact]) -> Option<(usize, String)> {
    facts.iter().enumerate().find_map(|(place, fact)| match fact {
        Fact::ChildEnded(ended) => Some((place, said_of(&ended.outcome))),
        _ => None,
    })
}

fn said_of(outcome: &ChildOutcome) -> String {
    match outcome {
        ChildOutcome::Ended(RunEnd::Completed { result: Value::Text(said) }) => said.clone(),
        ChildOutcome::Ended(end) => end.status().word().to_owned(),
        ChildOutcome::Stuck(_) => "stuck".to_owned(),
    }
}

/// What a child makes of these facts.
fn expected_of_child(facts: &[&Fact], on_close: OnParentClose) -> RunEnd {
    // Its parent may end while it cleans up after a cancel.
    if let Some(Fact::RunEnded(ended)) = facts.last()
        && on_close == OnParentClose::Terminate
        && matches!(ended.end, RunEnd::Terminated { .. })
    {
        return ended.end.clone();
    }
    let (mut got, mut done) = (None, None);
    for fact in facts {
        match fact {
            Fact::SignalReceived(signal) if signal.name == "go" => got = got.or(Some(&signal.payload)),
            Fact::ActivityCompleted(work) => done = Some(&work.result),
            Fact::CancelRequested(request) => {
                let by_close = request.reason.ends_with("has ended") && on_close != OnParentClose::Cancel;
                let by_parent =
                    request.reason.starts_with("its parent") && on_close == OnParentClose::Abandon;
                if by_close || by_parent {
                    return RunEnd::Cancelled {
                        reason: "nobody: it is not to be asked by its parent".into(),
                    };
                }
                return RunEnd::Cancelled { reason: request.reason.clone() };
            }
            _ => {}
        }
    }
    let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    RunEnd::Completed { result: Value::Text(format!(" {} {}", shown(got), shown(done))) }
}

/// A run that did not complete has taken back every other step that it began, the newest first, each once; one that did has taken back
/// nothing.
fn undone(facts: &[&Fact], end: &RunEnd) -> Result<(), String> {
    let is_step = |fact: &&&Fact| matches!(fact, Fact::ActivityFailed(failed) if failed.label.name == "step");
    let given_up = facts.iter().filter(is_step).count();
    let steps = completed(facts, "step").count() + given_up;
    let backs: Vec<Value> = completed(facts, "back").map(|done| done.input.clone()).collect();
    if matches!(end, RunEnd::Completed { .. }) {
        return if backs.is_empty() { Ok(()) } else { Err(format!("it completed and took back {backs:?}")) };
    }
    let newest_first = (0..backs.len()).rev().map(|n| Value::from(u32::try_from(2 * n).expect("small")));
    let begun = steps.div_ceil(2)..=steps / 2 + 1;
    if backs.iter().cloned().eq(newest_first) && begun.contains(&backs.len()) {
        return Ok(());
    }
    Err(format!("after {steps} steps it took back {backs:?}"))
}
