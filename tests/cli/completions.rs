//! `durun completions`: the shells themselves load the script and complete with it.

use crate::harness::Home;
use crate::terminal::{Terminal, skipped};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ORDER: &str = "\
params(#{product: 1, note: \"x\"});
on_query(\"where\", || 1);
on_update(\"add\", |x| x);
let paid = wait_signal(\"paid\");
wait_signal(\"picked\")
";

/// A home with two runs, one of which has ended, and a script.
fn home() -> Home {
    let home = Home::new();
    home.file("order.rhai", ORDER).file("done.rhai", "1").file("notes.txt", "").file("in side/job.rhai", "1");
    home.durun(&["start", "order.rhai", "--record-only", "--id", "order-7"]).out("order-7\n").check();
    home.durun(&["start", "done.rhai", "--id", "done-1"]).out("1\n").check();
    home
}

/// What completes the last of these words, without what is said of it.
fn words(home: &Home, words: &[&str]) -> Vec<String> {
    let all: Vec<&str> = ["complete", "fish", "--", "durun"].iter().chain(words).copied().collect();
    let out = home.durun(&all).stdout();
    out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

fn shell(program: &str) -> Option<PathBuf> {
    let found = ["/usr/bin", "/bin", "/usr/local/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|it| it.exists());
    if found.is_none() {
        skipped(&format!("there is no {program} here"));
    }
    found
}

/// What a shell prints for a script of its own; `durun` is on its path.
fn asked(home: &Home, program: &Path, options: &[&str], script: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_durun")).parent().expect("a folder");
    let output = Command::new(program)
        .args(options)
        .arg(script)
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .expect("the shell runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn what_the_store_and_the_scripts_have_names_for_is_completed() {
    let home = home();
    assert_eq!(words(&home, &["status", ""]), ["done-1", "order-7"]);
    assert_eq!(words(&home, &["signal", "o"]), ["order-7"]);
    assert_eq!(words(&home, &["signal", ""]), ["order-7"], "one that has ended takes no signal");
    assert_eq!(words(&home, &["result", ""]), ["done-1"]);
    assert_eq!(words(&home, &["status", "@"]), ["@last"]);
    assert_eq!(words(&home, &["signal", "order-7", ""]), ["paid", "picked"]);
    assert_eq!(words(&home, &["-q", "signal", "order", "pi"]), ["picked"]);
    assert_eq!(words(&home, &["query", "@last", ""]), Vec::<String>::new(), "the last has no queries");
    assert_eq!(words(&home, &["query", "order-7", ""]), ["where"]);
    assert_eq!(words(&home, &["update", "order-7", ""]), ["add"]);
    assert_eq!(words(&home, &["signal", "new", "--start", "order.rhai", "p"]), ["paid", "picked"]);
    assert_eq!(words(&home, &["order.rhai", "-i", ""]), ["product=", "note="]);
    assert!(words(&home, &[""]).contains(&"start".to_owned()), "not by its other name, run");
    assert_eq!(words(&home, &["his"]), ["history", "files:scripts"]);
    assert_eq!(words(&home, &["start", ""]), ["files:scripts"]);
    assert_eq!(words(&home, &["--store="]), ["files:directories"]);
    assert_eq!(words(&home, &["list", "--status", "stuck,comp"]), ["stuck,completed"]);
    assert_eq!(words(&home, &["status", "order-7", "--out"]), ["--output"]);
    assert_eq!(words(&home, &["status", "--color", "a"]), ["auto", "always"]);
    assert_eq!(words(&home, &["explain", "D142"]), ["D1420"]);
}

#[test]
fn steps_and_entries_of_the_run_are_completed_with_what_they_are() {
    let home = Home::new();
    home.file(
        "s.rhai",
        "step(\"load\", || 1);\nstep(\"load\", || 2);\nsh(\"echo $1\", [3], #{ name: \"say it\" });\n",
    );
    home.durun(&["start", "s.rhai", "--id", "r"]).both();
    assert_eq!(words(&home, &["logs", "r", ""]), ["load", "say it"]);
    assert_eq!(words(&home, &["logs", "r", "sa"]), ["say it"]);
    assert_eq!(words(&home, &["rewind", "r", "--to", ""]), ["0", "1", "2", "3", "4"]);
    let told = home.durun(&["complete", "fish", "--", "durun", "rewind", "r", "--to", "3"]).stdout();
    assert!(told.starts_with("3\t✓ sh say it (echo $1 3) · "), "{told}");
    assert_eq!(words(&home, &["list", "--status", "waiting,par"]), ["waiting,parked"]);
}

#[test]
fn it_makes_no_store_and_says_nothing_where_all_is_wrong() {
    let home = Home::new();
    assert_eq!(words(&home, &["status", ""]), Vec::<String>::new());
    assert!(!home.store().exists() && std::fs::read_dir(home.path()).expect("a folder").next().is_none());
    home.file(".local/state/durun/store.redb", "no store at all").file("bad.rhai", "fn (");
    assert_eq!(words(&home, &["status", ""]), Vec::<String>::new());
    assert_eq!(words(&home, &["bad.rhai", "-i", ""]), Vec::<String>::new());
    assert_eq!(words(&home, &["nonsense", "--what", "--x"]), Vec::<String>::new());
    home.durun(&["complete", "bash"]).check();
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn the_store_is_only_looked_at_even_where_a_kill_left_it() {
    let home = Home::killed_at("dead", ORDER, &["\"name\":\"paid\""]);
    // As the kill left it: nobody has opened it since, or else it would be tidy.
    let before = files(&home.store());
    assert_eq!(words(&home, &["signal", "dead", "pa"]), ["paid"]);
    assert_eq!(words(&home, &["resume", ""]), ["dead"]);
    assert!(files(&home.store()) == before, "completing changed the store");
}

#[test]
fn questions_are_completed_with_their_names_or_numbers_and_choices() {
    let script = "strand(|| ask(\"Raise it?\", #{ name: \"budget\", choices: [\"by 5\", \"not\"] })); ask(\"Ship it?\")";
    let home = Home::killed_at("q", script, &["Raise it?", "Ship it?"]);
    assert_eq!(words(&home, &["answer", "q", ""]), ["yes", "no", "by 5", "not"]);
    assert_eq!(words(&home, &["answer", "q", "yes", "--question", ""]), ["0", "budget"]);
}

#[test]
fn bash_completes() {
    let Some(bash) = shell("bash") else { return };
    let home = home();
    let complete = |line: &str, part: &str| {
        let script = format!(
            "eval \"$(durun completions bash)\"\nCOMP_LINE='{line}' COMP_POINT={}\n_durun durun '{part}' x\n\
             ((${{#COMPREPLY[@]}})) && printf '%s\\n' \"${{COMPREPLY[@]}}\"\ntrue",
            line.len()
        );
        asked(&home, &bash, &["--norc", "--noprofile", "-c"], &script)
    };
    assert_eq!(complete("durun signal order-7 ", ""), "paid\npicked\n");
    assert_eq!(complete("durun status @la", "la"), "last\n", "bash cuts words at @");
    assert_eq!(complete("durun status --color=al", "al"), "always\n", "and at =");
    let mut files: Vec<String> = complete("durun start ", "").lines().map(str::to_owned).collect();
    files.sort();
    assert_eq!(files, [".local", "done.rhai", "in side", "order.rhai"]);
    assert_eq!(complete("durun import n", "n"), "notes.txt\n");
    assert_eq!(complete("durun status nothing", "nothing"), "");
}

#[test]
fn fish_completes() {
    let Some(fish) = shell("fish") else { return };
    let home = home();
    let complete = |line: &str| {
        let script = format!("durun completions fish | source; complete -C '{line}'");
        asked(&home, &fish, &["--no-config", "-c"], &script)
    };
    assert_eq!(complete("durun status o"), "order-7\tparked, order.rhai\n");
    assert_eq!(complete("durun signal order-7 "), "paid\npicked\n");
    assert!(complete("durun start o").starts_with("order.rhai"), "{}", complete("durun start o"));
    assert!(complete("durun his").starts_with("history\t"));
}

#[test]
fn zsh_completes() {
    let Some(zsh) = shell("zsh") else { return };
    let home = home();
    // A terminal of its own, in which keys are typed; ^X prints the line as it is then.
    let complete = |keys: &str| {
        let script = format!(
            "zmodload zsh/zpty\n\
             zpty z 'TERM=dumb COLUMNS=200 zsh -f -i'\n\
             zpty -w z 'autoload -U compinit; compinit -u -D; eval \"$(durun completions zsh)\"'\n\
             zpty -w z 'show() {{ print -r -- \"G\"\"OT<$BUFFER>\" }}; zle -N show; bindkey ^X show; print REA\"\"DY'\n\
             zpty -r -m z line '*READY*'\n\
             zpty -w -n z $'{keys}\\x18'\n\
             zpty -r -m z line '*GOT<*>*'\n\
             line=${{line##*GOT<}}; print -r -- ${{line%%>*}}\n\
             zpty -d z"
        );
        asked(&home, &zsh, &["-f", "-c"], &script)
    };
    assert_eq!(complete("durun signal ord\\t pi\\t"), "durun signal order-7 picked \n");
    assert_eq!(complete("durun status --color=al\\t"), "durun status --color=always \n");
    assert_eq!(complete("durun start ord\\t -i pro\\t"), "durun start order.rhai -i product=\n");
}

#[test]
fn bash_completes_at_a_terminal_as_a_person_types() {
    let Some(bash) = shell("bash") else { return };
    let home = Home::new();
    let script = "on_query(\"how far\", || 1); on_signal(\"it's done\", |_d| ()); wait_signal(\"picked up\"); ask(\"Go?\")";
    home.file("order.rhai", script).file("jobs/nightly.rhai", "params(#{ product: 1 });");
    home.durun(&["start", "order.rhai", "--record-only", "--id", "order-7"]).out("order-7\n").check();
    let folder = Path::new(env!("CARGO_BIN_EXE_durun")).parent().expect("a folder");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let env = [("PATH", path.as_str()), ("PS1", "> "), ("HISTFILE", "")];
    let words = ["--norc", "--noprofile", "-i"];
    let Some(mut terminal) = Terminal::of(&home, 100, &bash, &words, &env) else { return };
    terminal.until(&[">"]);
    terminal.keys("eval \"$(durun completions bash)\"; clear; echo loa''ded\n");
    terminal.until(&["loaded\n>"]);
    for (typed, completed) in [
        ("durun status or\t", "> durun status order-7"),
        ("durun signal order-7 pi\t", "> durun signal order-7 picked\\ up"),
        ("durun signal order-7 it\t", "> durun signal order-7 it\\'s\\ done"),
        ("durun signal order-7 \"pi\t", "> durun signal order-7 \"picked up\""),
        ("durun query order-7 h\t", "> durun query order-7 how\\ far"),
        ("durun start jo\tn\t -i pr\t", "> durun start jobs/nightly.rhai  -i product="),
        ("durun upgrade order-7 --script jo\tn\t", "> durun upgrade order-7 --script jobs/nightly.rhai"),
    ] {
        terminal.keys(typed);
        terminal.until_it(completed, |screen| screen.lines().last().is_some_and(|line| line == completed));
        // Nothing of it is executed: Ctrl-U takes the line away.
        terminal.keys("\u{15}");
        terminal.until_it("an empty line", |screen| screen.lines().last().is_some_and(|line| line == ">"));
    }
    terminal.keys("durun signal order-7 \t\t");
    terminal.until(&["it\\'s\\ done", "picked\\ up"]);
}
