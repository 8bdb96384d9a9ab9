//! The live display, told as a sequence of news and the lines that they give.

use super::*;
use crate::history::{Failure, Value};

/// What goes on, a line each.
fn line(live: &Live, now: Moment) -> String {
    live.rows(now).into_iter().map(|row| row.text).collect::<Vec<_>>().join("\n")
}

const RUN: RunNo = RunNo(7);

fn claimed(no: u64, id: &str) -> Claimed {
    Claimed { run: RunNo(no), id: RunId::parse(id).expect("an id"), epoch: 1 }
}

fn label(kind: CommandKind, name: &str) -> CommandLabel {
    CommandLabel { kind, name: name.to_owned() }
}

#[test]
fn a_step_is_followed_from_its_first_attempt_to_its_line() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let label = label(CommandKind::Activity, "charge");
    live.tell(
        RUN,
        Progress::Scheduled { op: OpId(0), label: label.clone(), line: None, strand: None },
        Moment(0),
    );
    live.tell(RUN, Progress::AttemptStarted { op: OpId(0), attempt: 1 }, Moment(0));
    assert_eq!(line(&live, Moment(2_100)), "activity charge · 2s");
    let failure = Failure::new("activity", "no\u{1b} route");
    let failed = Progress::AttemptFailed {
        op: OpId(0),
        attempt: 1,
        failure,
        next_try: Some(Moment(5_000)),
        attempts: Some(3),
    };
    assert_eq!(live.tell(RUN, failed, Moment(2_200)), Vec::<String>::new());
    assert_eq!(
        line(&live, Moment(2_200)),
        "activity charge · next try in 3s · failed: no\\x1b route · attempt 1 of 3"
    );
    live.tell(RUN, Progress::AttemptStarted { op: OpId(0), attempt: 2 }, Moment(5_000));
    assert_eq!(
        line(&live, Moment(5_000)),
        "activity charge · attempt 2 of 3 · 0s · last error: no\\x1b route"
    );
    let outcome =
        Progress::Outcome { op: OpId(0), label, took_ms: 5_400, ok: true, message: None, attempts: 2 };
    assert_eq!(live.tell(RUN, outcome, Moment(5_400)), ["✓ activity charge  5.4s · 2 attempts"]);
    assert_eq!(line(&live, Moment(5_400)), "");
}

#[test]
fn a_wait_counts_down_and_says_how_to_end_it() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let wait = |op, kind, name, due| Progress::Waiting {
        op: OpId(op),
        label: label(kind, name),
        due,
        line: Some(3),
        strand: None,
        choices: Vec::new(),
    };
    live.tell(RUN, wait(0, CommandKind::Sleep, "", Some(Moment(42_000))), Moment(0));
    assert_eq!(line(&live, Moment(0)), "sleep · 42s left");
    assert_eq!(line(&live, Moment(41_500)), "sleep · 1s left");
    live.tell(RUN, wait(1, CommandKind::WaitSignal, "go", None), Moment(0));
    assert_eq!(line(&live, Moment(0)), "sleep · 42s left\nwait_signal go · durun signal order-1 go");
    let done = |op, kind| Progress::Outcome {
        op: OpId(op),
        label: label(kind, ""),
        took_ms: 42_000,
        ok: true,
        message: None,
        attempts: 0,
    };
    assert_eq!(live.tell(RUN, done(0, CommandKind::Sleep), Moment(42_000)), ["✓ sleep  42s"]);
    assert_eq!(line(&live, Moment(42_000)), "wait_signal go · durun signal order-1 go");
    live.tell(RUN, Progress::Settled { op: OpId(1) }, Moment(42_000));
    assert_eq!(line(&live, Moment(42_000)), "", "a wait that was served is over");
    assert_eq!(live.tell(RUN, Progress::Signal { name: "go".to_owned() }, Moment(0)), ["← signal go"]);
}

#[test]
fn a_resumed_run_says_what_is_known_and_what_begins_again() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let replayed = |entries, steps| Progress::Replayed { entries, steps, took_ms: 4, again: Vec::new() };
    assert_eq!(live.tell(RUN, replayed(0, 0), Moment(0)), Vec::<String>::new());
    assert_eq!(
        live.tell(RUN, replayed(13, 12), Moment(0)),
        ["resumed: 12 steps known from the record, none run again (4ms)"]
    );
    assert_eq!(
        live.tell(RUN, replayed(2, 1), Moment(0)),
        ["resumed: 1 step known from the record, not run again (4ms)"]
    );
    let again = |kind, name, strand: Option<&str>, attempt| CutOff {
        label: label(kind, name),
        strand: strand.map(str::to_owned),
        attempt,
    };
    let again =
        vec![again(CommandKind::Exec, "tar\u{1b}", None, 1), again(CommandKind::Sh, "mail", Some("ada"), 3)];
    let many = Progress::Replayed {
        entries: 1,
        steps: 0,
        took_ms: 4,
        again: [again.clone(), again.clone(), again.clone()].concat(),
    };
    let lines = live.tell(RUN, many, Moment(0));
    assert_eq!((lines.len(), lines.last().map(String::as_str)), (7, Some("↻ and 1 more")));
    let cut_off = Progress::Replayed { entries: 1, steps: 0, took_ms: 4, again };
    assert_eq!(
        live.tell(RUN, cut_off, Moment(0)),
        [
            "resumed: no step was recorded yet",
            "↻ exec tar\\x1b begins again: no outcome of it was recorded",
            "↻ sh mail · ada begins again, attempt 3: no outcome of it was recorded",
        ]
    );
}

#[test]
fn of_several_runs_each_line_names_its_own() {
    let mut live = Live::new(&[claimed(7, "a"), claimed(8, "b")], false);
    let ended = Progress::Ended(RunEnd::Completed { result: Value::Null });
    assert_eq!(live.tell(RunNo(8), ended, Moment(0)), ["b  completed"]);
    live.tell(
        RUN,
        Progress::Scheduled { op: OpId(0), label: label(CommandKind::Sh, "sh"), line: None, strand: None },
        Moment(0),
    );
    assert_eq!(line(&live, Moment(1_000)), "a\nsh sh · 1s");
    assert_eq!(live.tell(RUN, Progress::Parked, Moment(0)), ["a  parked"]);
    assert_eq!(line(&live, Moment(1_000)), "", "what a parked run did is over");
}

#[test]
fn a_question_stays_on_the_screen_and_a_poll_counts_down() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    let waiting = |kind, name: &str, due| Progress::Waiting {
        op: OpId(0),
        label: label(kind, name),
        due,
        line: None,
        strand: None,
        choices: vec!["yes, now".to_owned(), "no".to_owned()],
    };
    assert_eq!(
        live.tell(RUN, waiting(CommandKind::Ask, "Go\u{1b}?", None), Moment(0)),
        ["? Go\\x1b? (yes, now, no) · durun answer order-1 'yes, now'"]
    );
    assert_eq!(line(&live, Moment(0)), "ask Go\\x1b? · durun answer order-1 CHOICE");
    let answered = Progress::Replied { what: "answer yes".to_owned() };
    assert_eq!(live.tell(RUN, answered, Moment(0)), ["← answer yes"]);
    let mut other = Live::new(&[claimed(7, "order-1")], false).suggesting("durun --store /s");
    let asked = other.tell(RUN, waiting(CommandKind::Ask, "Go?", None), Moment(0));
    assert_eq!(asked, ["? Go? (yes, now, no) · durun --store /s answer order-1 'yes, now'"]);
    assert_eq!(line(&other, Moment(0)), "ask Go? · durun --store /s answer order-1 CHOICE");
    live.tell(RUN, waiting(CommandKind::Poll, "issued", Some(Moment(9_000))), Moment(0));
    assert_eq!(line(&live, Moment(1_000)), "poll issued · 8s left · durun retry order-1");
    live.tell(RUN, Progress::AttemptStarted { op: OpId(0), attempt: 2 }, Moment(9_000));
    assert!(!line(&live, Moment(9_000)).contains("left"), "{}", line(&live, Moment(9_000)));
}

fn scheduled(op: u32, name: &str, strand: Option<&str>) -> Progress {
    let label = label(CommandKind::Activity, name);
    Progress::Scheduled { op: OpId(op), label, line: None, strand: strand.map(str::to_owned) }
}

#[test]
fn a_tree_has_strands_by_name_children_below_their_parents_and_how_far_all_are() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    live.tell(RUN, scheduled(0, "pack", Some("b")), Moment(0));
    live.tell(RUN, scheduled(1, "bill", Some("a")), Moment(0));
    live.tell(RUN, scheduled(2, "mail", Some("a")), Moment(0));
    let beat = |details| Progress::Heartbeat { op: OpId(0), details };
    live.tell(RUN, beat(Value::from([("done", Value::Int(3)), ("total", Value::Int(10))])), Moment(0));
    live.tell(
        RUN,
        Progress::ScriptProgress(HowFar { done: 1, total: 4, text: Some("item".to_owned()) }),
        Moment(0),
    );
    live.tell(
        RUN,
        Progress::ChildStarted { run: RunNo(9), id: RunId::parse("order-1.3").expect("an id") },
        Moment(0),
    );
    live.tell(RunNo(9), scheduled(0, "call", None), Moment(0));
    assert_eq!(
        live.drawn(Moment(2_000), 80, 24),
        "order-1  ━━╌╌╌╌╌╌╌╌ 1/4 item\n\
         ├ ⠋ a  activity bill · 2s\n\
         ├ ⠋    activity mail · 2s\n\
         └ ⠋ b  activity pack · 2s · 3/10\n\
         \u{20} order-1.3\n\
         \u{20} └ ⠋ activity call · 2s"
    );
}

#[test]
fn a_step_has_the_last_line_of_its_process_until_the_next_attempt_or_what_a_heartbeat_says() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    live.tell(RUN, scheduled(0, "copy", None), Moment(0));
    let last = LastLine::default();
    live.tell(RUN, Progress::Writes { op: OpId(0), last: last.clone() }, Moment(0));
    last.take("page 1");
    assert_eq!(live.drawn(Moment(0), 80, 24), "⠋ activity copy · 0s · page 1");
    last.take(&format!("page 2 \u{1b}[31m{}", "x".repeat(80)));
    let drawn = live.drawn(Moment(0), 80, 24);
    assert!(drawn.starts_with("⠋ activity copy · 0s · page 2 ") && drawn.ends_with('…'), "{drawn}");
    assert!(!drawn.contains('\u{1b}'), "{drawn}");
    live.tell(RUN, Progress::Heartbeat { op: OpId(0), details: "half".into() }, Moment(0));
    assert_eq!(live.drawn(Moment(0), 80, 24), "⠋ activity copy · 0s · half");
    live.tell(RUN, Progress::Heartbeat { op: OpId(0), details: Value::Null }, Moment(0));
    live.tell(RUN, Progress::AttemptStarted { op: OpId(0), attempt: 2 }, Moment(0));
    assert_eq!(live.drawn(Moment(0), 80, 24), "⠋ activity copy · attempt 2 · 0s");
}

#[test]
fn a_tree_fits_the_terminal_whatever_its_size() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    for op in 0..30 {
        live.tell(RUN, scheduled(op, "a_name_that_is_quite_long_for_a_narrow_one", None), Moment(0));
    }
    for (columns, lines) in [(40, 10), (12, 4), (1, 1), (0, 0), (200, 60)] {
        let drawn = live.drawn(Moment(0), columns, lines);
        let rows: Vec<&str> = drawn.lines().collect();
        assert!(rows.len() <= lines.saturating_sub(2).max(1), "{} lines of {lines}", rows.len());
        for row in &rows {
            assert!(unicode_width::UnicodeWidthStr::width(*row) <= columns.max(2), "{columns}: {row}");
        }
    }
    assert!(live.drawn(Moment(0), 80, 24).ends_with("… and 9 more"), "{}", live.drawn(Moment(0), 80, 24));
}

#[test]
fn items_stand_with_their_names_and_a_bar_of_how_many_are_done() {
    let mut live = Live::new(&[claimed(7, "fan")], false);
    let host = |op, strand: &str| Progress::Scheduled {
        op: OpId(op),
        label: label(CommandKind::Sh, "ping"),
        strand: Some(strand.to_owned()),
        line: None,
    };
    live.tell(RUN, host(0, "web0"), Moment(0));
    live.tell(RUN, host(1, "web\u{1b}1"), Moment(1));
    let done = Progress::Outcome {
        op: OpId(0),
        label: label(CommandKind::Sh, "ping"),
        took_ms: 9,
        ok: true,
        message: None,
        attempts: 1,
    };
    assert_eq!(live.tell(RUN, done, Moment(9)), ["✓ sh ping · web0  9ms"]);
    let mut told = |done, total| {
        live.tell(RUN, Progress::ScriptProgress(HowFar { done, total, text: None }), Moment(9));
        line(&live, Moment(9))
    };
    assert_eq!(told(18, 40), "━━━━╌╌╌╌╌╌ 18/40\nweb\\x1b1  sh ping · 0s");
    assert!(told(-3, 7).starts_with("╌╌╌╌╌╌╌╌╌╌ -3/7"));
    assert!(told(i64::MAX - 1, i64::MAX).contains("━"), "no overflow");
    assert_eq!(told(40, 40), "web\\x1b1  sh ping · 0s", "there it is done");
}

#[test]
fn in_a_narrow_terminal_the_name_is_shortened_before_the_time() {
    let mut live = Live::new(&[claimed(7, "order-1")], false);
    live.tell(RUN, scheduled(0, "a_name_that_is_quite_long", Some("mail")), Moment(0));
    assert_eq!(live.drawn(Moment(9_000), 30, 24), "⠋ mail  activity a_name… · 9s");
}

#[test]
fn items_stand_in_the_order_in_which_people_count_and_are_named_once() {
    let mut live = Live::new(&[claimed(7, "fan")], false);
    for (op, strand) in (0..).zip(["job 10", "job 2", "job 1"]) {
        live.tell(RUN, scheduled(op, strand, Some(strand)), Moment(0));
    }
    assert_eq!(line(&live, Moment(0)), "job 1  activity · 0s\njob 2  activity · 0s\njob 10  activity · 0s");
    let done = |op, name| Progress::Outcome {
        op: OpId(op),
        label: label(CommandKind::Activity, name),
        took_ms: 9,
        ok: true,
        message: None,
        attempts: 1,
    };
    assert_eq!(live.tell(RUN, done(0, "job 10"), Moment(9)), ["✓ activity job 10  9ms"]);
}

#[test]
fn a_tree_of_many_uses_the_lines_that_there_are_and_sums_up_the_rest() {
    let mut live = Live::new(&[claimed(7, "fan")], false);
    let name = format!("http://{}", "host/".repeat(20));
    for op in 0..40 {
        live.tell(RUN, scheduled(op, &name, None), Moment(0));
    }
    for op in 20..40 {
        let failure = Failure::new("http", "no");
        let failed = Progress::AttemptFailed {
            op: OpId(op),
            attempt: 1,
            failure,
            next_try: Some(Moment(90_000)),
            attempts: None,
        };
        live.tell(RUN, failed, Moment(0));
    }
    let drawn = live.drawn(Moment(0), 78, 24);
    assert_eq!(drawn.lines().count(), 22, "{drawn}");
    assert!(drawn.ends_with("\n… and 19 more that wait"), "{drawn}");
    assert!(drawn.lines().all(|row| row.chars().count() <= 60), "{drawn}");
    let drawn = live.drawn(Moment(0), 78, 12);
    assert!(drawn.ends_with("\n… and 31 more, 20 of them wait"), "{drawn}");
    assert_eq!(live.drawn(Moment(0), 198, 50).lines().count(), 40);
}
