//! `durun tick --install` and `--uninstall`, with programs in the place of the system's `crontab` and `systemctl`.

use super::harness::Home;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const CRONTAB: &str = "#!/bin/sh
case \"$1\" in
-l) [ -f \"$HOME/table\" ] || { echo \"no crontab for me\" >&2; exit 1; }; cat \"$HOME/table\" ;;
-) cat >\"$HOME/table\" ;;
esac
";
const SYSTEMCTL: &str =
    "#!/bin/sh\necho \"$*\" >>\"$HOME/told\"\n[ ! -f \"$HOME/away\" ] || { echo no bus >&2; exit 1; }\n";

/// A home whose `bin` comes first in the path.
pub(crate) fn home() -> (Home, String) {
    let home = Home::new();
    for (name, text) in [("bin/crontab", CRONTAB), ("bin/systemctl", SYSTEMCTL)] {
        home.file(name, text);
        let file = home.path().join(name);
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).expect("set");
    }
    let path = format!("{}:/usr/bin:/bin", home.path().join("bin").display());
    (home, path)
}

fn read(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.path().join(name)).unwrap_or_default()
}

#[test]
fn the_line_of_the_crontab_is_put_in_once_works_and_is_taken_out() {
    let (home, path) = home();
    home.file("table", "# mine\n0 3 * * * backup\n").file("s.rhai", "3");
    home.durun(&["start", "s.rhai", "--record-only", "--id", "a"]).out("a\n").check();
    let install = || home.durun(&["tick", "--install"]).env("PATH", &path).stdout();
    let woken_by = |said: &str| {
        let status = home.durun(&["status", "a", "-o", "jsonl"]).stdout();
        assert!(status.contains(&format!("\"woken_by\":\"{said}")), "{said}: {status}");
    };
    woken_by("nobody");
    let line = install();
    assert_eq!(install(), line);
    woken_by("tick, none so far");
    assert!(line.starts_with("* * * * * ") && line.ends_with(" tick # durun tick --install\n"), "{line}");
    let table = read(&home, "table");
    assert!(
        table.starts_with("# mine\n0 3 * * * backup\n* * * * * ") && table.lines().count() == 3,
        "{table}"
    );
    // As cron does it: the command, in a shell, in the home, with next to no environment.
    let command = table.lines().last().expect("a line").strip_prefix("* * * * * ").expect("the times");
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        .output()
        .expect("runs");
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    home.durun(&["start", "s.rhai", "--record-only", "--id", "b"]).out("b\n").check();
    let woken = home.durun(&["status", "b", "-o", "jsonl"]).stdout();
    assert!(woken.contains("\"woken_by\":\"tick, last "), "{woken}");
    home.durun(&["result", "a"]).out("3\n").check();
    home.durun(&["tick", "--uninstall"]).env("PATH", &path).check();
    let woken = home.durun(&["status", "b", "-o", "jsonl"]).stdout();
    assert!(woken.contains("\"woken_by\":\"nobody\""), "{woken}");
    assert_eq!(read(&home, "table"), "# mine\n0 3 * * * backup\n");
    home.durun(&["tick", "--uninstall"]).env("PATH", &path).check();
}

#[test]
fn an_empty_crontab_and_a_store_of_its_own_are_no_obstacle() {
    let (home, path) = home();
    let line = home.durun(&["--store", "my store", "tick", "--install"]).env("PATH", &path).stdout();
    assert!(line.contains(" --store '~/my store' tick "), "{line}");
    assert!(home.path().join("my store/store.redb").exists(), "else each tick would complain");
    home.durun(&["tick", "--uninstall"]).env("PATH", &path).check();
    assert_eq!(read(&home, "table").lines().count(), 1, "that of the other store stays");
    home.durun(&["--store", "my store", "tick", "--uninstall"]).env("PATH", &path).check();
    assert_eq!(read(&home, "table"), "");
}

#[test]
fn without_a_crontab_it_says_what_else_there_is() {
    let home = Home::new();
    let err = home.durun(&["tick", "--install"]).env("PATH", "/nowhere").exit(74).failure();
    assert!(err.starts_with("error[D1004]: there is no program crontab here"), "{err}");
    assert!(err.contains("durun tick --install --systemd"), "{err}");
    let err = home.durun(&["tick", "--systemd"]).exit(2).failure();
    assert!(err.contains("--systemd goes with --install or --uninstall"), "{err}");
}

#[test]
fn the_units_of_systemd_are_written_enabled_and_removed() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: root has the units of the whole system, which a test leaves alone");
        return;
    }
    let (home, path) = home();
    let said = home.durun(&["tick", "--install", "--systemd"]).env("PATH", &path).stdout();
    let folder = ".config/systemd/user";
    let service = read(&home, &format!("{folder}/durun-tick.service"));
    let store = home.store().display().to_string();
    assert!(service.contains(&format!(" --store {store} tick\n")) && !service.contains("User="), "{service}");
    assert!(said.starts_with(&format!("# ~/{folder}/durun-tick.service\n[Unit]\n")), "{said}");
    assert!(said.contains(&format!("\n# ~/{folder}/durun-tick.timer\n")), "{said}");
    let told = "--user daemon-reload\n--user enable --now durun-tick.timer\n";
    assert_eq!(read(&home, "told"), told);
    let err = home
        .durun(&["--store", "other", "tick", "--install", "--systemd"])
        .env("PATH", &path)
        .exit(74)
        .failure();
    assert!(err.contains("error[D1005]") && err.contains("for another store"), "{err}");
    home.durun(&["tick", "--uninstall", "--systemd"]).env("PATH", &path).check();
    assert_eq!(read(&home, &format!("{folder}/durun-tick.service")), "");
    home.file("away", "");
    let (_, err) = home.durun(&["tick", "--install", "--systemd"]).env("PATH", &path).exit(74).both();
    assert!(err.contains("error[D1006]: systemctl --user daemon-reload: no bus"), "{err}");
}

#[test]
fn the_shipped_units_are_hardened() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/systemd");
    for name in ["durun.service", "durun-tick.service"] {
        let examined = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--threshold=30", "--no-pager"])
            .arg(folder.join(name))
            .output();
        let Ok(output) = examined else {
            println!("skipped: there is no systemd-analyze here");
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        if err.contains("unrecognized option") {
            println!("skipped: this systemd-analyze cannot look at files");
            return;
        }
        assert!(output.status.success() && said.contains("Overall exposure level"), "{name}: {said}{err}");
    }
}

/// The lines of a unit that say something.
fn lines(unit: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/systemd").join(unit);
    let text = std::fs::read_to_string(path).expect("a unit");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// docs/guides/cron.md: a server, a tick each minute; a user of its own, a file system that is read-only but for the store, no privileges.
#[test]
fn the_shipped_units_say_what_the_guide_promises() {
    let own = [
        "User=durun",
        "Group=durun",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "StateDirectory=durun",
        "StateDirectoryMode=0700",
        "UMask=0077",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        "RestrictSUIDSGID=yes",
        "KillMode=mixed",
        "TimeoutStopSec=20s",
    ];
    let program = "ExecStart=/usr/local/bin/durun --store /var/lib/durun";
    let (serve, tick) = (format!("{program} serve"), format!("{program} tick"));
    let server = ["Type=notify", "Restart=on-failure", "WantedBy=multi-user.target", &serve];
    for (unit, its) in
        [("durun.service", server.as_slice()), ("durun-tick.service", &["Type=oneshot", &tick])]
    {
        let lines = lines(unit);
        for wanted in own.iter().chain(its) {
            assert!(lines.iter().any(|line| line == wanted), "{unit} lacks {wanted}: {lines:#?}");
        }
        let opened = |line: &&String| line.starts_with("ReadWritePaths") || line.starts_with("Environment");
        assert_eq!(lines.iter().find(opened), None, "{unit} opens more than the store");
    }
    let timer = lines("durun-tick.timer");
    for wanted in ["OnCalendar=minutely", "WantedBy=timers.target"] {
        assert!(timer.iter().any(|line| line == wanted), "{timer:#?}");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_shipped_units() {
    let place = tempfile::tempdir().expect("a directory");
    let units = ["durun.service", "durun-tick.service", "durun-tick.timer"];
    for unit in units {
        // It looks whether the program is there.
        let text = lines(unit).join("\n").replace("/usr/local/bin/durun", env!("CARGO_BIN_EXE_durun"));
        std::fs::write(place.path().join(unit), text).expect("written");
    }
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(units.map(|unit| place.path().join(unit)))
        .output();
    let Ok(output) = verified else {
        println!("skipped: there is no systemd-analyze here");
        return;
    };
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    if err.contains("unrecognized option") || err.contains("Failed to initialize manager") {
        println!("skipped: this systemd-analyze cannot verify here: {err}");
        return;
    }
    // What it says of the system's own units is not ours; an unknown key is told and is no error to it.
    let ours: Vec<&str> = err.lines().filter(|line| line.contains("durun")).collect();
    assert!(output.status.success() && ours.is_empty(), "{err}");
}
