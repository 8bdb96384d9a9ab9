//! `durun answer`: what is accepted, what is refused, what the script and others see of it.

use crate::harness::Home;
use durun::timer::{Clock as _, SystemClock};
use std::time::Duration;

const TWO: &str = r#"
let a = ask("Raise the budget?", #{ show: #{ sum: 7 }, choices: ["yes", "not yet"] });
let said = run.answers[0];
`${a} ${step("who", || run.answers[0].who)} ${said.note}`
"#;

fn asking() -> Home {
    Home::killed_at("one", TWO, &["\"kind\":\"ask\""])
}

#[test]
fn an_answer_is_accepted_in_silence_and_given_to_the_script() {
    let home = asking();
    home.durun(&["-v", "answer", "one", "YES", "--note", "only once"])
        .env("USER", "ada")
        .err("accepted; nobody executes run one: durun resume one\n")
        .check();
    let (out, told, _) = home.durun(&["-v", "resume", "one"]).make();
    assert_eq!(out, "yes ada only once\n");
    assert!(told.contains("← answer yes") && !told.contains("? Raise"), "it is asked no more: {told}");
    let history = home.durun(&["history", "one"]).stdout();
    assert!(
        history.contains("← question \"Raise the budget?\" answered by ada · yes · only once\n"),
        "{history}"
    );
    let entry = home.durun(&["history", "one", "-o", "jsonl"]).stdout();
    let answered = entry.lines().nth(1).expect("an entry");
    for part in ["\"kind\":\"QuestionAnswered\"", "\"choice\":\"yes\"", "\"who\":\"ada\"", "\"op\":0"] {
        assert!(answered.contains(part), "{answered}");
    }
}

#[test]
fn the_same_answer_again_is_done_and_another_one_is_a_conflict() {
    let home = asking();
    home.durun(&["answer", "one", "yes"]).env("USER", "ada").check();
    home.durun(&["-v", "answer", "one", "yes", "--note", "I said so"])
        .err("this was answered before; nothing was added to run one\n")
        .check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"unread_signals\":1"), "{status}");
    home.durun(&["answer", "one", "not yet"])
        .exit(7)
        .err(
            "error[D0726]: Raise the budget? was answered before\n |\n = note: already answered at TIME by ada: yes; nothing was stored\n = help: the first answer holds; the run has not taken it so far: durun resume one\n",
        )
        .check();
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains("\n  unread    1 message: answer yes to Raise the budget?\n"), "{status}");
}

#[test]
fn a_question_that_was_taken_is_called_by_its_text() {
    let script = "let a = ask(\"Ship it?\");\nlet b = wait_signal(\"go\");\na + b\n";
    let home = Home::killed_at("one", script, &["\"kind\":\"ask\""]);
    home.durun(&["answer", "one", "yes"]).env("USER", "ada").check();
    home.executed_until(&["resume", "one"], "one", &["\"kind\":\"wait_signal\""]);
    home.durun(&["answer", "one", "no"])
        .exit(7)
        .err(
            "error[D0726]: Ship it? was answered before\n |\n = note: already answered at TIME by ada: yes; nothing was stored\n = help: the first answer holds; durun history one shows what the run did with it\n",
        )
        .check();
}

#[test]
fn who_comes_after_the_end_is_told_what_came_of_it() {
    let home = Home::new();
    home.file("s.rhai", "let a = ask(\"Ship it?\");\n`it was ${a}`\n");
    home.durun(&["start", "s.rhai", "--id", "one", "--park-after", "0s"]).exit(3).failure();
    home.durun(&["answer", "one", "yes"]).env("USER", "ada").check();
    home.durun(&["resume", "one"]).out("it was yes\n").check();
    for words in
        [&["answer", "one", "no"][..], &["answer", "one"], &["answer", "one", "--question", "0", "yes"]]
    {
        home.durun(words)
            .exit(7)
            .err(
                "error[D0701]: run one has ended: completed\n |\n = note: its result: \"it was yes\"\n \
                 = note: Ship it? was answered at TIME by ada: yes\n = note: nothing was stored\n \
                 = help: durun result one prints its result, durun history one what happened\n",
            )
            .check();
    }
    let err = home.durun(&["answer", "one", "no", "--question", "7"]).exit(7).failure();
    assert!(
        err.contains("its result") && !err.contains("answered"),
        "of another question nothing is said: {err}"
    );
}

#[test]
fn what_is_no_choice_is_refused_with_the_choices_and_nothing_is_stored() {
    let home = asking();
    home.durun(&["answer", "one", "maybe"])
        .exit(2)
        .err(
            "error[D0725]: \"maybe\" is no answer to \"Raise the budget?\"\n |\n \
             = note: it shows: {\"sum\":7}\n = note: nothing was stored\n \
             = help: durun answer one yes\n         durun answer one 'not yet'\n",
        )
        .check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"unread_signals\":0"), "{status}");
}

#[test]
fn without_a_choice_the_question_and_its_choices_are_shown_and_nothing_is_stored() {
    let home = asking();
    home.durun(&["answer", "one"])
        .exit(2)
        .err(
            "error[D0725]: run one asks: Raise the budget?\n |\n \
             = note: it shows: {\"sum\":7}\n = note: nothing was stored\n \
             = help: durun answer one yes\n         durun answer one 'not yet'\n",
        )
        .check();
    home.durun(&["answer", "one", "yes"]).check();
    let err = home.durun(&["answer", "one"]).exit(7).failure();
    assert!(err.starts_with("error[D0726]: Raise the budget? was answered before\n"), "{err}");
    let home = Home::killed_at("two", "ask(\"Ship it?\")", &["\"kind\":\"ask\""]);
    for words in [&["answer", "two", "maybe"][..], &["answer", "two"]] {
        let err = home.durun(words).exit(2).failure();
        assert!(!err.contains("gives no choices"), "it may have given them: {err}");
        assert!(err.contains("\n = help: durun answer two yes\n         durun answer two no\n"), "{err}");
    }
    let status = home.durun(&["status", "two", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"unread_signals\":0"), "{status}");
}

#[test]
fn a_signal_that_was_meant_as_an_answer_is_told() {
    let home = asking();
    let note = |name: &str, choice: &str| {
        format!(
            "note: run one asks \"Raise the budget?\", and its script takes no signal \"{name}\", which waits in its \
             inbox; to answer: durun answer one {choice}\n"
        )
    };
    home.durun(&["signal", "one", "Yes"]).err(&note("Yes", "yes")).check();
    home.durun(&["-q", "signal", "one", "yes"]).check();
    home.durun(&["-q", "signal", "one", "other"]).check();
    home.durun(&["signal", "one", "other"]).err(&note("other", "CHOICE")).check();
    // What the script takes, now or later, is no mistake; nor is anything once the question is answered.
    let script = "on_signal(\"no\", |_d| ()); ask(\"Go?\"); wait_signal(\"yes\")";
    let home = Home::killed_at("one", script, &["\"kind\":\"ask\""]);
    home.durun(&["signal", "one", "yes"]).check();
    home.durun(&["signal", "one", "no"]).check();
    // A name that is nearly one of its signals may be that.
    let script = "on_signal(\"approved\", |_d| ()); ask(\"Go?\")";
    let home = Home::killed_at("one", script, &["\"kind\":\"ask\""]);
    let told = home.durun(&["signal", "one", "aproved"]).spoken();
    assert!(told.contains("takes no signal \"aproved\" (did you mean approved?), which waits"), "{told}");
    let home = asking();
    home.durun(&["answer", "one", "yes"]).check();
    home.durun(&["signal", "one", "yes"]).check();
}

#[test]
fn who_asks_is_shown_first_with_the_command_lines_that_answer() {
    let home = asking();
    home.file("other.rhai", "1");
    home.durun(&["start", "other.rhai", "--record-only", "--id", "newer"]).out("newer\n").check();
    home.durun(&["list"])
        .out(
            "ID     STATUS   STARTED  SCRIPT       WHAT\n\
             one    waiting  now      script.rhai  asks: Raise the budget? (yes, not yet) · nobody executes it\n\
             newer  parked   now      other.rhai   could go on, nobody executes it\n",
        )
        .check();
    let first = home.durun(&["list", "--limit", "1", "-o", "jsonl"]).stdout();
    assert!(first.contains("\"id\":\"one\""), "whoever asks is never cut off: {first}");
    let overview = home.durun(&[]).stdout();
    assert!(overview.starts_with("Needs a person\n  one  waiting  nobody executes it"), "{overview}");
    home.durun(&["status", "one"])
        .out(
            "one  waiting, and nobody executes it\n  \
             script    ~/script.rhai\n  \
             started   TIME (now)\n  \
             last      TIME (now), 1 entry\n  \
             executor  nobody executes it: durun resume one\n  \
             waits for asks: Raise the budget? · line 2 · asked now\n               \
             2 | let a = ask(\"Raise the budget?\", #{ show: #{ sum: 7 }, choices: [\"yes\", \"not yet\"] });\n              \
             {\"sum\":7}\n              \
             durun answer one yes\n              \
             durun answer one 'not yet'\n  \
             variables none\n",
        )
        .check();
    let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(status.contains("\"choices\":[\"yes\",\"not yet\"]"), "{status}");
}

#[test]
fn of_several_questions_one_is_named() {
    let script = r#"
        on_signal("q", |n| ask(`Question ${n}?`));
        wait_signal("end");
    "#;
    let home = Home::new();
    home.file("script.rhai", script);
    home.durun(&["start", "script.rhai", "--record-only", "--id", "one"]).out("one\n").check();
    home.durun(&["signal", "one", "q", "1"]).check();
    home.durun(&["signal", "one", "q", "2"]).check();
    home.executed_until(&["resume", "one"], "one", &["Question 1?", "Question 2?"]);
    home.durun(&["answer", "one", "yes"])
        .exit(2)
        .err(
            "error[D0724]: run one asks 2 questions\n |\n \
             = note: 1  Question 1?\n         2  Question 2?\n \
             = help: durun answer one CHOICE --question N names one, by its number or name\n",
        )
        .check();
    let list = home.durun(&["list"]).stdout();
    assert!(list.contains("asks: Question 1? (yes, no) and 1 more · "), "{list}");
    home.durun(&["answer", "one", "yes", "--question", "2"]).check();
    let list = home.durun(&["list"]).stdout();
    assert!(list.contains("asks: Question 1? (yes, no) · "), "the other is answered: {list}");
    let err = home.durun(&["answer", "one", "yes"]).exit(2).failure();
    assert!(err.contains("1  Question 1?\n         2  Question 2? (answered yes, not yet taken)\n"), "{err}");
    let (_, note, _) = home.durun(&["signal", "one", "no"]).make();
    assert!(note.contains("to answer: durun answer one no --question 1\n"), "{note}");
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains("durun answer one yes --question 1\n"), "the other is open: {status}");
    assert!(status.contains("answered yes, not yet taken\n") && !status.contains("--question 2"), "{status}");
    let err = home.durun(&["answer", "one", "yes", "--question", "9"]).exit(4).failure();
    assert!(
        err.starts_with("error[D0723]: run one asks no question \"9\" now\n |\n = note: 1  Question 1?\n"),
        "{err}"
    );
}

#[test]
fn a_run_that_asks_nothing_or_has_ended_takes_no_answer() {
    let home = Home::recorded("one");
    home.durun(&["answer", "one", "yes"])
        .exit(4)
        .err(
            "error[D0723]: run one asks nothing now\n |\n = note: nothing was stored\n \
             = help: durun why one says what it waits for; durun list shows first who asks\n",
        )
        .check();
    home.durun(&["terminate", "one"]).check();
    home.durun(&["answer", "one", "yes"])
        .exit(7)
        .err(
            "error[D0701]: run one has ended: terminated\n |\n = note: nothing was stored\n \
             = help: durun result one prints its result, durun history one what happened\n",
        )
        .check();
}

#[test]
fn a_question_with_a_name_is_shown_and_answered_by_it() {
    let script = "strand(|| { let a = ask(\"Raise it?\", #{ name: \"budget\" }); log(a); wait_signal(\"x\") });\n\
                  ask(\"Ship it?\"); wait_signal(\"end\")\n";
    let home = Home::killed_at("one", script, &["Raise it?", "Ship it?"]);
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains("asks: budget: Raise it? · line 1 · "), "{status}");
    let list = home.durun(&["list"]).stdout();
    assert!(list.contains("asks: Ship it? (yes, no)"), "{list}");
    let json = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
    assert!(json.contains("\"name\":\"budget\"") && json.contains("\"question\":\"Raise it?\""), "{json}");
    let err = home.durun(&["answer", "one", "--question", "budget"]).exit(2).failure();
    assert!(err.starts_with("error[D0725]: run one asks: budget: Raise it?\n"), "{err}");
    let err = home.durun(&["answer", "one", "yes"]).exit(2).failure();
    assert!(err.contains("  budget: Raise it?\n"), "{err}");
    let err = home.durun(&["answer", "one", "yes", "--question", "bugdet"]).exit(4).failure();
    assert!(err.contains("asks no question \"bugdet\" now\n") && err.contains("  Ship it?\n"), "{err}");
    assert!(err.contains("\n = help: did you mean budget?\n"), "{err}");
    // Of what is open its text may be mended, where it goes by a name.
    for (from, to, exit) in [("Raise it?", "May it be raised?", 0), ("Ship it?", "Ship?", 8)] {
        home.file("new.rhai", script.replace(from, to));
        home.durun(&["upgrade", "one", "--script", "new.rhai", "--dry-run"]).exit(exit).both();
    }
    home.durun(&["answer", "one", "yes", "--question", "budget"]).check();
    let err = home.durun(&["answer", "one", "no", "--question", "budget"]).exit(7).failure();
    assert!(err.starts_with("error[D0726]: budget: Raise it? was answered before\n"), "{err}");
    home.executed_until(&["resume", "one"], "one", &["\"name\":\"x\""]);
    let err = home.durun(&["answer", "one", "no", "--question", "budget"]).exit(7).failure();
    assert!(err.starts_with("error[D0726]: budget: Raise it? was answered before\n"), "{err}");
    home.durun(&["answer", "one", "no", "--question", "nothing"]).exit(4).failure();
    let history = home.durun(&["history", "one"]).stdout();
    assert!(history.contains("question \"budget: Raise it?\" answered by "), "{history}");
}

#[test]
fn a_line_that_was_sent_works_in_any_directory() {
    let home = Home::new();
    home.file("script.rhai", "ask(\"Pay?\", #{ notify: [\"sh\", \"-c\", \"cat >mail\"] })");
    home.durun(&["--store", "an other", "start", "script.rhai", "--id", "one", "--park-after", "0s"])
        .exit(3)
        .failure();
    let mail = std::fs::read_to_string(home.path().join("mail")).expect("a mail");
    let place = home.path().join("an other").display().to_string();
    let line = |choice: &str| format!("  durun --store '{place}' answer one {choice} --question 0\n");
    assert_eq!(mail, format!("Pay?\n\n{}{}", line("yes"), line("no")));
    home.durun(&["--store", &place, "answer", "one", "yes", "--question", "0"]).check();
    home.durun(&["--store", &place, "resume", "one"]).out("yes\n").check();
}

#[test]
fn a_line_that_was_sent_answers_its_question_and_no_other() {
    let home = Home::new();
    home.file(
        "script.rhai",
        r#"fn asks(who) { ask(`${who}: pay?`, #{ name: who, notify: ["sh", "-c", `cat >${who}.new; mv ${who}.new ${who}.mail`] }) }
        parallel(["ada", "bob"], |who| asks(who));
        asks("boss")"#,
    );
    let sent = |who: &str| {
        let began = SystemClock.monotonic();
        loop {
            if let Ok(mail) = std::fs::read_to_string(home.path().join(format!("{who}.mail"))) {
                let line =
                    mail.lines().find_map(|line| line.strip_prefix("  durun answer one yes --question "));
                return line.unwrap_or_else(|| panic!("{who} was sent {mail:?}")).to_owned();
            }
            assert!(
                SystemClock.monotonic().saturating_sub(began) < Duration::from_mins(3),
                "nothing was sent to {who}"
            );
            SystemClock.pause(Duration::from_millis(10));
        }
    };
    let answer = |line: &str| home.durun(&["answer", "one", "yes", "--question", line]).make().2;
    home.while_executed(&["start", "script.rhai", "--id", "one"], "one", &["ada: pay?", "bob: pay?"], |_| {
        let (ada, bob) = (sent("ada"), sent("bob"));
        assert_eq!(answer(&bob), 0);
        home.until("one", &["ada: pay?"]);
        // Sent twice: told as done or as a conflict, and nobody else's.
        answer(&bob);
        let status = home.durun(&["status", "one", "-o", "jsonl"]).stdout();
        assert!(status.contains("ada: pay?") && !home.path().join("boss.mail").exists(), "{status}");
        assert_eq!(answer(&ada), 0);
        let boss = sent("boss");
        // The same for hers: the boss has not said so.
        answer(&ada);
        home.until("one", &["boss: pay?"]);
        assert_eq!(answer(&boss), 0);
        home.durun(&["wait", "one"]).out("yes\n").check();
    });
}

#[test]
fn what_tells_of_a_question_is_shown_as_its_notice() {
    let script = "ask(\"Go?\", #{ notify: [\"sleep\", \"60\"] })";
    let home = Home::killed_at("one", script, &["notice of Go?"]);
    let status = home.durun(&["status", "one"]).stdout();
    assert!(status.contains(" exec sleep · notice of Go? · line 1"), "{status}");
}
