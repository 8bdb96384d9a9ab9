//! Telling a service manager how a server stands: `READY=1` and `STOPPING=1` over the datagram socket of `$NOTIFY_SOCKET`, as `sd_notify(3)` has it.

use super::environment::Environment;
use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The service manager that started this process, where one did.
#[derive(Debug, Default)]
pub(crate) struct Manager(Option<(UnixDatagram, SocketAddr)>);

impl Manager {
    /// The one that the environment names; none where it names none, or nothing that can be reached.
    pub(crate) fn of(environment: &Environment) -> Self {
        let address = environment.get("NOTIFY_SOCKET").and_then(address);
        Self(address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address))))
    }

    /// Tells it lines such as `READY=1`. One that does not listen is no reason to stop.
    pub(crate) fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.0 {
            let _ = socket.send_to_addr(state.as_bytes(), address);
        }
    }
}

/// A path, or a name in the abstract namespace, which begins with `@`.
fn address(name: &OsStr) -> Option<SocketAddr> {
    match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest).ok(),
        [b'/', ..] => SocketAddr::from_pathname(name).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).expect("told");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn a_manager_is_told_over_a_path_and_over_an_abstract_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let named = UnixDatagram::bind(&path).expect("bound");
        let name = format!("durun-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let unnamed = UnixDatagram::bind_addr(&address).expect("bound");
        for (text, socket) in [(path.to_string_lossy().into_owned(), &named), (format!("@{name}"), &unnamed)]
        {
            let environment = Environment::of(&[("NOTIFY_SOCKET", &text)], Path::new("/"));
            Manager::of(&environment).tell("READY=1");
            assert_eq!(heard(socket), "READY=1");
        }
    }

    #[test]
    fn where_nobody_listens_nothing_happens() {
        for text in ["", "relative", "/nowhere/at/all", "vsock:2:1"] {
            Manager::of(&Environment::of(&[("NOTIFY_SOCKET", text)], Path::new("/"))).tell("READY=1");
        }
    }
}
