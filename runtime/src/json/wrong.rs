//! What is told of a text that is not as its type says.

/// Something that is not as its type says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// A JSON pointer (RFC 6901) to it; empty for the whole text.
    pub pointer: String,
    /// What is wrong.
    pub found: Found,
    /// The type, or what would be right.
    pub expected: &'static str,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The text is no JSON from this byte on, counted from 0.
    Malformed(usize),
    /// It is nested too deeply, or has more values than are read.
    TooComplex,
    /// It is not there.
    Missing,
    /// It stands there more than once.
    Repeated,
    /// Nobody knows a member of this name.
    Unknown,
    /// It is something else: so is it called in JSON.
    Other(&'static str),
    /// It is of the right kind, and not one of the type: what it is, and its length where that may be why.
    Beyond(&'static str, Option<usize>),
}

impl Found {
    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::TooComplex => "too_complex",
            Self::Missing => "missing",
            Self::Repeated => "repeated",
            Self::Unknown => "unknown",
            Self::Other(_) | Self::Beyond(..) => "wrong",
        }
    }
}

/// Why nothing has come of a text.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is wrong.
    Wrong(Vec<Violation>),
    /// There is no room for what would be known of it.
    Full,
}

/// What JSON calls a value that begins so.
pub(super) fn kind(first: Option<u8>) -> &'static str {
    match first {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}
