//! Hostile processes at the socket of a living owner: it serves the others all the same, takes no more memory, and its store is whole.

use crate::world::{World, begin, figure, finish, send};
use durun::history::{RunNo, Token};
use durun::store::conformance::{new_run, signal};
use durun::store::crash::Chance;
use durun::store::{Request, RunFilter, wire};
use rustix::process::Signal;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

fn connected(world: &World) -> UnixStream {
    let stream = UnixStream::connect(world.path("store/sock")).expect("connects");
    stream.set_write_timeout(Some(Duration::from_secs(20))).expect("is set");
    stream
}

/// The most that the process ever had in memory, in kilobytes.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Frames that clients send, good ones.
fn frames() -> Vec<Vec<u8>> {
    let requests = [
        Request::List(RunFilter::default()),
        Request::Find { text: "a".into() },
        Request::View { run: RunNo(1) },
        Request::Snapshot { run: RunNo(1) },
        Request::Due { thorough: true },
        Request::Watch { run: RunNo(1) },
        Request::Start(Box::new(new_run("hostile"))),
        Request::Deliver(Box::new(signal(RunNo(1), "hostile"))),
    ];
    requests.into_iter().map(|request| wire::call(7, vec![request]).expect("a frame")).collect()
}

#[test]
fn an_owner_outlives_garbage_giants_silence_and_crowds() {
    let world = World::new();
    let script = world.write("s.rhai", "wait_signal(\"go\")");
    world.good(&["start", &script, "--id", "honest", "--record-only"]);
    let server = begin(&mut world.command(&["serve"]));
    world.until("the server has the store", |world| UnixStream::connect(world.path("store/sock")).ok());
    let hello = wire::hello(Token(4711), vec![RunNo(1)]).expect("a frame");
    let good = frames();
    let mut chance = Chance::from(6);
    // Bytes that are nothing; frames with flipped bits, behind a good greeting and without one.
    for round in 0..300 {
        let mut stream = connected(&world);
        let mut bytes = if round % 4 == 0 { Vec::new() } else { hello.clone() };
        let mut frame = good[chance.below(good.len())].clone();
        for _ in 0..=chance.below(5) {
            let place = chance.below(frame.len());
            frame[place] ^= 1 << chance.below(8);
        }
        frame.truncate(frame.len() - chance.below(3));
        bytes.extend(frame);
        // It may hang up in the middle, as it should.
        let _hung_up = stream.write_all(&bytes);
    }
    let before = peak(server.id());
    // A body of a gigabyte is refused by its length alone; one of the longest length is read no further than it comes.
    for length in [1_u32 << 30, u32::MAX, 16 << 20] {
        let mut stream = connected(&world);
        stream.write_all(&hello).expect("greets");
        let _hung_up = stream.write_all(&length.to_be_bytes());
        let piece = vec![0xc1; 1 << 16];
        for _ in 0..64 {
            if stream.write_all(&piece).is_err() {
                break;
            }
        }
    }
    // The slow ones: connected and silent, half a length, half a frame; they stay.
    let mut slow = Vec::new();
    for round in 0..60 {
        let mut stream = connected(&world);
        let part: &[u8] = [&hello[..0], &hello[..2], &hello[..hello.len() / 2]][round % 3];
        stream.write_all(part).expect("writes");
        slow.push(stream);
    }
    assert_eq!(world.good(&["signal", "honest", "go", "7"]), "");
    assert_eq!(world.good(&["wait", "honest"]), "7");
    assert!(peak(server.id()) < before + 128 * 1024, "from {before} kB to {}", peak(server.id()));
    drop(slow);
    send(&server, Signal::TERM);
    let told = finish(server);
    assert!(!told.err.contains("panicked"), "{told:?}");
    let doctor = world.run(&["doctor", "--deep"]);
    assert!(matches!(doctor.code, Some(0 | 1)), "the store is whole: {doctor:?}");
}

/// One that asks and never reads what it is told is no matter of the others.
#[test]
fn a_client_that_never_reads_holds_nobody_up() {
    let world = World::new();
    let script = world.write("s.rhai", "wait_signal(\"go\")");
    world.good(&["start", &script, "--id", "honest", "--record-only"]);
    let server = begin(&mut world.command(&["serve"]));
    world.until("the server has the store", |world| UnixStream::connect(world.path("store/sock")).ok());
    let mut deaf = connected(&world);
    deaf.set_write_timeout(Some(Duration::from_millis(500))).expect("is set");
    deaf.write_all(&wire::hello(Token(4711), vec![RunNo(1)]).expect("a frame")).expect("greets");
    let ask = wire::call(1, vec![Request::List(RunFilter::default())]).expect("a frame");
    let before = peak(server.id());
    let mut asked = 0;
    while asked < 60_000 && deaf.write_all(&ask).is_ok() {
        asked += 1;
    }
    assert_eq!(world.good(&["signal", "honest", "go", "7"]), "");
    assert_eq!(world.good(&["wait", "honest"]), "7");
    let grown = peak(server.id()) - before;
    assert!(grown < 64 * 1024, "{asked} answers that nobody reads take {grown} kB");
    let mut greeting = [0; 4];
    deaf.read_exact(&mut greeting).expect("it was greeted");
    drop(deaf);
    send(&server, Signal::TERM);
    finish(server);
}

/// What the system tells of a process under a name, as a number.
fn told_of(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
    line.trim().parse().expect("a number")
}

/// Many more connect than are served at once, and stay: those above the bound are hung up on, and cost nothing.
#[test]
fn a_crowd_of_connections_is_bounded_and_leaves_nothing_behind() {
    let world = World::new();
    let script = world.write("s.rhai", "wait_signal(\"go\")");
    world.good(&["start", &script, "--id", "honest", "--record-only"]);
    let server = begin(&mut world.command(&["serve"]));
    world.until("the server has the store", |world| UnixStream::connect(world.path("store/sock")).ok());
    let (memory, threads) = (peak(server.id()), told_of(server.id(), "Threads:"));
    // As many at a time as this process may have open; the others come when the first have gone.
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = limits.current.and_then(|most| usize::try_from(most).ok()).unwrap_or(20_000) - 200;
    let crowd = figure(1_500, 10_000);
    let (mut come, mut together, mut held) = (0, 0, Vec::new());
    while come < crowd {
        if held.len() >= most {
            held.clear();
        }
        held.push(connected(&world));
        (come, together) = (come + 1, together.max(held.len()));
    }
    assert!(together >= crowd.min(most), "{together} at once");
    let (grown, busy) = (peak(server.id()) - memory, told_of(server.id(), "Threads:") - threads);
    assert!(grown < 128 * 1024 && busy <= 512 + 16, "{come} connections take {grown} kB and {busy} threads");
    drop(held);
    world
        .until("the crowd is forgotten", |_| (told_of(server.id(), "Threads:") <= threads + 8).then_some(()));
    world.good(&["signal", "honest", "go", "7"]);
    assert_eq!(world.good(&["wait", "honest"]), "7");
    send(&server, Signal::TERM);
    assert!(!finish(server).err.contains("panicked"));
}
