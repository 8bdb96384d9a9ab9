//! Histories told as stories: what stands in a line, what is shortened, what is not.

use super::*;
use crate::history::{
    ActivityCompleted, ActivityFailed, CallSite, CommandKind, CommandLabel, Failure, MessageId, MessageNo,
    OpId, Raised, RunEnded, SignalReceived,
};

#[test]
fn a_run_is_told_as_it_happened() {
    let label = |name: &str| CommandLabel { kind: CommandKind::Activity, name: name.to_owned() };
    let began = Moment(1_795_433_322_120);
    let calls = vec![CallSite { name: "pay".to_owned(), line: 7, file: Some("lib".to_owned()) }];
    let raised = Raised { line: 3, column: None, file: None, calls };
    let facts = [
        (0, Fact::RunBegan { seed: 1 }),
        (
            1_200,
            Fact::ActivityCompleted(Box::new(ActivityCompleted {
                op: OpId(0),
                label: label("charge"),
                input: Value::Null,
                result: Value::from([("ok", Value::Bool(true))]),
                attempts: 3,
                scheduled_at: began,
                ended_at: began.plus_ms(1_200),
            })),
        ),
        (
            2_000,
            Fact::SignalReceived(Box::new(SignalReceived {
                message_no: MessageNo(1),
                message_id: MessageId([0; 16]),
                name: "picked\u{1b}Up".to_owned(),
                payload: Value::Null,
                accepted_at: began,
            })),
        ),
        (
            2_500,
            Fact::ActivityFailed(Box::new(ActivityFailed {
                op: OpId(1),
                label: label("notify"),
                input: Value::Null,
                failure: Failure::new("activity", "no route"),
                attempts: 1,
                scheduled_at: began.plus_ms(2_000),
                ended_at: began.plus_ms(2_500),
            })),
        ),
        (
            2_500,
            Fact::RunEnded(Box::new(RunEnded::of(RunEnd::Failed {
                failure: Failure { raised: Some(Box::new(raised)), ..Failure::new("failure", "late") },
            }))),
        ),
    ];
    let mut story = Story::new(false, None);
    let told: String = (0_u32..)
        .zip(facts)
        .map(|(seq, (after, fact))| story.tell(Seq(seq), &Entry { at: began.plus_ms(after), fact }))
        .collect();
    assert_eq!(
        told,
        "   0  2026-11-23 11:28:42Z  ▸ the run began\n   \
            1  +1.2s                 ✓ activity charge · 1.2s · 3 attempts → {\"ok\":true}\n   \
            2  +2s                   ← signal picked\\x1bUp\n   \
            3  +2.5s                 ✗ activity notify · 500ms · activity: no route\n   \
            4  +2.5s                 ✗ failed · late\n                            \
            in line 3\n                            \
            called in line 7 of lib: pay\n"
    );
}

#[test]
fn of_a_step_with_a_long_name_it_is_told_in_which_strand_how_long_and_how_often() {
    let text = "for i in 1 2 3; do echo line $i of $1; sleep 0.7; done; [ $D…";
    let done = Fact::ActivityCompleted(Box::new(ActivityCompleted {
        op: OpId(0),
        label: CommandLabel { kind: CommandKind::Sh, name: text.to_owned() },
        input: Value::Null,
        result: Value::Null,
        attempts: 2,
        scheduled_at: Moment(0),
        ended_at: Moment(5_200),
    }));
    let told = |width| {
        let mut story = Story::new(false, width);
        story.tell_whose(BTreeMap::from([(Seq(1), "alpha".to_owned())]));
        story.tell(Seq(1), &Entry { at: Moment(5_200), fact: done.clone() })
    };
    let how = " · alpha · 5.2s · 2 attempts\n";
    assert!(told(Some(80)).ends_with(&format!("✓ sh for i in 1 2 3…{how}")), "{}", told(Some(80)));
    for width in [Some(200), None] {
        assert!(told(width).ends_with(&format!("✓ sh {text}{how}")), "{}", told(width));
    }
}

#[test]
fn a_long_name_that_other_commands_take_stands_whole_below() {
    let name = "charge_the_customer_of_the_order";
    let done = Fact::ActivityCompleted(Box::new(ActivityCompleted {
        op: OpId(0),
        label: CommandLabel { kind: CommandKind::Activity, name: name.to_owned() },
        input: Value::Null,
        result: Value::Null,
        attempts: 1,
        scheduled_at: Moment(0),
        ended_at: Moment(5_200),
    }));
    let told =
        |width| Story::new(false, width).tell(Seq(1), &Entry { at: Moment(5_200), fact: done.clone() });
    let lines = told(Some(80));
    assert!(lines.contains("✓ activity charge_the_custo…"), "{lines}");
    assert!(lines.ends_with(&format!(" · 5.2s\n{}{name}\n", " ".repeat(28))), "{lines}");
    assert_eq!(told(Some(200)).lines().count(), 1);
}

#[test]
fn a_long_value_is_folded_and_no_line_is_wider_than_the_terminal() {
    let text = Value::from("x".repeat(500));
    let fact = Fact::RunEnded(Box::new(RunEnded::of(RunEnd::Completed { result: text })));
    let told = |width| Story::new(true, width).tell(Seq(0), &Entry { at: Moment(0), fact: fact.clone() });
    assert!(told(None).contains(&format!("→ \"{}… (502 characters)", "x".repeat(58))), "{}", told(None));
    let mut resized = Story::new(true, Some(200));
    for width in [200, 80, 40, 10] {
        let line = told(Some(width));
        assert_eq!(cut(line.trim_end(), width), line.trim_end(), "{width}");
        resized.fit(width);
        assert_eq!(resized.tell(Seq(0), &Entry { at: Moment(0), fact: fact.clone() }).len(), line.len());
    }
    assert!(told(Some(200)).contains(&"x".repeat(130)) && told(Some(200)).contains("(502 characters)"));
}
