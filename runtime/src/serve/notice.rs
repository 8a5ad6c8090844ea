//! What a service manager is told: that the gateway serves, that it stops, and which process it is now. By the protocol of
//! `sd_notify`: a datagram to the socket that `NOTIFY_SOCKET` names.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use rustix::process::{Pid, getpid};

/// It serves, and is the main process, where somebody else has started it for the manager.
pub(super) fn serves() {
    ready(getpid());
}

/// Another process serves, and is the main one from now on. The main one so far says so: nobody else need be listened to.
pub(super) fn succeeded_by(next: Pid) {
    ready(next);
}

fn ready(main: Pid) {
    tell(&format!("READY=1\nMAINPID={}", main.as_raw_pid()));
}

/// It will end, and nobody takes its place.
pub(super) fn stops() {
    tell("STOPPING=1");
}

/// A manager that is not there, or does not listen, changes nothing.
fn tell(state: &str) {
    if let Some(to) = std::env::var_os("NOTIFY_SOCKET").filter(|to| !to.is_empty()) {
        let _ = send(&to, state);
    }
}

fn send(to: &OsStr, state: &str) -> io::Result<()> {
    let address = match to.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(to)?,
    };
    let socket = UnixDatagram::unbound()?;
    // Nobody waits for a manager.
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state.as_bytes(), &address).map(drop)
}
