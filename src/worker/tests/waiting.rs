//! Runs that only wait are put down, and whatever the supply gives is taken up.

use super::*;
use crate::store::conformance::append;

/// Gives runs one after the other, `jobs` at a time.
struct Given {
    store: Arc<dyn Store>,
    runs: Vec<RunNo>,
    jobs: usize,
    most: usize,
    finish: bool,
    left: Vec<(RunNo, Finished)>,
}

impl Supply for Given {
    fn wish(&mut self, held: usize) -> Result<Wish, WorkerError> {
        let mut adopt = Vec::new();
        while held + adopt.len() < self.jobs
            && let Some(run) = self.runs.pop()
        {
            let claim = Claim { token: Token(1), pid: 1 };
            let Ok(Answer::Claimed { epoch }) = self.store.ask(Request::Claim { run, claim }) else {
                panic!("claims")
            };
            adopt.push((run, epoch));
        }
        self.most = self.most.max(held + adopt.len());
        Ok(Wish { is_open: !self.runs.is_empty(), finish: self.finish, adopt, ..Wish::default() })
    }
    fn heard(&mut self, _: Option<RunNo>) {}
    fn left(&mut self, run: RunNo, how: Finished) {
        self.left.push((run, how));
    }
    fn refused(&mut self, run: RunNo, why: WorkerError) {
        panic!("{run} was refused: {why}");
    }
    fn patience(&self) -> Duration {
        Duration::ZERO
    }
}

fn driven(world: &World, runs: &[RunNo], jobs: usize, finish: bool) -> Given {
    let (mut worker, inputs) = world.worker(&[]);
    worker.settings.park_after = Some(Duration::ZERO);
    let store: Arc<dyn Store> = Arc::clone(&worker.store);
    let mut given = Given { store, runs: runs.to_vec(), jobs, most: 0, finish, left: Vec::new() };
    worker.drive_with(&inputs, &mut given).expect("drives");
    given
}

fn view(world: &World, run: RunNo) -> RunView {
    let Ok(Answer::View(view)) = world.store.ask(Request::View { run }) else { panic!("views") };
    *view
}

fn due(world: &World) -> Due {
    let Ok(Answer::Due(due)) = world.store.ask(Request::Due { thorough: true }) else { panic!("tells") };
    due
}

#[test]
fn each_run_goes_on_until_it_waits_and_no_more_than_the_jobs_at_a_time() {
    let world = World::new(|job| ok(job.input.clone()));
    world.lives();
    let text = "let a = activity(\"one\", 1); sleep(\"30 days\"); a + activity(\"two\", 2)";
    let runs: Vec<RunNo> = (0..5).map(|n| world.start(&format!("r{n}"), text)).collect();
    let given = driven(&world, &runs, 2, false);
    assert_eq!(given.most, 2);
    assert!(given.left.iter().all(|(_, how)| *how == Finished::Parked) && given.left.len() == 5);
    for run in &runs {
        let view = view(&world, *run);
        assert_eq!((view.status, view.executor, view.entries), (RunStatus::Waiting, None, Seq(2)));
    }
    assert_eq!(
        (due(&world).runs.len(), due(&world).next),
        (0, Some(world.clock.now().plus_ms(30 * 86_400_000)))
    );
    world.clock.advance(Duration::from_hours(720));
    assert_eq!(due(&world).runs.len(), 5);
    let given = driven(&world, &runs, 100, false);
    assert!(
        given
            .left
            .iter()
            .all(|(_, how)| *how == Finished::Ended(RunEnd::Completed { result: Value::Int(3) }))
    );
    assert_eq!(world.jobs.lock().expect("jobs").len(), 10, "no step was done twice");
}

#[test]
fn a_retry_that_waits_is_left_to_the_next_with_its_count() {
    let world = World::new(|_| Some(Err(Failed::passing(Failure::new("activity", "down")))));
    let run =
        world.start("r", "activity(\"one\", (), #{ retry: #{ attempts: 2, first: \"1h\", jitter: 0 } })");
    driven(&world, &[run], 1, false);
    assert_eq!(world.pending(run)[0].failures, 1);
    assert!(due(&world).runs.is_empty());
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(due(&world).runs.len(), 1);
    let given = driven(&world, &[run], 1, false);
    assert!(matches!(&given.left[..], [(_, Finished::Ended(RunEnd::Failed { .. }))]), "{:?}", given.left);
}

#[test]
fn a_message_makes_a_waiting_run_due() {
    let world = World::new(|job| ok(job.input.clone()));
    let run = world.start("r", "wait_signal(\"go\")");
    driven(&world, &[run], 1, false);
    assert_eq!(due(&world), Due::default());
    world.deliver(run, "go", Value::Int(7));
    assert_eq!(due(&world).runs.len(), 1);
    let given = driven(&world, &[run], 1, false);
    assert_eq!(given.left, [(run, Finished::Ended(RunEnd::Completed { result: Value::Int(7) }))]);
}

#[test]
fn who_is_to_finish_begins_no_step() {
    let world = World::new(|job| ok(job.input.clone()));
    let run = world.start("r", "activity(\"one\", 1)");
    let given = driven(&world, &[run], 1, true);
    assert_eq!(given.left, [(run, Finished::Parked)]);
    assert!(world.jobs().is_empty());
    assert_eq!(due(&world).runs.len(), 1);
}

#[test]
fn a_run_that_somebody_executes_is_not_due_before_he_is_gone() {
    let world = World::new(|_| None);
    world.lives();
    let run = world.start("r", "activity(\"one\", 1)");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    assert!(due(&world).runs.is_empty());
    world.dies();
    assert_eq!(due(&world).runs.len(), 1);
}

#[test]
fn how_far_a_run_is_and_its_summary_outlive_a_worker_that_vanishes_before_they_are_written() {
    let world = World::new(|job| ok(job.input.clone()));
    let run = world.start("p", "set_summary(\"bills\"); progress(1, 2, \"ada\"); sleep(\"1h\");");
    let row = || match world.store.ask(Request::View { run }) {
        Ok(Answer::View(view)) => (view.row.summary, view.row.progress.map(|told| told.to_string())),
        other => panic!("{other:?}"),
    };
    let (mut worker, inputs) = world.worker(&[run]);
    assert!(worker.turn().expect("turns"));
    drop((worker, inputs));
    assert_eq!((world.history(run).len(), row()), (1, (None, None)), "they are lazy");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    world.clock.advance(Duration::from_millis(50));
    world.turns(&mut worker, &inputs);
    assert_eq!(row(), (Some("bills".to_owned()), Some("1/2 ada".to_owned())));
}

#[test]
fn a_turn_looks_at_what_moves_and_at_nothing_that_waits() {
    let world = World::new(|job| ok(job.input.clone()));
    let waits = [
        "wait_signal(\"s\")",
        "sleep(\"1 hour\"); 1",
        "step(\"s\", #{ retry: #{ first: \"1h\", jitter: 0, attempts: 9 } }, || { throw \"no\" })",
    ];
    let waiting: Vec<RunNo> =
        (0..60).map(|n| world.start(&format!("w{n}"), waits[n % waits.len()])).collect();
    let busy = world.start("busy", "for n in 0..20 { step(\"s\", || n); }");
    let (mut worker, inputs) = world.worker(&waiting);
    world.turns(&mut worker, &inputs);
    // Their pending rows are written.
    world.clock.advance(Duration::from_millis(60));
    world.turns(&mut worker, &inputs);
    assert_eq!(worker.runs.awake_numbers(), [], "all of them sleep");
    assert_eq!(worker.take_finished(), []);
    let claim = Claim { token: Token(1), pid: 1 };
    let Ok(Answer::Claimed { epoch }) = world.store.ask(Request::Claim { run: busy, claim }) else {
        panic!("claims")
    };
    worker.adopt(busy, epoch).expect("adopts");
    let mut turns = 0;
    while worker.take_finished().is_empty() {
        assert!(worker.turn().expect("turns"), "the busy run goes on");
        assert!(worker.runs.awake_numbers().iter().all(|run| *run == busy), "who waits is left alone");
        turns += 1;
    }
    assert!(turns >= 20, "{turns}");
    // Whatever they wait for wakes them, and only them.
    world.deliver(waiting[0], "s", 1.into());
    world.clock.advance(Duration::from_hours(1));
    let ended = world.drive(&mut worker, &inputs, 1);
    assert_eq!(ended.len(), 21, "one signal, 20 timers: {ended:?}");
}

#[test]
fn what_is_under_way_does_not_keep_its_run_awake_and_its_deadline_wakes_it() {
    let world = World::new(|_| None);
    let run = world.start("r", "activity(\"slow\", 1, #{ deadline: \"10s\", retry: #{ attempts: 1 } })");
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    world.clock.advance(Duration::from_millis(60));
    world.turns(&mut worker, &inputs);
    assert_eq!(worker.runs.awake_numbers(), []);
    assert_eq!(worker.patience(), Duration::from_millis(9_940));
    world.clock.advance(Duration::from_millis(9_940));
    assert!(worker.turn().expect("turns"), "its deadline is here");
    assert_eq!(world.jobs(), ["activity \"slow\"", "stop 0"]);
}

/// Two calls of which the first has the only slot and the second has failed once: the time of its next try has come, and it waits.
#[test]
fn whoever_waits_for_a_slot_after_a_failure_keeps_the_worker_from_no_rest() {
    let world = World::new(|_| None);
    let text =
        |what: &str| format!("activity(\"{what}\", 1, #{{ retry: #{{ first: \"10s\", jitter: 0 }} }})");
    let (mut worker, inputs) = world.worker(&[world.start("b", &text("b"))]);
    worker.slots.bound(1);
    world.turns(&mut worker, &inputs);
    let failed = Err(Failed::passing(Failure::new("failure", "no")));
    worker.take(Input::News(News::Done(JobDone { key: world.last_job(), result: failed })));
    world.turns(&mut worker, &inputs);
    let holder = world.start("a", &text("a"));
    let claim = Claim { token: Token(1), pid: 1 };
    let claimed = world.store.ask(Request::Claim { run: holder, claim });
    let Ok(Answer::Claimed { epoch }) = claimed else { panic!("{claimed:?}") };
    worker.adopt(holder, epoch).expect("adopts");
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs().len(), 2, "a has the slot");
    world.clock.advance(Duration::from_secs(11));
    world.turns(&mut worker, &inputs);
    world.clock.advance(Duration::from_millis(60));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs().len(), 2);
    let next = worker.next_wake().expect("somebody is told of the failures after 15 minutes");
    assert!(next > Duration::from_mins(10), "nothing but news can help before: {next:?}");
}

/// A script that is stuck while a call of it is under way, and another waits for its next try: that will not come.
#[test]
fn what_a_stuck_run_waits_for_keeps_the_worker_from_no_rest() {
    let world = World::new(|job| {
        (job.label.name == "fails").then(|| Err(Failed::passing(Failure::new("failure", "no"))))
    });
    let text = "on_signal(\"s\", |d| nowhere()); \
                let all = [|| activity(\"slow\", 1), || activity(\"fails\", 2, #{ retry: #{ first: \"10s\", jitter: 0 }, warn_after: \"20s\" })]; \
                parallel(all, |one| one.call());";
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    world.deliver(run, "s", Value::Null);
    world.turns(&mut worker, &inputs);
    assert!(worker.take_finished().is_empty(), "the slow call is awaited");
    world.clock.advance(Duration::from_mins(1));
    world.turns(&mut worker, &inputs);
    assert_eq!(worker.next_wake(), None, "nothing but news can help");
}

#[test]
fn a_worker_that_is_to_finish_rests_until_what_is_under_way_has_ended() {
    let world = World::new(|job| {
        (job.label.name == "fails").then(|| Err(Failed::passing(Failure::new("failure", "no"))))
    });
    let text = "let all = [|| activity(\"slow\", 1), || activity(\"fails\", 2, #{ retry: #{ first: \"10s\", jitter: 0 } })]; \
                parallel(all, |one| one.call());";
    let run = world.start("r", text);
    let (mut worker, inputs) = world.worker(&[run]);
    world.turns(&mut worker, &inputs);
    worker.finishing = true;
    worker.runs.wake_all();
    world.clock.advance(Duration::from_mins(1));
    world.turns(&mut worker, &inputs);
    assert_eq!(world.jobs().len(), 2);
    let next = worker.next_wake().expect("somebody is told of the failures after 15 minutes");
    assert!(next > Duration::from_mins(10), "nothing but news can help before: {next:?}");
}

#[test]
fn a_row_that_says_otherwise_than_the_script_is_written_anew() {
    let world = World::new(|job| ok(job.input.clone()));
    world.lives();
    let run = world.start("r", "wait_signal(\"go\", #{ timeout: \"2h\", otherwise: 0 })");
    driven(&world, &[run], 1, false);
    let right = world.pending(run);
    let wrong =
        |row: &Pending| Pending { due: Some(world.clock.now().plus_ms(1)), line: None, ..row.clone() };
    for pending in [right.iter().map(wrong).collect(), Vec::new()] {
        let claim = Claim { token: Token(1), pid: 1 };
        let Ok(Answer::Claimed { epoch }) = world.store.ask(Request::Claim { run, claim }) else {
            panic!("claims")
        };
        let settled = right.iter().map(|row| row.op).filter(|_| pending.is_empty()).collect();
        let left = Append { pending, settled, ..append(run, epoch, 1, Vec::new()) };
        assert_eq!(world.store.ask(Request::Append(Box::new(left))), Ok(Answer::Done));
        world.store.ask(Request::Release { run, epoch }).expect("releases");
        assert_ne!(world.pending(run), right);
        driven(&world, &[run], 1, false);
        assert_eq!(world.pending(run), right);
    }
    assert_eq!(due(&world).next, right.first().and_then(|row| row.due));
}
