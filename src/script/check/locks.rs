//! A lock that is asked for by who has it already, and would wait for itself.

use super::Rule;
use super::calls::Called;
use super::walk::Walker;
use rhai::Expr;

/// Calls that do what they are given in the strand that calls them, under its locks.
const WITHIN: &[&str] = &["attempt", "shielded"];

/// The name of the lock that a call asks for, where it is written out.
fn name<'c>(called: &Called<'c>) -> Option<&'c str> {
    match called.call.args.first() {
        Some(Expr::StringConstant(name, _)) if called.name() == "with_lock" => Some(name),
        _ => None,
    }
}

/// `with_lock("a", || with_lock("a", || …))`.
pub(super) fn check(walker: &mut Walker<'_>, called: &Called<'_>) {
    let Some(name) = name(called).filter(|name| walker.locks.iter().any(|held| held == name)) else { return };
    let message = format!("the lock \"{name}\" is held here already, and would wait for itself");
    let hint = "take it once, around both; what is called inside needs no lock of its own";
    walker.tell(Rule::Lock, called.position, message, Some(hint.to_owned()));
}

/// The locks that are held within the closures that a call is given; of who else may do them nothing is known.
pub(super) fn within(walker: &Walker<'_>, called: &Called<'_>, is_host: bool) -> Vec<String> {
    let mut locks = walker.locks.clone();
    let name = name(called).filter(|_| is_host);
    let stays = name.is_some() || is_host && WITHIN.contains(&called.name());
    if !stays {
        locks.clear();
    }
    locks.extend(name.map(str::to_owned));
    locks
}
