//! What `durun.toml` says: activities, limits, whom to tell; and files as activities.

use crate::service::{Answer, Service};
use crate::world::{World, finish};

#[test]
fn an_activity_may_be_a_program_or_an_address_of_durun_toml() {
    let service = Service::begin();
    service.on("/price", Answer::Echo);
    let world = World::new();
    world.write(
        "durun.toml",
        &format!(
            "[activity.greet]\ncmd = [\"sh\", \"-c\", \"read name; echo \\\"$GREETING $name\\\"\"]\nenv = {{ GREETING = \"hello\" }}\n\
             [activity.price]\nurl = \"{}/price\"\nheaders = {{ X-Shop = \"7\" }}\n",
            service.url()
        ),
    );
    let script = world.write(
        "s.rhai",
        r#"
        let price = activity("price", #{ id: 3 });
        [activity("greet", "Ada"), price.body, price.headers["x-shop"], price.headers["idempotency-key"].len() > 10]
        "#,
    );
    assert_eq!(world.quiet(&["start", &script, "--id", "r"]), r#"["hello \"Ada\"","{\"id\":3}","7",true]"#);
}

#[test]
fn what_the_script_says_itself_counts_more_than_durun_toml() {
    let world = World::new();
    world.write(
        "durun.toml",
        "[activity.fail]\ncmd = [\"false\"]\nretry = { attempts = 2, first = \"10ms\" }\n",
    );
    let script = world.write(
        "s.rhai",
        r#"
        let by_file = attempt(|| activity("fail")).error.attempts;
        let by_script = attempt(|| activity("fail", (), #{ retry: #{ attempts: 3, first: "10ms" } })).error.attempts;
        [by_file, by_script]
        "#,
    );
    assert_eq!(world.quiet(&["start", &script, "--id", "r"]), "[2,3]");
}

#[test]
fn a_limit_of_durun_toml_is_held_and_a_name_that_is_none_is_told_with_all_that_was_tried() {
    let world = World::new();
    world.write("durun.toml", "[limits]\nactivities = 1\n[activity.charge]\ncmd = [\"sleep\", \"60\"]\n");
    let script = world.write("s.rhai", "let a = start_activity(\"charge\"); activity(\"charge\")");
    let mut child = world.spawn(&["start", &script, "--id", "r"]);
    let says = world.until("a wait for a slot", |world| {
        let status = world.status("r");
        let waits = status["waits_for"].as_array()?.clone();
        waits.iter().find_map(|wait| wait["waits_for"].as_str().map(str::to_owned))
    });
    assert!(says.contains("1 activities are under way ([limits] activities)"), "{says}");
    child.kill().expect("killed");
    drop(finish(child));

    let script = world.write("t.rhai", "activity(\"chagre\")");
    let told = world.run(&["start", &script, "--id", "t"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    for part in [
        "the script has no fn chagre",
        "activities/chagre",
        "durun.toml has no [activity.chagre]",
        "did you mean \"charge\"?",
    ] {
        assert!(told.err.contains(part), "{part}: {}", told.err);
    }
}

#[test]
fn a_mistake_in_durun_toml_is_told_with_its_line_before_anything_is_recorded() {
    let world = World::new();
    let script = world.write("s.rhai", "1");
    for (text, told) in [
        ("[limits]\nactivites = 3\n", "durun.toml:2: "),
        ("[activity.x]\nrate = \"often\"\n", "durun.toml:2: "),
        ("[queue.q]\n", "durun.toml:1: "),
    ] {
        world.write("durun.toml", text);
        let ended = world.run(&["start", &script, "--id", "r"]);
        assert_eq!(ended.code, Some(78), "{ended:?}");
        assert!(ended.err.contains(told) && ended.err.contains("nothing was recorded"), "{}", ended.err);
    }
    world.write("durun.toml", "[limits]\nactivites = 3\n");
    assert!(world.run(&["start", &script]).err.contains("did you mean \"activities\"?"));
    assert_eq!(world.history("r").len(), 0);
}

#[test]
fn whom_to_tell_of_a_struggle_is_told_once_with_what_there_is_to_say() {
    let world = World::new();
    let told = world.path("told");
    world.write("durun.toml", &format!("[notify]\non_struggling = \"cat >>'{}'\"\n", told.display()));
    let script = world.write(
        "s.rhai",
        r#"exec(["false"], #{ warn_after: "200ms", retry: #{ first: "100ms", factor: 1, jitter: 0, attempts: 12 } });"#,
    );
    let ended = world.run(&["start", &script, "--id", "r"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let about: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&told).expect("somebody was told"))
            .expect("one JSON document");
    assert_eq!(
        (&about["event"], &about["run"], &about["name"]),
        (&"struggling".into(), &"r".into(), &"false".into())
    );
    assert_eq!(about["error"]["exit_code"], 1);
}

#[test]
fn files_are_read_written_and_found_as_steps_of_their_own() {
    let world = World::new();
    let script = world.write(
        "s.rhai",
        r#"
        write_file("out/report.txt", "total 7\n");
        let found = glob("out/*.txt");
        let text = read_file(found[0]);
        let missing = attempt(|| read_file("none")).error;
        let inside = step("inside", || { write_file("out/b.txt", [1]); read_file("out/b.txt") });
        [found, text, missing.kind, missing.type, missing.attempts, inside, env("HOME") != (), env("NOT_SET")]
        "#,
    );
    std::fs::create_dir(world.path("out")).expect("a directory");
    assert_eq!(
        world.quiet(&["start", &script, "--id", "r"]),
        r#"[["out/report.txt"],"total 7\n","file","not_found",1,"[1]",true,null]"#
    );
    let kinds: Vec<String> = world.completed("r").iter().map(|entry| entry["command"].to_string()).collect();
    assert_eq!(kinds.len(), 6, "each is an entry, those of the step are not: {kinds:?}");
}
