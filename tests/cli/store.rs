//! Where the store is, and stores that cannot be used.

use crate::harness::Home;
use crate::terminal::Terminal;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

#[test]
fn a_flag_a_variable_or_a_folder_says_where_the_store_is() {
    let home = Home::new();
    home.file("a.rhai", "1").file("project/.durun/.keep", "").file("project/a.rhai", "1");
    let start = ["start", "a.rhai", "--record-only", "--id"];
    home.durun(&[&start[..], &["flag", "--store", "here"]].concat()).out("flag\n").check();
    home.durun(&[&start[..], &["variable"]].concat()).env("DURUN_STORE", "there").out("variable\n").check();
    home.durun(&["--store", "here", "wait", "flag", "--timeout", "1s", "-v"])
        .exit(124)
        .err(
            "nobody executes run flag now: durun --store here resume flag\nerror[D0108]: run flag has not ended within 1s: it is parked\n |\n = note: nobody executes it: it does not go on by itself\n = help: durun --store here why flag says what it waits for, and what unblocks it\n",
        )
        .check();
    for (place, id) in [("here", "flag"), ("there", "variable")] {
        let listed = home.durun(&["list", "-o", "jsonl", "--store", place]).stdout();
        assert!(listed.contains(&format!("\"id\":\"{id}\"")), "{listed}");
    }
    assert!(!home.store().exists());
}

#[test]
fn who_is_told_elsewhere_is_told_the_store_of_a_variable_and_who_is_at_a_terminal_has_it() {
    let home = Home::new();
    home.file("s.rhai", "fail(\"no\")").file("q.rhai", "ask(\"Go on?\")");
    let of = |words: &[&str]| home.durun(words).env("DURUN_STORE", "the store");
    let named = "durun --store '~/the store' ";
    let told = of(&["start", "s.rhai", "--id", "s"]).exit(1).failure();
    assert!(told.contains(&format!("{named}history s tells")), "{told}");
    let told = of(&["start", "q.rhai", "--id", "q", "--park-after", "0s"]).exit(3).failure();
    assert!(told.ends_with(&format!(": {named}tick --install\n")), "{told}");
    let shown = of(&["status", "q"]).stdout();
    for command in ["resume q", "answer q yes"] {
        assert!(shown.contains(&format!("{named}{command}\n")), "{shown}");
    }
    let shown = of(&[]).stdout();
    assert!(shown.contains(&format!("nobody executes it: {named}resume q · ")), "{shown}");
    let env = [("DURUN_STORE", "the store")];
    let Some(terminal) = Terminal::open(&home, 80, &["status", "q"], &env) else { return };
    let shown = terminal.end().screen;
    assert!(shown.contains(" durun answer q yes\n") && !shown.contains("--store"), "{shown}");
    // Whoever types into a pipe is at the terminal all the same.
    let line = format!("{} status q 2>&1 | cat", env!("CARGO_BIN_EXE_durun"));
    let shell = Path::new("/bin/sh");
    let Some(terminal) = Terminal::of(&home, 80, shell, &["-c", &line], &env) else { return };
    let shown = terminal.end().screen;
    assert!(shown.contains(" durun answer q yes\n") && !shown.contains("--store"), "{shown}");
}

#[test]
fn without_a_store_there_is_no_such_run() {
    Home::new()
        .durun(&["status", "one"])
        .exit(4)
        .err(
            "error[D0301]: there is no store in ~/.local/state/durun\n |\n \
             = help: --store DIR or $DURUN_STORE names another; durun FILE.rhai begins one\n",
        )
        .check();
    let home = Home::new();
    home.durun(&["list"])
        .env("HOME", "")
        .exit(78)
        .err("error[D0202]: nothing says where the store is\n |\n = help: --store DIR, $DURUN_STORE or $HOME says it\n")
        .check();
}

#[test]
fn a_directory_that_was_named_is_meant_however_it_was() {
    let home = Home::new();
    let said = "error[D0301]: there is no store in ~/typo\n |\n \
                = help: --store DIR or $DURUN_STORE names another; durun FILE.rhai begins one\n";
    for command in ["list", "tick"] {
        home.durun(&[command, "--store", "typo"]).exit(4).err(said).check();
        home.durun(&[command]).env("DURUN_STORE", "typo").exit(4).err(said).check();
        home.durun(&[command]).check();
    }
}

#[test]
fn a_damaged_store_is_told_and_left_alone() {
    let home = Home::recorded("one");
    let file = home.store().join("store.redb");
    let whole = std::fs::read(&file).expect("a store");
    for bytes in [Vec::new(), vec![0; 4096], b"not a store, and long enough to look at twice".to_vec()] {
        std::fs::write(&file, &bytes).expect("written");
        let (out, exit) = (home.durun(&["list"]), 65);
        let said = out.exit(exit).failure();
        assert!(
            said.starts_with("error[D0607]: the store ~/.local/state/durun/store.redb is damaged: "),
            "{said}"
        );
        assert_eq!(std::fs::read(&file).expect("still there"), bytes, "nothing was changed");
    }
    std::fs::write(&file, whole).expect("written");
    assert!(home.durun(&["list", "-o", "jsonl"]).stdout().contains("\"id\":\"one\""));
}

#[test]
fn a_place_where_no_directory_can_be_is_told() {
    let home = Home::new();
    home.file("a.rhai", "1").file("file", "");
    home.durun(&["start", "a.rhai", "--store", "file/store"])
        .exit(74)
        .err(
            "error[D0203]: ~/file/store: Not a directory (os error 20)\n |\n \
             = help: use another store: --store DIR or $DURUN_STORE\n",
        )
        .check();
}

/// Changes what the file of a store says of its schema.
fn with_schema(file: &std::path::Path, schema: u64) {
    let meta: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("meta");
    // redb's pages begin behind the head and the log.
    let whole = std::fs::read(file).expect("reads");
    let (before, theirs) = whole.split_at(1024 * 1024);
    let pages = file.with_extension("pages");
    std::fs::write(&pages, theirs).expect("writes");
    let database = redb::Database::open(&pages).expect("opens");
    let writing = database.begin_write().expect("begins");
    let mut table = writing.open_table(meta).expect("the facts");
    table.insert("schema".as_bytes(), schema.to_be_bytes().as_slice()).expect("writes");
    drop(table);
    writing.commit().expect("commits");
    database.close().expect("closes");
    std::fs::write(file, [before, &std::fs::read(&pages).expect("reads")].concat()).expect("writes");
}

#[test]
fn a_store_of_a_newer_durun_is_refused_by_every_command_and_left_alone() {
    let home = Home::recorded("one");
    let file = home.store().join("store.redb");
    with_schema(&file, 7);
    home.file("a.rhai", "1");
    for words in [
        &["list"][..],
        &["start", "a.rhai"],
        &["tick"],
        &["serve"],
        &["doctor"],
        &["prune", "--older-than", "1s"],
    ] {
        let said = home.durun(words).exit(78).failure();
        assert!(said.starts_with("error[D0608]: "), "{words:?}: {said}");
        assert!(said.contains("schema 7") && said.contains("--store DIR"), "{words:?}: {said}");
    }
    with_schema(&file, 1);
    assert!(home.durun(&["list", "-o", "jsonl"]).stdout().contains("\"id\":\"one\""));
}

#[test]
fn a_redb_file_of_another_program_is_refused_and_left_alone() {
    let home = Home::recorded("one");
    let file = home.store().join("store.redb");
    std::fs::remove_file(&file).expect("gone");
    let other = redb::Database::create(&file).expect("makes");
    let writing = other.begin_write().expect("begins");
    drop(writing.open_table(redb::TableDefinition::<u64, u64>::new("theirs")).expect("a table"));
    writing.commit().expect("commits");
    other.close().expect("closes");
    for words in [&["list"][..], &["tick"], &["doctor"]] {
        let said = home.durun(words).exit(65).failure();
        assert!(
            said.starts_with("error[D0607]: ") && said.contains("not one of durun's"),
            "{words:?}: {said}"
        );
    }
    let other = redb::Database::open(&file).expect("opens");
    let tables =
        redb::ReadableDatabase::begin_read(&other).expect("begins").list_tables().expect("lists").count();
    assert_eq!(tables, 1, "nothing was added");
}

#[test]
fn a_store_that_is_closed_to_writing_can_be_looked_at_and_is_not_changed() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: to root no directory is closed");
        return;
    }
    let home = Home::recorded("one");
    let rights =
        |mode| std::fs::set_permissions(home.store(), std::fs::Permissions::from_mode(mode)).expect("rights");
    rights(0o500);
    assert!(home.durun(&["list"]).stdout().contains("one  parked"));
    assert!(home.durun(&["status", "one"]).stdout().starts_with("one  parked"));
    home.durun(&["history", "one"]).check();
    let (told, _) = home.durun(&["doctor"]).exit(1).both();
    assert!(
        told.contains("problem: the store can only be read: its directory is closed to writing\n"),
        "{told}"
    );
    let refused = home.durun(&["signal", "one", "paid", "1"]).exit(77).failure();
    assert!(refused.starts_with("error[D0612]") && refused.contains("chmod u+rwX"), "{refused}");
    rights(0o700);
    home.durun(&["signal", "one", "paid", "1"]).check();
}
