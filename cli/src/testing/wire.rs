//! HTTP/1.1 messages as a test sends and receives them, both sides: small, whole, and bounded.

use std::io::{self, Read, Write};
use std::net::TcpStream;

/// Fields of a head that are read.
const FIELDS: usize = 256;
/// Bytes of a head, and of a body.
const HEAD: usize = 256 * 1024;
const BODY: usize = 64 * 1024 * 1024;

/// A request or an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// `GET` and `/orders`, or nothing.
    pub(crate) method: String,
    pub(crate) target: String,
    /// Of an answer.
    pub(crate) status: u16,
    /// In order; names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// What a field says, all its lines together.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.headers.iter().filter(|(known, _)| known == name);
        let lines: Vec<&str> = lines.map(|(_, text)| text.as_str()).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    fn says(&self, name: &str, word: &str) -> bool {
        let said = self.header(name).unwrap_or_default();
        said.split(',').any(|said| said.trim().eq_ignore_ascii_case(word))
    }
}

/// A connection, and what of it has not been read yet.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // Where it is not taken, answers only come a little later.
        let _ = stream.set_nodelay(true);
        Self { stream, buffer: Vec::new() }
    }

    /// The next request; `None` where there is none.
    pub(crate) fn request(&mut self) -> io::Result<Option<Message>> {
        let Some(mut message) = self.head(|bytes| {
            let mut fields = [httparse::EMPTY_HEADER; FIELDS];
            let mut request = httparse::Request::new(&mut fields);
            let parsed = request.parse(bytes).map_err(malformed)?;
            Ok(parsed.is_complete().then(|| {
                let length = if let httparse::Status::Complete(length) = parsed { length } else { 0 };
                let message = Message {
                    method: request.method.unwrap_or_default().to_owned(),
                    target: request.path.unwrap_or_default().to_owned(),
                    headers: headers(request.headers),
                    ..Message::default()
                };
                (message, length)
            }))
        })?
        else {
            return Ok(None);
        };
        if message.says("expect", "100-continue") {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if message.says("transfer-encoding", "chunked") {
            message.body = self.chunks()?;
        } else if let Some(length) = length(&message)? {
            message.body = self.exactly(length)?;
        }
        Ok(Some(message))
    }

    /// The final answer to a request of this method.
    pub(crate) fn answer(&mut self, method: &str) -> io::Result<Message> {
        loop {
            let message = self.head(|bytes| {
                let mut fields = [httparse::EMPTY_HEADER; FIELDS];
                let mut response = httparse::Response::new(&mut fields);
                let parsed = response.parse(bytes).map_err(malformed)?;
                Ok(parsed.is_complete().then(|| {
                    let length = if let httparse::Status::Complete(length) = parsed { length } else { 0 };
                    let status = response.code.unwrap_or_default();
                    let message =
                        Message { status, headers: headers(response.headers), ..Message::default() };
                    (message, length)
                }))
            })?;
            let Some(mut message) = message else {
                return Err(io::Error::other("the connection was closed without an answer"));
            };
            if (100..200).contains(&message.status) {
                continue;
            }
            let is_empty = method == "HEAD" || matches!(message.status, 204 | 304);
            if is_empty {
            } else if message.says("transfer-encoding", "chunked") {
                message.body = self.chunks()?;
            } else if let Some(length) = length(&message)? {
                message.body = self.exactly(length)?;
            } else {
                self.stream.read_to_end(&mut self.buffer)?;
                message.body = std::mem::take(&mut self.buffer);
            }
            return Ok(message);
        }
    }

    /// Reads until a head is whole.
    fn head(
        &mut self,
        parse: impl Fn(&[u8]) -> io::Result<Option<(Message, usize)>>,
    ) -> io::Result<Option<Message>> {
        loop {
            if !self.buffer.is_empty()
                && let Some((message, length)) = parse(&self.buffer)?
            {
                self.buffer.drain(..length);
                return Ok(Some(message));
            }
            if self.buffer.len() > HEAD {
                return Err(io::Error::other("the head is too large"));
            }
            if !self.more()? {
                let is_over = self.buffer.is_empty();
                return if is_over { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Reads some; whether there was any.
    fn more(&mut self) -> io::Result<bool> {
        let mut room = [0; 16 * 1024];
        let count = self.stream.read(&mut room)?;
        self.buffer.extend_from_slice(room.get(..count).unwrap_or_default());
        Ok(count > 0)
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if length > BODY {
            return Err(io::Error::other("the body is too large for a test"));
        }
        while self.buffer.len() < length {
            if !self.more()? {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body ends too early"));
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    /// A chunked body, without its trailers (RFC 9112 section 7.1).
    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = loop {
                match httparse::parse_chunk_size(&self.buffer).map_err(|_| malformed("a chunk"))? {
                    httparse::Status::Complete((start, size)) => {
                        self.buffer.drain(..start);
                        break usize::try_from(size).unwrap_or(usize::MAX);
                    }
                    httparse::Status::Partial if self.more()? => {}
                    httparse::Status::Partial => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            };
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            if body.len().saturating_add(size) > BODY {
                return Err(io::Error::other("the body is too large for a test"));
            }
            body.extend(self.exactly(size)?);
            self.line()?;
        }
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.drain(..end + 2).take(end).collect();
                return Ok(line);
            }
            if self.buffer.len() > HEAD || !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

fn headers(fields: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let field = |field: &httparse::Header<'_>| {
        (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).trim().to_owned())
    };
    fields.iter().map(field).collect()
}

fn length(message: &Message) -> io::Result<Option<usize>> {
    let Some(text) = message.header("content-length") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| malformed("the length"))
}

fn malformed(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it is malformed: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A connection on which the other side has said this, and no more.
    fn said(text: &str) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut other = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        other.write_all(text.as_bytes()).unwrap();
        other.shutdown(std::net::Shutdown::Write).unwrap();
        Wire::new(listener.accept().unwrap().0)
    }

    #[test]
    fn requests_are_read_one_after_the_other() {
        let text = "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiPUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nho\r\n1;x\r\n!\r\n0\r\nt: 1\r\n\r\n";
        let mut wire = said(text);
        let first = wire.request().unwrap().unwrap();
        assert_eq!(
            (first.method.as_str(), first.target.as_str(), first.body.as_slice()),
            ("POST", "/a?b", &b"hi"[..])
        );
        assert_eq!(first.header("host").as_deref(), Some("x"));
        assert_eq!(wire.request().unwrap().unwrap().body, b"ho!");
        assert!(wire.request().unwrap().is_none());
    }

    #[test]
    fn an_answer_is_what_is_final_and_whole() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\n\r\nall of it";
        let answer = said(text).answer("GET").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b"all of it"[..]));
        assert_eq!(answer.header("a").as_deref(), Some("1, 2"));
        assert!(said("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").answer("GET").is_err());
        assert!(said("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").answer("HEAD").unwrap().body.is_empty());
        assert!(said("").answer("GET").unwrap_err().to_string().contains("without an answer"));
    }
}
