//! Specimens of what is said of scripts: what `durun check` finds, what their inputs lack, and why tests of scripts do not pass.

use super::stage::Stage;
use crate::cli::report::Report;
use crate::cli::{report_check, report_test};
use crate::client::{BadInput, Ending, Fault, Rule, check, load_tests, perform};
use crate::config::{Config, Configs};
use std::sync::Arc;

/// Scripts that break a rule.
type Broken = (Rule, &'static str);

fn breaking(rule: Rule, scripts: &[&'static str]) -> Vec<Broken> {
    scripts.iter().map(|script| (rule, *script)).collect()
}

specimens! { bad_inputs: BadInput;
    BadInput::Unknown { .. } => vec![
        BadInput::Unknown { name: "hots".to_owned(), near: Some("host".to_owned()) },
        BadInput::Unknown { name: "zzz".to_owned(), near: None },
    ],
    BadInput::Missing { .. } => vec![BadInput::Missing { name: "host".to_owned() }],
    BadInput::Type { .. } => {
        let port = |meant: Option<&str>| {
            let (wanted, given, meant) = ("a whole number", "text", meant.map(str::to_owned));
            BadInput::Type { name: "port".to_owned(), wanted, given, meant }
        };
        vec![port(None), port(Some("80"))]
    },
    BadInput::NoMap { .. } => vec![BadInput::NoMap { given: "a list" }],
}

specimens! { broken: Broken;
    (Rule::Function, _) => breaking(Rule::Function, &[
            "let order = 1;\nlet paid = chrage(order);\n",
            "slep(\"1h\");\n",
            "let list = [];\nlist.pusch(1);\n",
            "import \"lib\" as lib;\nlib::gret(\"Ada\");\n",
        ]),
    (Rule::Arguments, _) => breaking(Rule::Arguments, &[
            "fn bill(order) { order }\nbill();\n",
            "sleep(\"1h\", \"2h\");\n",
            "fn charge(amount, card) { amount }\nactivity(\"charge\", 1);\n",
        ]),
    (Rule::Variable, _) => breaking(Rule::Variable, &[
            "let amount = 1;\namuont + 1\n",
            "let price = 12;\nfn twice() { price * 2 }\ntwice()\n",
            "if input.a { let sum = 1; }\nsum\n",
            "params(#{ order: () });\norder\n",
        ]),
    (Rule::Option, _) => breaking(Rule::Option, &[
            "exec([\"true\"], #{ timeuot: \"30s\" });\n",
            "exec([\"true\"], #{ retry: #{ fisrt: \"1s\" } });\n",
            "with_lock(\"a\", #{ zzz: 1 }, || 1);\n",
        ]),
    (Rule::Command, _) => breaking(Rule::Command, &[
            "step(\"wait\", || sleep(\"1h\"));\n",
            "on_query(\"price\", || exec([\"price\"]));\n",
            "wait_until(|| sleep(1) == ());\n",
        ]),
    (Rule::Patch, _) => breaking(Rule::Patch, &["let name = \"v2\";\npatched(name);\n", "step(\"s\", || patched(\"v2\"));\n"]),
    (Rule::Activity, _) => breaking(Rule::Activity, &["fn charge(x) { x }\nactivity(\"chrage\", 1);\n", "activity(\"mail\", 1);\n"]),
    (Rule::Value, _) => breaking(Rule::Value, &[
            "sleep(\"1 moth\");\n",
            "exec([\"true\"], #{ timeout: 0 });\n",
            "parallel([1], |n| n, #{ on_error: \"colect\" });\n",
            "sleep_until(\"tomorrow\");\n",
            "log(\"wran\", \"the disk is full\");\n",
            "today(\"Europe/Berln\");\n",
            "exec([\"true\"], #{ retry: true });\n",
        ]),
    (Rule::Program, _) => breaking(Rule::Program, &["exec(\"ls -l\");\n", "exec(`ls ${input.folder}`);\n", "exec([]);\n"]),
    (Rule::Closed, _) => breaking(Rule::Closed, &["timestamp();\n"]),
    (Rule::Input, _) => breaking(Rule::Input, &["params(#{ host: (), port: 443 });\ninput.hots\n", "params(#{ host: () });\ninput.path\n"]),
    (Rule::Field, _) => breaking(Rule::Field, &[
        "let done = exec([\"date\"]);\nprint(done.stdot);\n",
        "print(http_get(\"http://localhost/\").stauts);\n",
        "let done = sh(\"date\");\nif done.exit_code == 0 { print(1); }\n",
    ]),
    (Rule::UnusedSignal, _) => breaking(Rule::UnusedSignal, &["wait_signal(\"paid\", \"1h\");\nstep(\"ship\", || 1);\n"]),
    (Rule::SignalCondition, _) => breaking(Rule::SignalCondition, &[
        "if wait_signal(\"paid\", \"1h\") { 1 } else { 2 }\n",
        "let paid = wait_signal(\"paid\", \"1h\");\nif paid { 1 } else { 2 }\n",
    ]),
    (Rule::LoopCapture, _) => breaking(Rule::LoopCapture, &["for host in [1, 2] { on_query(`${host}`, || host); }\n"]),
    (Rule::OptionsAsInput, _) => breaking(Rule::OptionsAsInput, &["fn charge(x) { x }\nactivity(\"charge\", #{ timeout: \"30s\" });\n"]),
    (Rule::Nothing, _) => breaking(Rule::Nothing, &["let name = sh(\"id -un\").stdout.trim();\nlog(name);\n"]),
    (Rule::Caught, _) => breaking(Rule::Caught, &["try { exec([\"pay\"]).code } catch (error) { error.kind }\n"]),
    (Rule::Dollar, _) => breaking(Rule::Dollar, &["let dir = \"/srv\";\nsh(\"rm -rf $dir/*\");\n"]),
    (Rule::Handle, _) => breaking(Rule::Handle, &[
        "let s = strand(|| sh(\"date\").stdout);\nsh(\"echo \\\"$1\\\"\", [s]);\n",
        "let t = timer(\"1h\");\nprint(\"at \" + t);\n",
    ]),
    (Rule::AnswerCondition, _) => breaking(Rule::AnswerCondition, &["if ask(\"deploy?\") { sh(\"make deploy\"); }\n"]),
    (Rule::Answer, _) => breaking(Rule::Answer, &[
        "let c = ask(\"deploy?\");\nif c == \"yess\" { sh(\"make deploy\"); }\n",
        "if ask(\"when?\", #{ choices: [\"now\", \"later\"] }) == \"never\" { fail(\"no\") }\n",
    ]),
    (Rule::UnusedFailure, _) => breaking(Rule::UnusedFailure, &[
        "parallel([1, 2], |n| exec([\"work\", n]), #{ on_error: \"collect\" });\nprint(\"done\");\n",
        "attempt(|| sh(\"make\"));\nprint(\"done\");\n",
    ]),
    (Rule::Dropped, _) => breaking(Rule::Dropped, &[
        "fn scan(host) { sh(\"ping -c 1 \\\"$1\\\"\", [host]); }\nfor host in [\"a\", \"b\"] { start_activity(\"scan\", host); }\n",
        "strand(|| sh(\"make\"));\nprint(\"done\");\n",
    ]),
    (Rule::Unreachable, _) => breaking(Rule::Unreachable, &["fail(\"not yet\");\nsh(\"make\");\n"]),
    (Rule::Endless, _) => breaking(Rule::Endless, &["let n = 0;\nloop { n += 1; }\n"]),
    (Rule::Pasted, _) => breaking(Rule::Pasted, &["let name = \"a b\";\nsh(`cp ${name} /backup`);\n"]),
    (Rule::TextAsNumber, _) => breaking(Rule::TextAsNumber, &[
        "if sh(\"nproc\").stdout > 3 { print(\"many\"); }\n",
        "let r = exec([\"nproc\"]);\nr.stdout + 1\n",
    ]),
    (Rule::Url, _) => breaking(Rule::Url, &["http_get(\"htp://shop.example.org/orders\");\n"]),
    (Rule::Script, _) => breaking(Rule::Script, &["child(\"month.rhai\");\n"]),
    (Rule::Mocked, _) => breaking(Rule::Mocked, &["activity(\"pay\", 1);\n"]),
    (Rule::Letters, _) => breaking(Rule::Letters, &["for name in sh(\"ls\").stdout { log(name); }\n"]),
    (Rule::Secret, _) => breaking(Rule::Secret, &[
            "exec([\"curl\", \"-H\", secret(\"TOKEN\")]);\n",
            "let key = secret(\"KEY\");\nsh(\"login $1\", [key]);\n",
            "write_file(\"key\", secret(\"KEY\"));\n",
        ]),
    (Rule::Lock, _) => breaking(Rule::Lock, &["with_lock(\"a\", || with_lock(\"a\", || 1));\n"]),
    (Rule::Constant, _) => breaking(Rule::Constant, &[
            "input.host = \"a\";\nprint(input.host);\n",
            "run.id = \"b\";\n",
            "input.hosts.push(\"b\");\n",
        ]),
    (Rule::Operand, _) => breaking(Rule::Operand, &[
            "let left = \"5\" - 1;\nprint(left);\n",
            "params(#{ amount: \"5\" });\nprint(input.amount * 2);\n",
            "let done = sh(\"true\");\nif done { print(1); }\n",
        ]),
    (Rule::Code, _) => breaking(Rule::Code, &["let told = sh(\"exit 3\");\nif told.code == 3 { log(\"no\"); }\n"]),
    (Rule::Late, _) => breaking(Rule::Late, &["sh(\"./deploy\");\non_failure(|err| log(err.report));\n"]),
    (Rule::Misspelt, _) => breaking(Rule::Misspelt, &[
        "try { sh(\"./deploy\"); } catch (err) { log(err.mesage); }\n",
        "let tried = attempt(|| sh(\"./deploy\"));\nif !tried.okay { log(\"no\"); }\n",
    ]),
    (Rule::LostUpdate, _) => breaking(Rule::LostUpdate, &["let sum = 0;\non_signal(\"add\", |n| sum += n);\nsum = sum + sh(\"price\").code;\n"]),
}

fn checked(stage: &Stage) -> Vec<Report> {
    stage.file("check/lib.rhai", "fn greet(name) { name }\n");
    stage.file("check/order_test.rhai", "test(\"pays\", || { mock(\"pay\", 1); run() });\n");
    let mut all = Vec::new();
    let mut others = Vec::new();
    for (rule, text) in broken() {
        let path = stage.file("check/order.rhai", text);
        let executor = crate::cli::opening::executor();
        let checked = check(&path, executor.as_ref(), &Config::default()).expect("a script");
        let rules: Vec<Rule> = checked.findings.iter().map(|finding| finding.rule).collect();
        if rules != [rule] {
            others.push((text, rule, checked.findings.clone()));
        }
        all.extend(report_check::of(&path, &checked).into_iter().map(|found| found.report));
    }
    assert!(others.is_empty(), "these break other rules: {others:#?}");
    all
}

/// Tests that do not pass, and the script beside them.
const TRIALS: &[(&str, &str)] = &[
    (
        "",
        "test(\"prices\", || {\n    assert_eq(#{ price: 12, by: \"Ada\" }, #{ price: 13, by: \"Ada\" });\n});\n",
    ),
    ("", "test(\"says so\", || assert(1 == 2, \"the shop is closed\"));\n"),
    ("exec([\"tar\", \"c\", \"/srv\"]);\n", "test(\"backs up\", || {\n    run();\n});\n"),
    ("", "test(\"mistaken\", || rn());\n"),
    ("", "test(\"throws\", || { throw \"oh\"; });\n"),
    ("", "test(\"another\", || run(\"ordr.rhai\"));\n"),
    ("1", "test(\"too late\", || { let done = run(); done.signal(\"paid\"); });\n"),
    ("let order = 1;\nlet paid = chrage(order);\n", "test(\"is stuck\", || run());\n"),
    (
        "try { exec([\"pay\"], #{ at_most_once: true }); \"paid\" } catch { \"unknown\" }\n",
        "test(\"once\", || { mock(\"exec pay\", \"\"); run() });\n",
    ),
];

/// Of a run without an end, which would take long to perform.
fn endless(stage: &Stage) -> Report {
    let path = stage.file("endless/order_test.rhai", "test(\"ends\", || run());\n");
    let file = load_tests(&path, &Arc::new(Configs::none())).expect("a file of tests");
    let fault = Fault {
        code: "D1405",
        message: "run order-1 comes to no end in 200000 steps".to_owned(),
        expected: None,
        found: None,
        hint: Some("play a part of it: run(input, #{ stop_at: \"30 days\" })".to_owned()),
        file: file.name().to_owned(),
        line: Some(1),
        column: Some(17),
        calls: Vec::new(),
        text: None,
    };
    report_test::report(&file, &fault, &stage.path("endless"))
}

fn tried(stage: &Stage) -> Vec<Report> {
    let configs = Arc::new(Configs::none());
    let mut all = Vec::new();
    for (number, (script, test)) in (1..).zip(TRIALS) {
        stage.file(&format!("trial{number}/order.rhai"), script);
        let path = stage.file(&format!("trial{number}/order_test.rhai"), test);
        let file = load_tests(&path, &configs).expect("a file of tests");
        let ending = perform(
            &file,
            0,
            &configs,
            test.contains("exec pay").then_some(std::num::NonZeroUsize::MIN),
            &mut |_, _| (),
        )
        .ending;
        assert_ne!(ending, Ending::Passed, "{test}");
        let folder = stage.path(&format!("trial{number}"));
        all.extend(report_test::of(&file, &ending, &folder));
    }
    all.push(endless(stage));
    all
}

/// All of them.
pub(super) fn all(stage: &Stage) -> Vec<Report> {
    let mut all = checked(stage);
    all.extend(tried(stage));
    all
}
