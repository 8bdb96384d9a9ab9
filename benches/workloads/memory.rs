//! Memory of `durun serve`: with nothing to do, with 10,000 runs that wait, and the same under `[limits]`.

use super::programs::durun;
use super::sleepers::{peak, resident};
use super::world::{Text, World};
use super::yard::Yard;
use serde_json::json;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// What a server keeps in memory while it has so many runs that wait for a signal.
pub(crate) fn serving(yard: &Yard) {
    let runs = yard.scaled(10_000);
    let bounds = [
        ("nothing to do", 0, ""),
        ("runs that wait", runs, ""),
        ("runs that wait, live_runs = 100", runs, "[limits]\nlive_runs = 100\n"),
        ("runs that wait, memory = 48 MiB", runs, "[limits]\nmemory = \"48 MiB\"\n"),
    ];
    for (what, runs, limits) in bounds {
        let folder = yard.folder("serving");
        let mut world = World::open(&folder);
        world.start(&Text("wait_signal(\"go\");".to_owned()), runs, false);
        drop(world);
        // Scripts that have no durun.toml beside them are under the user's.
        let config = yard.folder("config");
        std::fs::create_dir(config.join("durun")).expect("a folder");
        std::fs::write(config.join("durun/config.toml"), limits).expect("written");
        let mut server = Server(
            durun(&folder, &["serve", "--jobs", "20000"])
                .env("XDG_CONFIG_HOME", &config)
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("serves"),
        );
        let process = server.0.id().to_string();
        wait_for_rest(&process);
        let facts = json!({
            "runs": runs,
            "resident_mib": mib(resident(&process)),
            "peak_mib": mib(peak(&process)),
        });
        server.end();
        yard.tell(&format!("serve: {what}"), &facts);
    }
}

struct Server(Child);

impl Server {
    fn end(&mut self) {
        let process = self.0.id().to_string();
        drop(Command::new("kill").args(["-TERM", &process]).status());
        drop(self.0.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where all went well.
        drop(self.0.kill());
    }
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

/// Waits until a process has taken no processor time for a second.
fn wait_for_rest(process: &str) {
    let taken = || {
        let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat")).expect("it lives");
        let fields: Vec<String> =
            stat.rsplit(')').next().unwrap_or_default().split(' ').map(str::to_owned).collect();
        (fields.get(12).cloned(), fields.get(13).cloned())
    };
    let mut before = None;
    while before.as_ref() != Some(&taken()) {
        before = Some(taken());
        std::thread::sleep(Duration::from_secs(1));
    }
}
