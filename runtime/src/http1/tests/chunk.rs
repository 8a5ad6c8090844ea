//! A chunked body is decoded as a reader decodes it that sees all of it at once and takes only what the grammar says.
//!
//! The first byte says in how many pieces it arrives.

use super::strict::{self, Pair};
use crate::bench::Decoder;
use crate::limits::{CHUNK_EXTENSION_BYTES, EXTENSION_BYTES, TRAILER_BYTES};

/// What a reader makes of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    Broken,
    /// The data so far.
    Open(Vec<u8>),
    Whole {
        data: Vec<u8>,
        /// Bytes of the body on the wire.
        size: usize,
        trailers: Vec<Pair>,
    },
}

/// Holds the claim against any bytes.
pub fn check(input: &[u8]) {
    let Some((piece, input)) = input.split_first() else { return };
    let expected = reference(input);
    for piece in [usize::from(*piece).max(1), input.len().max(1)] {
        match (decode(input, piece), &expected) {
            // Trailers end where they are refused, and that may be before their last line is there.
            (Body::Broken, Body::Open(_)) if is_in_trailers(input) => {}
            (found, expected) => assert_eq!(found, *expected, "pieces of {piece}: {}", input.escape_ascii()),
        }
    }
}

fn decode(input: &[u8], piece: usize) -> Body {
    let mut decoder = Decoder::default();
    let (mut data, mut size) = (Vec::new(), 0);
    for part in input.chunks(piece) {
        let mut part = part.to_vec();
        let Some((read, length)) = decoder.decode(&mut part) else { return Body::Broken };
        data.extend_from_slice(&part[..length]);
        size += read;
        if decoder.done() {
            let mut trailers = b"trailers\r\n".to_vec();
            decoder.write_trailers(&mut trailers);
            trailers.extend_from_slice(b"\r\n");
            let trailers = strict::read(&trailers).expect("what is passed on is well-formed").fields;
            return Body::Whole { data, size, trailers };
        }
        assert_eq!(read, part.len());
    }
    Body::Open(data)
}

/// RFC 9112 section 7.1, over the whole.
pub fn reference(input: &[u8]) -> Body {
    let (mut data, mut at, mut extensions) = (Vec::new(), 0, 0);
    loop {
        let rest = &input[at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let behind = &rest[digits..];
        let extension = match behind {
            _ if digits > 15 => return Body::Broken,
            [] => return Body::Open(data),
            _ if digits == 0 => return Body::Broken,
            [b';', rest @ ..] => {
                1 + rest.iter().take_while(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..)).count()
            }
            _ => 0,
        };
        extensions += extension.saturating_sub(1);
        if extension > 1 + CHUNK_EXTENSION_BYTES || extensions > EXTENSION_BYTES {
            return Body::Broken;
        }
        match behind[extension..] {
            [] | [b'\r'] => return Body::Open(data),
            [b'\r', b'\n', ..] => at += digits + extension + 2,
            _ => return Body::Broken,
        }
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..digits]).unwrap(), 16).unwrap();
        if size == 0 {
            return trailers(input, at, data);
        }
        let rest = &input[at..];
        data.extend_from_slice(&rest[..size.min(rest.len())]);
        match rest.get(size..).unwrap_or_default() {
            [] | [b'\r'] => return Body::Open(data),
            [b'\r', b'\n', ..] => at += size + 2,
            _ => return Body::Broken,
        }
    }
}

fn trailers(input: &[u8], at: usize, data: Vec<u8>) -> Body {
    let rest = &input[at..];
    let end = if rest.starts_with(b"\r\n") {
        Some(2)
    } else {
        rest.windows(4).position(|window| window == b"\r\n\r\n").map(|end| end + 4)
    };
    let Some(end) = end else {
        let broken = rest.len() > TRAILER_BYTES;
        return if broken { Body::Broken } else { Body::Open(data) };
    };
    let message = [b"trailers\r\n", &rest[..end]].concat();
    match strict::read(&message) {
        Some(message) if end <= TRAILER_BYTES && message.fields.len() <= 32 => {
            let passed = |(name, _): &Pair| is_trailer(name);
            let trailers = message.fields.into_iter().filter(passed).collect();
            Body::Whole { data, size: at + end, trailers }
        }
        _ => Body::Broken,
    }
}

/// RFC 9110 section 6.5.1: not what frames, routes, authorises or says how to read the body.
fn is_trailer(name: &[u8]) -> bool {
    const NEVER: &str = "authorization age cache-control connection content-encoding content-length content-range \
        content-type cookie date expect expires host keep-alive location proxy-authenticate \
        proxy-authorization proxy-connection range set-cookie te trailer transfer-encoding upgrade vary via \
        www-authenticate";
    !NEVER.split_whitespace().any(|never| strict::is(name, never)) && !strict::is_of_gateways(name)
}

/// Whether the last chunk has been read.
fn is_in_trailers(input: &[u8]) -> bool {
    let completed = [input, b"\r\n\r\n"].concat();
    !matches!(reference(&completed), Body::Open(_))
}
