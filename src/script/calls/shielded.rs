//! `shielded(|| …)`: clean-up that no request to end interrupts; it is raised at the first call after it.

use super::super::strand::Context;
use super::ask::{Given, script};
use rhai::{Engine, FnPtr, NativeCallContext};
use std::rc::Rc;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("shielded", |context: NativeCallContext<'_>, work: FnPtr| -> Given {
        let _shield = Shield::over(script(&context)?);
        work.call_raw(&context, None, [])
    });
}

/// While it lives, nothing is raised in its strand.
pub(super) struct Shield(Rc<Context>);

impl Shield {
    pub(super) fn over(context: Rc<Context>) -> Self {
        context.shield.set(context.shield.get() + 1);
        Self(context)
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        self.0.shield.set(self.0.shield.get().saturating_sub(1));
    }
}
