//! The model: what was acknowledged to anybody, and what must be true of it.

use super::expected::{expected_end, expected_of_child, handed_on, undone};
use super::texts::Upgrades;
use durun::history::{
    Checksum, ChildOutcome, Entry, Fact, MessageBody, MessageId, Moment, OnParentClose, OpId, Parent, Record,
    RunEnd, RunId, RunNo, RunRow, Seq, Value, generation_parts,
};
use durun::store::{Answer, Append, Request, Rewind, Snapshot, Upgrade};
use std::collections::{BTreeMap, BTreeSet};

/// An entry that was acknowledged, by which call.
struct Acked {
    call: u64,
    record: Record,
    entry: Entry,
}

/// A rewind that was acknowledged, by which call, and what it set aside.
struct Rewound {
    call: u64,
    request: Rewind,
    aside: Vec<Acked>,
}

/// What somebody wants: behind so many entries a run is to go on, with these results in the place of others.
pub(super) struct Wish {
    pub(super) run: RunNo,
    pub(super) kept: usize,
    pub(super) set: BTreeMap<OpId, Value>,
}

/// What the store holds of a run.
pub(super) struct Found {
    pub(super) row: RunRow,
    /// Of the present generation, and of the one before.
    pub(super) present: Vec<Record>,
    pub(super) past: Vec<Record>,
    /// What was set aside, as the row says.
    pub(super) aside: Vec<Vec<Record>>,
}

/// A message whose sender was told, by which call, that it is accepted.
struct Sent {
    call: u64,
    to: RunNo,
    id: MessageId,
    asks_to_end: bool,
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
    /// By where they lie: each generation of a run has its own.
    histories: BTreeMap<RunNo, Vec<Acked>>,
    /// Of each run, in order.
    rewinds: BTreeMap<RunNo, Vec<Rewound>>,
    /// Rewinds that may be on disk though nobody was told.
    maybe: Vec<Rewind>,
    pub(super) rewinds_asked: u32,
    pub(super) wish: Option<Wish>,
    /// What runs of these names were to begin with, and what each began with.
    wanted: Vec<(RunId, Value)>,
    inputs: BTreeMap<RunNo, Value>,
    upgrades: BTreeMap<RunNo, Upgrades>,
    /// Children, and how each is tied to its parent.
    children: BTreeMap<RunNo, Parent>,
    /// What may be on disk though nobody was told.
    loose: Vec<(RunNo, Seq, Record)>,
    /// When somebody asked for a run that begins as it is recorded.
    begun: BTreeSet<(Moment, u64)>,
    holders: BTreeMap<RunNo, Holder>,
    /// Runs whose starter was told that they are recorded.
    started: Vec<(u64, RunNo)>,
    /// Messages whose sender was told that they are accepted.
    sent: Vec<Sent>,
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

    /// The generation that a run is in.
    fn generation(&self, run: RunNo) -> u32 {
        let has_next = |generation: &u32| {
            let last = self.histories.get(&run.of_generation(*generation)).and_then(|all| all.last());
            last.is_some_and(|acked| matches!(acked.entry.fact, Fact::RunRestarted(_)))
        };
        (0..u32::MAX).take_while(has_next).count().try_into().expect("few")
    }

    /// How often runs began anew.
    pub(super) fn restarts(&self) -> u32 {
        let last = self.histories.values().filter_map(|history| history.last());
        last.filter(|acked| matches!(acked.entry.fact, Fact::RunRestarted(_)))
            .count()
            .try_into()
            .expect("few")
    }

    fn present(&self, run: RunNo) -> RunNo {
        run.of_generation(self.generation(run))
    }

    fn history(&self, run: RunNo) -> &[Acked] {
        self.histories.get(&self.present(run)).map_or(&[], Vec::as_slice)
    }

    /// The histories of a run, for whoever has to understand a violation.
    pub(super) fn tell(&self, run: RunNo) -> String {
        let told = |acked: &Acked| format!("{:?}", acked.entry);
        let mut lines = Vec::new();
        for generation in 0..=self.generation(run) {
            lines.push(format!(
                "run {run}, generation {generation}, began with {:?}:",
                self.input(run, generation)
            ));
            lines.extend(self.histories.get(&run.of_generation(generation)).into_iter().flatten().map(told));
        }
        for rewound in self.rewinds.get(&run).into_iter().flatten() {
            lines.push(format!("call {} set aside from {} on:", rewound.call, rewound.request.from));
            lines.extend(rewound.aside.iter().map(told));
        }
        lines.join("\n")
    }

    /// How many entries of a run are acknowledged.
    pub(super) fn entries(&self, run: RunNo) -> usize {
        self.history(run).len()
    }

    /// The steps that have a result among the first entries of a run.
    pub(super) fn steps(&self, run: RunNo, kept: usize) -> Vec<OpId> {
        let step = |acked: &Acked| match &acked.entry.fact {
            Fact::ActivityCompleted(done) if done.label.name == "step" => Some(done.op),
            Fact::ActivityFailed(failed) if failed.label.name == "step" => Some(failed.op),
            _ => None,
        };
        self.history(run).iter().take(kept).filter_map(step).collect()
    }

    pub(super) fn has_outcome(&self, run: RunNo, op: OpId) -> bool {
        self.history(run).iter().any(|acked| acked.entry.fact.outcome_of().is_some_and(|(of, _)| of == op))
    }

    /// Whether it is this process that executes a run; one that does not know yet that it was forsaken does not.
    pub(super) fn is_holder(&self, process: usize, run: RunNo) -> bool {
        self.holders.get(&run).is_none_or(|holder| holder.process == process)
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
        self.history(run).iter().any(|acked| matches!(acked.entry.fact, Fact::CancelRequested(_)))
    }

    pub(super) fn has_ended(&self, run: RunNo) -> bool {
        let last = self.history(run).last();
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
            (Request::Rewind(rewind), Answer::Done) => self.rewound(rewind),
            (Request::Claim { run, .. }, Answer::Claimed { epoch }) => self.claimed(*run, *epoch, process),
            (Request::Start(new), Answer::Started { run, epoch }) => {
                self.started.push((self.calls, *run));
                self.inputs.insert(*run, new.start.input.clone());
                if *epoch > 0 {
                    self.claimed(*run, *epoch, process);
                }
            }
            (Request::Release { run, .. }, Answer::Done) => {
                if let Some(holder) = self.holders.get_mut(run).filter(|holder| holder.process == process) {
                    holder.free = true;
                }
            }
            (Request::Deliver(new) | Request::Post(new), Answer::Delivered { duplicate, .. }) => {
                let asks_to_end = matches!(new.body, MessageBody::Cancel { .. });
                let is_asked = || {
                    let history = self.history(new.run).iter();
                    history
                        .map(|acked| &acked.entry.fact)
                        .any(|fact| matches!(fact, Fact::CancelRequested(_)))
                };
                let waits = |sent: &Sent| sent.to == new.run && sent.asks_to_end && sent.id != new.id;
                // A second request to end is known again behind a rewind that keeps the first, or while another waits, and nobody hears it
                // any more.
                let is_needless = || is_asked() || self.sent.iter().any(waits);
                if asks_to_end && *duplicate && self.rewinds.contains_key(&new.run) && is_needless() {
                    return;
                }
                self.sent.push(Sent { call: self.calls, to: new.run, id: new.id, asks_to_end });
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

    /// What the store says that a run goes on under, and with which input.
    pub(super) fn check_text(&mut self, run: RunNo, found: &Snapshot) {
        let calls = self.calls;
        if let Err(wrong) = self.upgrades(run).check(calls, &found.start) {
            self.violates(format!("run {run} {wrong}"));
        }
        let input = &found.start.input;
        let is_wanted = match found.row.generation {
            0 => self.wanted.contains(&(found.row.id.clone(), input.clone())),
            generation => self.input(run, generation) == Some(input),
        };
        if !is_wanted {
            self.violates(format!(
                "generation {} of run {run} began with {input:?}, which nobody handed on",
                found.row.generation
            ));
        }
        if found.row.generation == 0 {
            self.inputs.insert(run, input.clone());
        }
    }

    /// What a generation of a run begins with.
    fn input(&self, run: RunNo, generation: u32) -> Option<&Value> {
        let Some(before) = generation.checked_sub(1) else { return self.inputs.get(&run) };
        match &self.histories.get(&run.of_generation(before))?.last()?.entry.fact {
            Fact::RunRestarted(restarted) => Some(&restarted.input),
            _ => None,
        }
    }

    pub(super) fn children(&mut self) -> &mut BTreeMap<RunNo, Parent> {
        &mut self.children
    }

    /// Whether the command that started a child was set aside.
    fn is_over(&self, tie: &Parent) -> bool {
        let known = self.rewinds.get(&tie.run).into_iter().flatten().map(|rewound| &rewound.request);
        let maybe = self.maybe.iter().filter(|rewind| rewind.run == tie.run);
        known.chain(maybe).any(|rewind| {
            rewind.seen.1 == generation_parts(tie.generation).0
                && rewind.again.as_ref().is_some_and(|again| again.is_of(tie.op))
        })
    }

    /// The children of commands that a rewind of their parent makes new. One whose command was made new before has been ended then, and
    /// was opened again by somebody who wanted it to go on.
    pub(super) fn children_over(&self, rewind: &Rewind) -> Vec<RunNo> {
        let makes_new = |rewind: &Rewind, tie: &Parent| {
            (tie.run, generation_parts(tie.generation).0) == (rewind.run, rewind.seen.1)
                && rewind.again.as_ref().is_some_and(|again| again.is_of(tie.op))
        };
        let others = |tie: &Parent| {
            let since = usize::try_from(generation_parts(tie.generation).1).expect("small");
            let known = self.rewinds.get(&rewind.run).into_iter().flatten().skip(since);
            known.map(|rewound| &rewound.request).filter(|other| other.nonce != rewind.nonce)
        };
        let is_it = |tie: &Parent| makes_new(rewind, tie) && !others(tie).any(|other| makes_new(other, tie));
        self.children.iter().filter(|(_, tie)| is_it(tie)).map(|(child, _)| *child).collect()
    }

    /// Whether a record is the end of a child that ends with its parent, or with the command that started it.
    fn ends_with_parent(&self, run: RunNo, record: &Record) -> bool {
        let may_end = |tie: &Parent| tie.on_close == OnParentClose::Terminate || self.is_over(tie);
        self.children.get(&run).is_some_and(may_end)
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
        let history = run.of_generation(append.generation);
        for (record, place) in append.records.iter().zip(append.from.0..) {
            let place = usize::try_from(place).expect("small");
            self.fill(run, history, place, record, now);
            match self.histories.entry(history).or_default().get(place) {
                Some(known) if known.record == *record => {}
                Some(_) => self.violates(format!(
                    "entry {place} of run {run} was acknowledged twice, with other content"
                )),
                None => self.push(run, history, self.calls, record.clone(), now),
            }
        }
    }

    /// What was written and never acknowledged is known to be there by who appends behind it.
    fn fill(&mut self, run: RunNo, history: RunNo, until: usize, next: &Record, now: Moment) {
        let before = self.last_checksum(history);
        let from = self.histories.get(&history).map_or(0, Vec::len);
        let missing = self.between(history, from, until, before, next);
        for record in missing.unwrap_or_default() {
            self.push(run, history, self.calls + 1, record, now);
        }
    }

    /// A generation that nobody can read any more was written to its end.
    fn fill_to_the_end(&mut self, run: RunNo, history: RunNo, now: Moment) {
        while self.present(run) == history {
            let (before, from) =
                (self.last_checksum(history), self.histories.get(&history).map_or(0, Vec::len));
            let next = self.loose_at(history, from).into_iter().find(|record| record.open(before).is_ok());
            let Some(next) = next else {
                return self.violates(format!(
                    "{}\na generation of run {run} is gone before its end",
                    self.tell(run)
                ));
            };
            self.push(run, history, self.calls + 1, next, now);
        }
    }

    fn between(
        &self,
        history: RunNo,
        from: usize,
        until: usize,
        before: Checksum,
        next: &Record,
    ) -> Option<Vec<Record>> {
        if from >= until {
            return next.open(before).is_ok().then(Vec::new);
        }
        self.loose_at(history, from).into_iter().find_map(|record| {
            let (_, after) = record.open(before).ok()?;
            let rest = self.between(history, from + 1, until, after, next)?;
            Some(std::iter::once(record.clone()).chain(rest).collect())
        })
    }

    fn last_checksum(&self, history: RunNo) -> Checksum {
        let last = self.histories.get(&history).and_then(|all| all.last());
        last.map_or(Checksum::first(history), |acked| acked.record.checksum().expect("whole"))
    }

    fn push(&mut self, run: RunNo, no: RunNo, call: u64, record: Record, now: Moment) {
        let before = self.last_checksum(no);
        let history = self.histories.entry(no).or_default();
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
        let after_the_end = history
            .last()
            .is_some_and(|acked| matches!(acked.entry.fact, Fact::RunEnded(_) | Fact::RunRestarted(_)));
        let told = format!("run {run}: {:?}", entry.fact);
        let outcome = entry.fact.outcome_of().map(|(op, _)| op);
        let begins_anew = matches!(entry.fact, Fact::RunRestarted(_));
        history.push(Acked { call, record, entry });
        if begins_anew {
            self.upgrades(run).restarted(call);
            if let Some(wrong) = self.wrong_generations(run) {
                self.violates(format!("{}\nrun {run}: {wrong}", self.tell(run)));
            }
        }
        if let Some(op) = outcome {
            self.inside.take_if(|inside| *inside == (run, op));
        }
        if twice {
            self.violates(format!("{}\ndelivered twice: {told}", self.tell(run)));
        }
        if early {
            self.violates(format!("too early at {now:?}, by call {call} of {}: {told}", self.calls));
        }
        if after_the_end {
            self.violates(format!("{}\nafter the end: {told}", self.tell(run)));
        }
    }

    /// These are on their way.
    pub(super) fn asked(&mut self, requests: &[Request], now: Moment) {
        for request in requests {
            if let Request::Start(new) = request {
                self.wanted.push((new.id.clone(), new.start.input.clone()));
            }
        }
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
            if let Request::Rewind(rewind) = request {
                self.maybe.push((**rewind).clone());
            }
            if let Request::Append(append) = request {
                let places = (append.from.0..).map(Seq);
                let history = append.run.of_generation(append.generation);
                self.loose
                    .extend(places.zip(&append.records).map(|(seq, record)| (history, seq, record.clone())));
            }
        }
    }

    /// The machine went down when this was the last call acknowledged: what came after may be there or not, and who was told died.
    pub(super) fn went_down(&mut self, acknowledged: u64) {
        self.undo_rewinds(acknowledged);
        for (run, history) in &mut self.histories {
            let kept = history.iter().take_while(|acked| acked.call <= acknowledged).count();
            for (acked, place) in history.drain(kept..).zip(kept..) {
                let seq = Seq(u32::try_from(place).expect("small"));
                self.loose.push((*run, seq, acked.record));
            }
        }
        self.upgrades.values_mut().for_each(|upgrades| upgrades.went_down(acknowledged));
        self.sent.retain(|sent| sent.call <= acknowledged);
        self.started.retain(|(call, _)| *call <= acknowledged);
        self.holders.clear();
        self.inside = None;
    }

    /// Rewinds that nobody living was told of: what they set aside may be in its place.
    fn undo_rewinds(&mut self, acknowledged: u64) {
        for rewinds in self.rewinds.values_mut() {
            while let Some(Rewound { request, aside, .. }) =
                rewinds.pop_if(|rewound| rewound.call > acknowledged)
            {
                let history = request.run.of_generation(request.seen.1);
                let entries = self.histories.entry(history).or_default();
                let from = usize::try_from(request.from.0).expect("small");
                for (acked, seq) in
                    entries.split_off(from.min(entries.len())).into_iter().zip(request.from.0..)
                {
                    self.loose.push((history, Seq(seq), acked.record));
                }
                entries.extend(aside);
                self.maybe.push(request);
            }
        }
    }

    /// Whether a rewind is the one that was wished for: all that stays is the same but for the results that were to be others.
    pub(super) fn check_wish(&mut self, rewind: &Rewind) {
        let Some(wish) = self.wish.take().filter(|wish| wish.run == rewind.run) else { return };
        let seen = usize::try_from(rewind.seen.2.0).expect("small");
        if (rewind.seen.1, seen) != (self.generation(rewind.run), self.entries(rewind.run)) {
            // The run went on since: it is refused.
            return;
        }
        let from = usize::try_from(rewind.from.0).expect("small");
        let history = self.history(rewind.run);
        let mut checksum = match from.checked_sub(1).and_then(|last| history.get(last)) {
            Some(acked) => acked.record.checksum().expect("whole"),
            None => Checksum::first(self.present(rewind.run)),
        };
        let mut wrong = from + rewind.records.len() != wish.kept;
        for (record, acked) in rewind.records.iter().zip(history.iter().skip(from)) {
            let Ok((entry, after)) = record.open(checksum) else {
                wrong = true;
                break;
            };
            checksum = after;
            let set = acked.entry.fact.outcome_of().and_then(|(op, _)| wish.set.get(&op));
            wrong |= match (&entry.fact, set) {
                (Fact::ActivityCompleted(done), Some(value)) => done.result != *value,
                _ => entry != acked.entry,
            };
        }
        if wrong {
            self.violates(format!("{}\n{rewind:?} is to keep {}", self.tell(rewind.run), wish.kept));
        }
    }

    fn rewound(&mut self, rewind: &Rewind) {
        let run = rewind.run;
        if let Some(holder) = self.holders.get(&run)
            && !holder.free
            && !self.gone.contains(&holder.process)
            && !self.has_ended(run)
        {
            self.violates(format!("run {run} was rewound while {} executes it", holder.process));
        }
        let is_known = |rewound: &Rewound| rewound.request.nonce == rewind.nonce;
        if !self.rewinds.get(&run).is_some_and(|all| all.iter().any(is_known)) {
            self.rewind(rewind, self.calls);
        }
        // Nobody appends any more under what he had before.
        self.holders.insert(run, Holder { epoch: rewind.seen.0 + 1, process: usize::MAX, free: true });
    }

    fn rewind(&mut self, rewind: &Rewind, call: u64) {
        let (run, history) = (rewind.run, rewind.run.of_generation(rewind.seen.1));
        let from = usize::try_from(rewind.from.0).expect("small");
        let entries = self.histories.entry(history).or_default();
        if u32::try_from(entries.len()).ok() != Some(rewind.seen.2.0) || from >= entries.len() {
            return self.violates(format!("run {run} was rewound by {rewind:?} to before what is not there"));
        }
        let aside = entries.split_off(from);
        if aside.iter().any(|acked| matches!(acked.entry.fact, Fact::RunEnded(_))) {
            // Requests to end that came too late went with that end.
            self.sent.retain(|sent| sent.to != run || !sent.asks_to_end);
        }
        if rewind.held.is_empty() {
            // The lock that it may have had is given up.
            self.inside.take_if(|(of, _)| *of == run);
        }
        self.rewinds.entry(run).or_default().push(Rewound { call, request: rewind.clone(), aside });
        for record in &rewind.records {
            self.push(run, history, call, record.clone(), Moment(i64::MAX));
        }
        self.upgrades(run).rewound(call, from + rewind.records.len());
    }

    /// What the store holds of a run: all that was acknowledged, in order, and nothing that nobody asked for.
    pub(super) fn check(&mut self, run: RunNo, found: &Found, now: Moment) {
        let (known, is) = (self.generation(run), found.row.generation);
        if is < known {
            return self.violates(format!("run {run} is in generation {is}, and began {known}"));
        }
        let last_but_one = is.saturating_sub(1);
        for generation in known..last_but_one {
            self.fill_to_the_end(run, run.of_generation(generation), now);
        }
        for generation in known.max(last_but_one)..=is {
            let last = if generation == is { &found.present } else { &found.past };
            self.check_generation(run, generation, last, found, now);
        }
        if is != self.generation(run) {
            self.violates(format!("{}\nrun {run} is in generation {is}", self.tell(run)));
        }
        let rewinds = self.rewinds.get(&run).map_or(0, Vec::len);
        if rewinds != found.row.branches.len() {
            self.violates(format!("run {run} was rewound {rewinds} times, and has {:?}", found.row.branches));
        }
    }

    /// One generation, as it was before each rewind and as it is.
    fn check_generation(&mut self, run: RunNo, generation: u32, last: &[Record], found: &Found, now: Moment) {
        let history = run.of_generation(generation);
        let branches: Vec<usize> = (0..found.row.branches.len())
            .filter(|number| {
                found.row.branches.get(*number).is_some_and(|branch| branch.generation == generation)
            })
            .collect();
        let mut whole = vec![last.to_vec()];
        for number in branches.iter().rev() {
            let (Some(branch), Some(aside)) = (found.row.branches.get(*number), found.aside.get(*number))
            else {
                return;
            };
            let from = usize::try_from(branch.from.0).expect("small");
            let behind = whole.last().and_then(|after| after.get(..from)).unwrap_or_default();
            whole.push([behind, aside].concat());
        }
        for number in branches {
            let before = whole.pop().unwrap_or_default();
            let Some(branch) = found.row.branches.get(number) else { return };
            if let Some(rewound) = self.rewinds.get(&run).and_then(|all| all.get(number)) {
                let aside: Vec<Record> = rewound.aside.iter().map(|acked| acked.record.clone()).collect();
                if rewound.request.nonce != branch.nonce || found.aside.get(number) != Some(&aside) {
                    self.violates(format!(
                        "{}\nwhat rewind {number} of run {run} set aside is {branch:?}: {:?}",
                        self.tell(run),
                        found.aside.get(number)
                    ));
                }
                continue;
            }
            self.check_history(run, history, &before, now);
            let Some(asked) = self.maybe.iter().position(|rewind| rewind.nonce == branch.nonce) else {
                return self.violates(format!("run {run} has {branch:?}, which nobody asked for"));
            };
            let rewind = self.maybe.swap_remove(asked);
            self.rewind(&rewind, self.calls + 1);
        }
        self.check_history(run, history, last, now);
    }

    fn check_history(&mut self, run: RunNo, history: RunNo, records: &[Record], now: Moment) {
        let known = self.histories.get(&history).map_or(0, Vec::len);
        for (place, record) in records.iter().enumerate() {
            let acked =
                self.histories.get(&history).and_then(|all| all.get(place)).map(|acked| acked.record.clone());
            match acked {
                Some(acked) if acked == *record => {}
                Some(_) => {
                    return self.violates(format!(
                        "entry {place} of run {run} is another one than was acknowledged"
                    ));
                }
                None => {
                    let was_asked = self.loose_at(history, place).contains(record);
                    if !was_asked && !self.ends_with_parent(run, record) {
                        return self.violates(format!("entry {place} of run {run} was never asked for"));
                    }
                    self.push(run, history, self.calls + 1, record.clone(), now);
                }
            }
        }
        if records.len() < known {
            self.violates(format!("run {run} has {} entries, {known} were acknowledged", records.len()));
        }
    }

    fn facts(&self, run: RunNo, generation: u32) -> Vec<&Fact> {
        let history = self.histories.get(&run.of_generation(generation));
        history.into_iter().flatten().map(|acked| &acked.entry.fact).collect()
    }

    /// At the end of an ended run: the result that its histories must give, and every accepted message heard or counted as unread.
    pub(super) fn check_end(&mut self, run: RunNo, unread: u32) {
        let wrong = self
            .wrong_generations(run)
            .or_else(|| self.wrong_end(run))
            .or_else(|| self.wrong_mail(run, unread));
        if let Some(wrong) = wrong {
            self.violates(format!("{}\nrun {run}: {wrong}", self.tell(run)));
        }
    }

    /// What each generation hands on is what it must, and nothing is heard by two of them.
    fn wrong_generations(&self, run: RunNo) -> Option<String> {
        let mut notes = BTreeSet::new();
        for generation in 0..=self.generation(run) {
            let facts = self.facts(run, generation);
            for fact in &facts {
                if let Fact::SignalReceived(signal) = fact
                    && signal.name == "note"
                    && !notes.insert(signal.message_id)
                {
                    return Some(format!("two generations heard {signal:?}"));
                }
            }
            if let (Some(Fact::RunRestarted(restarted)), Some(input)) =
                (facts.last(), self.input(run, generation))
            {
                let expected = handed_on(&facts, input);
                if restarted.input != expected || restarted.generation != generation + 1 {
                    return Some(format!("{restarted:?} hands not on {expected:?}"));
                }
            }
        }
        None
    }

    fn wrong_end(&mut self, run: RunNo) -> Option<String> {
        let under = self.upgrades(run).newest();
        let generation = self.generation(run);
        let facts = self.facts(run, generation);
        let its = self.children.values().find(|tie| tie.run == run).map(|tie| tie.on_close);
        let expected = match (self.children.get(&run), self.input(run, generation)) {
            (Some(tie), _) => expected_of_child(&facts, tie.on_close, self.is_over(tie), under),
            (None, Some(input)) => expected_end(&facts, input, under, its),
            (None, None) => return None,
        };
        let found = match facts.last() {
            Some(Fact::RunEnded(ended)) => Some(ended.end.clone()),
            _ => None,
        };
        if found != Some(expected.clone()) {
            return Some(format!("it ended as {found:?} and not as {expected:?}"));
        }
        undone(&facts, &expected).err().or_else(|| self.wrong_children(run, generation))
    }

    /// What a run hears of a child is how that ended.
    fn wrong_children(&self, run: RunNo, generation: u32) -> Option<String> {
        for fact in self.facts(run, generation) {
            let Fact::ChildEnded(ended) = fact else { continue };
            let is_it = |tie: &Parent| {
                (tie.run, tie.op, generation_parts(tie.generation).0) == (run, ended.op, generation)
            };
            let its = self.children.iter().filter(|(_, tie)| is_it(tie)).map(|(child, _)| *child);
            let mut ends = its.flat_map(|child| self.ends(child));
            if !ends.any(|end| ended.outcome == ChildOutcome::Ended(end.clone())) {
                return Some(format!("it was told {ended:?}, and no child of it ended so"));
            }
        }
        None
    }

    /// How a run has ended, each time.
    fn ends(&self, run: RunNo) -> Vec<&RunEnd> {
        let aside = self.rewinds.get(&run).into_iter().flatten().flat_map(|rewound| &rewound.aside);
        let all = aside.chain(self.history(run));
        all.filter_map(|acked| match &acked.entry.fact {
            Fact::RunEnded(ended) => Some(&ended.end),
            _ => None,
        })
        .collect()
    }

    fn wrong_mail(&self, run: RunNo, unread: u32) -> Option<String> {
        let id = |fact: &Fact| fact.message().map(|(_, id, _)| id);
        let generations = (0..=self.generation(run)).flat_map(|generation| self.facts(run, generation));
        let aside = self.rewinds.get(&run).into_iter().flatten().flat_map(|rewound| &rewound.aside);
        let forgotten =
            aside.map(|acked| &acked.entry.fact).filter(|fact| matches!(fact, Fact::CancelRequested(_)));
        let heard: BTreeSet<MessageId> = generations.chain(forgotten).filter_map(id).collect();
        let is_unheard = |sent: &&Sent| sent.to == run && !heard.contains(&sent.id);
        let unheard: BTreeSet<MessageId> = self.sent.iter().filter(is_unheard).map(|sent| sent.id).collect();
        (unheard.len() > usize::try_from(unread).expect("small"))
            .then(|| format!("{unheard:?} were accepted and never delivered, {unread} are unread"))
    }
}
