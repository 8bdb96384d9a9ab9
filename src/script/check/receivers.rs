//! Methods and fields that there are not for what they are called on, and what methods are given.

use super::Rule;
use super::certain::RESULT;
use super::kinds::{misfit, word, words};
use super::known::{Functions, getter};
use super::walk::Walker;
use rhai::{BinaryExpr, Expr, FnCallExpr, Position};

/// What is looked at: of a map each name may be a field, and of a handle its own rule tells.
const KINDS: &[&str] = &["String", "Array", "int", "float", "bool", "char", "FnPtr", RESULT];
/// Methods that numbers have, and that the engine seems to have for everything.
const OF_NUMBERS: &[&str] = &["to_int", "to_float"];

/// Each link of a chain such as `name.trim().length`, as far as it is known of what kind it is called on.
pub(super) fn check(walker: &mut Walker<'_>, pair: &BinaryExpr) {
    for (kind, link) in walker.certain().links(pair) {
        match link {
            _ if !KINDS.contains(&kind) => {}
            Expr::MethodCall(call, position) => method(walker, kind, call, *position),
            Expr::Property(property, position) if kind != RESULT => {
                field(walker, kind, &property.2, *position);
            }
            _ => {}
        }
    }
}

fn method(walker: &mut Walker<'_>, kind: &str, call: &FnCallExpr, position: Position) {
    let (name, count) = (call.name.as_str(), call.args.len() + 1);
    let world = walker.world;
    // What nothing has, and what takes another number of arguments, is told as that.
    if !walker.certain().is_of_language(kind, name)
        || !world.native(name).is_some_and(|all| all.contains(&count))
    {
        return;
    }
    let forms: Vec<_> = world.kinds().forms_of(name, kind, count).collect();
    if forms.is_empty() || OF_NUMBERS.contains(&name) && !["int", "float"].contains(&kind) {
        let hint = super::super::foreign::of_kind(word(kind).as_str(), name).map_or_else(
            || format!("{name} is for {}", words(&world.kinds().receivers(name))),
            str::to_owned,
        );
        return walker.tell(
            Rule::Function,
            position,
            format!("there is no method {name} for {}", word(kind)),
            Some(hint),
        );
    }
    if kind == "Array" {
        super::handed::to_method(walker, call);
    }
    let certain = walker.certain();
    let given: Vec<Option<&str>> =
        std::iter::once(Some(kind)).chain(call.args.iter().map(|argument| certain.kind(argument))).collect();
    let Some((place, not, wanted)) = misfit(forms, &given) else { return };
    let Some(argument) = place.checked_sub(1).and_then(|place| call.args.get(place)) else { return };
    let hint = match name {
        "append" if kind == "Array" => "one more item is added so: list.push(item)".to_owned(),
        _ => format!("give {wanted}"),
    };
    let message = format!("{name} takes {wanted} here, not {not}");
    walker.tell(Rule::Value, argument.start_position(), message, Some(hint));
}

/// `list[0..2]`: an index is one place, in lists.
pub(super) fn index(walker: &mut Walker<'_>, pair: &BinaryExpr) {
    let Expr::FnCall(call, _) = &pair.rhs else { return };
    let is_range = call.op_token.is_some() && ["..", "..="].contains(&call.name.as_str());
    if is_range && walker.certain().kind(&pair.lhs) == Some("Array") {
        let message = "an index of a list is one place, and not a range".to_owned();
        let hint = super::super::foreign::PART.to_owned();
        walker.tell(Rule::Value, pair.rhs.start_position(), message, Some(hint));
    }
}

fn field(walker: &mut Walker<'_>, kind: &str, name: &str, position: Position) {
    if walker.world.kinds().forms_of(&getter(name), kind, 1).next().is_some() {
        return;
    }
    let hint = super::super::foreign::of_kind(word(kind).as_str(), name).map(str::to_owned).or_else(|| {
        let near = walker.world.near(name, &Functions::new())?;
        Some(format!("a method is called with brackets: .{near}()"))
    });
    let hint = hint.unwrap_or_else(|| "fields are those of a map: #{ name: value }".to_owned());
    walker.tell(Rule::Field, position, format!("{} has no field {name}", word(kind)), Some(hint));
}
