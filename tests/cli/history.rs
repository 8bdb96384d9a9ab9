//! `durun history`: entries as a story and as documents.

use crate::harness::Home;

#[test]
fn a_history_is_told_and_documented() {
    let home = Home::recorded("one");
    home.durun(&["history", "one"]).check();
    home.durun(&["history", "one", "-o", "json"]).out("[]\n").check();
    home.durun(&["terminate", "one", "--reason", "a\tb"]).check();
    home.durun(&["history", "one"]).out("   0  TIME  ✗ terminated · a\\tb\n").check();
    home.durun(&["history", "one", "--follow", "-o", "jsonl"])
        .out(
            "{\"at\":\"TIME\",\"kind\":\"RunTerminated\",\"reason\":\"a\\tb\",\"run\":\"one\",\"schema\":1,\"seq\":0}\n",
        )
        .check();
}
