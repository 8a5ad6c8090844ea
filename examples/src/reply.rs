//! Writes one answer: whole, or in chunks as they come. It decides nothing about the connection.

use std::io::{self, Write};

/// The answer to one request, not yet begun.
#[derive(Debug)]
pub struct Reply<'a, W> {
    to: &'a mut W,
    /// HEAD: the head is sent as for GET, the body is not.
    head_only: bool,
}

/// An answer that is being written.
#[derive(Debug)]
pub struct Chunks<'a, W> {
    to: &'a mut W,
    head_only: bool,
}

impl<'a, W: Write> Reply<'a, W> {
    /// An answer for a request with this method.
    pub fn new(method: &str, to: &'a mut W) -> Self {
        Self { to, head_only: method == "HEAD" }
    }

    /// Sends a whole answer.
    ///
    /// # Errors
    /// When the client cannot be written to.
    pub fn send(self, status: u16, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut bytes = head(status, headers);
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        if !self.head_only {
            bytes.extend_from_slice(body);
        }
        self.to.write_all(&bytes)
    }

    /// Sends JSON text.
    ///
    /// # Errors
    /// When the client cannot be written to.
    pub fn json(self, status: u16, text: &str) -> io::Result<()> {
        self.send(status, &[("Content-Type", "application/json")], text.as_bytes())
    }

    /// Begins an answer whose length is not known yet.
    ///
    /// # Errors
    /// When the client cannot be written to.
    pub fn stream(self, status: u16, headers: &[(&str, &str)]) -> io::Result<Chunks<'a, W>> {
        let mut bytes = head(status, headers);
        bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        self.to.write_all(&bytes)?;
        Ok(Chunks { to: self.to, head_only: self.head_only })
    }
}

impl<W: Write> Chunks<'_, W> {
    /// Sends one chunk now.
    ///
    /// # Errors
    /// When the client cannot be written to.
    pub fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        // An empty chunk would end the body.
        if self.head_only || bytes.is_empty() {
            return Ok(());
        }
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.to.write_all(&framed)
    }

    /// Ends the body.
    ///
    /// # Errors
    /// When the client cannot be written to.
    pub fn finish(self) -> io::Result<()> {
        if self.head_only { Ok(()) } else { self.to.write_all(b"0\r\n\r\n") }
    }
}

fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        201 => "Created",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        _ => "",
    };
    let mut text = format!("HTTP/1.1 {status} {reason}\r\n");
    for (name, value) in headers {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_carries_its_length() {
        let mut sent = Vec::new();
        Reply::new("GET", &mut sent).send(201, &[("Location", "/7")], b"hi").unwrap();
        assert_eq!(sent, b"HTTP/1.1 201 Created\r\nLocation: /7\r\nContent-Length: 2\r\n\r\nhi");
    }

    #[test]
    fn head_is_answered_without_a_body() {
        let mut sent = Vec::new();
        let mut chunks = Reply::new("HEAD", &mut sent).stream(200, &[]).unwrap();
        chunks.chunk(b"hi").unwrap();
        chunks.finish().unwrap();
        assert_eq!(sent, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    }
}
