//! What people mistype: a clear message, the right exit code, and nothing recorded.

use crate::harness::Home;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn malformed_input_is_told_and_nothing_is_recorded() {
    let home = Home::new();
    home.file("a.rhai", "1").file("bad.json", "{\"a\": }").file("latin.json", b"\"\xe4\"");
    let big = format!("a={}", "x".repeat(1024 * 1024));
    let help = " |\n = help: write -i key=text or -i key:=JSON\n";
    let quotes = " |\n = help: in JSON text and names stand in double quotes, the whole in the shell's: '{\"by\": \"Ada\"}'\n";
    let json = "error[D0215]: ";
    let cases: [(&[&str], i32, String); 9] = [
        (&["-i", "a"], 2, format!("error[D0211]: -i a has no '='\n{help}")),
        (&["-i", "=a"], 2, format!("error[D0212]: -i =a has no name before the '='\n{help}")),
        (&["-i", "a=1", "-i", "a=2"], 2, "error[D0213]: -i gives \"a\" twice\n |\n = help: leave one of them out; a list is JSON: -i 'a:=[\"a\", \"b\"]'\n".to_owned()),
        (
            &["-i", "a:=x y"],
            2,
            format!(
                "{json}-i a:= is not valid JSON: expected value at line 1 column 1\n |\n \
                 = help: text is written -i 'a=x y'\n"
            ),
        ),
        (
            &["-i", "a:=NaN"],
            2,
            format!(
                "{json}-i a:= is not valid JSON: expected value at line 1 column 1\n |\n \
                 = help: text is written -i a=NaN\n"
            ),
        ),
        (
            &["--input", "{"],
            2,
            format!("{json}--input is not valid JSON: EOF while parsing an object at line 1 column 1\n{quotes}"),
        ),
        (
            &["--input", "@bad.json"],
            2,
            format!("{json}bad.json is not valid JSON: expected value at line 1 column 7\n{quotes}"),
        ),
        (
            &["--input", "@no.json"],
            4,
            "error[D0217]: no.json: No such file or directory (os error 2)\n |\n = note: @ names a file, as it is seen from here\n \
             = help: text that begins with @ is JSON: -i 'key:=\"@no.json\"'\n".to_owned(),
        ),
        (&["--input", "@latin.json"], 2, "error[D0218]: latin.json is not UTF-8 text\n |\n = help: convert it, iconv -f LATIN1 -t UTF-8 FILE, or give the file's path as text\n".to_owned()),
    ];
    for (words, exit, err) in cases {
        home.durun(&[&["start", "a.rhai"], words].concat()).exit(exit).err(&err).check();
    }
    // As one word of a command line this is too long for the system; a file takes it.
    home.file("big.json", format!("{{\"a\": \"{}\"}}", &big[2..]));
    home.durun(&["start", "a.rhai", "--input", "@big.json"])
        .exit(2)
        .err(
            "error[D0216]: big.json: the value takes 1048592 bytes; at most 1048576 (1 MiB) can be recorded\n \
             |\n = help: put large data into a file and give its path\n",
        )
        .check();
    assert!(!home.store().exists(), "nothing was made");
}

#[test]
fn a_bad_id_is_told_with_the_place_of_the_mistake() {
    let home = Home::new();
    home.file("a.rhai", "1");
    home.durun(&["start", "a.rhai", "--id", "a/b"])
        .exit(2)
        .err(
            "error[D0201]: a run id may not have '/' at place 2: it begins with a letter or digit and goes on with letters, digits, '.', '_' and '-'\n |\n = help: for example: --id order-1001, or --id \"backup-$(date +%F)\"\n",
        )
        .check();
}

#[test]
fn what_is_no_script_is_told() {
    let home = Home::new();
    home.file("dir/x", "").file("bytes.rhai", b"let a\xff");
    home.durun(&["start", "dir"])
        .exit(2)
        .err("error[D0402]: dir is no file\n |\n = help: name the script itself: dir/FILE.rhai\n")
        .check();
    home.durun(&["bytes.rhai"])
        .exit(2)
        .err(
            "error[D0403]: bytes.rhai is not UTF-8 text\n |\n = note: the first byte that is none stands at place 5\n = help: convert it: iconv -f LATIN1 -t UTF-8 bytes.rhai\n",
        )
        .check();
}

#[test]
fn an_unknown_id_names_its_neighbours_and_a_prefix_its_candidates() {
    let home = Home::recorded("order-1001");
    home.durun(&["start", "order.rhai", "--record-only", "--id", "order-1002"]).out("order-1002\n").check();
    home.durun(&["status", "order-1003"])
        .exit(4)
        .err("error[D0302]: there is no run \"order-1003\"\n |\n = help: did you mean order-1001 or order-1002?\n")
        .check();
    home.durun(&["status", "zzz"])
        .exit(4)
        .err("error[D0302]: there is no run \"zzz\"\n |\n = help: durun list shows what there is\n")
        .check();
    let listed = home.durun(&["list", "-o", "jsonl"]).stdout();
    assert_eq!(listed.lines().count(), 2);
    home.durun(&["status", "order"])
        .exit(4)
        .err(
            "error[D0304]: \"order\" is the beginning of 2 ids\n |\n = note: order-1001  ~/order.rhai  TIME\n         order-1002  ~/order.rhai  TIME\n = help: type more of the id\n",
        )
        .check();
}

#[test]
fn a_duration_that_is_none_is_usage() {
    let home = Home::new();
    home.file("a.rhai", "1");
    home.durun(&["start", "a.rhai", "--timeout", "1 month"])
        .exit(2)
        .err(
            "error: invalid value '1 month' for '--timeout <DURATION>': \"month\" has no fixed length; write it in \
             days or weeks, or use sleep_until with a date\n\nFor more information, try '--help'.\n",
        )
        .check();
}

#[test]
fn a_function_after_the_result_is_told_where_it_belongs() {
    let home = Home::new();
    home.file("late.rhai", "f()\nfn f() { 1 }\n");
    let error = home.durun(&["start", "late.rhai"]).exit(2).failure();
    assert!(error.contains("put functions before the script's last expression"), "{error}");
    home.file("word.rhai", "let x = 1; x.default");
    let error = home.durun(&["start", "word.rhai"]).exit(2).failure();
    assert!(error.contains("is written x[\"default\"]"), "{error}");
}

#[test]
fn where_no_run_is_named_it_is_said_how_one_is() {
    let home = Home::new();
    for command in ["status", "history", "why", "logs", "result", "cancel", "signal"] {
        let (_, err) = home.durun(&[command]).exit(2).both();
        assert!(err.ends_with("\n  tip: durun list names the runs; @last stands for the newest\n"), "{err}");
    }
}

#[test]
fn a_file_that_is_nearly_another_is_told_with_what_executes_that() {
    let home = Home::new();
    home.file("upload.sh", "#!/bin/sh\n");
    let hint =
        " = help: did you mean upload.sh? that is no script: durun exec -- ./upload.sh executes a program\n";
    for name in ["uplaod.sh", "upload.rhai"] {
        let told = home.durun(&["start", name]).exit(4).failure();
        assert!(told.ends_with(hint), "{told}");
    }
    let told = home.durun(&["uplaod.sh"]).exit(2).failure();
    let tip =
        "tip: a script ends in .rhai: durun FILE.rhai; a program is executed by durun exec -- ./PROGRAM\n";
    assert!(told.contains(tip), "{told}");
    let told = home.durun(&["exec", "--", "./uplaod.sh"]).exit(127).failure();
    assert!(told.contains(" = help: did you mean ~/upload.sh?\n") && !told.contains("durun logs"), "{told}");
    home.file("uplaod.rhai", "1");
    let told = home.durun(&["start", "upload.rhai"]).exit(4).failure();
    assert!(told.ends_with(" = help: did you mean uplaod.rhai?\n"), "{told}");
}

#[test]
fn a_program_that_is_not_found_is_looked_for_where_the_run_did_when_it_was_started() {
    let home = Home::new();
    home.file("keytool", "").file("tools/mytool", "#!/bin/sh\necho it\n");
    std::fs::set_permissions(home.path().join("tools/mytool"), Permissions::from_mode(0o755))
        .expect("executable");
    let script = |program: &str| format!("exec([\"{program}\"], #{{ retry: 1 }}).lines[0]");
    home.file("s.rhai", script("mytool"));
    let here = format!("{}:/bin", home.path().display());
    let said = " = help: that is the PATH that the run recorded at its start, whatever PATH is by now: install it in a folder of that; or \
         name it in the script with its path, exec([\"/PATH/PROGRAM\"]), and go on under that: durun retry one --script ~/s.rhai; or \
         start a new run; a crontab has a short PATH: put PATH=… at its top\n";
    let told = home.durun(&["start", "s.rhai", "--id", "one"]).env("PATH", &here).exit(1).failure();
    assert!(told.contains("\"mytool\" in PATH (") && told.contains(said), "{told}");
    assert!(!told.contains("keytool"), "{told}");
    let tools = format!("{}/tools:{here}", home.path().display());
    let told = home.durun(&["retry", "one"]).env("PATH", &tools).exit(1).failure();
    assert!(told.contains(said), "{told}");
    home.file("s.rhai", script(&home.path().join("tools/mytool").display().to_string()));
    home.durun(&["retry", "one", "--script", "s.rhai"]).env("PATH", &here).out("it\n").check();
}
