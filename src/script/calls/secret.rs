//! `secret(name)`: a placeholder that stands for a secret until the last moment; nothing is read here.

use super::ask::{Given, caller, wrong};
use crate::history::is_secret_name;
use rhai::{Engine, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("secret", |context: NativeCallContext<'_>, name: &str| -> Given<String> {
        if !is_secret_name(name) {
            return Err(wrong(
                &context,
                format!("\"{name}\" is no name of a secret: letters, digits and '_', not a digit first"),
            ));
        }
        Ok(caller(&context)?.host.secret(name))
    });
}
