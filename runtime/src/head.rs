//! The head of a request: method, canonical path and a table of fields over the bytes received.
//!
//! It is the model that steps see and that the forwarded head is written from. It does not parse; `http1::line` does.

use std::ops::Range;

use crate::http1::line::Seen;
use crate::limits::CONNECTION_OPTIONS;

/// A request's head. Fields are offsets into one copy of the bytes, so that a step that needs no field costs none.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fields: Vec<Field>,
    pub(crate) method: Method,
    pub(crate) method_text: Span,
    pub(crate) query: Option<Span>,
    pub(crate) host: Span,
    pub(crate) path: Vec<u8>,
    /// HTTP/1.1, not 1.0.
    pub(crate) latest: bool,
}

/// A part of a head's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A field line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: Span,
    pub(crate) value: Span,
    /// Behind the CR LF of the line.
    pub(crate) end: u32,
    pub(crate) known: Known,
    /// Written `Name: value` with nothing more, so that the line may be copied as it stands.
    pub(crate) plain: bool,
    /// Not passed on.
    pub(crate) dropped: bool,
}

/// A method, as far as routing and framing care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
    /// PATCH.
    Patch,
    /// OPTIONS.
    Options,
    /// TRACE.
    Trace,
    /// CONNECT.
    Connect,
    /// Any other token.
    Other,
}

impl Method {
    pub(crate) fn read(text: &[u8]) -> Self {
        match text {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"PATCH" => Self::Patch,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Whether a repeated request has the same effect as one (RFC 9110 section 9.2.2).
    #[must_use]
    pub fn idempotent(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Put | Self::Delete | Self::Options | Self::Trace)
    }
}

/// Fields that the gateway itself reads, writes or drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    No,
    Connection,
    ContentLength,
    Date,
    Expect,
    /// `Forwarded`, `X-Forwarded-…`, `X-Real-IP`, `Proxy`: what only the gateway may say to an upstream.
    Forwarding,
    Host,
    /// `Proxy-Connection`, `Upgrade`: hop by hop, and of no use to the gateway.
    HopByHop,
    KeepAlive,
    Te,
    Trailer,
    TransferEncoding,
}

impl Known {
    pub(crate) fn read(name: &[u8]) -> Self {
        match name.len() {
            2 if same(name, b"te") => Self::Te,
            4 if same(name, b"host") => Self::Host,
            4 if same(name, b"date") => Self::Date,
            // A CGI server would read it as the environment variable HTTP_PROXY.
            5 if same(name, b"proxy") => Self::Forwarding,
            6 if same(name, b"expect") => Self::Expect,
            7 if same(name, b"trailer") => Self::Trailer,
            7 if same(name, b"upgrade") => Self::HopByHop,
            9 if same(name, b"forwarded") || folded(name, b"x-real-ip") => Self::Forwarding,
            10 if same(name, b"connection") => Self::Connection,
            10 if same(name, b"keep-alive") => Self::KeepAlive,
            14 if same(name, b"content-length") => Self::ContentLength,
            16 if same(name, b"proxy-connection") => Self::HopByHop,
            17 if same(name, b"transfer-encoding") => Self::TransferEncoding,
            // Some servers let them replace the path that was matched.
            13 | 14 if folded(name, b"x-original-url") || folded(name, b"x-rewrite-url") => Self::Forwarding,
            12.. if name.get(..12).is_some_and(|start| folded(start, b"x-forwarded-")) => Self::Forwarding,
            _ => Self::No,
        }
    }
}

/// Whether a name or value of that length is `text`, which is in lower case. Without a branch for each byte. The bit of the
/// case is set in all: what becomes a letter by it is that letter's capital, and what becomes a hyphen is CR, which neither
/// a name nor a value holds.
fn same<const LENGTH: usize>(name: &[u8], text: &[u8; LENGTH]) -> bool {
    name.first_chunk::<LENGTH>().is_some_and(|name| {
        name.iter().zip(text).fold(0, |unlike, (byte, letter)| unlike | (byte | 0x20) ^ letter) == 0
    })
}

/// Whether a name is `text` to a server that does not tell `_` from `-`, as CGI and its heirs.
fn folded(name: &[u8], text: &[u8]) -> bool {
    let fold = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    name.len() == text.len() && name.iter().map(fold).eq(text.iter().copied())
}

impl Span {
    pub(crate) fn new(range: Range<usize>) -> Self {
        // Heads are read from buffers of some kilobytes.
        #[allow(clippy::cast_possible_truncation, reason = "no head has so many bytes")]
        let narrow = |at: usize| at as u32;
        Self { start: narrow(range.start), end: narrow(range.end) }
    }

    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl Head {
    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The method as sent.
    #[must_use]
    pub fn method_text(&self) -> &[u8] {
        self.method_text.of(&self.bytes)
    }

    /// The path in canonical spelling: what is matched, logged and sent.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// The query as sent, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&[u8]> {
        self.query.map(|query| query.of(&self.bytes))
    }

    /// Host and optional port, as sent; empty where an HTTP/1.0 request names none.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        self.host.of(&self.bytes)
    }

    /// The values of a field, in order; the name in lower case or not.
    pub fn field<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .iter()
            .filter(|field| field.name.of(&self.bytes).eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value.of(&self.bytes))
    }

    /// Forgets everything and keeps the room, unless it is large.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(4096);
        self.fields.clear();
        // A head that cannot be read is refused with what stands here.
        self.method = Method::default();
        self.method_text = Span::default();
        self.latest = false;
        self.path.clear();
        self.path.shrink_to(1024);
        self.query = None;
        self.host = Span::default();
    }
}

/// Marks the fields that a `Connection` field names as dropped (RFC 9110 section 7.6.1), and says whether one of
/// its options is `close`. `None`: there are more options than anyone needs.
pub(crate) fn read_connection(bytes: &[u8], fields: &mut [Field], seen: Seen) -> Option<bool> {
    if !seen.has(Known::Connection) {
        return Some(false);
    }
    let mut close = false;
    let mut options = 0;
    for at in 0..fields.len() {
        let Some(field) = fields.get(at).filter(|field| field.known == Known::Connection) else { continue };
        // What most servers say names no field that is not dropped in any case.
        let value = field.value.of(bytes);
        if value.len() == 10 && same(value, b"keep-alive") && options < CONNECTION_OPTIONS {
            options += 1;
            continue;
        }
        for option in list(value) {
            options += 1;
            if options > CONNECTION_OPTIONS {
                return None;
            }
            close |= option.eq_ignore_ascii_case(b"close");
            for named in fields.iter_mut() {
                named.dropped |= named.name.of(bytes).eq_ignore_ascii_case(option);
            }
        }
    }
    Some(close)
}

/// The members of a comma-separated list, without blanks around them.
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// Appends the field lines that are not dropped: neighbours that need no change as one run.
pub(crate) fn write_fields(bytes: &[u8], fields: &[Field], out: &mut Vec<u8>) {
    let mut run = 0..0;
    for field in fields {
        if field.dropped {
            continue;
        }
        let start = field.name.start as usize;
        if field.plain {
            if run.end != start {
                out.extend_from_slice(bytes.get(run).unwrap_or_default());
                run = start..start;
            }
            run.end = field.end as usize;
        } else {
            out.extend_from_slice(bytes.get(run).unwrap_or_default());
            run = 0..0;
            out.extend_from_slice(field.name.of(bytes));
            out.extend_from_slice(b": ");
            out.extend_from_slice(field.value.of(bytes));
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(bytes.get(run).unwrap_or_default());
}

/// Whether these bytes can be the value of a field (RFC 9110 section 5.5): no control character but a tab.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "many bytes are looked at in one step, which branches prevent"
)]
pub(crate) fn is_field_value(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & ((*byte >= b' ') & (*byte != 0x7f) | (*byte == b'\t')))
}

/// The digits of the numbers below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let (mut tens, mut left) = (b'0', pairs.as_mut_slice());
    while let Some((ten, more)) = left.split_at_mut_checked(10) {
        let (mut ones, mut ten) = (b'0', ten);
        while let Some((pair, others)) = ten.split_first_mut() {
            *pair = [tens, ones];
            (ones, ten) = (ones + 1, others);
        }
        (tens, left) = (tens + 1, more);
    }
    pairs
};

/// Appends a number.
pub(crate) fn write_number(number: u64, out: &mut Vec<u8>) {
    // The remainder is below a hundred.
    let pair = |number: u64| PAIRS.get((number % 100) as usize).copied().unwrap_or_default();
    match number {
        // Bytes of addresses, statuses, and the lengths of small bodies.
        0..10 => out.extend_from_slice(&pair(number)[1..]),
        10..100 => out.extend_from_slice(&pair(number)),
        100..1_000 => {
            let ([_, first], [second, third]) = (pair(number / 100), pair(number));
            out.extend_from_slice(&[first, second, third]);
        }
        // Bytes of bodies, times in microseconds, what is left of a budget.
        1_000..10_000 => out.extend_from_slice([pair(number / 100), pair(number)].as_flattened()),
        10_000..100_000 => {
            let ([_, first], rest) = (pair(number / 10_000), [pair(number / 100), pair(number)]);
            out.push(first);
            out.extend_from_slice(rest.as_flattened());
        }
        100_000..1_000_000 => {
            out.extend_from_slice([pair(number / 10_000), pair(number / 100), pair(number)].as_flattened());
        }
        _ => {
            let mut pairs = [[0_u8; 2]; 10];
            let (mut left, mut at) = (number, 20);
            for place in pairs.iter_mut().rev() {
                *place = pair(left);
                at -= if left < 10 { 1 } else { 2 };
                left /= 100;
                if left == 0 {
                    break;
                }
            }
            out.extend_from_slice(pairs.as_flattened().get(at..).unwrap_or_default());
        }
    }
}

/// The number that digits say, or the greatest one where it is greater. Nothing where they are none.
pub(crate) fn read_number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(text).ok()?.parse().ok().or(Some(u64::MAX))).flatten()
}

/// RFC 9110 section 10.2.3: for how many seconds whoever has sent these fields wants to be left alone; of several numbers the
/// greatest. A date is not asked for by anybody who wants to be asked again soon, and counts as none.
pub(crate) fn retry_after(bytes: &[u8], fields: &[Field]) -> u64 {
    let is_it = |field: &&Field| field.name.of(bytes).eq_ignore_ascii_case(b"retry-after");
    let numbers = fields.iter().filter(is_it).filter_map(|field| read_number(field.value.of(bytes)));
    numbers.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_is_said_in_digits_and_nothing_else() {
        let read = |head: &str| {
            let mut fields = Vec::new();
            let head = format!("HTTP/1.1 503 Busy\r\n{head}Content-Length: 0\r\n\r\n");
            let read = crate::http1::response::read(head.as_bytes(), Method::Get, &mut fields);
            assert!(read.is_ok_and(|read| read.is_some()));
            retry_after(head.as_bytes(), &fields)
        };
        for (head, seconds) in [
            ("", 0),
            ("retry-after:  7 \r\n", 7),
            ("Retry-After: 2\r\nRetry-After: soon\r\nRetry-After: 9\r\n", 9),
            ("Retry-After: +7\r\n", 0),
            ("Retry-After: -7\r\n", 0),
            ("Retry-After: 7.5\r\n", 0),
            ("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 0),
            // What is longer than can be counted is no reason to come at once.
            ("Retry-After: 99999999999999999999999\r\n", u64::MAX),
        ] {
            assert_eq!(read(head), seconds, "{head}");
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in (0..12_345).chain([
            54_321,
            99_999,
            100_000,
            654_321,
            999_999,
            1_000_000,
            9_999_999,
            10_000_001,
            u64::MAX,
        ]) {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }

    #[test]
    fn knows_what_only_the_gateway_may_say() {
        for name in [
            "X-Forwarded-For",
            "x-forwarded-port",
            "x_forwarded_for",
            "X-Forwarded_Host",
            "FORWARDED",
            "X-Real-Ip",
            "X_Real_IP",
            "proxy",
            "X-Original-URL",
            "x_rewrite_url",
        ] {
            assert_eq!(Known::read(name.as_bytes()), Known::Forwarding, "{name}");
        }
        for name in ["X-Forwarded", "accept", "via", "x-forwarde"] {
            assert_eq!(Known::read(name.as_bytes()), Known::No, "{name}");
        }
    }
}
