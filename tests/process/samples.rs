//! The samples, run as a person does.

use crate::world::{World, begin, finish, kill, quiet};

#[test]
fn the_tour_shows_activities_a_retry_a_sleep_a_handler_and_a_result() {
    let world = World::new();
    let child = world.spawn(&["start", &World::sample("tour.rhai"), "--id", "tour"]);
    world.until_waits_for("tour", "sleep");
    world.good(&["signal", "tour", "hello", "\"Ada\""]);
    assert_eq!(world.good(&["query", "tour", "greeted"]), "[\"Ada\"]");
    let told = finish(child);
    assert_eq!(told.out.trim_end(), r#"{"greeted":["Ada"],"letters":20,"service":"up"}"#, "{told:?}");
    assert!(world.good(&["logs", "tour"]).contains("hello, Ada"));
}

#[test]
fn the_backup_waits_for_its_disk_through_a_kill_and_repeats_nothing() {
    let world = World::new();
    for folder in ["disk", "tmp"] {
        std::fs::create_dir(world.path(folder)).expect("a directory");
    }
    let source = format!("source={}", world.write("source", "precious"));
    let target = format!("target={}", world.path("disk").display());
    let script = World::sample("backup.rhai");
    let start = ["start", &script, "--id", "backup", "--env", "TMPDIR"];
    let input = ["-i", &source, "-i", &target, "-i", "first=100ms"];
    let child = begin(world.command(&[&start[..], &input].concat()).env("TMPDIR", world.path("tmp")));
    until_tried(&world, 2);
    let recorded = world.history("backup");
    assert!(kill(child), "it waits for its disk");
    let child = world.spawn(&["resume", "backup"]);
    until_tried(&world, 3);
    let folders = || std::fs::read_dir(world.path("tmp")).expect("is there").count();
    assert_eq!(folders(), 1, "one working directory: the first step is not repeated");
    world.write("disk/mounted", "");
    quiet(&finish(child));

    assert!(world.path("disk/backup.tar.gz").exists());
    assert_eq!(folders(), 0, "the last step has removed it");
    assert_eq!(world.history("backup")[..recorded.len()], recorded[..], "what was recorded stays");
    let attempts: Vec<u64> =
        world.completed("backup").iter().map(|entry| entry["attempts"].as_u64().expect("a number")).collect();
    assert_eq!((attempts.len(), &attempts[..4], attempts[5]), (6, &[1; 4][..], 1));
    assert!(attempts[4] >= 3, "failures before the kill count: {attempts:?}");
}

/// Waits until the copy has failed so often, for the reason that it should.
fn until_tried(world: &World, failures: u64) {
    world.until(&format!("{failures} failures"), |world| {
        let wait = world.status("backup")["waits_for"][0].clone();
        let told = wait["op"] == 4 && wait["last_error"].to_string().contains("is not mounted");
        (told && wait["attempt"].as_u64()? > failures).then_some(())
    });
}

#[test]
fn an_approval_that_nobody_gives_fails() {
    let world = World::new();
    let script = World::sample("approval.rhai");
    let told = world.run(&["start", &script, "--id", "ok", "-i", "day=50ms", "-i", "patience=300ms"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let title = "error[D0101]: run ok failed: nobody decided in time: May we go on?\n";
    assert!(told.err.starts_with(title), "{}", told.err);
    let reminders = world.history("ok").iter().filter(|entry| entry["command"] == "remind").count();
    assert!((2..6).contains(&reminders), "{reminders} reminders in 300 ms");
}

#[test]
fn the_approval_reminds_through_a_kill_and_takes_the_answer() {
    let world = World::new();
    let teller = world.write("tell", "#!/bin/sh\necho \"told: $(head -n 1)\" >>\"$LEDGER\"\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&teller, mode).expect("is made executable");
    let (script, notify) = (World::sample("approval.rhai"), format!("notify={teller}"));
    let start = ["start", &script, "--id", "ok", "-i", "day=100ms", "-i", &notify, "--env", "LEDGER"];
    let child = world.spawn(&start);
    world.until("a reminder", |world| (world.lines("ledger").len() > 2).then_some(()));
    assert!(kill(child), "it waits for an answer");
    let told = world.lines("ledger").len();
    let listed = world.good(&["list"]);
    assert!(listed.contains("asks: May we go on? (yes, no)"), "{listed}");
    let child = world.spawn(&["resume", "ok"]);
    world.until("another reminder", |world| (world.lines("ledger").len() > told + 1).then_some(()));
    world.good(&["answer", "ok", "yes", "--note", "only this once"]);
    let told = finish(child);
    let result: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((&result["choice"], &result["note"]), (&"yes".into(), &"only this once".into()), "{told:?}");
    assert!(world.lines("ledger").iter().all(|line| line == "told: May we go on?"));
    let late = world.run(&["answer", "ok", "no"]);
    assert_eq!(late.code, Some(7), "{late:?}");
}

#[test]
fn an_approval_is_handed_on_by_an_update_while_nobody_executes_it() {
    let world = World::new();
    let teller = world.write("tell", "#!/bin/sh\necho \"$(head -n 1)\" >>\"$LEDGER\"\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&teller, mode).expect("is made executable");
    let (script, notify) = (World::sample("approval.rhai"), format!("notify={teller}"));
    let child = world.spawn(&["start", &script, "--id", "ok", "-i", &notify, "--env", "LEDGER"]);
    world.until("the question", |world| (world.lines("ledger").len() == 1).then_some(()));
    world.until_waits_for("ok", "ask");
    assert!(kill(child), "it waits for an answer");
    let handed_on = r#"{"asked":["bob"],"question":"May we go on?"}"#;
    assert_eq!(world.quiet(&["update", "ok", "delegate", "\"bob\"", "--key", "1"]), handed_on);
    assert_eq!(world.quiet(&["update", "ok", "delegate", "\"bob\"", "--key", "1"]), handed_on);
    let again = world.run(&["update", "ok", "delegate", "\"bob\""]);
    assert!(again.code == Some(7) && again.err.contains("bob was asked before"), "{again:?}");
    let told = world.lines("ledger");
    assert!(told.iter().any(|line| line == "bob, you are asked: May we go on?"), "{told:?}");
    let listed = world.good(&["list"]);
    assert!(listed.contains("May we go on?"), "{listed}");
    world.good(&["answer", "ok", "no"]);
    let told = world.run(&["resume", "ok"]);
    let result: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((&result["choice"], &result["asked"][0]), (&"no".into(), &"bob".into()), "{told:?}");
}

#[test]
fn the_certificate_is_ordered_once_polled_for_and_installed_when_a_person_says_so() {
    let world = World::new();
    std::fs::create_dir(world.path("authority")).expect("a directory");
    let script = World::sample("certificate.rhai");
    let target = format!("target={}", world.path("").display());
    let names = ["--env", "CERTIFICATES", "--env", "LEDGER"];
    let start = ["start", &script, "--id", "cert", "-i", &target, "-i", "every=100ms"];
    let arguments = [&start[..], &names].concat();
    let child = begin(world.command(&arguments).env("CERTIFICATES", world.path("authority")));
    let token = world.until("a token", |world| {
        let wait = world.status("cert")["waits_for"][0].clone();
        (wait["kind"] == "wait_token").then(|| wait["name"].as_str().expect("text").to_owned())
    });
    let order = world.lines("authority/example.org/order.json").concat();
    assert!(order.contains(&token), "the authority was given the token: {order}");
    assert!(kill(child), "it waits for the authority");
    // While nobody executes it, the authority resolves the token; twice, as such systems do.
    assert_eq!(world.good(&["resolve", &token, "true"]), "");
    assert_eq!(world.good(&["resolve", &token, "true"]), "");
    assert_eq!(world.run(&["reject", &token, "no"]).code, Some(7));

    let child = world.spawn(&["resume", "cert"]);
    let tries = |world: &World| {
        let wait = world.status("cert")["waits_for"][0].clone();
        let told = wait["kind"] == "poll" && wait["last_error"].to_string().contains("certificate.pem");
        if told { wait["attempt"].as_u64() } else { None }
    };
    let before = world.until("three tries", |world| tries(world).filter(|tries| *tries > 3));
    assert!(kill(child), "it polls");
    let child = world.spawn(&["resume", "cert"]);
    world.until("more tries", |world| tries(world).filter(|tries| *tries > before + 1));
    world.write("authority/example.org/certificate.pem", "PEM");
    world.until_waits_for("cert", "ask");
    let refused = world.run(&["answer", "cert", "yes"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains(" answer cert install\n"), "{refused:?}");
    assert!(refused.err.contains(" answer cert later\n"), "{refused:?}");
    world.good(&["answer", "cert", "install"]);
    let told = finish(child);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(world.lines("example.org.pem"), ["PEM"]);
    assert_eq!(world.lines("ledger").len(), 1, "ordered once");
    let polled: Vec<_> =
        world.completed("cert").into_iter().filter(|done| done["command"] == "poll").collect();
    assert_eq!(polled.len(), 1, "one entry however often it was tried");
    assert!(polled[0]["attempts"].as_u64() > Some(before), "tries before the kill count: {polled:?}");
}

#[test]
fn the_release_waits_for_a_go() {
    let world = World::new();
    let child = world.spawn(&["start", &World::sample("release.rhai"), "--id", "rel", "-i", "version=7"]);
    world.until_waits_for("rel", "wait_signal");
    assert_eq!(world.good(&["query", "rel", "state"]), "waiting for a go");
    world.good(&["signal", "rel", "go"]);
    world.until_waits_for("rel", "sleep");
    world.good(&["terminate", "rel"]);
    assert_eq!(finish(child).code, Some(5));
}

#[test]
fn the_http_sample_pays_once_at_a_service_that_is_busy_at_first() {
    use crate::service::{Answer, Service};
    let service = Service::begin();
    service.on("/orders/1001", Answer::Status(200, r#"{"total": 12, "state": "packed"}"#));
    service.on("/payments", Answer::Busy { times: 2, body: r#"{"id": "p1"}"# });
    service.on("/receipts/p1", Answer::Status(200, "paid 12"));
    let world = World::new();
    let at = format!("at={}", service.url());
    let script = World::sample("http.rhai");
    let input = ["-i", &at, "-i", "order=1001", "-i", "first=20ms", "-i", "every=50ms"];
    let words: Vec<&str> = ["start", &script, "--id", "h"].into_iter().chain(input).collect();
    let child = begin(world.command(&words).env("SHOP_TOKEN", "shop-token-1"));
    world.until("a poll", |_| {
        service.seen().iter().filter(|seen| seen.path == "/orders/1001").nth(2).map(drop)
    });
    assert!(kill(child), "it waits for the shipment");
    service.on("/orders/1001", Answer::Status(200, r#"{"total": 12, "state": "shipped"}"#));
    assert_eq!(world.quiet(&["resume", "h"]), r#"{"payment":"p1","receipt":"paid 12"}"#);
    let seen = service.seen();
    let keys: Vec<_> = seen.iter().filter_map(|seen| seen.headers.get("idempotency-key")).collect();
    assert_eq!(keys.len(), 3, "twice busy, once paid");
    let paid: Vec<_> = seen.iter().filter_map(|seen| seen.headers.get("authorization")).collect();
    assert_eq!(paid, ["Bearer shop-token-1"; 3], "and nobody else is told the token");
    assert!(keys.iter().all(|key| *key == keys[0]));
}
