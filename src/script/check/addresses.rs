//! What is written out as an address: the URL of a service, the file of a child run's script.

use super::calls::Called;
use super::walk::Walker;
use super::{Backing, Named, Rule};
use rhai::{Expr, Position};

/// Calls of services that take the URL by itself.
const BY_URL: &[&str] = &["http_get", "http_post"];
/// Calls that start the script of a file.
const OF_SCRIPTS: &[&str] = &["child", "start_child"];

/// The addresses that a call of the host is given.
pub(super) fn check(walker: &mut Walker<'_>, called: &Called<'_>) {
    let name = called.name();
    let Some(first) = called.call.args.first() else { return };
    if BY_URL.contains(&name) {
        url(walker, first);
    } else if let ("http", Expr::Map(map, _)) = (name, first) {
        map.0.iter().filter(|(key, _)| key.name == "url").for_each(|(_, value)| url(walker, value));
    } else if let (true, Expr::StringConstant(file, position)) = (OF_SCRIPTS.contains(&name), first) {
        script(walker, file, *position);
    }
}

/// A URL as far as it is written out.
fn url(walker: &mut Walker<'_>, expr: &Expr) {
    let (text, is_whole) = match expr {
        Expr::StringConstant(text, _) => (text.as_str(), true),
        Expr::InterpolatedString(parts, _) => match parts.first() {
            Some(Expr::StringConstant(text, _)) => (text.as_str(), false),
            _ => return,
        },
        _ => return,
    };
    // Where the beginning is put in, nothing is known of it.
    let wrong = match text.split_once("://") {
        Some((scheme, rest)) => {
            let is_http = ["http", "https"].contains(&scheme.to_lowercase().as_str());
            !is_http || is_whole && rest.split(['/', '?', '#']).next().is_none_or(str::is_empty)
        }
        None => is_whole,
    };
    if wrong {
        let rest = if is_whole { "" } else { "…" };
        let message = format!("\"{text}{rest}\" is no address of a service");
        let hint = "write it whole: https://host/path or http://host/path".to_owned();
        walker.tell(Rule::Url, expr.start_position(), message, Some(hint));
    }
}

/// The script of a child run, by its file.
fn script(walker: &mut Walker<'_>, file: &str, position: Position) {
    if walker.world.answered(Named::Script(file)) == Backing::No {
        let message = format!("there is no script \"{file}\"");
        let hint = "it is looked for from the folder of the script that starts it".to_owned();
        walker.tell(Rule::Script, position, message, Some(hint));
    }
}
