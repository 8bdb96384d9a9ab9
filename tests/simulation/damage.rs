//! A damaged store: bits flipped, the end cut off, pages swapped or zeroed. What it answers is what was written, or the damage is told.

use crate::workload::{DAWN, calls};
use durun::history::{Checksum, Record, RunNo, Seq};
use durun::store::conformance::Living;
use durun::store::crash::Chance;
use durun::store::{Answer, RedbTables, Request, RunFilter, StoreError, Tables};
use durun::timer::ManualClock;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PAGE: usize = 4096;
/// Where the log begins, and where redb's pages do.
const LOG: usize = 2 * PAGE;
const PAGES: usize = 1024 * 1024;

/// How a store was left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It was closed.
    Closed,
    /// Its owner was killed, with records in the log.
    Killed,
    /// Its owner was killed when all had come to the pages.
    Settled,
}

/// A store as it was left, and all that can be asked of it with the true answers.
struct Whole {
    folder: tempfile::TempDir,
    left: Left,
    bytes: Vec<u8>,
    questions: Vec<Request>,
    truth: Vec<Result<Answer, StoreError>>,
}

fn open(path: &Path) -> Result<RedbTables, StoreError> {
    let clock = ManualClock::at(DAWN.plus_ms(1_000_000));
    RedbTables::open(path, Arc::new(clock), Arc::new(Living::default()))
}

fn questions(runs: &[RunNo]) -> Vec<Request> {
    let mut all = vec![Request::List(RunFilter::default()), Request::Due { thorough: true }];
    for run in runs.iter().copied() {
        let (from, until) = (Seq(0), Seq(u32::MAX));
        all.extend([
            Request::Find { text: format!("run-{run}") },
            Request::View { run },
            Request::Snapshot { run },
            Request::History { run, from, until },
            Request::Past { run, from, until },
            Request::Logs { run, after: None, limit: u32::MAX },
            Request::Published { run },
        ]);
    }
    all
}

impl Whole {
    fn new(left: Left) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("whole.redb");
        let tables = open(&path).expect("opens");
        for call in calls(11, 120) {
            assert!(tables.apply(call).iter().all(Result::is_ok));
        }
        // Some that were there have been forgotten.
        let runs: Vec<RunNo> = match tables.apply(vec![Request::List(RunFilter::default())]).pop() {
            Some(Ok(Answer::Views(views))) => views.iter().map(|view| view.row.no).collect(),
            other => panic!("{other:?}"),
        };
        let questions = questions(&runs);
        let truth = tables.apply(questions.clone());
        assert!(runs.len() > 3 && truth.iter().all(Result::is_ok), "{runs:?}: {truth:?}");
        if left == Left::Settled {
            tables.settle().expect("settles");
        }
        let mut bytes = std::fs::read(&path).expect("reads");
        tables.close().expect("closes");
        if left == Left::Closed {
            bytes = std::fs::read(&path).expect("reads");
        }
        Self { folder, left, bytes, questions, truth }
    }

    /// What is told of these bytes: how many questions were answered truly, and whether damage was told.
    fn ask(&self, what: &str, bytes: &[u8]) -> (usize, bool) {
        let path: PathBuf = self.folder.path().join("store.redb");
        std::fs::write(&path, bytes).expect("writes");
        let opened = std::panic::catch_unwind(|| open(&path)).unwrap_or_else(|_| panic!("{what}: a panic"));
        let tables = match opened {
            Ok(tables) => tables,
            Err(StoreError::Corrupt { path: named, .. }) => {
                assert_eq!(named, path.display().to_string(), "{what}");
                return (0, true);
            }
            Err(error) => panic!("{what}: {error:?}"),
        };
        let told = tables.damage().is_some();
        let mut true_answers = 0;
        for ((question, truth), answer) in
            self.questions.iter().zip(&self.truth).zip(tables.apply(self.questions.clone()))
        {
            match answer {
                answer if answer == *truth => true_answers += 1,
                Err(StoreError::Corrupt { .. }) => {}
                Ok(answer) if told && self.left == Left::Closed => {
                    assert_part(what, question, &answer, truth);
                }
                // As it was before the record that is damaged.
                Ok(_) if told => {}
                answer => panic!("{what}: {question:?} gave {answer:?} and not {truth:?}"),
            }
        }
        if told {
            let refused = tables.apply(vec![Request::Terminate { run: RunNo(1), reason: String::new() }]);
            assert!(matches!(refused.as_slice(), [Err(StoreError::Corrupt { .. })]), "{what}: {refused:?}");
        }
        drop(tables);
        if told {
            assert!(std::fs::read(&path).expect("reads") == bytes, "{what}: the file was changed");
        }
        (true_answers, told)
    }
}

/// Entries of a store that is known to be damaged may be missing; those whose chain holds are true.
fn assert_part(what: &str, question: &Request, answer: &Answer, truth: &Result<Answer, StoreError>) {
    let (Answer::Records(found), Ok(Answer::Records(written))) = (answer, truth) else { return };
    let Request::History { run, .. } = question else { return };
    let believed = |records: &[Record]| {
        let mut before = Checksum::first(*run);
        let mut entries = Vec::new();
        for record in records {
            let Ok((entry, after)) = record.open(before) else { break };
            before = after;
            entries.push(entry);
        }
        entries
    };
    let (found, written) = (believed(found), believed(written));
    assert!(written.starts_with(&found), "{what}: {question:?}: entries that were never written");
}

/// Of so many damages, 300 or `DURUN_DAMAGES`, so many of a hundred.
fn of_all(percent: usize) -> usize {
    let all = std::env::var_os("DURUN_DAMAGES").and_then(|count| count.to_str()?.parse().ok());
    (all.unwrap_or(300) * percent).div_ceil(100)
}

const FLIPS: usize = 55;
/// The share of cuts, of swaps, and of lost pages.
const OTHERS: usize = 15;

/// A place among so many: in the head or the log now and then, of which little counts in a closed store.
fn place(chance: &mut Chance, all: usize, unit: usize) -> usize {
    let before = PAGES / unit;
    if chance.below(8) == 0 { chance.below(all) } else { before + chance.below(all - before) }
}

#[test]
fn a_flipped_bit_is_told_or_changes_nothing() {
    for left in [Left::Closed, Left::Settled] {
        let whole = Whole::new(left);
        let all = whole.questions.len();
        assert_eq!(whole.ask("whole", &whole.bytes), (all, false));
        let mut chance = Chance::from(5);
        let (mut told_of, mut readable) = (0, 0);
        let flips = of_all(if left == Left::Closed { FLIPS } else { OTHERS });
        for _ in 0..flips {
            let mut bytes = whole.bytes.clone();
            let bit = place(&mut chance, bytes.len(), 1) * 8 + chance.below(8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (answered, told) = whole.ask(&format!("bit {bit}"), &bytes);
            told_of += usize::from(told);
            readable += usize::from(told && answered * 2 > all);
        }
        assert!(told_of * 10 > flips, "{told_of} told: the bits that count are met");
        assert!(
            readable * 4 > told_of,
            "{readable} of {told_of}: damage in one place leaves the others readable"
        );
    }
}

#[test]
fn a_cut_a_swap_and_a_lost_page_are_told_or_change_nothing() {
    let whole = Whole::new(Left::Closed);
    let pages = whole.bytes.len() / PAGE;
    let mut chance = Chance::from(6);
    let mut told_of = 0;
    for _ in 0..of_all(OTHERS) {
        let kept = place(&mut chance, whole.bytes.len(), 1);
        let (_, told) = whole.ask(&format!("cut to {kept}"), &whole.bytes[..kept]);
        assert!(told || kept + PAGE > whole.bytes.len(), "cut to {kept}");
        let (one, other) = (place(&mut chance, pages, PAGE), place(&mut chance, pages, PAGE));
        let mut swapped = whole.bytes.clone();
        swapped.copy_within(one * PAGE..(one + 1) * PAGE, other * PAGE);
        swapped[one * PAGE..(one + 1) * PAGE].copy_from_slice(&whole.bytes[other * PAGE..(other + 1) * PAGE]);
        told_of += usize::from(whole.ask(&format!("pages {one} and {other} swapped"), &swapped).1);
        let mut zeroed = whole.bytes.clone();
        zeroed[one * PAGE..(one + 1) * PAGE].fill(0);
        told_of += usize::from(whole.ask(&format!("page {one} zeroed"), &zeroed).1);
    }
    assert!(told_of * 4 > of_all(OTHERS), "{told_of}");
}

#[test]
fn a_flipped_bit_in_the_log_that_a_kill_has_left_is_told() {
    let whole = Whole::new(Left::Killed);
    let all = whole.questions.len();
    assert_eq!(whole.ask("whole", &whole.bytes), (all, false));
    let used = whole.bytes[LOG..PAGES].iter().rposition(|byte| *byte != 0).expect("records");
    let mut chance = Chance::from(7);
    let mut told_of = 0;
    for _ in 0..of_all(OTHERS) {
        let mut bytes = whole.bytes.clone();
        let bit = LOG * 8 + chance.below(used * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        told_of += usize::from(whole.ask(&format!("bit {bit}"), &bytes).1);
    }
    assert!(told_of * 2 > of_all(OTHERS), "{told_of} told: the others lie between two records");
}
