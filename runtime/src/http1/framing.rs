//! Where a body ends (RFC 9112 section 6), stricter than the RFC wherever two readers could disagree.

use super::line::Seen;
use crate::head::{Field, Known, list};

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
pub(crate) fn declared(bytes: &[u8], fields: &[Field], seen: Seen) -> Declared {
    if !seen.has(Known::ContentLength) && !seen.has(Known::TransferEncoding) {
        return Declared::Nothing;
    }
    let (mut lengths, mut codings) = (0_u32, 0_u32);
    let mut last = None;
    for field in fields {
        match field.known {
            Known::ContentLength => lengths += 1,
            Known::TransferEncoding => codings += 1,
            _ => continue,
        }
        last = Some(field.value.of(bytes));
    }
    let value = last.unwrap_or_default();
    match (lengths, codings) {
        (0, 0) => Declared::Nothing,
        (1, 0) => number(value).map_or(Declared::BadLength, Declared::Fixed),
        (_, 0) => Declared::BadLength,
        (0, 1) if value.eq_ignore_ascii_case(b"chunked") => Declared::Chunked,
        (0, _) => Declared::BadCoding,
        _ => Declared::Both,
    }
}

/// Digits only, at most 19 of them.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// Whether a `TE` field says that trailers are welcome.
pub(crate) fn wants_trailers(bytes: &[u8], fields: &[Field]) -> bool {
    fields
        .iter()
        .filter(|field| field.known == Known::Te)
        .any(|field| list(field.value.of(bytes)).any(|coding| coding.eq_ignore_ascii_case(b"trailers")))
}
