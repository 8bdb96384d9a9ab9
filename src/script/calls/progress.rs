//! `progress(done, total, text?)`: how far the run or the attempt is.

use super::ask::{Given, script_or_body};
use crate::history::HowFar;
use rhai::{Engine, INT, ImmutableString, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("progress", |context: NativeCallContext<'_>, done: INT, total: INT| -> Given<()> {
        script_or_body(&context)?.host.progress(HowFar { done, total, text: None });
        Ok(())
    });
    engine.register_fn(
        "progress",
        |context: NativeCallContext<'_>, done: INT, total: INT, text: ImmutableString| -> Given<()> {
            script_or_body(&context)?.host.progress(HowFar { done, total, text: Some(text.to_string()) });
            Ok(())
        },
    );
}
