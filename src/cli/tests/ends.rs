//! Specimens of how runs end and how they stand: of real scripts that fail or are mistaken, and of what people do to runs.

use super::clients::difference;
use super::stage::Stage;
use crate::cli::report::Report;
use crate::cli::report_end;
use crate::cli::way_on::WayOn;
use crate::cli::{report_struggle, report_update};
use crate::client::testing::{id, row};
use crate::client::{Lines, Standing, TurningPoint};
use crate::history::{
    CommandKind, CommandLabel, Failure, Moment, OpId, Pending, RunEnd, RunStatus, Seq, UpdateAnswer, Value,
    kind,
};
use crate::store::RunView;
use std::collections::BTreeMap;

/// Scripts that end as failed.
const FAILING: &[&str] = &[
    "let paid = input.paid;\nif paid != true {\n    print(\"not paid\");\n    fail(`the order is not paid`);\n}\n",
    "fn check(order) {\n    if order.total < 1 { fail(\"an order of nothing\", #{ type: \"empty\", data: #{ order: 7 } }); }\n}\n\ncheck(#{ total: 0 });\n",
    "throw \"no such luck\";\n",
    "fn charge(card) {\n    if card.expired { fail(\"the card is expired\"); }\n}\n\nfn order(card) {\n    charge(card);\n}\n\norder(#{ expired: true });\n",
    "fn find(id) {\n    throw `no stock of ${id}`;\n}\n\nfn reserve(id) {\n    step(\"reserve\", #{ retry: 1 }, || find(id));\n}\n\nparallel([7], |id| reserve(id));\n",
    "exec([\"sh\", \"-c\", \"echo no space on /backup >&2; exit 3\"], #{ retry: 1 });\n",
    "sh(\"exit 4\", [], #{ retry: 1 });\nstep(\"never\", || 1);\n",
    "exec([\"no-such-program\", \"--now\"], #{ retry: 1 });\n",
    "exec([\"sleep\", \"9\"], #{ timeout: \"20ms\", retry: 1 });\n",
    "let text = step(\"read\", #{ retry: 1 }, || read_file(\"no-such-file.txt\"));\n",
    "try { exec([\"false\"], #{ retry: 1 }) } catch (error) { fail(\"the backup failed\", #{ cause: error }); }\n",
    "on_undo(|| fail(\"the hotel is closed\"));\nstep(\"book a room\", || 1);\nfail(\"no flight\");\n",
    "fn charge(order) { throw \"card refused\"; }\nactivity(\"charge\", #{ price: 12 }, #{ retry: 1 });\n",
    "child(\"no-such-script.rhai\", #{});\n",
    "secret(\"API_TOKEN\");\nexec([\"echo\", secret(\"API_TOKEN\")], #{ retry: 1 });\n",
    "restart_with(\"x\".len() / 0);\n",
    "with_lock(\"books\", || with_lock(\"books\", || 1));\n",
];

/// Scripts that are mistaken.
const MISTAKEN: &[&str] = &[
    "let order = #{ price: 12 };\nlet paid = chrage(order);\n",
    "fn total(items) {\n    items.map(|item| price_of(item))\n}\n\nfn bill(order) {\n    total(order.items)\n}\n\nbill(#{ items: [1, 2] });\n",
    "slep(\"1h\");\n",
    "sleep(\"1h\", \"2h\");\n",
    "sleep(\"1 moth\");\n",
    "activity(\"charge\", 12, #{ timeuot: \"30s\" });\n",
    "activity(\"chrage\", 12);\nfn charge(x) { x }\n",
    "exec(\"ls -l\");\n",
    "exec([\"true\"], #{ retry: #{ fisrt: \"1s\" } });\n",
    "parallel([1, 2], |n| n, #{ on_error: \"colect\" });\n",
    "let done = exec([\"echo\", \"hi\"]);\nlet text = done.stdot;\ntext.len()\n",
    "let done = exec([\"echo\", \"hi\"]);\ndone.stdot.len()\n",
    "let order = #{ price: 12 };\norder.amount + 1\n",
    "let list = [1, 2];\nlist[2]\n",
    "let n = 0;\n12 / n\n",
    "\"12\" - 5\n",
    "let price = 12;\nfn twice() { price * 2 }\ntwice();\n",
    "for n in [1] { let sum = n; }\nsum\n",
    "step(\"wait\", || sleep(\"1h\"));\n",
    "wait_until(|| sleep(\"1h\") == ());\n",
    "fn down(n) { down(n + 1) }\ndown(0);\n",
    "timestamp();\n",
    "|x| x\n",
    "step(\"open\", || |x| x);\n",
    "let total = 1;\ntotal.push(2);\n",
    "params(#{ retries: 3 });\nif input.retries > \"2\" { print(1) }\nlet x = input.retries.foo();\n",
    "throw #{ kind: \"fault\", message: \"this script is not for you\" };\n",
];

fn view(pending: Vec<Pending>) -> RunView {
    RunView {
        row: row("order-1"),
        status: RunStatus::Waiting,
        executor: None,
        entries: Seq(4),
        last_at: Moment(0),
        pending,
        unread: 0,
        locks: Vec::new(),
        woken_by: None,
    }
}

specimens! { ends: RunEnd;
    RunEnd::Completed { .. } => vec![RunEnd::Completed { result: Value::Null }],
    RunEnd::Failed { .. } => vec![RunEnd::Failed { failure: Failure::new(kind::FAILURE, "not paid") }],
    RunEnd::Cancelled { .. } => vec![RunEnd::Cancelled { reason: "the customer went away".to_owned() }],
    RunEnd::TimedOut { .. } => vec![RunEnd::TimedOut { reason: "1 day was over".to_owned() }],
    RunEnd::Terminated { .. } => vec![
        RunEnd::Terminated { reason: "no longer wanted".to_owned() },
        RunEnd::Terminated { reason: String::new() },
    ],
}

/// How a run stands that has not ended or came to an end that is not the script's.
fn standings(stage: &Stage) -> Vec<Standing> {
    let mut all: Vec<Standing> = ends().into_iter().map(Standing::Ended).collect();
    all.extend(RunStatus::ALL.into_iter().filter(|status| !status.is_ended()).map(Standing::Open));
    all.push(Standing::Stuck(*difference(stage).stuck));
    all
}

specimens! { answers: UpdateAnswer;
    UpdateAnswer::Gave(_) => vec![UpdateAnswer::Gave(Value::Null)],
    UpdateAnswer::Threw(_) => {
        vec![UpdateAnswer::Threw(Failure { line: Some(2), ..Failure::new(kind::FAILURE, "no price below 1") })]
    },
    UpdateAnswer::Refused(_) => {
        let unknown = |known: &[&str]| {
            let known: Vec<Value> = known.iter().map(|name| Value::from(*name)).collect();
            Failure::new(kind::NO_SUCH_UPDATE, "the script has no update \"set_prise\"").with("known", Value::List(known))
        };
        vec![
            UpdateAnswer::Refused(Failure::new(kind::FAILURE, "a price is positive")),
            UpdateAnswer::Refused(unknown(&["set_price", "set_name"])),
            UpdateAnswer::Refused(unknown(&[])),
        ]
    },
}

fn updates() -> Vec<Report> {
    let order = id("order-1");
    let script = {
        let text =
            "on_update(\"set_prise\", |price| {\n    if price < 1 { fail(\"no price below 1\"); }\n});\n";
        Lines::new("/s/order.rhai".to_owned(), text.to_owned(), BTreeMap::new())
    };
    let answered = answers().into_iter().filter_map(|answer| match answer {
        UpdateAnswer::Gave(_) => None,
        UpdateAnswer::Threw(failure) => {
            Some(report_update::threw(&order, "set_prise", &failure, Some(&script)))
        }
        UpdateAnswer::Refused(failure) => Some(report_update::refused(&order, "set_prise", &failure)),
    });
    let mut all: Vec<Report> = answered.collect();
    all.push(report_update::ended(&order, "set_price"));
    for keyed in [true, false] {
        all.push(report_update::ran_out(&order, "set_price", RunStatus::Waiting, 5_000, keyed));
    }
    all
}

/// Of a run that is in the way and does not get on.
fn struggles() -> Vec<Report> {
    let label = CommandLabel { kind: CommandKind::Exec, name: "rsync".to_owned() };
    let failure = Failure::new(kind::EXEC, "rsync exited with 12").with("stderr", "connection refused\n");
    let pending = Pending {
        line: Some(1),
        failures: 9,
        next_try: Some(Moment(3_700_000)),
        last_failure: Some(failure),
        failing_since: Some(Moment(0)),
        warned: true,
        ..Pending::new(OpId(1), label, Moment(0))
    };
    let text = "exec([\"rsync\", \"-a\", \"/srv\"]);\n".to_owned();
    let script = Lines::new("/s/backup.rhai".to_owned(), text, BTreeMap::new());
    [view(vec![pending]), view(Vec::new())]
        .map(|view| report_struggle::of(&view, Some(&script), Moment(3_600_000)))
        .into()
}

/// All of them.
pub(super) fn all(stage: &Stage) -> Vec<Report> {
    let order = id("order-1");
    let effect = || WayOn::Rewind {
        effect: "step \"tell\"".to_owned(),
        before: TurningPoint { at: Seq(3), file: None },
        misfit: None,
    };
    let again =
        || WayOn::Redo { step: "step \"tell\"".to_owned(), before: TurningPoint { at: Seq(3), file: None } };
    let told = |text: &&'static str| stage.told(text).ok_or(*text);
    let (told, completed): (Vec<_>, Vec<_>) =
        FAILING.iter().chain(MISTAKEN).map(told).partition(Result::is_ok);
    assert!(completed.is_empty(), "these are to go wrong: {completed:#?}");
    let mut all: Vec<Report> = told.into_iter().flatten().collect();
    for standing in standings(stage) {
        for way in [WayOn::None, WayOn::Retry { misfit: None }, WayOn::NewText, effect(), again()] {
            all.extend(report_end::of(&order, &standing, None, &way));
        }
    }
    let program =
        Failure::new(kind::EXEC, "backup exited with 3").with("name", "backup").with("attempts", 5_i64);
    all.push(report_end::of_program(&order, &program, &WayOn::Retry { misfit: None }));
    all.push(report_end::ran_out(&order, RunStatus::Waiting, 5_000, "the run goes on undisturbed"));
    all.push(report_end::unanswered("order-1", 5_000, 4711));
    all.extend(updates());
    all.extend(struggles());
    all
}
