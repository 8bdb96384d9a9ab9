//! Telling how a run came out, under kills: the end and the telling are recorded together, and one delivery is.

use crate::world::{World, begin, kill};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

fn hooks(world: &World) -> Vec<String> {
    let listed = world.quiet(&["list", "-a", "-o", "jsonl"]);
    let id = |line: &str| -> String {
        let run: serde_json::Value = serde_json::from_str(line).expect("JSON");
        run["id"].as_str().expect("an id").to_owned()
    };
    listed.lines().map(id).filter(|id| id.contains(".on_")).collect()
}

#[test]
fn a_telling_that_was_killed_is_made_again_and_recorded_once() {
    let world = World::new();
    world.write(
        "durun.toml",
        "[notify]\non_failure = \"echo begun >>began; test -e open || sleep 600; cat >>told\"\n",
    );
    world.write("f.rhai", "fail(\"no tape\")");
    let started = begin(&mut world.command(&["start", "f.rhai", "--id", "f"]));
    world.until("the telling begins", |world| (world.lines("began").len() == 1).then_some(()));
    assert!(kill(started));
    assert_eq!(world.status("f")["status"], "failed");
    let id = hooks(&world);
    let [hook] = id.as_slice() else { panic!("{id:?}") };
    assert_ne!(world.status(hook)["status"], "completed");
    world.write("open", "");
    world.quiet(&["tick"]);
    world.quiet(&["tick"]);
    assert_eq!((world.lines("began").len(), world.lines("told").len()), (2, 1));
    assert_eq!((world.completed(hook).len(), hooks(&world).len()), (1, 1));
    assert_eq!(world.status(hook)["status"], "completed");
}

#[test]
fn an_address_gets_the_document_as_a_post() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let port = listener.local_addr().expect("an address").port();
    world.write("durun.toml", &format!("[notify]\non_success = \"http://127.0.0.1:{port}/told\"\n"));
    world.write("ok.rhai", "7");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a call");
        let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").expect("answers");
        (head, String::from_utf8(body).expect("text"))
    });
    assert_eq!(world.good(&["start", "ok.rhai", "--id", "ok"]), "7");
    let (head, body) = server.join().expect("ends");
    assert!(head.starts_with("POST /told ") && head.to_lowercase().contains("idempotency-key:"), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
    let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&told["event"], &told["run"], &told["result"]),
        (&"completed".into(), &"ok".into(), &7.into())
    );
}
