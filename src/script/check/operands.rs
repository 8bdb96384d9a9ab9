//! What operators and conditions are given: text where a number is meant, and kinds with which nothing is calculated.

use super::Rule;
use super::calls::Called;
use super::certain::{ARITHMETIC, RESULT, fit, is_plain};
use super::kinds::word;
use super::known::bare;
use super::walk::Walker;
use rhai::{BinaryExpr, Expr, OpAssignment};

/// What comes out when text is compared with a number, whatever they are.
const COMPARED: &[(&str, bool)] =
    &[("<", false), ("<=", false), (">", false), (">=", false), ("==", false), ("!=", true)];

/// `"5" - 1`, `"5" > 3`.
pub(super) fn check(walker: &mut Walker<'_>, called: &Called<'_>) {
    let [left, right] = called.call.args.as_slice() else { return };
    if called.call.op_token.is_none() {
        return;
    }
    let certain = walker.certain();
    let (Some(of_left), Some(of_right)) = (certain.kind(left), certain.kind(right)) else { return };
    let operator = called.name();
    if ARITHMETIC.contains(&operator) && is_plain(of_left) && is_plain(of_right) {
        if !fit(operator, of_left, of_right) {
            let hint = match (of_left, of_right, bare(left)) {
                ("String", _, Expr::StringConstant(text, _)) if operator == "%" && text.contains('%') => {
                    Some("text with values in it stands between backticks: `total: ${x}`".to_owned())
                }
                ("String", ..) => number(bare(left), of_right),
                (_, "String", _) => number(bare(right), of_left),
                ("Array", ..) if operator == "+" => {
                    Some("one more item is added so: list.push(item)".to_owned())
                }
                _ => None,
            };
            let message = format!("'{operator}' does not take {} and {}", word(of_left), word(of_right));
            walker.tell(Rule::Operand, called.position, message, hint);
        }
        return;
    }
    let (text, number_is) = match (of_left, of_right) {
        ("String", "int" | "float") => (bare(left), of_right),
        ("int" | "float", "String") => (bare(right), of_left),
        _ => return,
    };
    let Some((_, comes_out)) = COMPARED.iter().find(|(name, _)| *name == operator) else { return };
    let message = format!("{} is text, and beside a number {operator} is always {comes_out}", shown(text).1);
    walker.tell(Rule::TextAsNumber, called.position, message, number(text, number_is));
}

/// `total += sh("nproc").stdout`, where `total` began as a number.
pub(super) fn assigned(walker: &mut Walker<'_>, operator: &OpAssignment, assignment: &BinaryExpr) {
    let (Expr::Variable(variable, ..), value) = (&assignment.lhs, bare(&assignment.rhs)) else { return };
    let is_added = operator.get_op_assignment_info().is_some_and(|(.., syntax)| syntax == "+");
    if is_added
        && walker.text.numbers.contains(variable.1.as_str())
        && walker.certain().kind(value) == Some("String")
    {
        let name = &variable.1;
        let message = format!("{} is text, and {name} += makes text of the number {name}", shown(value).1);
        walker.tell(Rule::TextAsNumber, value.start_position(), message, number(value, "int"));
    }
}

/// How text is written down in code, and in a message.
fn shown(text: &Expr) -> (String, String) {
    match text {
        Expr::Variable(variable, ..) => (variable.1.to_string(), format!("'{}'", variable.1)),
        Expr::StringConstant(text, _) => (format!("{text:?}"), format!("{text:?}")),
        Expr::Dot(pair, ..) => match (&pair.lhs, &pair.rhs) {
            (Expr::Variable(of, ..), Expr::Property(field, _)) => {
                (format!("{}.{}", of.1, field.2), field.2.to_string())
            }
            (Expr::FnCall(call, _), Expr::Property(field, _)) => {
                (format!("{}(…).{}", call.name, field.2), field.2.to_string())
            }
            _ => ("text".to_owned(), "it".to_owned()),
        },
        _ => ("text".to_owned(), "it".to_owned()),
    }
}

/// How text becomes the number that is meant.
fn number(text: &Expr, beside: &str) -> Option<String> {
    if let Expr::StringConstant(written, _) = text {
        let is_number = written.trim().parse::<f64>().is_ok_and(f64::is_finite);
        return is_number.then(|| format!("a number is written without quotes: {}", written.trim()));
    }
    let parse = if beside == "float" { "parse_float" } else { "parse_int" };
    Some(format!("{parse}({}) reads the number out of it", shown(text).0))
}

/// `if name { … }`: a condition is true or false, and nothing else is taken for it.
pub(super) fn condition(walker: &mut Walker<'_>, expr: &Expr) {
    let expr = bare(expr);
    // A loop without a condition has ().
    if matches!(expr, Expr::Unit(_)) {
        return;
    }
    let Some(kind) = walker.certain().kind(expr) else { return };
    let name = match expr {
        Expr::Variable(variable, ..) => variable.1.as_str(),
        _ => "…",
    };
    let hint = match kind {
        "String" => format!("{name} != \"\" says whether there is some"),
        "int" | "float" => format!("{name} != 0 says whether it is one"),
        "Array" => format!("!{name}.is_empty() says whether there is something in it"),
        "Map" => format!("{name}.len() > 0 says whether there is something in it"),
        RESULT => "a failure is an error, which attempt(|| …) catches; ok_codes: [0, 1] lets .code == 1 pass"
            .to_owned(),
        "()" => "nothing is neither true nor false".to_owned(),
        "FnPtr" => format!("call it: {name}.call()"),
        _ => return,
    };
    let message = format!("a condition is true or false, and this is {}", word(kind));
    walker.tell(Rule::Operand, expr.start_position(), message, Some(hint));
}

/// `for line in sh("ls")`: what has no items. Over what a process has written it goes letter by letter.
pub(super) fn repeated(walker: &mut Walker<'_>, expr: &Expr) {
    let expr = bare(expr);
    if super::fields::is_collected(walker, expr) {
        let message = "for goes over a list or a range, and this is a map".to_owned();
        let hint = "what was collected is in two lists: for value in told.values { … }, and told.failed";
        return walker.tell(Rule::Operand, expr.start_position(), message, Some(hint.to_owned()));
    }
    let Some(kind) = walker.certain().kind(expr) else { return };
    let hint = match kind {
        RESULT => "its lines are .lines: for line in sh(\"ls\").lines { … }",
        "String" if super::outputs::field(expr).is_some() => {
            let message = "a text is gone through letter by letter".to_owned();
            let hint = "its lines are .lines: for line in sh(\"ls\").lines { … }".to_owned();
            return walker.tell(Rule::Letters, expr.start_position(), message, Some(hint));
        }
        "int" => "so many times: for i in 0..n { … }",
        "Map" => "of a map: for name in map.keys() { … }",
        "float" | "bool" | "()" | "FnPtr" => "a list is written [1, 2], a range 0..3",
        _ => return,
    };
    let message = format!("for goes over a list or a range, and this is {}", word(kind));
    walker.tell(Rule::Operand, expr.start_position(), message, Some(hint.to_owned()));
}
