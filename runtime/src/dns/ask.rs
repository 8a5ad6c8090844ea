//! Asks name servers: over UDP, and over TCP where an answer does not fit (RFC 1035 section 4.2, RFC 7766). Every wait is
//! bounded by real time, whatever the gateway's clock says, since nobody would move a clock that stands still meanwhile.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::io::Interest;
use tokio::net::{TcpStream, UdpSocket};

use super::message::{Answer, Kind, Read, question, read};
use crate::clock::{Alarm, Clock};

/// The port of name servers.
pub(super) const PORT: u16 = 53;
/// Bytes of a datagram that are read: more than an answer without EDNS has (RFC 1035 section 4.2.1).
const DATAGRAM: usize = 4096;
/// Name servers of the machine that are asked, as elsewhere (resolv.conf(5)).
const SERVERS: usize = 3;

/// Whom to ask, and with what patience.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) servers: Vec<SocketAddr>,
    pub(super) within: Duration,
    pub(super) attempts: u32,
    pub(super) clock: Clock,
}

impl Asker {
    /// Asks one name server after the other, all of them as often as it may. An error is what the last said, or why it
    /// said nothing.
    pub(super) async fn ask(&self, name: &Name, kind: Kind) -> Result<Answer, String> {
        let mut failure = "there is no name server to ask".to_owned();
        for _ in 0..self.attempts {
            for server in &self.servers {
                match self.in_time(converse(*server, name, kind)).await {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(said)) => failure = format!("{server} says {said}"),
                    Err(error) => failure = format!("{server} says nothing: {}", error.kind()),
                }
            }
        }
        Err(failure)
    }

    /// Ends what takes too long.
    async fn in_time<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let alarm = Alarm::new()?;
        let (mut work, mut late) =
            (std::pin::pin!(work), std::pin::pin!(self.clock.wait(&alarm, self.within)));
        std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => late.as_mut().poll(cx).map(|_| Err(io::ErrorKind::TimedOut.into())),
        })
        .await
    }
}

async fn converse(server: SocketAddr, name: &Name, kind: Kind) -> io::Result<Result<Answer, String>> {
    let (id, asked) = question(name, kind).ok_or(io::ErrorKind::InvalidInput)?;
    // A port of its own for each question, which whoever wants to answer in another's place has to guess (RFC 5452).
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(&asked).await?;
    let mut room = vec![0; DATAGRAM];
    loop {
        let count = socket.recv(&mut room).await?;
        match read(id, name, kind, room.get(..count).unwrap_or_default()) {
            Read::Other => {}
            Read::Truncated => break,
            Read::Said(answer) => return Ok(Ok(answer)),
            Read::Failed(said) => return Ok(Err(said)),
        }
    }
    let stream = TcpStream::connect(server).await?;
    let mut out = u16::try_from(asked.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    out.extend_from_slice(&asked);
    let mut left = out.as_slice();
    while !left.is_empty() {
        let count = stream.async_io(Interest::WRITABLE, || stream.try_write(left)).await?;
        left = left.get(count..).unwrap_or_default();
    }
    let mut length = [0; 2];
    fill(&stream, &mut length).await?;
    let mut whole = vec![0; usize::from(u16::from_be_bytes(length))];
    fill(&stream, &mut whole).await?;
    Ok(match read(id, name, kind, &whole) {
        Read::Said(answer) => Ok(answer),
        Read::Failed(said) => Err(said),
        Read::Other | Read::Truncated => Err("something else over TCP".to_owned()),
    })
}

async fn fill(stream: &TcpStream, mut room: &mut [u8]) -> io::Result<()> {
    while !room.is_empty() {
        let count = stream.async_io(Interest::READABLE, || stream.try_read(room)).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        room = room.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}

/// The name servers of the machine: the lines `nameserver` of a resolv.conf(5); without any, the machine itself.
pub(super) fn of_machine(text: &str) -> Vec<SocketAddr> {
    let named = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = (words.next() == Some("nameserver")).then(|| words.next())??;
        Some(SocketAddr::new(address.parse().ok()?, PORT))
    });
    let named: Vec<SocketAddr> = named.take(SERVERS).collect();
    if named.is_empty() { vec![(Ipv4Addr::LOCALHOST, PORT).into()] } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_says_which_name_servers_it_has() {
        let text = "# a comment\nsearch a.internal\nnameserver 10.0.0.2\n nameserver fd00::2 trailing\nnameserver x\noptions ndots:5\n";
        let shown: Vec<String> = of_machine(text).iter().map(SocketAddr::to_string).collect();
        assert_eq!(shown, ["10.0.0.2:53", "[fd00::2]:53"]);
        assert_eq!(of_machine(&"nameserver 10.0.0.2\n".repeat(9)).len(), 3);
        assert_eq!(of_machine("search a"), ["127.0.0.1:53".parse().unwrap()]);
    }
}
