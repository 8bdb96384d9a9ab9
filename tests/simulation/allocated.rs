//! The memory that the process has taken, as its allocator counts it: each thread for itself, and none of it is lost.

use durun::script::allocated;
use std::process::Command;

/// Set in a process of this program in which nothing else goes on.
const ALONE: &str = "DURUN_ALONE";
/// What a thread may not have told yet.
const UNTOLD: usize = 64 * 1024;

#[test]
fn what_threads_take_and_give_back_is_counted_beyond_their_ends() {
    if std::env::var_os(ALONE).is_none() {
        let program = std::env::current_exe().expect("this program");
        let name = "allocated::what_threads_take_and_give_back_is_counted_beyond_their_ends";
        let alone =
            Command::new(program).args(["--exact", name, "--test-threads=1"]).env(ALONE, "1").output();
        let output = alone.expect("runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let before = allocated();
    let large = vec![1_u8; 8 << 20];
    assert!(allocated() >= before + large.len() - UNTOLD);
    drop(large);
    assert!(allocated() <= before + UNTOLD);
    // Less than a thread tells of itself: it is told when it ends.
    let few = || std::thread::spawn(|| vec![1_u8; UNTOLD - 8 * 1024]).join().expect("ends");
    let taken: Vec<Vec<u8>> = (0..100).map(|_| few()).collect();
    let total: usize = taken.iter().map(Vec::len).sum();
    assert!(allocated() >= before + total - UNTOLD, "{} of {total}", allocated() - before);
    drop(taken);
    assert!(allocated() <= before + 2 * UNTOLD, "{} of {total} are left", allocated() - before);
}
