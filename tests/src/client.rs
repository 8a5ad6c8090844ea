//! A client that sends the bytes it is given and reads answers with [`wire`]; no wait of it is unbounded.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::wire::{self, Message};
use crate::{PATIENCE, show};

/// A connection to a gateway.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    held: Vec<u8>,
    end: Option<End>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In good order.
    Closed,
    /// Reset.
    Reset,
}

impl Client {
    /// Connects.
    pub fn connect(to: SocketAddr) -> Self {
        Self::on(TcpStream::connect_timeout(&to, PATIENCE).expect("the gateway accepts"))
    }

    /// Connects from an address of this machine.
    pub fn connect_from(from: IpAddr, to: SocketAddr) -> Self {
        let socket =
            socket2::Socket::new(socket2::Domain::for_address(to), socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((from, 0)).into()).expect("the address is this machine's");
        socket.connect_timeout(&to.into(), PATIENCE).expect("the gateway accepts");
        Self::on(socket.into())
    }

    fn on(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, held: Vec::new(), end: None }
    }

    /// Sends; a gateway that has closed the connection may have done so for a reason.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.try_send(bytes);
        self
    }

    /// Sends.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Sends what can be sent at once, and says how much that was; `None` where the connection is gone.
    pub fn send_some(&mut self, bytes: &[u8]) -> Option<usize> {
        self.stream.set_nonblocking(true).unwrap();
        let sent = self.stream.write(bytes);
        self.stream.set_nonblocking(false).unwrap();
        match sent {
            Ok(count) => Some(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
            Err(_) => None,
        }
    }

    /// Sends nothing more.
    pub fn half_close(&mut self) -> &mut Self {
        self.stream.shutdown(Shutdown::Write).unwrap();
        self
    }

    /// Sends nothing more; a connection that the gateway has ended already does not mind.
    pub fn half_close_if_open(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Breaks off.
    pub fn reset(self) {
        self.reset_now();
    }

    /// Breaks off once this is dropped.
    pub fn reset_now(&self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The same connection for another thread, which sends while this one reads.
    #[must_use]
    pub fn also(&self) -> Self {
        Self { stream: self.stream.try_clone().unwrap(), held: Vec::new(), end: None }
    }

    /// Keeps the kernel from taking much on this client's behalf.
    pub fn narrow(&mut self) -> &mut Self {
        socket2::SockRef::from(&self.stream).set_recv_buffer_size(16 * 1024).unwrap();
        self
    }

    /// The next answer, interim ones too.
    pub fn answer(&mut self) -> Message {
        self.next(false)
    }

    /// The next answer, which is one to HEAD.
    pub fn answer_to_head(&mut self) -> Message {
        self.next(true)
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, request: impl AsRef<[u8]>) -> Message {
        self.send(request).answer()
    }

    fn next(&mut self, bodiless: bool) -> Message {
        loop {
            match wire::answer(&self.held, bodiless, self.end == Some(End::Closed)) {
                Err(problem) => panic!("{problem}:\n{}", show(&self.held)),
                Ok(Some((message, len))) => {
                    self.held.drain(..len);
                    return message;
                }
                Ok(None) => {}
            }
            assert!(self.end.is_none(), "{:?} in place of an answer; held:\n{}", self.end, show(&self.held));
            self.fill();
        }
    }

    /// Waits for bytes or the end.
    fn fill(&mut self) {
        let mut bytes = [0; 65_536];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.end = Some(End::Closed),
            Ok(count) => self.held.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("nothing came for {PATIENCE:?}; held:\n{}", show(&self.held))
            }
            Err(_) => self.end = Some(End::Reset),
        }
    }

    /// Reads at least so many bytes, and takes them.
    pub fn read(&mut self, count: usize) -> Vec<u8> {
        while self.held.len() < count {
            assert!(self.end.is_none(), "{:?} before {count} bytes; held:\n{}", self.end, show(&self.held));
            self.fill();
        }
        self.held.drain(..count).collect()
    }

    /// Everything to the end, and which end it was.
    pub fn rest(&mut self) -> (Vec<u8>, End) {
        loop {
            if let Some(end) = self.end {
                return (std::mem::take(&mut self.held), end);
            }
            self.fill();
        }
    }

    /// Whether the connection has ended without another byte; waits for it.
    pub fn ends(&mut self) -> bool {
        let (rest, _) = self.rest();
        assert!(rest.is_empty(), "more came:\n{}", show(&rest));
        true
    }

    /// Whether it ended in good order, without another byte.
    pub fn ends_in_order(&mut self) -> bool {
        let (rest, end) = self.rest();
        assert!(rest.is_empty(), "more came:\n{}", show(&rest));
        end == End::Closed
    }

    /// Looks, without waiting, whether anything has come or ended.
    pub fn stirs(&mut self) -> bool {
        if self.end.is_none() {
            self.stream.set_nonblocking(true).unwrap();
            let mut bytes = [0; 65_536];
            match self.stream.read(&mut bytes) {
                Ok(0) => self.end = Some(End::Closed),
                Ok(count) => self.held.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.end = Some(End::Reset),
            }
            self.stream.set_nonblocking(false).unwrap();
        }
        self.end.is_some() || !self.held.is_empty()
    }

    /// Whether it has ended, without waiting.
    pub fn ended(&mut self) -> bool {
        self.stirs() && self.end.is_some()
    }

    /// Bytes that have come and were not taken.
    pub fn held(&self) -> &[u8] {
        &self.held
    }
}
