//! Where a body ends (RFC 9112 section 6), stricter than the RFC wherever two readers could disagree.

use httparse::Header;

use crate::head::{Field, Known, Span, list};
use crate::reason::Reason;

/// The length of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// No body.
    None,
    /// That many bytes.
    Fixed(u64),
    /// Chunks, then perhaps trailers.
    Chunked,
    /// Until the server closes the connection.
    UntilClose,
}

/// What the fields of a head say about framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    Nothing,
    Fixed(u64),
    Chunked,
    /// `Content-Length` is not one decimal number.
    BadLength,
    /// `Transfer-Encoding` is not exactly `chunked`.
    BadCoding,
    /// Both fields.
    Both,
}

/// Reads the declaration. A list or a repeated field is bad even where all members agree.
pub(crate) fn declared(bytes: &[u8], fields: &[Field]) -> Declared {
    let mut lengths = fields.iter().filter(|field| field.known == Known::ContentLength);
    let mut codings = fields.iter().filter(|field| field.known == Known::TransferEncoding);
    match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
        (None, _, None, _) => Declared::Nothing,
        (Some(_), _, Some(_), _) => Declared::Both,
        (Some(length), None, None, _) => {
            number(length.value.of(bytes)).map_or(Declared::BadLength, Declared::Fixed)
        }
        (Some(_), Some(_), None, _) => Declared::BadLength,
        (None, _, Some(coding), None) if coding.value.of(bytes).eq_ignore_ascii_case(b"chunked") => {
            Declared::Chunked
        }
        (None, _, Some(_), _) => Declared::BadCoding,
    }
}

/// Digits only, at most 19 of them.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// Where each field stands in `bytes`. `Err` where a line does not end with CR LF, which the parser below would
/// forgive.
pub(crate) fn read_fields(
    bytes: &[u8],
    len: usize,
    parsed: &[Header],
    fields: &mut Vec<Field>,
) -> Result<(), Reason> {
    let base = bytes.as_ptr().addr();
    let at = |part: &[u8]| part.as_ptr().addr().wrapping_sub(base);
    // The blank line that ends the head; what stands before it ends its own line.
    let last = len.checked_sub(2).filter(|last| bytes.get(*last..len) == Some(b"\r\n"));
    let last = last.ok_or(Reason::BARE_LINE_FEED)?;
    let first = parsed.first().map_or(last, |header| at(header.name.as_bytes()));
    if !ends_with_crlf(bytes, first) {
        return Err(Reason::BARE_LINE_FEED);
    }
    fields.clear();
    for (index, header) in parsed.iter().enumerate() {
        let name = at(header.name.as_bytes());
        let colon = name + header.name.len();
        let end = parsed.get(index + 1).map_or(last, |next| at(next.name.as_bytes()));
        if !ends_with_crlf(bytes, end) {
            return Err(Reason::BARE_LINE_FEED);
        }
        // The parser may point anywhere for an empty value.
        let value = if header.value.is_empty() {
            end - 2..end - 2
        } else {
            at(header.value)..at(header.value) + header.value.len()
        };
        // Between value and line end only blanks are left.
        if value.end > end
            || bytes
                .get(value.end..end - 2)
                .is_none_or(|rest| rest.iter().any(|byte| !matches!(byte, b' ' | b'\t')))
        {
            return Err(Reason::BARE_LINE_FEED);
        }
        fields.push(Field {
            known: Known::read(header.name.as_bytes()),
            plain: !value.is_empty()
                && value.start == colon + 2
                && bytes.get(colon + 1) == Some(&b' ')
                && value.end + 2 == end,
            name: Span::new(name..colon),
            value: Span::new(value),
            end: Span::new(end..end).end,
            dropped: false,
        });
    }
    Ok(())
}

fn ends_with_crlf(bytes: &[u8], end: usize) -> bool {
    end.checked_sub(2).and_then(|start| bytes.get(start..end)) == Some(b"\r\n")
}

/// Whether a `TE` field says that trailers are welcome.
pub(crate) fn wants_trailers(bytes: &[u8], fields: &[Field]) -> bool {
    fields
        .iter()
        .filter(|field| field.known == Known::Te)
        .any(|field| list(field.value.of(bytes)).any(|coding| coding.eq_ignore_ascii_case(b"trailers")))
}
