//! Reads one request: its head, strictly, and then its body as a stream. It answers nothing.

use std::io::{self, BufRead, Error, ErrorKind, Read, Write};

/// No head is longer than this; the gateway in front has the same order of magnitude.
const HEAD_MAX: u64 = 64 * 1024;
const CHUNK_LINE_MAX: u64 = 256;

/// The head of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// As received: `GET`.
    pub method: String,
    /// The target up to the question mark.
    pub path: String,
    /// What stands behind the question mark, if there is one.
    pub query: Option<String>,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The value of the first header of this name, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a header, read as a list of words, holds this word.
    #[must_use]
    pub fn says(&self, name: &str, word: &str) -> bool {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values.flat_map(|(_, value)| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    }

    /// The next request of a connection; nothing when the client has closed it between two requests.
    ///
    /// # Errors
    /// `InvalidData` when what arrived is not a request in the strict sense, and whatever reading fails with.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = from.take(HEAD_MAX);
        let Some(first) = line(&mut head)? else { return Ok(None) };
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1"), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(refusal("the request line is not `METHOD TARGET HTTP/1.1`"));
        };
        if method.is_empty() || !target.starts_with('/') {
            return Err(refusal("the target is not a path"));
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let mut request = Self { method: method.into(), path: path.into(), query, headers: Vec::new() };
        loop {
            let field = line(&mut head)?.ok_or_else(|| refusal("the head ends early"))?;
            if field.is_empty() {
                break;
            }
            let (name, value) = field.split_once(':').ok_or_else(|| refusal("a header has no colon"))?;
            if name.is_empty() || name.contains(|c: char| !c.is_ascii_graphic()) {
                return Err(refusal("a header's name is not a word"));
            }
            request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if request.headers.iter().filter(|(name, _)| name == "host").count() != 1 {
            return Err(refusal("there is not exactly one Host"));
        }
        Ok(Some(request))
    }
}

/// The body of a request, to be read as it arrives.
#[derive(Debug)]
pub struct Body<'a, R, W> {
    from: &'a mut R,
    /// Where `100 Continue` goes before the first read, when the client waits for it.
    expectant: Option<W>,
    chunked: bool,
    /// Bytes left, of the body or of the current chunk.
    left: u64,
    done: bool,
}

impl<'a, R: BufRead, W: Write> Body<'a, R, W> {
    /// The body that the head announces.
    ///
    /// # Errors
    /// `InvalidData` when its length is announced in no way, or in more than one.
    pub fn of(request: &Request, from: &'a mut R, client: W) -> io::Result<Self> {
        let lengths = request.headers.iter().filter(|(name, _)| name == "content-length").count();
        let (chunked, left) = match (request.header("transfer-encoding"), request.header("content-length")) {
            (None, None) => (false, 0),
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => (true, 0),
            (None, Some(digits)) if lengths == 1 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                (false, digits.parse().map_err(|_| refusal("the length is no number"))?)
            }
            _ => return Err(refusal("the length of the body is not clear")),
        };
        let expectant = request.says("expect", "100-continue").then_some(client);
        Ok(Self { from, expectant, chunked, left, done: !chunked && left == 0 })
    }

    /// Whether all of it was read.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let size = line(&mut (&mut *self.from).take(CHUNK_LINE_MAX))?.ok_or(ErrorKind::UnexpectedEof)?;
        let digits = size.split(';').next().unwrap_or_default().trim_end();
        let known = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let parsed = if known { u64::from_str_radix(digits, 16).ok() } else { None };
        self.left = parsed.ok_or_else(|| refusal("a chunk's size is no number"))?;
        if self.left == 0 {
            let mut trailers = (&mut *self.from).take(HEAD_MAX);
            while !line(&mut trailers)?.ok_or(ErrorKind::UnexpectedEof)?.is_empty() {}
            self.done = true;
        }
        Ok(())
    }
}

impl<R: BufRead, W: Write> Read for Body<'_, R, W> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.done || into.is_empty() {
            return Ok(0);
        }
        if let Some(mut client) = self.expectant.take() {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if self.chunked && self.left == 0 {
            self.next_chunk()?;
            if self.done {
                return Ok(0);
            }
        }
        let count = (&mut *self.from).take(self.left).read(into)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        if self.left == 0 {
            if self.chunked {
                let end = line(&mut (&mut *self.from).take(2))?;
                if end.as_deref() != Some("") {
                    return Err(refusal("a chunk is longer than its size"));
                }
            } else {
                self.done = true;
            }
        }
        Ok(count)
    }
}

/// One line without its CR LF; nothing at the end of the stream. A line feed alone ends no line.
fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if from.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let text = bytes.strip_suffix(b"\r\n").ok_or_else(|| refusal("a line does not end in CR LF"))?;
    if text.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(refusal("a line has a control character"));
    }
    String::from_utf8(text.to_vec()).map(Some).map_err(|_| refusal("a line is not text"))
}

fn refusal(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &str) -> io::Result<(Request, String)> {
        let mut from = bytes.as_bytes();
        let request = Request::read(&mut from)?.expect("a request");
        let mut body = String::new();
        Body::of(&request, &mut from, io::sink())?.read_to_string(&mut body)?;
        Ok((request, body))
    }

    #[test]
    fn reads_a_head_and_a_body_of_known_length() {
        let (request, body) =
            read("POST /v2/orders?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi!").unwrap();
        assert_eq!((request.path.as_str(), request.query.as_deref()), ("/v2/orders", Some("a=b")));
        assert_eq!((request.header("host"), body.as_str()), (Some("x"), "hi"));
    }

    #[test]
    fn reads_chunks() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (_, body) = read(&format!("{head}2;a=b\r\nhi\r\n3\r\n yo\r\n0\r\n\r\n")).unwrap();
        assert_eq!(body, "hi yo");
    }

    #[test]
    fn refuses_what_is_not_clear() {
        for bytes in [
            "GET / HTTP/1.1\nHost: x\n\n",
            "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
            "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nhi",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi!\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhi",
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}
