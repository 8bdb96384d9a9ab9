//! Bugs that peers of durun had in their stores and owners, each as a test with a name that says it; docs/internals/testing.md has the list.

use crate::workload::DAWN;
use durun::history::{
    Claim, CommandKind, CommandLabel, Fact, Moment, OpId, Pending, RunEnd, RunEnded, RunNo, Token,
};
use durun::store::conformance::{Chain, Living, append, new_run, signal};
use durun::store::{
    Answer, Append, MemoryTables, NewRun, RedbTables, Request, RowChange, RunFilter, StoreError, Tables,
    Upkeep,
};
use durun::timer::ManualClock;
use std::sync::Arc;

const ALICE: Claim = Claim { token: Token(1), pid: 101 };
const BOB: Claim = Claim { token: Token(2), pid: 102 };

struct World {
    tables: MemoryTables,
    clock: ManualClock,
    living: Arc<Living>,
}

impl World {
    fn new() -> Self {
        let (clock, living) = (ManualClock::at(DAWN), Arc::new(Living::default()));
        let tables = MemoryTables::new(Arc::new(clock.clone()), Arc::<Living>::clone(&living));
        Self { tables, clock, living }
    }

    fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        self.tables.apply(vec![request]).pop().expect("an answer")
    }

    fn start(&self, id: &str, claim: Option<Claim>) -> RunNo {
        match self.ask(Request::Start(Box::new(NewRun { claim, ..new_run(id) }))) {
            Ok(Answer::Started { run, .. }) => run,
            other => panic!("{other:?}"),
        }
    }

    /// Sets a timer of a run that Alice executes.
    fn sleeps(&self, run: RunNo, chain: &mut Chain, due: Moment) -> Append {
        let label = CommandLabel { kind: CommandKind::Sleep, name: String::new() };
        let mut first = append(run, 1, 0, vec![chain.seal(DAWN, Fact::RunBegan { seed: 1 })]);
        first.pending = vec![Pending { due: Some(due), ..Pending::new(OpId(0), label, DAWN) }];
        assert_eq!(self.ask(Request::Append(Box::new(first.clone()))), Ok(Answer::Done));
        first
    }

    fn due(&self) -> (Vec<RunNo>, Option<Moment>) {
        match self.ask(Request::Due { thorough: true }) {
            Ok(Answer::Due(due)) => (due.runs.into_iter().map(|(run, _)| run).collect(), due.next),
            other => panic!("{other:?}"),
        }
    }
}

/// Recovery at launch took a run that the same process had started in that millisecond: its body ran twice.
#[test]
fn peer_bug_recovery_takes_a_run_that_was_started_in_that_millisecond() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    // Not one millisecond has passed; who recovers finds nothing to do, and is refused where it tries all the same.
    assert_eq!(world.due(), (vec![], None));
    let held = world.ask(Request::Claim { run, claim: BOB });
    assert_eq!(held, Err(StoreError::Held { id: new_run("a").id, claim: ALICE }));
}

/// Recovery went by a list that was old, and ran work that was not its own any more.
#[test]
fn peer_bug_recovery_goes_by_a_stale_list() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    world.living.died(ALICE.token);
    let (listed, _) = world.due();
    assert_eq!(listed, [run]);
    // Somebody else is faster; the one with the list is refused, and so is the dead one that was not dead.
    let taken = world.ask(Request::Claim { run, claim: BOB });
    assert_eq!(taken, Ok(Answer::Claimed { epoch: 2 }));
    let late = world.ask(Request::Claim { run, claim: Claim { token: Token(3), pid: 103 } });
    assert!(matches!(late, Err(StoreError::Held { .. })), "{late:?}");
    let zombie = append(run, 1, 0, Chain::of(run).seeds(1));
    let fenced = world.ask(Request::Append(Box::new(zombie)));
    assert_eq!(fenced, Err(StoreError::Fenced { epoch: 1, current: 2 }));
}

/// A timer was lost when another process took its run over.
#[test]
fn peer_bug_timer_lost_after_failover() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    let due = DAWN.plus_ms(5_000);
    world.sleeps(run, &mut Chain::of(run), due);
    assert_eq!(world.due(), (vec![], None), "its executor keeps it");
    world.living.died(ALICE.token);
    assert_eq!(world.due(), (vec![], Some(due)));
    world.clock.advance(std::time::Duration::from_secs(5));
    assert_eq!(world.due().0, [run]);
}

/// A timer fired for a run that had ended or was gone.
#[test]
fn peer_bug_a_timer_fires_after_its_run_was_ended_or_pruned() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    world.sleeps(run, &mut Chain::of(run), DAWN.plus_ms(5_000));
    world.living.died(ALICE.token);
    let ended = world.ask(Request::Terminate { run, reason: "enough".into() });
    assert!(ended.is_ok(), "{ended:?}");
    world.clock.advance(std::time::Duration::from_hours(1));
    assert_eq!(world.due(), (vec![], None));
    let prune = Upkeep::Prune { runs: vec![run], before: DAWN.plus_ms(7_200_000) };
    assert!(world.ask(Request::Upkeep(Box::new(prune))).is_ok());
    assert_eq!(world.due(), (vec![], None));
    assert_eq!(world.ask(Request::View { run }), Err(StoreError::NoRun { run }));
    assert_eq!(world.tables.audit(), Ok(vec![]));
}

/// A finished status was written over.
#[test]
fn peer_bug_a_terminal_state_is_overwritten() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    let mut chain = Chain::of(run);
    let end = RunEnd::Completed { result: 7.into() };
    let mut last = append(
        run,
        1,
        0,
        vec![
            chain.seal(DAWN, Fact::RunBegan { seed: 1 }),
            chain.seal(DAWN, Fact::RunEnded(Box::new(RunEnded::of(end.clone())))),
        ],
    );
    last.row = RowChange { status: Some(durun::history::StoredStatus::Ended(end)), ..RowChange::default() };
    assert_eq!(world.ask(Request::Append(Box::new(last))), Ok(Answer::Done));
    let before = world.ask(Request::View { run });
    let more = append(run, 1, 2, vec![chain.seal(DAWN, Fact::RunBegan { seed: 2 })]);
    for request in [
        Request::Append(Box::new(more)),
        Request::Terminate { run, reason: "late".into() },
        Request::Deliver(Box::new(signal(run, "late"))),
        Request::Claim { run, claim: BOB },
        Request::RetryNow { run },
    ] {
        let told = world.ask(request.clone());
        assert!(matches!(told, Err(StoreError::Ended { .. })), "{request:?}: {told:?}");
    }
    assert_eq!(world.ask(Request::View { run }), before);
}

/// A liveness check deleted heartbeats: reading changed what was there.
#[test]
fn peer_bug_a_read_writes() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    world.sleeps(run, &mut Chain::of(run), DAWN.plus_ms(1));
    world.living.died(ALICE.token);
    world.clock.advance(std::time::Duration::from_hours(30));
    let before = world.tables.digest();
    for request in [
        Request::List(RunFilter::default()),
        Request::View { run },
        Request::Snapshot { run },
        Request::Find { text: "a".into() },
        Request::Due { thorough: false },
        Request::Due { thorough: true },
        Request::Published { run },
        Request::Schedules,
        Request::Upkeep(Box::new(Upkeep::Audit)),
        Request::Upkeep(Box::new(Upkeep::Wakers)),
        Request::Upkeep(Box::new(Upkeep::Export { run, place: None })),
    ] {
        let told = world.ask(request.clone());
        assert!(told.is_ok(), "{request:?}: {told:?}");
        assert_eq!(world.tables.digest(), before, "{request:?}");
    }
}

/// After a reboot the file was as long as before and held nothing but zeros; it was taken for an empty store.
#[test]
fn peer_bug_a_file_of_nul_bytes_is_taken_for_an_empty_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let open = || {
        let clock = Arc::new(ManualClock::at(DAWN));
        RedbTables::open(&path, clock, Arc::new(Living::default()))
    };
    let tables = open().expect("is made");
    assert!(matches!(tables.apply(vec![Request::Start(Box::new(new_run("a")))]).pop(), Some(Ok(_))));
    tables.close().expect("closes");
    let length = std::fs::metadata(&path).expect("there").len();
    let zeros = vec![0; usize::try_from(length).expect("small")];
    for bytes in [zeros.as_slice(), &[], &zeros[..4096]] {
        std::fs::write(&path, bytes).expect("written");
        match open() {
            Err(StoreError::Corrupt { .. }) => {}
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("{} bytes of nothing were opened", bytes.len()),
        }
        assert_eq!(std::fs::read(&path).expect("still there"), bytes, "and left as they are");
    }
}

/// Recovery was not to be repeated: a process that died in it could never begin again.
#[test]
fn peer_bug_recovery_twice_is_another_thing_than_once() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    let first = world.sleeps(run, &mut Chain::of(run), DAWN.plus_ms(5_000));
    world.living.died(ALICE.token);
    for (epoch, token) in [(2, 7), (3, 8), (4, 9)] {
        let claim = Claim { token: Token(token), pid: 7 };
        assert_eq!(world.ask(Request::Claim { run, claim }), Ok(Answer::Claimed { epoch }));
        // The same entry again, as one that was cut off would write it: acknowledged, and there once.
        let again = Append { epoch, ..first.clone() };
        assert_eq!(world.ask(Request::Append(Box::new(again))), Ok(Answer::Done));
        world.living.died(Token(token));
    }
    match world.ask(Request::Snapshot { run }) {
        Ok(Answer::Snapshot(snapshot)) => assert_eq!(snapshot.pending.len(), 1),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.tables.audit(), Ok(vec![]));
}

/// Waits were reckoned on the wall clock and then waited for on another: set back, it hung for as long.
#[test]
fn peer_bug_a_clock_set_back_makes_a_timer_fire_twice_or_never() {
    let world = World::new();
    let run = world.start("a", Some(ALICE));
    let due = DAWN.plus_ms(5_000);
    world.sleeps(run, &mut Chain::of(run), due);
    world.living.died(ALICE.token);
    world.clock.advance(std::time::Duration::from_secs(6));
    assert_eq!(world.due().0, [run]);
    world.clock.set(DAWN.plus_ms(-86_400_000));
    assert_eq!(world.due(), (vec![], Some(due)), "late, by its own instant, and not lost");
    world.clock.set(DAWN.plus_ms(315_360_000_000));
    assert_eq!(world.due().0, [run]);
}
