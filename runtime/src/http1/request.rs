//! Reads the head of a request (RFC 9112 sections 2 to 3) into the model, and writes the one that is forwarded.

use std::io::Write as _;
use std::net::IpAddr;

use super::framing::{self, Declared, Length};
use super::line::{self, Fault, Lines, Seen, whole};
use super::path;
use crate::edit::Edits;
use crate::head::{self, Head, Known, Method, Span};
use crate::limits::PATH_BYTES;
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
    let mut lines = Lines::new(bytes);
    let read = read_lines(&mut lines, head);
    let Some((target, seen)) = read.map_err(|fault| refusal(fault, bytes))? else { return Ok(None) };
    let len = lines.at;
    head.bytes.clear();
    head.bytes.extend_from_slice(bytes.get(..len).unwrap_or_default());
    let authority = read_target(target, head).inspect_err(|_| note_host(head))?;
    read_host(head, authority)?;
    let (length, last, expect) = read_framing(head, seen)?;
    let trailers = seen.has(Known::Te) && framing::wants_trailers(&head.bytes, &head.fields);
    Ok(Some(Request { len, length, last, expect, asterisk: target.text == b"*", trailers }))
}

/// Reads all lines; answers where the target stands, and which fields there are.
fn read_lines<'a>(lines: &mut Lines<'a>, head: &mut Head) -> line::Read<(Target<'a>, Seen)> {
    // RFC 9112 section 2.2: blank lines before the request line are passed over.
    whole!(lines.blank()?);
    let start = lines.at;
    let method = whole!(lines.method()?);
    head.method = Method::read(method);
    head.method_text = Span::new(start..start + method.len());
    let start = lines.at;
    let text = whole!(lines.target()?);
    head.latest = whole!(lines.version()?);
    whole!(lines.end()?);
    let seen = whole!(lines.fields(&mut head.fields)?);
    Ok(Some((Target { text, start }, seen)))
}

/// The target as sent, and where in the head it begins.
#[derive(Clone, Copy)]
struct Target<'a> {
    text: &'a [u8],
    start: usize,
}

/// Reads the path and the query; answers the authority of an absolute target.
fn read_target<'a>(target: Target<'a>, head: &mut Head) -> Result<Option<&'a [u8]>, Reason> {
    let Target { text: target, start } = target;
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
        let end = start + target.len();
        head.query = Some(Span::new(end - query.len()..end));
    }
    Ok(authority)
}

/// What follows `http://`. TLS ends elsewhere, so a listener for plain HTTP serves no other scheme.
fn absolute(target: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = target.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"http://").then_some(rest)
}

/// Of what is refused for its target, the host is told as it came.
fn note_host(head: &mut Head) {
    let mut hosts = head.fields.iter().filter(|field| field.known == Known::Host);
    head.host = hosts.next().map(|host| host.value).unwrap_or_default();
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
    let (host, behind) = line::split(text, &line::HOST);
    let (host, behind) = match (host, behind) {
        ([], [b'[', rest @ ..]) => {
            let end = rest.iter().position(|byte| *byte == b']').unwrap_or(rest.len());
            let (inner, behind) = rest.split_at(end);
            if !inner.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')) {
                return false;
            }
            (inner, behind.get(1..).unwrap_or(b"]"))
        }
        name => name,
    };
    let port = match behind {
        [] => true,
        [b':', port @ ..] => valid_port(port),
        _ => false,
    };
    port && !host.is_empty() && host.len() <= 255
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
fn read_framing(head: &mut Head, seen: Seen) -> Result<(Length, bool, bool), Reason> {
    let close = head::read_connection(&head.bytes, &mut head.fields, seen).ok_or(Reason::MALFORMED_HEAD)?;
    let length = match framing::declared(&head.bytes, &head.fields, seen) {
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

/// Which refusal a fault is.
fn refusal(fault: Fault, bytes: &[u8]) -> Reason {
    match fault {
        Fault::TooManyFields => Reason::TOO_MANY_FIELDS,
        Fault::BareLineFeed => Reason::BARE_LINE_FEED,
        Fault::Version if names_other_version(bytes) => Reason::VERSION_UNSUPPORTED,
        Fault::Version | Fault::Malformed => Reason::MALFORMED_HEAD,
    }
}

/// Whether the request line ends with a well-formed version that is not spoken here.
fn names_other_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    !matches!(version, b"HTTP/1.0" | b"HTTP/1.1")
        && matches!(version, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// Where a forwarded request goes and what the gateway says about its client. Lines that are the same for many requests
/// are written once.
pub(crate) struct Onward<'a> {
    /// [`host`] of the server.
    pub(crate) host: &'a str,
    /// [`forwarding`] of the client.
    pub(crate) forwarding: &'a [u8],
    /// [`via`] of the gateway.
    pub(crate) via: &'a str,
    pub(crate) length: Length,
    pub(crate) trailers: bool,
    /// What steps have changed.
    pub(crate) edits: &'a Edits,
}

/// The end of the request line, and the field that names the server.
pub(crate) fn host(authority: &str) -> String {
    format!(" HTTP/1.1\r\nHost: {authority}\r\n")
}

const FOR: &str = "X-Forwarded-For: ";
const PROTO: &str = "\r\nX-Forwarded-Proto: http\r\n";
const SECURE: &str = "\r\nX-Forwarded-Proto: https\r\n";

/// What is said about a client, whatever it asks for.
pub(crate) fn forwarding(client: IpAddr) -> String {
    format!("{FOR}{client}{PROTO}")
}

/// Appends what is said about a client of which a trusted proxy has told, perhaps that it came over TLS.
pub(crate) fn write_forwarding(client: IpAddr, secure: bool, out: &mut Vec<u8>) {
    // Writing into memory cannot fail.
    let _ = write!(out, "{FOR}{client}{}", if secure { SECURE } else { PROTO });
}

/// The client's address in what [`forwarding`] says.
pub(crate) fn forwarded_for(forwarding: &str) -> &str {
    forwarding.strip_prefix(FOR).and_then(|rest| rest.strip_suffix(PROTO)).unwrap_or_default()
}

/// The last field and the end of the head, for a client that speaks HTTP/1.1; one that does not has a `0` at
/// [`VIA_MINOR`].
pub(crate) fn via(gateway: &str) -> String {
    format!("Via: 1.1 {gateway}\r\n\r\n")
}

const VIA_MINOR: usize = 7;

/// Appends the head that is sent to a server, from the model. `target` appends the path.
pub(crate) fn write(head: &Head, onward: &Onward, target: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    out.extend_from_slice(head.method_text());
    out.push(b' ');
    target(out);
    onward.edits.write_query(head, out);
    out.extend_from_slice(onward.host.as_bytes());
    head::write_fields(&head.bytes, &head.fields, out);
    out.extend_from_slice(&onward.edits.lines);
    write_length(onward.length, out);
    if onward.trailers {
        out.extend_from_slice(b"TE: trailers\r\nConnection: TE\r\n");
    }
    out.extend_from_slice(onward.forwarding);
    if !head.host.is_empty() {
        out.extend_from_slice(b"X-Forwarded-Host: ");
        out.extend_from_slice(head.host());
        out.extend_from_slice(b"\r\n");
    }
    let via = out.len();
    out.extend_from_slice(onward.via.as_bytes());
    if let (false, Some(minor)) = (head.latest, out.get_mut(via + VIA_MINOR)) {
        *minor = b'0';
    }
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
