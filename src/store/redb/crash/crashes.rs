//! The crashes of a recording: at each point, the images that a disk could show afterwards.

use super::Chance;
use std::sync::Arc;

/// The bytes that a disk writes whole.
pub(super) const SECTOR: usize = 512;

/// What the disk was told.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Write(usize, Arc<[u8]>),
    Length(usize),
    Sync,
    Acknowledged(u64),
}

/// A crash: what had been acknowledged before it, and what it may have left.
#[derive(Debug)]
pub struct Crash {
    /// How many steps the disk had been told.
    pub point: usize,
    /// The acknowledgement given last, where there was one.
    pub acknowledged: Option<u64>,
    /// The bytes, in each way that they may be.
    pub images: Vec<Vec<u8>>,
}

/// The crashes of a recording, one after another.
#[derive(Debug)]
pub struct Crashes {
    trace: Vec<Step>,
    point: usize,
    acknowledged: Option<u64>,
    synced: Vec<u8>,
    unsynced: Vec<Step>,
    chance: Chance,
    unseen: bool,
    done: bool,
}

impl Step {
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => write_at(bytes, *offset, data),
            Self::Length(length) => bytes.resize(*length, 0),
            Self::Sync | Self::Acknowledged(_) => {}
        }
    }

    /// The beginning of a write, cut between two of its sectors, where it has two.
    fn torn(&self, chance: &mut Chance) -> Option<Self> {
        match self {
            Self::Write(offset, data) if data.len() > SECTOR => {
                let sectors = data.len().div_ceil(SECTOR);
                let kept = 1 + chance.below(sectors - 1);
                Some(Self::Write(*offset, data.iter().take(kept * SECTOR).copied().collect()))
            }
            Self::Write(..) | Self::Length(_) | Self::Sync | Self::Acknowledged(_) => None,
        }
    }
}

fn write_at(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset.saturating_add(data.len());
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(offset..end) {
        place.copy_from_slice(data);
    }
}

impl Iterator for Crashes {
    type Item = Crash;

    fn next(&mut self) -> Option<Crash> {
        if self.done {
            return None;
        }
        let images = self.images();
        let crash = Crash { point: self.point, acknowledged: self.acknowledged, images };
        self.go_on();
        Some(crash)
    }

    /// Without the images of those before it.
    fn nth(&mut self, count: usize) -> Option<Crash> {
        (0..count).for_each(|_| self.go_on());
        self.next()
    }
}

impl Crashes {
    /// The disk is told one thing more.
    fn go_on(&mut self) {
        match self.trace.get(self.point).cloned() {
            None => self.done = true,
            Some(Step::Sync) => {
                self.unsynced.drain(..).for_each(|step| step.apply(&mut self.synced));
                self.unseen = true;
            }
            Some(Step::Acknowledged(number)) => {
                self.acknowledged = Some(number);
                self.unseen = true;
            }
            Some(step @ (Step::Write(..) | Step::Length(_))) => self.unsynced.push(step),
        }
        self.point += 1;
    }

    pub(super) fn new(synced: Vec<u8>, trace: Vec<Step>, chance: Chance) -> Self {
        Self {
            trace,
            point: 0,
            acknowledged: None,
            synced,
            unsynced: Vec::new(),
            chance,
            unseen: true,
            done: false,
        }
    }

    fn images(&mut self) -> Vec<Vec<u8>> {
        let Self { synced, unsynced, chance, unseen, .. } = self;
        let mut images = Vec::new();
        let mut image = |kept: &mut dyn Iterator<Item = &Step>| {
            let mut bytes = synced.clone();
            kept.for_each(|step| step.apply(&mut bytes));
            images.push(bytes);
        };
        // Until the next sync or acknowledgement, losing all is the same image once more.
        if std::mem::take(unseen) {
            image(&mut [].into_iter());
        }
        let Some((last, before)) = unsynced.split_last() else { return images };
        image(&mut unsynced.iter());
        if let Some(torn) = last.torn(chance) {
            image(&mut before.iter().chain([&torn]));
        }
        if !before.is_empty() {
            image(&mut [last].into_iter());
            let dropped = chance.below(unsynced.len());
            image(
                &mut unsynced.iter().enumerate().filter(|(place, _)| *place != dropped).map(|(_, step)| step),
            );
            let kept: Vec<&Step> = unsynced.iter().filter(|_| chance.below(2) == 0).collect();
            image(&mut kept.into_iter());
        }
        images
    }
}
