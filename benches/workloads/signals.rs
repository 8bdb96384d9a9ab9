//! W4: signals accepted, and the time from sending one to the moment when the script of a live run has gone on.

use super::world::{Text, World};
use super::yard::{Yard, median, timed};
use durun::store::Store;
use durun::timer::{Clock, SystemClock};
use durun::worker::Progress;
use std::sync::Arc;
use std::sync::mpsc::channel;

/// Signals to 200 waiting runs that nobody executes, 64 in a call and one in a call.
pub(crate) fn accepted(yard: &Yard) {
    const RUNS: u64 = 200;
    const SIGNALS: u64 = 6400;
    let rounds = yard.rounds(5, || {
        let mut world = World::open(&yard.folder("w4"));
        let runs = world.start(&Text("wait_signal(\"go\");".to_owned()), RUNS, false);
        let requests: Vec<_> = (0..SIGNALS).map(|n| World::signal(runs[(n % RUNS) as usize].0, n)).collect();
        let (batch, ()) = timed(|| {
            for part in requests.chunks(64) {
                assert!(world.store.call(part.to_vec()).iter().all(Result::is_ok));
            }
        });
        let alone: Vec<_> = (0..RUNS).map(|n| World::signal(runs[n as usize].0, SIGNALS + n)).collect();
        let (lone, ()) =
            timed(|| alone.into_iter().for_each(|request| drop(world.store.ask(request).expect("accepted"))));
        vec![("batch", batch / SIGNALS as f64), ("lone", lone / RUNS as f64)]
    });
    yard.tell("accepted, 64 in a call", &yard.price(median(&rounds["batch"])));
    yard.tell("accepted, one in a call", &yard.price(median(&rounds["lone"])));
}

/// A run that lives in a worker of this process takes 200 signals, one after the other; seen when it is delivered to the script.
pub(crate) fn seen(yard: &Yard) {
    const SIGNALS: u64 = 200;
    let mut all = Vec::new();
    yard.rounds(3, || {
        let mut world = World::open(&yard.folder("w4-seen"));
        let text = Text(format!("for n in 0..{SIGNALS} {{ wait_signal(\"go\"); }}"));
        let (run, epoch) = world.start(&text, 1, true)[0];
        let (tell, told) = channel();
        let (mut worker, inputs) = world.worker(Arc::new(move |_, progress| {
            if let Progress::Signal { .. } = progress {
                tell.send(SystemClock.monotonic()).ok();
            }
        }));
        worker.adopt(run, epoch).expect("adopts");
        let store = Arc::clone(&world.store);
        let sender = std::thread::spawn(move || {
            let send = |n| {
                let began = SystemClock.monotonic();
                store.ask(World::signal(run, n)).expect("accepted");
                told.recv().expect("seen").saturating_sub(began).as_secs_f64()
            };
            (0..SIGNALS).map(send).collect::<Vec<f64>>()
        });
        drop(worker.drive(&inputs).expect("drives"));
        all.extend(sender.join().expect("the sender"));
        Vec::new()
    });
    yard.tell("sent to seen", &yard.price(median(&all)));
}
