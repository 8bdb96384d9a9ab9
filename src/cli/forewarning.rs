//! What `durun check` finds in a script that is about to be executed, told to whoever looks on.

use super::context::Context;
use super::escape;
use super::report_check::{Found, counted, of};
use crate::client::check;
use std::path::Path;

/// How many findings are shown; the rest is counted.
const SHOWN: usize = 3;

/// Tells of the mistakes that can be seen in a script: in full at a terminal, one line with `-v`, nothing else; a crontab stays
/// quiet. What is found stops nothing: the line may never be come to.
pub(crate) fn tell(context: &Context, script: &Path) {
    if !context.is_talkative() {
        return;
    }
    // What is no script, or has a configuration that cannot be read, was refused before; what has changed since is let be.
    let Ok(config) = context.config(script) else { return };
    let Ok(checked) = check(script, context.executor.as_ref(), &config) else { return };
    let mut found = of(script, &checked);
    found.sort_by_key(|found| !found.is_error);
    if found.is_empty() {
        return;
    }
    if context.environment.stderr_terminal {
        for Found { report, .. } in found.iter().take(SHOWN) {
            context.complain(&format!("{}\n", context.shown(report)));
        }
    }
    let file = escape::shell(&script.to_string_lossy());
    context.note(&format!("note: {} found by durun check {file}", counted(&found)));
}
