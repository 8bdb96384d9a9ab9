//! Undo at the command line: the trip, its failure, and `terminate --undo`.

use crate::harness::Home;

fn trip(home: &Home) -> String {
    home.file("trip.rhai", include_str!("../../scripts/trip.rhai"));
    home.path().join("ledger").display().to_string()
}

/// What was booked and given back, in order, without the keys.
fn ledger(home: &Home) -> Vec<String> {
    let text = std::fs::read_to_string(home.path().join("ledger")).unwrap_or_default();
    text.lines().map(|line| line.rsplit_once(' ').map_or(line, |(what, _)| what).to_owned()).collect()
}

#[test]
fn a_trip_without_a_car_is_given_back_newest_first_and_somebody_is_told() {
    let home = Home::new();
    let file = trip(&home);
    let input = format!("ledger={file}");
    let words = ["start", "trip.rhai", "--id", "trip", "-i", &input, "-i", "car=none"];
    let failure = home.durun(&words).exit(1).failure();
    assert!(failure.contains("run trip failed: there is no car left"), "{failure}");
    assert_eq!(ledger(&home), ["book flight", "book hotel", "back car", "back hotel-7", "back flight-7"]);
    let logs = home.durun(&["logs", "trip"]).stdout();
    assert!(logs.contains("error: run trip failed: there is no car left"), "{logs}");
    assert!(logs.contains("trip.rhai:"), "{logs}");
}

#[test]
fn a_run_that_waits_is_undone_by_termination_and_runs_nothing_more() {
    let home = Home::new();
    let file = trip(&home);
    let input = format!("ledger={file}");
    let words = ["start", "trip.rhai", "--id", "trip", "-i", &input, "-i", "confirm:=true", "--detach"];
    home.durun(&words).out("trip\n").check();
    for _ in 0..500 {
        if home.durun(&["status", "trip"]).stdout().contains("wait_signal confirm") {
            break;
        }
    }
    home.durun(&["terminate", "trip", "--undo", "--reason", "a mistake"]).check();
    home.durun(&["wait", "trip"]).exit(5).err("error[D0103]: run trip was terminated: a mistake\n |\n = help: durun history trip tells how far it came\n").check();
    let booked = ["book flight", "book hotel", "book car"];
    let back = ["back car", "back hotel-7", "back flight-7"];
    assert_eq!(ledger(&home), [booked, back].concat());
}

#[test]
fn a_parked_run_is_undone_here() {
    let home = Home::new();
    home.file(
        "two.rhai",
        "on_undo(|| exec([\"sh\", \"-c\", \"echo back >>ledger\"]));\nexec([\"sh\", \"-c\", \"kill -INT $PPID; sleep 9\"]);\n\
         exec([\"sh\", \"-c\", \"echo never >>ledger\"]);\n",
    );
    let parked = home.durun(&["start", "two.rhai", "--id", "two"]).exit(130).failure();
    assert!(parked.contains("run two is parked"), "{parked}");
    home.durun(&["terminate", "two", "--undo"]).check();
    assert_eq!(std::fs::read_to_string(home.path().join("ledger")).expect("a ledger"), "back\n");
    home.durun(&["terminate", "two", "--undo"])
        .exit(7)
        .err(
            "error[D0701]: run two has ended: terminated\n |\n = note: nothing was stored\n \
             = help: durun result two prints its result, durun history two what happened\n",
        )
        .check();
}

#[test]
fn what_cannot_be_undone_is_told() {
    let home = Home::recorded("one");
    home.durun(&["-v", "terminate", "one", "--undo"])
        .err("run one never began: it is terminated, there is nothing to undo\n")
        .check();
    home.file("stuck.rhai", "on_undo(|| 1);\nno_such_thing();\n");
    let stuck = home.durun(&["start", "--unchecked", "stuck.rhai", "--id", "stuck"]).exit(8).failure();
    assert!(stuck.contains("no_such_thing"), "{stuck}");
    let refused = home.durun(&["terminate", "stuck", "--undo"]).exit(8).failure();
    assert!(refused.contains("what it did cannot be undone before its script is mended"), "{refused}");
    home.file("shut.rhai", "on_undo(|| exec([\"false\"], #{ retry: false }));\nfail(\"no\");\n");
    let failed = home.durun(&["start", "shut.rhai", "--id", "shut"]).exit(1).failure();
    assert!(failed.contains("not undone: on_undo of line 1"), "{failed}");
}

#[test]
fn the_report_for_a_mail_names_the_store_and_the_command_that_goes_on() {
    let home = Home::new();
    home.file("s.rhai", "on_failure(|err| sh(\"cat >report\", [], #{ stdin: err.report }));\nsh(\"exit 3\", [], #{ retry: false })\n");
    let report = |home: &Home| std::fs::read_to_string(home.path().join("report")).expect("a report");
    home.durun(&["start", "s.rhai", "--id", "a"]).exit(1).failure();
    let ends = "\n  = what happened: durun history a\n  = to go on at the failed step: durun retry a\n";
    assert!(report(&home).ends_with(ends), "{}", report(&home));
    home.durun(&["--store", "other", "start", "s.rhai", "--id", "a"]).exit(1).failure();
    let store = home.path().join("other").display().to_string();
    let ends = ends.replace("durun ", &format!("durun --store {store} "));
    assert!(report(&home).ends_with(&ends), "{}", report(&home));
    // Whoever reads it has none of the variables of the run.
    home.durun(&["--store", "other", "retry", "a"]).exit(1).failure();
}
