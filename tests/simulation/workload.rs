//! A workload: calls of mixed requests as executors and senders would make them, the same for the same seed.

use durun::history::{
    ActivityCompleted, Again, CommandKind, CommandLabel, Fact, Failure, Message, MessageBody, MessageId,
    MessageNo, Moment, OpId, Pending, Restart, RunEnd, RunEnded, RunNo, RunRestarted, Seq, SignalReceived,
    StoredStatus, Token, UpdateAnswer, UpdateCompleted, Value,
};
use durun::store::conformance::{Chain, append, new_run, pending, signal};
use durun::store::crash::Chance;
use durun::store::{
    Append, LockChange, LogKey, LogLevel, LogLine, NewMessage, NewRun, NewSignal, RefusedUpdate, Request,
    Rewind, RowChange, Upkeep,
};

/// When the world begins.
pub(crate) const DAWN: Moment = Moment(1_795_400_000_000);

const EXECUTOR: durun::history::Claim = durun::history::Claim { token: Token(1), pid: 1 };

/// What the workload remembers of a run, to go on with it correctly.
struct Story {
    run: RunNo,
    chain: Chain,
    next: u32,
    ops: u32,
    open_ops: Vec<OpId>,
    locks: Vec<OpId>,
    unread: Vec<(MessageNo, MessageId)>,
    /// Messages that were delivered in this generation.
    heard: Vec<(MessageNo, MessageId)>,
    messages: u64,
    generation: u32,
    /// Whether it ever asked for a lock: a grant is a message too, and the numbers are not known here.
    asked: bool,
    /// Whether its executor has given it up.
    released: bool,
    ended: bool,
}

/// Makes `count` calls.
pub(crate) fn calls(seed: u64, count: usize) -> Vec<Vec<Request>> {
    let mut chance = Chance::from(seed);
    let mut stories = Vec::new();
    let mut calls = vec![vec![start(&mut stories)]];
    while calls.len() < count {
        let requests = if chance.below(4) == 0 { 2 + chance.below(3) } else { 1 };
        let call: Vec<Request> = (0..requests).filter_map(|_| request(&mut chance, &mut stories)).collect();
        if !call.is_empty() {
            calls.push(call);
        }
    }
    calls
}

fn start(stories: &mut Vec<Story>) -> Request {
    let run = RunNo(u64::try_from(stories.len()).expect("few") + 1);
    let id = format!("run-{run}");
    stories.push(Story {
        run,
        chain: Chain::of(run),
        next: 0,
        ops: 0,
        open_ops: Vec::new(),
        locks: Vec::new(),
        unread: Vec::new(),
        heard: Vec::new(),
        messages: 0,
        generation: 0,
        asked: false,
        released: false,
        ended: false,
    });
    let new = NewRun { claim: Some(EXECUTOR), ..new_run(&id) };
    if stories.len().is_multiple_of(3) {
        let message = signal(run, &format!("{run}-first"));
        if let Some(story) = stories.last_mut() {
            story.messages = 1;
            story.unread.push((MessageNo(1), message.id));
        }
        let to = new.id.clone();
        return Request::Signal(Box::new(NewSignal {
            to,
            id: message.id,
            name: "s".to_owned(),
            payload: Value::Null,
            start: Some(new),
        }));
    }
    Request::Start(Box::new(new))
}

fn request(chance: &mut Chance, stories: &mut Vec<Story>) -> Option<Request> {
    if let Some(request) = upkeep(chance, stories) {
        return Some(request);
    }
    let open = stories.iter().filter(|story| !story.ended).count();
    if open == 0 || (open < 8 && chance.below(10) == 0) {
        return Some(start(stories));
    }
    let nth = chance.below(open);
    let story = stories.iter_mut().filter(|story| !story.ended).nth(nth)?;
    Some(match chance.below(29) {
        0..10 => story.outcomes(chance),
        10..13 => story.lazy(chance),
        13..16 => story.message(chance),
        16..19 => story.heard()?,
        19 => story.end(chance),
        20..22 => story.lock(chance),
        24 => story.update(),
        25 => story.refuse()?,
        26 => story.answer()?,
        27..29 => story.rewind(chance)?,
        _ => story.restart(),
    })
}

/// Ended runs are forgotten, all that have ended so far, and their rows are dropped a slice at a time.
fn upkeep(chance: &mut Chance, stories: &[Story]) -> Option<Request> {
    let what = match chance.below(40) {
        0 => {
            let runs = stories.iter().filter(|story| story.ended).map(|story| story.run).collect();
            Upkeep::Prune { runs, before: DAWN.plus_ms(1_000_000) }
        }
        1..3 => Upkeep::Sweep { texts_after_ms: 1_000 },
        _ => return None,
    };
    Some(Request::Upkeep(Box::new(what)))
}

impl Story {
    fn append(&mut self, facts: Vec<Fact>) -> Append {
        let from = self.next;
        self.next += u32::try_from(facts.len()).expect("few");
        let records = facts.into_iter().map(|fact| self.chain.seal(DAWN, fact)).collect();
        Append { generation: self.generation, ..append(self.run, 1, from, records) }
    }

    fn outcomes(&mut self, chance: &mut Chance) -> Request {
        let count = 1 + chance.below(3);
        let settled: Vec<OpId> = self.open_ops.drain(..count.min(self.open_ops.len())).collect();
        let facts = (0..count).map(|nth| {
            let bytes = if chance.below(120) == 0 { 70_000 } else { chance.below(300) };
            let op = settled.get(nth).copied().unwrap_or(OpId(1_000_000 + self.next));
            Fact::ActivityCompleted(Box::new(ActivityCompleted {
                op,
                label: CommandLabel { kind: CommandKind::Step, name: "s".to_owned() },
                input: Value::Int(i64::from(self.next)),
                result: Value::Text("r".repeat(bytes)),
                attempts: 1,
                scheduled_at: DAWN,
                ended_at: DAWN,
            }))
        });
        let facts = facts.collect();
        let key = LogKey { seq: Seq(self.next), line: 0 };
        let line = LogLine {
            at: DAWN,
            level: LogLevel::Info,
            text: "a line".to_owned(),
            fields: Value::Null,
            op: None,
            wrote: None,
        };
        let published = vec![(format!("k{}", chance.below(3)), Value::from(self.next))];
        let pending = self.new_pending(chance);
        let append = self.append(facts);
        Request::Append(Box::new(Append { settled, logs: vec![(key, line)], published, pending, ..append }))
    }

    fn new_pending(&mut self, chance: &mut Chance) -> Vec<Pending> {
        let rows = (0..chance.below(3)).map(|_| {
            self.ops += 1;
            self.open_ops.push(OpId(self.ops));
            let due = (chance.below(2) == 0).then(|| DAWN.plus_ms(i64::from(self.ops) * 1000));
            Pending { due, ..pending(self.ops) }
        });
        rows.collect()
    }

    /// A retry: the same op with another next try, so that its timer moves.
    fn lazy(&mut self, chance: &mut Chance) -> Request {
        let mut rows = self.new_pending(chance);
        if let Some(op) = self.open_ops.first() {
            let next_try = Some(DAWN.plus_ms(i64::try_from(chance.below(100_000)).expect("small")));
            rows.insert(0, Pending { next_try, failures: 3, ..pending(op.0) });
        }
        Request::Append(Box::new(Append { pending: rows, ..self.append(Vec::new()) }))
    }

    /// Asks for one of two locks, or lets go of the oldest that it asked for.
    fn lock(&mut self, chance: &mut Chance) -> Request {
        let change = if self.locks.len() < 2 && chance.below(3) > 0 {
            self.ops += 1;
            self.asked = true;
            self.locks.push(OpId(self.ops));
            let name = if chance.below(2) == 0 { "db" } else { "files" };
            LockChange::Asked { op: OpId(self.ops), name: name.to_owned() }
        } else if self.locks.is_empty() {
            LockChange::Released { op: OpId(9_999_999) }
        } else {
            LockChange::Released { op: self.locks.remove(0) }
        };
        Request::Append(Box::new(Append { locks: vec![change], ..self.append(Vec::new()) }))
    }

    fn message(&mut self, chance: &mut Chance) -> Request {
        self.messages += 1;
        if chance.below(3) == 0 {
            let message = signal(self.run, &format!("{}-{}", self.run, self.messages));
            self.unread.push((MessageNo(self.messages), message.id));
            let to = new_run(&format!("run-{}", self.run)).id;
            return Request::Signal(Box::new(NewSignal {
                to,
                id: message.id,
                name: "s".to_owned(),
                payload: Value::Null,
                start: None,
            }));
        }
        let message = signal(self.run, &format!("{}-{}", self.run, self.messages));
        self.unread.push((MessageNo(self.messages), message.id));
        Request::Deliver(Box::new(NewMessage { keyed: self.messages.is_multiple_of(2), ..message }))
    }

    fn heard(&mut self) -> Option<Request> {
        if self.unread.is_empty() {
            return None;
        }
        let (no, id) = self.unread.remove(0);
        self.heard.push((no, id));
        let fact = Fact::SignalReceived(Box::new(SignalReceived {
            message_no: no,
            message_id: id,
            name: "s".to_owned(),
            payload: Value::Null,
            accepted_at: DAWN,
        }));
        Some(Request::Append(Box::new(Append { delivered: vec![(no, id)], ..self.append(vec![fact]) })))
    }

    /// Somebody asks for an update, under a key.
    fn update(&mut self) -> Request {
        self.messages += 1;
        let id = MessageId::of_update(&self.run.to_string(), "u", &self.messages.to_string());
        self.unread.push((MessageNo(self.messages), id));
        let body = MessageBody::Update { name: "u".to_owned(), argument: Value::Null };
        Request::Post(Box::new(NewMessage { run: self.run, id, keyed: true, body }))
    }

    /// The oldest message is refused, as if it were an update.
    fn refuse(&mut self) -> Option<Request> {
        if self.asked || self.unread.is_empty() {
            return None;
        }
        let (no, id) = self.unread.remove(0);
        let failure = Failure::new("rejected", "no");
        let refused = RefusedUpdate { run: self.run, epoch: 1, no, id, failure };
        Some(Request::RefuseUpdate(Box::new(refused)))
    }

    /// The message heard last is answered, as if it were an update.
    fn answer(&mut self) -> Option<Request> {
        let (message_no, message_id) = self.heard.last().copied()?;
        let answer = UpdateAnswer::Gave(Value::from(self.next));
        let completed = UpdateCompleted { message_no, message_id, name: "u".to_owned(), answer };
        let fact = Fact::UpdateCompleted(Box::new(completed));
        Some(Request::Append(Box::new(self.append(vec![fact]))))
    }

    /// Ends the generation; a signal that was delivered in it may be unread still.
    fn restart(&mut self) -> Request {
        let back = self.heard.pop().filter(|_| !self.asked);
        let unread = back.map(|(no, id)| {
            let body = signal(self.run, "s").body;
            Message { no, id, accepted_at: DAWN, body }
        });
        self.unread.splice(0..0, back);
        let fact = RunRestarted { generation: self.generation + 1, input: Value::Int(7) };
        let end = self.append(vec![Fact::RunRestarted(Box::new(fact))]);
        let restart =
            Restart { input: Value::Int(7), timeout_ms: None, unread: unread.into_iter().collect() };
        self.generation += 1;
        self.chain = Chain::of(self.run.of_generation(self.generation));
        (self.next, self.ops) = (0, 0);
        self.open_ops.clear();
        self.locks.clear();
        self.heard.clear();
        let row = RowChange { restart: Some(restart), ..RowChange::default() };
        Request::Append(Box::new(Append { row, ..end }))
    }

    /// Goes back to an earlier entry, with another one in the place of the first that is set aside. Nobody executes it after that.
    fn rewind(&mut self, chance: &mut Chance) -> Option<Request> {
        if !std::mem::replace(&mut self.released, true) {
            return Some(Request::Release { run: self.run, epoch: 1 });
        }
        let from = chance.below(usize::try_from(self.next).ok()?.max(1));
        let from = u32::try_from(from).ok().filter(|from| *from < self.next)?;
        self.ended = true;
        let back = self.heard.pop().filter(|_| !self.asked);
        let unread =
            back.map(|(no, id)| Message { no, id, accepted_at: DAWN, body: signal(self.run, "s").body });
        Some(Request::Rewind(Box::new(Rewind {
            run: self.run,
            nonce: MessageId([u8::try_from(self.run.0 % 256).ok()?; 16]),
            seen: (1, self.generation, Seq(self.next)),
            from: Seq(from),
            records: Vec::new(),
            again: Some(Again {
                from: OpId(from),
                also: Vec::new(),
                timed: self.open_ops.get(1).copied().into_iter().collect(),
            }),
            asked: self.open_ops.iter().take(2).map(|op| pending(op.0)).collect(),
            pending: self.open_ops.first().copied().into_iter().collect(),
            held: self.locks.first().copied().into_iter().collect(),
            heard: Vec::new(),
            unread: unread.into_iter().collect(),
            cancel_requested_at: None,
            timeout_ms: None,
            program: None,
            patches: durun::history::Patches::default(),
        })))
    }

    fn end(&mut self, chance: &mut Chance) -> Request {
        self.ended = true;
        if chance.below(2) == 0 {
            return Request::Terminate { run: self.run, reason: "enough".to_owned() };
        }
        let end = RunEnd::Completed { result: Value::Null };
        let fact = Fact::RunEnded(Box::new(RunEnded::of(end.clone())));
        let row = RowChange { status: Some(StoredStatus::Ended(end)), ..RowChange::default() };
        Request::Append(Box::new(Append { row, ..self.append(vec![fact]) }))
    }
}
