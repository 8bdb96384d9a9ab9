//! Calls of a service on loopback that misbehaves on command.

use crate::service::{Answer, Service};
use crate::world::{World, finish, kill};

/// Runs a script against the service; gives what it told.
fn script(world: &World, service: &Service, text: &str) -> crate::world::Told {
    let path = world.write("s.rhai", &format!("let at = \"{}\";\n{text}", service.url()));
    world.run(&["start", &path, "--id", "r"])
}

fn good(world: &World, service: &Service, text: &str) -> String {
    crate::world::quiet(&script(world, service, text))
}

/// The kind, the type and the message of what a single call throws.
fn thrown(service: &Service, call: &str) -> String {
    let world = World::new();
    let text = format!(
        "let told = attempt(|| {call}); `${{told.error.kind}} ${{told.error.type}}: ${{told.error.message}}`"
    );
    good(&world, service, &text)
}

#[test]
fn a_call_sends_what_it_is_told_and_gives_the_whole_answer() {
    let service = Service::begin();
    service.on("/echo", Answer::Echo);
    let world = World::new();
    let told = good(
        &world,
        &service,
        r#"
        let got = http_get(`${at}/echo`, #{ query: #{ q: "x y&z", n: 1 }, headers: #{ "X-Tenant": 7 } });
        let sent = http_post(`${at}/echo`, #{ amount: 12 });
        let put = http(#{ method: "put", url: `${at}/echo`, body: "plain" });
        [got.status, got.json.path, got.json.headers["x-tenant"], got.headers["content-type"], got.json.headers.contains("idempotency-key"),
         sent.json.body, sent.json.headers["content-type"], sent.json.headers["idempotency-key"].len() > 10, put.json.method, put.json.body]
        "#,
    );
    assert_eq!(
        told,
        r#"[200,"/echo?n=1&q=x+y%26z","7","application/json",false,"{\"amount\":12}","application/json",true,"PUT","plain"]"#
    );
    let names: Vec<String> =
        world.completed("r").iter().map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect();
    let at = service.url();
    assert_eq!(names, [format!("GET {at}/echo"), format!("POST {at}/echo"), format!("PUT {at}/echo")]);
}

#[test]
fn inside_an_activity_a_call_acts_at_once_and_is_no_entry_of_its_own() {
    let service = Service::begin();
    service.on("/echo", Answer::Echo);
    let world = World::new();
    let told = good(
        &world,
        &service,
        "step(\"ask\", || http_post(`${at}/echo`, 1).json.headers[\"idempotency-key\"])",
    );
    assert_eq!(world.completed("r").len(), 1);
    assert!(told.split('/').count() == 5, "the key of the step: {told}");
}

#[test]
fn what_passes_is_tried_again_with_the_same_key_and_retry_after_is_kept() {
    for retry_after in ["1", "date"] {
        let service = Service::begin();
        service.on("/pay", Answer::Unavailable { times: 2, retry_after });
        let world = World::new();
        let told = good(
            &world,
            &service,
            "http_post(`${at}/pay`, 1, #{ retry: #{ first: \"10ms\", jitter: 0, max: \"20ms\" } }).status",
        );
        assert_eq!(told, "200");
        let seen = service.seen();
        let keys: Vec<_> =
            seen.iter().map(|request| request.headers.get("idempotency-key").cloned()).collect();
        assert_eq!(keys.len(), 3);
        assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        let waits: Vec<u128> =
            seen.windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at).as_millis()).collect();
        // A date says whole seconds: up to one of the two it asks for may have passed already.
        assert!(waits.iter().all(|wait| *wait >= 900), "the wait that the service asks for: {waits:?}");
    }
}

#[test]
fn a_status_that_is_no_success_is_an_error_for_good_unless_it_may_pass() {
    let service = Service::begin();
    service.on("/gone", Answer::Status(404, "no such invoice"));
    service.on("/slow-down", Answer::Status(429, ""));
    service.on(
        "/declined",
        Answer::Status(402, r#"{"error": {"type": "card_declined", "message": "no money"}}"#),
    );
    assert_eq!(thrown(&service, "http_get(`${at}/gone`)"), "http http_404: HTTP 404 Not Found");
    assert_eq!(thrown(&service, "http_post(`${at}/declined`, 1)"), "http card_declined: no money");
    assert_eq!(service.seen().len(), 2, "neither was tried again");
    assert_eq!(
        thrown(&service, "http_get(`${at}/slow-down`, #{ retry: #{ attempts: 3, first: \"10ms\" } })"),
        "http http_429: HTTP 429 Too Many Requests"
    );
    assert_eq!(service.seen().len(), 5, "this one may pass");
    let world = World::new();
    let told = good(
        &world,
        &service,
        r#"
        let fine = http_get(`${at}/gone`, #{ ok: [200, "400-404"] });
        let bad = attempt(|| http_get(`${at}/gone`)).error;
        [fine.status, fine.body, bad.status, bad.body, bad.attempts]
        "#,
    );
    assert_eq!(told, r#"[404,"no such invoice",404,"no such invoice",1]"#);
}

#[test]
fn a_service_that_breaks_off_is_told_as_what_it_did() {
    let service = Service::begin();
    service.on("/drop", Answer::Drop);
    service.on("/half", Answer::Half);
    service.on("/hang", Answer::Hang);
    service.on("/loop", Answer::Redirect("/loop"));
    service.on("/big", Answer::Big(11 * 1024 * 1024));
    service.on("/large", Answer::Big(2 * 1024 * 1024));
    service.on("/html", Answer::Status(200, "<html>"));
    let told = |call: &str| thrown(&service, call);
    assert!(
        told("http_get(`${at}/drop`, #{ retry: 1 })")
            .starts_with("http interrupted: the connection broke off")
    );
    assert!(
        told("http_get(`${at}/half`, #{ retry: 1 })")
            .starts_with("http interrupted: the answer broke off after 4 bytes")
    );
    let hung = told("http_get(`${at}/hang`, #{ retry: 1, timeout: \"300ms\" })");
    assert_eq!(hung, "timeout : took longer than its timeout of 300ms");
    assert_eq!(told("http_get(`${at}/loop`)"), "http redirect: more than 10 redirects");
    assert!(
        told("http_get(`${at}/big`)")
            .starts_with("http too_large: the answer is longer than 10485760 bytes (10 MiB)")
    );
    assert!(
        told("http_get(`${at}/large`)")
            .starts_with("http too_large: the answer has 2097152 bytes, more than a history keeps")
    );
    let misread = told("http_get(`${at}/html`).json");
    assert!(
        misread.contains("bad_json: the text cannot be read as JSON") && misread.contains("<html>"),
        "{misread}"
    );
}

#[test]
fn what_cannot_be_reached_or_sent_says_why() {
    let service = Service::begin();
    let told = |call: &str| thrown(&service, call);
    assert!(told("http_get(\"http://\")").starts_with("http url: \"http://\" is no URL: empty host"));
    assert_eq!(
        told("http_get(\"http:///charge\")"),
        "http url: \"http:///charge\" has no host; write https://host/path"
    );
    assert!(told("http_get(\"example\")").starts_with("http url: \"example\" is no URL"));
    assert!(told("http_get(\"ftp://host/x\")").ends_with("is neither http nor https"));
    assert!(
        told("http_get(\"http://no-such-host.invalid/\", #{ retry: 1 })")
            .starts_with("http dns: the host's name could not be looked up")
    );
    assert!(
        told("http_get(\"http://127.0.0.1:1/\", #{ retry: 1 })")
            .starts_with("http connect: no connection: Connection refused")
    );
    let tls = told("http_get(\"https:\" + at.sub_string(5), #{ retry: 1 })");
    assert!(tls.starts_with("http tls: no protected connection"), "{tls}");
    assert!(
        told("http(#{ url: at, method: \"A B\" })").starts_with("http method: \"A B\" is no HTTP method")
    );
    assert!(
        told("http_get(at, #{ headers: #{ \"a b\": 1 } })")
            .starts_with("http header: \"a b\" is no name of a header")
    );
    assert!(told("http_get(at, #{ tiemout: 3 })").contains("did you mean \"timeout\""));
    assert!(told("http(#{ method: \"GET\" })").contains("http needs a url"));
    assert!(told("http(#{ url: at, json: 1, body: \"x\" })").contains("json or body, not both"));
    assert!(told("http_get(at, #{ ok: [\"2xx\"] })").contains("ok is an array of status codes and ranges"));
}

#[test]
fn a_kill_in_the_middle_of_a_call_repeats_it_with_its_key() {
    let service = Service::begin();
    service.on("/pay", Answer::Hang);
    let world = World::new();
    let text = format!("http_post(\"{}/pay\", #{{ amount: 7 }}).json.body", service.url());
    let path = world.write("s.rhai", &text);
    let child = world.spawn(&["start", &path, "--id", "r"]);
    world.until("the call", |_| (service.seen().len() == 1).then_some(()));
    assert!(kill(child));
    service.on("/pay", Answer::Echo);
    assert_eq!(world.quiet(&["resume", "r"]), r#"{"amount":7}"#);
    let keys: Vec<_> =
        service.seen().iter().map(|request| request.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn a_cancel_drops_the_call() {
    let service = Service::begin();
    service.on("/hang", Answer::Hang);
    let world = World::new();
    let text = format!(
        "let told = (); try {{ http_get(\"{}/hang\") }} catch (err) {{ told = err.kind; }} told",
        service.url()
    );
    let path = world.write("s.rhai", &text);
    let child = world.spawn(&["start", &path, "--id", "r"]);
    world.until("the call", |_| (service.seen().len() == 1).then_some(()));
    world.good(&["cancel", "r"]);
    let told = finish(child);
    assert_eq!((told.code, told.out.trim_end()), (Some(0), "cancelled"), "{told:?}");
}

#[test]
fn the_proxy_that_the_run_recorded_is_used() {
    let service = Service::begin();
    service.on("http://far.invalid/thing", Answer::Status(200, "through the proxy"));
    let world = World::new();
    let path = world.write("s.rhai", "http_get(\"http://far.invalid/thing\").body");
    let mut command = world.command(&["start", &path, "--id", "r", "--record-only"]);
    assert!(command.env("http_proxy", service.url()).status().expect("runs").success());
    assert_eq!(world.quiet(&["resume", "r"]), "through the proxy", "recorded at start, as PATH is");
}
