//! An HTTP service on loopback that misbehaves on command.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the service does with a path.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// Gives the request back as JSON.
    Echo,
    /// A status and a body.
    Status(u16, &'static str),
    /// 503 with `Retry-After` (seconds, or `date` for one two seconds ahead) so many times, then 200.
    Unavailable { times: usize, retry_after: &'static str },
    /// 503 so many times, then 200 with the body.
    Busy { times: usize, body: &'static str },
    /// Closes the connection without a word.
    Drop,
    /// Promises a hundred bytes and gives four.
    Half,
    /// Never answers.
    Hang,
    /// Sends elsewhere.
    Redirect(&'static str),
    /// So many bytes.
    Big(usize),
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// When, since the service began.
    pub(crate) at: Duration,
}

#[derive(Default)]
struct Desk {
    answers: Mutex<BTreeMap<String, Answer>>,
    seen: Mutex<Vec<Request>>,
}

/// The service; its threads end with the test.
pub(crate) struct Service {
    port: u16,
    desk: Arc<Desk>,
}

impl Service {
    pub(crate) fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let desk: Arc<Desk> = Arc::default();
        let (served, began) = (Arc::clone(&desk), now());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let desk = Arc::clone(&served);
                // A client that goes away is what some tests are about.
                std::thread::spawn(move || drop(serve(&stream, &desk, began)));
            }
        });
        Self { port, desk }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn on(&self, path: &str, answer: Answer) {
        self.desk.answers.lock().expect("answers").insert(path.to_owned(), answer);
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.desk.seen.lock().expect("seen").clone()
    }
}

fn now() -> Duration {
    durun::timer::Clock::monotonic(&durun::timer::SystemClock)
}

fn serve(stream: &TcpStream, desk: &Desk, began: Duration) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let at = now().saturating_sub(began);
    let request = Request { method, path, headers, body, at };
    let bare = request.path.split('?').next().unwrap_or_default().to_owned();
    let answer = desk.answers.lock().expect("answers").get(&bare).copied();
    let before = {
        let mut seen = desk.seen.lock().expect("seen");
        let before = seen.iter().filter(|earlier| earlier.path == request.path).count();
        seen.push(request.clone());
        before
    };
    give(stream, answer.unwrap_or(Answer::Status(500, "no such path")), &request, before)
}

fn give(mut stream: &TcpStream, answer: Answer, request: &Request, before: usize) -> std::io::Result<()> {
    let mut reply = |status: &str, more: &str, body: &str| {
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{body}"
        )
    };
    match answer {
        Answer::Echo => {
            let told = serde_json::json!({
                "method": request.method, "path": request.path, "headers": request.headers, "body": request.body,
            });
            reply("200 OK", "Content-Type: application/json\r\n", &told.to_string())
        }
        Answer::Status(status, body) => reply(&format!("{status} Status"), "", body),
        Answer::Unavailable { times, retry_after } if before < times => {
            let wait = if retry_after == "date" { in_two_seconds() } else { retry_after.to_owned() };
            reply("503 Busy", &format!("Retry-After: {wait}\r\n"), "")
        }
        Answer::Unavailable { .. } => reply("200 OK", "", "done"),
        Answer::Busy { times, .. } if before < times => reply("503 Busy", "", ""),
        Answer::Busy { body, .. } => reply("200 OK", "", body),
        Answer::Drop => Ok(()),
        Answer::Half => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        Answer::Hang => {
            // Until the client goes away.
            let mut nothing = [0; 1];
            stream.read(&mut nothing).map(drop)
        }
        Answer::Redirect(to) => reply("302 Found", &format!("Location: {to}\r\n"), ""),
        Answer::Big(bytes) => reply("200 OK", "", &"x".repeat(bytes)),
    }
}

/// A date of HTTP, two seconds ahead.
fn in_two_seconds() -> String {
    let now = durun::timer::Clock::now(&durun::timer::SystemClock).plus_ms(2_000);
    durun::timer::http_date(now).expect("a date")
}
