//! A server behind the gateway that does what a test tells it, connection by connection, and keeps every byte that it
//! was sent.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

use crate::wire::{self, Message};
use crate::{PATIENCE, eventually};

/// A server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    lines: Lines,
}

type Lines = Arc<Mutex<Vec<Line>>>;

/// What is known of a connection.
#[derive(Clone, Debug, Default)]
struct Line {
    received: Vec<u8>,
    count: u64,
    over: bool,
}

/// What carries its bytes.
#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(bytes),
            Self::Secure(stream) => stream.read(bytes),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Secure(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
}

/// A connection, as a script sees it.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    /// Which connection this is, from 0.
    pub index: usize,
    held: Vec<u8>,
    lines: Lines,
}

impl Server {
    /// Plays `script` on every connection; when it returns, the connection is closed.
    pub fn new(script: impl Fn(&mut Connection) -> Result<()> + Send + Sync + 'static) -> Self {
        Self::speaking(None, script)
    }

    /// The same over TLS; the script begins with the handshake.
    pub fn secure(
        tls: Arc<ServerConfig>,
        script: impl Fn(&mut Connection) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::speaking(Some(tls), script)
    }

    fn speaking(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&mut Connection) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Lines::default();
        let (script, all) = (Arc::new(script), Arc::clone(&lines));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let index = {
                    let mut all = all.lock().unwrap();
                    all.push(Line::default());
                    all.len() - 1
                };
                stream.set_read_timeout(Some(PATIENCE * 2)).unwrap();
                stream.set_write_timeout(Some(PATIENCE * 2)).unwrap();
                stream.set_nodelay(true).unwrap();
                let stream = match &tls {
                    None => Stream::Plain(stream),
                    Some(tls) => {
                        let session = ServerConnection::new(Arc::clone(tls)).unwrap();
                        Stream::Secure(Box::new(StreamOwned::new(session, stream)))
                    }
                };
                let mut connection = Connection { stream, index, held: Vec::new(), lines: Arc::clone(&all) };
                let script = Arc::clone(&script);
                std::thread::spawn(move || {
                    // A script ends early where the gateway closes the connection.
                    let _ = script(&mut connection);
                    let (index, lines) = (connection.index, Arc::clone(&connection.lines));
                    // Whoever learns that it is over may rely on its end being on the way.
                    drop(connection);
                    lines.lock().unwrap()[index].over = true;
                });
            }
        });
        Self { address, lines }
    }

    /// Answers every request with the same bytes, for as long as the gateway wants.
    pub fn always(answer: impl AsRef<[u8]>) -> Self {
        let answer = answer.as_ref().to_vec();
        Self::new(move |connection| {
            loop {
                connection.request()?;
                connection.write(&answer)?;
            }
        })
    }

    /// Answers 200 and `ok`.
    pub fn ok() -> Self {
        Self::always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }

    /// Answers the first request with `answer` and then closes the connection.
    pub fn once(answer: impl AsRef<[u8]>) -> Self {
        let answer = answer.as_ref().to_vec();
        Self::new(move |connection| {
            connection.request()?;
            connection.write(&answer)
        })
    }

    /// How often this target has been asked for, with any method, whatever else is under way.
    pub fn requested(&self, target: &str) -> usize {
        let line = format!(" {target} HTTP/1.1\r\n");
        let lines = self.lines.lock().unwrap();
        let of = |line_of: &Line| {
            line_of.received.windows(line.len()).filter(|part| *part == line.as_bytes()).count()
        };
        lines.iter().map(of).sum()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// Everything that a connection was sent and that its script has read.
    pub fn received(&self, index: usize) -> Vec<u8> {
        self.lines.lock().unwrap().get(index).map(|line| line.received.clone()).unwrap_or_default()
    }

    /// How much that was, in bytes that were counted only too.
    pub fn count(&self, index: usize) -> u64 {
        self.lines.lock().unwrap().get(index).map_or(0, |line| line.count)
    }

    /// All requests of all connections, in order; each is strictly well-formed.
    pub fn requests(&self) -> Vec<Message> {
        let lines = self.lines.lock().unwrap().clone();
        let read = |line: &Line| wire::requests(&line.received).unwrap_or_else(|problem| panic!("{problem}"));
        lines.iter().flat_map(|line| read(line).0).collect()
    }

    /// The only request, once it is there.
    pub fn only(&self) -> Message {
        eventually("one request", || !self.requests().is_empty());
        let mut all = self.requests();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// Whether the script of a connection has ended.
    pub fn is_over(&self, index: usize) -> bool {
        self.lines.lock().unwrap().get(index).is_some_and(|line| line.over)
    }

    /// Waits until the script of a connection has ended.
    pub fn over(&self, index: usize) {
        eventually("the connection to the server ends", || self.is_over(index));
    }
}

impl Connection {
    fn line<T>(&self, change: impl FnOnce(&mut Line) -> T) -> T {
        change(&mut self.lines.lock().unwrap()[self.index])
    }

    fn fill(&mut self) -> Result<()> {
        let mut bytes = [0; 65_536];
        let count = self.stream.read(&mut bytes)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.held.extend_from_slice(&bytes[..count]);
        self.line(|line| {
            line.received.extend_from_slice(&bytes[..count]);
            line.count += count as u64;
        });
        Ok(())
    }

    /// Reads a whole request.
    pub fn request(&mut self) -> Result<Message> {
        loop {
            let read = wire::request(&self.held).map_err(Error::other)?;
            if let Some((message, len)) = read {
                self.held.drain(..len);
                return Ok(message);
            }
            self.fill()?;
        }
    }

    /// Reads the head of a request, and leaves its body.
    pub fn head(&mut self) -> Result<()> {
        self.until(b"\r\n\r\n")
    }

    /// Reads to the end of `mark`.
    pub fn until(&mut self, mark: &[u8]) -> Result<()> {
        loop {
            if let Some(at) = wire::find(&self.held, mark) {
                self.held.drain(..at + mark.len());
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Reads so many bytes.
    pub fn read(&mut self, count: usize) -> Result<()> {
        while self.held.len() < count {
            self.fill()?;
        }
        self.held.drain(..count);
        Ok(())
    }

    /// Reads so many bytes and only counts them, for large bodies.
    pub fn count(&mut self, count: u64) -> Result<()> {
        let mut left = count - (self.held.len() as u64).min(count);
        self.held.clear();
        let mut bytes = vec![0; 65_536];
        while left > 0 {
            let read = self.stream.read(&mut bytes)?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.line(|line| line.count += read as u64);
            left = left.saturating_sub(read as u64);
        }
        Ok(())
    }

    /// Sends.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.stream.write_all(bytes.as_ref())?;
        self.stream.flush()
    }

    /// Says over TLS that nothing more comes.
    pub fn close_notify(&mut self) -> Result<()> {
        if let Stream::Secure(stream) = &mut self.stream {
            stream.conn.send_close_notify();
        }
        self.stream.flush()
    }

    /// Whether the handshake went on with a session of before.
    pub fn is_resumed(&self) -> bool {
        match &self.stream {
            Stream::Plain(_) => false,
            Stream::Secure(stream) => stream.conn.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }

    /// The name that was asked for in the handshake.
    pub fn server_name(&self) -> Option<String> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Secure(stream) => stream.conn.server_name().map(str::to_owned),
        }
    }

    /// Counts bytes that a script has moved in another way.
    pub fn counted(&mut self, count: u64) {
        self.line(|line| line.count += count);
    }

    /// Sends nothing more.
    pub fn half_close(&mut self) -> Result<()> {
        self.stream.socket().shutdown(std::net::Shutdown::Write)
    }

    /// Breaks off.
    pub fn reset(&mut self) -> Result<()> {
        socket2::SockRef::from(self.stream.socket()).set_linger(Some(Duration::ZERO))?;
        Err(ErrorKind::ConnectionReset.into())
    }

    /// Waits until the gateway closes the connection.
    pub fn wait(&mut self) -> Result<()> {
        loop {
            self.fill()?;
        }
    }

    /// Keeps the kernel from taking much on this server's behalf.
    pub fn narrow(&mut self) -> Result<()> {
        socket2::SockRef::from(self.stream.socket()).set_recv_buffer_size(16 * 1024)
    }
}
