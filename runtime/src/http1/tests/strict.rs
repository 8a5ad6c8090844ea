//! A second reader of heads, written from RFC 9112 alone: one way to read a message, or none. It shares no code with the
//! one that is tested.

use crate::bench::Length;

/// A name and a value, without the blanks around it.
pub type Pair = (Vec<u8>, Vec<u8>);

/// A head.
#[derive(Debug)]
pub struct Message<'a> {
    /// The request line or the status line.
    pub first: &'a [u8],
    pub fields: Vec<Pair>,
    /// Bytes of the head.
    pub size: usize,
}

/// Reads the head at the front of `bytes`.
pub fn read(bytes: &[u8]) -> Option<Message<'_>> {
    let (first, mut rest) = line(bytes)?;
    let mut fields = Vec::new();
    loop {
        let (line, behind) = line(rest)?;
        rest = behind;
        if line.is_empty() {
            let size = bytes.len() - rest.len();
            return (!first.is_empty()).then_some(Message { first, fields, size });
        }
        fields.push(field(line)?);
    }
}

/// A line that ends with CR LF and holds no part of a line end elsewhere, nor a NUL; and what follows it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, rest) = (&bytes[..end], &bytes[end + 2..]);
    (!line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))).then_some((line, rest))
}

/// RFC 9112 section 5: `field-name ":" OWS field-value OWS`.
fn field(line: &[u8]) -> Option<Pair> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_name = !name.is_empty() && name.iter().all(|byte| is_token(*byte));
    let is_value = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..));
    (is_name && is_value).then(|| (name.to_vec(), value.trim_ascii().to_vec()))
}

/// RFC 9110 section 5.6.2.
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Where the body ends by the fields alone; `None` where two readers could disagree.
pub fn framing(fields: &[Pair]) -> Option<Length> {
    let lengths: Vec<&[u8]> = values(fields, "content-length").collect();
    let codings: Vec<&[u8]> = values(fields, "transfer-encoding").collect();
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Some(Length::None),
        ([length], []) => {
            let length = std::str::from_utf8(length).ok()?;
            length
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| length.parse().ok().map(Length::Fixed))?
        }
        ([], [coding]) => coding.eq_ignore_ascii_case(b"chunked").then_some(Length::Chunked),
        _ => None,
    }
}

/// The values of the fields with a name.
pub fn values<'a>(fields: &'a [Pair], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields.iter().filter(move |(own, _)| is(own, name)).map(|(_, value)| value.as_slice())
}

/// The fields that pass, of those that neither belong to the connection nor are named here.
pub fn end_to_end(fields: &[Pair], dropped: &[&str]) -> Vec<Pair> {
    let named: Vec<&[u8]> =
        values(fields, "connection").flat_map(|it| it.split(|byte| *byte == b',')).collect();
    let hops = [
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    ];
    let passes = |name: &[u8]| {
        !hops.iter().chain(dropped).any(|hop| is(name, hop))
            && !named.iter().any(|option| option.trim_ascii().eq_ignore_ascii_case(name))
    };
    fields.iter().filter(|(name, _)| passes(name)).cloned().collect()
}

/// Whether a name, to a server that does not tell `_` from `-`, is one that only a gateway may say to it.
pub fn is_of_gateways(name: &[u8]) -> bool {
    let folded = String::from_utf8_lossy(name).to_ascii_lowercase().replace('_', "-");
    is(name, "forwarded")
        || is(name, "proxy")
        || folded.starts_with("x-forwarded-")
        || ["x-real-ip", "x-original-url", "x-rewrite-url"].contains(&folded.as_str())
}

pub fn is(name: &[u8], other: &str) -> bool {
    name.eq_ignore_ascii_case(other.as_bytes())
}

pub fn pair(name: &str, value: impl AsRef<[u8]>) -> Pair {
    (name.as_bytes().to_vec(), value.as_ref().to_vec())
}

/// The fields that state a length.
pub fn stated(length: Length) -> Option<Pair> {
    match length {
        Length::None | Length::UntilClose => None,
        Length::Fixed(length) => Some(pair("Content-Length", length.to_string())),
        Length::Chunked => Some(pair("Transfer-Encoding", "chunked")),
    }
}
