//! The workloads W0 to W7 and what grows with the store, each beside the floor of the same run; JSON lines.
//!
//! `cargo bench --bench workloads` runs all, `… -- w1 w2` those named. `DURUN_BENCH_SCALE=0.1` makes the large ones a tenth.
//! Machines differ and are noisy: what is to be compared is the ratio to `floor` (a 4 KiB overwrite and one `fdatasync`) and to `bare_commit`
//! (one row in one commit of redb) of the same line, which were taken in the same rounds.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark"
)]

mod growth;
mod memory;
mod programs;
mod recovery;
mod replaying;
mod signals;
mod sleepers;
mod steps;
mod world;
mod yard;

use yard::Yard;

/// What measures one workload and tells it.
type Bench = fn(&Yard);

/// What can be asked for.
const BENCHES: &[(&str, Bench)] = &[
    ("w0", programs::syncs),
    ("w1", steps::lone),
    ("w2", steps::many),
    ("w2-once", steps::many_once),
    ("w2-threads", steps::many_on_threads),
    ("w3", steps::start_to_result),
    ("w3-cold", programs::cold_start),
    ("w4", signals::accepted),
    ("w4-seen", signals::seen),
    ("w5", sleepers::sleepers),
    ("w6", recovery::recovery),
    ("w7", programs::existing_store),
    ("replay", replaying::rate),
    ("large", programs::large_store),
    ("memory", memory::serving),
    ("growth-store", growth::stored),
    ("growth-run", growth::long_run),
    ("growth-concurrent", growth::concurrent),
    ("growth-waiting", growth::among_waiting),
];

fn main() -> std::process::ExitCode {
    // A process of this program that is to be killed or measured from outside.
    if let Ok(role) = std::env::var("DURUN_BENCH_ROLE") {
        recovery::play(&role);
        return std::process::ExitCode::FAILURE;
    }
    let named: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for name in &named {
        if !BENCHES.iter().any(|(bench, _)| bench == name) {
            let all: Vec<&str> = BENCHES.iter().map(|(bench, _)| *bench).collect();
            eprintln!("there is no workload {name}: {}", all.join(", "));
            return std::process::ExitCode::from(2);
        }
    }
    for (name, bench) in BENCHES {
        if named.is_empty() || named.iter().any(|wanted| wanted == name) {
            bench(&Yard::new(name));
        }
    }
    std::process::ExitCode::SUCCESS
}
