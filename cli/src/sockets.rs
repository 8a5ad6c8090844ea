//! The listening sockets of `gw run`: opened once, and passed on to one generation of a gateway after the other, so that a
//! connection which waits in one of them is never lost.

use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;

use command_fds::{CommandFdExt, FdMapping};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel keeps until they are accepted; as many as a gateway asks for.
const BACKLOG: i32 = 4096;
/// The first descriptor that is passed on, by the convention of `LISTEN_FDS`.
const FIRST: i32 = 3;

/// Open sockets: for each address as many as a gateway has workers.
#[derive(Debug, Default)]
pub(crate) struct Sockets(Vec<(SocketAddr, Vec<TcpListener>)>);

impl Sockets {
    /// Opens what is wanted and not open yet. Nothing is closed.
    pub(crate) fn open(&mut self, wanted: &[SocketAddr]) -> Result<(), String> {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for address in wanted {
            if self.at(*address).is_none() {
                let own = open(*address, workers).map_err(|error| describe(*address, &error))?;
                self.0.push((*address, own));
            }
        }
        Ok(())
    }

    /// Closes what is not wanted any more. What waits there has been accepted by the generation that ends.
    pub(crate) fn keep(&mut self, wanted: &[SocketAddr]) {
        self.0.retain(|(address, _)| wanted.contains(address));
    }

    /// Where a wanted address really listens.
    pub(crate) fn real(&self, wanted: SocketAddr) -> SocketAddr {
        let first = self.at(wanted).and_then(|own| own.first());
        first.and_then(|socket| socket.local_addr().ok()).unwrap_or(wanted)
    }

    /// A command that starts a program with the sockets of these addresses, in the order of its listeners. Only the program
    /// itself can know its number, so a shell says it and then becomes the program.
    pub(crate) fn pass(&self, program: &std::path::Path, wanted: &[SocketAddr]) -> io::Result<Command> {
        let mut mappings = Vec::new();
        let mut names = String::new();
        for (number, address) in wanted.iter().enumerate() {
            for socket in self.at(*address).unwrap_or_default() {
                let child_fd = FIRST + i32::try_from(mappings.len()).map_err(io::Error::other)?;
                mappings.push(FdMapping { parent_fd: socket.try_clone()?.into(), child_fd });
                let colon = if names.is_empty() { "" } else { ":" };
                let _ = write!(names, "{colon}listener-{number}");
            }
        }
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""])
            .arg(program)
            .env("LISTEN_FDS", mappings.len().to_string())
            .env("LISTEN_FDNAMES", names);
        command.fd_mappings(mappings).map_err(io::Error::other)?;
        Ok(command)
    }

    fn at(&self, address: SocketAddr) -> Option<&[TcpListener]> {
        self.0.iter().find(|(own, _)| *own == address).map(|(_, sockets)| sockets.as_slice())
    }
}

/// Sockets that share an address with each other, and with nobody else.
fn open(address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    match open_at(address, count) {
        // A machine without IPv6.
        Err(error)
            if address.ip().is_unspecified()
                && error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) =>
        {
            open_at((Ipv4Addr::UNSPECIFIED, address.port()).into(), count)
        }
        other => other,
    }
}

fn open_at(mut address: SocketAddr, count: usize) -> io::Result<Vec<TcpListener>> {
    if address.port() != 0 {
        // Without sharing it would fail where anybody listens, even somebody who shares.
        let probe = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        probe.set_reuse_address(true)?;
        probe.bind(&address.into())?;
        probe.listen(1)?;
    }
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let socket =
            Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.set_tcp_nodelay(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from(socket);
        address = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok(sockets)
}

fn describe(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {} is taken: something else listens on {address}", address.port())
        }
        _ => format!("{address} cannot be listened on: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    #[test]
    fn an_address_that_stays_wanted_keeps_its_sockets() {
        let mut sockets = Sockets::default();
        sockets.open(&[ANY]).unwrap();
        let real = sockets.real(ANY);
        assert_ne!(real.port(), 0);
        sockets.open(&[ANY]).unwrap();
        sockets.keep(&[ANY]);
        assert_eq!(sockets.real(ANY), real);
        sockets.keep(&[]);
        assert!(std::net::TcpStream::connect(real).is_err());
    }

    #[test]
    fn an_address_that_somebody_else_has_is_refused() {
        let mut sockets = Sockets::default();
        sockets.open(&[ANY]).unwrap();
        let taken = sockets.real(ANY);
        let why = Sockets::default().open(&[taken]).unwrap_err();
        assert!(why.starts_with(&format!("port {} is taken", taken.port())), "{why}");
    }

    #[test]
    fn a_program_is_told_which_socket_is_for_which_listener() {
        let mut sockets = Sockets::default();
        sockets.open(&[ANY]).unwrap();
        let mut command = sockets.pass(std::path::Path::new("/usr/bin/env"), &[ANY, ANY]).unwrap();
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let names = said.lines().find_map(|line| line.strip_prefix("LISTEN_FDNAMES=")).unwrap();
        let each = names.split(':').count() / 2;
        let expected = ["listener-0"].repeat(each).into_iter().chain(["listener-1"].repeat(each));
        assert!(names.split(':').eq(expected), "{said}");
        assert!(
            said.contains(&format!("LISTEN_FDS={}\n", 2 * each)) && said.contains("LISTEN_PID="),
            "{said}"
        );
    }
}
