//! What a configuration says, what is refused with its line, and how a changed file is seen.

use super::*;
use crate::history::{EffectOptions, Rate, RetryPolicy};
use crate::timer::ManualClock;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn read(text: &str) -> Config {
    parse(Path::new("/p/durun.toml"), text).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(text: &str) -> String {
    parse(Path::new("/p/durun.toml"), text).expect_err(text).to_string()
}

#[test]
fn a_file_says_activities_limits_secrets_and_whom_to_tell() {
    let config = read(
        r#"
[limits]
activities = 8

[activity.charge]
cmd = ["./charge", "--live"]
env = { MODE = "live", KEY = { secret = "API_KEY" } }
timeout = "30s"
retry = { first = "5s", attempts = 3, except = "card_declined", factor = 1.5, jitter = 0, retry_after = false }
max_concurrent = 2
rate = "10/s"
heartbeat = 20
warn_after = "1h"

[activity.mail]
url = "https://mail.example/send"
headers = { Authorization = { secret = "TOKEN", prefix = "Bearer " } }
retry = false

[secrets]
API_KEY = { file = "keys/api" }
TOKEN = { env = "CI_TOKEN" }
DB = { systemd = "db-password" }
ABSOLUTE = { file = "/run/key" }

[notify]
on_struggling = ["mail", "-s", "durun", "ops"]
"#,
    );
    assert_eq!(config.limits.activities, 8);
    assert_eq!(config.directory(), Some(Path::new("/p")));
    let charge = &config.activities["charge"];
    let words = vec!["./charge".to_owned(), "--live".to_owned()];
    assert_eq!(charge.call, Some(Call::Program { words }));
    assert_eq!(charge.env["MODE"], Setting::Text("live".to_owned()));
    assert_eq!(charge.env["KEY"], Setting::Secret { prefix: String::new(), name: "API_KEY".to_owned() });
    assert_eq!((charge.timeout_ms, charge.heartbeat_ms), (Some(30_000), Some(20_000)));
    assert_eq!(charge.warn_after_ms, Some(3_600_000));
    assert_eq!(charge.rate, Some(Rate { count: 10, per_ms: 1_000 }));
    assert_eq!(charge.max_concurrent, Some(2));
    assert_eq!(
        charge.retry,
        RetryConfig {
            first_ms: Some(5_000),
            factor: Some(1.5),
            jitter: Some(0.0),
            attempts: Some(3),
            except: Some(vec!["card_declined".to_owned()]),
            retry_after: Some(false),
            ..RetryConfig::default()
        }
    );
    let mail = &config.activities["mail"];
    let Some(Call::Url { url, method, headers }) = &mail.call else { panic!("{mail:?}") };
    assert_eq!((url.as_str(), method.as_str()), ("https://mail.example/send", "POST"));
    let text = headers["Authorization"].text([3; 16]);
    assert!(text.starts_with("Bearer ⟦secret:TOKEN:"), "{text}");
    assert_eq!(mail.retry.attempts, Some(1));
    let secrets: Vec<_> = config.secrets.values().cloned().collect();
    assert_eq!(
        secrets,
        [
            SecretSource::File(PathBuf::from("/run/key")),
            SecretSource::File(PathBuf::from("/p/keys/api")),
            SecretSource::Systemd("db-password".to_owned()),
            SecretSource::Variable("CI_TOKEN".to_owned()),
        ]
    );
    let Some(Notice::Program(words)) = config.notify.on_struggling else { panic!() };
    assert_eq!(words, ["mail", "-s", "durun", "ops"]);
    assert_eq!(
        read("[notify]\non_struggling = \"mail ops\"").notify.on_struggling,
        Some(Notice::Shell("mail ops".to_owned()))
    );
    let all = read(
        "[notify]\non_failure = \"a\"\non_stuck = [\"b\"]\non_success = \"http://c/d\"\non_missed = \"e\"",
    )
    .notify;
    let found = [all.on_failure, all.on_stuck, all.on_success, all.on_missed, all.on_struggling];
    let shell = |text: &str| Some(Notice::Shell(text.to_owned()));
    let program = Some(Notice::Program(vec!["b".to_owned()]));
    let url = Some(Notice::Url("http://c/d".to_owned()));
    assert_eq!(found, [shell("a"), program, url, shell("e"), None]);
    let empty = read("");
    assert_eq!((empty.limits.activities, empty.activities.len()), (64, 0));
}

#[test]
fn what_does_not_fit_is_told_with_its_line_and_what_to_write() {
    for (text, line, words) in [
        ("[activty.x]\n", 1, "there is no key \"activty\" here; did you mean \"activity\"?"),
        ("[limits]\n\nactivites = 3", 3, "did you mean \"activities\"?"),
        (
            "[limits]\nmemory = \"lots\"",
            2,
            "limits.memory: it is a size: \"512 MiB\", \"2 GiB\", not \"lots\"",
        ),
        ("[limits]\nlive_runs = 0", 2, "limits.live_runs: it is a whole number, 1 or more, not 0"),
        ("[limits]\nactivities = 0", 2, "limits.activities: it is a whole number, 1 or more, not 0"),
        ("[limits]\nactivities = \"many\"", 2, "not \"many\""),
        ("[activity.x]\ncmd = \"a b\"", 2, "write [\"a\", \"b\"]"),
        ("[activity.x]\ncmd = []", 2, "the program, and may not be missing"),
        ("[activity.x]\ncmd = [\"a\",\n  3]", 3, "it is a text in quotes, not 3"),
        ("[activity.x]\ncmd = [\"a\"]\nurl = \"http://h\"", 1, "it has cmd or url, not both"),
        ("[activity.x]\nurl = \"http:///path\"", 2, "the address has no host"),
        ("[activity.x]\nurl = \"ftp://h\"", 2, "begins with http:// or https://"),
        ("[activity.x]\nurl = \"http://h\"\nmethod = \"SEND\"", 3, "\"SEND\" is no method"),
        ("[activity.x]\nheaders = {}", 2, "it goes with url"),
        ("[activity.x]\ncmd = [\"a\"]\ntimeout = \"soon\"", 3, "\"soon\" is no duration"),
        ("[activity.x]\ncmd = [\"a\"]\ntimeout = \"1 month\"", 3, "no fixed length"),
        ("[activity.x]\ncmd = [\"a\"]\ntimeout = 0", 3, "longer than nothing"),
        ("[activity.x]\ncmd = [\"a\"]\ntimeout = -5", 3, "a duration"),
        ("[activity.x]\nrate = \"10 each s\"", 2, "is no rate; write for example \"10/s\""),
        ("[activity.x]\nretry = { atempts = 3 }", 2, "did you mean \"attempts\"?"),
        ("[activity.x]\nretry = true", 2, "write how often"),
        ("[activity.x]\nretry = { jitter = 2 }", 2, "a number from 0 to 1, not 2"),
        ("[activity.x]\ncmd = [\"a\"]\nenv = { \"A=B\" = \"c\" }", 3, "no name of a variable"),
        ("[secrets]\nKEY = \"hunter2\"", 2, "a secret itself does not stand here"),
        ("[secrets]\nKEY = { file = \"a\", env = \"B\" }", 2, "exactly one of file, env and systemd"),
        ("[activity.x]\nenv = { A = { secrt = \"B\" } }", 2, "did you mean \"secret\"?"),
        ("[activity.x]\nurl = \"http://h\"\nenv = { A = \"B\" }", 3, "it goes with a program"),
        ("[secrets]\nKEY = {}", 2, "exactly one of"),
        ("[secrets]\nKEY = { systemd = \"../x\" }", 2, "without a '/'"),
        ("[secrets]\n\"a-b\" = { env = \"X\" }", 2, "the name of a secret"),
        ("[notify]\non_struggling = []", 2, "the program, and may not be missing"),
        ("[notify]\non_strugling = []", 2, "did you mean \"on_struggling\"?"),
        ("\n\nx = ", 3, ""),
        ("[limits]\nactivities = 1\nactivities = 2", 3, "duplicate"),
    ] {
        let message = refused(text);
        assert!(message.starts_with(&format!("/p/durun.toml:{line}: ")), "{text:?}: {message}");
        assert!(message.contains(words), "{text:?}: {message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn what_the_script_says_itself_wins() {
    let config = read(
        "[activity.x]\ntimeout = \"30s\"\nrate = \"5/s\"\nmax_concurrent = 3\nwarn_after = \"1h\"\n\
         retry = { first = \"5s\", attempts = 9, max = \"1 min\" }",
    );
    let mut options = EffectOptions::new(RetryPolicy::endless());
    options.timeout_ms = Some(1);
    options.retry.attempts = Some(2);
    options.given = vec!["timeout".to_owned(), "retry.attempts".to_owned()];
    config.activities["x"].complete(&mut options);
    assert_eq!((options.timeout_ms, options.retry.attempts), (Some(1), Some(2)));
    assert_eq!((options.retry.first_ms, options.retry.max_ms), (5_000, 60_000));
    assert_eq!((options.max_concurrent, options.warn_after_ms), (Some(3), 3_600_000));
    assert_eq!(options.rate, Some(Rate { count: 5, per_ms: 1_000 }));
    assert_eq!(options.heartbeat_ms, None);
}

#[test]
fn the_nearest_file_upwards_is_read_and_read_again_when_it_changes() {
    let place = tempfile::tempdir().expect("a directory");
    let folder = place.path().join("a/b");
    std::fs::create_dir_all(&folder).expect("folders");
    let (script, own) = (folder.join("s.rhai"), place.path().join("config.toml"));
    std::fs::write(&own, "[limits]\nactivities = 1").expect("written");
    let clock = Arc::new(ManualClock::default());
    let configs = Configs::new(Some(own), Arc::<ManualClock>::clone(&clock));
    let later = || clock.advance(Duration::from_secs(2));
    let activities = || configs.read(&script).map(|config| config.limits.activities);
    assert_eq!(activities(), Ok(1));
    std::fs::write(place.path().join("durun.toml"), "[limits]\nactivities = 2").expect("written");
    assert_eq!(activities(), Ok(1), "nobody has looked again yet");
    later();
    assert_eq!(activities(), Ok(2));
    std::fs::write(folder.join("durun.toml"), "[limits]\nactivities = 3").expect("written");
    later();
    assert_eq!(activities(), Ok(3));
    std::fs::write(folder.join("durun.toml"), "[limits]\nactivities = 33").expect("written");
    later();
    assert_eq!(activities(), Ok(33));
    std::fs::write(folder.join("durun.toml"), "[limits]\nactivities =").expect("written");
    later();
    assert!(activities().is_err(), "whoever asks anew is told");
    assert_eq!(configs.read_or_last(&script).map(|config| config.limits.activities), Ok(33));
    std::fs::remove_file(folder.join("durun.toml")).expect("removed");
    later();
    assert_eq!(activities(), Ok(2));
}

#[test]
fn each_value_is_kept_as_it_stands_in_the_file_with_its_line() {
    let config = read(
        "[limits]\nactivities = 64\n\n[activity.charge]\ncmd = [\"./c\",\n  \"x\"]\nenv = { A = \"b\" }\n\n[queue]\ndb.rate = \"1/s\"\n",
    );
    let stated: Vec<String> =
        config.stated.iter().map(|value| format!("{} {} {}", value.line, value.key, value.text)).collect();
    assert_eq!(
        stated,
        [
            "2 limits.activities 64",
            "5 activity.charge.cmd [\"./c\",\n  \"x\"]",
            "7 activity.charge.env { A = \"b\" }",
            "10 queue.db.rate \"1/s\"",
        ]
    );
}
