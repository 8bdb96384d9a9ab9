//! Whether every run that gets on as it should comes to a place of the script.

use rhai::{ASTFlags, Expr};

/// How the pass came to where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Whether every run comes here that has not left before.
    is_certain: bool,
    /// Whether the function may have been left before.
    left: bool,
    /// Whether the innermost loop may have been left before, or its next round begun.
    broken: bool,
    run: Run,
}

/// What may have become of the whole run before.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    /// It has come to its end.
    ended: bool,
    /// It stays in a loop, for ever.
    stays: bool,
}

impl Way {
    pub(super) fn new(is_certain: bool) -> Self {
        Self { is_certain, left: false, broken: false, run: Run::default() }
    }

    pub(super) fn is_certain(self) -> bool {
        self.is_certain && !self.left && !self.broken && !self.run.ended && !self.run.stays
    }

    /// Into a function; gives how it was before.
    pub(super) fn enter(&mut self, is_certain: bool) -> Self {
        let before = *self;
        *self = Self { is_certain, left: false, broken: false, ..*self };
        before
    }

    /// Out of it: what ended the run in it has ended it here.
    pub(super) fn leave(&mut self, before: Self) {
        *self = Self { run: self.run, ..before };
    }

    /// Out of what goes on beside the script, which need not wait for it.
    pub(super) fn leave_beside(&mut self, before: Self) {
        self.run.stays = before.run.stays;
    }

    /// Into what is as certain as what is around, or to which only some runs come.
    pub(super) fn narrow(&mut self, is_certain: bool) -> bool {
        let before = self.is_certain;
        self.is_certain &= is_certain;
        before
    }

    /// Out of it.
    pub(super) fn widen(&mut self, before: bool) {
        self.is_certain = before;
    }

    /// Into what a loop does; gives how it was before.
    pub(super) fn begin_loop(&mut self, is_certain: bool) -> Self {
        let before = *self;
        self.is_certain &= is_certain;
        before
    }

    /// Out of it.
    pub(super) fn end_loop(&mut self, before: Self) {
        *self = Self { is_certain: before.is_certain, broken: before.broken, ..*self };
    }

    /// Some run leaves the function here.
    pub(super) fn returns(&mut self) {
        self.left = true;
    }

    /// Some run leaves the loop here, or begins its next round.
    pub(super) fn breaks(&mut self) {
        self.broken = true;
    }

    /// A run that fails where some do does not get on as it should; where each of them does, that is what it is for.
    pub(super) fn fails(&mut self) {
        self.run.ended |= self.is_certain();
    }

    /// Some run comes to its end here.
    pub(super) fn ends(&mut self) {
        self.run.ended = true;
    }

    /// Some run stays here for ever, for what its loop does.
    pub(super) fn stays(&mut self) {
        self.run.stays = true;
    }
}

/// Whether a chain stops at `?.` or `?[` where there is nothing.
pub(super) fn may_stop(expr: &Expr) -> bool {
    match expr {
        Expr::Dot(pair, flags, _) | Expr::Index(pair, flags, _) => {
            flags.intersects(ASTFlags::NEGATED) || may_stop(&pair.rhs)
        }
        _ => false,
    }
}
