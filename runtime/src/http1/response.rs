//! Reads the head of a server's answer (RFC 9112 section 4) as strictly as a request's, and writes the one that the
//! client gets.

use super::framing::{self, Declared, Length};
use super::line::{self, Fault, Lines, Seen, whole};
use super::request::write_length;
use crate::head::{self, Field, Known, Method, Span, list};
use crate::reason::Reason;

/// What was read; the fields are offsets into the bytes given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// Bytes of the head.
    pub(crate) len: usize,
    /// 100 to 599.
    pub(crate) status: u16,
    /// The reason phrase as sent.
    pub(crate) phrase: Span,
    pub(crate) length: Length,
    /// A length to state although no body follows: the answer to HEAD, or 304.
    pub(crate) stated: Option<u64>,
    /// The connection cannot be used again.
    pub(crate) last: bool,
    /// Seconds for which the server keeps the connection, less one for the way; `None`: it does not say.
    pub(crate) idle: Option<u64>,
    pub(crate) dated: bool,
}

/// Reads a head from the front of `bytes`. `None`: it is not complete.
pub(crate) fn read(
    bytes: &[u8],
    method: Method,
    fields: &mut Vec<Field>,
) -> Result<Option<Response>, Reason> {
    let mut lines = Lines::new(bytes);
    let Some((latest, status, phrase, seen)) = read_lines(&mut lines, fields).map_err(refusal)? else {
        return Ok(None);
    };
    let len = lines.at;
    // A phrase is for people, and has been ASCII for long.
    let phrase = if phrase.of(bytes).is_ascii() { phrase } else { Span::default() };
    let close = head::read_connection(bytes, fields, seen).ok_or(Reason::UPSTREAM_MALFORMED)?;
    let declared = framing::declared(bytes, fields, seen);
    let (length, stated) = frame(declared, status, method, latest)?;
    // A server that announces a body where there can be none may well send it.
    let announced = status == 204 && !matches!(declared, Declared::Nothing | Declared::Fixed(0));
    let mut dated = false;
    let mut idle = None;
    for field in fields {
        match field.known {
            Known::Date => dated |= !field.dropped,
            Known::KeepAlive => {
                // Of several lines the shortest time holds; one without a time says nothing.
                idle = keep_alive(field.value.of(bytes)).into_iter().chain(idle).min();
                field.dropped = true;
            }
            // A server has nothing to say about hosts or forwarding to a client, but it is no danger either.
            Known::No | Known::Trailer | Known::Expect | Known::Forwarding | Known::Host => {}
            Known::Connection
            | Known::ContentLength
            | Known::HopByHop
            | Known::Te
            | Known::TransferEncoding => field.dropped = true,
        }
    }
    let last = close || !latest || length == Length::UntilClose || announced || idle == Some(0);
    Ok(Some(Response { len, status, phrase, length, stated, last, idle, dated }))
}

/// Reads all lines: whether the version is 1.1, the status, the phrase, and which fields there are.
fn read_lines(lines: &mut Lines, fields: &mut Vec<Field>) -> line::Read<(bool, u16, Span, Seen)> {
    let latest = whole!(lines.version()?);
    whole!(lines.space()?);
    let status = whole!(lines.status()?);
    let phrase = whole!(lines.phrase()?);
    let seen = whole!(lines.fields(fields)?);
    Ok(Some((latest, status, phrase, seen)))
}

fn refusal(fault: Fault) -> Reason {
    match fault {
        Fault::TooManyFields => Reason::UPSTREAM_HEAD_TOO_LARGE,
        Fault::Malformed | Fault::BareLineFeed | Fault::Version => Reason::UPSTREAM_MALFORMED,
    }
}

/// The seconds of `timeout=`, less one, so that the gateway is the first to let go.
fn keep_alive(value: &[u8]) -> Option<u64> {
    let timeout = list(value).find_map(|member| {
        let (name, value) = member.split_at_checked(8)?;
        name.eq_ignore_ascii_case(b"timeout=").then_some(value)
    })?;
    let seconds: u64 = std::str::from_utf8(timeout).ok()?.trim().parse().ok()?;
    Some(seconds.saturating_sub(1))
}

/// RFC 9112 section 6.3, in its order, but what is ambiguous is refused.
fn frame(
    declared: Declared,
    status: u16,
    method: Method,
    latest: bool,
) -> Result<(Length, Option<u64>), Reason> {
    let bodiless = method == Method::Head || status < 200 || status == 204 || status == 304;
    match declared {
        Declared::BadLength | Declared::BadCoding | Declared::Both => Err(Reason::UPSTREAM_FRAMING),
        Declared::Chunked if !latest => Err(Reason::UPSTREAM_FRAMING),
        Declared::Fixed(stated) if bodiless => {
            Ok((Length::None, (status >= 200 && status != 204).then_some(stated)))
        }
        _ if bodiless => Ok((Length::None, None)),
        Declared::Fixed(length) => Ok((Length::Fixed(length), None)),
        Declared::Chunked => Ok((Length::Chunked, None)),
        Declared::Nothing => Ok((Length::UntilClose, None)),
    }
}

/// How the answer reaches the client.
pub(crate) struct Homeward<'a> {
    pub(crate) length: Length,
    /// `Connection: close`.
    pub(crate) last: bool,
    /// The date, where the server stated none.
    pub(crate) date: &'a [u8],
    /// Whole field lines more.
    pub(crate) said: &'a [u8],
}

/// Appends the head that is sent to the client, from the model.
pub(crate) fn write(
    bytes: &[u8],
    fields: &[Field],
    response: &Response,
    homeward: &Homeward,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"HTTP/1.1 ");
    head::write_number(u64::from(response.status), out);
    out.push(b' ');
    out.extend_from_slice(response.phrase.of(bytes));
    out.extend_from_slice(b"\r\n");
    head::write_fields(bytes, fields, out);
    if !response.dated && response.status >= 200 {
        out.extend_from_slice(b"Date: ");
        out.extend_from_slice(homeward.date);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(homeward.said);
    write_length(response.stated.map_or(homeward.length, Length::Fixed), out);
    if homeward.last {
        out.extend_from_slice(b"Connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
}
