//! Sockets that somebody else has opened: the generation before, or by the convention of `LISTEN_FDS` systemd, or `gw run` for one
//! generation of a gateway after the other. Since the same sockets live on, no connection is lost that waits in one of them.
//!
//! What does not fit exactly is refused: a gateway that serves other addresses than it says is worse than none.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;

use listenfd::ListenFd;

use super::succession::{self, Handed};

/// The first descriptor that is passed on, by the convention.
const FIRST: usize = 3;
/// Before the number of a declared listener, from 0, in `LISTEN_FDNAMES`.
const NAME: &str = "listener-";

/// Sockets for each declared listener, at least one.
#[derive(Debug)]
pub(super) struct Inherited {
    listeners: Vec<Vec<TcpListener>>,
    /// Where the generation before waits to hear that this one serves.
    pub(super) before: Option<UnixStream>,
    /// What that one was told of live values.
    pub(super) live: String,
}

/// What was said to this process about its descriptors.
#[derive(Debug, Default)]
struct Said {
    count: Option<String>,
    process: Option<String>,
    names: Option<String>,
}

/// The sockets that were passed on to this process; nothing where none were.
pub(super) fn inherited(wanted: &[SocketAddr]) -> Result<Option<Inherited>, String> {
    let handed = succession::handed().map_err(|error| format!("sockets cannot be taken over: {error}"))?;
    if let Some(Handed { sockets, before, live }) = handed {
        return of_before(sockets, wanted)
            .map(|listeners| Some(Inherited { listeners, before: Some(before), live }));
    }
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let said = Said {
        count: variable("LISTEN_FDS"),
        process: variable("LISTEN_PID"),
        names: variable("LISTEN_FDNAMES"),
    };
    let Some(names) = said.names_for(std::process::id())? else { return Ok(None) };
    let mut passed = ListenFd::from_env();
    let mut sockets: Vec<Vec<TcpListener>> = wanted.iter().map(|_| Vec::new()).collect();
    for (at, name) in names.iter().enumerate() {
        let what = format!("descriptor {} of LISTEN_FDS", FIRST + at);
        let socket =
            passed.take_tcp_listener(at).map_err(|error| format!("{what} cannot be used: {error}"))?;
        let socket = socket.ok_or_else(|| format!("{what} is not there"))?;
        let number = claim(&socket, name, wanted).map_err(|why| format!("{what} {why}"))?;
        if let Some(own) = sockets.get_mut(number) {
            own.push(socket);
        }
    }
    match wanted.iter().zip(&sockets).find(|(_, own)| own.is_empty()) {
        Some((address, _)) => Err(format!("LISTEN_FDS has no socket for {address}")),
        None => Ok(Some(Inherited { listeners: sockets, before: None, live: String::new() })),
    }
}

/// The sockets of the generation before, which has as many listeners in the same order.
fn of_before(
    handed: Vec<(usize, TcpListener)>,
    wanted: &[SocketAddr],
) -> Result<Vec<Vec<TcpListener>>, String> {
    let mut sockets: Vec<Vec<TcpListener>> = wanted.iter().map(|_| Vec::new()).collect();
    for (number, socket) in handed {
        let name = format!("{NAME}{number}");
        let number =
            claim(&socket, &name, wanted).map_err(|why| format!("a socket that is taken over {why}"))?;
        let address = socket.local_addr().map_err(|error| format!("a socket has no address: {error}"))?;
        if let (Some(own), Some(wanted)) = (sockets.get_mut(number), wanted.get(number)) {
            // Any port is any.
            if wanted.port() != 0 && !serves(address, *wanted) {
                return Err(format!(
                    "the generation before listens on {address}, and this gateway on {wanted}: another address takes a fresh start"
                ));
            }
            own.push(socket);
        }
    }
    match wanted.iter().zip(&sockets).find(|(_, own)| own.is_empty()) {
        Some((address, _)) => Err(format!("the generation before does not listen on {address}")),
        None => Ok(sockets),
    }
}

impl Inherited {
    /// The greatest number of sockets that one listener has. With fewer workers, one of them would be served by nobody.
    pub(super) fn most(&self) -> usize {
        self.listeners.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// The share of each worker: one socket for each listener. Where there are fewer than workers, some share one.
    pub(super) fn shared(self, workers: usize) -> std::io::Result<Vec<Vec<TcpListener>>> {
        let mut shares: Vec<Vec<TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
        for own in self.listeners {
            let further = (own.len()..workers)
                .filter_map(|worker| own.get(worker % own.len()))
                .map(TcpListener::try_clone)
                .collect::<std::io::Result<Vec<_>>>()?;
            shares
                .iter_mut()
                .zip(own.into_iter().chain(further))
                .for_each(|(share, socket)| share.push(socket));
        }
        Ok(shares)
    }
}

impl Said {
    /// A name for each descriptor, which may be empty; nothing where they are meant for another process.
    fn names_for(&self, own: u32) -> Result<Option<Vec<String>>, String> {
        let (Some(count), Some(process)) = (&self.count, &self.process) else { return Ok(None) };
        if *process != own.to_string() {
            return Ok(None);
        }
        let number = count.parse::<usize>().ok().filter(|count| (1..=65_536).contains(count));
        let number =
            number.ok_or_else(|| format!("LISTEN_FDS is `{count}`, which is no number of sockets"))?;
        let Some(names) = &self.names else { return Ok(Some(vec![String::new(); number])) };
        let names: Vec<String> = names.split(':').map(str::to_owned).collect();
        if names.len() == number {
            Ok(Some(names))
        } else {
            Err(format!("LISTEN_FDNAMES has {} names for {number} sockets", names.len()))
        }
    }
}

/// The listener that a socket is for: the one that it is named after, else the one with its address.
fn claim(socket: &TcpListener, name: &str, wanted: &[SocketAddr]) -> Result<usize, String> {
    let is_listening = socket2::SockRef::from(socket).is_listener();
    if !is_listening.map_err(|error| format!("cannot be asked whether it listens: {error}"))? {
        return Err("does not listen".to_owned());
    }
    // A worker waits for all of its sockets at once, never for one.
    socket.set_nonblocking(true).map_err(|error| format!("cannot be used without waiting: {error}"))?;
    let address = socket.local_addr().map_err(|error| format!("has no address: {error}"))?;
    let count = wanted.len();
    if let Some(number) = name.strip_prefix(NAME) {
        let known = number.parse().ok().filter(|number| *number < count);
        return known.ok_or_else(|| format!("is named `{name}`, and this gateway has {count} listeners"));
    }
    wanted.iter().position(|wanted| serves(address, *wanted)).ok_or_else(|| {
        let known: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        format!("listens on {address}, and this gateway on {}", known.join(", "))
    })
}

/// Whether a socket with this address does what a listener with that one would. Where a machine has no IPv6, `[::]` is
/// `0.0.0.0`.
fn serves(address: SocketAddr, wanted: SocketAddr) -> bool {
    let narrow = SocketAddr::from((Ipv4Addr::UNSPECIFIED, wanted.port()));
    address == wanted || wanted.is_ipv6() && wanted.ip().is_unspecified() && address == narrow
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(count: &str, process: &str, names: Option<&str>) -> Said {
        Said { count: Some(count.into()), process: Some(process.into()), names: names.map(Into::into) }
    }

    #[test]
    fn what_is_meant_for_another_process_is_left_alone() {
        assert_eq!(said("2", "8", None).names_for(7).unwrap(), None);
        assert_eq!(Said::default().names_for(7).unwrap(), None);
        assert_eq!(said("2", "7", None).names_for(7).unwrap().map(|names| names.len()), Some(2));
    }

    #[test]
    fn a_count_that_is_none_and_names_that_do_not_fit_are_refused() {
        for count in ["0", "-1", "x", "1000000"] {
            assert!(said(count, "7", None).names_for(7).is_err(), "{count}");
        }
        assert!(said("2", "7", Some("a:b")).names_for(7).is_ok());
        assert!(said("2", "7", Some("a")).names_for(7).is_err());
    }

    #[test]
    fn a_socket_is_for_the_listener_of_its_name_or_of_its_address() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = socket.local_addr().unwrap();
        let other = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let claim = |name, wanted: &[SocketAddr]| super::claim(&socket, name, wanted);
        assert_eq!(claim("", &[other, own]), Ok(1));
        assert_eq!(claim("listener-0", &[other, own]), Ok(0));
        assert_eq!(claim("shop.socket", &[own]), Ok(0));
        assert!(claim("listener-2", &[other, own]).unwrap_err().contains("has 2 listeners"));
        assert!(claim("", &[other]).unwrap_err().contains("127.0.0.1:1"));
        let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        assert_eq!(super::claim(&silent.into(), "listener-0", &[own]), Err("does not listen".to_owned()));
    }

    #[test]
    fn what_the_generation_before_hands_over_must_be_what_this_one_listens_on() {
        let open = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (a, b) = (open(), open());
        let (at_a, at_b) = (a.local_addr().unwrap(), b.local_addr().unwrap());
        let take = |wanted: &[SocketAddr]| {
            let handed = vec![(0, a.try_clone().unwrap()), (1, b.try_clone().unwrap())];
            of_before(handed, wanted).map(|listeners| listeners.iter().map(Vec::len).collect::<Vec<_>>())
        };
        assert_eq!(take(&[at_a, at_b]), Ok(vec![1, 1]));
        assert_eq!(take(&["127.0.0.1:0".parse().unwrap(), at_b]), Ok(vec![1, 1]));
        assert!(take(&[at_b, at_a]).unwrap_err().contains("takes a fresh start"));
        assert!(take(&[at_a]).unwrap_err().contains("has 1 listeners"));
        let third = SocketAddr::from((Ipv4Addr::LOCALHOST, 3));
        assert!(take(&[at_a, at_b, third]).unwrap_err().contains("does not listen on 127.0.0.1:3"));
    }

    #[test]
    fn every_address_of_ipv4_serves_for_every_address_where_there_is_no_ipv6() {
        let every = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert!(serves(every("0.0.0.0:80"), every("[::]:80")));
        assert!(!serves(every("[::]:80"), every("0.0.0.0:80")));
        assert!(!serves(every("0.0.0.0:81"), every("[::]:80")));
    }

    #[test]
    fn workers_share_what_there_is_and_leave_nothing_unserved() {
        let sockets = |count| (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let shares = Inherited { listeners: vec![sockets(2), sockets(3)], before: None, live: String::new() }
            .shared(3)
            .unwrap();
        let addresses: Vec<Vec<_>> =
            shares.iter().map(|own| own.iter().map(|it| it.local_addr().unwrap()).collect()).collect();
        assert_eq!(addresses[0][0], addresses[2][0]);
        assert_ne!(addresses[0][0], addresses[1][0]);
        assert!(addresses[0][1] != addresses[1][1] && addresses[1][1] != addresses[2][1]);
    }
}
