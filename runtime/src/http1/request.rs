//! Reads the head of a request (RFC 9112 sections 2 to 3) into the model, and writes the one that is forwarded.

use std::mem::MaybeUninit;

use httparse::{ParserConfig, Status};

use super::framing::{self, Declared, Length};
use super::path;
use crate::head::{self, Head, Known, Method, Span};
use crate::limits::{FIELDS, PATH_BYTES};
use crate::reason::Reason;

/// What was read besides the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about a head")]
pub(crate) struct Request {
    /// Bytes of the head.
    pub(crate) len: usize,
    pub(crate) length: Length,
    /// The client will not send another request, or cannot be sent another answer.
    pub(crate) last: bool,
    /// `Expect: 100-continue`.
    pub(crate) expect: bool,
    /// `OPTIONS *`.
    pub(crate) asterisk: bool,
    /// The client takes trailers.
    pub(crate) trailers: bool,
}

/// Reads a head from the front of `bytes`. `None`: it is not complete.
pub(crate) fn read(bytes: &[u8], head: &mut Head) -> Result<Option<Request>, Reason> {
    let mut headers = [const { MaybeUninit::uninit() }; FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let status = ParserConfig::default().parse_request_with_uninit_headers(&mut parsed, bytes, &mut headers);
    let len = match status {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(refusal(error, bytes)),
    };
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(Reason::MALFORMED_HEAD);
    };
    let base = bytes.as_ptr().addr();
    let span = |part: &[u8]| {
        let start = part.as_ptr().addr().wrapping_sub(base);
        Span::new(start..start + part.len())
    };
    // The parser passes over blank lines of either kind; only whole ones may stand there (RFC 9112 section 2.2).
    let before = bytes.get(..span(method.as_bytes()).start as usize).unwrap_or_default();
    if before.chunks(2).any(|line| line != b"\r\n") {
        return Err(Reason::BARE_LINE_FEED);
    }
    framing::read_fields(bytes, len, parsed.headers, &mut head.fields)?;
    head.method = Method::read(method.as_bytes());
    head.method_text = span(method.as_bytes());
    head.latest = version == 1;
    let target = target.as_bytes();
    let authority = read_target(target, head, span)?;
    head.bytes.clear();
    head.bytes.extend_from_slice(bytes.get(..len).unwrap_or_default());
    read_host(head, authority)?;
    let (length, last, expect) = read_framing(head)?;
    let trailers = framing::wants_trailers(&head.bytes, &head.fields);
    Ok(Some(Request { len, length, last, expect, asterisk: target == b"*", trailers }))
}

/// Reads the path and the query; answers the authority of an absolute target.
fn read_target<'a>(
    target: &'a [u8],
    head: &mut Head,
    span: impl Fn(&[u8]) -> Span,
) -> Result<Option<&'a [u8]>, Reason> {
    head.path.clear();
    head.query = None;
    if head.method == Method::Connect {
        return Err(Reason::CONNECT_UNSUPPORTED);
    }
    if target == b"*" && head.method == Method::Options {
        head.path.push(b'*');
        return Ok(None);
    }
    let (authority, local) = match absolute(target) {
        _ if target.first() == Some(&b'/') => (None, target),
        Some(rest) => {
            let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
            let (authority, local) = rest.split_at(end);
            (Some(authority), local)
        }
        None => return Err(Reason::TARGET_INVALID),
    };
    let path = path::canonical(local, &mut head.path)?;
    // Escapes make a path longer; what is sent must fit what others accept.
    if head.path.len() > PATH_BYTES {
        return Err(Reason::TARGET_TOO_LONG);
    }
    if path == 0 {
        head.path.push(b'/');
    }
    if let Some(query) = local.get(path + 1..) {
        // As it came; a fragment, a blank or a byte beyond ASCII is not part of a query in any reading.
        if !query.iter().all(|byte| matches!(byte, b'!'..=b'~') && *byte != b'#') {
            return Err(Reason::TARGET_INVALID);
        }
        head.query = Some(span(query));
    }
    Ok(authority)
}

/// What follows `http://`. TLS ends elsewhere, so a listener for plain HTTP serves no other scheme.
fn absolute(target: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = target.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"http://").then_some(rest)
}

/// Finds the one Host field (RFC 9112 section 3.2).
fn read_host(head: &mut Head, authority: Option<&[u8]>) -> Result<(), Reason> {
    let mut hosts = head.fields.iter().filter(|field| field.known == Known::Host);
    head.host = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Err(Reason::HOST_REPEATED),
        (Some(host), None) => host.value,
        (None, _) if head.latest => return Err(Reason::HOST_MISSING),
        (None, _) => Span::default(),
    };
    if (!head.host.is_empty() || head.latest) && !valid_authority(head.host()) {
        return Err(Reason::HOST_INVALID);
    }
    match authority {
        Some(authority) if !same_authority(authority, head.host()) => Err(Reason::HOST_DISAGREES),
        _ => Ok(()),
    }
}

/// A host as DNS, IPv4 or bracketed IPv6 writes it, and an optional port.
fn valid_authority(text: &[u8]) -> bool {
    let (host, port) = match text.iter().rposition(|byte| *byte == b':') {
        Some(colon) if text.last() != Some(&b']') => {
            (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).unwrap_or_default())
        }
        _ => (text, &b""[..]),
    };
    let host = match host {
        [b'[', inner @ .., b']'] => {
            return !inner.is_empty()
                && inner.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
                && valid_port(port);
        }
        other => other,
    };
    !host.is_empty()
        && host.len() <= 255
        && host.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        && valid_port(port)
}

fn valid_port(port: &[u8]) -> bool {
    port.len() <= 5 && port.iter().all(u8::is_ascii_digit)
}

fn same_authority(a: &[u8], b: &[u8]) -> bool {
    fn bare(text: &[u8]) -> &[u8] {
        text.strip_suffix(b":80").or(text.strip_suffix(b":")).unwrap_or(text)
    }
    bare(a).eq_ignore_ascii_case(bare(b))
}

/// Framing, `Connection` and `Expect`. Fields that are not passed on are marked.
fn read_framing(head: &mut Head) -> Result<(Length, bool, bool), Reason> {
    let close = head::read_connection(&head.bytes, &mut head.fields).ok_or(Reason::MALFORMED_HEAD)?;
    let length = match framing::declared(&head.bytes, &head.fields) {
        Declared::Nothing => Length::None,
        Declared::Fixed(0) => Length::Fixed(0),
        Declared::Fixed(length) => Length::Fixed(length),
        // RFC 9112 section 6.1: a coding in a 1.0 message is faulty framing.
        Declared::Chunked if head.latest => Length::Chunked,
        Declared::Chunked | Declared::BadCoding => return Err(Reason::CODING_UNSUPPORTED),
        Declared::BadLength => return Err(Reason::LENGTH_INVALID),
        Declared::Both => return Err(Reason::LENGTH_AND_CODING),
    };
    let mut expect = false;
    for field in &mut head.fields {
        match field.known {
            Known::Expect if head.latest => {
                if !field.value.of(&head.bytes).eq_ignore_ascii_case(b"100-continue") {
                    return Err(Reason::EXPECTATION_FAILED);
                }
                // Without a body there is nothing to wait for.
                expect = length != Length::None && length != Length::Fixed(0);
                field.dropped |= !expect;
            }
            Known::No | Known::Date | Known::Trailer => {}
            _ => field.dropped = true,
        }
    }
    Ok((length, close || !head.latest, expect))
}

/// Which refusal an error of the parser is.
fn refusal(error: httparse::Error, bytes: &[u8]) -> Reason {
    match error {
        httparse::Error::TooManyHeaders => Reason::TOO_MANY_FIELDS,
        httparse::Error::Version if names_other_version(bytes) => Reason::VERSION_UNSUPPORTED,
        _ => Reason::MALFORMED_HEAD,
    }
}

/// Whether the request line ends with a well-formed version that is not spoken here.
fn names_other_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    !matches!(version, b"HTTP/1.0" | b"HTTP/1.1")
        && matches!(version, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// Where a forwarded request goes and what the gateway says about its client.
pub(crate) struct Onward<'a> {
    /// The authority of the server.
    pub(crate) authority: &'a str,
    /// The client's address.
    pub(crate) client: &'a str,
    /// The gateway's name.
    pub(crate) name: &'a str,
    pub(crate) length: Length,
    pub(crate) trailers: bool,
}

/// Appends the head that is sent to a server, from the model. `target` appends the path.
pub(crate) fn write(head: &Head, onward: &Onward, target: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    out.extend_from_slice(head.method_text());
    out.push(b' ');
    target(out);
    if let Some(query) = head.query() {
        out.push(b'?');
        out.extend_from_slice(query);
    }
    out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
    out.extend_from_slice(onward.authority.as_bytes());
    out.extend_from_slice(b"\r\n");
    head::write_fields(&head.bytes, &head.fields, out);
    write_length(onward.length, out);
    if onward.trailers {
        out.extend_from_slice(b"TE: trailers\r\nConnection: TE\r\n");
    }
    out.extend_from_slice(b"X-Forwarded-For: ");
    out.extend_from_slice(onward.client.as_bytes());
    out.extend_from_slice(b"\r\nX-Forwarded-Proto: http\r\n");
    if !head.host.is_empty() {
        out.extend_from_slice(b"X-Forwarded-Host: ");
        out.extend_from_slice(head.host());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(if head.latest { b"Via: 1.1 " } else { b"Via: 1.0 " });
    out.extend_from_slice(onward.name.as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
}

/// Appends the field that frames a body.
pub(crate) fn write_length(length: Length, out: &mut Vec<u8>) {
    match length {
        Length::None | Length::UntilClose => {}
        Length::Fixed(length) => {
            out.extend_from_slice(b"Content-Length: ");
            head::write_number(length, out);
            out.extend_from_slice(b"\r\n");
        }
        Length::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
}
