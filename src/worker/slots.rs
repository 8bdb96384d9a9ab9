//! Slots: how many attempts may be under way at once and how often they may begin, over all runs of a worker.

use crate::history::{CommandLabel, Rate};
use crate::timer::show_duration;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// So many names are kept whether anybody uses them or not.
const FEW_NAMES: usize = 64;

/// The bounds of one kind and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// How many attempts may be under way at once.
    pub max_concurrent: Option<u32>,
    /// How often one may begin.
    pub rate: Option<Rate>,
}

/// The slots of a worker.
pub(super) struct Slots {
    table: Rc<RefCell<Table>>,
    /// How many attempts of all names may be under way.
    most: u32,
}

#[derive(Default)]
struct Table {
    under_way: u32,
    names: BTreeMap<CommandLabel, Rc<Use>>,
    /// With so many names it is looked which of them nobody uses.
    swept_at: usize,
    /// Whether one was given back since anybody was last refused.
    freed: bool,
    /// How many wait, and the number of the last ticket.
    waiting: u32,
    last_ticket: u64,
}

#[derive(Default)]
struct Use {
    under_way: Cell<u32>,
    /// When the latest ones began, on the monotonic clock; as many as the rate counts.
    begun: RefCell<VecDeque<Duration>>,
}

impl Use {
    /// Counts one that begins now; where that are too many, when there are fewer.
    fn begin(&self, rate: Rate, now: Duration) -> Result<(), Duration> {
        let mut begun = self.begun.borrow_mut();
        let window = Duration::from_millis(u64::try_from(rate.per_ms).unwrap_or(0));
        let count = usize::try_from(rate.count).unwrap_or(usize::MAX);
        // A window that has not moved on may still hold more than a smaller rate counts.
        while begun.front().is_some_and(|at| *at + window <= now) {
            begun.pop_front();
        }
        if begun.len() >= count {
            return Err(begun.get(begun.len() - count).map_or(now, |at| *at + window));
        }
        begun.push_back(now);
        Ok(())
    }
}

impl Table {
    /// What is used of a name, which is kept for the next of it.
    fn of(&mut self, label: &CommandLabel) -> Rc<Use> {
        if let Some(used) = self.names.get(label) {
            return Rc::clone(used);
        }
        if self.names.len() >= self.swept_at {
            self.names.retain(|_, used| used.under_way.get() > 0 || !used.begun.borrow().is_empty());
            self.swept_at = 2 * self.names.len() + FEW_NAMES;
        }
        Rc::clone(self.names.entry(label.clone()).or_default())
    }
}

/// The right of one attempt to be under way; given back when it is dropped.
pub(super) struct Slot {
    table: Rc<RefCell<Table>>,
    used: Rc<Use>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut table = self.table.borrow_mut();
        table.under_way = table.under_way.saturating_sub(1);
        table.freed = true;
        self.used.under_way.set(self.used.under_way.get().saturating_sub(1));
    }
}

/// A place in the queue of those that wait; left when it is dropped.
pub(super) struct Ticket {
    table: Rc<RefCell<Table>>,
    /// Who came first has the lower one.
    pub(super) number: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut table = self.table.borrow_mut();
        table.waiting = table.waiting.saturating_sub(1);
    }
}

/// Why there is no slot now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// In words.
    pub(super) waits_for: String,
    /// When it makes sense to ask again, on the monotonic clock, where time alone helps.
    pub(super) until: Option<Duration>,
}

impl Slots {
    /// Slots of which at most so many are given at once.
    pub(super) fn new(most: u32) -> Self {
        Self { table: Rc::default(), most }
    }

    /// From now on at most so many in all.
    pub(super) fn bound(&mut self, most: u32) {
        self.most = most;
    }

    /// A slot for an attempt that would begin now, or why there is none.
    pub(super) fn take(&self, label: &CommandLabel, quota: Quota, now: Duration) -> Result<Slot, Refused> {
        let mut table = self.table.borrow_mut();
        let busy = |waits_for: String| Refused { waits_for, until: None };
        if table.under_way >= self.most {
            return Err(busy(format!(
                "a slot: {} activities are under way ([limits] activities)",
                self.most
            )));
        }
        let used = table.of(label);
        let under_way = used.under_way.get();
        if let Some(most) = quota.max_concurrent.filter(|most| under_way >= *most) {
            return Err(busy(format!("a slot: {under_way} of {most} \"{}\" are under way", label.name)));
        }
        if let Some(rate) = quota.rate {
            used.begin(rate, now).map_err(|free| {
                let wait =
                    show_duration(i64::try_from(free.saturating_sub(now).as_millis()).unwrap_or(i64::MAX));
                let waits_for = format!("its rate: {rate} for \"{}\", next in {wait}", label.name);
                Refused { waits_for, until: Some(free) }
            })?;
        }
        used.under_way.set(under_way + 1);
        table.under_way += 1;
        Ok(Slot { table: Rc::clone(&self.table), used })
    }

    /// A place in the queue.
    pub(super) fn ticket(&self) -> Ticket {
        let mut table = self.table.borrow_mut();
        table.waiting += 1;
        table.last_ticket += 1;
        Ticket { table: Rc::clone(&self.table), number: table.last_ticket }
    }

    /// Whether anybody waits: a newcomer then does not begin before them.
    pub(super) fn has_waiting(&self) -> bool {
        self.table.borrow().waiting > 0
    }

    /// Whether a slot was given back since this was last asked.
    pub(super) fn take_freed(&self) -> bool {
        std::mem::take(&mut self.table.borrow_mut().freed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::CommandKind;

    fn label(name: &str) -> CommandLabel {
        CommandLabel { kind: CommandKind::Activity, name: name.to_owned() }
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn most(count: u32) -> Quota {
        Quota { max_concurrent: Some(count), rate: None }
    }

    #[test]
    fn a_name_has_so_many_slots_and_the_worker_so_many_in_all() {
        let slots = Slots::new(3);
        let (charge, mail) = (label("charge"), label("mail"));
        let first = slots.take(&charge, most(2), at(0));
        let second = slots.take(&charge, most(2), at(0));
        assert!(first.is_ok() && second.is_ok());
        let refused = slots.take(&charge, most(2), at(0)).err().expect("refused");
        assert_eq!(refused.waits_for, "a slot: 2 of 2 \"charge\" are under way");
        let third = slots.take(&mail, Quota::default(), at(0));
        assert!(third.is_ok());
        let refused = slots.take(&mail, Quota::default(), at(0)).err().expect("refused");
        assert!(refused.waits_for.contains("3 activities are under way"), "{refused:?}");
        assert!(!slots.take_freed());
        drop(first);
        assert!(slots.take_freed() && !slots.take_freed());
        assert!(slots.take(&charge, most(2), at(0)).is_ok());
    }

    #[test]
    fn names_that_nobody_uses_are_forgotten_and_those_in_use_are_not() {
        let slots = Slots::new(u32::MAX);
        let kept = slots.take(&label("kept"), most(1), at(0));
        for number in 0..1_000 {
            assert!(slots.take(&label(&number.to_string()), most(1), at(0)).is_ok());
        }
        assert!(slots.table.borrow().names.len() <= FEW_NAMES + 2);
        assert!(slots.take(&label("kept"), most(1), at(0)).is_err());
        drop(kept);
        assert!(slots.take(&label("kept"), most(1), at(0)).is_ok());
    }

    #[test]
    fn in_no_window_of_time_begin_more_than_the_rate_says() {
        let slots = Slots::new(100);
        let quota = Quota { max_concurrent: None, rate: Some(Rate { count: 2, per_ms: 1_000 }) };
        let begins: Vec<u64> =
            (0..3_000).filter(|ms| slots.take(&label("charge"), quota, at(*ms)).is_ok()).collect();
        assert_eq!(begins, [0, 1, 1_000, 1_001, 2_000, 2_001]);
        let refused = slots.take(&label("charge"), quota, at(2_500)).err().expect("refused");
        assert_eq!(refused.until, Some(at(3_000)));
        assert_eq!(refused.waits_for, "its rate: 2/s for \"charge\", next in 500ms");
    }
}
