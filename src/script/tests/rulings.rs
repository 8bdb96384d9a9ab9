//! The rulings of the script room, each with its test.

use super::drive;
use crate::history::Value;
use crate::script::Thrown;

fn value(text: &str) -> String {
    drive(text).0.map_or_else(|thrown| format!("{thrown:?}"), |value| value.to_string())
}

fn fault(text: &str) -> (String, Option<u32>) {
    match drive(text).0 {
        Err(Thrown::Fault(stuck)) => (stuck.message, stuck.line),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn ruling_2_a_parameter_or_variable_named_input_or_run_wins() {
    assert_eq!(value("input.n"), "3");
    assert_eq!(value("fn f(input) { input } f(5)"), "5");
    assert_eq!(value("let run = 7; run"), "7");
    assert_eq!(value("fn f() { input.n } f()"), "3");
    assert_eq!(value("run.id"), "\"r\"");
}

#[test]
fn ruling_4_a_step_gets_copies_of_what_it_captures_however_deep() {
    // The bodies run elsewhere; what matters here is that handing them over shares nothing: proven by the worker's tests. In the
    // script itself a captured variable is unchanged after the step.
    let text =
        "let m = #{list: [1]}; let f = || m.list.push(2); step(\"s\", || { f.call(); m.list.push(3); }); m";
    assert_eq!(value(text), r#"{"list":[1]}"#);
}

#[test]
fn ruling_6_options_come_last_but_for_a_closure() {
    assert_eq!(value("step(\"s\", #{ timeout: \"5s\" }, || 1)"), "null");
    assert_eq!(
        value("activity(\"a\", #{ timeout: \"5s\" })"),
        r#"{"timeout":"5s"}"#,
        "two arguments: it is the input"
    );
    let (message, line) = fault("\nactivity(\"a\", 1, #{ timeot: \"5s\" });");
    assert_eq!(
        (message.as_str(), line),
        ("there is no option \"timeot\"; did you mean \"timeout\"?", Some(2))
    );
    let text = "try { fail(\"no\", #{ type: \"t\", data: 1 }); } catch (e) { return [e.kind, e.message, e.type, e.data]; }";
    assert_eq!(value(text), r#"["failure","no","t",1]"#);
    let text = "try { try { activity(\"bad\"); } catch (e) { fail(\"no\", e); } } catch (e) { return e.cause.kind; }";
    assert_eq!(value(text), "\"activity\"");
}

#[test]
fn ruling_13_a_fault_is_caught_with_its_kind_and_thrown_again_is_still_a_fault() {
    assert_eq!(value("try { nowhere(); } catch (e) { return e.kind; }"), "\"fault\"");
    assert_eq!(value("let v = [1]; try { v[9]; } catch (e) { return [e.kind, e.line]; }"), "[\"fault\",1]");
    let (message, _) = fault("try { let x = 1 / 0; } catch (e) { throw e; }");
    assert!(message.contains("Division by zero"), "{message}");
    assert_eq!(value("try { throw \"text\"; } catch (e) { return e; }"), "\"text\"");
    assert_eq!(value("try { throw #{error: 5, message: 6}; } catch (e) { return e.error; }"), "5");
    assert_eq!(value("let r = attempt(|| nowhere()); r.error.kind"), "\"fault\"");
}

#[test]
fn a_fault_names_its_place_as_in_the_original_text() {
    let text = "let v = [1, 2];\nlet w = v.map(|x| x) + nowhere(1);";
    match drive(text).0 {
        Err(Thrown::Fault(stuck)) => {
            assert_eq!((stuck.line, stuck.column), (Some(2), Some(24)));
            assert!(stuck.message.contains("there is no function nowhere"), "{}", stuck.message);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_typing_mistake_is_met_with_a_suggestion() {
    match drive("slep(1)").0 {
        Err(Thrown::Fault(stuck)) => assert_eq!(stuck.hint.as_deref(), Some("did you mean sleep?")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn commands_may_not_stand_in_a_value_that_cannot_be_recorded() {
    assert!(fault("activity(\"a\", || 1)").0.contains("a value of type function cannot be recorded"));
    assert!(fault("activity(\"a\", 0.0 / 0.0)").0.contains("NaN is not a finite number"));
}

#[test]
fn durations_and_times_are_refused_with_a_way_out() {
    assert!(fault("sleep(\"1 month\")").0.contains("has no fixed length"));
    assert!(fault("sleep(-1)").0.contains("may not be negative"));
    assert!(fault("sleep_until(\"soon\")").0.contains("is no time"));
    assert_eq!(value("now().format(\"%Y\")"), "\"1970\"");
    assert_eq!(value("(now() + \"1h\") - now()"), "3600.0");
    assert_eq!(value("[now() < now() + 1, now() == now()]"), "[true,true]");
    assert_eq!(value("now()"), "\"1970-01-01T00:00:01.000Z\"");
    assert_eq!(
        value("[today(\"Asia/Tokyo\"), now().in_zone(\"Asia/Tokyo\").format(\"%H\")]"),
        r#"["1970-01-01","09"]"#
    );
}

#[test]
fn a_value_of_every_kind_comes_back_as_it_was_asked() {
    for text in ["()", "true", "-5", "2.5", "\"ä\"", "[1, [2]]", "#{a: #{b: 1}}"] {
        let (asked, _) = drive(&format!("activity(\"a\", {text})"));
        let (plain, _) = drive(text);
        assert_eq!(asked, plain, "{text}");
    }
    assert_eq!(drive("activity(\"a\", blob(2, 7))").0, Ok(Value::Bytes(vec![7, 7])));
}
