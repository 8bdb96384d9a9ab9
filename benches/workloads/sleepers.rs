//! W5: runs that sleep for an hour: how fast they get there, and what each costs on disk and in memory.

use super::world::{Text, World};
use super::yard::{Yard, round, timed};
use redb::{ReadableDatabase, ReadableTableMetadata, TableHandle};
use serde_json::json;
use std::fs::File;
use std::io::{Seek, SeekFrom};

/// 1 k, 10 k, 100 k and 1 M sleepers, each number in a store of its own.
pub(crate) fn sleepers(yard: &Yard) {
    let text = Text("sleep(\"1h\");".to_owned());
    for runs in [1000, 10_000, 100_000, 1_000_000].map(|runs| yard.scaled(runs)) {
        let folder = yard.folder("w5");
        let mut world = World::open(&folder);
        yard.measure();
        let before = resident("self");
        let (seconds, ()) = timed(|| world.put_to_sleep(&text, runs, 2000));
        let grown = resident("self").saturating_sub(before);
        drop(world);
        let each = |bytes: u64| round(bytes as f64 / runs as f64);
        yard.tell(
            &format!("{runs} sleepers"),
            &json!({
                "starts_per_second": (runs as f64 / seconds).round(),
                "disk_bytes_each": each(size(&folder)),
                "resident_bytes_each": each(grown),
                "tables": tables(&folder, runs),
            }),
        );
    }
}

/// Of each table, for each run: rows, bytes of keys and values, bytes of the pages above them, and what is empty in the pages.
fn tables(folder: &std::path::Path, runs: u64) -> serde_json::Value {
    // redb's pages begin behind the head and the log.
    let (mut store, copy) =
        (File::open(folder.join("store.redb")).expect("a store"), folder.join("pages.redb"));
    store.seek(SeekFrom::Start(1024 * 1024)).expect("behind the log");
    std::io::copy(&mut store, &mut File::create(&copy).expect("a copy")).expect("copied");
    let database = redb::Database::open(&copy).expect("pages");
    let transaction = database.begin_read().expect("reads");
    let each = |count: u64| round(count as f64 / runs as f64);
    let names: Vec<_> = transaction.list_tables().expect("tables").collect();
    names
        .into_iter()
        .filter_map(|name| {
            let table = transaction.open_untyped_table(name.clone()).expect("a table");
            let (rows, stats) = (table.len().expect("a count"), table.stats().expect("stats"));
            let parts = [rows, stats.stored_bytes(), stats.metadata_bytes(), stats.fragmented_bytes()];
            (rows > 100).then(|| (name.name().to_owned(), json!(parts.map(each))))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(process: &str) -> u64 {
    figure(process, "VmRSS:")
}

/// The most that it ever was.
pub(crate) fn peak(process: &str) -> u64 {
    figure(process, "VmHWM:")
}

fn figure(process: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// What the store takes on disk, in bytes.
pub(crate) fn size(folder: &std::path::Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(folder.join("store.redb")).expect("a store").blocks() * 512
}
