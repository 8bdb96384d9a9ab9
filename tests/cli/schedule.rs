//! `durun schedule`: added, listed, fired by tick, paused, triggered, backfilled, removed.

use crate::harness::Home;
use durun::history::Moment;
use durun::store::{Answer, Request, ScheduleChange, SharedStore, Store as _};
use durun::timer::SystemClock;
use serde_json::Value;
use std::sync::Arc;

/// As if nobody had fired a schedule for so long.
pub(crate) fn asleep(home: &Home, name: &str, ms: i64) {
    let store = SharedStore::open(&home.store(), Arc::new(SystemClock)).expect("opens");
    let Ok(Answer::Schedules(all)) = store.ask(Request::Schedules) else { panic!("lists") };
    let mut row = all.rows.into_iter().find(|row| row.name.as_str() == name).expect("a schedule");
    let expected = row.version;
    row.version += 1;
    row.considered = Moment(row.considered.0 - ms);
    let name = row.name.clone();
    let change = ScheduleChange { name, expected, row: Some(row), starts: Vec::new() };
    store.ask(Request::Schedule(Box::new(change))).expect("changes");
}

fn listed(home: &Home) -> Value {
    let text = home.durun(&["schedule", "list", "-o", "jsonl"]).stdout();
    serde_json::from_str(&text).expect("JSON")
}

const HOUR: i64 = 3_600_000;

#[test]
fn tick_fires_a_slot_once_and_its_run_says_where_it_comes_from() {
    let home = Home::new();
    home.file("s.rhai", "sh(\"echo $DURUN_SCHEDULE\").stdout + input.who + input.slot.len()");
    home.durun(&["schedule", "list"]).check();
    home.durun(&["schedule", "add", "hourly", "0 * * * *", "s.rhai", "-i", "who=ada", "--tz", "UTC"]).check();
    home.durun(&["tick"]).check();
    assert_eq!(listed(&home)["recent"], serde_json::json!([]));
    let next = home.durun(&["tick", "--next"]).stdout();
    assert_eq!(next, "TIME\n");
    asleep(&home, "hourly", HOUR);
    home.durun(&["tick"]).check();
    home.durun(&["tick"]).check();
    let row = listed(&home);
    let run = row["recent"][0]["run"].as_str().expect("a run").to_owned();
    assert_eq!(row["recent"].as_array().map(Vec::len), Some(1), "{row}");
    assert!(run.starts_with("hourly-20") && run.ends_with("00"), "{run}");
    home.durun(&["result", &run]).out("hourlyada24\n").check();
    let status = home.durun(&["status", &run]).stdout();
    assert!(status.contains("schedule  hourly, its slot of TIME"), "{status}");
    let json: Value =
        serde_json::from_str(&home.durun(&["status", &run, "-o", "json"]).stdout()).expect("JSON");
    assert_eq!(json["schedule"]["name"], "hourly");
    let table = home.durun(&["schedule", "list"]).stdout();
    assert!(table.starts_with("NAME    CRON       ZONE  NEXT"), "{table}");
    assert!(table.contains(&format!("s.rhai  {run}: completed")), "{table}");
    assert_eq!(row["last_status"], "completed");
    home.durun(&["missed"]).check();
}

#[test]
fn a_script_with_declared_inputs_is_scheduled_with_inputs_that_fit_and_gets_its_slot_besides() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "params(#{ source: (), keep: 7 }); `${input.source} ${input.keep} ${input.slot.len()}`",
    );
    let refused = home.durun(&["schedule", "add", "nightly", "0 2 * * *", "s.rhai"]).make();
    assert!(refused.2 == 2 && refused.1.contains("D1301"), "{refused:?}");
    home.durun(&["schedule", "list"]).check();
    home.durun(&["schedule", "add", "nightly", "0 2 * * *", "s.rhai", "-i", "source=docs"]).check();
    let run = home.durun(&["schedule", "trigger", "nightly"]).stdout();
    home.durun(&["tick"]).check();
    // It was begun in the background, and may be at it still.
    home.durun(&["wait", run.trim_end()]).exit(0).make();
    home.durun(&["result", run.trim_end()]).out("docs 7 24\n").check();
}

#[test]
fn the_same_again_changes_nothing_and_another_is_refused_until_it_is_meant() {
    let home = Home::new();
    home.file("s.rhai", "1");
    let add = |more: &[&str]| {
        let words = ["schedule", "add", "n", "30  2 * * *", "s.rhai", "--tz", "Europe/Berlin"];
        home.durun(&[&words, more].concat())
    };
    add(&[]).check();
    add(&[]).check();
    let err = add(&["--jitter", "5m"]).exit(7).failure();
    assert!(err.starts_with("error[D1105]: there is a schedule n already, with another jitter\n"), "{err}");
    add(&["--jitter", "5m", "--replace"]).check();
    let row = listed(&home);
    assert_eq!((&row["cron"], &row["jitter_ms"]), (&"30 2 * * *".into(), &300_000.into()));
    home.durun(&["-v", "schedule", "pause", "n"]).err("schedule n is paused\n").check();
    home.durun(&["-v", "schedule", "pause", "n"]).err("schedule n was paused before\n").check();
    let table = home.durun(&["schedule", "list"]).stdout();
    assert!(table.contains("Europe/Berlin  paused now"), "{table}");
    home.durun(&["tick", "--next"]).check();
    home.durun(&["-v", "schedule", "resume", "n"]).err("schedule n fires again\n").check();
    home.durun(&["schedule", "remove", "n"]).check();
    home.durun(&["schedule", "list"]).check();
}

#[test]
fn bad_input_is_told_and_adds_nothing() {
    let home = Home::new();
    home.file("s.rhai", "1").file("bad.rhai", "let");
    let add = |cron: &str, script: &str, more: &[&str]| {
        home.durun(&[&["schedule", "add", "nightly", cron, script], more].concat())
    };
    for (cron, script, more, exit, code, piece) in [
        ("0 0 30 2 *", "s.rhai", &[][..], 2, "D1101", "\"0 0 30 2 *\" never fires"),
        ("0 0 * *", "s.rhai", &[], 2, "D1101", "has 4 fields; a cron expression has five"),
        ("61 * * * *", "s.rhai", &[], 2, "D1101", "is no cron expression"),
        ("@daily", "s.rhai", &["--tz", "Europe/Berln"], 2, "D1102", "did you mean Europe/Berlin"),
        ("@daily", "r.rhai", &[], 4, "D0401", "did you mean s.rhai?"),
        ("@daily", "bad.rhai", &[], 2, "D0406", "is no valid script"),
        ("@daily", "s.rhai", &["--catchup", "all", "--overlap", "skip"], 2, "D0205", "take --overlap queue"),
    ] {
        let err = add(cron, script, more).exit(exit).failure();
        assert!(err.contains(&format!("error[{code}]")) && err.contains(piece), "{cron} {script}: {err}");
    }
    let err = home.durun(&["schedule", "add", "a/b", "@daily", "s.rhai"]).exit(2).failure();
    assert!(err.contains("error[D1103]"), "{err}");
    home.durun(&["schedule", "list"]).check();
    add("@daily", "s.rhai", &[]).check();
    for words in [
        ["schedule", "pause", "nigthly"],
        ["schedule", "trigger", "nigthly"],
        ["schedule", "remove", "nigthly"],
    ] {
        let err = home.durun(&words).exit(4).failure();
        assert!(err.contains("error[D1104]") && err.contains("did you mean nightly?"), "{err}");
    }
}

#[test]
fn trigger_starts_a_run_now_and_does_not_run_over_an_open_one() {
    let home = Home::new();
    home.file("s.rhai", "wait_signal(\"go\")");
    home.durun(&["schedule", "add", "n", "@yearly", "s.rhai"]).check();
    let out = home.durun(&["schedule", "trigger", "n"]).stdout();
    let run = out.trim_end();
    assert!(run.starts_with("n-20") && run.ends_with("-now"), "{run}");
    home.until(run, &["\"kind\":\"wait_signal\""]);
    home.durun(&["schedule", "pause", "n"]).check();
    // Within the same second it would be the same run.
    let err = loop {
        let (out, err) = match home.durun(&["schedule", "trigger", "n"]).make() {
            (out, err, 7) => (out, err),
            (out, _, _) => {
                assert_eq!(out.trim_end(), run);
                continue;
            }
        };
        assert_eq!(out, "");
        break err;
    };
    assert!(err.contains(&format!("error[D1106]: run {run} of the schedule n has not ended")), "{err}");
    home.durun(&["signal", run, "go", "7"]).check();
    home.durun(&["wait", run]).out("7\n").check();
}

#[test]
fn a_bad_end_pauses_a_schedule_that_wants_it_and_tick_says_so() {
    let home = Home::new();
    home.file("s.rhai", "fail(\"no tape\")");
    home.durun(&["schedule", "add", "n", "0 * * * *", "s.rhai", "--pause-on-failure"]).check();
    asleep(&home, "n", HOUR);
    let err = home.durun(&["tick"]).exit(1).failure();
    assert!(err.contains("failed: no tape") && !err.contains("D1112"), "{err}");
    let err = home.durun(&["tick"]).exit(1).failure();
    assert!(err.contains("error[D1112]: the schedule n is paused, as run n-20"), "{err}");
    home.durun(&["tick"]).check();
    asleep(&home, "n", HOUR);
    home.durun(&["schedule", "resume", "n"]).check();
    let out = home.durun(&["missed"]).exit(1).stdout();
    assert!(out.contains("the schedule was paused, as run n-20"), "{out}");
}
